"""Test that tasks get their programs into environments of their own."""

import shutil
from pathlib import Path

import pytest
from invoke import Exit

from flask_chassis_tools import environments

PACKAGED = Path(environments.__file__).parent

BOOTSTRAP = """\
#!/bin/sh
# Does what a service's script does with these words, as far as tests look at it.
echo "$@" >>calls
[ "$1" = environment ] && [ -f "$3" ] && [ ! -e failing ] || exit 1
mkdir -p "$2/bin"
cp "$3" "$2/installed"
"""


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A checkout that has nothing but a bootstrap script."""
    folder = tmp_path / "service"
    folder.mkdir()
    script = folder / "bootstrap"
    script.write_text(BOOTSTRAP)
    script.chmod(0o755)
    return folder


def calls(service: Path) -> list[str]:
    """Return the words of each call of the script."""
    file = service / "calls"
    return file.read_text().splitlines() if file.exists() else []


@pytest.mark.parametrize("name", environments.NAMES)
def test_an_environment_is_created_from_the_packaged_requirements(service: Path, name: str) -> None:
    made = environments.install(name, service)
    assert made == service / ".venv" / name
    requirements = PACKAGED / name / "requirements.txt"
    assert calls(service) == [f"environment .venv/{name} {requirements}"]
    assert (made / "installed").read_bytes() == requirements.read_bytes()


@pytest.mark.parametrize("name", environments.NAMES)
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    text = (PACKAGED / name / "requirements.txt").read_text()
    entries = text.replace("\\\n", " ").splitlines()
    assert entries
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_an_environment_that_is_up_to_date_is_kept(service: Path) -> None:
    environments.install(environments.SCANNERS, service)
    environments.install(environments.SCANNERS, service)
    assert len(calls(service)) == 1


def test_an_environment_is_recreated_if_its_requirements_changed(service: Path) -> None:
    made = environments.install(environments.SCANNERS, service)
    (made / "left-over").touch()
    marker = made / "made-for"
    marker.write_text(marker.read_text().replace("\n", "0\n"))
    environments.install(environments.SCANNERS, service)
    assert len(calls(service)) == 2
    assert not (made / "left-over").exists()


def test_an_environment_is_recreated_in_a_moved_checkout(service: Path, tmp_path: Path) -> None:
    environments.install(environments.SCANNERS, service)
    moved = tmp_path / "moved"
    service.rename(moved)
    environments.install(environments.SCANNERS, moved)
    assert len(calls(moved)) == 2


def test_an_environment_may_be_a_link_to_a_shared_one(service: Path, tmp_path: Path) -> None:
    lent = environments.install(environments.TEMPLATE, service)
    other = Path(shutil.copytree(service, tmp_path / "other", ignore=lambda *_: [".venv", "calls"]))
    (other / ".venv").mkdir()
    (other / ".venv" / environments.TEMPLATE).symlink_to(lent)
    environments.install(environments.TEMPLATE, other)
    assert calls(other) == []
    (lent / "made-for").write_text("something else")
    environments.install(environments.TEMPLATE, other)
    assert (lent / "bin").is_dir()
    assert not (other / ".venv" / environments.TEMPLATE).is_symlink()


def test_a_failed_installation_is_tried_again(service: Path) -> None:
    (service / "failing").touch()
    with pytest.raises(Exit, match=r"Installing \.venv/safety failed"):
        environments.install(environments.SAFETY, service)
    (service / "failing").unlink()
    environments.install(environments.SAFETY, service)
    assert len(calls(service)) == 2


def test_an_installation_leaves_standard_output_to_the_task(
    service: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`template.update --check --json` prints JSON there, and nothing else."""
    script = service / "bootstrap"
    script.write_text(f"{BOOTSTRAP}echo installed\n")
    environments.install(environments.TEMPLATE, service)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "installed\n")


def test_a_folder_without_a_bootstrap_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Exit, match="Not a checkout of the service"):
        environments.install(environments.SAFETY, tmp_path)
