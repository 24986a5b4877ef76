"""Takes secrets out of what is about to be logged.

Nothing logs a secret on purpose. This is for the message of an exception that quotes an address
with its credentials, and for the library that prints a header.
"""

import re
from typing import Any

REDACTED = "[redacted]"

# One of these, in small letters, is in every text that holds something to redact. Looking for them
# is some twenty times faster than trying the patterns, and nearly every record has none of them.
_MARKS = (
    "eyj", "bearer", "basic", "://", "?", "passw", "secret", "token", "api_key", "apikey", "cookie",
    "authorization", "detail:", r"\nline ",
)  # fmt: skip

_NAMES = r"\w*(?:password|passwd|secret|token|api_?key)(?:_(?:key|value|hash))?"

_SECRET_NAME = re.compile(rf"{_NAMES}|authorization|(?:set-)?cookie", re.IGNORECASE)

_PATTERNS = (
    # A JWT, whole or cut off.
    (re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*"), REDACTED),
    # The value of a header, to its end.
    (
        re.compile(r"\b(authorization|cookie)(: *| *= *)[^\"'\r\n]+", re.IGNORECASE),
        rf"\1\2{REDACTED}",
    ),
    # Bearer …, Basic …; what follows is no word: it has a sign, a digit or a capital letter.
    (
        re.compile(r"\b([Bb]earer|[Bb]asic|BEARER)\s+(?=[\w-]*[A-Z\d._~+/=-])[\w.~+/=-]{6,}"),
        rf"\1 {REDACTED}",
    ),
    # The password of an address, with slashes and at signs in it too.
    (re.compile(r"(\w://[^\s:/@\"']*):[^\s\"']+@"), rf"\1:{REDACTED}@"),
    # Where PostgreSQL quotes a statement, or a row, with the values in it.
    (re.compile(r"\b(LINE \d+|DETAIL): [^\n]*"), rf"\1: {REDACTED}"),
    # The values of a query string.
    (re.compile(r"\?[\w.%\[\]-]+=[^\s\"'<>]*"), f"?{REDACTED}"),
    # 'password': 'value' and "password": "value", as dictionaries print themselves.
    (
        re.compile(
            rf"(([\"'])(?:{_NAMES}|authorization|(?:set-)?cookie)\2: *[bu]?([\"'])).*?(?<!\\)\3",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}\3",
    ),
    # password=value, with quotes or without.
    (
        re.compile(rf"\b({_NAMES}=)(?:\"[^\"]*\"|'[^']*'|[^\s\"'&,;)]+)", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
)


def is_suspect(text: str) -> bool:
    """Whether a text may hold a secret: a quick look, which errs on the side of yes."""
    text = text.lower()
    return any(mark in text for mark in _MARKS)


def redact(value: Any, name: str = "") -> Any:
    """Return a value, and all that it contains, without the secrets in it."""
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
