"""New questions, asked at a terminal."""

import json

import pytest

from tests.updates.services import Service, contents
from tests.updates.terminal import END_OF_INPUT, at_a_terminal

UPDATE = ("template.update", "--no-tests")


@pytest.fixture
def unasked(resource: Service) -> Service:
    """A service from a release that asked neither for a port nor for the version of Python."""
    record = resource.record()
    for name in ("port", "python_version"):
        del record["context"]["cookiecutter"][name]
    (resource.path / ".cruft.json").write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    resource.commits()
    return resource


def test_a_default_is_taken_with_enter_and_another_value_is_typed(unasked: Service) -> None:
    with at_a_terminal(unasked, *UPDATE) as terminal:
        assert "on_call" in terminal.reads("(nobody yet)")
        terminal.types("")
        assert "Port that it listens on" in terminal.reads("(8080)")
        terminal.types("8090")
        shown = terminal.reads("[1/2/3] (1)")
        assert "1 - 3.13" in shown
        assert "2 - 3.12" in shown
        terminal.types("9")
        assert "Please select one of the available options" in terminal.reads("[1/2/3] (1)")
        terminal.types("2")
        assert terminal.ends() == 0, terminal.shown
    answers = unasked.record()["context"]["cookiecutter"]
    given = [answers[name] for name in ("on_call", "port", "python_version")]
    assert given == ["nobody yet", "8090", "3.12"]
    files = contents(unasked.path)
    assert files["docs/on-call.md"] == b"# On call\n\nnobody yet\n"
    assert b"\nFLASK_RUN_PORT=8090\n" in files[".flaskenv"]
    assert b"python3.12 " in files["bootstrap"]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("80\n\n", "port: '80' will not do."),
        (END_OF_INPUT, "A question was not answered"),
    ],
)
def test_an_answer_that_will_not_do_changes_nothing(unasked: Service, keys: str, told: str) -> None:
    """Nor does none at all. The second line is for the question after that."""
    before = contents(unasked.path)
    with at_a_terminal(unasked, *UPDATE, "--answer=on_call=ada") as terminal:
        terminal.reads("(8080)")
        terminal.presses(keys)
        assert terminal.ends() == 1
    assert told in terminal.shown
    assert "Traceback" not in terminal.shown
    assert contents(unasked.path) == before
    assert unasked.changed() == []
