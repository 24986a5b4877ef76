"""DNS that fails: the name of the database is not known for a while."""

from collections.abc import Iterator

import pytest

from tests.docker.engine import HARDENED, LABEL, Container, ask, docker, until
from tests.docker.stack import POSTGRES, Stack

NETWORK = "template-tests-names"
NAME = "database-of-the-tests"


@pytest.fixture
def network() -> Iterator[str]:
    """A network whose containers know one another by name."""
    docker("network", "create", f"--label={LABEL}", NETWORK)
    yield NETWORK
    docker("network", "rm", NETWORK)


@pytest.fixture
def database(network: str) -> Iterator[Container]:
    """A database that has a name there."""
    options = (
        f"--network={network}",
        f"--network-alias={NAME}",
        "--env=POSTGRES_PASSWORD=postgres",
    )
    with Container(POSTGRES, options=options) as started:
        until(lambda: not ask("exec", started.id, "pg_isready", "-h127.0.0.1").returncode, "it is")
        yield started


def test_a_name_that_is_not_known_for_a_while(
    stack: Stack, network: str, database: Container
) -> None:
    elsewhere = (stack.variable("database.host", NAME), stack.variable("database.port", 5432))
    options = (*HARDENED, *stack.options, *elsewhere, f"--network={network}")
    docker("run", "--rm", *options, stack.image, stack.command, "db.create")
    with Container(stack.image, options=options) as service:

        def fault(path: str) -> str:
            probe = ("python", "-m", "flask_chassis.serving.probe", f"/health/{path}")
            return ask("exec", service.id, *probe).stderr.strip()

        until(lambda: fault("ready") == "", "ready", otherwise=service.log)
        docker("network", "disconnect", network, database.id)
        until(lambda: fault("ready").startswith("503 "), "not ready", otherwise=service.log)
        assert fault("live") == ""
        # The first connections are those that it had; new ones need the name.
        until(lambda: fault("ready") and service.says("could not translate host name"), "told")
        docker("network", "connect", f"--alias={NAME}", network, database.id)
        until(lambda: fault("ready") == "", "ready again", otherwise=service.log)
        assert service.state["Running"]
        assert len(service.records()) > 10
