"""`template.drift`, and `template.adopt` for services that cruft did not make."""

import subprocess
from pathlib import Path

from tests.updates import life, services
from tests.updates.history import ADDRESS
from tests.updates.published import conflicts
from tests.updates.services import Service, contents

ADOPT = ("template.adopt", f"--template={ADDRESS}")


def test_the_drift_is_what_was_edited_of_the_templates_own(resource: Service) -> None:
    """Files of the service's, and those of both, are no drift."""
    done = resource.tasks("template.drift")
    assert done.returncode == 1
    listed = [line for line in done.stdout.splitlines() if line.startswith(("edited", "deleted"))]
    assert listed == ["edited: docs/contracts.md", "edited: infra/uwsgi.yaml"]
    patch = resource.tasks("template.drift", "--patch").stdout
    assert "--- template/infra/uwsgi.yaml\n+++ service/infra/uwsgi.yaml\n" in patch
    assert "\n+# Ours: nothing yet.\n" in patch
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", ".template-files.sha256"],
        cwd=resource.path,
        capture_output=True,
        text=True,
    )
    failed = [line.removesuffix(": FAILED") for line in checked.stdout.splitlines()]
    assert failed == ["docs/contracts.md", "infra/uwsgi.yaml"]


def test_without_edits_there_is_no_drift(resource: Service) -> None:
    for name in ("docs/contracts.md", "infra/uwsgi.yaml"):
        resource.git("checkout", "HEAD~1", name)
    done = resource.tasks("template.drift")
    assert (done.returncode, done.stdout) == (
        0,
        "No template-owned file was edited.\n",
    )


def test_a_service_without_a_record_is_linked_to_what_it_is_from(
    resource: Service, tmp_path: Path
) -> None:
    """It was rendered by Cookiecutter, from a release that nobody remembers."""
    resource.git("rm", "--quiet", ".cruft.json")
    resource.commits()
    other = services.copy(resource, tmp_path / "other" / resource.path.name)
    given = ("--answer=ci_system=none",)
    done = resource.tasks(*ADOPT, *given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The service was rendered from v1.0.0." in done.stdout
    record = resource.record()
    assert (record["template"], record["checkout"]) == (ADDRESS, "v1.2.0")
    assert record["context"]["cookiecutter"]["ci_system"] == "no-ci"
    assert "Ours: ask ada first." in contents(resource.path)["docs/changing-a-contract.md"].decode()
    again = resource.tasks(*ADOPT)
    assert again.returncode == 1

    told = other.tasks(*ADOPT, *given, "--since=v1.0.0", "--to=v1.1.0")
    assert told.returncode == 0, told.stdout + told.stderr
    assert other.record()["checkout"] == "v1.1.0"


def test_a_service_from_elsewhere_keeps_its_own_and_is_merged(
    resource: Service, tmp_path: Path
) -> None:
    """What both have is a conflict, in markers; what is the service's stays; the rest is new."""
    folder = tmp_path / "elsewhere"
    life.write(folder / "README.md", "# Blog\n\nOurs.\n")
    life.write(folder / "blog" / "domain.py", "OURS = True\n")
    life.write(folder / "own.txt", "own\n")
    resource.template.git("init", "--quiet", "--initial-branch=main", folder=folder.absolute())
    elsewhere = Service(folder, resource.template, resource.installed)
    elsewhere.commits()
    done = services.adopt_from_the_template(elsewhere, "--answer=package_name=blog")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "The service is similar to no release." in done.stdout
    assert conflicts(elsewhere) == ["README.md"], done.stdout + done.stderr
    readme = (folder / "README.md").read_text("utf-8")
    assert "<<<<<<< HEAD\nOurs.\n=======\n" in readme
    assert (folder / "blog" / "domain.py").read_text("utf-8") == "OURS = True\n"
    assert (folder / "own.txt").read_text("utf-8") == "own\n"
    assert (folder / "blog" / "app.py").is_file()
    assert (folder / "blog" / "tasks.py").is_file()
    brought = [path.name.split("-")[0] for path in sorted((folder / "vendor").iterdir())]
    assert brought == ["flask_chassis", "flask_chassis_tools"]
    assert elsewhere.record()["checkout"] == "v1.2.0"
