"""The service's listening sockets at a shutdown: accept no new connection, and lose none.

A listening socket that is closed resets every connection in its queue, and a proxy does not repeat
a POST request that was reset. `close` therefore refuses new handshakes first, and closes the
sockets when the workers have accepted what was in the queue. A client that comes after that is
refused (ECONNREFUSED), after which every proxy tries another server.
"""

import ctypes
import os
import select
import socket
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

SO_ATTACH_FILTER = 26
"""From Linux's asm/socket.h; Python's module does not have it."""

HANDSHAKE_SECONDS = 0.1
"""A handshake that has begun is complete after this time."""

CHECK_INTERVAL_SECONDS = 0.02


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


# A socket filter (man 7 socket) reads a packet from its TCP header on. The flags are its byte 13
# (RFC 9293); SYN is the bit 2, and the first packet of a connection has no other packet's answer.
_DROP_SYN = (_Instruction * 4)(
    _Instruction(0x30, 0, 0, 13),  # load byte 13
    _Instruction(0x45, 0, 1, 0x02),  # if it has the bit SYN,
    _Instruction(0x06, 0, 0, 0),  # drop the packet;
    _Instruction(0x06, 0, 0, 0xFFFFFFFF),  # else accept all of it
)


def duplicates(descriptors: Iterable[int]) -> list[socket.socket]:
    """Return socket objects for the TCP sockets among the descriptors, which stay open."""
    found = []
    for descriptor in descriptors:
        each = socket.socket(fileno=os.dup(descriptor))
        if each.family in {socket.AF_INET, socket.AF_INET6}:
            found.append(each)
        else:
            each.close()
    return found


def drain(sockets: list[socket.socket], longest_seconds: float) -> None:
    """Drop new handshakes, and wait until the workers have accepted all complete connections.

    Elsewhere than on Linux there is no such filter, and only the wait.
    """
    for each in sockets:
        if sys.platform == "linux":
            with suppress(OSError):  # a sandbox may forbid it: then drain without
                program = _Program(len(_DROP_SYN), _DROP_SYN)
                each.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, bytes(program))
    time.sleep(HANDSHAKE_SECONDS)
    deadline = time.monotonic() + longest_seconds
    while select.select(sockets, [], [], 0)[0] and time.monotonic() < deadline:
        time.sleep(CHECK_INTERVAL_SECONDS)


def close(sockets: list[socket.socket]) -> None:
    """Close listening sockets in all processes: clients are refused from now on."""
    for each in sockets:
        with suppress(OSError):  # it is closed already
            each.shutdown(socket.SHUT_RD)
        each.close()
