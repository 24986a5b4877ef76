"""A service stays small enough to be read: a newcomer has seen all of it in twenty minutes."""

from pathlib import Path

import pytest

from tasks.render import render

FILES = 130

LINES = {"resource": 2000, "issuer": 2500, "frontend": 2500}
"""Lines of Python, tests and empty lines included."""


def sizes(service: Path) -> tuple[int, int]:
    """Return how many files a service has, and how many lines its Python has."""
    files = [path for path in service.rglob("*") if path.is_file()]
    code = (path for path in files if path.suffix == ".py")
    return len(files), sum(len(path.read_text("utf-8").splitlines()) for path in code)


@pytest.mark.parametrize("kind", LINES)
def test_a_service_is_small(tmp_path: Path, kind: str) -> None:
    files, lines = sizes(render(tmp_path, {"kind": kind}))
    assert files <= FILES
    assert lines <= LINES[kind]


def test_what_is_counted_is_every_file_and_every_line_of_python(tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "a.py").write_text("1\n\n# 2\n")
    (tmp_path / "b.py").write_text("1\n2\n")
    (tmp_path / "c.yaml").write_text("1\n2\n3\n")
    assert sizes(tmp_path) == (3, 5)
