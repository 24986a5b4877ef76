"""The resource and its database in containers, on ports of 127.0.0.1 alone."""

from contextlib import ExitStack
from pathlib import Path
from typing import Self

import requests
import yaml

from tasks.ports import free_port
from tests.docker.engine import HARDENED, Container, docker, until, variables
from tests.services import InstalledService

POSTGRES = "postgres:15-bookworm"

TIMEOUT_SECONDS = 20
"""More than the service takes in the worst case, where it waits for a statement."""


class Service(Container):
    """A container of the service, on ports of its own."""

    def __init__(
        self,
        stack: "Stack",
        *more: str,
        port: int = 0,
        image: str = "",
        mode: tuple[str, ...] = (),
    ) -> None:
        """`more` are further options of `docker run`, which win; `port` is otherwise a free one.

        `mode` is what `run` is told besides, `image` another one than the stack's.
        """
        self.port, self.metrics_port = port or free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        ports = (f"--port={self.port}", f"--metrics-port={self.metrics_port}")
        super().__init__(
            image or stack.image,
            *(stack.command, "run", *ports, *mode),
            options=("--network=host", *HARDENED, *stack.options, *more),
        )

    def __exit__(self, *of: object) -> None:
        """End it; whatever happened, all that it has logged must be JSON."""
        try:
            self.records()
        finally:
            super().__exit__(*of)

    def status(self, path: str) -> int:
        """Return the status of a response, 0 without one."""
        try:
            return requests.get(f"{self.address}{path}", timeout=TIMEOUT_SECONDS).status_code
        except requests.RequestException:
            return 0

    def until_ready(self) -> Self:
        """Wait until it can serve."""
        until(lambda: self.status("/health/ready") == 200, "ready", otherwise=self.log)
        return self

    def metrics(self) -> dict[str, float]:
        """Return the samples of all counters and histograms."""
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        text = requests.get(url, timeout=TIMEOUT_SECONDS).text
        counters = {line.split()[2] for line in text.splitlines() if line.endswith(" counter")}
        samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {
            name: float(value)
            for name, _, value in samples
            if name.partition("{")[0] in counters or "_bucket{" in name
        }

    def workers(self) -> list[int]:
        """Return the process numbers of its workers, as they are inside."""
        [mule] = [
            record["message"].partition("pid: ")[2].rstrip(")")
            for record in self.records()
            if record["message"].startswith("spawned uWSGI mule")
        ]
        children = self.run("cat", "/proc/1/task/1/children").split()
        return sorted(int(pid) for pid in children if pid != mule)


class Stack:
    """A database, migrated, and the keys of tokens."""

    def __init__(self, image: str, rendered: InstalledService, folder: Path) -> None:
        self.image = image
        self.rendered = rendered
        self.folder = folder
        self.command = next(path.name for path in rendered.bin.glob("*-tasks"))
        settings = yaml.safe_load((rendered.path / "settings.yaml").read_text("utf-8"))
        self.database_name: str = settings["default"]["database"]["name"]
        self.package = rendered.path.name.replace("-", "_")
        self.database_port = free_port()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._make_keys()
        self.database = self._stack.enter_context(
            Container(
                POSTGRES,
                *("postgres", "-c", f"port={self.database_port}"),
                *("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"),
                options=("--network=host", "--env=POSTGRES_PASSWORD=postgres"),
            )
        )
        until(self.has_a_database, "the database answers")
        for task in ("db.create", "db.migrate"):
            self.run(task)
        return self

    def __exit__(self, *of: object) -> None:
        self._stack.close()

    @property
    def options(self) -> tuple[str, ...]:
        """The options of `docker run` that supply what production requires."""
        prefix = self.package.upper()
        return (
            f"--volume={self.folder / 'keys' / 'public'}:/run/secrets/token-keys:ro",
            *variables(
                {
                    f"{prefix}_DATABASE__HOST": "127.0.0.1",
                    f"{prefix}_DATABASE__PORT": self.database_port,
                    f"{prefix}_DATABASE__PASSWORD": "of-the-tests",
                }
            ),
        )

    def variable(self, key: str, value: object) -> str:
        """Return the option that supplies another setting."""
        return f"--env={self.package.upper()}_{key.replace('.', '__').upper()}={value}"

    def run(self, *words: str) -> str:
        """Run one of the image's tasks to its end."""
        options = ("--rm", "--network=host", *HARDENED, *self.options)
        return docker("run", *options, self.image, self.command, *words)

    def has_a_database(self) -> bool:
        """Whether the database answers, by TCP: while it is made, it answers otherwise."""
        where = ("--host=127.0.0.1", f"--port={self.database_port}")
        try:
            self.database.run("pg_isready", "--quiet", *where)
        except AssertionError:
            return False
        return True

    def sql(self, statement: str) -> str:
        """Run a statement as the database's administrator, and return what it gives."""
        return self.database.run(
            *("env", "PGPASSWORD=postgres", "psql", "--host=127.0.0.1", "--username=postgres"),
            f"--port={self.database_port}",
            *("--dbname", self.database_name, "--no-psqlrc", "--tuples-only", "--no-align"),
            *("--command", statement),
        )

    def bearer(self, username: str = "ada") -> dict[str, str]:
        """Return the headers of a caller with a token."""
        done = self.rendered.run(
            *(self.command, "token.issue", "--username", username, "--minutes", "60"),
            *("--folder", self.folder / "keys"),
        )
        assert done.returncode == 0, done.stderr
        return {"Authorization": f"Bearer {done.stdout.strip()}"}

    def _make_keys(self) -> None:
        done = self.rendered.run(self.command, "keys.generate", "--folder", self.folder / "keys")
        assert done.returncode == 0, done.stderr
        # Whoever the service runs as has to enter it, as with a secret that Kubernetes mounts.
        for path in (self.folder / "keys", self.folder / "keys" / "public"):
            path.chmod(0o755)

    def mount(self, name: str, text: str, place: str) -> str:
        """Return the option that puts a file in the place of one of the image's."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        path.chmod(0o644)
        return f"--volume={path}:{place}:ro"
