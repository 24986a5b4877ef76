"""What processes have used: CPU time and memory, of a server with all that it has started."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")

PARENT, SESSION = 1, 3
USED = range(11, 15)
"""Fields of /proc/<pid>/stat, counted after the name in brackets.

USED are utime, stime, cutime and cstime: the last two are of children that have ended, such as the
processes of PostgreSQL for connections that were closed.
"""


def of_session(session: int) -> list[int]:
    """Return the processes of a session: a server that was started in one of its own."""
    return [pid for pid, fields in _all() if int(fields[SESSION]) == session]


def of_tree(root: int) -> list[int]:
    """Return a process and all that it has started, also in sessions of their own."""
    children: dict[int, list[int]] = {}
    for pid, fields in _all():
        children.setdefault(int(fields[PARENT]), []).append(pid)
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that processes and their ended children have used so far."""
    wanted = set(pids)
    ticks = sum(int(fields[number]) for pid, fields in _all() if pid in wanted for number in USED)
    return ticks / TICKS


def unique_bytes(pid: int) -> int:
    """Return the memory of a process that it shares with no other."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    private = [line for line in lines if line.startswith("Private_")]
    return sum(int(line.split()[1]) for line in private) * 1024


def _all() -> Iterable[tuple[int, list[str]]]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            text = (entry / "stat").read_text("utf-8")
        except OSError:
            continue  # it has ended since the folder was listed
        # The name may hold anything, blanks and brackets too.
        yield int(entry.name), text.rpartition(")")[2].split()
