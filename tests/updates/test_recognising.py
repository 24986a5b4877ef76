"""Services without a record are recognised by rendering, and nothing is guessed."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.main import cookiecutter

from tasks.engine import engine
from tasks.folders import PROGRAMS
from tests.updates import history
from tests.updates.history import Repository

faults: Any = engine("faults")
preparing: Any = engine("preparing")
recognising: Any = engine("recognising")
source: Any = engine("source")

QUESTIONS = {
    "slug": "billing",
    "domain": "acme.example",
    "kind": ["resource", "issuer"],
    "ci_system": ["teamcity", "none"],
    "colour": ["red", "green"],
}
LISTS = 'template = ["**"]\nseeded = ["own.txt"]\nshared = ["README.md"]\n'
FILES = {f"files/{number:02}.txt": f"{number}\n" for number in range(30)} | {
    "README.md": "{{ cookiecutter.colour }}\n",
    "ci.txt": "{{ cookiecutter.ci_system }}\n",
    "domain.txt": "{{ cookiecutter.domain }}\n",
    "kind-{{ cookiecutter.kind }}.txt": "{{ cookiecutter.kind }}\n",
    "two.txt": "{{ cookiecutter.kind }}\n",
    "own.txt": "{{ cookiecutter.kind }}\n",
    "template-ownership.toml": LISTS,
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A small template with two releases."""
    made = history.repository(tmp_path_factory.mktemp("small"))
    for tag in ("v1.0.0", "v1.1.0"):
        for name, text in FILES.items():
            file = made.folder / "{{cookiecutter.slug}}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{tag}\n{text}" if name.startswith("files/") else text)
        (made.folder / "cookiecutter.json").write_text(json.dumps(QUESTIONS))
        made.amend(tag, "News.")
    return made


@pytest.fixture
def service(template: Repository, tmp_path: Path) -> Path:
    """A service that was rendered at the first release, with a part of the answers unknown."""
    answers = {"kind": "issuer", "ci_system": "none"}
    made = cookiecutter(
        f"git+file://{template.folder}",
        checkout="v1.0.0",
        no_input=True,
        extra_context=answers,
        output_dir=str(tmp_path / "made"),
    )
    return Path(made)


def recognise(
    template: Repository,
    service: Path,
    guesses: Mapping[str, str] | None = None,
    since: str = "",
    **answers: str,
) -> Any:
    """Recognise a service as template.adopt does."""
    folder = service.parents[1] / "scratch"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    wish = preparing.Wish(service, PROGRAMS, template=str(template.folder), answers=answers)
    clone = source.Source(template.folder / ".git", str(template.folder))
    tags = [since] if since else ["v1.0.0", "v1.1.0"]
    return recognising.recognised(
        wish, guesses or {}, clone, tags, folder, is_release_given=bool(since)
    )


def test_the_release_and_the_answers_are_found_by_rendering(
    template: Repository, service: Path
) -> None:
    found = recognise(template, service, colour="red")
    assert (found.tag, found.share) == ("v1.0.0", 1)
    assert found.choices == {"kind": "issuer", "ci_system": "none", "colour": "red"}


def test_a_wrong_guess_is_not_believed(template: Repository, service: Path) -> None:
    """An issuer is no resource because something says so."""
    found = recognise(template, service, guesses={"kind": "resource"}, colour="red")
    assert (found.tag, found.choices["kind"]) == ("v1.0.0", "issuer")


def test_a_wrong_answer_is_told_with_the_files_that_differ(
    template: Repository, service: Path
) -> None:
    with pytest.raises(faults.UpdateError) as caught:
        recognise(template, service, kind="resource", colour="red")
    lines = str(caught.value).splitlines()
    assert lines[1].startswith("  v1.0.0, kind=resource, ci_system=none, colour=red: ")
    assert lines[1].endswith("Different files: kind-resource.txt, two.txt")
    assert "--since=v1.0.0 --answer=kind=resource --answer=ci_system=none" in lines[-2]
    assert "--since=none" in lines[-1]


def with_checksums(service: Path, rendered: dict[str, str]) -> None:
    """Write the list of checksums, as the template's hook does."""
    names = {*rendered} - {"README.md", "own.txt"}
    lines = [f"{rendered[name]}  {name}\n" for name in sorted(names)]
    (service / ".template-files.sha256").write_text("".join(lines))


def test_answers_that_cannot_be_told_apart_are_asked_for(
    template: Repository, service: Path
) -> None:
    """Two renders have the same of the template's own files, and differ in a shared one."""
    with pytest.raises(faults.UpdateError, match="--answer=colour=red"):
        recognise(template, service)


def test_a_service_with_many_edits_has_to_be_named(template: Repository, service: Path) -> None:
    for file in sorted((service / "files").iterdir())[:10]:
        file.write_text("ours\n")
    with pytest.raises(faults.UpdateError, match=r"v1\.0\.0, kind=issuer, .*: 71%"):
        recognise(template, service, colour="red")
    answers = {"kind": "issuer", "ci_system": "none"}
    with pytest.raises(faults.UpdateError):
        recognise(template, service, None, "", colour="red", **answers)
    with pytest.raises(faults.UpdateError):
        recognise(template, service, answers, "v1.0.0", colour="red")
    found = recognise(template, service, None, "v1.0.0", colour="red", **answers)
    assert (found.tag, found.choices["kind"]) == ("v1.0.0", "issuer")


def test_edits_do_not_matter_with_a_list_of_checksums(template: Repository, service: Path) -> None:
    """It says how the files were rendered."""
    with_checksums(service, recognise(template, service, colour="red").files)
    for file in (service / "files").iterdir():
        file.write_text("ours\n")
    found = recognise(template, service, colour="red")
    assert (found.tag, found.share, found.choices["kind"]) == ("v1.0.0", 1, "issuer")
    with pytest.raises(faults.UpdateError, match=r"100% .*\n.* Different files: domain\.txt\n"):
        recognise(template, service, colour="red", domain="other.example")


def test_a_service_from_elsewhere_is_none_of_the_templates(
    template: Repository, tmp_path: Path
) -> None:
    folder = tmp_path / "made" / "elsewhere"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("Ours.\n")
    assert recognise(template, folder) is None


def test_the_number_of_renders_is_bounded(
    template: Repository, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no product of releases and answers."""
    made = []
    render = recognising.rendering.render

    def counting(python: Path, folder: Path, jobs: list[Any], **more: Any) -> Any:
        made.extend(jobs)
        return render(python, folder, jobs, **more)

    monkeypatch.setattr(recognising.rendering, "render", counting)
    guesses = {"kind": "issuer", "ci_system": "none", "colour": "red"}
    assert recognise(template, service, guesses=guesses).share == 1
    assert len(made) == 2
    made.clear()
    recognise(template, service, colour="red")
    assert len(made) == 2 + 3 + 1
