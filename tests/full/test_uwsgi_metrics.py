"""The metrics of a rendered service under uWSGI."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.full.test_uwsgi_workers import skip_without_gevent
from tests.full.uwsgi_process import (
    Rendered,
    Uwsgi,
    eventually,
    leak,
    started,
)


def test_metrics_count_the_requests_of_all_workers_by_route(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with started(rendered_service, tmp_path, "--threads=1") as uwsgi:
        with ThreadPoolExecutor(4) as pool:
            pids = {answer.json["pid"] for answer in pool.map(uwsgi.ask, ["/wait/0.05"] * 40)}
            list(pool.map(uwsgi.ask, [f"/items/{number}/" for number in range(40)]))
            list(pool.map(uwsgi.ask, [f"/nowhere/{number}" for number in range(40)]))
        assert len(pids) == 2
        uwsgi.ask("/items/1/", "BREW")
        metrics = uwsgi.metrics()
        series = 'http_requests_total{{method="{}",route="{}",status="{}"}}'.format
        assert metrics[series("GET", "/wait/<float:seconds>", 200)] == 40
        assert metrics[series("GET", "/items/<int:number>/", 200)] == 40
        assert metrics[series("GET", "unmatched", 404)] == 40
        assert metrics[series("other", "unmatched", 405)] == 1
        assert not any("/nowhere" in name for name in metrics)
        of_waits = 'http_request_duration_seconds_{}{{method="GET",route="/wait/<float:seconds>"}}'
        assert metrics[of_waits.format("count")] == 40
        assert 2 <= metrics[of_waits.format("sum")] < 20
        assert metrics['service_info{commit="development",version="development"}'] == 1


def test_no_counter_falls_and_no_file_is_added_when_workers_are_replaced(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with started(
        rendered_service, tmp_path, "--reload-on-rss=150", "--min-worker-lifetime=1"
    ) as uwsgi:
        counted = uwsgi.requests_counted()
        [folder] = tmp_path.glob("metrics-*")
        for _ in range(3):
            leak(uwsgi)
            eventually(lambda: len(uwsgi.members()) == 4, "none took its place", uwsgi)
            before, counted = counted, uwsgi.requests_counted()
            assert counted >= before + 1
        for _ in range(20):
            uwsgi.ask("/items/1/")
        assert uwsgi.requests_counted(route="/items/<int:number>/") == 20
        assert len(list(folder.iterdir())) <= 2 * 3


def test_metrics_are_served_while_every_worker_is_busy(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    with started(rendered_service, tmp_path, "--threads=1") as uwsgi, ThreadPoolExecutor(2) as pool:
        requests = [pool.submit(uwsgi.ask, "/held") for _ in range(2)]
        eventually(
            lambda: all(uwsgi.metrics()[f'uwsgi_worker_busy{{worker="{n}"}}'] for n in (1, 2)),
            "they are not busy",
            uwsgi,
        )
        assert not any(request.done() for request in requests)
        uwsgi.release()
        assert [request.result().status for request in requests] == [200, 200]


def test_metrics_are_on_their_own_port_only(served: Uwsgi) -> None:
    assert served.ask("/metrics").status == 404
    assert served.ask("/", port=served.metrics_port).status == 404


WAITING = 10


@pytest.mark.parametrize("gevent", [False, True], ids=["threads", "gevent"])
def test_the_listen_queue_is_how_many_wait_for_a_thread(
    rendered_service: Rendered, tmp_path: Path, gevent: bool
) -> None:
    """Only uWSGI's master knows it, which tells all processes; the mule serves it."""
    if gevent:
        skip_without_gevent(rendered_service)
    options, at_a_time = (["--gevent=2"], 4) if gevent else (["--threads=1"], 2)
    with (
        started(rendered_service, tmp_path, *options, gevent=gevent) as uwsgi,
        ThreadPoolExecutor(at_a_time + WAITING) as pool,
    ):
        eventually(lambda: uwsgi.metrics()["uwsgi_listen_queue"] == 0, "it is not empty", uwsgi)
        slow = [pool.submit(uwsgi.ask, "/held") for _ in range(at_a_time)]
        eventually(lambda: len(uwsgi.records(message="busy")) == at_a_time, "not busy", uwsgi)
        others = [pool.submit(uwsgi.ask) for _ in range(WAITING)]
        eventually(lambda: uwsgi.metrics()["uwsgi_listen_queue"] == WAITING, "not full", uwsgi)
        uwsgi.release()
        assert {request.result().status for request in slow} == {200}
        assert {request.result().status for request in others} <= {200, 503}
        eventually(lambda: uwsgi.metrics()["uwsgi_listen_queue"] == 0, "it stays full", uwsgi)


def test_the_duration_has_the_wait_for_a_thread(rendered_service: Rendered, tmp_path: Path) -> None:
    """Each request takes half a second; those that wait for the others take longer."""
    with (
        started(rendered_service, tmp_path, "--threads=1", "--workers=1") as uwsgi,
        ThreadPoolExecutor(8) as pool,
    ):
        uwsgi.ask("/wait/0.5")
        answered = 1
        name = 'http_request_duration_seconds_{}{{method="GET",route="/wait/<float:seconds>"}}'

        def waited() -> bool:
            nonlocal answered
            requests = pool.map(uwsgi.ask, ["/wait/0.5"] * 8)
            answered += sum(request.status == 200 for request in requests)
            return uwsgi.metrics()[name.format("sum")] > 1.5 * 0.5 * answered

        eventually(waited, "the wait is not in the metric", uwsgi)
