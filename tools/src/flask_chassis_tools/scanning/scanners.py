"""Runs the scanners: the service's ruff, and those in .venv/scanners and .venv/safety."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask_chassis import project
from invoke import Exit

from flask_chassis_tools import environments
from flask_chassis_tools.scanning.findings import Finding

# Finds `password = "..."`, like ruff's rules S105 to S107, which can be ignored with a reason.
LEFT_TO_RUFF = "KeywordDetector"

# Colour codes of a terminal.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# Files with hashes, which look like secrets.
HASHES = r"(^|/)(poetry\.lock|requirements.*\.txt)$"


def code() -> Iterator[Finding]:
    """Yield the findings of ruff's security rules, as configured in pyproject.toml."""
    words = ["ruff", "check", "--output-format=json", "."]
    for each in _json(sys.executable, "-m", *words, codes={0, 1}):
        if not str(each["code"]).startswith("S"):
            continue  # reported by the task `check`
        where = Path(each["filename"]).relative_to(project.working_folder())
        line = each["location"]["row"]
        yield Finding("code", str(each["code"]), f"{where}:{line}", each["message"])


def secrets() -> Iterator[Finding]:
    """Yield possible secrets in tracked and untracked files that git does not ignore."""
    words = ["scan", "--all-files", "--disable-plugin", LEFT_TO_RUFF, "--exclude-files", HASHES]
    found = _json(_program("detect-secrets"), *words, *_files_of_git())
    for name, places in found["results"].items():
        for place in places:
            kind = place["type"].replace(" ", "-").lower()
            text = "possible secret; mark a fake one with: # pragma: allowlist secret"
            yield Finding("secrets", kind, f"{name}:{place['line_number']}", text)


def _files_of_git() -> list[str]:
    """Return tracked and untracked files; Exit if git does not list them."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=project.working_folder(), capture_output=True, text=True)
    names = [name for name in done.stdout.split("\0") if name]
    if done.returncode or not names:
        raise Exit(f"git does not list the files to scan for secrets: {done.stderr.strip()}", 1)
    return names


def dockerfile() -> Iterator[Finding]:
    """Yield the findings of hadolint."""
    name = "infra/docker/Dockerfile"
    for each in _json(_program("hadolint"), "--format=json", name, codes={0, 1}):
        where = f"{name}:{each['line']}"
        yield Finding("misconfiguration", each["code"], where, each["message"])


def audit(requirements: Path, own: set[str], *source: str) -> list[Finding] | str:
    """Return the vulnerabilities that pip-audit reports, or one line with the reason of a failure.

    Packages that the service does not know are a failure, except for `own` packages.
    """
    words = ["--disable-pip", "--no-deps", "--progress-spinner=off", "--format=json"]
    command = [_program("pip-audit"), *words, *source, "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        # The exit code is the same as with findings.
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no answer"
    return known_against(packages, own)


def known_against(packages: list[dict[str, Any]], own: set[str]) -> list[Finding] | str:
    """Convert the report of pip-audit."""
    skipped = [package for package in packages if "skip_reason" in package]
    if strange := [package for package in skipped if package["name"] not in own]:
        return f"{len(strange)} of {len(packages)} packages: {strange[0]['skip_reason']}"
    if skipped:
        print(f"No advisories for own packages: {', '.join(each['name'] for each in skipped)}")
    return [
        Finding("vulnerabilities", known["id"], package["name"], _fix_of(package, known))
        for package in packages
        for known in package.get("vulns", [])
    ]


def safety(requirements: Path, database: str) -> list[Finding] | str:
    """Return the vulnerabilities that Safety reports, or one line with the reason of a failure."""
    options = ["--db", database] if database else []
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        # `scan`, the successor of `check`, requires an account.
        words = ["check", "--file", str(requirements), "--save-json", str(report), *options]
        program = [_program("safety", environments.SAFETY), "--disable-optional-telemetry"]
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
            f"{known['analyzed_version']} is installed, fixed in "
            f"{', '.join(known['fixed_versions']) or 'no version yet'}",
        )
        for known in told["vulnerabilities"]
    ]


def bill_of_materials(requirements: Path) -> dict[str, Any]:
    """Return a CycloneDX document of Python packages."""
    words = ("requirements", str(requirements), "--of=JSON", "--output-reproducible")
    document: dict[str, Any] = _json(_program("cyclonedx-py"), *words)
    return document


def _fix_of(package: dict[str, Any], known: dict[str, Any]) -> str:
    fixed = ", ".join(known.get("fix_versions", [])) or "no version yet"
    return f"{package['version']} is installed, fixed in {fixed}"


def _program(name: str, environment: str = environments.SCANNERS) -> str:
    return str(project.working_folder() / ".venv" / environment / "bin" / name)


def _json(*words: str, codes: frozenset[int] | set[int] = frozenset({0})) -> Any:
    """Run a scanner and return its JSON output; Exit if it fails."""
    done = subprocess.run(words, cwd=project.working_folder(), capture_output=True, text=True)
    try:
        if done.returncode in codes:
            return json.loads(done.stdout)
    except ValueError:
        pass
    raise Exit(f"{' '.join(words)} failed: {done.stderr.strip() or done.stdout.strip()}", 1)
