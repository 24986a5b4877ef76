"""Renovate's configuration in services, and the one for Dependabot in the guide."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tasks.folders import PROGRAMS, ROOT
from tasks.render import render
from tests.quick.conftest import PAIRS

GUIDE = ROOT / "docs" / "how-to" / "dependency-updates.md"

PACKAGES = ["flask-chassis", "flask-chassis-tools"]

INDEX = "https://packages.acme.example/internal/simple/"


def faults(file: Path, schema: str) -> str:
    """Return what a schema finds wrong with a file."""
    words: list[str | Path] = [PROGRAMS / "check-jsonschema", "--builtin-schema", schema, file]
    done = subprocess.run(words, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def configuration(service: Path) -> dict[str, Any]:
    """Return Renovate's configuration of a service."""
    found: dict[str, Any] = json.loads((service / "renovate.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_renovate_knows_each_setting(rendered_pairs: list[Path], number: int) -> None:
    assert faults(rendered_pairs[number] / "renovate.json", "vendor.renovate") == ""


def test_a_setting_that_renovate_does_not_know_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "renovate.json"
    wrong.write_text('{"lockFileMaintenance": {"enabled": "yes"}}', "utf-8")
    assert "lockFileMaintenance" in faults(wrong, "vendor.renovate")


@pytest.mark.parametrize("kind", ["resource", "frontend"])
def test_with_an_index_chassis_and_tools_are_one_pull_request_that_is_merged(
    tmp_path: Path, kind: str
) -> None:
    service = render(tmp_path, {"kind": kind, "internal_index": INDEX})
    found = configuration(service)
    rules = [each for each in found["packageRules"] if each["matchPackageNames"] == PACKAGES]
    assert [each.get("groupName") for each in rules] == ["flask-chassis", None]
    assert [each for each in found["packageRules"] if each.get("automerge")] == [rules[1]]
    assert rules[1]["matchUpdateTypes"] == ["minor", "patch"]
    assert found["platformAutomerge"] is False
    # A dependency without a bound is none that Renovate updates.
    pyproject = tomllib.loads((service / "pyproject.toml").read_text("utf-8"))
    lines = pyproject["project"]["dependencies"] + pyproject["dependency-groups"]["dev"]
    bounds = [line for line in lines if line.startswith("flask-chassis")]
    assert [re.sub(r"\[.*\]", "", line) for line in bounds] == [f"{name}~=0.1" for name in PACKAGES]


def test_with_wheels_the_file_says_what_brings_the_chassis(tmp_path: Path) -> None:
    found = configuration(render(tmp_path, {"organisation": "acme"}))
    assert "acme-tasks template.bump" in found["description"][1]
    assert not [each for each in found["packageRules"] if each.get("automerge")]
    assert found["lockFileMaintenance"]["enabled"] is True


def test_renovate_changes_no_file_of_the_template(tmp_path: Path) -> None:
    """Poetry's two files are shared; what other managers would change is the template's."""
    service = render(tmp_path, {"ci_system": "github"})
    assert configuration(service)["enabledManagers"] == ["poetry"]
    owned = (service / ".template-files.sha256").read_text("utf-8")
    assert "  .github/workflows/pipeline.yaml\n" in owned
    assert not re.search(r"  (pyproject\.toml|poetry\.lock|renovate\.json)\n", owned)


def test_dependabot_knows_each_setting_of_the_guide(tmp_path: Path) -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "dependabot.yml"
    file.write_text(block, "utf-8")
    assert faults(file, "vendor.dependabot") == ""
    file.write_text(block.replace("interval: weekly", "interval: often"), "utf-8")
    assert "often" in faults(file, "vendor.dependabot")


# This repository's own.

WORKFLOWS = re.compile(r"(^|/)\.github/(workflows|actions)/.+\.ya?ml$")
"""Where Renovate looks for actions, as its documentation says of the manager github-actions."""


def test_the_actions_of_this_repository_and_of_services_are_kept_current() -> None:
    """Renovate 44 was run on both: it finds each of them, with version and commit."""
    assert faults(ROOT / "renovate.json", "vendor.renovate") == ""
    found = configuration(ROOT)
    assert found["enabledManagers"] == ["github-actions"]
    words = ["git", "grep", "--files-with-matches", "-E", r"uses: [a-z-]+/[a-z-]+@[0-9a-f]{40}"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    files = listed.stdout.splitlines()
    assert len(files) >= 10
    assert [file for file in files if not WORKFLOWS.search(file)] == []
    # One action has one version everywhere, so that one alone cannot be merged.
    [grouped] = [rule for rule in found["packageRules"] if "groupName" in rule]
    assert grouped["matchManagers"] == ["github-actions"]
