"""Prints the API of a package as JSON: what has a docstring and no leading underscore.

Runs in the environment that builds the site, and reads the sources without importing them.
"""

import json
import sys
from typing import Any


def main(package: str, sources: str) -> None:
    """Print the modules at the top of a package, with all that is in them."""
    import griffe  # only in that environment

    loaded = griffe.load(package, search_paths=[sources], allow_inspection=False)
    found = [_module(each) for each in loaded.modules.values() if _is_public(each)]
    print(json.dumps(found))


def _is_public(member: Any) -> bool:
    return not member.name.startswith("_") and not member.is_alias


def _doc(member: Any) -> str:
    return member.docstring.value if member.docstring else ""


def _module(module: Any) -> dict[str, Any]:
    members = [each for each in module.members.values() if _is_public(each)]
    modules = sorted((each for each in members if each.is_module), key=lambda each: each.name)
    return {
        "name": module.name,
        "path": module.path,
        "doc": _doc(module),
        "members": [_member(each) for each in members if not each.is_module and each.docstring],
        "modules": [_module(each) for each in modules],
    }


def _member(member: Any) -> dict[str, Any]:
    own = member.members.values() if member.is_class else []
    return {
        "name": member.name,
        "kind": member.kind.value,
        "doc": _doc(member),
        "signature": _signature(member) if member.is_function else "",
        "members": [
            _member(each)
            for each in own
            if _is_public(each) and each.docstring and not each.is_class
        ],
    }


def _signature(function: Any) -> str:
    """Return a function as its source has it, without `self`."""
    parts: list[str] = []
    is_keyword_only = False
    for each in function.parameters:
        if each.name in {"self", "cls"}:
            continue
        kind = each.kind.value
        if kind == "keyword-only" and not is_keyword_only:
            parts.append("*")
        is_keyword_only = is_keyword_only or kind in {"keyword-only", "variadic positional"}
        star = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        text = f"{star}{each.name}" + (f": {each.annotation}" if each.annotation else "")
        if each.default is not None and not star:
            text += f" = {each.default}"
        parts.append(text)
    returned = f" -> {function.returns}" if function.returns else ""
    return f"{function.name}({', '.join(parts)}){returned}"


if __name__ == "__main__":
    main(*sys.argv[1:])
