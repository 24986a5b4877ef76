"""Writes the names of what services install into hooks/pre_gen_project.py, which refuses them."""

import re
import textwrap
from collections.abc import Iterable

from .folders import ROOT, TEMPLATE
from .render import kinds

HOOK = ROOT / "hooks" / "pre_gen_project.py"

BEGIN = "# Begin: `./invoke lock` writes these names from the poetry.lock of each kind.\n"
END = "# End of what `./invoke lock` writes.\n"

IMPORTED_AS = {
    "argon2_cffi": ("argon2",),
    "attrs": ("attr",),
    "dynaconf": ("vendor_licenses",),
    "mypy": ("mypyc",),
    "psycopg2_binary": ("psycopg2",),
    "pyjwt": ("jwt",),
    "pytest": ("py",),
    "pytest_xdist": ("xdist",),
    "python_dotenv": ("dotenv",),
    "python_json_logger": ("pythonjsonlogger",),
    "pyuwsgi": ("uwsgi", "uwsgidecorators"),
    "pyyaml": ("yaml",),
    "rpds_py": ("rpds",),
    "teamcity_messages": ("teamcity", "twisted"),
    "zope_event": ("zope",),
    "zope_interface": ("zope",),
}
"""The modules of a distribution that are not called what it is: tests/packages compares them."""


def write() -> None:
    """Write the names that the locks give between the two marks in the hook."""
    HOOK.write_text(with_names(HOOK.read_text("utf-8"), names(locks())), "utf-8")


def locks() -> list[str]:
    """Return the text of the poetry.lock of each kind."""
    return [*locks_of_kinds().values()]


def locks_of_kinds() -> dict[str, str]:
    """Return the text of the poetry.lock of each kind, by kind."""
    return {
        kind: (TEMPLATE / "parts" / kind / "poetry.lock").read_text("utf-8")
        for kind in sorted(kinds())
    }


def names(locks: Iterable[str]) -> list[str]:
    """Return the names of all distributions of the locks and of their modules, in order.

    The template's locks are no TOML: parts of them are Jinja.
    """
    found: set[str] = set()
    for lock in locks:
        for name in re.findall('^name = "(.+)"$', lock, flags=re.MULTILINE):
            distribution = re.sub("[-.]", "_", name.lower())
            found.update((distribution, *IMPORTED_AS.get(distribution, ())))
    return sorted(found)


def with_names(hook: str, names: Iterable[str]) -> str:
    """Return the text of the hook with these names between the marks, and nothing else changed."""
    before, begin, rest = hook.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{HOOK.name} has lost the marks around the names of dependencies.")
    lines = textwrap.fill(" ".join(names), 100, initial_indent="    ", subsequent_indent="    ")
    return f'{before}{begin}LOCKED = _words("""\n{lines}\n""")\n{end}{after}'
