"""Lists the contents of an image, inside a container without network."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from invoke import Exit

from flask_chassis_tools.docker import engine
from flask_chassis_tools.scanning.advisories import Package
from flask_chassis_tools.scanning.findings import Finding

# Runs with the image's Python.
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
        """Return the Python packages in the format of requirements.txt."""
        return "".join(
            f"{each.name}=={each.version}\n" for each in self.packages if each.ecosystem == "PyPI"
        )

    def debian_components(self) -> list[dict[str, Any]]:
        """Return the Debian packages as components of a CycloneDX document."""
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
    done = engine.ask("run", *confined, image, "-c", _LIST)
    if done.returncode:
        raise Exit(f"What is in {image} cannot be read: {done.stderr.strip()}", 1)
    told = json.loads(done.stdout)
    packages = [Package(name, version, "PyPI") for name, version in told["python"]]
    packages += debian(told["debian"], told["release"])
    return Contents(packages)


def debian(status: str, release: str) -> list[Package]:
    """Return the Debian packages by their source names, which advisories use."""
    [number] = re.findall(r'^VERSION_ID="?(\d+)"?$', release, re.MULTILINE)
    found = set()
    for paragraph in status.strip().split("\n\n"):
        entries: dict[str, str] = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))
        if " installed" not in entries.get("Status", ""):
            continue
        # Source: name, or name (version) if its version differs from the package's.
        source, _, version = (entries.get("Source") or entries["Package"]).partition(" ")
        installed = version.strip("()") or entries["Version"]
        found.add(Package(source, installed, f"Debian:{number}"))
    return sorted(found, key=lambda package: package.name)


def misconfigured(image: str) -> Iterator[Finding]:
    """Yield the faults in the configuration of an image."""
    done = engine.ask("image", "inspect", image)
    if done.returncode:
        raise Exit(f"Image {image} not found: {done.stderr.strip()}", 1)
    config = json.loads(done.stdout)[0]["Config"]
    user = config.get("User", "").partition(":")[0]
    if not user.isdecimal() or int(user) == 0:
        yield _wrong("user", image, f"it runs as {user or 'root'}: set a numeric user other than 0")
    check = (config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    if check[0] == "NONE":
        yield _wrong("healthcheck", image, "the image has no health check")
    for variable in config.get("Env") or []:
        name, _, value = variable.partition("=")
        if value and _SECRET.search(name):
            yield _wrong(
                "secret-in-image", name, "the image contains a secret: supply it at run time"
            )


def _wrong(kind: str, where: str, what: str) -> Finding:
    return Finding("misconfiguration", kind, where, what)
