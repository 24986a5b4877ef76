"""`./invoke demo`, from a copy of this repository: what it prints, and that it leaves nothing."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.full.programs import copy_of_the_repository, run, succeeds, with_the_tools
from tests.services import clean_environment

START_SECONDS = 300
STOP_SECONDS = 90


class Demo:
    """A demo that runs."""

    def __init__(
        self, repository: Path, temporary: Path, words: tuple[str, ...], more: dict[str, str]
    ) -> None:
        """Start it as a terminal does: in a process group of its own."""
        self.log = Path(tempfile.mkstemp(prefix="demo-", suffix=".log")[1])
        self.last_printed = ""
        # Whoever looks at what it prints through a pipe or in a file sees it at once.
        kept = {key: value for key, value in clean_environment().items() if "UNBUFFERED" not in key}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["./invoke", "demo", *words],
                cwd=repository,
                env=kept | {"TMPDIR": str(temporary)} | more,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def printed(self) -> str:
        """All that it has printed so far."""
        return self.log.read_text("utf-8")

    def wait_for(self, text: str) -> None:
        """Wait until it has printed a text."""
        eventually(lambda: text in self.printed or self.ended, START_SECONDS)
        assert text in self.printed, self.printed

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def found(self, pattern: str) -> str:
        """Return the part of what it printed that the pattern's group names."""
        match = re.search(pattern, self.printed)
        assert match, self.printed
        return match[1]

    @property
    def address(self) -> str:
        """Where it says that the pages are."""
        return self.found(r"The site +(\S+)/\n")

    @property
    def addresses(self) -> list[str]:
        """Where it says that something is, all of it."""
        return re.findall(r"(http://127\.0\.0\.1:\d+)/", self.printed)

    def press_ctrl_c(self) -> None:
        """Send what a terminal sends to all of its foreground processes."""
        os.killpg(self._process.pid, signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the demo alone."""
        self._process.send_signal(number)

    def exit_code(self) -> int:
        """Wait for the end."""
        return self._process.wait(STOP_SECONDS)

    def clean_up(self) -> None:
        """Do away with it, whatever has become of the test."""
        if not self.ended:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
        self.last_printed = self.printed
        self.log.unlink()


def eventually(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so, at most for a time, and return whether it is."""
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of this repository, with its tools."""
    return with_the_tools(copy_of_the_repository(tmp_path_factory.mktemp("copy")))


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where a demo puts its temporary files: root's PostgreSQL runs as a user who must enter it."""
    with tempfile.TemporaryDirectory(prefix="of-the-demo-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


Start = Callable[..., Demo]


@pytest.fixture
def start(repository: Path, temporary: Path) -> Iterator[Start]:
    """Start demos, `start("--check", A="b")`, and see in the end that nothing is left of them."""
    started: list[Demo] = []

    def start(*words: str, **variables: str) -> Demo:
        started.append(Demo(repository, temporary, words, variables))
        return started[-1]

    yield start
    for demo in started:
        demo.clean_up()
    eventually(lambda: not processes_of(repository, temporary), seconds=10)
    assert processes_of(repository, temporary) == []
    assert left_in(temporary) == [], "\n".join(demo.last_printed for demo in started)


def processes_of(*folders: Path) -> list[str]:
    """Return the command lines of all processes that have to do with one of these folders."""
    return [
        f"{process.name}: {command}"
        for process in Path("/proc").glob("[0-9]*")
        for command, about in [about_process(process)]
        if any(str(folder) in about for folder in folders)
    ]


def about_process(process: Path) -> tuple[str, str]:
    """Return a process's command line, and with it the folder that it works in."""
    try:
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return command, f"{command} {(process / 'cwd').readlink()}"
    except OSError:
        return "", ""  # it has ended, or is somebody else's


def left_in(temporary: Path) -> list[str]:
    """Return what is left, but for the server that root's first demo copies out of a wheel."""
    return sorted(
        str(path.relative_to(temporary))
        for path in temporary.rglob("*")
        if not path.relative_to(temporary).parts[0].endswith("-for-others")
    )


OWN_VARIABLES = {
    "THOUGHTS_BACKEND_DATABASE__HOST": "elsewhere.example",
    "THOUGHTS_BACKEND_ENVIRONMENT": "staging.kubernetes",
    "USERS_BACKEND_TOKENS__SIGNING_KID": "another",
    "FRONTEND_UPSTREAM__USERS__URL": "http://elsewhere.example",
    "POSTGRES_PASSWORD": "another",
    "PGSSLMODE": "require",
    "VAULT_ENABLED_FOR_DYNACONF": "true",
    "UWSGI_PORT": "1",
}
"""What a developer's shell may have."""


def test_the_check_passes_on_a_fresh_copy_whatever_the_shell_has(
    start: Start, repository: Path
) -> None:
    demo = start("--check", **OWN_VARIABLES)
    eventually(lambda: demo.ended, START_SECONDS)
    assert demo.ended, demo.printed
    assert demo.exit_code() == 0, demo.printed
    assert demo.printed.count("  ok  ") >= 26
    assert "FAILED" not in demo.printed
    assert "NOT CHECKED" not in demo.printed
    pictures = {path.stem for path in (repository / "demo" / "screenshots").iterdir()}
    assert {"1-newest", "4-mine-phone", "8-signed-out"} <= pictures


@pytest.mark.skipif(
    not shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin"),
    reason="nginx is not installed",
)
def test_with_an_edge_the_site_is_at_its_host_until_ctrl_c(start: Start) -> None:
    """And a proxy that the shell names, for addresses elsewhere, is asked for nothing."""
    demo = start("--edge", http_proxy="http://127.0.0.1:9")
    demo.wait_for("Ctrl-C stops everything")
    port = demo.found(r"The edge .*http://frontend\.localhost:(\d+)/")
    page = requests.get(
        f"http://127.0.0.1:{port}/", headers={"Host": "frontend.localhost"}, timeout=10
    )
    assert page.ok, page.text
    assert "/static/style." in page.text
    demo.press_ctrl_c()
    assert demo.exit_code() == 0, demo.printed
    assert "Stopped." in demo.printed
    assert "Traceback" not in demo.printed
    assert not any(answers(address) for address in demo.addresses)
    assert not answers(f"http://127.0.0.1:{port}")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_what_it_prints_works_as_it_stands_until_an_impatient_ctrl_c(
    start: Start, tmp_path: Path
) -> None:
    demo = start()
    demo.wait_for("Ctrl-C stops everything")
    written = succeeds(["sh", "-c", demo.found(r"\n +(authorized=.*\n +curl .*)\n")], tmp_path)
    assert '"text":"Hello"' in written.replace(" ", ""), written
    assert "Hello" in requests.get(demo.address, timeout=10).text
    for api in ("Thoughts'", "Users'"):
        page = requests.get(demo.found(rf"{api} API +(\S+)\n"), timeout=10).text
        assert "swagger" in page.lower()
    for metrics in demo.found(r"Metrics +(.+)\n").split(", "):
        assert "# HELP" in requests.get(metrics, timeout=10).text
    code = Path(demo.found(r"The code +(\S+)\n"))
    assert (code / "users-backend" / "README.md").is_file()
    users = demo.found(r"Users' API +(\S+)/\n")
    for line in ("Sign in as", "Administrator"):
        login = {
            "username": demo.found(rf"{line} +(\S+), with"),
            "password": demo.found(rf"{line} +\S+, with the password (\S+)\n"),
        }
        assert requests.post(f"{users}/api/login/", json=login, timeout=10).ok, line
    while not demo.ended:
        demo.press_ctrl_c()
        time.sleep(0.01)
    assert demo.exit_code() == 0, demo.printed
    assert "Traceback" not in demo.printed
    assert not any(answers(address) for address in demo.addresses)


@pytest.mark.parametrize("moment", ["starting PostgreSQL", "migrating", "starting uWSGI"])
def test_a_check_that_is_stopped_is_not_passed(start: Start, moment: str) -> None:
    demo = start("--check")
    demo.wait_for(moment)
    demo.press_ctrl_c()
    assert demo.exit_code() not in {0, 1}, demo.printed
    assert "Traceback" not in demo.printed


def test_two_at_once_get_along_until_a_supervisor_and_a_closed_terminal_stop_them(
    start: Start,
) -> None:
    both = start(), start()
    for demo in both:
        demo.wait_for("Ctrl-C stops everything")
    # The second one finds the ports of the examples taken.
    assert not set(both[0].addresses) & set(both[1].addresses)
    for demo, number in zip(both, (signal.SIGTERM, signal.SIGHUP), strict=True):
        assert requests.get(f"{demo.address}/health/ready", timeout=10).ok
        demo.send(number)
        assert demo.exit_code() == 0, demo.printed
        assert not any(answers(address) for address in demo.addresses)


def test_a_service_that_cannot_be_installed_is_said_without_a_traceback(
    repository: Path, temporary: Path
) -> None:
    shutil.rmtree(repository / "demo")
    environment = {"TMPDIR": str(temporary), "PYTHON": "no-such-python", "PATH": str(temporary)}
    done = run(
        [repository / ".venv" / "bin" / "invoke", "demo", "--check"], repository, environment
    )
    assert done.returncode == 1
    assert "cannot be installed" in done.stderr
    assert "Traceback" not in done.stderr
    assert left_in(temporary) == []


def test_a_stop_while_it_installs_leaves_nothing_running(start: Start, repository: Path) -> None:
    demo = start()
    demo.wait_for("installing it, as locked")
    assert eventually(
        lambda: any("pip install" in command for command in processes_of(repository)), 60
    )
    demo.send(signal.SIGTERM)
    assert demo.exit_code() == 0, demo.printed


def answers(address: str) -> bool:
    """Whether anybody listens at an address."""
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as caller:
        return caller.connect_ex((host, int(port))) == 0
