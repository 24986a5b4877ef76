"""The commands of pages can be pasted into bash and into zsh with its defaults, as on macOS.

There, an interactive zsh passes a comment after a command to it as arguments, and refuses a command
with an unquoted `?`, `*` or `[` that matches no file.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.folders import ROOT
from tasks.render import render

BLOCK = re.compile(r"^ *```(?:shell|bash|sh)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"^\s*[^\s#].*\s#\s")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
HERE_DOCUMENT = re.compile(r"<<-?'?(\w+)'?\n.*?^\1$", re.MULTILINE | re.DOTALL)
PATTERN = re.compile(r"(?:^|\s)(?:--[\w-]+=|https?://)\S*[?*\[]")
"""A pattern in an option or an address, which is meant for the program and not for the shell."""


def faults(text: str) -> Iterator[str]:
    """Yield the lines of a page's commands that fail if they are pasted."""
    for block in BLOCK.findall(text):
        for line in HERE_DOCUMENT.sub("", block).splitlines():
            bare = QUOTED.sub("", line)
            if COMMENT.match(bare):
                yield f"{line.strip()}: put the comment on a line of its own, or into a table"
            elif PATTERN.search(bare):
                yield f"{line.strip()}: quote the pattern"


def pages() -> list[str]:
    """Return the pages of this repository, by their paths, without those that are rendered."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if "{{" not in name and name != "CHANGELOG.md"]


@pytest.mark.parametrize("name", pages())
def test_the_commands_of_a_page_can_be_pasted(name: str) -> None:
    path = ROOT / name
    if path.exists():
        assert list(faults(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("kind", ["resource", "issuer", "frontend"])
def test_the_commands_of_a_services_pages_can_be_pasted(kind: str, tmp_path: Path) -> None:
    service = render(tmp_path, {"kind": kind})
    found = {
        path.name: list(faults(path.read_text("utf-8")))
        for path in service.rglob("*.md")
        if "vendor" not in path.parts
    }
    assert len(found) > 3
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize(
    "line",
    [
        "acme-tasks check --all     # format, lint",
        "curl http://127.0.0.1:8080/api/thoughts/?search=hell",
        "grep -rn thoughts --include=*.py .",
        "   acme-tasks run # serves",
    ],
)
def test_a_command_that_zsh_refuses_is_found(line: str) -> None:
    assert len(list(faults(f"```shell\n{line}\n```\n"))) == 1


def test_what_bash_and_zsh_both_take_is_no_fault() -> None:
    lines = [
        "# A comment of its own.",
        "curl 'http://127.0.0.1:8080/api/thoughts/?search=hell'",
        "rm tests/invoices/test_*.py",
        'echo "a # b"',
        "cat >note.py <<'END'\nx = 1  # one\nEND",
    ]
    block = "\n".join(lines)
    assert list(faults(f"```shell\n{block}\n```\n")) == []
