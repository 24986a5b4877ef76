"""The address that a login is counted for."""

from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

UNKNOWN = "unknown"

PREFIX_OF_ONE_CLIENT = 64
"""Bits of an IPv6 address that a client is given; the others it makes up as it likes."""


def client_of(address: str | None) -> str:
    """Return what one client's addresses have in common; some proxies add a port to them."""
    given = address or ""
    with suppress(ValueError):
        return _network(given)
    with suppress(ValueError):
        return _network(urlsplit(f"//{given}").hostname or "")
    return UNKNOWN


def _network(text: str) -> str:
    parsed = ip_address(text)
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ip_network((int(parsed), PREFIX_OF_ONE_CLIENT), strict=False))
    return str(parsed)
