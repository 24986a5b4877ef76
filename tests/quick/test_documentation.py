"""The documentation site is built, has every page, and says what the code says."""

import re
from pathlib import Path

import pytest

from tasks import documentation
from tasks.documentation import (
    api_pages,
    commands,
    decisions,
    how_to,
    links,
    logs,
    metrics,
    ports,
    prose,
    questions,
    staging,
    task_lists,
)
from tasks.documentation import settings_tables as settings
from tasks.documentation.markdown import Page
from tasks.folders import ROOT, TEMPLATE
from tests.conftest import EXAMPLES
from tests.quick.test_own_code import tracked_files

DOCS = ROOT / "docs"

PAGES = [
    *(path for path in sorted(DOCS.rglob("*.md"))),
    *(ROOT / name for name in staging.ALSO),
    ROOT / "README.md",
]

WITH_COMMANDS = [path for path in PAGES if path.name != "CHANGELOG.md"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once."""
    folder = tmp_path_factory.mktemp("documentation")
    built = documentation.build(folder / "source", folder / "html")
    assert built.returncode == 0, built.stdout
    return folder / "html"


def test_every_page_is_on_the_site_and_in_its_search(site: Path) -> None:
    index = (site / "searchindex.js").read_text("utf-8")
    for place in staging.pages().values():
        assert (site / place).with_suffix(".html").is_file(), place
        assert f'"{place.removesuffix(".md")}"' in index, place


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]+src="(?:https?:)?//|<link[^>]+href="(?:https?:)?//'
    )
    pages = list(site.rglob("*.html"))
    assert pages
    assert [path for path in pages if loaded.search(path.read_text("utf-8"))] == []
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert not re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", styles)


def test_a_page_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    """Sphinx fails for a page that is missing and for a heading that is missing."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.md").write_text("# Home\n\n[a](missing.md) [b](#no-such-heading)\n", "utf-8")
    built = documentation.sphinx(source, tmp_path / "html")
    assert built.returncode != 0
    assert "missing.md" in built.stdout
    assert "no-such-heading" in built.stdout


def test_a_generator_that_is_not_there_is_named(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n<!-- generated: planets -->\n", "utf-8")
    with pytest.raises(staging.UnknownGeneratorError, match="no generator planets; there are "):
        staging.generated(page)


def test_every_generator_is_used_on_a_page() -> None:
    used = {name for path in PAGES for name in staging.MARK.findall(path.read_text("utf-8"))}
    assert used == set(staging.GENERATORS)


# Links.


def test_no_link_of_this_repository_is_dead() -> None:
    pages = [path for path in tracked_files() if path.suffix == ".md"]
    own = [path for path in pages if TEMPLATE not in path.parents and "templates" not in path.parts]
    assert len(own) > 80
    assert links.dead(own, ROOT) == []


@pytest.mark.parametrize("kind", EXAMPLES)
def test_no_link_of_a_service_is_dead(examples: dict[str, Path], kind: str) -> None:
    service = examples[kind]
    pages = [path for path in service.rglob("*.md") if ".venv" not in path.parts]
    assert service / "README.md" in pages
    assert links.dead(pages, service) == []


def test_dead_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Some heading\n\n## A `code` one: two\n")
    page = tmp_path / "folder" / "page.md"
    page.parent.mkdir()
    page.write_text(
        "# Page\n\n[fine](../other.md#a-code-one-two) [also](#page) [web](https://a.example/#x)\n\n"
        "[gone](gone.md)\n[wrong](../other.md#another)\n[itself](#none) ![no](no.svg)\n"
        "[outside](../../../etc/hosts)\n\n```\n[code](is-none.md)\n```\n"
    )
    found = links.dead([page], tmp_path)
    assert [line.split(": ")[1] for line in found] == [
        "gone.md",
        "../other.md#another",
        "#none",
        "no.svg",
        "../../../etc/hosts",
    ]
    assert found[0].startswith("folder/page.md:5: gone.md: no such file.")
    assert found[1].endswith("Name one of: a-code-one-two, some-heading.")


# Commands.


def test_every_command_names_tasks_and_options_that_exist() -> None:
    assert commands.faults(map(Page.read, WITH_COMMANDS)) == []


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_command_of_a_service_names_tasks_and_options_that_exist(
    examples: dict[str, Path], kind: str
) -> None:
    pages = [Page.read(path) for path in examples[kind].rglob("*.md")]
    assert commands.faults(pages) == []


def test_commands_are_found_at_all() -> None:
    found = [each for path in WITH_COMMANDS for each in commands.of_page(Page.read(path))]
    assert len([each for each in found if each.program == commands.SERVICE]) > 50
    assert len([each for each in found if each.program == commands.REPOSITORY]) > 20


def test_commands_that_do_not_exist_are_found() -> None:
    text = (
        "# Page\n\n```shell\nacme-tasks no.such-task\nacme-tasks tests --no-such-option\n"
        "token=$(acme-tasks token.issue --username=ada) && ./invoke demo --check  # fine\n"
        "./invoke demo \\\n    --planted\nacme-tasks own.nightly --what=ever\n"
        "acme-tasks --help no-task\nacme-tasks --list | grep x > file\n```\n\n"
        "Run `acme-tasks db.planted`, or `acme-tasks`.\n\n"
        "```python\n@task\ndef nightly(context: Context) -> None:\n    pass\n```\n"
    )
    found = commands.faults([Page(Path("page.md"), text)])
    assert [line.split(": ")[:2] for line in found] == [
        ["page.md:4", "acme-tasks no.such-task"],
        ["page.md:5", "acme-tasks tests --no-such-option"],
        ["page.md:10", "acme-tasks --help no-task"],
        ["page.md:14", "acme-tasks db.planted"],
        ["page.md:7", "./invoke demo --planted"],
    ]


# What is written from the code.


def test_every_setting_of_the_chassis_says_what_it_is() -> None:
    """Write a comment above it in defaults.yaml: it is the reference."""
    found = settings.read(settings.DEFAULTS)
    assert {"database.pool_size", "logs.format", "calls.breaker_seconds"} <= {s.name for s in found}
    assert settings.without_meaning(found) == []


def test_a_setting_without_a_comment_is_found(tmp_path: Path) -> None:
    file = tmp_path / "defaults.yaml"
    file.write_text("---\n# A part.\npart:\n  # Said.\n  one: 1\n  two: 2\n", "utf-8")
    found = settings.read(file)
    assert [(s.name, s.default, s.meaning) for s in found] == [
        ("part", None, "A part."),
        ("part.one", "1", "Said."),
        ("part.two", "2", ""),
    ]
    assert settings.without_meaning(found) == ["part.two"]


def test_settings_of_a_section_are_read_without_anchors() -> None:
    found = settings.read(TEMPLATE / "parts" / "issuer" / "settings.yaml", "default")
    names = {each.name: each.default for each in found}
    assert names["passwords.memory_kib"] == "19456"
    assert names["database"] is None
    assert not any(name.startswith("development") for name in names)


def test_the_metrics_are_those_of_the_code() -> None:
    found = {each.name: each for each in metrics.read()}
    assert found["http_requests_total"].labels == ("method", "route", "status")
    assert found["upstream_request_duration_seconds"].kind == "histogram"
    assert found["uwsgi_worker_busy"].labels == ("worker",)
    assert all(each.meaning for each in found.values())


def test_alerts_and_dashboards_use_metrics_that_are_listed() -> None:
    """A metric that is not listed was renamed, or is made in a way that is not seen."""
    known = "|".join(each.name for each in metrics.read())
    folder = ROOT / "tools" / "src" / "flask_chassis_tools" / "kubernetes" / "alerts"
    text = "".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    name = r"\b(?:http|uwsgi|upstream|log)_[a-z_]+(?:_total|_seconds|_bytes)\b"
    used = set(re.findall(name, text))
    assert used
    assert {name for name in used if not re.match(known, name)} == set()


def test_every_field_of_a_log_record_has_a_meaning() -> None:
    """A new field needs a line in tasks/documentation/logs.py; one that is gone loses its own."""
    found = logs.fields()
    assert {"request_id", "duration_ms", "route"} <= found.keys()
    assert found.keys() == logs.MEANINGS.keys()


def test_a_new_field_of_a_log_record_is_found(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "module.py").write_text(
        'log.info("x", extra={"planted": 1})\nfields = {"passed": 2}\nlog.info("x", extra=fields)\n'
    )
    assert logs.fields(package) == {"planted": {"package.module"}, "passed": {"package.module"}}


def test_the_ports_are_those_of_the_questions(examples: dict[str, Path]) -> None:
    for kind, (requests, served) in ports.of_kinds().items():
        uwsgi = (examples[kind] / "infra" / "uwsgi.yaml").read_text("utf-8")
        assert f"port={requests}" in uwsgi
        assert f"metrics-port={served}" in uwsgi
    assert ports.pgbouncer() == 6432


def test_every_question_is_listed() -> None:
    table = questions.table()
    asked = [name for name in questions.read() if not name.startswith("_")]
    assert [name for name in asked if f"| `{name}` |" not in table] == []


def test_every_task_is_listed_with_its_options() -> None:
    service, repository = task_lists.of_services(), task_lists.of_this_repository()
    for name in ("run", "db.migrate", "cluster.deploy", "template.update", "token.issue"):
        assert f"### `{name}`" in service
    assert "`--digest`" in service
    for name in ("docs", "fleet.update", "demo"):
        assert f"### `{name}`" in repository


def test_the_api_has_a_page_for_every_part_of_the_chassis(site: Path) -> None:
    for folder in sorted((ROOT / "chassis" / "src" / "flask_chassis").glob("*/__init__.py")):
        page = site / "reference" / "api" / f"{folder.parent.name}.html"
        assert page.is_file(), page
    database = (site / "reference" / "api" / "db.html").read_text("utf-8")
    for name in ("session", "get_or_404", "RevisingSession"):
        assert name in database
    assert f"{api_pages.PACKAGE}.http" in api_pages.table()


# How-to guides and decisions.


def test_every_guide_says_in_a_sentence_what_it_is_for() -> None:
    assert how_to.faults() == []
    listed = how_to.lists()
    for page in how_to.pages():
        assert f"({page.path.name}): {page.summary}" in listed


def test_a_guide_without_a_summary_or_with_an_unknown_group_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("# One\n\n```shell\nls\n```\n")
    (tmp_path / "two.md").write_text("---\ngroup: Planets\n---\n# Two\n\nGo there. Then back.\n")
    (tmp_path / "three.md").write_text("---\ngroup: Data\n---\n# Three\n\nKeep it. Longer.\n")
    found = how_to.faults(tmp_path)
    assert len(found) == 2
    assert "two.md: there is no group Planets. Name one of: Domain, " in "".join(found)
    assert "one.md: begin with `# Title` and a paragraph" in "".join(found)
    assert next(iter(how_to.pages(tmp_path))).summary == "Keep it."


def test_every_decision_says_its_status_and_date() -> None:
    assert [each for each in decisions.read_all() if isinstance(each, str)] == []
    assert "| 17 | [Keep-alive belongs to what stands in front]" in decisions.table()
    assert "| Accepted | 2026-11-28 |" in decisions.table()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# 1. Title\n\n**Context.** None.\n", "begin with"),
        ("# 1. Title\n\n**Status.** Fine, 2026-11-28.\n", "Fine is not a status"),
        ("# 2. Title\n\n**Status.** Accepted, 2026-11-28.\n", "the title has the number 2"),
    ],
)
def test_a_decision_without_them_is_found(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "0001-title.md").write_text(text)
    [found] = decisions.read_all(tmp_path)
    assert isinstance(found, str)
    assert said in found


# The README of a service.

LONGEST_README = 75
"""Lines: what fits on a screen, with its tables and commands."""


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_readme_of_a_service_is_a_screen_and_leads_to_the_site(
    examples: dict[str, Path], kind: str, site: Path
) -> None:
    text = (examples[kind] / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_README
    address = re.compile(
        r"\]\(https://docs\.acme\.example/flask-microservice-template/v[\w.]+/([^)]+)\)"
    )
    linked = address.findall(text)
    assert "how-to/index.html" in linked
    assert f"reference/kind-{kind}.html" in linked
    assert [name for name in linked if not (site / name).is_file()] == []


# Language.

PROSE = [
    *PAGES,
    *(path for path in sorted(TEMPLATE.rglob("*.md")) if "parts" not in path.parts),
]

CODE = [
    path
    for folder in ("chassis/src", "tools/src", "tasks", "hooks")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


@pytest.mark.parametrize("path", [path for path in PROSE if path.name != "CHANGELOG.md"], ids=str)
def test_prose_is_plain(path: Path) -> None:
    assert prose.faults(path) == []


def test_messages_docstrings_and_comments_are_plain() -> None:
    """Those of chassis, tools, tasks and hooks."""
    own = Path(prose.__file__)
    assert [fault for path in CODE if path != own for fault in prose.faults(path)] == []


def test_the_code_of_services_is_plain(examples: dict[str, Path]) -> None:
    """Docstrings, messages and comments of all files that can have some."""
    texts = [
        path
        for service in examples.values()
        for path in sorted(service.rglob("*"))
        if path.is_file()
        and path.suffix in ("", ".ini", ".md", ".mako", ".py", ".toml", ".yaml", ".yml")
    ]
    names = {path.name for path in texts}
    assert {"Dockerfile", "bootstrap", "app.py", "uwsgi.yaml", "README.md"} <= names
    assert [fault for path in texts for fault in prose.faults(path)] == []


def test_a_stilted_phrase_is_found(tmp_path: Path) -> None:
    page, module = tmp_path / "page.md", tmp_path / "module.py"
    settings = tmp_path / "settings.yaml"
    settings.write_text("# Whoever reads it.\nwhoever: 1  # in vain\naddress: in#vain\n")
    page.write_text(
        "# Page\n\nThe first error\nis told. `whoever` is code.\n\n```\nwhoever\n```\n\n"
        "`x` is no number. There is no number. Take y in the place of x.\n"
    )
    module.write_text(
        '"""Whoever reads it."""\n\n\ndef f() -> None:\n    # A comment in vain.\n'
        '    raise ValueError(f"There is none with the id {5}.")\n'
    )
    assert [line.removeprefix(f"{page}:") for line in prose.faults(page)] == [
        '4: "is told": write "learns", "reports", or say who says it.',
        '10: "is no number": write "is not a".',
        '10: "in the place of": write "instead of", or "replaces".',
    ]
    assert [line.removeprefix(f"{module}:").split(":")[0] for line in prose.faults(module)] == [
        "1",
        "6",
        "5",
    ]
    assert [line.removeprefix(f"{settings}:").split(":")[0] for line in prose.faults(settings)] == [
        "1",
        "2",
    ]
