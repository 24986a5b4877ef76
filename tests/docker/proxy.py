"""A proxy before two replicas, which is told where to send requests, as in Kubernetes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.ports import free_port
from tests.docker.engine import Container, docker, until, variables
from tests.docker.stack import Service

IMAGE = "template-tests:proxy"


class Proxy:
    """Stands before the replicas."""

    def __init__(self, replicas: dict[str, Service]) -> None:
        """`replicas` are two, called `one` and `two`."""
        self.port, self.admin_port = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.replicas = replicas

    @contextmanager
    def run(self) -> Iterator[None]:
        """Run until the block ends."""
        docker("build", "--tag", IMAGE, Path(__file__).parent / "proxy")
        ports = {name.upper(): service.port for name, service in self.replicas.items()}
        wanted = variables({"PORT": self.port, "ADMIN_PORT": self.admin_port} | ports)
        with Container(IMAGE, options=("--network=host", *wanted)):
            until(self.listens, "the proxy listens")
            yield

    def listens(self) -> bool:
        """Whether it can be told something."""
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", self.admin_port)) == 0

    def send_to(self, name: str, state: str) -> None:
        """Send requests to a replica (`ready`), or no new ones (`drain`)."""
        with socket.create_connection(("127.0.0.1", self.admin_port), timeout=10) as admin:
            admin.sendall(f"set server replicas/{name} state {state}\n".encode())
            refusal = admin.recv(1000).strip()
        assert not refusal, refusal
