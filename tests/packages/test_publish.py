"""`./invoke publish` puts chassis and tools on an index, as they are in the services' vendor/."""

import base64
import hashlib
import importlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from invoke import Context, Exit

from tasks.folders import PROGRAMS
from tasks.ports import free_port, listens
from tests.waiting import eventually

publishing = importlib.import_module("tasks.publish")  # `tasks.publish` itself is the task
wheels = importlib.import_module("tasks.wheels")

TAG = f"v{publishing.written()}"
USER, PASSWORD = "publisher", "s3cret"


@dataclass
class Index:
    """An index on this machine, which takes uploads of one user."""

    address: str
    folder: Path

    def files(self) -> dict[str, bytes]:
        """Return the files that it has taken."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """A pypiserver, empty at first."""
    folder, users, port = tmp_path / "packages", tmp_path / "users", free_port()
    folder.mkdir()
    checksum = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()  # noqa: S324
    users.write_text(f"{USER}:{{SHA}}{checksum}\n")
    words = ["run", "--interface=127.0.0.1", f"--port={port}", "--disable-fallback"]
    words += [f"--passwords={users}", "--authenticate=update", str(folder)]
    server = subprocess.Popen([PROGRAMS / "pypi-server", *words])
    try:
        eventually(lambda: listens(port))
        yield Index(f"http://127.0.0.1:{port}", folder)
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's, in the environment."""
    monkeypatch.setenv("UV_PUBLISH_USERNAME", USER)
    monkeypatch.setenv("UV_PUBLISH_PASSWORD", PASSWORD)


def publish(address: str, **options: str | bool) -> None:
    publishing.publish(Context(), index=address, **options)


@pytest.mark.usefixtures("credentials")
def test_both_packages_are_published_as_services_lock_them(index: Index) -> None:
    publish(f"{index.address}/", tag=TAG)
    assert index.files() == {path.name: path.read_bytes() for path in wheels.VENDOR.iterdir()}
    page = requests.get(f"{index.address}/simple/flask-chassis/", timeout=10).text
    [name] = re.findall(r">(flask_chassis-.+\.whl)<", page)
    assert name in index.files()
    # Once more, as when a pipeline is run again: what is there is not sent.
    publish(f"{index.address}/", tag=TAG, existing=f"{index.address}/simple/")


def test_without_the_right_password_nothing_is_published(
    index: Index, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UV_PUBLISH_USERNAME", USER)
    monkeypatch.setenv("UV_PUBLISH_PASSWORD", "wrong")
    with pytest.raises(Exit) as told:
        publish(f"{index.address}/", tag=TAG)
    assert told.value.code != 0
    # pypiserver refuses before it has read the whole file, which uv tells as the one or the other.
    assert re.search("403|Broken pipe|reset by peer", capfd.readouterr().err)
    assert index.files() == {}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments that uv would be called with."""
    calls: list[list[str]] = []

    def run(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(words)
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(publishing.subprocess, "run", run)
    return calls


@pytest.mark.parametrize(
    ("index", "option"),
    [
        ("https://a.b/upload/", "--publish-url=https://a.b/upload/"),
        ("internal", "--index=internal"),
    ],
)
def test_an_index_is_an_address_or_a_name(
    sent: list[list[str]], monkeypatch: pytest.MonkeyPatch, index: str, option: str
) -> None:
    monkeypatch.setattr(publishing, "faults_of_wheels", list)
    publish(index, tag=TAG)
    [words] = sent
    assert option in words


@pytest.mark.parametrize("tag", ["v99.0.0", TAG.removeprefix("v"), f"{TAG}.1"])
def test_another_tag_is_refused(
    sent: list[list[str]], monkeypatch: pytest.MonkeyPatch, tag: str
) -> None:
    monkeypatch.setattr(publishing, "faults_of_wheels", list)
    with pytest.raises(Exit, match=f"its tag is {re.escape(TAG)}, not {re.escape(tag)}"):
        publish("https://a.b/", tag=tag)
    assert sent == []


def test_a_commit_without_the_tag_is_refused(
    sent: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "faults_of_wheels", list)
    monkeypatch.setattr(publishing, "tags", lambda: ["nightly"])
    with pytest.raises(Exit, match=f"its tag is {re.escape(TAG)}, not nightly"):
        publish("https://a.b/")
    monkeypatch.setattr(publishing, "tags", lambda: ["nightly", TAG])
    publish("https://a.b/", check=True)
    assert sent == []


def test_wheels_that_are_not_what_the_sources_give_are_refused(
    sent: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "faults_of_wheels", lambda: ["the wheels differ"])
    with pytest.raises(Exit, match="the wheels differ"):
        publish("https://a.b/", tag=TAG)
    assert sent == []


def test_a_password_in_the_address_is_refused(sent: list[list[str]]) -> None:
    with pytest.raises(Exit, match="Leave user and password out of the address"):
        publish("https://user:s3cret@a.b/", tag=TAG)
    assert sent == []
