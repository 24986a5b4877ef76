"""Reads OpenAPI documents: from files, git references, addresses, and the service's code."""

import json
import shutil
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import yaml
from flask_chassis import project, settings
from flask_chassis.settings import Settings
from invoke import Exit

from flask_chassis_tools.updates import git

FILE = "openapi.json"
"""The committed document, in the root of the repository."""

ENVIRONMENT = "tests.local"
"""The environment whose settings the document is made with."""

TIMEOUT_SECONDS = 15
MAX_BYTES = 20_000_000

Document = dict[str, Any]


def text_of_code() -> str:
    """Return the text of `openapi.json` as the code is; Exit if the service has no API."""
    try:
        from flask_chassis.http import openapi_file
    except ImportError:  # without the extra `api`
        raise Exit(_NO_API, 1) from None
    with tempfile.TemporaryDirectory() as folder:
        app = import_module(f"{project.package()}.app").create_app(_settings(Path(folder)))
        if pool := app.extensions.get("database"):
            pool.dispose()
    document = openapi_file.document_of(app)
    if document is None:
        raise Exit(_NO_API, 1)
    return openapi_file.text_of(document)


_NO_API = "This service has no OpenAPI document: nothing calls openapi.init_app."


def _settings(folder: Path) -> Settings:
    """Return the settings of the tests, with keys for the time being. Nothing is connected to."""
    found = settings.load(ENVIRONMENT)
    values = {**found.values, "logs.level": "WARNING"}
    if "tokens.public_keys_folder" in values:
        from flask_chassis.tasks import keys

        private = keys.write_pair(folder, "tests", bits=2048).parent
        values["tokens.public_keys_folder"] = folder / "public"
        values["tokens.keys_url"] = ""
        if "tokens.private_keys_folder" in values:
            values["tokens.private_keys_folder"] = private
    return Settings(found.environment, values)


def read(source: str, folder: Path) -> Document:
    """Return the document in a file, at an http(s) address, or of a git reference of `folder`.

    Raises Exit with the reason, in one line, if it cannot be read.
    """
    if source.startswith(("http://", "https://")):
        return parsed(_fetched(source), source)
    path = folder / Path(source).expanduser()
    if path.is_dir():
        raise Exit(f"{source} is a folder: name the file with the OpenAPI document.", 1)
    if path.is_file():
        try:
            return parsed(path.read_bytes(), source)
        except OSError as error:
            raise Exit(f"{source} cannot be read: {error.strerror}.", 1) from None
    document = of_reference(source, folder)
    if document is None:
        raise Exit(f"{source} has no {FILE}: name a later version, or a file.", 1)
    return document


def of_reference(reference: str, folder: Path) -> Document | None:
    """Return the document that a git reference has, or None; Exit for an unknown reference."""
    unknown = (
        f"{reference} is neither a file, an address nor a git reference of this repository: "
        "correct it, or fetch the reference with git fetch --tags."
    )
    if not shutil.which("git"):
        raise Exit(f"{reference} is not a file, and git is not installed.", 1)
    words = ("rev-parse", "--quiet", "--verify", "--end-of-options", f"{reference}^{{commit}}")
    if git.tries(folder, *words).returncode:
        raise Exit(unknown, 1)
    # With ./ the name is relative to the folder, which need not be the root of the repository.
    shown = git.tries(folder, "show", f"{reference}:./{FILE}")
    return parsed(shown.stdout, f"{FILE} of {reference}") if shown.returncode == 0 else None


def last_release(folder: Path) -> str:
    """Return the last version tag before the current commit, or an empty string.

    Raises Exit in a shallow clone, which may lack the tag.
    """
    if not shutil.which("git"):
        return ""
    found = git.tries(folder, "describe", "--tags", "--abbrev=0", "--match=v[0-9]*")
    if found.returncode == 0:
        return found.stdout.decode().strip()
    if git.tries(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        raise Exit(
            "This clone is shallow and has no version tag, so the last release is unknown. Fetch "
            "the history: git fetch --tags --unshallow (GitHub Actions: fetch-depth: 0).",
            1,
        )
    return ""


def _fetched(address: str) -> bytes:
    request = Request(address, headers={"Accept": "application/json"})  # noqa: S310 - http(s) only
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
            content: bytes = answer.read(MAX_BYTES + 1)
    except HTTPError as error:
        raise Exit(f"{address} answered {error.code}: correct the address.", 1) from None
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise Exit(f"{address} cannot be reached: {reason}. Name a file instead?", 1) from None
    if len(content) > MAX_BYTES:
        raise Exit(f"{address} has more than {MAX_BYTES} bytes, which no document has.", 1)
    return content


def parsed(content: bytes, source: str) -> Document:
    """Return a document that is valid OpenAPI 3, from JSON or YAML; Exit if it is not."""
    try:
        document = _loaded(content.decode())
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise Exit(f"{source} is neither JSON nor YAML: {reason}.", 1) from None
    if not isinstance(document, dict) or not isinstance(document.get("paths", {}), dict):
        raise Exit(f"{source} is not an OpenAPI document.", 1)
    version = document.get("openapi", document.get("swagger"))
    if not str(version).startswith("3."):
        found = f"it has version {version}" if version else "it has no field `openapi`"
        raise Exit(f"{source} is not an OpenAPI document of version 3: {found}.", 1)
    if fault := _violation(document):
        raise Exit(f"{source} is not a valid OpenAPI document: {fault}", 1)
    return document


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return yaml.safe_load(text)


def _violation(document: Document) -> str:
    """Return how a document breaks the specification, in one line; empty if it does not."""
    from openapi_spec_validator import validate
    from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

    try:
        validate(document)
    except OpenAPIValidationError as error:
        place = ".".join(map(str, getattr(error, "absolute_path", ())))
        reason = str(error).strip().partition("\n")[0][:300]
        return f"{place}: {reason}" if place else reason
    except Exception as error:  # noqa: BLE001  (a $ref to nowhere: any error of a resolver)
        return " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return ""
