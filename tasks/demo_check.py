"""Uses the demo's services, over HTTP and in a browser, and says what worked."""

from pathlib import Path

from .checks import edge, site, thoughts, users, verdict
from .checks.caller import Caller
from .system import Together
from .test import install_tools


def passes(system: Together, album: Path, edge_address: str = "") -> bool:
    """Check everything, and return whether all is well; `album` is where pictures of pages go.

    `edge_address` is that of the edge, if there is one.
    """
    ada, root = system.authorization(system.person), system.authorization(system.administrator)
    print("\n thoughts-backend, over HTTP")
    passed = verdict.passes(thoughts.CHECKS, Caller(system.thoughts, ada, root))
    print("\n users-backend, over HTTP")
    passed &= verdict.passes(users.CHECKS, system)
    print("\n frontend, over HTTP")
    passed &= verdict.passes(site.CHECKS, system)
    if edge_address:
        print("\n the edge, over HTTP")
        passed &= verdict.passes(edge.CHECKS, edge.Fronted(system, edge_address))
    return _passes_in_a_browser(system, album) and passed


def _passes_in_a_browser(system: Together, album: Path) -> bool:
    install_tools()
    # Only now: what drives the browser is among the tools.
    from .checks import browser, pages

    print("\n all three, in Chromium")
    try:
        passed = pages.passes(system, album)
    except browser.NoBrowserError as error:
        print(f"  NOT CHECKED: {error}")
        return True
    print(f"\n Pictures of the pages are in {album}")
    return passed
