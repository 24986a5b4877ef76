"""A program that uses generated resources: it imports their modules, and creates one of each.

Its argument is a folder with a package `planted`, which has a package for each resource, and a
folder `tests`. It prints what fails. It is a process of its own because models register their
tables in the process.
"""

import ast
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import orm


def main() -> None:
    """Use all resources, and print a line for each fault."""
    folder = Path(sys.argv[1])
    sys.path.insert(0, str(folder))
    for each in sorted(path for path in (folder / "planted").iterdir() if path.is_dir()):
        if each.name == "__pycache__":
            continue
        try:
            use(each.name, folder)
        except Exception as error:  # noqa: BLE001  (any that the code of a resource raises)
            print(f"{each.name}: {type(error).__name__}: {' '.join(str(error).split())[:300]}")


def use(plural: str, folder: Path) -> None:
    """Do what the routes of a resource do, without a database."""
    modules = [path.stem for path in (folder / "planted" / plural).glob("[a-z]*.py")]
    found = {name: importlib.import_module(f"planted.{plural}.{name}") for name in modules}
    models, schemas = vars(found["model"]), found["schemas"]
    tables = {
        model.__tablename__: model for model in models.values() if hasattr(model, "__table__")
    }
    model = tables[plural]
    first, second = bodies(folder / "tests" / plural / "test_routes.py")
    body = getattr(schemas, f"New{model.__name__}").model_validate_json(json.dumps(first))
    own = {"username": "ada"} if not hasattr(model, "revision") else {}
    new = model(**own, **body.columns())
    changes = getattr(schemas, f"{model.__name__}Changes")
    children = [each.key for each in orm.class_mapper(model).relationships]
    for name in children:
        kind = orm.class_mapper(model).relationships[name].mapper.class_
        setattr(new, name, [kind(**each.columns()) for each in getattr(body, name)])
        for number, child in enumerate(getattr(new, name)):
            child.id = number
        second.pop(name)
    changes.model_validate_json(json.dumps(second)).apply_to(new)
    new.id, new.revision = 1, 1
    if own:
        new.timestamp = None
        shown = {name: getattr(new, name) for name in second}
    else:
        shown = getattr(schemas, f"{model.__name__}Details").of(new).model_dump(mode="json")
        assert {name: shown[name] for name in second} == second, shown
    assert shown.keys() >= second.keys()
    importlib.import_module(f"planted.{plural}.queries")


def bodies(tests: Path) -> tuple[Any, Any]:
    """Return the two bodies of requests that the tests of a resource have."""
    values = {
        node.target.id: ast.literal_eval(node.value)
        for node in ast.parse(tests.read_text(encoding="utf-8")).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
    }
    return values["FIRST"], values["SECOND"]


if __name__ == "__main__":
    main()
