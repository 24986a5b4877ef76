"""A headless Chromium: the machine's own, or one that Playwright has installed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
"""It asks for nothing but the pages."""

MISSING = (
    "there is no Chromium: install it with the system's packages (apt install chromium) or with "
    "`.venv/bin/playwright install chromium`, or name one in the variable CHROMIUM"
)


class NoBrowserError(Exception):
    """There is no Chromium on this machine."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium during the block. Raises NoBrowserError if it is not installed."""
    with sync_playwright() as playwright:
        program = _on_this_machine() or Path(playwright.chromium.executable_path)
        if not program.is_file():
            raise NoBrowserError(MISSING)
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def _on_this_machine() -> Path | None:
    if named := os.environ.get("CHROMIUM"):
        return Path(named)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None
