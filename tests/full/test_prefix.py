"""Behind a real nginx that takes a path prefix away, addresses that are returned work."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tasks.running_service import RunningService
from tests.full.metrics import counted, counted_since
from tests.full.proxies import nginx
from tests.running import running_service
from tests.services import InstalledService

PREFIX = "/our/thoughts"

HOSTILE = ["//evil.example", "https://evil.example", "/a/../b", "/\\evil.example", "/a\tb", "evil"]


@pytest.fixture(scope="module")
def trusting(
    rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """The example service under uWSGI, told that there is a proxy before it."""
    folder, trust = tmp_path_factory.mktemp("trusting"), {"http.trusted_proxies": "1"}
    with running_service(rendered_service, folder, trust) as service:
        yield service


@pytest.fixture(scope="module")
def proxied(trusting: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nginx that takes a prefix away and says so."""
    folder = tmp_path_factory.mktemp("proxies") / "nginx"
    with nginx(folder, trusting.port, prefix=PREFIX, tells_prefix=True) as proxy:
        yield f"http://127.0.0.1:{proxy.port}"


@pytest.fixture(scope="module")
def silent(trusting: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nginx that passes on what the client says of a prefix."""
    folder = tmp_path_factory.mktemp("proxies") / "nginx"
    with nginx(folder, trusting.port, prefix=PREFIX) as proxy:
        yield f"http://127.0.0.1:{proxy.port}"


def create(service: RunningService, address: str, **headers: str) -> requests.Response:
    """Create a thought through a proxy."""
    path = f"{PREFIX}/api/me/{service.resources}/"
    headers["Authorization"] = f"Bearer {service.token('ada')}"
    created = requests.post(f"{address}{path}", json={"text": "x"}, headers=headers, timeout=10)
    assert created.status_code == 201
    return created


def next_page(response: requests.Response) -> str:
    """Return the address of the next page."""
    return str(response.links["next"]["url"])


def test_location_link_and_redirect_lead_to_what_they_name(
    trusting: RunningService, proxied: str
) -> None:
    one, two = create(trusting, proxied), create(trusting, proxied)
    shown = requests.get(urljoin(one.url, one.headers["Location"]), timeout=10)
    assert (shown.status_code, shown.json()) == (200, one.json())

    page = requests.get(f"{proxied}{PREFIX}/api/{trusting.resources}/?limit=1", timeout=10)
    assert page.json() == [two.json()]
    following = requests.get(urljoin(page.url, next_page(page)), timeout=10)
    assert (following.status_code, following.json()) == (200, [one.json()])
    first = requests.get(urljoin(page.url, page.links["first"]["url"]), timeout=10)
    assert first.json() == page.json()

    # Without its closing slash.
    moved = requests.get(f"{proxied}{PREFIX}/api/{trusting.resources}?limit=1", timeout=10)
    assert [each.status_code for each in moved.history] == [308]
    assert (moved.url, moved.json()) == (page.url, page.json())


def test_tools_that_read_the_document_call_what_it_describes(
    trusting: RunningService, proxied: str
) -> None:
    document = requests.get(f"{proxied}{PREFIX}/openapi.json", timeout=10).json()
    assert document["servers"] == [{"url": PREFIX}]
    lists = f"{document['servers'][0]['url']}/api/{trusting.resources}/"
    assert requests.get(urljoin(proxied, lists), timeout=10).status_code == 200


def test_log_metrics_and_health_are_those_of_the_route(
    trusting: RunningService, proxied: str
) -> None:
    path = f"/api/{trusting.resources}/"
    before = counted(trusting)
    assert requests.get(f"{proxied}{PREFIX}{path}", timeout=10).status_code == 200
    assert counted_since(before, trusting) == {("GET", path, 200): 1}
    assert re.search(rf'"route": ?"{path}"', trusting.logged())
    assert PREFIX not in trusting.logged()
    assert requests.get(f"{proxied}{PREFIX}/health/ready", timeout=10).status_code == 200


def test_without_the_header_addresses_are_those_of_the_service(
    trusting: RunningService, silent: str
) -> None:
    create(trusting, silent)
    location = create(trusting, silent).headers["Location"]
    assert location.startswith("/api/")
    assert requests.get(f"{silent}{PREFIX}{location}", timeout=10).status_code == 200
    page = requests.get(f"{silent}{PREFIX}/api/{trusting.resources}/?limit=1", timeout=10)
    assert next_page(page).startswith("/api/")


@pytest.mark.parametrize("prefix", HOSTILE)
def test_a_client_cannot_have_others_led_to_another_site(
    trusting: RunningService, silent: str, prefix: str
) -> None:
    headers = {"X-Forwarded-Prefix": prefix}
    page = f"{silent}{PREFIX}/api/{trusting.resources}"
    moved = requests.get(page, headers=headers, allow_redirects=False, timeout=10)
    assert moved.status_code == 308
    created = create(trusting, silent, **headers)
    listed = requests.get(f"{page}/?limit=1", headers=headers, timeout=10)
    for location in (moved.headers["Location"], created.headers["Location"], next_page(listed)):
        assert location.startswith("/api/")
        assert urlsplit(urljoin(page, location)).netloc == urlsplit(page).netloc


def test_who_reaches_the_service_without_a_proxy_is_believed_nothing(
    rendered_service: InstalledService, running: RunningService
) -> None:
    """The setting is 0 unless somebody says otherwise."""
    headers = {"X-Forwarded-Prefix": PREFIX}
    document = requests.get(f"{running.address}/openapi.json", headers=headers, timeout=10)
    assert document.json()["servers"] == [{"url": "/"}]
