"""Test where a service's chassis comes from, and that `template.drift` reports a patched one."""

import hashlib
import re
from pathlib import Path

import pytest

from flask_chassis_tools.updates import chassis, checksums, content_hash, lock_file
from flask_chassis_tools.updates.faults import UpdateError

from ..conftest import Run

WHEEL = "vendor/flask_chassis-0.2.0-py3-none-any.whl"
CONTENT = b"PK\0wheel"
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()

PYPROJECT = """\
[project]
dependencies = ["flask-chassis[api]>=0.2.0"]

[tool.poetry.dependencies]
flask-chassis = {{ path = "{path}" }}
"""

PACKAGE = """\
[[package]]
name = "flask"
version = "3.1.3"

[[package]]
name = "{name}"
version = "{version}"
files = [
    {{file = "{file}", hash = "sha256:{checksum}"}},
]
{source}
"""


def source(**values: str) -> str:
    """Return the table of a package's source."""
    return "\n[package.source]\n" + "".join(f'{key} = "{text}"\n' for key, text in values.items())


VENDORED = source(type="file", url=WHEEL)
INDEXED = source(type="legacy", url="https://packages.acme.example/simple", reference="acme")
FROM_GIT = source(
    type="git",
    url="https://git.acme.example/template.git",
    reference="fix-1234",
    resolved_reference="0123456789abcdef0123456789abcdef01234567",
    subdirectory="chassis",
)


def write(
    folder: Path,
    text: str,
    *,
    checksum: str = CHECKSUM,
    delivered: bool = True,
    name: str = chassis.CHASSIS,
) -> None:
    """Write a service that locks a chassis; `delivered` is whether the template has its wheel."""
    pyproject = PYPROJECT.format(path=WHEEL)
    package = {"name": name, "version": "0.2.0", "file": "x.whl", "checksum": checksum}
    lock = PACKAGE.format(source=text, **package)
    lock += f'\n[metadata]\ncontent-hash = "{content_hash.of(pyproject)}"\n'
    (folder / "pyproject.toml").write_text(pyproject)
    (folder / lock_file.FILE).write_text(lock)
    (folder / WHEEL).parent.mkdir(exist_ok=True)
    (folder / WHEEL).write_bytes(CONTENT)
    wheel = f"vendor/{name.replace('-', '_')}-0.2.0-py3-none-any.whl"
    (folder / wheel).write_bytes(CONTENT)
    (folder / checksums.FILE).write_text(f"{CHECKSUM}  {wheel}\n" if delivered else "")


@pytest.mark.parametrize(
    ("text", "delivered", "kind", "shown"),
    [
        (VENDORED, True, "vendor", f"flask-chassis 0.2.0 in {WHEEL}"),
        (INDEXED, False, "index", "flask-chassis 0.2.0 from index https://packages.acme.example/"),
        ("", False, "index", "flask-chassis 0.2.0 from index PyPI"),
    ],
    ids=["the template's wheel", "the organisation's index", "the public index"],
)
def test_the_templates_chassis_is_recognised(
    tmp_path: Path, text: str, delivered: bool, kind: str, shown: str
) -> None:
    write(tmp_path, text, delivered=delivered)
    found = chassis.chassis_source(tmp_path)
    assert found is not None
    assert (found.kind, found.is_from_template) == (kind, True)
    assert str(found).startswith(shown)
    assert chassis.foreign_sources(tmp_path) == []


@pytest.mark.parametrize("delivered", [True, False], ids=["wheel", "index"])
@pytest.mark.parametrize(
    ("text", "kind", "location"),
    [
        (source(type="directory", url="../template/chassis"), "path", "../template/chassis"),
        (source(type="directory", url="vendor/flask-chassis"), "path", "vendor/flask-chassis"),
        (FROM_GIT, "git", "https://git.acme.example/template.git (fix-1234, 0123456789)"),
        (source(type="url", url="https://a.example/x.whl"), "url", "https://a.example/x.whl"),
        (source(type="file", url="vendor/patched.whl"), "file", "vendor/patched.whl"),
    ],
    ids=["a folder", "a copy", "git", "url", "another wheel"],
)
def test_a_patched_chassis_is_recognised(
    tmp_path: Path, text: str, kind: str, location: str, delivered: bool
) -> None:
    write(tmp_path, text, delivered=delivered)
    [found] = chassis.foreign_sources(tmp_path)
    assert (found.kind, found.location, found.version) == (kind, location, "0.2.0")
    assert str(found) == f"flask-chassis 0.2.0 from {kind} {location}"
    if delivered:
        assert f'Set flask-chassis = {{ path = "{WHEEL}" }} in [tool.poetry' in found.way_back
    else:
        assert found.way_back.startswith("Remove flask-chassis in [tool.poetry.dependencies]")
    is_copy = location.startswith("vendor/")
    assert (f"Delete {location}." in found.way_back) == is_copy
    assert found.way_back.endswith("poetry lock && ./bootstrap")


def test_a_wheel_with_another_content_is_not_the_templates(tmp_path: Path) -> None:
    write(tmp_path, VENDORED, checksum=hashlib.sha256(b"patched").hexdigest())
    [found] = chassis.foreign_sources(tmp_path)
    assert (found.kind, found.location) == ("file", WHEEL)


def test_an_index_is_foreign_if_the_template_delivers_a_wheel(tmp_path: Path) -> None:
    write(tmp_path, INDEXED)
    [found] = chassis.foreign_sources(tmp_path)
    assert found.kind == "index"


def test_the_tools_are_compared_like_the_chassis(tmp_path: Path) -> None:
    write(tmp_path, FROM_GIT, name=chassis.TOOLS)
    [found] = chassis.foreign_sources(tmp_path)
    assert (found.distribution, found.kind) == ("flask-chassis-tools", "git")
    assert "[tool.poetry.group.dev.dependencies]" in found.way_back
    assert found.wheel == "vendor/flask_chassis_tools-0.2.0-py3-none-any.whl"
    assert chassis.chassis_source(tmp_path) is None


def test_an_outdated_lock_is_reported(tmp_path: Path) -> None:
    write(tmp_path, VENDORED)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.format(path="../chassis"))
    found = chassis.chassis_source(tmp_path)
    assert str(found).endswith("(poetry.lock is outdated: run poetry lock)")


def test_a_service_from_before_the_chassis_was_a_package_has_none(tmp_path: Path) -> None:
    assert chassis.chassis_source(tmp_path) is None
    (tmp_path / lock_file.FILE).write_text('[[package]]\nname = "flask"\nversion = "3.1.3"\n')
    assert chassis.chassis_source(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<<<<<<< ours\n", "a conflict marker, <<<<<<<"),
        # In the entry of another package, which is not parsed.
        ('[[package]]\nname = "flask"\n<<<<<<< ours\nversion = "3.1.3"\n', "<<<<<<<"),
        ('[[package]]\nname = "flask-chassis"\nversion = 3.1.3\n', "its entry of flask-chassis: "),
    ],
)
def test_a_lock_that_is_not_valid_is_an_error(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / lock_file.FILE).write_text(text)
    with pytest.raises(UpdateError, match=rf"poetry\.lock cannot be read: .*{re.escape(fault)}"):
        chassis.chassis_source(tmp_path)


def test_drift_reports_a_patched_chassis_and_the_way_back(run: Run, checkout: Path) -> None:
    write(checkout, FROM_GIT)
    failed = run("template.drift")
    assert failed.code == 1
    assert failed.out.startswith(
        "not the template's: flask-chassis 0.2.0 from git https://git.acme"
    )
    assert "poetry lock && ./bootstrap" in failed.out
    assert failed.error == "The service does not run on the template's chassis.\n"


def test_drift_reports_a_patched_chassis_together_with_edited_files(
    run: Run, checkout: Path
) -> None:
    write(checkout, FROM_GIT)
    (checkout / WHEEL).write_bytes(b"edited")
    failed = run("template.drift")
    assert failed.code == 1
    assert failed.out.splitlines()[1:] == [
        f"edited: {WHEEL}",
        "Restore a wheel in vendor/ as it was rendered: git checkout -- vendor",
    ]


def test_drift_passes_on_the_templates_chassis(run: Run, checkout: Path) -> None:
    write(checkout, VENDORED)
    done = run("template.drift")
    assert (done.code, done.out) == (0, "No template-owned file was edited.\n")
