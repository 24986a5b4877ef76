"""The hook that runs last puts the parts into place, drops the rest and makes the lock current."""

import ast
import hashlib
import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from poetry.packages.locker import Locker

from tests.hooks.conftest import MODULES, SERVICE, TOOLS

ROOT = Path(__file__).parents[2]
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))

Render = Callable[..., Path]
Refusal = Callable[..., list[str]]
Command = Callable[..., subprocess.CompletedProcess[str]]


def git(folder: Path, *arguments: str) -> None:
    """Run git with a name and an address of its own, whatever the machine has."""
    person = ["-c", "user.name=Tests", "-c", "user.email=tests@acme.example"]
    subprocess.run(["git", "-C", folder, *person, *arguments], check=True, capture_output=True)


def commit(folder: Path) -> None:
    """Commit everything in a folder, and make it a repository first if needed."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=change")


def files_of(folder: Path) -> dict[str, bytes]:
    """Read every file under a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def recorded_hash(service: Path) -> str:
    """Read the hash in a service's lock."""
    lock = tomllib.loads((service / "poetry.lock").read_text(encoding="utf-8"))
    recorded: str = lock["metadata"]["content-hash"]
    return recorded


@pytest.mark.parametrize("kind", QUESTIONS["kind"])
def test_a_kind_has_the_files_of_its_parts_and_no_others(
    render: Render, post_gen: ModuleType, kind: str
) -> None:
    """They stand where they belong, and nothing is left of where they were."""
    service = render(kind=kind)
    assert {path.stem for path in service.glob("package/*")} == set(post_gen.PARTS_OF_KINDS[kind])
    assert not (service / post_gen.PARTS).exists()


def test_the_hook_knows_the_kinds_that_can_be_asked_for(post_gen: ModuleType) -> None:
    """No kind would be rendered without its parts."""
    assert list(post_gen.PARTS_OF_KINDS) == QUESTIONS["kind"]


def test_a_kind_that_the_hook_does_not_know_is_told(refusal: Refusal, template: Path) -> None:
    """A kind that is added to the questions alone stops the render."""
    questions = QUESTIONS | {
        "kind": ["planted"],
        "__catalog_type": "x",
        "__domain_folder": "x",
        "__worker_memory_mib": "1",
    }
    (template / "cookiecutter.json").write_text(json.dumps(questions))
    (line,) = refusal(template)
    assert "does not know the kind planted" in line


def test_a_part_that_is_not_rendered_is_named(refusal: Refusal, template: Path) -> None:
    """The hook cannot outlive the parts that it names."""
    parts = template / SERVICE / "parts"
    (parts / "backend").rename(parts / "planted")
    (line,) = refusal(template)
    assert "names parts/backend, which was not rendered" in line


def test_a_file_of_two_parts_is_named(refusal: Refusal, template: Path) -> None:
    """One would silently take the place of the other."""
    planted = template / SERVICE / "parts" / "resource" / "package" / "backend.txt"
    planted.write_text("planted\n")
    (line,) = refusal(template)
    assert "package/backend.txt of parts/resource is another part's as well" in line


def test_a_service_can_be_rendered_over(render: Render) -> None:
    """What an earlier render has put there is not a file of two parts."""
    first = files_of(render())
    assert files_of(render(overwrite=True)) == first


@pytest.mark.parametrize(
    ("ci_system", "kept"),
    [
        ("teamcity", {".teamcity"}),
        ("github", {".github"}),
        ("gitlab", {".gitlab", ".gitlab-ci.yml"}),
        ("none", set()),
    ],
)
def test_only_the_chosen_ci_system_stays(render: Render, ci_system: str, kept: set[str]) -> None:
    """What belongs to the other answers goes, and no other file does."""
    names = {path.name for path in render(ci_system=ci_system).iterdir()}
    assert names & {".teamcity", ".github", ".gitlab", ".gitlab-ci.yml"} == kept
    assert {"pyproject.toml", "poetry.lock", "texts.md"} < names


def test_a_folder_that_is_not_rendered_is_named(refusal: Refusal, template: Path) -> None:
    """The manifest cannot outlive the folders and files that it names."""
    (template / SERVICE / ".github").rename(template / SERVICE / ".planted")
    (line,) = refusal(template)
    assert "names .github, which was not rendered" in line


def test_a_file_that_is_not_rendered_is_named(refusal: Refusal, template: Path) -> None:
    (template / SERVICE / ".gitlab-ci.yml").unlink()
    (line,) = refusal(template)
    assert "names .gitlab-ci.yml, which was not rendered" in line


def test_the_manifest_names_answers_that_exist(post_gen: ModuleType) -> None:
    """A misspelt answer would drop its folders from every service."""
    for question, answer in post_gen.PATHS_OF_ANSWERS:
        assert answer in QUESTIONS[question]


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"internal_index": "https://packages.acme.example/simple/"},
        {"public_index": "https://mirror.acme.example/simple/"},
        {"internal_index": "https://a.b/simple/", "public_index": "https://c.d/simple/"},
        {"description": "Ünïcode 🚀"},
    ],
)
def test_the_lock_holds_the_hash_that_poetry_computes(
    render: Render, answers: dict[str, str]
) -> None:
    """The installed Poetry takes the lock for current, whatever the indexes are."""
    service = render(**answers)
    pyproject = tomllib.loads((service / "pyproject.toml").read_text(encoding="utf-8"))
    assert Locker(service / "poetry.lock", pyproject).is_fresh()


def test_the_hash_follows_the_indexes(render: Render) -> None:
    """One hash in the template would be right for one answer only; hence the stamp."""
    plain = recorded_hash(render())
    assert plain != recorded_hash(render(overwrite=True, public_index="https://a.b/simple/"))


@pytest.mark.parametrize(
    "pyproject",
    [
        '[project]\nname = "a"\nrequires-python = ">=3.11"\n',
        '[project]\nrequires-python = ">=3.11"\n[dependency-groups]\n',
        '[project]\ndependencies = ["a"]\n[tool.poetry.group.dev.dependencies]\nb = "*"\n',
        '[project]\ndependencies = ["ä"]\n[tool.poetry]\nextras = {}\nsource = []\n',
        '[project]\ndependencies = []\n[tool.poetry.dependencies]\na = {source = "internal"}\n',
    ],
)
def test_the_hash_is_right_for_other_files(render: Render, template: Path, pyproject: str) -> None:
    """A later pyproject.toml may use any table that the hash covers."""
    pyproject += "[tool.cruft]\nskip = []\n"
    (template / SERVICE / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    service = render(template)
    assert Locker(service / "poetry.lock", tomllib.loads(pyproject)).is_fresh()


def test_poetry_itself_finds_nothing_to_do(render: Render, command: Command) -> None:
    """The check that a service's pipeline runs passes on a fresh render."""
    (done := command("poetry", "check", "--lock", folder=render())).check_returncode()
    assert "poetry.lock" not in done.stderr


def test_only_the_line_of_the_hash_changes(render: Render, template: Path) -> None:
    """The rest of the lock stays as Poetry wrote it, down to the ends of its lines."""
    lock = template / SERVICE / "poetry.lock"
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    before = lock.read_bytes().splitlines(keepends=True)
    after = (render(template) / "poetry.lock").read_bytes().splitlines(keepends=True)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1
    assert changed[0][1].endswith(b'"\r\n')


@pytest.mark.parametrize(
    ("lock", "told"),
    [
        ('[metadata]\nlock-version = "2.1"\n', "poetry.lock has 0 lines"),
        ('content-hash = "a"\ncontent-hash = "b"\n', "poetry.lock has 2 lines"),
    ],
)
def test_a_lock_without_its_line_is_told(
    refusal: Refusal, template: Path, lock: str, told: str
) -> None:
    """A fault of the template stops the render with a line that says what it is."""
    (template / SERVICE / "poetry.lock").write_text(lock)
    (line,) = refusal(template)
    assert told in line


def test_a_missing_lock_is_told(refusal: Refusal, template: Path) -> None:
    """No service starts without the versions that all services start on."""
    (template / SERVICE / "poetry.lock").unlink()
    (line,) = refusal(template)
    assert "poetry.lock was not rendered" in line


def test_rendering_twice_gives_the_same_bytes(render: Render) -> None:
    """An update compares two renders, so that whatever varied would become a change."""
    first = files_of(render(internal_index="https://a.b/simple/"))
    assert files_of(render(overwrite=True, internal_index="https://a.b/simple/")) == first


@pytest.mark.parametrize(
    "name",
    [
        "hooks/pre_gen_project.py",
        "hooks/post_gen_project.py",
        *(f"{TOOLS}/{name}.py" for name in MODULES),
    ],
    ids=lambda name: "/".join(Path(name).with_suffix("").parts[-2:]),
)
def test_the_hooks_reach_for_nothing_outside(name: str) -> None:
    """They run offline, start no program and make nothing random, as what they import shows."""
    nodes = list(ast.walk(ast.parse((ROOT / name).read_text("utf-8"))))
    imported: set[str | None] = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"os.{alias.name}" for alias in node.names]
            imported.update(names if node.module == "os" else [node.module])
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
    harmless = {"__future__", "builtins", "collections.abc", "functools", "hashlib", "json"}
    harmless |= {"keyword", "pathlib", "re", "shutil", "sys", "tomllib", "types", "typing"}
    harmless |= {"configparser", "dataclasses", "importlib", "os.environ", "shlex"}
    harmless |= {"unicodedata", "urllib.parse"}
    assert imported <= harmless


INDEX = "https://packages.acme.example/simple/"


def test_without_an_index_a_service_has_the_wheels_and_its_lock_names_them(
    render: Render, post_gen: ModuleType
) -> None:
    """The files in vendor/ are those that Poetry checks against the hashes in the lock."""
    service = render(ROOT)
    wheels = {f"{post_gen.WHEELS}/{path.name}" for path in (service / post_gen.WHEELS).iterdir()}
    sources = {name: package["source"] for name, package in own_packages(service).items()}
    assert sources.keys() == {"flask-chassis", "flask-chassis-tools"}
    assert {source["url"] for source in sources.values()} == wheels
    assert {source["type"] for source in sources.values()} == {"file"}
    for package in own_packages(service).values():
        for file in package["files"]:
            wheel = (service / post_gen.WHEELS / file["file"]).read_bytes()
            assert file["hash"] == f"sha256:{hashlib.sha256(wheel).hexdigest()}"
    assert is_fresh(service)


def test_with_an_index_a_service_has_no_wheels_and_its_lock_names_the_index(
    render: Render, post_gen: ModuleType
) -> None:
    """The index serves the same files, so the hashes stay."""
    with_wheels = {name: each["files"] for name, each in own_packages(render(ROOT)).items()}
    service = render(ROOT, overwrite=True, internal_index=INDEX)
    assert not (service / post_gen.WHEELS).exists()
    assert "vendor/" not in (service / "pyproject.toml").read_text("utf-8")
    for name, package in own_packages(service).items():
        source = {"type": "legacy", "url": INDEX.rstrip("/"), "reference": "acme"}
        assert package["source"] == source
        assert package["files"] == with_wheels[name]
    assert is_fresh(service)


def own_packages(service: Path) -> dict[str, dict[str, Any]]:
    """Return the chassis and its tools from a service's lock, by name."""
    lock = tomllib.loads((service / "poetry.lock").read_text("utf-8"))
    own = (each for each in lock["package"] if each["name"].startswith("flask-chassis"))
    return {package["name"]: package for package in own}


def is_fresh(service: Path) -> bool:
    """Return whether Poetry takes the lock for current."""
    pyproject = tomllib.loads((service / "pyproject.toml").read_text("utf-8"))
    return bool(Locker(service / "poetry.lock", pyproject).is_fresh())


@pytest.mark.parametrize("index", ["", INDEX])
def test_only_an_index_takes_the_wheels_away(
    render: Render, post_gen: ModuleType, index: str
) -> None:
    """The rest of the hook runs on rules that it has read by then, and lists what stays."""
    service = render(internal_index=index)
    assert (service / post_gen.WHEELS).exists() is not bool(index)
    listed = (service / post_gen.CHECKSUMS).read_text("utf-8")
    assert (post_gen.WHEELS in listed) is not bool(index)


def test_a_render_over_an_earlier_one_leaves_no_wheel_of_it(
    render: Render, post_gen: ModuleType
) -> None:
    service = render(ROOT)
    folder = service / post_gen.WHEELS
    wanted = sorted(path.name for path in folder.iterdir())
    (folder / "flask_chassis-0.0.1-py3-none-any.whl").touch()
    (folder / "flask_chassis_tools-0.0.1-py3-none-any.whl").touch()
    render(ROOT, overwrite=True)
    assert sorted(path.name for path in folder.iterdir()) == wanted


@pytest.mark.parametrize("wheels", [0, 2])
def test_without_its_one_wheel_of_the_tools_the_hook_stops(
    refusal: Refusal, template: Path, post_gen: ModuleType, wheels: int
) -> None:
    """A fault of the template stops the render with a line that says what it is."""
    folder = template / SERVICE / post_gen.WHEELS
    [wheel] = folder.glob("flask_chassis_tools-*.whl")
    wheel.unlink()
    for number in range(wheels):
        (folder / f"flask_chassis_tools-{number}.0.0-py3-none-any.whl").touch()
    (line,) = refusal(template)
    assert line == f"vendor/ must have one wheel of flask-chassis-tools; it has {wheels}."


def test_cruft_leaves_alone_what_is_seeded(render: Render) -> None:
    """Its `skip` says the same as the list of who owns what."""
    service = render()
    tool = tomllib.loads((service / "pyproject.toml").read_text("utf-8"))["tool"]
    lists = tomllib.loads((service / "template-ownership.toml").read_text("utf-8"))
    assert tool["cruft"]["skip"] == lists["seeded"] == ["texts.*", "thoughts_backend/own/**"]


def test_the_reviewers_are_the_owners(render: Render) -> None:
    """A folder stands for its files where all of them are the template's."""
    service = render(ci_system="github", email="us@acme.example", organisation="umbrella")
    lines = (service / "CODEOWNERS").read_text("utf-8").splitlines()
    assert lines[1] == "* us@acme.example"
    assert "/.github/ @umbrella/platform" in lines
    assert "/package/ @umbrella/platform" in lines
    assert lines[-1] == "/pyproject.toml us@acme.example @umbrella/platform"
    assert not [line for line in lines if "texts" in line]


def test_the_checksums_are_those_of_the_templates_files(
    render: Render, post_gen: ModuleType
) -> None:
    """The tool that everybody has agrees with them; what is not the template's has none."""
    service = render()
    words = ["sha256sum", "--check", "--quiet", "--strict", post_gen.CHECKSUMS]
    subprocess.run(words, cwd=service, check=True)
    listed = (service / post_gen.CHECKSUMS).read_text("utf-8")
    assert "CODEOWNERS" in listed
    assert "texts" not in listed
    assert "poetry.lock" not in listed


def test_a_file_that_is_nobodys_stops_the_render(refusal: Refusal, template: Path) -> None:
    """Nobody would know whether an update may touch it."""
    shared = '["p*", "**.toml", "**.py", ".*/**", "vendor/**"]'
    lists = f'template = ["package/**"]\nseeded = []\nshared = {shared}\n'
    (template / SERVICE / "template-ownership.toml").write_text(lists)
    (line,) = refusal(template)
    assert "does not say whose these are: CODEOWNERS, texts.kts, texts.md," in line


def test_a_pyproject_without_a_place_for_cruft_is_told(refusal: Refusal, template: Path) -> None:
    """Plain cruft would touch what is the service's."""
    pyproject = template / SERVICE / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("skip = []", ""))
    (line,) = refusal(template)
    assert "must have one line `skip = []`" in line


BRACES = "{{ handlebars }} {% and %} {# others #} { } }}"


def test_cruft_creates_the_same_service(
    render: Render, template: Path, command: Command, output: Path
) -> None:
    """A render from a git repository differs from one from a folder by cruft's record alone."""
    plain = files_of(render(template, ci_system="github"))
    (output / "thoughts-backend").rename(output / "plain")
    commit(template)
    answers = json.dumps({"ci_system": "github"})
    command(
        "cruft", "create", str(template), "--no-input", "--extra-context", answers
    ).check_returncode()
    assert files_of(output / "thoughts-backend").keys() - plain.keys() == {".cruft.json"}
    assert plain.items() <= files_of(output / "thoughts-backend").items()


def test_cruft_refuses_bad_answers_too(template: Path, command: Command, output: Path) -> None:
    """The lines come first and no folder stays behind."""
    commit(template)
    answers = json.dumps({"port": "80"})
    done = command("cruft", "create", str(template), "--no-input", "--extra-context", answers)
    assert done.returncode != 0
    assert done.stderr.startswith("port: '80' will not do. ")
    assert list(output.iterdir()) == []


def test_braces_survive_an_update(template: Path, command: Command, output: Path) -> None:
    """Cruft renders the answers that it recorded; texts that look like templates stay as typed."""
    commit(template)
    answers = {"project_slug": "braces"}
    answers |= dict.fromkeys(("project_name", "description", "team"), BRACES)
    typed = "".join(f"{answers.get(question, '')}\n" for question in QUESTIONS)
    command("cruft", "create", str(template), typed=typed).check_returncode()
    service = output / "braces"
    commit(service)
    texts = (service / "texts.toml").read_bytes()
    assert set(tomllib.loads(texts.decode()).values()) == {BRACES}

    (template / SERVICE / "new.txt").write_text("new\n")
    commit(template)
    command("cruft", "update", "--skip-apply-ask", folder=service).check_returncode()
    assert (service / "new.txt").read_text() == "new\n"
    assert (service / "texts.toml").read_bytes() == texts
    command("cruft", "check", folder=service).check_returncode()
    command("cruft", "diff", "--exit-code", folder=service).check_returncode()
