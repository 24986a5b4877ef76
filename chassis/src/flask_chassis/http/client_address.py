"""Normalises client addresses, for counting failed logins."""

from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

UNKNOWN = "unknown"

PREFIX_OF_ONE_CLIENT = 64
"""Length of the IPv6 prefix of a client, which chooses the other bits itself."""


def client_of(address: str | None) -> str:
    """Return the part that all addresses of a client share, without a port."""
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
