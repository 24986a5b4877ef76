"""The names of this machine, and whether it serves IPv6."""

import socket

THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
"""The hosts by which programs on a machine call each other."""


def has_dual_stack() -> bool:
    """Return whether a socket for all addresses of IPv6 accepts IPv4 as well.

    A container may have IPv6 in its kernel, and not be allowed to use it; and a system may be set
    to keep the two apart (`net.ipv6.bindv6only`), which uWSGI leaves as it is.
    """
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as tried:
            tried.bind(("::", 0))
            return not tried.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    except OSError:
        return False
