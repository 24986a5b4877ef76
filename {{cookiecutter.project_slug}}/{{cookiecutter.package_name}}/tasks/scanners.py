"""Runs the scanners: the service's own ruff, and those of .venv/scanners and .venv/safety."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from invoke import Exit

from ..chassis import project_files
from .findings import Finding

# Looks for `password = "..."`, as ruff's S105 to S107 do, which know tests and reasons.
LEFT_TO_RUFF = "KeywordDetector"

# What sets the colours of a terminal.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# Hashes, which look like secrets.
HASHES = r"(^|/)(poetry\.lock|requirements.*\.txt)$"


def install(environment: str = "scanners") -> None:
    """Make .venv/scanners, or .venv/safety, where it is missing or old."""
    folder = project_files.working_folder()
    if not (folder / "infra" / environment).is_dir():
        raise Exit(f"This needs a checkout of the service: there is no infra/{environment}.", 1)
    if subprocess.run(["./bootstrap", environment], cwd=folder).returncode:
        raise Exit(f"What infra/{environment} names cannot be installed: see above.", 1)


def code() -> Iterator[Finding]:
    """Yield what ruff's rules of security (bandit's) find, as pyproject.toml has them."""
    words = ["ruff", "check", "--output-format=json", "."]
    for each in _json(sys.executable, "-m", *words, codes={0, 1}):
        if not str(each["code"]).startswith("S"):
            continue  # `check` is for these
        where = Path(each["filename"]).relative_to(project_files.working_folder())
        line = each["location"]["row"]
        yield Finding("code", str(each["code"]), f"{where}:{line}", each["message"])


def secrets() -> Iterator[Finding]:
    """Yield what looks like a secret in the files that git has, or would have."""
    words = ["scan", "--all-files", "--disable-plugin", LEFT_TO_RUFF, "--exclude-files", HASHES]
    found = _json(_program("detect-secrets"), *words, *_files_of_git())
    for name, places in found["results"].items():
        for place in places:
            kind = place["type"].replace(" ", "-").lower()
            text = "looks like a secret; of a made-up one, say so: # pragma: allowlist secret"
            yield Finding("secrets", kind, f"{name}:{place['line_number']}", text)


def _files_of_git() -> list[str]:
    """Return the files that are committed, or will be; without git nothing is known."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=project_files.working_folder(), capture_output=True, text=True)
    names = [name for name in done.stdout.split("\0") if name]
    if done.returncode or not names:
        raise Exit(f"Secrets are looked for in what git has: {done.stderr.strip()}", 1)
    return names


def dockerfile() -> Iterator[Finding]:
    """Yield what hadolint finds."""
    name = "infra/docker/Dockerfile"
    for each in _json(_program("hadolint"), "--format=json", name, codes={0, 1}):
        where = f"{name}:{each['line']}"
        yield Finding("misconfiguration", each["code"], where, each["message"])


def audit(requirements: Path, own: set[str], *source: str) -> list[Finding] | str:
    """Return what pip-audit knows against packages, or in a line why it knows nothing.

    What a service does not have is unknown, and no good news; of `own` packages that is expected.
    """
    words = ["--disable-pip", "--no-deps", "--progress-spinner=off", "--format=json"]
    command = [_program("pip-audit"), *words, *source, "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        # It ends as it does where it has found something.
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no answer"
    return known_against(packages, own)


def known_against(packages: list[dict[str, Any]], own: set[str]) -> list[Finding] | str:
    """Read what pip-audit tells of each package."""
    skipped = [package for package in packages if "skip_reason" in package]
    if strange := [package for package in skipped if package["name"] not in own]:
        return f"{len(strange)} of {len(packages)} packages: {strange[0]['skip_reason']}"
    if skipped:
        print(f"No advisories for own packages: {', '.join(each['name'] for each in skipped)}")
    return [
        Finding("vulnerabilities", known["id"], package["name"], _mended(package, known))
        for package in packages
        for known in package.get("vulns", [])
    ]


def safety(requirements: Path, database: str) -> list[Finding] | str:
    """Return what Safety knows against packages, or in a line why it knows nothing."""
    options = ["--db", database] if database else []
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        # `scan`, which is to follow `check`, wants an account.
        words = ["check", "--file", str(requirements), "--save-json", str(report), *options]
        program = [_program("safety", environment="safety"), "--disable-optional-telemetry"]
        done = subprocess.run([*program, *words], capture_output=True, text=True)
        try:
            told = json.loads(report.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            said = f"{done.stdout}\n{done.stderr}".strip().splitlines()
            return COLOUR.sub("", said[-1]) if said else "no answer"
    return [
        Finding(
            "vulnerabilities",
            known["CVE"] or known["vulnerability_id"],
            known["package_name"],
            f"{known['analyzed_version']} is installed, mended in "
            f"{', '.join(known['fixed_versions']) or 'no version yet'}",
        )
        for known in told["vulnerabilities"]
    ]


def bill_of_materials(requirements: Path) -> dict[str, Any]:
    """Return a CycloneDX document of Python packages."""
    words = ("requirements", str(requirements), "--of=JSON", "--output-reproducible")
    document: dict[str, Any] = _json(_program("cyclonedx-py"), *words)
    return document


def _mended(package: dict[str, Any], known: dict[str, Any]) -> str:
    fixed = ", ".join(known.get("fix_versions", [])) or "no version yet"
    return f"{package['version']} is installed, mended in {fixed}"


def _program(name: str, environment: str = "scanners") -> str:
    return str(project_files.working_folder() / ".venv" / environment / "bin" / name)


def _json(*words: str, codes: frozenset[int] | set[int] = frozenset({0})) -> Any:
    """Run a scanner, which must have run to its end, and read what it prints."""
    done = subprocess.run(words, cwd=project_files.working_folder(), capture_output=True, text=True)
    try:
        if done.returncode in codes:
            return json.loads(done.stdout)
    except ValueError:
        pass
    raise Exit(f"{' '.join(words)} failed: {done.stderr.strip() or done.stdout.strip()}", 1)
