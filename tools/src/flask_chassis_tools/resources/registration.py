"""Edits `domain.py` and `models.py`: the imports of a resource, and its namespaces.

Nothing but the lines in question changes. The places are found in the syntax tree.
"""

import ast
import re
from pathlib import Path

from . import code
from .faults import ResourceError

DOMAIN = "domain.py"
MODELS = "models.py"

REGISTERS = "  # noqa: F401  (importing it registers it)"
SPLIT = "# isort: split"


def with_resource(
    texts: dict[str, str], plural: str, modules: list[str], package: str
) -> dict[str, str]:
    """Return the texts of both files with a resource; raises ResourceError if a place is missing.

    `texts` is by file name. `modules` are those of the resource that have a namespace.
    """
    domain, models = texts[DOMAIN], texts[MODELS]
    advice = _advice(plural, modules, package)
    if not any(code.imported(ast.parse(domain), plural, package)):
        names = _names(domain, plural, modules)
        place = _namespaces(ast.parse(domain))
        if place is None:
            raise ResourceError(advice)
        elements = [f"{names[module]}.namespace" for module in modules]
        domain = _with_elements(domain, place, elements)
        aliases = [_import(module, names[module]) for module in modules]
        domain = _with_line(domain, "\n".join(f"from .{plural} import {each}" for each in aliases))
    if not any(code.imported(ast.parse(models), plural, package)):
        name = _names(models, plural, ["model"])["model"]
        models = _with_line(models, f"from .{plural} import {_import('model', name)}{REGISTERS}")
    return {DOMAIN: domain, MODELS: models}


def without_resource(texts: dict[str, str], plural: str, package: str) -> dict[str, str]:
    """Return the texts of both files without a resource; raises ResourceError if they use it else.

    What is imported from it may stand in the list of namespaces, and nowhere else.
    """
    return {name: _without(text, plural, package, name) for name, text in texts.items()}


def _without(text: str, plural: str, package: str, name: str) -> str:
    tree = ast.parse(text)
    imports = list(code.imported(tree, plural, package))
    bound = {
        each.asname or each.name.partition(".")[0]
        for node in imports
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for each in node.names
    }
    place = _namespaces(tree)
    elements = [each for each in place.elts if _root(each) in bound] if place else []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in bound and not _is_inside(node, elements):
            raise ResourceError(
                f"{package}/{name}, line {node.lineno}, uses {node.id} of {plural}: remove that "
                "first. Nothing was removed."
            )
    spans = [_span(text, each) for each in imports]
    if place and elements:
        kept = [each for each in place.elts if each not in elements]
        spans.append((*_offsets(text, place), f"[{_joined(text, kept)}]"))
        call = _call(tree)
        if call and place in call.args and "#" not in str(ast.get_source_segment(text, call)):
            # On one line again, without the comma that would keep it on several.
            given = _joined(text, [each for each in call.args if each is not place])
            spans[-1] = (
                *_offsets(text, call),
                f"{ast.unparse(call.func)}({given}, [{_joined(text, kept)}])",
            )
    for begin, end, replacement in sorted(spans, reverse=True):
        text = text[:begin] + replacement + text[end:]
    return text


def _joined(text: str, nodes: list[ast.expr]) -> str:
    return ", ".join(str(ast.get_source_segment(text, each)) for each in nodes)


def _is_inside(node: ast.expr, elements: list[ast.expr]) -> bool:
    place = (node.lineno, node.col_offset)
    return any(
        (each.lineno, each.col_offset) <= place < (each.end_lineno or 0, each.end_col_offset or 0)
        for each in elements
    )


def _call(tree: ast.Module) -> ast.Call | None:
    """Return the call of `openapi.init_app`, if there is exactly one."""
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "openapi.init_app"
    ]
    return calls[0] if len(calls) == 1 else None


def _namespaces(tree: ast.Module) -> ast.List | None:
    """Return the list of namespaces that `openapi.init_app` gets, if it is found."""
    call = _call(tree)
    if call is None:
        return None
    named = [each.value for each in call.keywords if each.arg == "namespaces"]
    given = named or call.args[3:4]
    if given and isinstance(given[0], ast.Name):
        name = given[0].id
        given = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, (ast.Assign, ast.AnnAssign))
            and node.value
            and [ast.unparse(each) for each in _targets(node)] == [name]
        ]
    found = given[0] if len(given) == 1 else None
    return found if isinstance(found, ast.List) else None


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _with_elements(text: str, place: ast.List, elements: list[str]) -> str:
    if place.elts:
        _, end = _offsets(text, place.elts[-1])
        return text[:end] + "".join(f", {each}" for each in elements) + text[end:]
    begin, _ = _offsets(text, place)
    return text[: begin + 1] + ", ".join(elements) + text[begin + 1 :]


def _with_line(text: str, line: str) -> str:
    """Insert an import after the last one, or after the comment that begins the service's own."""
    tree = ast.parse(text)
    ends = [
        each.end_lineno or 0 for each in tree.body if isinstance(each, (ast.Import, ast.ImportFrom))
    ]
    lines = text.splitlines()
    splits = [number for number, each in enumerate(lines, 1) if each.strip() == SPLIT]
    at = max([0, *ends, *splits])
    return "\n".join([*lines[:at], line, *lines[at:], ""])


def _names(text: str, plural: str, modules: list[str]) -> dict[str, str]:
    """Return what to call modules: by their names, or all with the resource's before them."""
    taken = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    taken |= {
        each.asname or each.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for each in node.names
    }
    if taken.isdisjoint(modules):
        return {each: each for each in modules}
    return {each: f"{plural}_{each}" for each in modules}


def _import(module: str, name: str) -> str:
    return module if module == name else f"{module} as {name}"


def _root(node: ast.expr) -> str:
    """Return `routes` for `routes.namespace`."""
    return re.split(r"\W", ast.unparse(node))[0]


def _span(text: str, node: ast.stmt) -> tuple[int, int, str]:
    """Return the lines of a statement, to be replaced by nothing."""
    starts = _line_starts(text)
    return starts[node.lineno - 1], starts[node.end_lineno or node.lineno], ""


def _offsets(text: str, node: ast.expr) -> tuple[int, int]:
    """Return where an expression begins and ends. The tree counts bytes."""
    lines, starts = text.splitlines(keepends=True), _line_starts(text)

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    return (
        offset(node.lineno, node.col_offset),
        offset(node.end_lineno or 0, node.end_col_offset or 0),
    )


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _advice(plural: str, modules: list[str], package: str) -> str:
    aliases = ", ".join(f"{each} as {plural}_{each}" for each in modules)
    elements = ", ".join(f"{plural}_{each}.namespace" for each in modules)
    return (
        f"{package}/{DOMAIN} has no single call openapi.init_app(app, settings, version, [...]) "
        "with a list of namespaces: nothing was written. Add these by hand, then run this again: "
        f"the line `from .{plural} import {aliases}`, and {elements} in the namespaces that "
        "openapi.init_app gets."
    )


def read(folder: Path) -> dict[str, str]:
    """Return the texts of both files of a package; ResourceError if one is missing or broken."""
    for name in (DOMAIN, MODELS):
        if not (folder / name).is_file():
            raise ResourceError(
                f"{folder.name}/{name} is missing: restore it. Nothing was written."
            )
        code.parsed(folder / name, folder.parent)
    return {name: (folder / name).read_text(encoding="utf-8") for name in (DOMAIN, MODELS)}
