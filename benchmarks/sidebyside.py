"""The rendered service and what its users would pick instead, on one database, in turns."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import processes, proxy
from benchmarks.proxy import Proxy
from benchmarks.rounds import Measurable, Series, measure
from benchmarks.servers import VARIANTS, Rendered, Server, Variant
from benchmarks.tables import Table
from benchmarks.work import WRITER, Work, all_work, check_alike


@dataclass(frozen=True)
class Effort:
    """What to measure: at how many connections, and which kinds of work."""

    connections: tuple[int, ...]
    work: tuple[str, ...] = ()
    is_direct: bool = False
    """Whether clients connect to the servers themselves, and not to nginx in front of them."""

    def wants(self, work: Work) -> bool:
        """Whether a kind of work is measured; all are where none is named."""
        return not self.work or work.name in self.work


@dataclass
class SideBySide:
    """Servers that run on one table, and an nginx in front of them."""

    table: Table
    servers: Sequence[Measurable]
    proxy: Proxy
    work: Sequence[Work]

    def measure(self, effort: Effort, rounds: int) -> Iterator[Series]:
        """Measure each kind of work that is wanted, first of all whether all answer it alike."""
        wanted = [work for work in self.work if effort.wants(work)]
        servers = self.servers if effort.is_direct else self.proxy.servers
        check_alike(servers, wanted)
        self._clean_up()
        for connections in effort.connections:
            for work in wanted:
                way = "direct" if effort.is_direct else "behind nginx"
                say(f"{self.table.rows:,} rows, {connections} connections, {way}: {work.name}")
                yield from measure(
                    servers,
                    work,
                    connections=connections,
                    rows=self.table.rows,
                    rounds=rounds,
                    after_round=self._clean_up if work.writes else lambda: None,
                    others={"nginx": self._proxy, "PostgreSQL": self._database},
                )

    def _proxy(self) -> list[int]:
        return self.proxy.pids

    def _database(self) -> list[int]:
        return processes.of_tree(self.table.service.server.pid)

    def _clean_up(self) -> None:
        self.table.remove_rows_of(WRITER)


@contextmanager
def started(table: Table, variants: Iterable[Variant] = VARIANTS) -> Iterator[SideBySide]:
    """Start the variants on the table of a running service."""
    service = table.service
    [public_key] = (service.keys / "public").glob("*.pem")
    variables = {"DATABASE_URL": service.database, "PUBLIC_KEY": str(public_key)}
    with ExitStack() as stack:
        servers: list[Server] = []
        for variant in variants:
            servers.append(Server(variant, service.private, variables))
            stack.callback(servers[-1].stop)
        for server in servers:
            server.wait()
        measured: list[Measurable] = [Rendered(service), *servers]
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        front = stack.enter_context(proxy.in_front_of(measured, folder))
        yield SideBySide(table, measured, front, work_on(table))


def work_on(table: Table) -> list[Work]:
    """Return all work, with tokens that the service of a table accepts."""
    own, writers = (table.service.token(name, minutes=60) for name in ("ada", WRITER))
    return all_work(own, writers)


def say(what: str) -> None:
    """Tell what is being done."""
    print(f"bench: {what}", file=sys.stderr, flush=True)
