"""The environments that the packages are tested in."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

from tasks import reserved_names
from tasks.lock import for_packages, pins, without_own_packages
from tasks.packages import FOLDERS, REQUIREMENTS
from tasks.reserved_names import IMPORTED_AS
from tests.hooks.conftest import import_hook
from tests.packages.conftest import skipped

PIN = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)


def test_the_packages_are_tested_in_the_versions_that_services_run() -> None:
    """If they are not: ./invoke lock."""
    tested = dict(PIN.findall(REQUIREMENTS.read_text("utf-8")))
    locked = dict(pin.split("==") for pin in pins(reserved_names.locks()))
    both = tested.keys() & locked.keys()
    assert {"flask", "sqlalchemy", "pytest"} <= both
    assert {name: tested[name] for name in both} == {name: locked[name] for name in both}


def test_all_that_the_packages_name_is_there() -> None:
    """If it is not: ./invoke lock."""
    projects = [
        tomllib.loads((each / "pyproject.toml").read_text("utf-8")) for each in FOLDERS.values()
    ]
    wanted = {re.split(r"[\[<=>]", line)[0] for line in for_packages(*projects)}
    assert {"gevent", "argon2-cffi", "cookiecutter", "poetry-core"} <= wanted
    assert wanted - dict(PIN.findall(REQUIREMENTS.read_text("utf-8"))).keys() == set()


def test_a_packages_extras_groups_and_build_are_taken_and_not_the_other_package() -> None:
    project = {
        "project": {
            "dependencies": ["a", "flask-chassis==1"],
            "optional-dependencies": {"x": ["b"]},
        },
        "dependency-groups": {"test": ["c"]},
        "build-system": {"requires": ["d"]},
    }
    assert for_packages(
        project, {"project": {"dependencies": ["a"]}, "build-system": {"requires": ["d"]}}
    ) == ["a", "b", "c", "d"]


LOCK = """\
[[package]]
name = "flask"
version = "3.1"

[[package]]
name = "flask-chassis"
version = "0.1.0"

[package.dependencies]
flask = ">=3.1"

[[package]]
name = "flask-chassis-tools"
version = "0.1.0"

[extras]
gevent = ["gevent"]
"""


def test_a_lock_is_made_anew_for_what_the_packages_depend_on_now() -> None:
    """Poetry would keep what it has locked of a version, and that has changed without a release."""
    left = without_own_packages(LOCK)
    assert left.count("[[package]]") == 1
    assert left.startswith('[[package]]\nname = "flask"\n')
    assert left.endswith('[extras]\ngevent = ["gevent"]\n')


MODULES = """
import importlib.metadata, json
print(json.dumps(importlib.metadata.packages_distributions()))
"""


def test_the_modules_of_all_that_services_install_are_known(packages: Path) -> None:
    """Those are no names for a service: its own package would hide the other, or be hidden."""
    done = subprocess.run(
        [packages / "bin" / "python", "-c", MODULES], capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    locked = {pin.split("==")[0] for pin in pins(reserved_names.locks())}
    names = import_hook("pre_gen_project").DEPENDENCIES
    missing = {
        module
        for module, distributions in found.items()
        if module.isidentifier() and module[0] != "_" and locked & set(map(normal, distributions))
    } - names
    assert missing == set()
    known = {name for modules in IMPORTED_AS.values() for name in modules}
    # That one is in the program itself, and there is no file of it.
    assert known - found.keys() == {"uwsgi"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_a_skipped_test_is_counted(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    junit.write_text(
        '<testsuites><testsuite><testcase name="a"/>'
        '<testcase name="b"><skipped message="x"/></testcase></testsuite></testsuites>'
    )
    assert skipped(junit) == ["b"]
