"""A reader follows docs/tutorial/build-a-domain.md from the first line: each command succeeds."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.folders import EXAMPLES, PROGRAMS, ROOT
from tasks.overlay import INVOICES
from tasks.ports import free_port
from tasks.render import KEPT as KEPT_BY_SERVICES
from tests.kubernetes.tools import path_with_tools, program
from tests.quick.test_tutorial import TUTORIAL, kept, lines, pasted
from tests.services import KEPT, clean_environment

FOLDER = KEPT / "tutorial"
"""Where the reader works. What takes long to install stays there between runs."""

SERVICE = FOLDER / "invoices-backend"

LONGEST_SECONDS = 900

BLOCK = re.compile(r"^(?:`([\w./]+)`:\n\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

WRITTEN_BY_TASKS = (
    "migrations/versions/0002_create_invoices.py",
    "infra/kubernetes/components/overdue/network-policies.yaml",
    "infra/kubernetes/overlays/development/network-policies.yaml",
)
"""Files of the example that the reader does not paste."""

# What the reader has and the tests have not: the address of the template, and a person for git. A
# status from 400 on is a failure, and a background process ends with the script.
BEFORE = """
set -Eeuo pipefail
trap 'echo "failed, with $?: $BASH_COMMAND" >&2' ERR
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
cookiecutter() {
    test "$1" = git+https://example.com/your-copy-of-this-repository
    shift
    command cookiecutter "$TEMPLATE" --default-config "$@"
    mv "$INSTALLED"/.[a-z]* invoices-backend/ 2>/dev/null || true
}
curl() { command curl --silent --show-error --fail-with-body "$@"; }
"""

ELSEWHERE = {
    "127.0.0.1:5432": "127.0.0.1:$INVOICES_BACKEND_DATABASE__PORT",
    "127.0.0.1:8080": "127.0.0.1:$HTTP",
    "acme-tasks db.serve &": 'acme-tasks db.serve --folder="$DATA" &',
    "acme-tasks run &": "acme-tasks run --port=$HTTP &",
}
"""Ports that are free, and data of this run alone."""


def blocks() -> Iterator[tuple[str, str, str]]:
    """Yield the path, the language and the text of each block, in the order of the guide."""
    for found in BLOCK.finditer(TUTORIAL.read_text("utf-8")):
        yield found[1] or "", found[2], found[3]


def script(pages: Path) -> str:
    """Return what the reader types; files and changes are pasted from the folder `pages`."""
    typed = [BEFORE]
    for number, (path, language, text) in enumerate(blocks()):
        page = pages / str(number)
        page.write_text(text, "utf-8")
        if path:
            typed.append(f'mkdir -p "$(dirname {path})"\ncp {page} {path}\n')
        elif language == "diff":
            typed.append(f"git apply {page}\n")
        else:
            assert language == "shell", f"nobody knows what to do with {language}: {text}"
            for ours, theirs in ELSEWHERE.items():
                text = text.replace(ours, theirs)
            typed.append(text)
    return "\n".join(typed)


@pytest.fixture(scope="module")
def followed() -> Iterator[Path]:
    """The service, after the whole guide."""
    program("kustomize")
    installed = FOLDER / "installed"
    installed.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tutorial-", dir="/var/tmp") as temporary:
        own = Path(temporary)
        own.chmod(0o755)  # the server of root is another user's
        for name in KEPT_BY_SERVICES:
            if (SERVICE / name).exists():
                shutil.rmtree(installed / name, ignore_errors=True)
                (SERVICE / name).rename(installed / name)
        shutil.rmtree(SERVICE, ignore_errors=True)
        environment = clean_environment() | {
            "PATH": f"{PROGRAMS}{os.pathsep}{path_with_tools()}",
            "PYTHON": sys.executable,
            "TEMPLATE": str(ROOT),
            "INSTALLED": str(installed),
            "DATA": str(own / "data"),
            "TMPDIR": str(own),
            "INVOICES_BACKEND_DATABASE__PORT": str(free_port()),
            "HTTP": str(free_port()),
            **{
                f"GIT_{who}_{what}": value
                for who in ("AUTHOR", "COMMITTER")
                for what, value in (("NAME", "Ada"), ("EMAIL", "ada@acme.example"))
            },
        }
        done = subprocess.run(
            # With job control, as in a terminal: `kill %2` ends what the job has started.
            ["bash", "-m", "-c", script(own)],
            cwd=FOLDER,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_SECONDS,
        )
    assert done.returncode == 0, done.stdout
    yield SERVICE


def test_all_commands_succeed_and_leave_the_example(followed: Path) -> None:
    for path in [*pasted(), *WRITTEN_BY_TASKS]:
        example = (EXAMPLES / INVOICES / path).read_text("utf-8")
        assert lines((followed / path).read_text("utf-8")) == lines(example), path
    committed, document = (
        json.loads((folder / "openapi.json").read_text("utf-8"))
        for folder in (followed, EXAMPLES / INVOICES)
    )
    # The example's description is an answer of its own.
    assert committed | {"info": ""} == document | {"info": ""}
    done = subprocess.run(
        ["git", "status", "--porcelain"], cwd=followed, capture_output=True, text=True, check=True
    )
    assert done.stdout == "", "the last command commits all"


def test_nothing_of_the_example_is_missing_in_the_guide() -> None:
    assert kept(EXAMPLES / INVOICES).keys() == pasted().keys()


def test_a_command_that_fails_is_named() -> None:
    """As the first migration did, of a database that lacked the migrations before it."""
    done = subprocess.run(
        ["bash", "-m", "-c", f"{BEFORE}\ntrue\ntest -e /no/such/file\ntrue"],
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert done.returncode != 0
    assert "failed, with 1: test -e /no/such/file" in done.stderr


@pytest.mark.parametrize("ours", ELSEWHERE)
def test_what_is_replaced_is_in_the_guide(ours: str) -> None:
    assert ours in TUTORIAL.read_text("utf-8")
