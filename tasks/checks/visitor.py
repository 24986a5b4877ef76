"""Visits the pages without a browser: keeps cookies, follows redirects, sends forms."""

import re
from http.cookiejar import Cookie

import requests
from requests.cookies import RequestsCookieJar

from ..system import Login, Together
from .caller import TIMEOUT_SECONDS

CSRF_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class OnThisMachine(RequestsCookieJar):
    """Cookies as browsers keep them, which take 127.0.0.1 for as safe as HTTPS."""

    def set_cookie(self, cookie: Cookie, *arguments: object, **named: object) -> None:
        """Keep a cookie, and have it sent without HTTPS, too."""
        cookie.secure = False
        super().set_cookie(cookie, *arguments, **named)


class Visitor:
    """One who visits the frontend, as a browser with a session of its own."""

    def __init__(self, system: Together) -> None:
        """Nobody has signed in yet."""
        self.system = system
        self._session = requests.Session()
        self._session.cookies = OnThisMachine()

    @property
    def cookies(self) -> str:
        """What it sends as the header `Cookie`."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._session.cookies)

    def get(self, path: str, expected: int = 200, **more: object) -> requests.Response:
        """Return a page, after all redirects."""
        return self._answer("GET", path, expected, **more)

    def send(self, path: str, expected: int = 200, **fields: str) -> requests.Response:
        """Fill in the form of a page and send it."""
        token = self.token_of(path)
        return self._answer("POST", path, expected, data={"csrf_token": token, **fields})

    def token_of(self, path: str) -> str:
        """Return what the form of a page must be sent with."""
        found = CSRF_TOKEN.search(self.get(path).text)
        assert found, f"{path} has no form"
        return found[1]

    def sign_in(self, login: Login | None = None, expected: int = 200) -> requests.Response:
        """Sign in, as the system's person where nobody else is named."""
        person = login or self.system.person
        return self.send("/login/", expected, username=person.username, password=person.password)

    def _answer(self, method: str, path: str, expected: int, **more: object) -> requests.Response:
        url = self.system.frontend.address + path
        answer = self._session.request(method, url, timeout=TIMEOUT_SECONDS, **more)  # type: ignore[arg-type]  # passed on
        assert answer.status_code == expected, (
            f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        )
        return answer
