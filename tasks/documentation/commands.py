"""Holds the commands of a page against the tasks: each name and each option has to exist.

Every `acme-tasks …` and `./invoke …` in a block of shell code, or between backticks, is parsed as
its own command line would parse it. A task that a page itself declares, in a block of Python, is
known on that page.
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks import packages
from tasks.folders import TEMPLATE

from . import dump_tasks
from .markdown import Page

SHELL = {"shell", "sh", "bash", "console"}

SERVICE, REPOSITORY = "acme-tasks", "./invoke"

_COMMAND = re.compile(rf"(?:(?<=[\s/(\"'])|^)({SERVICE}|{re.escape(REPOSITORY)})(?=\s|$)", re.M)
Parse = Callable[[list[list[str]]], list[str]]
"""Returns what is wrong with each list of words, or an empty text."""

_INCOMPLETE = re.compile("did not receive required|needed value")

_OPERATORS = set("|&;()<>")
_DECLARED = re.compile(r"^@task.*?^def (\w+)\(", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A command of a page: its place, its program, and its words."""

    where: str
    program: str
    words: tuple[str, ...]
    is_mention: bool
    """Whether it is in a sentence, which may leave out what the task requires."""


def of_page(page: Page) -> Iterator[Command]:
    """Yield the commands in a page's blocks of shell code, and those between backticks."""
    blocks = [block for block in page.blocks if block.language in SHELL]
    for block in [*blocks, *page.code_spans]:
        is_mention = block not in blocks
        # A form feed is white space, too, and keeps the count of lines.
        text = block.text.replace("\\\n", " \f")
        for found in _COMMAND.finditer(text):
            line = block.line + len(re.findall("[\n\f]", text[: found.start()]))
            words = _words(text[found.end() :].partition("\n")[0].replace("\f", " "))
            yield Command(f"{page.path}:{line}", found[1], tuple(words), is_mention)


def _words(line: str) -> Iterator[str]:
    """Yield the words of a command, up to what ends it."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;()<>")
    lexer.whitespace_split = True
    try:
        for word in lexer:
            if set(word) <= _OPERATORS:
                return
            yield word
    except ValueError:
        return  # a quote that was opened before the command: x="$(acme-tasks …)"


def declared(page: Page) -> set[str]:
    """Return the names of tasks that a page declares in Python."""
    blocks = "\n".join(block.text for block in page.blocks if block.language == "python")
    return {name.strip("_").replace("_", "-") for name in _DECLARED.findall(blocks)}


def of_kinds() -> set[str]:
    """Return the names of the tasks that only services of a kind declare."""
    files = TEMPLATE.glob("parts/*/*/**/tasks.py")
    return {
        name.replace("_", "-")
        for file in files
        for name in _DECLARED.findall(file.read_text("utf-8"))
    }


def faults(pages: Iterable[Page]) -> list[str]:
    """Return a sentence for each command that names no task, or an option that it does not have."""
    found: list[Command] = []
    known = of_kinds()
    for page in pages:
        own = declared(page) | known
        found += [
            command
            for command in of_page(page)
            if not {word.rpartition(".")[2] for word in command.words[:1]} & own
        ]
    return [
        *_unparsed([each for each in found if each.program == SERVICE], _of_services),
        *_unparsed([each for each in found if each.program == REPOSITORY], _of_this_repository),
    ]


def _unparsed(commands: list[Command], parse: Parse) -> list[str]:
    reasons = parse([list(command.words) for command in commands])
    return [
        f"{command.where}: {command.program} {' '.join(command.words)}: {reason}"
        for command, reason in zip(commands, reasons, strict=True)
        if reason and not (command.is_mention and _INCOMPLETE.search(reason))
    ]


def _of_services(lines: list[list[str]]) -> list[str]:
    version = "{}.{}".format(*sys.version_info)
    python = packages.environment(version, Path(sys.executable)) / "bin" / "python"
    done = subprocess.run(
        [python, dump_tasks.__file__, "--parse"],
        input=json.dumps(lines),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    reasons: list[str] = json.loads(done.stdout)
    return reasons


def _of_this_repository(lines: list[list[str]]) -> list[str]:
    from tasks import namespace  # which contains the task that builds the site

    return dump_tasks.parsed(namespace, lines)
