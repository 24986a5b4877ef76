"""`template.adopt` reads the answers from a rendered service, whatever they are."""

from pathlib import Path
from typing import Any

import pytest

from tasks.engine import engine
from tests.quick.conftest import PAIRS

guessing: Any = engine("guessing")

ALWAYS = {
    "description",
    "kind",
    "organisation",
    "package_name",
    "port",
    "project_name",
    "project_slug",
    "python_version",
}


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_the_answers_are_read_from_the_files(rendered_pairs: list[Path], number: int) -> None:
    answers, found = PAIRS[number], guessing.guesses(rendered_pairs[number])
    assert {name: found[name] for name in found if name in answers} == {
        name: answers[name] for name in found if name in answers
    }
    more = {name for name in ("internal_index", "public_index") if answers[name]}
    more |= {"ci_system"} if answers["ci_system"] != "none" else set()
    more |= {"resource_plural"} if answers["kind"] != "issuer" else set()
    assert found.keys() >= ALWAYS | more
