"""Whether a request costs more when there is more data: the same one on two tables, in turns."""

import base64
import hashlib
import json
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from benchmarks.tables import FREQUENT, PAST, RARE, WORST, Table
from tasks.running_service import RunningService

SMALL, LARGE = 10_000, 1_000_000
PAGE = 20

ROUNDS = 7
REQUESTS = 30
"""Of each kind to each table in a round."""

SLOW_ROUNDS, SLOW_REQUESTS = 5, 2

BAR = 1.3
"""A request to the large table may cost so many times what it costs to the small one."""


@dataclass(frozen=True)
class Kind:
    """A kind of request: its path for a table of so many rows."""

    name: str
    path: str
    has_token: bool = False
    has_bar: bool = True
    may_be_refused: bool = False
    """Whether 400 is an answer too: of a search that exceeds its time limit."""

    def on(self, table: Table) -> str:
        """Return its path on a table."""
        # Page 10,000; in a small table, one as far down as it goes.
        depth = min(10_000 * PAGE, table.rows * 4 // 5)
        things = table.service.resources
        deep = cursor(things, table.rows - depth)
        return self.path.format(things=things, middle=table.rows // 2, deep=deep)


KINDS = (
    Kind("nothing (/health/live)", "/health/live"),
    Kind("one", "/api/{things}/{middle}/"),
    Kind("list", "/api/{things}/"),
    Kind("list, page 10,000", "/api/{things}/?after={deep}"),
    Kind("own", "/api/me/{things}/", has_token=True),
    Kind("search: 50 anywhere", f"/api/{{things}}/?search={RARE}"),
    Kind(
        "search: 1,000, all old",
        f"/api/{{things}}/?search={quote(PAST)}",
        has_bar=False,
        may_be_refused=True,
    ),
    Kind("search: none", "/api/{things}/?search=zebrafish"),
    Kind(
        "search: the worst text",
        f"/api/{{things}}/?search={WORST}",
        has_bar=False,
        may_be_refused=True,
    ),
    Kind("search: every tenth", f"/api/{{things}}/?search={FREQUENT}", has_bar=False),
)

WITHOUT_INDEX = (
    Kind(
        "search: 50 anywhere, no index",
        f"/api/{{things}}/?search={RARE}",
        has_bar=False,
        may_be_refused=True,
    ),
    Kind(
        "search: the worst text, no index",
        f"/api/{{things}}/?search={WORST}",
        has_bar=False,
        may_be_refused=True,
    ),
)


def cursor(things: str, identity: int) -> str:
    """Return the cursor of the row with an id, as the service writes it into `Link`."""
    body = json.dumps([identity]).encode()
    checksum = hashlib.blake2s(f"{things} -id\0".encode() + body, digest_size=4).hexdigest()
    return f"{base64.urlsafe_b64encode(body).decode().rstrip('=')}.{checksum}"


@dataclass(frozen=True)
class Measured:
    """What a kind of request took, in milliseconds: the median of each round."""

    kind: Kind
    small: list[float]
    large: list[float]

    @property
    def ratio(self) -> float:
        """How many times as much the large table costs: the median of the rounds' ratios."""
        return statistics.median(self._ratios)

    def as_json(self) -> dict[str, Any]:
        """Return all that was measured."""
        return {
            "request": self.kind.name,
            "small_ms": statistics.median(self.small),
            "large_ms": statistics.median(self.large),
            "ratio": self.ratio,
            "ratio_least": min(self._ratios),
            "ratio_most": max(self._ratios),
            "bar": BAR if self.kind.has_bar else None,
            "rounds_small_ms": self.small,
            "rounds_large_ms": self.large,
        }

    @property
    def _ratios(self) -> list[float]:
        return [large / small for small, large in zip(self.small, self.large, strict=True)]


@dataclass
class Growth:
    """A service with a small table and one with a large table."""

    small: Table
    large: Table

    def measure(self, most_rounds: int | None = None) -> list[Measured]:
        """Measure all kinds of requests, in the end those that an index is taken away for."""
        rounds, slow_rounds = (min(most_rounds or n, n) for n in (ROUNDS, SLOW_ROUNDS))
        found = [self._measure(kind, rounds, REQUESTS) for kind in KINDS]
        if self.small.has_search_index():
            for table in (self.small, self.large):
                table.drop_search_index()
            found += [self._measure(kind, slow_rounds, SLOW_REQUESTS) for kind in WITHOUT_INDEX]
        return found

    def _measure(self, kind: Kind, rounds: int, requests: int) -> Measured:
        measured = Measured(kind, [], [])
        _say(kind.name)
        for table in (self.small, self.large):
            take(kind, table, requests)  # to warm up
        for _ in range(rounds):
            measured.small.append(take(kind, self.small, requests))
            measured.large.append(take(kind, self.large, requests))
        return measured


@contextmanager
def started(folder: Path) -> Iterator[Growth]:
    """Install a service, start it twice, each with its own PostgreSQL, and fill the tables."""
    with ExitStack() as stack:

        def table(rows: int) -> Table:
            private = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
            service = RunningService(folder, private, say=_say)
            stack.callback(service.stop)
            service.service.install()
            service.start()
            _say(f"writing {rows:,} rows")
            made = Table(service, rows)
            made.fill()
            return made

        yield Growth(table(SMALL), table(LARGE))


def take(kind: Kind, table: Table, requests: int) -> float:
    """Send requests one after the other, and return the median of what they take, in ms."""
    headers = {"Authorization": f"Bearer {token(table)}"} if kind.has_token else {}
    return statistics.median(_timed(kind, table, headers) for _ in range(requests))


_tokens: dict[int, str] = {}


def token(table: Table) -> str:
    """Return a token for a table's service, made once."""
    if table.rows not in _tokens:
        _tokens[table.rows] = table.service.token("ada", minutes=60)
    return _tokens[table.rows]


def _timed(kind: Kind, table: Table, headers: dict[str, str]) -> float:
    path = kind.on(table)
    begun = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", table.service.port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    if answer.status != 200 and not (kind.may_be_refused and answer.status == 400):
        raise RuntimeError(f"{path}: {answer.status}")
    return (time.perf_counter() - begun) * 1000


def _say(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)
