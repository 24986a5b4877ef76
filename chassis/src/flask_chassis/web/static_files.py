"""Static files under names with a hash of their content, which browsers keep for a year.

`static_files.serve(blueprint, folder)` serves the files of a folder, and
`url_for("site.static", filename="style.css")` gives `/static/style.3f2a9c1b7d05.css`. A changed
file has another name, so that nobody sees an old one, and none is asked for twice.

A name without a hash works as well, for what refers to files by itself, and so does one with the
hash of another version: during a rolling update, a page of the new version may ask an instance of
the old one. Both get the file as it is here, and have to ask again the next time.
"""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, send_from_directory
from werkzeug.security import safe_join

from flask_chassis.auth.access import public

A_YEAR_SECONDS = 31_536_000

HASH_LENGTH = 12

HASHED = re.compile(rf"(?P<stem>.+)\.(?P<hash>[0-9a-f]{{{HASH_LENGTH}}})(?P<suffix>\.[^./]+)")


def serve(blueprint: Blueprint, folder: Path, prefix: str = "/static") -> None:
    """Serve the files of a folder to anyone, below `prefix`, as the endpoint `static`."""

    @blueprint.get(f"{prefix}/<path:filename>", endpoint="static")
    @public
    def static(filename: str) -> Response:
        """Serve a file."""
        found = HASHED.fullmatch(filename)
        plain = found["stem"] + found["suffix"] if found else filename
        if not found or name_with_hash(folder, plain) == plain:
            return send_from_directory(folder, filename)
        if filename != name_with_hash(folder, plain):
            return send_from_directory(folder, plain)
        response = send_from_directory(folder, plain, max_age=A_YEAR_SECONDS)
        response.cache_control.immutable = True
        return response

    @blueprint.url_defaults
    def add_hash(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == f"{blueprint.name}.static":
            values["filename"] = name_with_hash(folder, values["filename"])


def name_with_hash(folder: Path, filename: str) -> str:
    """Return the name of a file with the hash of its content; without one if there is no file."""
    path = safe_join(str(folder), filename)
    name = Path(filename)
    if path is None or not name.suffix or not Path(path).is_file():
        return filename
    status = Path(path).stat()
    found = _hash(path, status.st_mtime_ns, status.st_size)
    return f"{filename.removesuffix(name.suffix)}.{found}{name.suffix}"


@lru_cache(maxsize=1024)
def _hash(path: str, modified: int, size: int) -> str:
    """Return the hash of a file, which is read once until it changes, as it does in development."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:HASH_LENGTH]
