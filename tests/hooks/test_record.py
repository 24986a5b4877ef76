"""A service that plain Cookiecutter renders remembers its template as one by cruft does."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.engine import engine
from tests.hooks.test_post_gen import BRACES, QUESTIONS, commit, git

HOST = "templates.acme.example/flask.git"
ADDRESS = f"https://{HOST}"
HINT = "No .cruft.json was written, as the template's public address is not known here."

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def published(template: Path, tmp_path: Path) -> Path:
    """The template as a repository with a tag and a commit after it, which addresses lead to."""
    commit(template)
    git(template, "tag", "v1.0.0")
    (template / "later.txt").write_text("later\n")
    commit(template)
    addresses = (ADDRESS, f"https://ada:hunter2@{HOST}")
    lines = "".join(f"\tinsteadOf = {address}\n" for address in addresses)
    (tmp_path / ".gitconfig").write_text(f'[url "file://{template}"]\n{lines}')
    return template


def rendered(command: Command, output: Path, address: str, *words: str) -> tuple[Path, str]:
    """Render with plain Cookiecutter; return the service's record, and what was printed."""
    done = command("cookiecutter", "--no-input", address, *words)
    assert done.returncode == 0, done.stderr
    return output / "thoughts-backend" / ".cruft.json", done.stdout


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("words", [(), ("--checkout", "v1.0.0"), ("ci_system=github",)])
def test_the_record_is_the_one_that_cruft_writes(
    command: Command, output: Path, words: tuple[str, ...]
) -> None:
    """To the byte, so that neither kind of update changes it for its form."""
    ours, said = rendered(command, output, ADDRESS, *words)
    found = ours.read_bytes()
    assert HINT not in said
    (output / "thoughts-backend").rename(output / "plain")
    given = dict(word.split("=") for word in words if "=" in word)
    rest = [word for word in words if "=" not in word]
    extra = ("--extra-context", json.dumps(given)) if given else ()
    command("cruft", "create", "--no-input", ADDRESS, *rest, *extra).check_returncode()
    assert found == ours.read_bytes()


def test_the_service_can_be_updated(command: Command, output: Path, published: Path) -> None:
    answers = dict.fromkeys(("project_name", "description", "team"), BRACES)
    answers |= {"project_slug": "braces"}
    typed = "".join(f"{answers.get(question, '')}\n" for question in QUESTIONS)
    command("cookiecutter", ADDRESS, typed=typed).check_returncode()
    service = output / "braces"
    commit(service)
    texts = (service / "texts.toml").read_bytes()
    command("cruft", "check", folder=service).check_returncode()
    (published / "{{cookiecutter.project_slug}}" / "new.txt").write_text("new\n")
    commit(published)
    command("cruft", "update", "--skip-apply-ask", folder=service).check_returncode()
    assert (service / "new.txt").read_text() == "new\n"
    assert (service / "texts.toml").read_bytes() == texts


@pytest.mark.usefixtures("published")
def test_the_next_steps_are_printed_at_the_first_render_only(
    command: Command, output: Path
) -> None:
    _, said = rendered(command, output, ADDRESS)
    assert said.startswith("\nRendered thoughts-backend. Next:\n\n    cd thoughts-backend\n")
    assert "\n    ./bootstrap\n" in said
    assert "\n    acme-tasks --list\n" in said
    commit(output / "thoughts-backend")
    checked = command("cruft", "check", folder=output / "thoughts-backend")
    assert "Next:" not in checked.stdout


def test_references_that_git_has_packed_are_read(
    command: Command, output: Path, published: Path, tmp_path: Path
) -> None:
    rendered(command, output, ADDRESS)
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=published, text=True).strip()
    git(tmp_path / ".cookiecutters" / "flask", "pack-refs", "--all")
    # It is asked whether the clone is to be made anew, and renders from it as it is.
    done = command("cookiecutter", "-f", ADDRESS, typed="n\ny\n" + "\n" * len(QUESTIONS))
    assert done.returncode == 0, done.stderr
    written = json.loads((output / "thoughts-backend" / ".cruft.json").read_text())
    assert written["commit"] == head


@pytest.mark.usefixtures("published")
def test_a_login_in_the_address_is_not_recorded(command: Command, output: Path) -> None:
    record, _ = rendered(command, output, f"https://ada:hunter2@{HOST}")
    assert json.loads(record.read_text())["template"] == ADDRESS
    assert "hunter2" not in record.read_text()


def test_an_address_of_this_machine_is_not_recorded_and_that_is_told(
    command: Command, output: Path, published: Path
) -> None:
    record, said = rendered(command, output, f"git+file://{published}")
    assert not record.exists()
    assert HINT in said
    assert "acme-tasks template.adopt --template=https://..." in said


def test_a_folder_may_be_in_no_commit_and_is_not_recorded(
    command: Command, output: Path, published: Path
) -> None:
    git(published, "remote", "add", "origin", ADDRESS)
    record, said = rendered(command, output, str(published))
    assert not record.exists()
    assert said == ""


COMPLAINT = "The template's address, as cruft records it, "


def test_what_cruft_records_and_should_not_is_told(
    command: Command, output: Path, published: Path
) -> None:
    """The hook cannot change it: cruft writes it later."""
    for name, address, told in (
        ("folder", str(published), "is a local folder"),
        ("login", f"https://ada:hunter2@{HOST}", "contains credentials, which would be committed"),
    ):
        answers = json.dumps({"project_slug": name})
        done = command("cruft", "create", "--no-input", address, "--extra-context", answers)
        assert done.returncode == 0, done.stderr
        assert f"{COMPLAINT}{told}" in done.stdout
    public = command("cruft", "create", "--no-input", ADDRESS)
    assert public.returncode == 0, public.stderr
    assert COMPLAINT not in public.stdout
    assert (output / "thoughts-backend" / ".cruft.json").exists()


def test_an_answer_that_no_hook_judges_is_recorded_as_data_too(
    command: Command, output: Path, published: Path, tmp_path: Path
) -> None:
    """A frontend has no database, so that any text is accepted; it must not run in an update."""
    ran = tmp_path / "ran"
    planted = f"{{{{ cycler.__init__.__globals__.os.popen('touch {ran}').read() }}}}"
    answers = {"project_slug": "pages", "kind": "3", "database_name": planted}
    typed = "".join(f"{answers.get(question, '')}\n" for question in QUESTIONS)
    command("cookiecutter", ADDRESS, typed=typed).check_returncode()
    service = output / "pages"
    written = (service / ".cruft.json").read_text("utf-8")
    assert engine("record").read(written).answers["database_name"] == planted
    assert planted not in json.loads(written)["context"]["cookiecutter"].values()
    commit(service)
    (published / "{{cookiecutter.project_slug}}" / "new.txt").write_text("new\n")
    commit(published)
    command("cruft", "update", "--skip-apply-ask", folder=service).check_returncode()
    assert (service / "new.txt").read_text() == "new\n"
    assert not ran.exists()
