"""An nginx in front of the servers, as one stands in front of services in production.

Each server has a port of its own on it. Clients keep their connections to nginx; towards a server
nginx keeps what the server keeps. The rendered service closes each connection after its response.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks import processes
from benchmarks.rounds import Measurable
from benchmarks.servers import answers
from tasks.edge import nginx
from tasks.ports import free_port
from tasks.program import Program

CONFIGURATION = """\
{user}daemon off;
pid nginx.pid;
error_log error.log;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path client;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{servers}
}}
"""

SERVER = """\
    upstream {name} {{
        server 127.0.0.1:{port};
        keepalive 64;
        keepalive_requests 1000000;
    }}
    server {{
        listen 127.0.0.1:{listen};
        location / {{
            proxy_pass http://{name};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Request-Start t=${{msec}};
        }}
    }}"""


class Behind:
    """A server behind nginx."""

    def __init__(self, server: Measurable, port: int) -> None:
        """`port` is nginx's for it."""
        self.name = server.name
        self.title = server.title
        self.port = port
        self.server = server

    @property
    def pids(self) -> list[int]:
        """The processes of the server, without nginx's."""
        return self.server.pids


def configuration(servers: Sequence[Behind]) -> str:
    """Return the configuration of an nginx in front of servers."""
    return CONFIGURATION.format(
        # Otherwise root's nginx hands over to a user who may not enter the folder.
        user="user root;\n" if os.geteuid() == 0 else "",
        servers="\n".join(
            SERVER.format(name=each.name, port=each.server.port, listen=each.port)
            for each in servers
        ),
    )


class Proxy:
    """An nginx that runs."""

    def __init__(self, servers: Sequence[Measurable], folder: Path) -> None:
        """Start it in an empty folder."""
        self.servers = [Behind(server, free_port()) for server in servers]
        (folder / "nginx.conf").write_text(configuration(self.servers), "utf-8")
        words = [nginx(), "-p", f"{folder}/", "-e", "error.log", "-c", "nginx.conf"]
        self._program = Program(words, folder, os.environ, folder / "output.log")

    def wait(self) -> None:
        """Wait until all servers answer through it."""
        for each in self.servers:
            self._program.wait_until(partial(answers, each.port), f"nginx in front of {each.name}")

    @property
    def pids(self) -> list[int]:
        """Its processes."""
        return processes.of_tree(self._program.pid)

    def stop(self) -> None:
        """End it."""
        if not self._program.has_ended:
            self._program.kill()


@contextmanager
def in_front_of(servers: Sequence[Measurable], folder: Path) -> Iterator[Proxy]:
    """Start an nginx in front of servers, and end it after the block."""
    proxy = Proxy(servers, folder)
    try:
        proxy.wait()
        yield proxy
    finally:
        proxy.stop()
