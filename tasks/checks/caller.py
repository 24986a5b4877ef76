"""Calls a service as its callers do."""

from typing import Generic, TypeVar

import requests

from ..system import Served

TIMEOUT_SECONDS = 10

Headers = dict[str, str]

Service = TypeVar("Service", bound=Served, covariant=True)


class Caller(Generic[Service]):
    """Calls a `resource`, as somebody, as a user or as an administrator."""

    def __init__(
        self, service: Service, ada: Headers | None = None, root: Headers | None = None
    ) -> None:
        """`ada` and `root` are headers of a user and of an administrator.

        Without them the service's own tasks sign tokens, which it accepts where it has the keys.
        """
        self.service = service
        self.own = f"/api/me/{service.resources}/"
        self.all = f"/api/{service.resources}/"
        self.admin = f"/admin/{service.resources}/"
        self.ada = ada or {"Authorization": f"Bearer {service.token('ada')}"}
        self.root = root or {"Authorization": f"Bearer {service.token('root', 'admin')}"}

    def __call__(self, method: str, path: str, expected: int, **more: object) -> requests.Response:
        """Return the answer to a request, whose status must be the expected one."""
        return answer(self.service, method, path, expected, **more)


def answer(
    service: Served, method: str, path: str, expected: int, **more: object
) -> requests.Response:
    """Return a service's answer to a request; AssertionError where its status is another one."""
    url = f"{service.address}{path}"
    given = requests.request(method, url, timeout=TIMEOUT_SECONDS, **more)  # type: ignore[arg-type]  # passed on
    assert given.status_code == expected, f"{method} {path}: {given.status_code} {given.text[:500]}"
    return given
