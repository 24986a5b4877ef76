"""`run` in development.local: the server for people who change the service."""

import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from flask_chassis.settings import Settings, environment_variable, variable_for
from flask_chassis.testing import free_port

from ..conftest import BILLING
from .conftest import Run
from .test_command import COMMAND

SECONDS = 60


class Terminal:
    """A terminal in which a command runs, and what the command has written to it."""

    def __init__(self, words: list[str], folder: Path, variables: dict[str, str]) -> None:
        self._side, other = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            env=os.environ | variables,
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._side, f"{line}\n".encode())

    def wait_for(self, pattern: str) -> str:
        """Wait until the terminal shows a text, and forget what it has shown up to its end."""
        return self._wait(lambda: re.search(pattern, self.shown), pattern)

    def _wait(self, find: Callable[[], re.Match[str] | None], what: str) -> str:
        deadline = time.monotonic() + SECONDS
        while not (found := find()):
            assert time.monotonic() < deadline, f"{what} is not in:\n{self.shown}"
            if select.select([self._side], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._side, 65536).decode(errors="replace")
                except OSError:  # it has ended
                    assert find(), f"{what} is not in:\n{self.shown}"
        self.shown = self.shown[found.end() :]
        return found[0]

    def end(self) -> None:
        """End what runs in it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._side)


class Checkout:
    """A copy of the service, and the server that runs it in a terminal."""

    def __init__(self, folder: Path, supplied: dict[str, str]) -> None:
        self.folder, self.port = folder, free_port()
        self.variables = supplied | {
            environment_variable(): "development.local",
            "PYTHONPATH": str(folder),
            # Two changes within a second leave the compiled file of the first one.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.terminals: list[Terminal] = []

    def run(self, *options: str) -> Terminal:
        """Run the service, and wait until it has printed its addresses."""
        terminal = self.begin(*options)
        terminal.wait_for("Ctrl-C ends it")
        self.get("/health/live")
        return terminal

    def begin(self, *options: str) -> Terminal:
        """Run the service in another terminal."""
        words = [*COMMAND, "run", f"--port={self.port}", *options]
        self.terminals.append(Terminal(words, self.folder, self.variables))
        return self.terminals[-1]

    def get(self, path: str, seconds: float = SECONDS) -> tuple[int, str]:
        """Send a request, as soon as the server accepts it, and return status and body."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                with opener.open(
                    f"http://127.0.0.1:{self.port}{path}", timeout=seconds
                ) as response:
                    return response.status, response.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file; a version that the reloader has seen is older, also on coarse clocks."""
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        later = path.stat().st_mtime + 2
        os.utime(path, (later, later))


@pytest.fixture
def checkout(settings: Settings, service: object, tmp_path: Path) -> Iterator[Checkout]:
    """A copy of the service, with the database and the keys of the tests."""
    folder = tmp_path / "billing"
    shutil.copytree(BILLING, folder, ignore=shutil.ignore_patterns("__pycache__"))
    supplied = {
        variable_for(key): str(value)
        for key, value in settings.values.items()
        if key.startswith(("database.", "tokens."))
    }
    made = Checkout(folder, supplied)
    yield made
    for terminal in made.terminals:
        terminal.end()


PROBLEM = """
from flask import request
from flask_chassis.auth.access import public

def add_probes(app):
    @app.get("/stop/")
    @public
    def stop():
        answer = 41
        breakpoint()
        return str(answer)

    @app.get("/fail/")
    @public
    def fail():
        raise RuntimeError("planted \\x1b[31m")
"""


def plant_probes(checkout: Checkout) -> None:
    """Have the service serve a view with a breakpoint, and one that fails."""
    (checkout.folder / "billing" / "planted.py").write_text(PROBLEM)
    checkout.edit("billing/app.py", "from . import domain", "from . import domain, planted")
    checkout.edit(
        "billing/app.py",
        "    domain.init_app(app, settings)",
        "    domain.init_app(app, settings)\n    planted.add_probes(app)",
    )


def test_it_prints_its_addresses_and_logs_lines_for_people(checkout: Checkout) -> None:
    plant_probes(checkout)
    terminal = checkout.begin()
    terminal.wait_for(rf"Service +http://127.0.0.1:{checkout.port}/\r\n")
    terminal.wait_for(rf"Swagger UI +http://127.0.0.1:{checkout.port}/\r\n")
    terminal.wait_for(rf"Metrics +http://127.0.0.1:{checkout.port}/metrics\r\n")
    assert checkout.get("/health/live")[0] == 200
    assert checkout.get("/nowhere/")[0] == 404
    counted = 'http_requests_total{method="GET",route="unmatched",status="404"} 1.0'
    assert counted in checkout.get("/metrics")[1]
    line = terminal.wait_for(r"[^\n]*GET unmatched 404[^\n]*")
    assert re.match(r"\x1b\[2m\d\d:\d\d:\d\d\.\d{3}\x1b\[0m INFO ", line)
    assert "duration_ms=" in line

    assert checkout.get("/fail/")[0] == 500
    terminal.wait_for(r"\x1b\[31mERROR +\x1b\[0m")
    terminal.wait_for(r"\r\n    Traceback \(most recent call last\):\r\n")
    # What an error says cannot control the terminal.
    terminal.wait_for(r"RuntimeError: planted \\x1b\[31m")


def test_it_survives_a_syntax_error(checkout: Checkout) -> None:
    terminal = checkout.run()
    checkout.edit("billing/bills.py", "import", "import import")
    terminal.wait_for("SyntaxError: invalid syntax")
    terminal.wait_for("The service cannot start: correct this, and save the file")
    status, body = checkout.get("/health/live")
    assert (status, body) == (
        500,
        "The service cannot start: the terminal that runs it shows why.\n",
    )
    checkout.edit("billing/bills.py", "import import", "import")
    terminal.wait_for("Ctrl-C ends it")
    assert checkout.get("/health/live")[0] == 200


def test_it_notices_settings_and_survives_wrong_ones(checkout: Checkout) -> None:
    terminal = checkout.run()
    assert "Billing Plus" not in checkout.get("/openapi.json")[1]
    checkout.edit("settings.yaml", "title: Billing", "title: [")
    terminal.wait_for("settings.yaml is not valid YAML")
    terminal.wait_for("The service cannot start")
    assert checkout.get("/health/live")[0] == 500
    checkout.edit("settings.yaml", "title: [", "title: Billing Plus")
    terminal.wait_for("Ctrl-C ends it")
    assert '"Billing Plus"' in checkout.get("/openapi.json")[1]


def test_a_breakpoint_stops_at_the_terminal(checkout: Checkout) -> None:
    plant_probes(checkout)
    terminal = checkout.run()
    with socket.create_connection(("127.0.0.1", checkout.port), timeout=SECONDS) as client:
        client.sendall(b"GET /stop/ HTTP/1.0\r\n\r\n")
        terminal.wait_for(r"\(Pdb\) ")
        terminal.type("answer")
        terminal.wait_for("41\r\n")
        terminal.type("!answer = 42")
        terminal.type("continue")
        answer = b""
        while part := client.recv(65536):
            answer += part
    assert answer.endswith(b"42")


def test_it_logs_sql_if_asked(checkout: Checkout) -> None:
    terminal = checkout.run("--sql")
    checkout.get("/health/ready")
    shown = terminal.wait_for(
        r"(?s)sqlalchemy\.engine\.Engine:.*SHOW transaction_read_only.*ROLLBACK"
    )
    # Values are hidden from logs: no line says so after each statement.
    assert "SQL parameters hidden" not in shown


def test_it_ends_on_ctrl_c(checkout: Checkout) -> None:
    terminal = checkout.run()
    os.killpg(terminal.process.pid, signal.SIGINT)
    assert terminal.process.wait(SECONDS) == 0
    assert free_again(checkout.port)


def free_again(port: int) -> bool:
    """Return whether nobody listens on a port."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) != 0


def test_a_port_in_use_is_named(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", checkout.port)):
        terminal = checkout.begin()
        terminal.wait_for(f"Port {checkout.port} is in use by another program")
        assert terminal.process.wait(SECONDS) == 1


def test_without_debugpy_it_says_how_to_install_it(checkout: Checkout) -> None:
    terminal = checkout.begin("--debugger")
    terminal.wait_for(f"debugpy, which is not installed. Install it: {re.escape(sys.executable)}")
    assert terminal.process.wait(SECONDS) == 1


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("option", ["--sql", "--debugger", "--debugger-port=5679"])
def test_production_has_no_option_of_development(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    for key in ("database.host", "database.password"):
        monkeypatch.setenv(variable_for(key), str(settings[key]))
    refused = run("run", option)
    assert refused.code == 2
    assert "run the service in development.local, not production.kubernetes" in refused.error
