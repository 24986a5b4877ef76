"""What Backstage reads is valid by its own schemas, which npm brings."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks import backstage_form as backstage
from tasks.folders import ROOT
from tasks.render import render
from tests.full.programs import Finished, run
from tests.quick.conftest import PAIRS

SCHEMAS = ROOT / ".cache" / "backstage"


@pytest.fixture(scope="module")
def schemas() -> Path:
    """The packages with the schemas, installed once."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed, which brings Backstage's schemas")
    wanted = Path(__file__).with_name("backstage")
    there = SCHEMAS / "made-for"
    text = (wanted / "package.json").read_text("utf-8")
    if not there.is_file() or there.read_text("utf-8") != text:
        shutil.rmtree(SCHEMAS, ignore_errors=True)
        shutil.copytree(wanted, SCHEMAS)
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(words, cwd=SCHEMAS, check=True)
        there.write_text(text, "utf-8")
    shutil.copy(wanted / "validate.js", SCHEMAS)
    return SCHEMAS


def validated(schemas: Path, entity: Any) -> Finished:
    return run(["node", "validate.js"], schemas, os.environ, typed=json.dumps(entity))


def test_the_form_is_valid(schemas: Path) -> None:
    form = yaml.safe_load(backstage.FILE.read_text("utf-8"))
    done = validated(schemas, form)
    assert (done.returncode, done.stdout) == (0, "valid\n"), done.stderr


@pytest.mark.parametrize("number", range(0, len(PAIRS), 3))
def test_what_a_service_says_of_itself_is_valid(schemas: Path, tmp_path: Path, number: int) -> None:
    service = render(tmp_path, PAIRS[number])
    entity = yaml.safe_load((service / "catalog-info.yaml").read_text("utf-8"))
    done = validated(schemas, entity)
    assert (done.returncode, done.stdout) == (0, "valid\n"), done.stderr
    assert entity["metadata"]["name"] == service.name
    assert entity["metadata"]["description"] == PAIRS[number]["description"]


@pytest.mark.parametrize(
    ("where", "what"), [("metadata", {"name": "two words"}), ("spec", {"type": "service"})]
)
def test_a_planted_fault_is_seen(schemas: Path, where: str, what: dict[str, str]) -> None:
    form = yaml.safe_load(backstage.FILE.read_text("utf-8"))
    assert validated(schemas, form | {where: what}).returncode == 1
