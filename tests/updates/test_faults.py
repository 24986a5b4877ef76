"""What no template may do, planted: the release's checks see it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks import gate
from tasks.release import lost_answers
from tests.full.programs import copy_of_the_repository
from tests.updates.history import SERVICE, edit

HOOK = "hooks/post_gen_project.py"


def runs_git(template: Path) -> None:
    """Have a hook begin a repository, as many templates do."""
    edit(
        template / HOOK,
        "    prune(folder, answers)\n",
        '    __import__("os").system("git init --quiet")\n    prune(folder, answers)\n',
    )


def asks_the_network(template: Path) -> None:
    """Have a hook look for the newest of something."""
    edit(
        template / HOOK,
        "    prune(folder, answers)\n",
        '    __import__("socket").create_connection(("::1", 9))\n    prune(folder, answers)\n',
    )


def makes_a_secret(template: Path) -> None:
    """Render a text that is never the same."""
    file = template / SERVICE / "docs" / "planted.md"
    file.write_text("{{ random_ascii_string(20) }}\n", "utf-8")


def forgets_an_owner(template: Path) -> None:
    """Have a file that no list means."""
    edit(template / "templates" / "template-ownership.toml", '    "**",\n', '    "[!d]**",\n')


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (runs_git, "a hook runs git"),
        (asks_the_network, "a hook asks the network"),
        (makes_a_secret, "rendered twice, these differ: .template-files.sha256, docs/planted.md"),
        (forgets_an_owner, "does not say whose these are"),
    ],
)
def test_a_planted_fault_is_seen(tmp_path: Path, plant: Callable[[Path], None], told: str) -> None:
    template = copy_of_the_repository(tmp_path / "template")
    plant(template)
    assert told in "\n".join(gate.faults(template, ["frontend"]))


def test_todays_template_has_none() -> None:
    assert list(gate.faults()) == []


QUESTIONS = {"name": "x", "ci": ["a", "b"], "_private": "x"}


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({"ci": ["a", "b"]}, "name, a question of v1.0.0, is gone"),
        ({"name": "x", "ci": ["a", "c"]}, "b, a choice of ci in v1.0.0, is gone"),
        ({"name": "x", "ci": "a"}, "a, a choice of ci in v1.0.0, is gone"),
        ({"name": ["x"], "ci": ["b", "a"]}, "name took any text in v1.0.0"),
    ],
)
def test_an_answer_that_is_lost_is_seen(after: dict[str, object], told: str) -> None:
    assert told in next(lost_answers(QUESTIONS, after, "v1.0.0"))


def test_more_questions_and_choices_lose_nothing() -> None:
    after = {"new": "x", "name": "other", "ci": ["c", "a", "b"]}
    assert list(lost_answers(QUESTIONS, after, "v1.0.0")) == []
