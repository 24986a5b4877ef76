"""Answers in `.cruft.json` are data: whoever owns one service runs no code in the fleet's job."""

import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, UndefinedError

from tasks.engine import engine
from tasks.render import example
from tests.full.programs import with_the_tools
from tests.updates import services
from tests.updates.history import Repository
from tests.updates.services import Service
from tests.updates.test_fleet import NOT_INSTALLED, invoke, told

HONEST = "Fills {{ placeholders }} in letters"

record = engine("record")


@pytest.fixture
def ran() -> Iterator[Path]:
    """The file that a planted answer creates if it runs; an answer has at most 250 characters."""
    with TemporaryDirectory() as folder:
        yield Path(folder) / "ran"


@pytest.fixture
def planted(ran: Path) -> str:
    """Return an answer that runs a program if it is rendered: as an expression and as a block."""
    code = f"cycler.__init__.__globals__.os.system('touch {ran}')"
    return f"{{# a #}}{{{{- {code} -}}}}{{% if {code} %}}{{% endif %}}: {HONEST}"


@pytest.mark.parametrize("left_out", ["{{", "{%"])
def test_what_is_planted_runs_where_any_of_it_is_rendered(
    planted: str, ran: Path, left_out: str
) -> None:
    """The tests below would notice a task that escapes only a part of it."""
    text = planted.replace(left_out, "")
    with suppress(UndefinedError, TemplateSyntaxError):
        Environment(undefined=StrictUndefined).from_string(text).render()  # noqa: S701
    assert ran.exists()


@pytest.fixture(scope="module")
def frontend_once(template: Repository, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service whose description has braces, and that nothing is installed for."""
    folder = tmp_path_factory.mktemp("frontend")
    answers = record.escaped({**example("frontend"), "description": HONEST})
    made = services.create(template, folder, "v1.0.0", answers, NOT_INSTALLED)
    (made.path / ".venv").unlink()
    if not (template.folder / ".venv").exists():
        (template.folder / ".git" / "info" / "exclude").write_text(".venv\n")
        with_the_tools(template.folder)
    return made


@pytest.fixture
def frontend(frontend_once: Service, tmp_path: Path) -> Service:
    """A copy of it, alone in the folder of a fleet."""
    return services.copy(frontend_once, tmp_path / "fleet" / "frontend")


def records(service: Service, answer: object, question: str = "description") -> None:
    """Have a service's owner write an answer into its record."""
    written = service.record()
    written["context"]["cookiecutter"][question] = answer
    text = json.dumps(written, ensure_ascii=False, indent=2)
    (service.path / ".cruft.json").write_text(f"{text}\n", "utf-8")
    service.commits()


def recorded(text: str) -> str:
    """Return the description of a record, as it was given."""
    return str(record.read(text).answers["description"])


def test_no_task_of_the_fleet_runs_a_recorded_answer(
    template: Repository, frontend: Service, planted: str, ran: Path
) -> None:
    records(frontend, planted)
    fleet = frontend.path.parent
    looked = told(invoke(template, "fleet.impact", fleet, "--json"))["frontend"]
    # A description that is recorded and was never rendered may be a conflict.
    assert looked["outcome"] in {"updated", "conflicts"}, looked["left"]
    invoke(template, "fleet.update", fleet)
    updated = frontend.git("show", "template/v1.2.0:.cruft.json")
    assert recorded(updated) == planted
    assert invoke(template, "fleet.status", fleet).returncode == 0
    assert not ran.exists()
    # Nor does cruft, which renders what the record has, from now on.
    frontend.git("checkout", "--quiet", "template/v1.2.0")
    diff = frontend.cruft("diff")
    assert diff.returncode == 0, diff.stdout + diff.stderr
    assert not ran.exists()


@pytest.mark.parametrize("question", ["database_name", "resource_name", "kind"])
def test_an_answer_that_the_kind_has_no_use_for_is_data_too(
    template: Repository, frontend: Service, ran: Path, question: str
) -> None:
    """It is refused or kept, and not run."""
    records(frontend, f"{{{{ cycler.__init__.__globals__.os.popen('touch {ran}') }}}}", question)
    invoke(template, "fleet.impact", frontend.path.parent, "--json")
    assert not ran.exists()


@pytest.mark.parametrize("wrap", [lambda text: [text], lambda text: {text: text}])
def test_an_answer_that_is_no_text_is_refused(
    template: Repository, frontend: Service, ran: Path, wrap: Callable[[str], object]
) -> None:
    """Cookiecutter would render what is in a list or a table."""
    code = f"{{{{ cycler.__init__.__globals__.os.popen('touch {ran}') }}}}"
    records(frontend, wrap(code))
    left = told(invoke(template, "fleet.impact", frontend.path.parent, "--json"))
    assert "The answer description in .cruft.json is " in str(left["frontend"]["left"])
    assert "Correct it, and commit the file." in str(left["frontend"]["left"])
    assert not ran.exists()


@pytest.mark.parametrize("form", ["as it was given", "as the hook records it"])
def test_braces_that_were_meant_survive_update_after_update(
    template: Repository, frontend: Service, form: str
) -> None:
    if form == "as it was given":
        records(frontend, HONEST)
    for release in ("v1.1.0", "v1.2.0"):
        done = invoke(template, "fleet.update", frontend.path.parent, f"--to={release}")
        assert done.returncode == 0, done.stdout + done.stderr
        frontend.git("checkout", "--quiet", f"template/{release}")
        assert recorded((frontend.path / ".cruft.json").read_text("utf-8")) == HONEST
        pyproject = tomllib.loads((frontend.path / "pyproject.toml").read_text("utf-8"))
        assert pyproject["project"]["description"] == HONEST
        checked = frontend.cruft("diff", "--exit-code")
        assert "placeholders" not in checked.stdout + checked.stderr


def test_a_service_is_adopted_whose_description_has_braces(
    template: Repository, frontend: Service, planted: str, ran: Path
) -> None:
    """The answers are read from files of the service."""
    pyproject = frontend.path / "pyproject.toml"
    text = pyproject.read_text("utf-8")
    assert HONEST in text
    line = f"description = {json.dumps(planted)}"
    pyproject.write_text(text.replace(f'description = "{HONEST}"', line), "utf-8")
    context = frontend.record()["context"]["cookiecutter"]
    frontend.git("rm", "--quiet", ".cruft.json")
    frontend.commits()
    # All that a render is recognised by: other files have the description as it was.
    named = {name: context[name] for name in ("kind", "python_version", "ci_system")}
    answers = {**example("frontend"), **named}
    del answers["description"]
    given = [f"--answer={name}={value}" for name, value in answers.items()]
    done = services.adopt_from_the_template(frontend, *given, "--since=v1.0.0")
    assert "Traceback" not in done.stderr, done.stderr
    assert recorded((frontend.path / ".cruft.json").read_text("utf-8")) == planted
    assert not ran.exists()


def test_the_services_own_tasks_take_recorded_answers_as_they_are(
    resource: Service, planted: str, ran: Path
) -> None:
    """Braces stay what they were; the difference to the template can be shown; then the update."""
    records(resource, planted)
    drift = resource.tasks("template.drift", "--patch")
    assert "--- template/infra/uwsgi.yaml" in drift.stdout, drift.stderr
    checked = resource.tasks("template.update", "--check", "--json")
    assert json.loads(checked.stdout)["due"], checked.stderr
    done = resource.tasks("template.update", "--no-tests", "--no-input")
    assert "The update to v1.2.0 is staged." in done.stdout, done.stdout + done.stderr
    assert recorded((resource.path / ".cruft.json").read_text("utf-8")) == planted
    assert not ran.exists()


def test_an_answer_that_is_given_to_an_update_is_data_too(
    resource: Service, planted: str, ran: Path
) -> None:
    given = ("--no-tests", "--no-input", f"--answer=description={planted}")
    done = resource.tasks("template.update", *given)
    assert "staged" in done.stdout, done.stdout + done.stderr
    assert recorded((resource.path / ".cruft.json").read_text("utf-8")) == planted
    assert not ran.exists()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"variable_start_string": "[[", "variable_end_string": "]]"},
        {"block_start_string": "<%", "line_statement_prefix": "%%", "line_comment_prefix": "//"},
        {"comment_start_string": "##", "trim_blocks": True, "lstrip_blocks": True},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "text",
    [
        HONEST,
        "[[ 1 ]] <% if x %> ## y {# z",
        "%% for x in y",
        "// '\\' \"quoted\"",
        "a\r\nb\n\n",
        "{{ '{' }}",
    ],
)
def test_a_template_with_other_delimiters_renders_no_answer_either(
    options: dict[str, object], text: str
) -> None:
    written = engine("renderer").as_data({"_jinja2_env_vars": options}, text)
    environment = Environment(**options)  # type: ignore[arg-type]  # noqa: S701  (as Cookiecutter)
    assert environment.from_string(written).render() == text
