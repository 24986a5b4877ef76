"""The demo's services in containers, as the compose files of this repository say."""

import os
import secrets
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from invoke import Exit

from .edge import PORT, configuration
from .folders import DEMO, ROOT
from .ports import free_port
from .render import example
from .system import FRONTEND, THOUGHTS, USERS, Login, Together

SERVICES = "docker-compose.yaml"

PROVISION = "docker-compose.provision.yaml"

EDGE = "docker-compose.edge.yaml"


class Composed:
    """A service in a container, on ports of 127.0.0.1."""

    def __init__(self, name: str, compose: "Compose") -> None:
        """The ports of the example are taken where they are free."""
        port = int(example(name)["port"])
        self.name = name
        self.port = free_port(preferred=port)
        self.metrics_port = free_port(preferred=port + 1)
        self.address = f"http://127.0.0.1:{self.port}"
        self.metrics_address = f"http://127.0.0.1:{self.metrics_port}"
        self._compose = compose

    @property
    def resources(self) -> str:
        """What the example of a `resource` owns, many of it."""
        return f"{example(self.name)['resource_name']}s"

    @property
    def ports(self) -> dict[str, str]:
        """What docker-compose.yaml takes the ports from."""
        variable = self.name.partition("-")[0].upper()
        return {
            f"{variable}_PORT": str(self.port),
            f"{variable}_METRICS_PORT": str(self.metrics_port),
        }

    def logged(self) -> str:
        """Return all that it has written."""
        # Compose's own `logs` moves the cursor of a terminal, whether there is one or not.
        container = self._compose.ask("ps", "--quiet", self.name).strip()
        return _answered(["docker", "logs", container], dict(os.environ))

    def token(self, username: str, scope: str = "", minutes: int = 5) -> str:
        """Exit: in containers nobody but the issuer has a key."""
        raise Exit(f"There is no key to create a token with: sign {username} in.", 1)


class Compose:
    """Calls `docker compose` with this repository's files."""

    def __init__(self) -> None:
        """Nothing is started yet."""
        self.variables: dict[str, str] = {}
        self.files: tuple[str, ...] = (SERVICES,)

    def show(self, *words: str, file: str = "") -> None:
        """Run a command before the user's eyes; it has to succeed."""
        command = self._command(words, file)
        print(f"$ {' '.join(command)}", flush=True)
        if subprocess.run(command, cwd=ROOT, env=os.environ | self.variables).returncode:
            raise Exit("Docker failed, as it says above.", 1)

    def ask(self, *words: str, file: str = "") -> str:
        """Run a command and return what it prints."""
        return _answered(self._command(words, file), os.environ | self.variables)

    def _command(self, words: Sequence[str], file: str) -> list[str]:
        files = [file] if file else self.files
        return ["docker", "compose", *(f"--file={each}" for each in files), *words]


class ComposedSystem(Together):
    """The three services of the compose files."""

    users: Composed
    thoughts: Composed
    frontend: Composed

    def __init__(
        self, say: Callable[[str], None], fronted: Mapping[str, Path] | None = None
    ) -> None:
        """`say` gets what happens, a few words each time.

        `fronted` are the folders of the services by their names, if an edge is in front of them.
        """
        self._say = say
        self._fronted = fronted
        self._compose = Compose()
        self.administrator = Login("root", secrets.token_urlsafe(12))
        self.person = Login("ada", secrets.token_urlsafe(12))
        self.users = Composed(USERS, self._compose)
        self.thoughts = Composed(THOUGHTS, self._compose)
        self.frontend = Composed(FRONTEND, self._compose)
        self._compose.variables = {
            "ADMINISTRATOR_PASSWORD": self.administrator.password,
            "SESSION_SECRET": secrets.token_hex(),
            "POSTGRES_PASSWORD": secrets.token_urlsafe(12),
            "USERS_PASSWORD": secrets.token_urlsafe(12),
            "THOUGHTS_PASSWORD": secrets.token_urlsafe(12),
        }
        for service in self.services:
            self._compose.variables |= service.ports
        self.edge_address = ""
        if fronted:
            port = free_port(preferred=PORT)
            self.edge_address = f"http://127.0.0.1:{port}"
            self._compose.variables["EDGE_PORT"] = str(port)
            self._compose.files = (SERVICES, EDGE)

    @property
    def services(self) -> tuple[Composed, ...]:
        """The services, each after those that it calls."""
        return self.users, self.thoughts, self.frontend

    def start(self) -> None:
        """Build the images of what is rendered below demo/, and start all of it."""
        if self._fronted:
            write_edge(self._fronted)
        self._say("building the images")
        self._compose.show("build")
        self._say("providing database, tables, keys and an administrator")
        self._compose.show("up", "--detach", "--wait", "database", file=PROVISION)
        for job in ("users-migrate", "thoughts-migrate", "keys", "administrator"):
            self._compose.show("run", "--rm", job, file=PROVISION)
        self._say("starting the services")
        self._compose.show("up", "--detach", "--wait")
        self.create_user(self.person)

    def wait(self) -> None:
        """Wait until a service ends by itself."""
        self._compose.show("wait", USERS, THOUGHTS, FRONTEND)

    def stop(self) -> None:
        """Remove the containers and what they have kept."""
        self._compose.ask("down", "--volumes")
        self._compose.ask("down", "--volumes", file=PROVISION)


def write_edge(folders: Mapping[str, Path]) -> None:
    """Write the configuration of the edge in the container, where services have their names."""
    backends = {name: [f"{name}:{example(name)['port']}"] for name in folders}
    folder = DEMO / "edge"
    folder.mkdir(parents=True, exist_ok=True)
    # Of the container alone: docker-compose.edge.yaml publishes it on 127.0.0.1.
    text = configuration(folders.values(), backends, f"0.0.0.0:{PORT}")
    (folder / "nginx.conf").write_text(text, "utf-8")


def _answered(command: Sequence[str], variables: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise Exit(done.stderr, 1)
    return done.stdout


def require_docker() -> None:
    """Exit where no engine answers."""
    try:
        done = subprocess.run(["docker", "version"], capture_output=True, text=True)
        fault = done.stderr.strip() if done.returncode else ""
    except FileNotFoundError:
        fault = "there is no docker command"
    if fault:
        raise Exit(f"No Docker engine answers ({fault}): install Docker with Compose, start it.", 1)
