"""The services of a fleet, as they are named on the command line."""

from pathlib import Path

from invoke import Exit

from ..engine import engine

record = engine("record")

HELP = "A folder with the services' checkouts, or a file that names one folder a line"


def find(named: str) -> list[Path]:
    """Return the folders of services: below a folder, or listed in a file, # for comments."""
    where = Path(named).expanduser()
    if where.is_file():
        lines = (line.partition("#")[0].strip() for line in where.read_text("utf-8").splitlines())
        found = [(where.parent / line).resolve() for line in lines if line]
        if missing := [str(path) for path in found if not path.is_dir()]:
            raise Exit(f"{named} names what is not a folder here: {', '.join(missing)}", 1)
    elif where.is_dir():
        found = sorted(path.parent.resolve() for path in where.glob(f"*/{record.FILE}"))
    else:
        raise Exit(f"--services={named} is neither a file nor a folder.", 2)
    if not found:
        raise Exit(f"There is no service in {named}: none has a {record.FILE}.", 1)
    return found
