"""What is in an image: read inside a container of it, which has no network."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from invoke import Exit

from . import docker
from .advisories import Package
from .findings import Finding

# Run by the image's own Python.
_LIST = """
import json, pathlib
from importlib import metadata

print(json.dumps({
    "python": sorted({(each.name, each.version) for each in metadata.distributions()}),
    "debian": pathlib.Path("/var/lib/dpkg/status").read_text(),
    "release": pathlib.Path("/etc/os-release").read_text(),
}))
"""

_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY", re.IGNORECASE)


@dataclass(frozen=True)
class Contents:
    """The packages of an image."""

    packages: list[Package]

    def requirements(self) -> str:
        """Return Python's packages as pip writes them."""
        return "".join(
            f"{each.name}=={each.version}\n" for each in self.packages if each.ecosystem == "PyPI"
        )

    def debian_components(self) -> list[dict[str, Any]]:
        """Return Debian's packages as components of a CycloneDX document."""
        return [
            {
                "type": "library",
                "bom-ref": f"debian-{each.name}",
                "name": each.name,
                "version": each.version,
                "purl": f"pkg:deb/debian/{each.name}@{each.version.replace('+', '%2B')}",
            }
            for each in self.packages
            if each.ecosystem != "PyPI"
        ]


def read(image: str) -> Contents:
    """Return what is in an image."""
    confined = ("--rm", "--network=none", "--read-only", "--cap-drop=ALL", "--entrypoint=python")
    done = docker.ask("run", *confined, image, "-c", _LIST)
    if done.returncode:
        raise Exit(f"What is in {image} cannot be read: {done.stderr.strip()}", 1)
    told = json.loads(done.stdout)
    packages = [Package(name, version, "PyPI") for name, version in told["python"]]
    packages += debian(told["debian"], told["release"])
    return Contents(packages)


def debian(status: str, release: str) -> list[Package]:
    """Return Debian's packages, by the names of their sources: advisories go by these."""
    [number] = re.findall(r'^VERSION_ID="?(\d+)"?$', release, re.MULTILINE)
    found = set()
    for paragraph in status.strip().split("\n\n"):
        entries: dict[str, str] = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))
        if " installed" not in entries.get("Status", ""):
            continue
        # Source: name, or with another version than the package's: name (version)
        source, _, version = (entries.get("Source") or entries["Package"]).partition(" ")
        installed = version.strip("()") or entries["Version"]
        found.add(Package(source, installed, f"Debian:{number}"))
    return sorted(found, key=lambda package: package.name)


def misconfigured(image: str) -> Iterator[Finding]:
    """Yield what is wrong with how an image is set up."""
    done = docker.ask("image", "inspect", image)
    if done.returncode:
        raise Exit(f"There is no image {image}: {done.stderr.strip()}", 1)
    config = json.loads(done.stdout)[0]["Config"]
    user = config.get("User", "").partition(":")[0]
    if not user.isdecimal() or int(user) == 0:
        yield _wrong("user", image, f"it runs as {user or 'root'}: say another one as a number")
    check = (config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    if check[0] == "NONE":
        yield _wrong("healthcheck", image, "nobody can see whether it works: give it one")
    for variable in config.get("Env") or []:
        name, _, value = variable.partition("=")
        if value and _SECRET.search(name):
            yield _wrong("secret-in-image", name, "whoever has the image has this: supply it later")


def _wrong(kind: str, where: str, what: str) -> Finding:
    return Finding("misconfiguration", kind, where, what)
