"""What somebody meets first: a clone of this repository, and the first command of its README."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cookiecutter import vcs

from tasks.folders import ROOT


def git(folder: Path, *words: str) -> None:
    """Run git in a folder."""
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *who, *words], cwd=folder, env=environment, check=True)


def clone_with_crlf(tmp_path: Path, *names: str) -> Path:
    """Commit some files of this repository, and clone them as Git for Windows does by default."""
    source = tmp_path / "source"
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message=x")
    git(tmp_path, "clone", "--quiet", "--config=core.autocrlf=true", "source", "clone")
    return tmp_path / "clone"


SCRIPTS = ("invoke", "tasks/install", ".ci/run", "requirements.txt")


def test_a_clone_keeps_its_line_ends(tmp_path: Path) -> None:
    clone = clone_with_crlf(tmp_path, ".gitattributes", *SCRIPTS)
    assert [name for name in SCRIPTS if b"\r" in (clone / name).read_bytes()] == []


def test_without_attributes_it_would_not(tmp_path: Path) -> None:
    clone = clone_with_crlf(tmp_path, *SCRIPTS)
    assert b"\r" in (clone / "invoke").read_bytes()


def test_cookiecutter_takes_the_address_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    [address] = re.findall(r"^cookiecutter (\S+)$", readme, re.MULTILINE)
    assert vcs.identify_repo(address) == ("git", address.removeprefix("git+"))
    with pytest.raises(vcs.UnknownRepoType):
        vcs.identify_repo(address.removeprefix("git+"))
