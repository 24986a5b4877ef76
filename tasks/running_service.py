"""A rendered service, installed and running as in production."""

import secrets
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import requests

from .interrupts import held_back
from .ports import free_port
from .program import STOP_SECONDS, Program
from .running_database import RunningDatabase
from .service_folder import DEVELOPMENT, PRODUCTION, ServiceFolder

VERSION = "v1.0"
"""What a service says of itself that is run here: nobody has tagged it."""


class RunningService:
    """Runs a rendered service through its own tasks, as its README says.

    `private` is a folder for what goes with it in the end: the keys, the logs.
    """

    def __init__(
        self,
        path: Path,
        private: Path,
        say: Callable[[str], None] = print,
        *,
        port: int = 0,
        database: RunningDatabase | None = None,
        supplied: Mapping[str, str] | None = None,
        programs: Path | None = None,
        works_in: Path | None = None,
    ) -> None:
        """`say` is called with each step; `port` is used if it is free.

        Without a `database` it has one of its own, where it needs one at all. `supplied` are
        settings by their names in settings.yaml; `programs` and `works_in` as in ServiceFolder.
        """
        private.mkdir(parents=True, exist_ok=True)
        self.folder = path
        self.private = private
        self.service = ServiceFolder(path, programs, works_in)
        self.version = VERSION
        self.supplied = dict(supplied or {})
        self.more_variables: dict[str, str] = {}
        self.port = free_port(preferred=port)
        self.metrics_port = free_port(preferred=port + 1 if port else 0)
        self.address = f"http://127.0.0.1:{self.port}"
        self.metrics_address = f"http://127.0.0.1:{self.metrics_port}"
        self.keys = private / "keys"
        self._say = say
        self._database_password = secrets.token_urlsafe(16)
        # By this it is known that nobody else answers, who was quicker to take the port.
        self._commit = secrets.token_hex(20)
        self._program: Program | None = None
        self._server = database
        self._has_own_server = database is None and self.service.has_database
        if self._has_own_server:
            self._server = RunningDatabase(path, private, say)

    @property
    def server(self) -> RunningDatabase:
        """The PostgreSQL that its database is on."""
        assert self._server is not None, f"{self.service.name} has no database"  # noqa: S101
        return self._server

    @property
    def database(self) -> str:
        """Where its database is, for an administrator of it."""
        return self.server.url(self.service.settings["database"]["name"])

    @property
    def resources(self) -> str:
        """What a `resource` owns, many of it: the name of its table and in its paths."""
        return next((self.folder / self.service.package).glob("*/model.py")).parent.name

    @property
    def name(self) -> str:
        """What it is called."""
        return self.service.name

    def logged(self) -> str:
        """Return all that it has written."""
        return self.log.read_text("utf-8")

    @property
    def log(self) -> Path:
        """Everything that the service has written."""
        return self.private / "run.log"

    def start(self) -> None:
        """Start it, and a database of its own, and wait until it says that it is ready."""
        if self._has_own_server:
            self.server.start()
        self.prepare()
        self.serve()

    def prepare(self, *more_words: str, **variables: str) -> None:
        """Make what it needs before it starts: keys, where none are supplied, and the tables.

        After that, `more_words` are run, other tasks; `variables` are for all of it.
        """
        words = ["keys.generate", "--folder", str(self.keys)] if self._needs_keys else []
        if self.service.has_database:
            self._say("creating role and database, migrating")
            words += ["db.create", "db.migrate"]
        if words or more_words:
            self.run(*words, *more_words, **variables)

    def serve(self) -> None:
        """Start it, and wait until it says that it is ready."""
        self.begin()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it says that it is ready."""
        self.program.wait_until(self.is_ready, self.service.name)

    def begin(self) -> Program:
        """Start it, and wait for nothing."""
        self._say("starting uWSGI with the production configuration")
        gate = ["dependencies.check"] if "upstream" in self.service.settings else []
        ports = ["--port", str(self.port), "--metrics-port", str(self.metrics_port)]
        # Production listens everywhere, as a container must.
        words = [*gate, "run", "--host", "127.0.0.1", *ports]
        with held_back():
            self._program = self.service.begin(*words, variables=self.variables(), log=self.log)
        return self._program

    def twin(self, private: Path) -> "RunningService":
        """Return another instance, not started yet: with the same database, keys and settings."""
        made = RunningService(
            self.folder, private, self._say, database=self._server, supplied=self.supplied
        )
        made.keys = self.keys
        made._database_password = self._database_password
        return made

    def begin_as(self, command: Sequence[str]) -> Program:
        """Start it with another command, and wait for nothing."""
        with held_back():
            self._program = Program(command, self.folder, self.variables(), self.log)
        return self._program

    @property
    def program(self) -> Program:
        """The program that runs: uWSGI, with its workers."""
        assert self._program is not None, f"{self.service.name} does not run"  # noqa: S101
        return self._program

    def end(self) -> int:
        """Ask it to end, as Kubernetes does, and return its exit code."""
        return self.program.end()

    def ask_to_end(self) -> None:
        """Ask it to end, where it runs, and wait for nothing."""
        if self._program is not None:
            self._program.ask_to_end()

    def stop(self) -> None:
        """Stop all that was started; what runs may finish."""
        if self._program is not None:
            if self._program.end() == -signal.SIGKILL:
                self._say(f"{self.service.name}: killed, as it did not end within {STOP_SECONDS} s")
            self._program = None
        if self._has_own_server:
            self.server.remove()

    def is_ready(self) -> bool:
        """Whether it is this service that answers, and whether it says that it is ready."""
        try:
            version = requests.get(f"{self.address}/admin/version/", timeout=5).json()
            ready = requests.get(f"{self.address}/health/ready", timeout=5)
        except requests.RequestException:
            return False  # not listening yet, or too busy to answer
        return ready.ok and version.get("commit") == self._commit

    def token(self, username: str, scope: str = "", minutes: int = 5) -> str:
        """Return a token that the service accepts, signed with the keys that it was given."""
        words = ["--username", username, "--scope", scope, "--minutes", str(minutes)]
        folder = ["--folder", str(self.keys)]
        # Only the checkout has this task: an installed wheel comes without the tools.
        checkout = ServiceFolder(self.folder)
        variables = self.variables(DEVELOPMENT)
        return checkout.run("token.issue", *words, *folder, variables=variables)

    def run(self, *words: str, environment: str = PRODUCTION, **more: str) -> str:
        """Run one of its tasks and return what it prints; `more` are variables."""
        return self.service.run(*words, variables=self.variables(environment) | more)

    def variables(self, environment: str = PRODUCTION) -> dict[str, str]:
        """Return the variables that it runs with: they supply all that is required."""
        supplied: dict[str, str] = {}
        if self.service.has_database:
            supplied |= {
                "database.host": "127.0.0.1",
                "database.port": str(self.server.port),
                "database.password": self._database_password,
            }
        if self._needs_keys:
            supplied |= {"tokens.public_keys_folder": str(self.keys / "public")}
            if "private_keys_folder" in self.service.settings["tokens"]:
                supplied |= {"tokens.private_keys_folder": str(self.keys / "private")}
        version = {"VERSION_NAME": self.version, "VERSION_SHA": self._commit}
        variables = self.service.variables(environment, supplied | self.supplied)
        return variables | version | self.more_variables

    @property
    def _needs_keys(self) -> bool:
        return "tokens" in self.service.settings and "tokens.keys_url" not in self.supplied
