"""An nginx or a HAProxy in front of services, started for a test on 127.0.0.1."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tasks.ports import free_port
from tests.waiting import eventually

# Debian has both outside of an ordinary user's PATH.
PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"

# Nothing else is changed of what matters here: what is retried, what is buffered, what is valid.
NGINX = """\
daemon off;
pid nginx.pid;
error_log error.log;
worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path client;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    client_max_body_size 10m;
    # More than the service takes, so that it is the service that refuses.
    large_client_header_buffers 8 32k;
    upstream service {{
        {servers}
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{port};
        location {prefix}/ {{
            proxy_pass http://service{path};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Request-Start t=${{msec}};
            proxy_set_header X-Forwarded-For $remote_addr;
            {forwarded}
        }}
    }}
}}
"""

HAPROXY = """\
global
    tune.bufsize 65536
    tune.http.maxhdr 256
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    option http-keep-alive
    option forwardfor
    http-reuse always
frontend clients
    bind 127.0.0.1:{port}
    default_backend service
backend service
    {servers}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    prefix: str = ""
    tells_prefix: bool = False

    def send_to(self, backends: Sequence[int]) -> None:
        """Send new requests to these ports; those that are being answered end as they began."""
        workers = self._workers()
        _configure_nginx(self.folder, self.port, backends, self.prefix, self.tells_prefix)
        self.process.send_signal(signal.SIGHUP)
        eventually(lambda: not self._workers() & workers)

    def _workers(self) -> set[str]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return set(children.read_text().split())


@contextmanager
def nginx(
    folder: Path, *backends: int, prefix: str = "", tells_prefix: bool = False
) -> Iterator[Nginx]:
    """Start an nginx that keeps connections to its clients and, as far as they do, to services.

    It serves them below the path `prefix`, which it takes away, and sends in `X-Forwarded-Prefix`
    if it `tells_prefix`; that header is otherwise passed on as it came.
    """
    folder.mkdir()
    port = free_port()
    _configure_nginx(folder, port, backends, prefix, tells_prefix)
    # It writes there before it has read its configuration.
    command = ["nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
    with _started(command, port) as process:
        yield Nginx(port, folder, process, prefix, tells_prefix)


def _configure_nginx(
    folder: Path, port: int, backends: Sequence[int], prefix: str, tells_prefix: bool
) -> None:
    # A server that refuses is asked again at once: it is restarted in a moment.
    servers = " ".join(f"server 127.0.0.1:{backend} max_fails=0;" for backend in backends)
    # Its workers are those of the user who starts it, whose folders they write to.
    user = "user root;\n" if os.geteuid() == 0 else ""
    # Without a path, nginx passes on the address as it came.
    values = {
        "port": port,
        "servers": servers,
        "prefix": prefix,
        "path": "/" if prefix else "",
        "forwarded": f"proxy_set_header X-Forwarded-Prefix {prefix};" if tells_prefix else "",
    }
    (folder / "nginx.conf").write_text(user + NGINX.format(**values))


@contextmanager
def haproxy(folder: Path, backend: int) -> Iterator[int]:
    """Start a HAProxy that keeps connections, and yield its port."""
    folder.mkdir()
    port = free_port()
    config = folder / "haproxy.cfg"
    config.write_text(HAPROXY.format(port=port, servers=f"server one 127.0.0.1:{backend}"))
    with _started(["haproxy", "-db", "-f", str(config)], port):
        yield port


@contextmanager
def _started(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    program = shutil.which(command[0], path=PATH)
    if not program:
        pytest.skip(f"{command[0]} is not installed")
    process = subprocess.Popen([program, *command[1:]])
    try:
        eventually(lambda: _listens(port))
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        time.sleep(0.05)
        return False
    return True
