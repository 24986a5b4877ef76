"""Every name that the generated code has: `resource.add` refuses it, or what it writes works."""

import ast
import keyword
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from flask_chassis.db.base import Base
from flask_chassis.http.schemas import Schema
from pydantic import BaseModel

from flask_chassis_tools.resources import fields, rendering, spec, words
from flask_chassis_tools.resources.faults import ResourceError
from flask_chassis_tools.resources.spec import Spec

OF_ALL_TYPES = [
    *("za:str:20:unique:sort", "zb:text:search", "zc:int:sort:filter", "zd:decimal", "ze:money"),
    *("zf:currency:filter", "zg:bool", "zh:date:sort", "zi:datetime:sort", "zj:uuid:unique"),
    *("zk:url:search", "zl:enum:draft,sent", "zm:date:optional", "zn:enum:draft,sent:optional"),
]
"""A field of each type. They come last: their lines call what an attribute before could hide."""

OF_A_CHILD = [*("za:str", "zb:text", "zc:int", "zd:decimal", "zh:date", "zi:datetime", "zj:uuid")]
OF_A_CHILD += ["zl:enum:draft,sent", "zm:date:optional"]

FROM_A_SERVICE = (
    *("self", "mapped_column", "relationship", "registry", "metadata", "schema", "json", "copy"),
    *("dict", "model_config", "app", "domain", "models", "tasks", "clients", "tests", "wsgi"),
    *("xmin", "ctid", "pg_class"),
)
"""Names with which a service was made that failed, and others of their kinds."""


def plain(name: str, *given: str, **options: object) -> Spec:
    """Return a resource with fields of all types after those that are given."""
    texts = [*given, *OF_ALL_TYPES]
    return spec.read(name, texts, **options)  # type: ignore[arg-type]


def simple(name: str, *given: str, **options: object) -> Spec:
    """Return a resource with the fields that are given, and one more."""
    return spec.read(name, [*given, "zz:int"], **options)  # type: ignore[arg-type]


def texts_of(wanted: Spec) -> dict[str, str]:
    """Return the files of a resource, by their paths in a service called `planted`."""
    return rendering.render(wanted, "planted", Path(), "0009", "0008", is_idempotent=True)


def in_snake_case(name: str) -> str:
    """Return `page_request` for `PageRequest`, `uuid` for `UUID`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")


def names_in(tree: ast.AST) -> Iterator[str]:
    """Yield the names that code imports, defines, calls or has as a parameter."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield name
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.alias(name=name, asname=given):
                yield from (name.rpartition(".")[2], given or name)
            case ast.ImportFrom(module=str(name)):
                yield from name.split(".")
            case _:
                pass


@pytest.fixture(autouse=True)
def _unformatted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the code as the templates have it, as ruff would take most of the time."""
    monkeypatch.setattr(rendering, "formatted", lambda text, *_, **__: text)


def names_of_code() -> list[str]:
    """Return the names in the code of resources, as fields and resources would have them.

    Those of the resource here, of tests, and what is too long for a field are left out.
    """
    code = [
        *texts_of(plain("gizmo", has_many="bit", child_texts=OF_A_CHILD)).values(),
        *texts_of(plain("gizmo", is_owned=True)).values(),
    ]
    found = {in_snake_case(name) for text in code for name in names_in(ast.parse(text))}
    own = re.compile(rf"z[a-z]|.{{{words.LONGEST_FIELD + 1},}}|test_.*|.*(gizmo|bit).*")
    return sorted(name for name in found if not own.fullmatch(name))


@pytest.fixture
def names() -> list[str]:
    """Names that a field could collide with: those of the code, of its bases, and of Python."""
    found = {*dir(Base), *dir(BaseModel), *dir(Schema), *keyword.kwlist, *keyword.softkwlist}
    found |= {*FROM_A_SERVICE, *words.SQL_WORDS, *words.SYSTEM_COLUMNS, *names_of_code()}
    return sorted({in_snake_case(name) for name in found if re.fullmatch(r"[a-z]\w*", name)})


@pytest.fixture
def nouns() -> list[str]:
    """Names that a resource or a child could collide with: those of the code, and modules."""
    return sorted({*names_of_code(), *FROM_A_SERVICE, *words.MODULES_AND_ROUTES})


def accepted(specs: Iterable[tuple[str, object]]) -> list[str]:
    """Return the names whose second is no refusal."""
    return [name for name, found in specs if not isinstance(found, ResourceError)]


def tried(make: object, *given: object, **options: object) -> object:
    """Return what a function returns, or its refusal."""
    try:
        return make(*given, **options)  # type: ignore[operator]
    except ResourceError as error:
        assert "\n" not in str(error)
        return error


def faults_of(specs: Iterable[Spec], folder: Path) -> str:
    """Write resources into a service, use them, and return what fails."""
    (folder / "planted").mkdir()
    (folder / "planted" / "__init__.py").touch()
    for each in specs:
        for name, text in texts_of(each).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    program = Path(__file__).with_name("generated.py")
    done = subprocess.run(
        [sys.executable, program, folder], capture_output=True, text=True, cwd=folder
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("is_owned", [False, True])
def test_fields_of_every_name_are_refused_or_work(
    names: list[str], tmp_path: Path, is_owned: bool
) -> None:
    good = accepted(
        (name, tried(fields.read, f"{name}:str", "Gizmo", is_owned=is_owned)) for name in names
    )
    assert {"created", "routes", "session"} <= {*good}
    given = [f"{name}:str" for name in good if name not in words.PARAMETERS_OF_LISTS]
    assert faults_of([plain("gizmo", *given, is_owned=is_owned)], tmp_path) == ""


def test_fields_of_children_of_every_name_are_refused_or_work(
    names: list[str], tmp_path: Path
) -> None:
    good = accepted((name, tried(fields.read, f"{name}:str", "A", is_child=True)) for name in names)
    given = [*(f"{name}:str" for name in good), *OF_A_CHILD]
    assert faults_of([plain("gizmo", has_many="bit", child_texts=given)], tmp_path) == ""


def test_children_of_every_name_are_refused_or_work(nouns: list[str], tmp_path: Path) -> None:
    found = (
        tried(simple, f"holder{number}x", has_many=name, child_texts=OF_A_CHILD)
        for number, name in enumerate(nouns)
    )
    good = [each for each in found if isinstance(each, Spec)]
    assert good
    assert faults_of(good, tmp_path) == ""


def test_resources_of_every_name_are_refused_or_work(nouns: list[str], tmp_path: Path) -> None:
    found = [tried(simple, name, has_many="bit:a:int") for name in nouns]
    found += [
        tried(simple, f"thing{number}x", plural=name, has_many="bit:a:int")
        for number, name in enumerate([*nouns, "planted"])
    ]
    by_plural = {each.plural: each for each in found if isinstance(each, Spec)}
    assert "planted" in by_plural
    assert faults_of(by_plural.values(), tmp_path) == ""


def test_enums_of_every_class_are_refused_or_work(tmp_path: Path) -> None:
    """`short` with an enum `text` would have a class ShortText, which the schemas import."""
    found: list[object] = []
    for name in names_of_code():
        parts = name.split("_")
        for at in range(1, len(parts)):
            first, second = "_".join(parts[:at]), "_".join(parts[at:])
            plural = f"things{len(found)}"
            found.append(tried(simple, first, f"{second}:enum:a,b", plural=plural))
    assert "ShortText would have the name of another" in " ".join(map(str, found))
    good = [each for each in found if isinstance(each, Spec)]
    assert good
    assert faults_of(good, tmp_path) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("self", "a name in the code of models"),
        ("mapped_column", "a name in the code of models"),
        ("relationship", "a name in the code of models"),
        ("registry", "an attribute of all models and schemas"),
        ("metadata", "an attribute of all models and schemas"),
        ("xmin", "a column of PostgreSQL's own"),
    ],
)
def test_a_field_that_made_a_service_fail_is_refused(name: str, said: str) -> None:
    refused = tried(fields.read, f"{name}:str", "Gizmo")
    assert str(refused) == f"The field '{name}' is {said}: use another, such as its_{name}."


@pytest.mark.parametrize("plural", ["clients", "tasks", "wsgi", "tests", "models", "domain", "app"])
def test_a_resource_of_a_module_is_refused(plural: str) -> None:
    refused = tried(plain, "gizmo", plural=plural)
    assert f"The plural '{plural}' is a module or route of the service" in str(refused)


def test_a_resource_of_postgresql_is_refused() -> None:
    assert "a name of PostgreSQL" in str(tried(plain, "gizmo", plural="pg_tables"))
