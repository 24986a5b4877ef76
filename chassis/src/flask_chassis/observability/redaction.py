"""Redacts secrets in log records: tokens, passwords, cookies, credentials in URLs, query strings.

No code logs a secret on purpose. But the message of an exception may contain a URL with
credentials, and a library may log a header.
"""

import re
from typing import Any

REDACTED = "[redacted]"

# Every text with a secret contains one of these marks, in lower case. Searching for them is some
# twenty times faster than matching the patterns, and most records contain none of them.
_MARKS = (
    "eyj", "bearer", "basic", "://", "?", "passw", "secret", "token", "api_key", "apikey", "cookie",
    "authorization", "detail:", r"\nline ",
)  # fmt: skip

_NAMES = r"\w*(?:password|passwd|secret|token|api_?key)(?:_(?:key|value|hash))?"

_SECRET_NAME = re.compile(rf"{_NAMES}|authorization|(?:set-)?cookie", re.IGNORECASE)

_PATTERNS = (
    # A JWT, complete or truncated.
    (re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*"), REDACTED),
    # The value of a header, up to the end of the line.
    (
        re.compile(r"\b(authorization|cookie)(: *| *= *)[^\"'\r\n]+", re.IGNORECASE),
        rf"\1\2{REDACTED}",
    ),
    # Bearer …, Basic …, followed by credentials and not by a word: with a digit, a capital letter
    # or punctuation.
    (
        re.compile(r"\b([Bb]earer|[Bb]asic|BEARER)\s+(?=[\w-]*[A-Z\d._~+/=-])[\w.~+/=-]{6,}"),
        rf"\1 {REDACTED}",
    ),
    # The password in a URL, which may contain slashes and at signs.
    (re.compile(r"(\w://[^\s:/@\"']*):[^\s\"']+@"), rf"\1:{REDACTED}@"),
    # PostgreSQL's error messages quote the values of a statement or a row.
    (re.compile(r"\b(LINE \d+|DETAIL): [^\n]*"), rf"\1: {REDACTED}"),
    # The values of a query string.
    (re.compile(r"\?[\w.%\[\]-]+=[^\s\"'<>]*"), f"?{REDACTED}"),
    # 'password': 'value' and "password": "value", in the representation of a dictionary.
    (
        re.compile(
            rf"(([\"'])(?:{_NAMES}|authorization|(?:set-)?cookie)\2: *[bu]?([\"'])).*?(?<!\\)\3",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}\3",
    ),
    # password=value, with or without quotes.
    (
        re.compile(rf"\b({_NAMES}=)(?:\"[^\"]*\"|'[^']*'|[^\s\"'&,;)]+)", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
)


def is_suspect(text: str) -> bool:
    """Return whether a text may contain a secret: a fast check with false positives."""
    text = text.lower()
    return any(mark in text for mark in _MARKS)


def redact(value: Any, name: str = "") -> Any:
    """Return a copy of a value with the secrets replaced, also in nested containers.

    `name` is the name of the field or key, if the value has one.
    """
    if isinstance(value, str):
        if _SECRET_NAME.fullmatch(name):
            return REDACTED
        for pattern, replacement in _PATTERNS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, dict):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact(item, name) for item in value]
    return value
