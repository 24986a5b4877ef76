"""`./bootstrap` installs a service on a machine that has Python and nothing else."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tasks.folders import PROGRAMS
from tasks.render import example, render
from tests.full.programs import Finished, run

SECONDS = 300


# So that nothing is fetched again without a home.
CACHE = str(Path.home() / ".cache" / "pip")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service that has just been rendered, in a folder with a space in its name."""
    return render(tmp_path_factory.mktemp("a folder"), example("thoughts-backend"))


def bootstrap(
    service: Path,
    python: str = sys.executable,
    programs: tuple[Path, ...] = (),
    **variables: str,
) -> Finished:
    """Run it without Poetry and uv, or with the programs of some folders."""
    path = os.pathsep.join([*map(str, programs), "/usr/bin", "/bin"])
    environment = {"PATH": path, "PYTHON": python} | variables
    return run([service / "bootstrap"], service.parent, environment, seconds=SECONDS)


@pytest.mark.parametrize("python", ["no-such-python", "/bin/false"])
def test_an_interpreter_that_will_not_do_is_named(service: Path, python: str) -> None:
    done = bootstrap(service, python)
    assert done.returncode == 1
    assert done.stderr.startswith(f"bootstrap: {python} is not a Python from 3.11 to 3.14.")
    assert not (service / ".venv").exists()


def test_a_python_without_venv_is_named(service: Path, tmp_path: Path) -> None:
    """As that of Debian is, which has it in a package of its own."""
    (tmp_path / "ensurepip.py").write_text("raise ImportError")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    done = bootstrap(service, str(python))
    assert done.returncode == 1
    assert done.stderr == (
        f"bootstrap: {python} has no ensurepip or no venv. Install python3-venv, or name another "
        "Python: PYTHON=... ./bootstrap\n"
    )
    assert not (service / ".venv").exists()


UNSUPPORTED = {
    "sys.platform = 'cygwin'": "Windows without WSL: run it in WSL",
    "sys.platform = 'darwin'; platform.machine = lambda: 'x86_64'": "Intel Macs, as cryptography",
    "os.confstr = lambda name: None": "Linux without glibc (musl, as Alpine has)",
    "os.confstr = lambda name: 'glibc 2.17'": "glibc 2.17: PostgreSQL for development needs",
    "platform.machine = lambda: 'armv7l'": "Linux on armv7l: Linux on x86-64 and arm64",
}


@pytest.mark.parametrize("change", UNSUPPORTED)
def test_a_platform_without_packages_is_named(service: Path, tmp_path: Path, change: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"import os, platform, sys\n{change}\n")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    done = bootstrap(service, str(python))
    assert done.returncode == 1
    told = f"bootstrap: this service does not support {UNSUPPORTED[change]}"
    assert done.stderr.startswith(told), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (service / ".venv").exists()


def test_the_checkout_of_somebody_else_is_named(service: Path) -> None:
    """As a user who can read it: it has a folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(service / "bootstrap", folder)
        Path(folder).chmod(0o555)
        # Whom a folder for reading keeps out: not root.
        other = 12345 if os.geteuid() == 0 else None
        done = subprocess.run(
            ["./bootstrap"], cwd=folder, capture_output=True, text=True, user=other, group=other
        )
        Path(folder).chmod(0o755)
    assert done.returncode == 1
    assert "cannot write to" in done.stderr
    assert "clone the repository to a folder of your own" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_it_needs_no_poetry_no_uv_and_no_second_time(service: Path, tmp_path: Path) -> None:
    """It installs nothing without a hash: also not Poetry, uv, and what builds a package."""
    (tmp_path / "json.py").write_text("raise SystemExit('planted')")
    # As a developer calls it, who has everything compiled.
    first = bootstrap(
        service,
        EXTRAS="gevent",
        NO_COMPILE="",
        PIP_REQUIRE_HASHES="1",
        UV_REQUIRE_HASHES="1",
        # What somebody has set for other programs.
        PYTHONPATH=str(tmp_path),
        PIP_USER="1",
        PIP_TARGET=str(tmp_path),
        PIP_REQUIRE_VIRTUALENV="1",
        # As users without an entry in /etc/passwd have it in containers.
        HOME="/nonexistent",
        PIP_CACHE_DIR=CACHE,
    )
    second = bootstrap(service, EXTRAS="gevent")
    assert first.returncode == 0, first.stderr
    assert "making .venv" in first.stderr
    assert (second.returncode, second.stderr) == (0, "")
    assert installed_works(service)
    assert installer(service) == ("uv" if asks_uv() else "pip")
    assert list(service.glob(".venv/lib/*/site-packages/psycogreen"))


def test_what_worked_stays_if_the_next_one_cannot_be_made(service: Path) -> None:
    lock = service / "poetry.lock"
    text = lock.read_bytes()
    try:
        change_a_hash(lock)
        failed = bootstrap(service, EXTRAS="gevent")
    finally:
        lock.write_bytes(text)
    assert failed.returncode != 0
    assert failed.stderr.endswith("bootstrap: no new .venv was made, so the one before is back\n")
    assert installed_works(service)
    # After a run that was killed, too.
    (service / ".venv").rename(service / ".venv.old")
    (service / ".venv").mkdir()
    again = bootstrap(service, EXTRAS="gevent")
    assert (again.returncode, len(again.stderr.splitlines())) == (0, 1)
    assert installed_works(service)
    assert not (service / ".venv.old").exists()


def test_another_folder_on_the_path_of_cd_is_not_taken(service: Path, tmp_path: Path) -> None:
    (tmp_path / service.name).mkdir()
    words: list[str | Path] = ["sh", f"{service.name}/bootstrap"]
    variables = {"PYTHON": sys.executable, "EXTRAS": "gevent", "CDPATH": str(tmp_path)}
    done = run(words, service.parent, variables, seconds=SECONDS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_uv_and_poetry_are_kept(service: Path) -> None:
    for name in ("uv", "poetry"):
        if (service / ".venv" / name).is_dir():
            (service / ".venv" / name / "kept").touch()
    done = bootstrap(service, HOME="/nonexistent", PIP_CACHE_DIR=CACHE)
    assert "making .venv" in done.stderr
    assert done.returncode == 0, done.stderr
    assert (service / ".venv/poetry/kept").is_file()
    assert (service / ".venv/uv/kept").is_file() == asks_uv()
    assert installed_works(service)


def test_it_installs_anew_where_the_folder_has_been_moved(service: Path) -> None:
    """The programs of a virtual environment name its folder."""
    assert installed_works(service)
    moved = service.rename(service.with_name("elsewhere"))
    done = bootstrap(moved)
    assert done.returncode == 0, done.stderr
    assert installed_works(moved)


def test_pip_installs_where_uv_fails(tmp_path: Path) -> None:
    (tmp_path / "uv").write_text("#!/bin/sh\necho planted >&2\nexit 2\n")
    (tmp_path / "uv").chmod(0o755)
    service = render(tmp_path, example("thoughts-backend"))
    done = bootstrap(service, programs=(tmp_path, PROGRAMS))
    assert done.returncode == 0, done.stderr
    said = "planted\nbootstrap: uv failed, so pip installs\n" in done.stderr
    assert said == asks_uv(), done.stderr
    assert installed_works(service)
    assert installer(service) == "pip"


def test_neither_installs_other_bytes_than_those_that_are_locked(tmp_path: Path) -> None:
    service = render(tmp_path, example("thoughts-backend"))
    change_a_hash(service / "poetry.lock")
    done = bootstrap(service, programs=(PROGRAMS,))
    assert done.returncode != 0
    by_uv, failed, by_pip = done.stderr.partition("bootstrap: uv failed, so pip installs\n")
    if asks_uv():
        assert failed, done.stderr
        assert "Hash mismatch" in by_uv
    assert "DO NOT MATCH THE HASHES" in (by_pip or by_uv)
    assert not (service / ".venv" / "made-for").exists()


def change_a_hash(lock: Path) -> None:
    """Have a lock name other bytes of a package than those that there are."""
    text, count = re.subn(
        r'(\{file = "alembic-[^"]*", hash = "sha256:)\w+"', rf'\g<1>{"0" * 64}"', lock.read_text()
    )
    assert count
    lock.write_text(text)


def with_other_hashes(service: Path, *packages: str) -> None:
    """Have what is locked of packages that install be other bytes than those that there are."""
    file = service / "infra" / "requirements-installers.txt"
    for package in packages:
        text, count = re.subn(
            rf"^({package}==.*\\\n)(?: +--hash=.*\n)+",
            rf"\g<1>    --hash=sha256:{'0' * 64}\n",
            file.read_text("utf-8"),
            flags=re.MULTILINE,
        )
        assert count == 1
        file.write_text(text, "utf-8")


def test_poetry_does_not_come_with_other_bytes(tmp_path: Path) -> None:
    """It computes the hashes of everything else."""
    service = render(tmp_path, example("thoughts-backend"))
    with_other_hashes(service, "cleo")
    done = bootstrap(service)
    assert done.returncode != 0
    assert "MATCH THE HASHES" in done.stderr or "Hash mismatch" in done.stderr
    assert not (service / ".venv" / "made-for").exists()


def test_uv_does_not_come_with_other_bytes(tmp_path: Path) -> None:
    """Pip, which looks uv up, goes on without it: to a Poetry that is refused as well, and ends."""
    # Where pip has an index configured, nobody needs uv.
    if not asks_uv():
        return
    service = render(tmp_path, example("thoughts-backend"))
    with_other_hashes(service, "uv", "cleo")
    done = bootstrap(service)
    assert done.returncode != 0
    refused = re.findall(r"MATCH THE HASHES[^\n]*\n +([\w-]+)==", done.stderr)
    assert refused == ["uv", "cleo"], done.stderr
    assert not (service / ".venv" / "uv" / "bin").exists()


def asks_uv() -> bool:
    """Whether this machine's pip has no index configured, so that uv installs."""
    told = run([sys.executable, "-m", "pip", "config", "list"], Path.cwd()).stdout
    return not re.search(r"[.](no-index|index-url)=", told)


def installer(service: Path) -> str:
    """Return what has installed a package."""
    [said] = service.glob(".venv/lib/*/site-packages/flask-*.dist-info/INSTALLER")
    return said.read_text().strip()


def installed_works(service: Path) -> bool:
    """Whether the service's tasks can be called."""
    return "db.migrate" in run([service / ".venv" / "bin" / "acme-tasks", "--list"], service).stdout
