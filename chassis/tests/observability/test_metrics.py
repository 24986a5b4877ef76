"""Requests are counted and timed, by route and never by what a caller can make up."""

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY

from flask_chassis.observability import version
from flask_chassis.settings import Settings

from ..probes import FAILURES, PLACES


def counted(method: str, route: str, status: str) -> float:
    """Return how many requests of these labels were answered so far."""
    labels = {"method": method, "route": route, "status": status}
    return REGISTRY.get_sample_value("http_requests_total", labels) or 0


def timed(name: str, method: str, route: str, **labels: str) -> float:
    """Return a sample of the durations."""
    labels |= {"method": method, "route": route}
    sample = REGISTRY.get_sample_value(f"http_request_duration_seconds_{name}", labels)
    return sample or 0


@pytest.mark.parametrize("place", PLACES)
def test_requests_are_counted_by_route(probe: FlaskClient, place: str) -> None:
    route = f"{place}/<name>/"
    before = counted("GET", route, "200")
    for query in ("", "?a=b", "?a=c"):
        probe.get(f"{place}/free/{query}")
    assert counted("GET", route, "200") == before + 3


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("name", "status"), FAILURES.items())
def test_errors_are_counted_by_status(
    probe: FlaskClient, place: str, name: str, status: str
) -> None:
    before = counted("GET", f"{place}/<name>/", status)
    probe.get(f"{place}/{name}/?status=418")
    assert counted("GET", f"{place}/<name>/", status) == before + 1


def test_what_matches_no_route_is_counted_together(probe: FlaskClient) -> None:
    before = counted("GET", "unmatched", "404")
    for path in ("/a", "/b/c", "/api/d/", "/%00"):
        probe.get(path)
    assert counted("GET", "unmatched", "404") == before + 4


def test_a_method_that_was_made_up_is_counted_as_other(probe: FlaskClient) -> None:
    before = counted("other", "unmatched", "405")
    for method in ("BREW", "X" * 50):
        probe.open("/probes/free/", method=method)
    assert counted("other", "unmatched", "405") == before + 2


def test_durations_are_in_seconds(probe: FlaskClient) -> None:
    labels = ("GET", "/probes/<name>/")
    count, total = timed("count", *labels), timed("sum", *labels)
    quick = timed("bucket", *labels, le="0.025")
    probe.get("/probes/wait/")
    assert timed("count", *labels) == count + 1
    assert 0.05 <= timed("sum", *labels) - total < 1
    assert timed("bucket", *labels, le="0.025") == quick


def test_the_running_version_is_a_metric(probe: FlaskClient, settings: Settings) -> None:
    assert REGISTRY.get_sample_value("service_info", version.current(settings)) == 1
