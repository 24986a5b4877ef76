"""Which pictures README and docs have, what each shows, and whether they are still true.

`./invoke screenshots` takes them, and records what it took them of.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

FOLDER = "docs/images"

RECORD = "pictures.json"

LARGEST_BYTES = 150_000

PAGES = (
    "{{cookiecutter.project_slug}}/parts/frontend/{{cookiecutter.package_name}}/pages/templates/*",
    "{{cookiecutter.project_slug}}/parts/frontend/{{cookiecutter.package_name}}/pages/static/*",
)
SWAGGER_UI = ("chassis/src/flask_chassis/http/swagger_ui_page/*",)
FLEET = ("tasks/fleet/page.html",)

PICTURES = {
    "newest-light.png": PAGES,
    "newest-dark.png": PAGES,
    "newest-phone.png": PAGES,
    "search.png": PAGES,
    "conflict.png": PAGES,
    "api.png": SWAGGER_UI,
    "fleet-light.png": FLEET,
    "fleet-dark.png": FLEET,
}
"""The pictures, and the files that make what they show: if one changes, they are taken again."""

FIX = "`./invoke screenshots` takes all pictures again: look at them, and commit them"


def digest(root: Path, sources: Iterable[str]) -> str:
    """Return a hash of the files that a picture is made of."""
    found = hashlib.sha256()
    paths = sorted(path for pattern in sources for path in _matching(root, pattern))
    for path in paths:
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def record(root: Path) -> None:
    """Write what the pictures that have just been taken are made of."""
    taken = {name: digest(root, sources) for name, sources in PICTURES.items()}
    (root / FOLDER / RECORD).write_text(json.dumps(taken, indent=2) + "\n", "utf-8")


def faults(root: Path) -> list[str]:
    """Say which pictures are missing, too large, older than what they show, or not used."""
    folder = root / FOLDER
    file = folder / RECORD
    recorded = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    texts = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    prose = "".join(path.read_text("utf-8") for path in texts)
    found = []
    for name, sources in PICTURES.items():
        picture = folder / name
        if not picture.is_file():
            found.append(f"{FOLDER}/{name} is missing: {FIX}")
            continue
        if picture.stat().st_size > LARGEST_BYTES:
            found.append(f"{FOLDER}/{name} has more than {LARGEST_BYTES:,} bytes: show less in it")
        if recorded.get(name) != digest(root, sources):
            found.append(f"{FOLDER}/{name} is older than {', '.join(sources)}: {FIX}")
        if f"images/{name}" not in prose:
            found.append(f"{FOLDER}/{name} is in no text: show it in README.md or docs/")
    there = {path.name for path in folder.glob("*")} - {RECORD}
    found += [
        f"{FOLDER}/{name} is taken by no task: add it to PICTURES in tasks/pictures.py"
        for name in sorted(there - PICTURES.keys())
        if name.endswith(".png")
    ]
    return found


def _matching(root: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern whose last part alone may have a star."""
    folder, _, name = pattern.rpartition("/")
    found = [path for path in (root / folder).glob(name) if path.is_file()]
    if not found:
        raise ValueError(f"{pattern} of tasks/pictures.py matches no file: correct it there")
    return found
