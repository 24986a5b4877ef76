"""A rendered service, installed and running as in production, with a PostgreSQL of its own."""

import os
import random
import secrets
import signal
import socket
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import requests
import yaml
from invoke import Exit

from .folders import PROGRAMS

START_SECONDS = 60

STOP_SECONDS = 60
"""More than a request may take (`harakiri` in infra/uwsgi.yaml), as a running one is let finish."""

OTHERS_VARIABLES = ("PG", "POSTGRES_", "UWSGI_", "VAULT_")
"""What the names of variables begin with that lead to a developer's other database or Vault."""

PRODUCTION = "production.kubernetes"
DEVELOPMENT = "development.local"


class RunningService:
    """Runs a rendered service through its own tasks, as its README says.

    `private` is a folder for what goes with it in the end: the database, the keys, the logs.
    """

    def __init__(
        self,
        folder: Path,
        private: Path,
        say: Callable[[str], None] = print,
        *,
        port: int = 0,
        programs: Path | None = None,
        works_in: Path | None = None,
    ) -> None:
        """`say` is told what happens, a few words each time; `port` is taken where it is free.

        `programs` and `works_in` are for a service that is installed from its wheel: the folder
        with its programs, and the one that it runs in.
        """
        self.folder = folder
        self.private = private
        self._say = say
        self._programs = programs or folder / ".venv" / "bin"
        self._works_in = works_in or folder
        self._processes: list[subprocess.Popen[bytes]] = []
        pyproject = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
        scripts: dict[str, str] = pyproject["project"]["scripts"]
        [(self._command, entry_point)] = scripts.items()
        self.package = entry_point.partition(".")[0]
        self.resources = next((folder / self.package).glob("*/model.py")).parent.name
        self.port = free_port(preferred=port)
        self.metrics_port = free_port(preferred=port + 1 if port else 0)
        self.address = f"http://127.0.0.1:{self.port}"
        self.metrics_address = f"http://127.0.0.1:{self.metrics_port}"
        self._database_port = free_port()
        # A folder of its own: root's PostgreSQL runs as another user, who may not enter `private`.
        self._data = tempfile.TemporaryDirectory(prefix="postgres-")
        self._database_password = secrets.token_urlsafe(16)
        # By this it is known that nobody else answers, who was quicker to take the port.
        self._commit = secrets.token_hex(20)

    @property
    def database(self) -> str:
        """Where its database is, for an administrator of it."""
        settings = yaml.safe_load((self.folder / "settings.yaml").read_text("utf-8"))
        name = settings["default"]["database"]["name"]
        return f"postgresql://postgres:postgres@127.0.0.1:{self._database_port}/{name}"

    @property
    def log(self) -> Path:
        """Everything that the service has written."""
        return self.private / "run.log"

    def install(self) -> None:
        """Make the service's .venv from its lock; quick where that has been done before."""
        self._say("installing it, as locked")
        path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
        bootstrap = subprocess.Popen(
            ["./bootstrap"],
            cwd=self.folder,
            env=os.environ | {"PATH": path},
            start_new_session=True,
        )
        try:
            code = bootstrap.wait()
        finally:
            if bootstrap.poll() is None:
                # To the shell and to what it runs: pip removes what it has in hand, and ends.
                os.killpg(bootstrap.pid, signal.SIGINT)
                _wait_for_end_of(bootstrap, seconds=10)
        if code:
            raise Exit("The service cannot be installed: see above.", 1)

    def start(self) -> None:
        """Start the database and the service, and wait until it says that it is ready."""
        self.start_database()
        self._say("creating role and database, migrating")
        self.run("keys.generate", "--folder", str(self.private / "keys"))
        self.run("db.create")
        self.run("db.migrate")
        self._say("starting uWSGI with the production configuration")
        ports = ["--port", str(self.port), "--metrics-port", str(self.metrics_port)]
        self._service = self._spawn("run", *ports)
        self._wait_for(self.is_ready, self._service, "run")

    def start_database(self) -> None:
        """Start PostgreSQL, with the data that it had."""
        self._say("starting PostgreSQL")
        port = str(self._database_port)
        data = self._data.name
        words = ["db.serve", "--folder", data, "--port", port]
        # A wheel alone has no PostgreSQL; the checkout's dev group has.
        programs = self.folder / ".venv" / "bin"
        self._database = self._spawn(*words, environment=DEVELOPMENT, programs=programs)
        self._wait_for(lambda: listens(self._database_port), self._database, "db.serve")

    def stop_database(self) -> None:
        """Stop PostgreSQL; its data stays for the next start."""
        self._database.terminate()
        _wait_for_end_of(self._database, STOP_SECONDS)

    def end(self) -> int:
        """Ask the service to end, as Kubernetes does, and return its exit code."""
        self._service.terminate()
        _wait_for_end_of(self._service, STOP_SECONDS)
        return self._service.returncode

    def run(self, *words: str, environment: str = PRODUCTION) -> str:
        """Run one of the service's tasks and return what it prints."""
        done = subprocess.run(
            [self._programs / self._command, *words],
            cwd=self._works_in,
            env=self._variables(environment),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Exit(f"{self._command} {' '.join(words)}:\n{done.stdout}{done.stderr}", 1)
        return done.stdout.strip()

    def token(self, username: str, scope: str = "", minutes: int = 5) -> str:
        """Return a token that the service accepts."""
        keys = str(self.private / "keys")
        words = ["--username", username, "--scope", scope, "--minutes", str(minutes)]
        return self.run("token.issue", *words, "--folder", keys, environment=DEVELOPMENT)

    def is_ready(self) -> bool:
        """Whether it is this service that answers, and whether it says that it is ready."""
        try:
            version = requests.get(f"{self.address}/admin/version/", timeout=5).json()
            ready = requests.get(f"{self.address}/health/ready", timeout=5)
        except requests.RequestException:
            return False  # not listening yet, or too busy to answer
        return ready.ok and version.get("commit") == self._commit

    def wait(self) -> None:
        """Wait until the service ends by itself, and show the last it had to say."""
        self._processes[-1].wait()
        print(self._last_lines_of("run"))

    def stop(self) -> None:
        """Stop all that was started, the last first; each may finish what it is at."""
        for process in reversed(self._processes):
            process.terminate()
            _wait_for_end_of(process, STOP_SECONDS)
        self._processes.clear()
        self._data.cleanup()

    def _spawn(
        self, *words: str, environment: str = PRODUCTION, programs: Path | None = None
    ) -> subprocess.Popen[bytes]:
        with self._log_of(words[0]) as log:
            process = subprocess.Popen(
                [(programs or self._programs) / self._command, *words],
                cwd=self._works_in,
                env=self._variables(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C goes to this process alone, which stops the others in order.
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def _log_of(self, name: str) -> IO[bytes]:
        return (self.private / f"{name}.log").open("ab")

    def _variables(self, environment: str) -> dict[str, str]:
        """Supply what `config.required` lists; the developer's own variables stay out of it."""
        prefix = self.package.upper()
        strange = (f"{prefix}_", *OTHERS_VARIABLES)
        outside = {key: value for key, value in os.environ.items() if not key.startswith(strange)}
        return outside | {
            f"{prefix}_ENVIRONMENT": environment,
            f"{prefix}_DATABASE__HOST": "127.0.0.1",
            f"{prefix}_DATABASE__PORT": str(self._database_port),
            f"{prefix}_DATABASE__PASSWORD": self._database_password,
            f"{prefix}_TOKENS__PUBLIC_KEYS_FOLDER": str(self.private / "keys" / "public"),
            "VERSION_NAME": "demo",
            "VERSION_SHA": self._commit,
        }

    def _wait_for(
        self, is_there: Callable[[], bool], process: subprocess.Popen[bytes], name: str
    ) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_there():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Exit(f"{name} does not start. Its log ends:\n{self._last_lines_of(name)}", 1)
            time.sleep(0.05)

    def _last_lines_of(self, name: str) -> str:
        log = self.private / f"{name}.log"
        return "\n".join(log.read_text("utf-8").splitlines()[-20:])


def _wait_for_end_of(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait until a process has ended; one that will not is killed, with all of its session."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def free_port(preferred: int = 0) -> int:
    """Return the preferred port if nobody has it, else another one that is free.

    It is below those that the system gives to outgoing connections: one of these may be taken again
    before it is used.
    """
    others = random.sample(range(20_000, 32_000), 50)
    for port in [preferred, *others] if preferred else others:
        with socket.socket() as listener, suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", port))
            return port
    raise Exit("There is no free port.", 1)
