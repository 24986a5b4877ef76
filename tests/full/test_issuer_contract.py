"""The issuer's API answers a tool that reads its document as the document says."""

from collections.abc import Iterator

import pytest

from tasks.render import example
from tasks.running_service import RunningService
from tests.conftest import EXAMPLES
from tests.full.fuzzing import assert_no_fault
from tests.full.metrics import counted, counted_since
from tests.running import running_service
from tests.services import install

LOGOUT = "/api/logout/"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """The example of an issuer under uWSGI, with a PostgreSQL of its own."""
    installed = install(example(EXAMPLES["issuer"]), extras="gevent")
    with running_service(installed, tmp_path_factory.mktemp("issuer")) as service:
        yield service


def test_a_tool_that_reads_the_document_finds_no_fault(issuer: RunningService) -> None:
    before = counted(issuer)
    authorization = f"Bearer {issuer.token('root', 'admin').strip()}"
    # Its token is of no use any more once it has logged out.
    assert_no_fault(issuer, authorization, f"--exclude-path={LOGOUT}", examples=50)
    assert_no_fault(issuer, authorization, f"--include-path={LOGOUT}", examples=50)
    assert counted_since(before, issuer).keys() >= {
        *(("POST", "/admin/users/", status) for status in (201, 400, 401, 415)),
        *(("POST", "/api/login/", status) for status in (400, 401, 415)),
        *(("POST", LOGOUT, status) for status in (204, 401)),
    }
