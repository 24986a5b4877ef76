"""Sessions end when somebody signs out, and so do copies of their cookie."""

import requests

from tasks.checks.visitor import CSRF_TOKEN, Visitor
from tasks.system import System
from tests.waiting import eventually


class Copy:
    """Another computer with a copy of a visitor's cookie."""

    def __init__(self, visitor: Visitor) -> None:
        self._address = visitor.system.frontend.address
        self._headers = {"Cookie": visitor.cookies}

    def get(self, path: str) -> requests.Response:
        """Read a page."""
        return requests.get(
            self._address + path, headers=self._headers, timeout=10, allow_redirects=False
        )

    def write(self, text: str, csrf_token: str) -> requests.Response:
        """Send the form."""
        return requests.post(
            f"{self._address}/thoughts/new",
            data={"text": text, "csrf_token": csrf_token},
            headers=self._headers,
            timeout=10,
            allow_redirects=False,
        )


def test_a_copied_cookie_neither_reads_nor_writes_after_the_logout(system: System) -> None:
    visitor = Visitor(system)
    visitor.sign_in()
    copies = [Copy(visitor) for _ in range(2)]
    found = CSRF_TOKEN.search(copies[0].get("/thoughts/new").text)
    assert found
    assert copies[0].get("/thoughts/").status_code == 200
    assert "You are signed out." in visitor.send("/logout/").text
    # Whichever worker it comes to, nothing is written from now on.
    for copy in copies * 4:
        assert copy.write("Not mine", found[1]).status_code == 401
    # And nothing is read once `session.check_seconds` are over, in any worker.
    eventually(lambda: all(copy.get("/thoughts/").status_code == 303 for copy in copies * 4))
    visitor.sign_in()
    assert "Not mine" not in visitor.get("/thoughts/").text


def test_signing_out_ends_no_other_session_of_the_same_user(system: System) -> None:
    at_home, at_work = Visitor(system), Visitor(system)
    at_home.sign_in()
    at_work.sign_in()
    at_home.send("/logout/")
    at_work.send("/thoughts/new", text="Still at work")
    assert "Still at work" in at_work.get("/thoughts/").text
