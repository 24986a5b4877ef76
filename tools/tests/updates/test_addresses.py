"""Test that no task prints the login of an address, git's and Poetry's messages included."""

import json
from pathlib import Path

import pytest

from flask_chassis_tools.updates import addresses, chassis, git, lock_file, record, updating
from flask_chassis_tools.updates.faults import UpdateError
from flask_chassis_tools.updates.preparing import Wish
from flask_chassis_tools.updates.source import Source

from .made_up import PROGRAMS, Template, commit, write

LOGIN = "ada:planted"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"https://{LOGIN}@git.acme.example/t.git", "https://git.acme.example/t.git"),
        ("https://planted@git.acme.example:8443/t", "https://git.acme.example:8443/t"),
        ("HTTPS://ada:pl@nted@git.acme.example/t", "HTTPS://git.acme.example/t"),
        ("https://ada:pl/nted@git.acme.example/t", "https://git.acme.example/t"),
        ("https://:planted@git.acme.example/t", "https://git.acme.example/t"),
        (f"git+https://{LOGIN}@git.acme.example/t", "git+https://git.acme.example/t"),
        (f"ssh://{LOGIN}@git.acme.example/t", "ssh://ada@git.acme.example/t"),
        (f"fatal: '{{https://{LOGIN}@a.example/}}': no", "fatal: '{https://a.example/}': no"),
        (f"a https://{LOGIN}@a.b/c, https://{LOGIN}@d.e", "a https://a.b/c, https://d.e"),
    ],
)
def test_a_login_is_removed_wherever_it_stands(text: str, shown: str) -> None:
    assert addresses.without_logins(text) == shown
    assert "nted" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@git.acme.example/t.git",
        "git@git.acme.example:t.git",
        "https://git.acme.example:8443/t@v1.0.0",
        "git+https://git.acme.example/t.git@v1.0.0",
        "https://git.acme.example/t by ada@acme.example",
        "http://[::1]:8080/t@v1.0.0",
        '{"a": "https://git.acme.example:80", "b": "ada@acme.example"}',
    ],
)
def test_what_is_no_login_stays(text: str) -> None:
    assert addresses.without_logins(text) == text


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"git://{LOGIN}@127.0.0.1:9/t.git", "git://ada@127.0.0.1:9/t.git"),
        ("https://ada:pl/anted@127.0.0.1:9/t.git", "https://127.0.0.1:9/t.git"),
        ("https://ada:pl anted@127.0.0.1:9/t.git", "https://127.0.0.1:9/t.git"),
    ],
)
def test_a_clone_that_fails_says_where_without_the_login(
    tmp_path: Path, address: str, shown: str
) -> None:
    """Nothing listens at this port. Of the first two, git's own messages have the login."""
    said = git.tries(tmp_path, "ls-remote", address).stderr
    assert b"anted" in said or " " in address
    with pytest.raises(UpdateError) as refused:
        Source.cloned(address, tmp_path / "clone")
    assert f"Cloning the template from {shown} failed: " in str(refused.value)
    assert "anted" not in str(refused.value)
    with pytest.raises(UpdateError, match="git ls-remote ") as failed:
        git.ask(tmp_path, "ls-remote", address)
    assert "anted" not in str(failed.value)


def test_a_record_with_a_login_is_used_and_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = Template.begun(tmp_path / "template")
    template.releases("v1.0.0", {})
    service = template.service(tmp_path / "service", "v1.0.0")
    written = json.loads((service / record.FILE).read_text())
    written["template"] = f"http://{LOGIN}@127.0.0.1:9/t.git"
    write(service, {record.FILE: json.dumps(written)})
    commit(service)
    wish = Wish(service, PROGRAMS)
    with pytest.raises(UpdateError, match="Cloning the template from http://127") as refused:
        updating.update(wish, verify=False)
    assert "planted" not in str(refused.value)
    assert "planted" not in updating.unknown(f"http://{LOGIN}@127.0.0.1:9/t.git")
    assert capsys.readouterr().out == ""


def test_neither_is_the_address_of_a_patched_chassis(tmp_path: Path) -> None:
    git_source = f'type = "git"\nurl = "https://{LOGIN}@git.acme.example/chassis.git"\n'
    entry = f'[[package]]\nname = "flask-chassis"\nversion = "1"\n\n[package.source]\n{git_source}'
    write(tmp_path, {"poetry.lock": entry, "pyproject.toml": ""})
    [found] = chassis.foreign_sources(tmp_path)
    assert "from git https://git.acme.example/chassis.git" in str(found)
    assert "planted" not in f"{found} {found.location} {found!r}"


def test_neither_is_that_of_the_index(tmp_path: Path) -> None:
    """What stands in for Poetry says what Poetry does of an index that does not answer."""
    poetry = tmp_path / "poetry"
    said = f"No answer: https://{LOGIN}@index.acme.example"
    poetry.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    poetry.chmod(0o755)
    (tmp_path / "python").symlink_to(PROGRAMS / "python")
    with pytest.raises(UpdateError, match=r"dependencies: No answer: https://index\.acme"):
        lock_file.make(tmp_path, tmp_path)
