"""`./invoke` makes `.venv` in its own checkout only."""

import shutil
from pathlib import Path

from tasks.folders import ROOT
from tests.full.programs import run


def test_a_link_to_the_environment_of_another_checkout_is_refused(tmp_path: Path) -> None:
    other, checkout = tmp_path / "other" / ".venv", tmp_path / "checkout"
    other.mkdir(parents=True)
    (other / "made-for").write_text("another Python\n")
    checkout.mkdir()
    for name in ("invoke", "requirements.txt"):
        shutil.copy(ROOT / name, checkout)
    (checkout / ".venv").symlink_to(other)
    done = run([checkout / "invoke", "--list"], checkout)
    assert done.returncode == 1
    assert f".venv is a link to {other}" in done.stderr
    assert "Remove the link" in done.stderr
    assert (other / "made-for").read_text() == "another Python\n"
