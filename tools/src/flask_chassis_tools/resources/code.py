"""Reads Python files of a service without running them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from .faults import ResourceError


def parsed(path: Path, folder: Path) -> ast.Module:
    """Return the syntax tree of a file; ResourceError if it does not compile."""
    try:
        return ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        name = path.relative_to(folder).as_posix()
        raise ResourceError(f"{name}, line {error.lineno}, does not compile: correct it.") from None


def modules(folder: Path, *below: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the name and the syntax tree of each Python file below some folders of the service."""
    for each in below:
        for path in sorted((folder / each).rglob("*.py")):
            yield path.relative_to(folder).as_posix(), parsed(path, folder)


def classes(tree: ast.Module) -> list[str]:
    """Return the names of the classes of a module."""
    return [each.name for each in ast.walk(tree) if isinstance(each, ast.ClassDef)]


def tables(tree: ast.Module) -> list[str]:
    """Return the values of `__tablename__` in a module."""
    return [
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and [each.id for each in node.targets if isinstance(each, ast.Name)] == ["__tablename__"]
    ]


def texts(tree: ast.Module) -> list[str]:
    """Return all texts in a module."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def imported(tree: ast.AST, module: str, package: str) -> Iterator[ast.stmt]:
    """Yield the imports of a module of the service, or of what is below it.

    `module` is relative to the service's package: `invoices`.
    """
    whole = f"{package}.{module}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            if any(f"{each.name}.".startswith(f"{whole}.") for each in node.names):
                yield node
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level == 0:
                relative = source.removeprefix(package).removeprefix(".")
                if source != package and not source.startswith(f"{package}."):
                    continue
            else:
                relative = source
            if f"{relative}.".startswith(f"{module}.") or (
                not relative and module in [each.name for each in node.names]
            ):
                yield node
