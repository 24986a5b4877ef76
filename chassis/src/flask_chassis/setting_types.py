"""Gives the values of settings the types that `settings.yaml` declares."""

from typing import Any

import yaml

from flask_chassis import safe_yaml

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}


def typed(key: str, example: Any, value: Any) -> Any:
    """Return a value in the type of an example, the value that `settings.yaml` declares.

    Raises TypeError or ValueError, with a message that names the key.
    """
    if isinstance(example, str):
        if not isinstance(value, str):
            # What it is stays unsaid: it may be a password, and YAML has turned 0123 into 83.
            raise TypeError(f"{key} is not a text: put it in quotes")
        return value
    if isinstance(example, list):
        return _list(key, example, value)
    if isinstance(value, list | dict):
        raise TypeError(f"{key} is a {type(value).__name__}, but the setting is a single value")
    if isinstance(example, bool):
        return _boolean(key, value)
    if isinstance(example, int | float):
        kind = "whole number" if isinstance(example, int) else "number"
        try:
            return type(example)(str(value))
        except ValueError:
            raise ValueError(f"{key} is {value!r}, which is not a {kind}") from None
    return value


def _list(key: str, example: list[Any], value: Any) -> list[Any]:
    """Return a list whose elements have the type of the example's, if those have one type."""
    if isinstance(value, str):  # from a variable
        try:
            value = safe_yaml.load(value)
        except yaml.YAMLError:
            value = None
    if not isinstance(value, list):
        raise TypeError(f'{key} is not a list: write it as ["one", "two"], or [] for none')
    kinds = {type(element) for element in example}
    if len(kinds) != 1:
        return list(value)
    if kinds == {dict}:
        if not all(isinstance(element, dict) for element in value):
            raise TypeError(f"{key} is not a list of mappings, as it is in the default section")
        return list(value)
    return [typed(f"{key}[{index}]", example[0], element) for index, element in enumerate(value)]


def _boolean(key: str, value: Any) -> bool:
    word = str(value).lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(f"{key} is {value!r}, which is neither true nor false")
    return word in _TRUE
