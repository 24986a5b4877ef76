"""The stubs of TeamCity's DSL: each part says on which page of the documentation it is."""

import re
from pathlib import Path

import pytest

from tasks.folders import ROOT

STUBS = ROOT / "tests" / "pipelines" / "stubs"
DECLARED = re.compile(
    r"^(?:@\w+\n)?(?:(?:open|abstract|data|sealed|enum) )*(?:class|object) (\w+)", re.M
)
OWN = {"Collected", "Recorder", "TeamCityDsl"}
"""What the DSL does not have: helpers of the stubs."""


def without_a_page(text: str) -> list[str]:
    """Return the classes at the top of a file whose comment names no page."""
    found = []
    for declared in DECLARED.finditer(text):
        comment = text[: declared.start()].rstrip().rpartition("/**")[2]
        has_comment = comment.endswith("*/") and comment.count("*/") == 1
        if declared[1] not in OWN and not (has_comment and "Page: " in comment):
            found.append(declared[1])
    return found


@pytest.mark.parametrize("path", sorted(STUBS.rglob("*.kt")), ids=lambda path: path.stem)
def test_every_part_names_its_page(path: Path) -> None:
    assert without_a_page(path.read_text("utf-8")) == []


def test_a_part_without_a_page_is_seen() -> None:
    right = "/** Page: root/a/. */\n@TeamCityDsl\nopen class A() {\n}\n"
    wrong = "/** No word of it. */\nenum class B { C }\n\nclass D\n"
    assert without_a_page(right + "\n" + wrong) == ["B", "D"]
