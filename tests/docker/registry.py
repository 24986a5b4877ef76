"""A registry of images, for the tests that push some: Debian's, on this machine's own addresses."""

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.folders import ROOT
from tasks.ports import free_port
from tests.waiting import eventually

UNPACKED = ROOT / ".cache" / "registry" / "usr" / "bin" / "docker-registry"
"""Where `.ci/run` unpacks it: installed, it would start a service."""

CONFIGURATION = """\
version: 0.1
log:
  level: error
storage:
  filesystem:
    rootdirectory: {folder}/images
http:
  addr: 127.0.0.1:{port}
auth:
  htpasswd:
    realm: tests
    path: {folder}/passwords
"""


PASSWORDS = "ada:$2b$04$cUihegB5qJT8fl5iuRpRtujSKQ/qpdSgEw8NflcoMqLnAA18Vzoye\n"
"""Who may push and pull: ada, with the password `secret`."""


def program() -> str | None:
    """Return where the registry's program is, or None."""
    return str(UNPACKED) if UNPACKED.is_file() else shutil.which("docker-registry")


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Serve a registry with nothing in it; yields its address, host and port."""
    port = free_port()
    config = folder / "registry.yaml"
    config.write_text(CONFIGURATION.format(folder=folder, port=port))
    (folder / "passwords").write_text(PASSWORDS)
    command: list[str | Path] = [str(program()), "serve", config]
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"TZ": "UTC"})
        try:
            eventually(lambda: _answers(port))
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except OSError:
        return False
    return True
