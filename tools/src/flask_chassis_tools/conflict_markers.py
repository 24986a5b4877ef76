"""A program that refuses conflict markers of git, in all tracked files or in the named ones.

It runs in the task `check` and as a hook of pre-commit, in the top folder of the repository.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from .updates import unresolved
from .updates.binaries import is_binary

BEGIN, MIDDLE, END = b"<<<<<<< ", b"=======", b">>>>>>> "

HOW_TO_RESOLVE = (
    "Resolve the conflicts: keep the lines that belong there, and delete those that begin with "
    "<<<<<<<, ======= or >>>>>>>. A text that only shows such lines can indent them."
)


def lines_of(content: bytes) -> list[int]:
    """Return the lines at which conflicts begin; also those that are resolved by half.

    Two of the three markers are one conflict: `=======` alone underlines headings, too.
    """
    found = []
    begin = middle = 0
    for number, line in enumerate(content.splitlines(), 1):
        if line.startswith(BEGIN):
            begin, middle = number, 0
        elif line == MIDDLE:
            middle = number
        elif line.startswith(END) and (begin or middle):
            found.append(begin or middle)
            begin = middle = 0
    return [*found, begin] if begin and middle else found


def faults(folder: Path, names: Iterable[str]) -> list[str]:
    """Return the conflicts in files, each with file and line."""
    found = []
    for name in sorted(set(names)):
        file = folder / name
        if file.is_symlink() or not file.is_file():
            continue
        content = file.read_bytes()
        if not is_binary(content):
            found += [f"{name}:{line}: conflict marker" for line in lines_of(content)]
        if name == unresolved.FILE:
            found.append(f"{name}: lists conflicts. Resolve them, then delete it")
    return found


def tracked(folder: Path) -> list[str]:
    """Return the files that git tracks in a folder; OSError if it is not a repository."""
    words = ["git", "ls-files", "-z", "--cached"]
    done = subprocess.run(words, cwd=folder, capture_output=True)
    if done.returncode:
        raise OSError(" ".join(done.stderr.decode(errors="replace").split()))
    return [name.decode(errors="surrogateescape") for name in done.stdout.split(b"\0") if name]


def main(names: list[str]) -> int:
    """Print all conflicts; return 1 if there are any."""
    folder = Path.cwd()
    try:
        found = faults(folder, names or tracked(folder))
    except OSError as error:
        if (folder / ".git").exists():
            print(f"Conflict markers cannot be looked for: {error}")
            return 1
        print(f"Conflict markers were not looked for, as there is no git repository: {error}")
        return 0
    if found:
        print("\n".join([*found, HOW_TO_RESOLVE]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
