"""What installs a service is locked with hashes, in one file, which `./invoke lock` writes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tasks import installers
from tasks.folders import PROGRAMS, ROOT, TEMPLATE

PIN = re.compile(r"^([a-z0-9][a-z0-9-]*)==(\S+)", re.MULTILINE)

HASHED = re.compile(r"\S+==\S+( ; .*)? \\(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+")


def pins(text: str) -> dict[str, str]:
    """Return the versions of packages by name."""
    return dict(PIN.findall(text))


def faults(text: str, wanted: list[str]) -> list[str]:
    """Return what is wrong with locked installers."""
    found, mend = pins(text), "run ./invoke lock"
    wrong = []
    for pin in wanted:
        name, _, version = pin.partition("==")
        if name not in found or (version and found[name] != version):
            wrong.append(f"{pin} is not what is locked: {mend}")
    return wrong + [
        f"{entry.splitlines()[0]} is not a version with hashes: {mend}"
        for entry in re.split(r"\n(?! )", text.strip())
        if not HASHED.fullmatch(entry)
    ]


def test_the_locked_installers_are_what_this_repository_names() -> None:
    assert faults(installers.FILE.read_text("utf-8"), installers.wanted()) == []
    assert {pin.partition("==")[0] for pin in installers.wanted()} == {
        *installers.PROGRAMS_OF_BOOTSTRAP,
        *installers.BACKENDS,
    }


def test_what_is_locked_otherwise_is_told() -> None:
    text = installers.FILE.read_text("utf-8")
    other = re.sub(r"^poetry==\S+", "poetry==1.0.0", text, flags=re.MULTILINE)
    assert "is not what is locked: run ./invoke lock" in str(faults(other, installers.wanted()))
    bare = re.sub(r"^cleo==.*\n(?: .*\n)+", "cleo==2.1.0\n", text, flags=re.MULTILINE)
    assert "cleo==2.1.0 is not a version with hashes" in str(faults(bare, installers.wanted()))
    gone = re.sub(r"^setuptools==.*\n(?: .*\n)+", "", text, flags=re.MULTILINE)
    assert "setuptools is not what is locked" in str(faults(gone, installers.wanted()))


SCRIPTS = (TEMPLATE / "bootstrap", ROOT / "tasks" / "install")


def unchecked(script: str) -> list[str]:
    """Return the lines that install something with neither hashes nor a locked build backend."""
    lines = script.replace("\\\n", " ").splitlines()
    calls = [
        line.strip()
        for line in lines
        if re.search(r"\b(install|build_with)\b.*(--requirement|--editable|==)", line)
        and not line.strip().startswith("#")
    ]
    assert calls
    return [
        line
        for line in calls
        if not re.search(r"--require-hashes|--no-build-isolation|build_with", line)
        or ("--only-binary" not in line and not re.search(r"--no-build-isolation|build_with", line))
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_nothing_is_installed_without_a_hash_or_built_by_what_has_none(script: Path) -> None:
    assert unchecked(script.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        'install .venv/poetry "poetry==2.5.1"',
        "install .venv --no-deps --editable .",
        "install .venv --require-hashes \\\n    --requirement all.txt",
    ],
)
def test_a_line_that_does_is_found(line: str) -> None:
    assert unchecked(line)


def test_the_lines_of_a_package_are_all_of_it(tmp_path: Path) -> None:
    """As bootstrap reads them, whatever stands before and after."""
    function = re.search(r"^locked\(\) \{\n.*?^\}$", SCRIPTS[0].read_text("utf-8"), re.M | re.S)
    assert function
    for name in ("anyio", "uv", "poetry-core", installers.BACKENDS[-1]):
        script = f"installers={installers.FILE.name}\n{function[0]}\nlocked {name}"
        words = ["sh", "-euc", script]
        done = subprocess.run(words, cwd=installers.FILE.parent, capture_output=True, text=True)
        assert faults(done.stdout, [name]) == []
        assert list(pins(done.stdout)) == [name]


LOCKED = pins(installers.FILE.read_text("utf-8"))["poetry"]

A_POETRY = {
    "it is in the environment of its first line": (f"#!{PROGRAMS / 'python'}\n", "poetry"),
    "it says so itself": (f"#!/bin/sh\necho 'Poetry (version {LOCKED})'\n", "poetry"),
    "another version": ("#!/bin/sh\necho 'Poetry (version 1.0.0)'\n", "own"),
    "without the plugin": (
        f"#!/bin/sh\n[ $1 = --version ] && echo 'Poetry (version {LOCKED})'\n",
        "own",
    ),
    "no Poetry in the environment of its first line": (
        f"#!{os.path.realpath(sys.executable)}\n",
        "own",
    ),
    "not installed": ("", "own"),
}


@pytest.mark.parametrize("which", A_POETRY)
def test_poetry_is_used_where_it_has_the_locked_version_and_the_plugin(
    plain: Path, tmp_path: Path, which: str
) -> None:
    """Of the others the service gets its own, which is here already."""
    script, wanted = A_POETRY[which]
    own = tmp_path / ".venv" / "poetry" / "bin" / "poetry"
    for file, text in ((own, "#!/bin/sh\n"), (tmp_path / "bin" / "poetry", script)):
        if text:
            file.parent.mkdir(parents=True)
            file.write_text(text)
            file.chmod(0o755)
    functions, found, _ = (plain / "bootstrap").read_text("utf-8").partition("\npython=$(")
    assert found
    text = functions.replace('cd "$(dirname "$0")"', "") + "\nfind_poetry\n"
    installers_of = tmp_path / "infra" / installers.FILE.name
    installers_of.parent.mkdir()
    installers_of.write_text(installers.FILE.read_text("utf-8"))
    done = subprocess.run(
        ["sh", "-c", text],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ("poetry" if wanted == "poetry" else ".venv/poetry/bin/poetry")
