"""What a worker of the issuer keeps of the memory that passwords take: nothing, for long."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tasks.system import Login, System
from tests.system.conftest import NewSystem

USERS = 8
LOGINS = 6
"""Of each user, one after the other, from all threads of both workers."""

KEPT_BY_THREADS = {
    "MALLOC_MMAP_THRESHOLD_": "20971520",
    "MALLOC_TRIM_THRESHOLD_": "41943040",
}
"""What glibc comes to by itself where nobody sets the first: what a thread frees, it keeps."""

MEBIBYTE = 2**20


def largest_worker(system: System) -> float:
    """Return the memory of the largest worker after many logins, in MiB."""
    logins = [Login(f"user-{number}", "a good long password") for number in range(USERS)]
    for login in logins:
        system.create_user(login)

    def log_in(login: Login) -> None:
        for _ in range(LOGINS):
            assert system.authorization(login)

    with ThreadPoolExecutor(USERS) as threads:
        list(threads.map(log_in, logins))
    scraped = requests.get(f"{system.users.metrics_address}/metrics", timeout=10).text
    found = re.findall(r"uwsgi_worker_resident_bytes\{.*\} (\S+)", scraped)
    assert len(found) == 2
    return max(map(float, found)) / MEBIBYTE


@pytest.fixture
def keeping(new_system: NewSystem) -> System:
    """A system whose issuer gives nothing back."""
    made = new_system()
    made.users.more_variables = KEPT_BY_THREADS
    made.start()
    return made


def test_a_worker_gives_back_what_a_password_took(system: System, keeping: System) -> None:
    kept, given_back = largest_worker(keeping), largest_worker(system)
    print(f"largest worker: {given_back:.0f} MiB, and {kept:.0f} MiB where nothing is given back")
    assert given_back < kept - 50
