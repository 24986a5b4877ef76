"""Adds a resource to a service."""

import ast
from pathlib import Path

from . import (
    changes,
    code,
    ingress,
    lists,
    migration_files,
    readme,
    registration,
    removing,
    rendering,
)
from .faults import ResourceError
from .formatting import formatted
from .spec import Spec


def add(spec: Spec, package: str, folder: Path) -> list[str]:
    """Write a resource into a service, and return the names of the files that changed.

    `folder` is the service's. Raises ResourceError, having written nothing.
    """
    _require_new(spec, package, folder)
    migrations = migration_files.read(folder)
    after = migrations[-1].revision if migrations else None
    revision = migration_files.next_revision(migrations)
    modules = ["routes", *(["administration"] if spec.is_owned else [])]
    texts = registration.with_resource(
        registration.read(folder / package), spec.plural, modules, package
    )
    texts[registration.DOMAIN] = lists.with_call(texts[registration.DOMAIN], package)
    written: dict[str, str | None] = {
        **rendering.render(
            spec, package, folder, revision, after, is_idempotent=_has_keys(folder / package)
        ),
        **{
            f"{package}/{name}": formatted(text, f"{package}/{name}", folder)
            for name, text in texts.items()
        },
    }
    written |= lists.with_settings(folder) | _infrastructure(spec, folder)
    changed = [name for name, text in written.items() if _differs(folder / name, text)]
    changes.apply(folder, written)
    return changed


def _has_keys(package: Path) -> bool:
    """Return whether the models of the service have the table of idempotency keys."""
    models = ast.parse((package / registration.MODELS).read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "flask_chassis.idempotency"
        for node in ast.walk(models)
    )


def _infrastructure(spec: Spec, folder: Path) -> dict[str, str | None]:
    written: dict[str, str | None] = {}
    if (folder / ingress.NAME).is_file():
        path = f"/api/{spec.plural}"
        text = ingress.with_path((folder / ingress.NAME).read_text(encoding="utf-8"), path)
        if text is None:
            raise ResourceError(
                f"{ingress.NAME} has no single list of paths, and none that leads to {path}/: "
                "nothing was written. Add the path by hand, then run this again."
            )
        written[ingress.NAME] = text
    if (folder / readme.NAME).is_file():
        text = (folder / readme.NAME).read_text(encoding="utf-8")
        written[readme.NAME] = readme.with_resource(text, spec)
    return written


def _differs(path: Path, text: str | None) -> bool:
    return not path.is_file() or path.read_text(encoding="utf-8") != text


def _require_new(spec: Spec, package: str, folder: Path) -> None:
    """Raise ResourceError if the service has something of a name that the resource needs."""
    for name in (
        f"{package}/{spec.plural}",
        f"{package}/{spec.plural}.py",
        f"tests/{spec.plural}",
        f"tests/{spec.plural}.py",
    ):
        if (folder / name).exists():
            advice = "remove it"
            if removing.is_resource(folder / package / spec.plural):
                advice = f"run resource.remove {spec.plural}"
            raise ResourceError(
                f"{name} exists: choose another name or --plural, or {advice} first."
            )
    for name, tree in code.modules(folder, package):
        for what, wanted, found in (
            ("class", spec.classes, code.classes(tree)),
            ("table", spec.tables, code.tables(tree)),
        ):
            if taken := [each for each in wanted if each in found]:
                raise ResourceError(
                    f"{name} has a {what} {taken[0]} already: choose another name for what would "
                    f"be called {taken[0]}."
                )
        routes = (f"/api/{spec.plural}/", f"/{spec.plural}/")
        if any(f"{text}/".startswith(routes) for text in code.texts(tree)):
            raise ResourceError(f"{name} has the route /api/{spec.plural}/ already: use --plural.")
    for each in migration_files.read(folder):
        for table in set(spec.tables) & set(each.creates):
            raise ResourceError(
                f"{each.name} creates a table {table} already: choose another name or --plural."
            )
