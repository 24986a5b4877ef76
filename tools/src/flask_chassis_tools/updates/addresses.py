"""Removes logins from addresses, before they are printed or recorded. The hook imports this."""

import re


def _pattern(ends: str) -> re.Pattern[str]:
    """Return the pattern of an address with a login; `ends` are characters that it cannot have."""
    return re.compile(
        rf"""(?P<scheme>[a-z][a-z0-9+.-]*)://
        (?P<login>
            [^/?\#{ends}]*              # also with an `@` in the password
            # A password with a slash. Digits before a slash are a port, and no password.
            | [^/?\#:@\[{ends}]*:(?!\d+/)[^{ends}]*
        )@""",
        re.IGNORECASE | re.VERBOSE,
    )


_ADDRESS = _pattern(r"\n")
_IN_TEXT = _pattern(r"\s\"'<>")


def without_login(address: str) -> str:
    """Return an address without its login.

    The user name of an SSH address, as in `ssh://git@...`, is a part of the address and is kept.
    """
    return _ADDRESS.sub(_kept, address, count=1)


def without_logins(text: str, *addresses: str) -> str:
    """Return a text in which no address has a login.

    Programs also print parts of the `addresses` that they are given: `user:password@host`.
    """
    for address in addresses:
        text = text.replace(address, without_login(address))
        if found := _ADDRESS.match(address):
            text = text.replace(f"{found['login']}@", "")
    return _IN_TEXT.sub(_kept, text)


def _kept(found: re.Match[str]) -> str:
    scheme, user = found["scheme"], found["login"].partition(":")[0]
    is_token = scheme.lower().endswith(("http", "https"))
    return f"{scheme}://{'' if is_token or not user else f'{user}@'}"
