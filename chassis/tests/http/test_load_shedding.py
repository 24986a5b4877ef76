"""Requests that have waited for too long are refused."""

import io
import time
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY

from flask_chassis.http import load_shedding
from flask_chassis.http.load_shedding import LoadShedder

from ..clock import Clock
from ..conftest import Logged, Make

LONGEST_WAIT = 2
QUEUE = "socket.0.listen_queue"
PATH = "/probes/free/"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the load shedders."""
    clock = Clock()
    monkeypatch.setattr(load_shedding, "time", clock)
    return clock


@pytest.fixture
def shedder(uwsgi: SimpleNamespace, clock: Clock) -> LoadShedder:
    """A load shedder of one of two workers with four threads each."""
    shedder = LoadShedder(uwsgi, LONGEST_WAIT)
    clock.now += 3600
    return shedder


def sent(clock: Clock, seconds_ago: float) -> dict[str, str]:
    """Return the environ of a request that a proxy received some time ago."""
    return {"HTTP_X_REQUEST_START": f"t={clock.now - seconds_ago:.3f}"}


@pytest.mark.parametrize("prefix", ["", "t="])
@pytest.mark.parametrize("number", ["{:.3f}", "{:.0f}", "{:.0f}000", "{:.0f}000.5", "{:.0f}000000"])
def test_the_header_is_in_seconds_milliseconds_or_microseconds(
    clock: Clock, prefix: str, number: str
) -> None:
    header = prefix + number.format(clock.now - 5)
    assert load_shedding.seconds_waited(header, started=0) == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize(
    "header",
    [
        *("", "t=", "t", "now", "-1", "1e9", "inf", "nan", "0x10", "12", "18000000000", "9" * 400),
        *("t=1800000000,t=1800000000", "1800000000 ", "t=1800000000.", "²" * 10),
    ],
)
def test_any_other_header_is_ignored(header: str) -> None:
    assert load_shedding.seconds_waited(header, started=0) is None


def test_a_request_that_a_proxy_received_long_ago_is_shed(
    shedder: LoadShedder, clock: Clock
) -> None:
    assert not shedder.sheds(sent(clock, LONGEST_WAIT - 0.1))
    assert shedder.sheds(sent(clock, LONGEST_WAIT + 0.1))
    # Of a proxy whose clock is ahead.
    assert not shedder.sheds(sent(clock, -60))


def test_a_proxy_with_a_wrong_clock_has_nothing_shed_without_a_queue(
    shedder: LoadShedder, clock: Clock, uwsgi: SimpleNamespace
) -> None:
    uwsgi.metrics[QUEUE] = 0
    assert not shedder.sheds(sent(clock, 3600))
    uwsgi.metrics[QUEUE] = 1
    # The queue is read at most once a second.
    clock.now += 0.9
    assert not shedder.sheds(sent(clock, 3600))
    clock.now += 0.2
    assert shedder.sheds(sent(clock, 3600))


def test_a_request_that_waited_for_the_start_is_not_shed(
    uwsgi: SimpleNamespace, clock: Clock
) -> None:
    shedder = LoadShedder(uwsgi, LONGEST_WAIT)
    clock.now += 1
    assert not shedder.sheds(sent(clock, 60))


def test_without_the_header_a_worker_sheds_its_share_of_the_excess(
    shedder: LoadShedder, clock: Clock, uwsgi: SimpleNamespace
) -> None:
    for _ in range(3):
        shedder.add(4.0)
    # Eight threads answer 2 a second, so 4 of them in time; 8 are too many, 4 for each worker.
    uwsgi.metrics[QUEUE] = 12
    assert [shedder.sheds({}) for _ in range(20)] == [True] * 4 + [False] * 16
    # What is still waiting at the next reading is judged anew.
    clock.now += 1.1
    uwsgi.metrics[QUEUE] = 6
    assert [shedder.sheds({}) for _ in range(20)] == [True] + [False] * 19
    clock.now += 1.1
    uwsgi.metrics[QUEUE] = 4
    assert not any(shedder.sheds({}) for _ in range(20))


def test_without_the_header_nothing_is_shed_that_is_answered_in_time(
    shedder: LoadShedder, clock: Clock, uwsgi: SimpleNamespace
) -> None:
    uwsgi.metrics[QUEUE] = 100
    # How long a request takes is not known yet.
    assert not shedder.sheds({})
    shedder.add(0.1)
    clock.now += 1.1
    assert not shedder.sheds({})


def test_the_mean_follows_the_latest_requests(
    shedder: LoadShedder, clock: Clock, uwsgi: SimpleNamespace
) -> None:
    uwsgi.metrics[QUEUE] = 100
    shedder.add(0.001)
    for _ in range(50):
        shedder.add(4.0)
    assert shedder.sheds({})
    for _ in range(100):
        shedder.add(0.001)
    clock.now += 1.1
    assert not shedder.sheds({})


def test_the_wait_is_measured_by_the_header(
    shedder: LoadShedder, clock: Clock, uwsgi: SimpleNamespace
) -> None:
    request = sent(clock, 1.5)
    assert not shedder.sheds(request)
    assert shedder.wait(request) == pytest.approx(1.5, abs=0.01)
    # Of a proxy whose clock is ahead.
    assert shedder.wait(sent(clock, -60)) == 0


def test_without_the_header_the_wait_is_estimated(
    shedder: LoadShedder, clock: Clock, uwsgi: SimpleNamespace
) -> None:
    shedder.add(0.5)
    uwsgi.metrics[QUEUE] = 32
    assert not shedder.sheds({})
    # Eight threads answer 16 a second.
    assert shedder.wait({}) == pytest.approx(2)


def test_without_a_queue_no_request_has_waited(
    shedder: LoadShedder, clock: Clock, uwsgi: SimpleNamespace
) -> None:
    uwsgi.metrics[QUEUE] = 0
    request = sent(clock, 3600)
    assert not shedder.sheds(request)
    assert shedder.wait(request) == 0


def test_without_uwsgis_metrics_nothing_is_shed(
    shedder: LoadShedder, clock: Clock, uwsgi: SimpleNamespace
) -> None:
    uwsgi.metrics.clear()
    assert not shedder.sheds(sent(clock, 60))


@pytest.fixture
def late(uwsgi: SimpleNamespace, make: Make) -> FlaskClient:
    """A client of a service that sheds what waits for more than 0.5 seconds; each request did."""
    client = make(http__longest_wait_seconds=0.5).test_client()
    time.sleep(0.6)
    client.environ_base["HTTP_X_REQUEST_START"] = f"t={time.time() - 60:.3f}"
    return client


@pytest.mark.parametrize("path", [PATH, "/nowhere/"])
def test_a_request_that_is_shed_is_503_with_retry_after(late: FlaskClient, path: str) -> None:
    response = late.get(path)
    assert response.status_code == 503
    assert response.mimetype == "application/json"
    assert response.json.keys() == {"message"}
    assert "busy" in response.json["message"]
    assert int(response.headers["Retry-After"]) > 0


def test_a_head_request_that_is_shed_has_no_body(late: FlaskClient) -> None:
    head, get = late.head(PATH), late.get(PATH)
    assert (head.status_code, head.data) == (503, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_a_request_that_is_shed_has_an_id_and_is_logged_and_counted(
    late: FlaskClient, logged: Logged
) -> None:
    labels = {"method": "GET", "route": "unmatched", "status": "503"}
    before = REGISTRY.get_sample_value("http_requests_total", labels) or 0
    response = late.get(PATH, headers={"X-Request-ID": "order-17"})
    assert response.headers["X-Request-ID"] == "order-17"
    [record] = logged()
    assert record["request_id"] == "order-17"
    assert (record["route"], record["path"], record["status"]) == ("unmatched", PATH, 503)
    assert REGISTRY.get_sample_value("http_requests_total", labels) == before + 1


def test_the_metric_of_the_duration_has_the_wait(uwsgi: SimpleNamespace, make: Make) -> None:
    labels = {"method": "GET", "route": "unmatched"}
    name = "http_request_duration_seconds_sum"
    client = make(http__longest_wait_seconds=60).test_client()
    time.sleep(0.3)
    before = REGISTRY.get_sample_value(name, labels) or 0
    client.get("/nowhere/", headers={"X-Request-Start": f"t={time.time() - 60:.3f}"})
    # No longer than the service has run.
    assert 0.3 <= (REGISTRY.get_sample_value(name, labels) or 0) - before < 30


def test_a_health_check_is_never_shed(late: FlaskClient) -> None:
    """Kubernetes would restart a service that is only busy."""
    assert late.get("/health/live").status_code == 200


def test_a_body_of_a_request_that_is_shed_is_drained(late: FlaskClient) -> None:
    body = io.BytesIO(b"x" * 300_000)
    with late.post(PATH, input_stream=body, content_length=300_000) as response:
        assert response.status_code == 503
    assert body.read() == b""


def test_outside_uwsgi_nothing_is_shed(probe: FlaskClient) -> None:
    headers = {"X-Request-Start": f"t={time.time() - 60:.3f}"}
    assert probe.get(PATH, headers=headers).status_code == 200
