"""Resources that `resource.add` writes into a service of each kind with a database."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tasks.edge import host
from tasks.render import example
from tests.conftest import EXAMPLES
from tests.full.edge import Backend, edge
from tests.services import KEPT, InstalledService, install
from tests.serving import serving

INVOICE = (
    *("invoice", "--field=number:str:20:unique:sort", "--field=customer:str:search"),
    *("--field=amount:money", "--field=currency:currency", "--field=due:date:sort"),
    *("--field=status:enum:draft,sent,paid", "--field=note:text:optional", "--has-many=items"),
    *("--item-field=name:str", "--item-field=quantity:decimal", "--item-field=unit_price:money"),
)
NOTE = ("note", "--owned", "--field=text:text:search")
# Every type, and the longest names.
LONG = (
    *("purchase_order_confirmation_id", "--read=public", "--field=a:decimal:sort:filter"),
    *("--field=purchase_order_confir_on:str:unique:search", "--field=b:money:unique"),
    *("--field=purchase_order_confir_tw:text:search:optional", "--field=c:currency:filter"),
    *("--field=purchase_order_confir_in:int:sort", "--field=d:bool", "--field=e:date:sort"),
    *("--field=f:datetime:sort", "--field=g:uuid:unique", "--field=h:url:search"),
    "--field=purchase_order_confir_en:enum:in-progress,done:optional",
    *("--has-many=purchase_order_confi", "--item-field=a:uuid", "--item-field=kind:enum:x,y"),
    *("--item-field=b:url:optional", "--item-field=c:datetime", "--item-field=d:bool"),
)


@pytest.fixture(scope="module", params=["resource", "issuer"])
def service(request: pytest.FixtureRequest) -> Iterator[InstalledService]:
    """A service of a kind, in git, that these tests change."""
    answers = example(EXAMPLES[request.param])
    name = f"adds-to-{request.param}"
    installed = install(
        answers
        | {"project_name": name, "project_slug": name, "package_name": name.replace("-", "_")}
    )
    git(installed, "init", "--quiet", "--initial-branch=main")
    commit(installed)
    yield installed
    shutil.rmtree(installed.path)
    for left in KEPT.glob(f"*/{name}.rendered-for"):
        left.unlink()


def git(service: InstalledService, *words: str) -> str:
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example")
    done = subprocess.run(
        ["git", *person, *words], cwd=service.path, check=True, capture_output=True, text=True
    )
    return done.stdout


def commit(service: InstalledService) -> None:
    git(service, "add", "--all")
    git(service, "commit", "--quiet", "--allow-empty", "--message=change")


def run(service: InstalledService, *words: str) -> None:
    done = service.run("acme-tasks", *words)
    assert done.returncode == 0, done.stdout + done.stderr


SEEDS = """
from flask_chassis.db.revisions import RevisingSession
from flask_chassis_tools.seeding import rows


def test_seeds(app, client, engine, settings, bearer):
    for _ in range(2):
        with RevisingSession(engine) as session, session.begin():
            added = rows.add(session, 20, settings)
    assert 60 in added.values()
    for path in ("invoices", "notes", "purchase_order_confirmation_ids"):
        listed = client.get(f"/api/{path}/?limit=100", headers=bearer("ada", scope="admin"))
        assert (listed.status_code, len(listed.json)) == (200, 40), listed.json
"""
"""Whether the rows of `db.seed` are valid for each type of fields: responses are validated."""


def test_added_resources_pass_all_checks_and_leave_nothing_behind(
    service: InstalledService,
) -> None:
    run(service, "resource.add", *NOTE)
    run(service, "resource.remove", "notes", "--force")
    # An issuer had no lists before: what they need stays.
    commit(service)
    for words in (INVOICE, NOTE, LONG):
        run(service, "resource.add", *words)
    run(service, "api.document")
    run(service, "check", "--all")
    run(service, "cluster.check")
    run(service, "tests", "--parallel=0")
    planted = service.path / "tests" / "test_seeds.py"
    planted.write_text(SEEDS)
    run(service, "tests", "--select=test_seeds")
    planted.unlink()
    commit(service)
    for name in ("purchase_order_confirmation_id", "note", "invoices"):
        run(service, "resource.remove", name)
        run(service, "api.document")
        commit(service)
    assert git(service, "diff", "HEAD~4") == ""
    run(service, "check", "--all")


def test_an_added_resource_has_its_route_at_the_edge_without_another_edit(
    service: InstalledService, tmp_path: Path
) -> None:
    """Even if the Ingress has a path for each resource, and not all of /api."""
    ingress = service.path / "infra/kubernetes/base/ingress.yaml"
    ingress.write_text(ingress.read_text().replace("path: /api\n", "path: /api/login\n"))
    name, address = service.path.name, "/api/notes/5/"
    with serving(Backend()) as backend:
        for status in (404, 200):
            folder = tmp_path / str(status)
            folder.mkdir()
            with edge(folder, service.path, [backend.removeprefix("http://")], name) as port:
                called = f"http://127.0.0.1:{port}{address}"
                answer = requests.get(called, headers={"Host": host(name)}, timeout=10)
                assert answer.status_code == status
            if status == 404:
                run(service, "resource.add", *NOTE)
    git(service, "checkout", "--quiet", ".")
    git(service, "clean", "--quiet", "--force", "-d")
