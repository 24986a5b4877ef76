"""A service under uWSGI, started for a test, and what it says and does."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tasks.ports import free_port

APPS = Path(__file__).parent / "uwsgi_apps"
PATIENCE = 60.0


class Rendered(Protocol):
    """A service that was rendered and installed."""

    @property
    def path(self) -> Path:
        """Its root folder."""

    @property
    def bin(self) -> Path:
        """The folder of its virtual environment's programs."""


@dataclass
class Answer:
    """What the service answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def sections(rendered: Rendered) -> dict[str, str]:
    """Return the text of each section of its infra/uwsgi.yaml, by name."""
    text = (rendered.path / "infra/uwsgi.yaml").read_text(encoding="utf-8")
    found = re.split(r"^([\w-]+):$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def app_of(rendered: Rendered) -> str:
    """Return the name of the app's section."""
    return next(name for name, text in sections(rendered).items() if "  module: " in text)


def package_of(rendered: Rendered) -> str:
    """Return the name of the service's package."""
    found = re.search(r"  module: ([\w]+)\.wsgi:", (rendered.path / "infra/uwsgi.yaml").read_text())
    assert found
    return found[1]


class Uwsgi:
    """A service that was started, on ports of its own."""

    def __init__(
        self,
        rendered: Rendered,
        temporary: Path,
        *options: str,
        stage: str = "production",
        config: Path | None = None,
        gevent: bool = False,
        application: str = "misbehaving:application",
        plainly: bool = False,
        port: int | None = None,
        metrics_port: int | None = None,
        read: Callable[[int], bytes] | None = None,
    ) -> None:
        """Start it: by the function behind `acme-tasks run`, or plainly, by the program itself."""
        self.port = port or free_port()
        self.metrics_port = metrics_port or free_port()
        self.folder = temporary
        config = config or rendered.path / "infra/uwsgi.yaml"
        changes = [f"--pythonpath={APPS}", f"--module={application}", *options]
        app = app_of(rendered)
        if plainly:
            command = [
                str(rendered.bin / "uwsgi"),
                f"--set-ph=port={self.port}",
                f"--set-ph=metrics-port={self.metrics_port}",
                *(f"--yaml={config}{section}" for section in ("", f":{app}", f":{stage}")),
                *changes,
            ]
        else:
            call = (
                "import pathlib; from flask_chassis.tasks.run import run; "
                f"run({app!r}, {stage!r}, config=pathlib.Path({str(config)!r}), port={self.port}, "
                f"metrics_port={self.metrics_port}, gevent={gevent}, options={changes!r})"
            )
            command = [str(rendered.bin / "python"), "-c", call]
        self.process = subprocess.Popen(
            command,
            cwd=rendered.path,
            env=os.environ
            | {
                "TMPDIR": str(temporary),
                "PYTHONPATH": "",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._output: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self._readers = [
            threading.Thread(target=self._read, args=(name, read or self._as_it_comes))
            for name in self._output
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _as_it_comes(descriptor: int) -> bytes:
        return os.read(descriptor, 65_536)

    def _read(self, name: str, read: Callable[[int], bytes]) -> None:
        with getattr(self.process, name) as stream:
            while piece := read(stream.fileno()):
                self._output[name] += piece

    # What it says.

    @property
    def stdout(self) -> str:
        """All that it wrote to its standard output."""
        return self._output["stdout"].decode()

    @property
    def stderr(self) -> str:
        """All that it wrote to its standard error."""
        return self._output["stderr"].decode()

    def records(self, **having: Any) -> list[dict[str, Any]]:
        """Return all whole lines, each of which must be a log record, with these values."""
        found = []
        for line in self.stdout.split("\n")[:-1]:
            record = json.loads(line)
            assert {"timestamp", "level", "logger", "message"} <= record.keys(), line
            if all(record.get(name) == value for name, value in having.items()):
                found.append(record)
        return found

    def says(self, text: str) -> bool:
        """Whether a message has this text."""
        return any(text in record["message"] for record in self.records())

    # What it does.

    def ask(
        self,
        path: str = "/",
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        port: int | None = None,
    ) -> Answer:
        """Send a request, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def talk(self, *pieces: bytes, pause: float = 0.05, hang_up: bool = False) -> bytes:
        """Send these bytes as they are and return all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            if hang_up:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while piece := connection.recv(65_536):
                    answer += piece
            except ConnectionResetError:
                pass
            return answer

    def metrics(self) -> dict[str, float]:
        """Return its metrics, by name with labels."""
        answer = self.ask("/metrics", port=self.metrics_port)
        assert answer.status == 200
        lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def requests_counted(self, **labels: str) -> float:
        """Return how many requests its metrics count, of those with these labels."""
        return sum(
            value
            for name, value in self.metrics().items()
            if name.startswith("http_requests_total")
            and all(f'{label}="{wanted}"' in name for label, wanted in labels.items())
        )

    def release(self) -> None:
        """Let the requests of /held end, and those that come later."""
        (self.folder / "released").touch()

    def send(self, number: signal.Signals) -> None:
        """Send the process that was started a signal."""
        self.process.send_signal(number)

    def wait_until_ready(self) -> None:
        """Wait until it answers, on both ports."""
        eventually(lambda: self.ask().status == 200, "it does not answer", self)
        eventually(lambda: bool(self.metrics()), "its metrics are not there", self)

    def wait_for_end(self) -> int:
        """Wait until it ends of itself and return its exit code."""
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code

    def members(self) -> list[int]:
        """Return the processes of its that there are."""
        return [pid for pid in _processes() if _session(pid) == self.process.pid]

    def end(self) -> None:
        """End all its processes, whatever they do."""
        for pid in self.members():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.wait_for_end()
        for name in self._output:
            getattr(self.process, name).close()


@contextmanager
def started(rendered: Rendered, temporary: Path, *options: str, **how: Any) -> Iterator[Uwsgi]:
    """Start a service, give it when it answers, and leave nothing of it behind."""
    uwsgi = Uwsgi(rendered, temporary, *options, **how)
    try:
        uwsgi.wait_until_ready()
        yield uwsgi
    except BaseException:
        sys.stderr.write(f"{uwsgi.stdout[-20_000:]}\n{uwsgi.stderr[-5_000:]}\n")
        raise
    finally:
        uwsgi.end()


def eventually(happened: Callable[[], bool], otherwise: str, uwsgi: Uwsgi | None = None) -> None:
    """Wait until something has happened."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if happened():
                return
        except (OSError, http.client.HTTPException):
            # Not yet there, or just being replaced.
            pass
        if uwsgi and uwsgi.process.poll() is not None:
            raise AssertionError(f"{otherwise}: it ended with {uwsgi.wait_for_end()}")
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _session(pid: int) -> int:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    fields = state.rpartition(")")[2].split()
    return 0 if fields[0] == "Z" else int(fields[3])


def leak(uwsgi: Uwsgi) -> None:
    """Have a worker leak until it is replaced, which none is before it has lived for a while."""
    leaking = uwsgi.ask("/leak/200").json["pid"]

    def replaced() -> bool:
        uwsgi.ask()
        return leaking not in uwsgi.members()

    eventually(replaced, "it was not replaced", uwsgi)
