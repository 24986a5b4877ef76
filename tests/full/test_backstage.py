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
from tasks.engine import engine
from tasks.folders import PROGRAMS, ROOT
from tasks.render import render
from tests.full.programs import Finished, copy_of_the_repository, run
from tests.quick.conftest import PAIRS

origin: Any = engine("origin")
record: Any = engine("record")

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


ADDRESS = "https://templates.acme.example/flask-microservice.git"

VALUES = {
    "project_name": "Billing",
    "kind": "issuer",
    "ci_system": "github",
    "repoUrl": "github.com?owner=acme&repo=billing",
}


@pytest.fixture
def archive(tmp_path: Path) -> tuple[Path, str]:
    """The template as Backstage has it, from an archive of a commit; and the commit."""
    template = copy_of_the_repository(tmp_path / "template")
    words = ("git", "-c", "user.name=Tests", "-c", "user.email=tests@acme.example")
    subprocess.run([*words, "init", "--quiet"], cwd=template, check=True)
    questions = template / "cookiecutter.json"
    set_address = f'"{origin.ADDRESS}": "{ADDRESS}"'
    text = questions.read_text("utf-8").replace(f'"{origin.ADDRESS}": ""', set_address)
    questions.write_text(text, "utf-8")
    subprocess.run([*words, "add", "--all", "--force", "."], cwd=template, check=True)
    subprocess.run([*words, "commit", "--quiet", "--message=Release"], cwd=template, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=template, check=True, **TEXT).stdout
    folder = tmp_path / "archive"
    folder.mkdir()
    tar = ["git", "archive", "--output", str(tmp_path / "archive.tar"), "HEAD"]
    subprocess.run(tar, cwd=template, check=True)
    subprocess.run(["tar", "-xf", tmp_path / "archive.tar"], cwd=folder, check=True)
    return folder, head.strip()


TEXT: dict[str, Any] = {"capture_output": True, "text": True}


def as_backstage_renders(folder: Path, into: Path) -> tuple[Path, str]:
    """Render as `fetch:cookiecutter` does: the values are written into cookiecutter.json."""
    file = folder / "cookiecutter.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | VALUES), "utf-8")
    words: list[str | Path] = [
        PROGRAMS / "cookiecutter",
        "--no-input",
        "--output-dir",
        into,
        folder,
        "--verbose",
    ]
    done = run(words, folder.parent, os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return into / "billing", done.stdout


def test_a_service_from_backstage_has_a_record(archive: tuple[Path, str], tmp_path: Path) -> None:
    """Without one, nobody would know what it was rendered from."""
    folder, commit = archive
    service, _ = as_backstage_renders(folder, tmp_path / "made")
    written = record.read((service / record.FILE).read_bytes())
    assert (written.template, written.commit) == (ADDRESS, commit)
    assert {"kind": "issuer", "ci_system": "github"}.items() <= written.answers.items()
    assert "repoUrl" not in written.answers


def test_a_service_from_an_unknown_address_is_told_how_to_get_its_record(
    archive: tuple[Path, str], tmp_path: Path
) -> None:
    folder, _ = archive
    file = folder / "cookiecutter.json"
    file.write_text(file.read_text("utf-8").replace(ADDRESS, ""), "utf-8")
    service, said = as_backstage_renders(folder, tmp_path / "made")
    assert not (service / record.FILE).exists()
    assert "acme-tasks template.adopt" in said


def test_a_folder_that_is_no_archive_gives_no_record(tmp_path: Path) -> None:
    """The commit in the file is git's to write."""
    assert (ROOT / origin.ARCHIVED).read_text("utf-8") == "$Format:%H$\n"
    assert not origin.is_archive({"_template": str(ROOT)})


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
