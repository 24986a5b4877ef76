"""Finds phrases that a reader stumbles over: in Markdown, Python, and comments of other files.

A word list, because the kept prose linters check newspaper English, or fetch their program from a
host that is no package registry: see docs/decisions/0045-*.md. Add a phrase with what to write
instead; code between backticks is not judged.
"""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from .markdown import Page

PHRASES = {
    r"there (?:is|are) none": 'say what is missing: "Thought 5 not found.", "No key exists."',
    r"(?:is|are|was|were|be|been) told(?! to)": '"learns", "reports", or say who says it',
    r"tells? (?:that|of|where|whether|which)": '"says", "reports" or "shows"',
    r"whoever|whosoever": 'name the person or program: "the client", "users who", "a caller that"',
    r"(?<!where )where it is\b(?! in| on| at)": '"if"',
    r"of (?:the|these|all) [a-z ]{1,40} (?:is|are) (?:told|said)": "put the subject first",
    r"but for": '"except for"',
    r"(?<!that )will do(?: as well| too)?\b": '"is enough", "works", or what is accepted',
    r"shall": '"must", "should", or the present tense',
    r"(?<!left to )(?<!left to\n)mend(?:s|ed|ing)?": '"correct" or "fix"',
    r"in vain": '"without success"',
    r"patience of": "give the number of seconds",
    r"heed(?:s|ed)?": '"follow" or "respect"',
    r"of (?:no )?use(?= to| for|[.,;:])": '"useful", "useless", or what it is for',
    r"all the same": '"still" or "anyway"',
    r"the like": "name the others, or leave it out",
    r"suffices?": '"is enough"',
    r"whence|wherein|whereupon|thereof|therein|hence|herein": "use a plain word",
    r"nobody is (?:lent|given|kept|served)": "say who does what",
    r"(?<!there )is no (?!longer|more|better)[a-z`…]+": '"is not a"',
    r"in the place of": '"instead of", or "replaces"',
    r"anew": '"again", or "new"',
    r"at hand|in peace|said rightly": "use a plain word",
    r"comes? along": '"is included"',
    r"one's own": "say whose",
    r"the way back": '"how to undo it"',
    r"(?:held|holds?|holding) (?:\w+ ){0,3}against": '"compares with"',
    r"for the purpose": '"for this", or leave it out',
    r"in order to": '"to"',
    r"utili[sz]e[sd]?|leverag(?:e[sd]?|ing)": '"use"',
    r"simply|obviously|of course|easily": "leave it out",
}
"""Each phrase, as a regular expression without regard to case, and what to write instead."""

_PHRASES = [
    (re.compile(rf"\b(?:{phrase})\b", re.IGNORECASE), advice) for phrase, advice in PHRASES.items()
]
_CODE = re.compile(r"`+[^`]+`+")
_COMMENT = re.compile(r"(?:^|\s)#\s.*")


def faults(path: Path) -> list[str]:
    """Return a sentence for each such phrase in a file: Markdown, Python, or with `#` comments."""
    readers = {".py": _of_python, ".md": _of_markdown}
    texts = readers.get(path.suffix, _of_comments)(path)
    return [
        f'{path}:{line}: "{found}": write {advice}.'
        for start, text in texts
        for line, found, advice in _found(start, text)
    ]


def _found(start: int, text: str) -> Iterator[tuple[int, str, str]]:
    text = _CODE.sub(lambda code: "…" + "\n" * code[0].count("\n"), text)
    for phrase, advice in _PHRASES:
        for match in phrase.finditer(text):
            yield start + text.count("\n", 0, match.start()), " ".join(match[0].split()), advice


def _of_markdown(path: Path) -> Iterator[tuple[int, str]]:
    yield from Page.read(path).paragraphs


def _of_comments(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if comment := _COMMENT.search(line):
            yield number, comment[0]


def _of_python(path: Path) -> Iterator[tuple[int, str]]:
    """Yield docstrings, other texts with a space in them, and comments."""
    text = path.read_text("utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value
    lines = iter(text.splitlines(keepends=True))
    for token in tokenize.generate_tokens(lambda: next(lines, "")):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
