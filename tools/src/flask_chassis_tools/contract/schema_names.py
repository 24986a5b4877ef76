"""Renames the schemas of an OpenAPI document to identifiers, with all that refers to them.

Names such as `Acme.Order` are usual in documents of .NET and Java. The generator of the models
would make a module of each part before a dot.
"""

import keyword
import re
from copy import deepcopy
from typing import Any
from urllib.parse import unquote

PREFIX = "#/components/schemas/"


def with_identifiers(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose schemas have identifiers as names; the other names stay."""
    schemas = document.get("components", {}).get("schemas", {})
    names = identifiers(schemas)
    if all(old == new for old, new in names.items()):
        return document
    found: dict[str, Any] = _renamed(_with_explicit_tags(deepcopy(document), names), names)
    schemas = found["components"]["schemas"]
    found["components"]["schemas"] = {names[old]: each for old, each in schemas.items()}
    return found


def identifiers(names: Any) -> dict[str, str]:
    """Return an identifier for each name. Two names never get the same one."""
    found = {name: name for name in sorted(names) if _is_identifier(name)}
    taken = {_plain(name) for name in found}
    for name in sorted(set(names) - set(found)):
        words = [word for word in re.split(r"[^0-9A-Za-z_]+", name) if word]
        wanted = "".join(word[0].upper() + word[1:] for word in words)
        if not _is_identifier(wanted):
            wanted = f"Model{wanted}"
        new, number = wanted, 1
        while _plain(new) in taken:
            number += 1
            new = f"{wanted}{number}"
        taken.add(_plain(new))
        found[name] = new
    return found


def _is_identifier(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def _plain(name: str) -> str:
    """Return what the generator may make of a name: it writes `an_order` as `AnOrder`."""
    return name.replace("_", "").casefold()


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value.get("$ref"), str):
        found["$ref"] = _reference(value["$ref"], names)
    discriminator = value.get("discriminator")
    if isinstance(discriminator, dict) and isinstance(discriminator.get("mapping"), dict):
        # A mapping leads to a reference or to the name of a schema.
        mapping = {
            tag: PREFIX + names[target] if target in names else _reference(target, names)
            for tag, target in discriminator["mapping"].items()
        }
        found["discriminator"] = {**discriminator, "mapping": mapping}
    return found


def name_in(reference: str) -> str:
    """Return the name of the schema that a reference leads to, or into; else an empty string."""
    if not reference.startswith(PREFIX):
        return ""
    part = reference.removeprefix(PREFIX).partition("/")[0]
    return unquote(part).replace("~1", "/").replace("~0", "~")


def _reference(reference: str, names: dict[str, str]) -> str:
    name = name_in(reference)
    if name not in names:
        return reference
    _, slash, rest = reference.removeprefix(PREFIX).partition("/")
    return f"{PREFIX}{names[name]}{slash}{rest}"


def _with_explicit_tags(value: Any, names: dict[str, str]) -> Any:
    """Return a value in which no discriminator relies on a name that changes.

    Without a mapping, the name of a schema is its tag.
    """
    if isinstance(value, list):
        return [_with_explicit_tags(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _with_explicit_tags(each, names) for key, each in value.items()}
    discriminator = value.get("discriminator")
    if isinstance(discriminator, dict) and isinstance(discriminator.get("propertyName"), str):
        mapping = dict(discriminator.get("mapping") or {})
        mapped = {name_in(each) or each for each in mapping.values()}
        for each in [*value.get("oneOf", ()), *value.get("anyOf", ())]:
            name = name_in(str(each.get("$ref", ""))) if isinstance(each, dict) else ""
            if name and name not in mapped and names.get(name, name) != name:
                mapping[name] = each["$ref"]
        if mapping:
            found["discriminator"] = {**discriminator, "mapping": mapping}
    return found
