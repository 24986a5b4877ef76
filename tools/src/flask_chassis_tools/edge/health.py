"""Asks instances whether they are ready, and has nginx leave out those that are not.

nginx finds out by itself that nobody listens. But uWSGI listens before it has loaded the service,
and what is sent to it meanwhile waits for seconds. An instance that is not ready therefore has a
file, at whose sight nginx chooses the other instances. No reload is needed, which might close a
kept connection just as a request arrives on it.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

NOT_READY = "down"
"""The suffix of the file that the watcher makes and removes."""

TAKEN_OUT = "out"
"""The suffix of the file that a person makes, before an instance is stopped."""

PATH = "/health/ready"

TIMEOUT_SECONDS = 1.0
INTERVAL_SECONDS = 0.5


def file_name(service: str, address: str, suffix: str) -> str:
    """Return the name of an instance's file."""
    return f"{service}@{address}.{suffix}"


class Watcher:
    """Keeps the files of instances in a folder as their health is."""

    def __init__(self, folder: Path, backends: Mapping[str, Sequence[str]]) -> None:
        """`backends` are the addresses of the instances, by the names of the services."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._instances = [(name, each) for name, several in backends.items() for each in several]
        # On these machines, whatever proxy the environment names.
        self._opener = build_opener(ProxyHandler({}))

    def run(self, ends: threading.Event, say: Callable[[str], None]) -> None:
        """Look every half second until `ends` is set, and say what has changed."""
        with ThreadPoolExecutor(max_workers=16) as side_by_side:
            while not ends.is_set():
                for change in self.look(side_by_side):
                    say(change)
                ends.wait(INTERVAL_SECONDS)

    def look(self, side_by_side: ThreadPoolExecutor) -> Iterator[str]:
        """Ask every instance once, and yield what has changed."""
        answers = side_by_side.map(lambda each: self._is_ready(each[1]), self._instances)
        for (name, address), is_ready in zip(self._instances, answers, strict=True):
            file = self._folder / file_name(name, address, NOT_READY)
            if is_ready == file.exists():
                if is_ready:
                    file.unlink(missing_ok=True)
                else:
                    file.touch()
                yield f"{name} at {address} is {'ready' if is_ready else 'not ready'}"

    def _is_ready(self, address: str) -> bool:
        try:
            with self._opener.open(f"http://{address}{PATH}", timeout=TIMEOUT_SECONDS) as answer:
                return bool(answer.status == 200)
        except (OSError, HTTPException):
            return False
