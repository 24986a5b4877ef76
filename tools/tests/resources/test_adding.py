"""resource.add and resource.remove change a service as a whole or not at all."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask_chassis import project
from flask_chassis.project import Project
from invoke import Collection

from ..conftest import Run

NOTE = ("resource.add", "note", "--owned", "--field=text:text:search")
BILL = (
    *("resource.add", "bill", "--field=number:str:20:unique", "--field=due:date:sort"),
    "--has-many=item:name:str,price:money",
)


@pytest.fixture(params=["resource", "issuer"])
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def own(
    service: Project, namespace: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of the service, in git, that a test may change."""
    folder = tmp_path / "own"
    shutil.copytree(service.folder.parent, folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    monkeypatch.setattr(project, "_current", Project(service.package, folder / service.package))
    return folder


def git(folder: Path, *words: str) -> str:
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example")
    done = subprocess.run(
        ["git", "-C", folder, *person, *words], check=True, capture_output=True, text=True
    )
    return done.stdout


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=change")


def status(folder: Path) -> str:
    return git(folder, "status", "--porcelain", "--untracked-files=all")


def bills_migration(folder: Path) -> Path:
    """Return the migration that creates the bills."""
    [found] = (folder / "migrations" / "versions").glob("*_create_bills.py")
    return found


def edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text("utf-8")), "utf-8")


def test_what_is_added_is_clean_and_says_what_is_next(run: Run, own: Path) -> None:
    done = run(*BILL)
    assert done.code == 0, done.error
    assert "Look at these next" in done.out
    assert "the scope bills:write writes" in done.out
    package = own / project.package()
    assert (package / "bills" / "routes.py").is_file()
    assert bills_migration(own).is_file()
    assert "| `GET /api/bills/` |" in (own / "README.md").read_text("utf-8")
    for words in (("format", "--check"), ("check",)):
        subprocess.run([sys.executable, "-m", "ruff", *words, "."], cwd=own, check=True)


def test_removing_what_was_added_leaves_the_service_as_it_was(run: Run, own: Path) -> None:
    run(*NOTE)  # which gives an issuer its lists; that stays
    run("resource.remove", "notes", "--force")
    commit(own)
    assert run(*BILL).code == run(*NOTE).code == 0
    commit(own)
    assert run("resource.remove", "notes").code == 0
    commit(own)
    removed = run("resource.remove", "bill")
    assert removed.code == 0, removed.error
    assert "was not released, and was removed" in removed.out
    commit(own)
    assert git(own, "diff", "HEAD~3") == ""


@pytest.mark.parametrize("kind", ["resource"])
def test_the_seeded_example_is_what_the_task_writes(run: Run, own: Path) -> None:
    assert run("resource.remove", "thoughts").code == 0
    assert (own / "migrations").is_dir()
    assert run("resource.add", "thought", *NOTE[2:]).code == 0
    assert status(own) == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bill", "--field=id:int"), "'id' is a field that every resource has"),
        (("bill", "--plural=migrations", "--field=a:int"), "module or route"),
        (("domain_item", "--plural=domain", "--field=a:int"), "module or route"),
    ],
)
def test_bad_input_writes_nothing(run: Run, own: Path, words: tuple[str, ...], said: str) -> None:
    refused = run("resource.add", *words)
    assert refused.code == 1
    assert said in refused.error
    assert refused.error.count("\n") == 1
    assert status(own) == ""


def test_a_name_that_is_taken_writes_nothing(run: Run, own: Path) -> None:
    run(*BILL)
    commit(own)
    for words, said in (
        (BILL, "bills exists: choose another name"),
        (("resource.add", "bill", "--plural=bill_list", "--field=a:int"), "a class Bill already"),
        (("resource.add", "bill_item", "--field=a:int"), "a class BillItem already"),
    ):
        refused = run(*words)
        assert refused.code == 1
        assert said in refused.error
    assert status(own) == ""


def test_a_package_of_the_guide_is_known(run: Run, own: Path) -> None:
    """docs/tutorial/build-a-domain.md writes `models.py`, where resource.add writes `model.py`."""
    assert run(*BILL).code == 0
    package = own / project.package()
    (package / "bills/model.py").rename(package / "bills/models.py")
    for path in [*(package / "bills").glob("*.py"), package / "models.py"]:
        edit(path, lambda text: text.replace("from .model ", "from .models "))
    edit(package / "models.py", lambda text: text.replace("import model as", "import models as"))
    commit(own)
    refused = run(*BILL)
    assert "or run resource.remove bills first" in refused.error
    # What it says to do, works.
    removed = run("resource.remove", "bills")
    assert removed.code == 0, removed.error
    assert not (package / "bills").exists()
    assert "bill" not in (package / "models.py").read_text("utf-8")
    commit(own)
    added = run(*BILL)
    assert added.code == 0, added.error


@pytest.mark.parametrize("left", ["{package}/bills/queries.py", "tests/bills.py"])
def test_what_resource_remove_refuses_is_not_advised(run: Run, own: Path, left: str) -> None:
    path = own / left.format(package=project.package())
    path.parent.mkdir(exist_ok=True)
    path.touch()
    refused = run(*BILL)
    assert "exists: choose another name or --plural, or remove it first" in refused.error
    path.unlink()
    if path.parent.name == "bills":
        path.parent.rmdir()
    assert run(*BILL).code == 0


def test_what_still_names_a_resource_is_told_what_to_do(run: Run, own: Path) -> None:
    assert run(*BILL).code == 0
    edit(own / "README.md", lambda text: f"{text}\nThe bills are paid.\n")
    removed = run("resource.remove", "bills", "--force")
    assert "These still name it: README.md. Look for bills there, and take out" in removed.out


def test_a_route_that_is_taken_writes_nothing(run: Run, own: Path) -> None:
    package = own / project.package()
    (package / "plain.py").write_text('"""Plain."""\n\nURL = "/api/bills/"\n', "utf-8")
    commit(own)
    refused = run(*BILL)
    assert "plain.py has the route /api/bills/ already" in refused.error
    assert status(own) == ""


def test_a_domain_that_is_not_understood_is_left_alone(run: Run, own: Path) -> None:
    domain = own / project.package() / "domain.py"
    edit(domain, lambda text: text.replace("openapi.init_app(", "document("))
    commit(own)
    refused = run(*BILL)
    assert refused.code == 1
    assert "from .bills import routes as bills_routes" in refused.error
    assert status(own) == ""
    # Added by hand, the rest is written.
    line = "from .bills import routes as bills_routes\n"
    edit(domain, lambda text: text.replace("\nAPI_VERSION", f"{line}\nAPI_VERSION", 1))
    edit(
        domain, lambda text: text.replace("document(", "listing.init_app(app, settings)\n    (", 1)
    )
    assert run(*BILL).code == 0


def test_a_named_list_of_namespaces_is_found(run: Run, own: Path) -> None:
    domain = own / project.package() / "domain.py"
    listed = "[routes.namespace, administration.namespace]"
    edit(domain, lambda text: text.replace(listed, "NAMESPACES"))
    edit(
        domain,
        lambda text: text.replace("\n\ndef init_app", f"\nNAMESPACES = {listed}\n\n\ndef init_app"),
    )
    assert run(*BILL).code == 0
    assert "administration.namespace, bills_routes.namespace]" in domain.read_text("utf-8")


def test_each_searched_text_has_tests_of_its_own(run: Run, own: Path) -> None:
    fields = ("--field=title:text:search", "--field=body:text:search")
    assert run("resource.add", "note", "--owned", *fields).code == 0
    tree = ast.parse((own / "tests/notes/test_routes.py").read_text("utf-8"))
    names = [each.name for each in tree.body if isinstance(each, ast.FunctionDef)]
    assert len(names) == len(set(names))
    assert "test_search_of_body_is_literal_and_case_insensitive" in names


def test_the_rows_for_another_table_in_the_readme_are_printed(run: Run, own: Path) -> None:
    edit(own / "README.md", lambda text: text.replace("| request | who |", "| call | by |"))
    before = (own / "README.md").read_text("utf-8")
    said = run("resource.add", "bill", "--field=name:str").out
    assert "README.md has no table `| request | who | response |`" in said
    assert "\n| `GET /api/bills/` | token |" in said
    assert (own / "README.md").read_text("utf-8") == before


def test_an_ingress_without_the_api_gets_its_path_and_loses_it(run: Run, own: Path) -> None:
    ingress = own / "infra/kubernetes/base/ingress.yaml"
    edit(ingress, lambda text: text.replace("- path: /api\n", "- path: /elsewhere\n"))
    commit(own)
    assert run(*BILL).code == 0
    assert "- path: /api/bills\n" in ingress.read_text("utf-8")
    run("resource.remove", "bills", "--force")
    assert git(own, "diff", "--", "infra") == ""


def test_several_newest_migrations_write_nothing(run: Run, own: Path) -> None:
    first = next((own / "migrations/versions").glob("0001*"))
    text = first.read_text("utf-8").replace('revision = "0001"', 'revision = "0009"')
    (first.parent / "0009_other.py").write_text(text, "utf-8")
    commit(own)
    refused = run(*BILL)
    assert "are not one line" in refused.error
    assert status(own) == ""


def test_what_git_cannot_bring_back_is_not_removed(run: Run, own: Path) -> None:
    run(*BILL)
    refused = run("resource.remove", "bills")
    assert refused.code == 1
    assert "Git cannot bring these back" in refused.error
    assert (own / project.package() / "bills").is_dir()


def test_what_is_used_elsewhere_is_not_removed(run: Run, own: Path) -> None:
    run(*BILL)
    use = own / project.package() / "use.py"
    use.write_text('"""Uses it."""\n\nfrom .bills.model import Bill\n', "utf-8")
    commit(own)
    refused = run("resource.remove", "bills")
    assert "use.py:3. Remove these imports first" in refused.error
    use.unlink()
    domain = own / project.package() / "domain.py"
    edit(domain, lambda text: f"{text}\n\nX = bills_routes.ID\n")
    commit(own)
    refused = run("resource.remove", "bills")
    assert "uses bills_routes of bills" in refused.error
    assert status(own) == ""


def test_tables_of_a_release_are_dropped_only_if_that_is_allowed(run: Run, own: Path) -> None:
    run(*BILL)
    commit(own)
    git(own, "tag", "v1.0.0")
    refused = run("resource.remove", "bills")
    assert "--drop-tables" in refused.error
    assert status(own) == ""
    done = run("resource.remove", "bills", "--drop-tables")
    assert done.code == 0, done.error
    [dropping] = (own / "migrations/versions").glob("*_drop_*.py")
    text = dropping.read_text("utf-8")
    upgrade, downgrade = text.index("def upgrade"), text.index("def downgrade")
    assert downgrade < text.index("op.create_table") < upgrade < text.index("op.drop_table")
    assert f'down_revision = "{bills_migration(own).name[:4]}"' in text


def test_tables_that_later_migrations_change_are_left_to_people(run: Run, own: Path) -> None:
    run(*BILL)
    later = own / "migrations/versions/0009_more.py"
    last = bills_migration(own).name[:4]
    later.write_text(
        f'revision = "0009"\ndown_revision = "{last}"\n\n\ndef upgrade() -> None:\n'
        '    op.add_column("bills", None)\n',
        "utf-8",
    )
    commit(own)
    refused = run("resource.remove", "bills", "--drop-tables")
    assert "0009_more.py" in refused.error
    assert "run db.revision" in refused.error
    assert status(own) == ""


@pytest.mark.parametrize("kind", ["frontend"])
@pytest.mark.parametrize("task", ["resource.add", "resource.remove"])
def test_a_frontend_says_why_not(run: Run, own: Path, task: str) -> None:
    refused = run(task, "bill")
    assert refused.code == 1
    assert refused.error == (
        "This service has no database, and so no resources: add them to its backend.\n"
    )


def test_an_unknown_resource_is_named(run: Run, own: Path) -> None:
    refused = run("resource.remove", "nothing")
    assert "has no resource nothing" in refused.error
