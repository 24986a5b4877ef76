"""Repositories unlike most: SHA-256, Git LFS, a monorepo, programs and links among the files."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tasks.folders import ROOT
from tests.full.programs import run
from tests.serving import serving
from tests.updates import services
from tests.updates.history import SERVICE, Repository, copied, edit
from tests.updates.published import conflicts
from tests.updates.services import Service, contents, copy

UPDATE = ("template.update", "--no-tests", "--no-input")
BRANCH = "template/v1.2.0"

GUIDE = ROOT / "docs" / "how-to" / "updates.md"


def test_a_sha256_repository_is_updated_like_any_other(resource: Service, tmp_path: Path) -> None:
    """With a conflict, which writes to the index, and on a branch."""
    edit(resource.path / "README.md", "## Work on it", "## Ours")
    resource.commits()
    other = copy(resource, tmp_path / "sha256" / resource.path.name)
    shutil.rmtree(other.path / ".git")
    other.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    (other.path / ".git" / "info" / "exclude").write_text(".venv\n")
    other.commits()
    done = other.tasks(*UPDATE, f"--branch={BRANCH}")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "CONFLICT (content): README.md" in done.stdout
    for service in (resource, other):
        done = service.tasks(*UPDATE)
        assert done.returncode == 1, done.stdout + done.stderr
        assert conflicts(service) == ["README.md"]
    assert len(other.git("rev-parse", BRANCH)) == 64
    assert contents(other.path) == contents(resource.path)
    assert other.changed() == resource.changed()


class Objects(BaseHTTPRequestHandler):
    """A server for Git LFS that has nothing, and notes who asks."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        """Note it, and refuse."""
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *of: object) -> None:
        """Say nothing."""


@pytest.fixture
def objects() -> Iterator[str]:
    """The address of such a server."""
    Objects.asked.clear()
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Objects)) as address:
        yield address


def test_a_clone_without_the_objects_of_git_lfs_is_updated(
    resource: Service, objects: str, tmp_path: Path
) -> None:
    """And no server is asked for them, which the service names: the fleet's jobs have logins."""
    variables = {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / "lfs.gitconfig")}
    (tmp_path / "lfs.gitconfig").write_text(
        Path(resource.variables["GIT_CONFIG_GLOBAL"]).read_text("utf-8")
    )

    def git(*words: str, folder: Path) -> None:
        environment = os.environ | variables
        subprocess.run(["git", *words], cwd=folder, env=environment, check=True)

    git("lfs", "install", "--skip-repo", folder=tmp_path)
    (resource.path / ".gitattributes").write_text("*.model filter=lfs diff=lfs merge=lfs -text\n")
    (resource.path / ".lfsconfig").write_text(f"[lfs]\n\turl = {objects}/objects\n")
    (resource.path / "large.model").write_bytes(b"\0" * 5000)
    git("add", "--all", folder=resource.path)
    git("commit", "--quiet", "--message=Large", folder=resource.path)

    clone = tmp_path / "clone"
    variables["GIT_LFS_SKIP_SMUDGE"] = "1"
    git("clone", "--quiet", f"file://{resource.path}", str(clone), folder=tmp_path)
    del variables["GIT_LFS_SKIP_SMUDGE"]
    (clone / ".git" / "info" / "exclude").write_text(".venv\n")
    pointer = (clone / "large.model").read_bytes()
    assert pointer.startswith(b"version https://git-lfs.github.com/spec/v1\n")

    lacking = Service(clone, resource.template, resource.installed)
    for service, content in ((lacking, pointer), (resource, b"\0" * 5000)):
        done = service.tasks(*UPDATE, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (service.path / "large.model").read_bytes() == content
        listed = run(["git", "diff", "--cached", "--name-only"], service.path, variables).stdout
        assert "large.model" not in listed
        assert "docs/on-call.md" in listed
    assert Objects.asked == []


@pytest.fixture
def monorepo(resource: Service, tmp_path: Path) -> Service:
    """A service in a folder of a larger repository."""
    top = tmp_path / "monorepo"
    folder = top / "services" / "billing"
    shutil.copytree(resource.path, folder, symlinks=True)
    shutil.rmtree(folder / ".git")
    (top / "README.md").write_text("# All of it\n")
    resource.template.git("init", "--quiet", "--initial-branch=main", folder=top)
    (top / ".git" / "info" / "exclude").write_text(".venv\n")
    resource.template.git("add", "--all", folder=top)
    resource.template.git("commit", "--quiet", "--message=All", folder=top)
    return Service(folder, resource.template, resource.installed)


def test_a_service_in_a_monorepo_is_refused_and_the_guide_has_the_way(
    monorepo: Service, resource: Service
) -> None:
    top = monorepo.path.parents[1]
    for words in (UPDATE, ("template.update", "--check"), ("template.bump", "--no-tests")):
        refused = monorepo.tasks(*words)
        assert refused.returncode == (2 if "--check" in words else 1)
        assert f"is a folder of the repository {top}" in refused.stderr
        assert "git am --directory=services/billing" in refused.stderr
        assert "A service in a monorepo" in refused.stderr
    section = GUIDE.read_text("utf-8").partition("## A service in a monorepo\n")[2]
    [script] = re.findall(r"```shell\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    update = "./bootstrap && .venv/bin/acme-tasks template.update\n"
    assert update in script
    script = script.replace(update, f"{monorepo.command} {' '.join(UPDATE)}\n")
    environment = monorepo.variables | {"PYTHONPATH": str(top.parent / "billing-alone")}
    done = run(["sh", "-euc", script], top, environment, seconds=400)
    assert done.returncode == 0, done.stdout + done.stderr

    assert resource.tasks(*UPDATE).returncode == 0
    assert contents(monorepo.path) == contents(resource.path)
    assert monorepo.git("status", "--porcelain") == ""
    assert monorepo.git("show", "--format=%s", "--name-only").splitlines()[0] == (
        "Update from the template"
    )


def test_the_executable_bit_is_a_part_of_the_drift(resource: Service) -> None:
    """Of files that are not edited otherwise, and where the file system has such a bit."""
    assert resource.tasks(*UPDATE).returncode == 0
    resource.commits()
    before = resource.tasks("template.drift").stdout
    (resource.path / "bootstrap").chmod(0o644)
    (resource.path / ".yamllint").chmod(0o755)
    done = resource.tasks("template.drift", "--patch")
    assert done.returncode == 1
    assert "\nnot executable any more: bootstrap\n" in f"\n{done.stdout}"
    assert "\nmade executable: .yamllint\n" in f"\n{done.stdout}"
    assert "mode 100755 of template/bootstrap, mode 100644 of service/bootstrap\n" in done.stdout
    resource.git("config", "core.fileMode", "false")
    assert resource.tasks("template.drift").stdout == before


def a_program(content: bytes) -> bytes:
    """Return the content of a binary file."""
    return b"\x7fELF\0" + content


@pytest.fixture
def unlike(template: Repository, tmp_path: Path) -> Repository:
    """A template with two more releases, of which both have an executable binary and a link."""
    made = copied(template, tmp_path / "unlike")
    program = made.folder / SERVICE / "infra" / "program"
    hook = made.folder / "hooks" / "post_gen_project.py"
    link = '    (folder / "docs" / "latest.md").symlink_to("TARGET.md")\n'
    first = link.replace("TARGET", "changing-a-contract")
    edit(hook, "    drop_old_wheels(folder)\n", f"    drop_old_wheels(folder)\n{first}")
    program.write_bytes(a_program(b"first"))
    program.chmod(0o755)
    made.amend("v1.3.0", "A program.")
    edit(hook, first, link.replace("TARGET", "on-call"))
    program.write_bytes(a_program(b"second"))
    made.amend("v1.4.0", "A newer program.")
    return made


def test_an_edited_program_keeps_its_mode_and_a_moved_link_is_not_deleted(
    unlike: Repository, resource: Service, tmp_path: Path
) -> None:
    service = services.create(unlike, tmp_path / "made", "v1.3.0", {}, resource.installed)
    program, docs = service.path / "infra" / "program", service.path / "docs"
    program.write_bytes(a_program(b"ours"))
    (docs / "more").mkdir()
    (docs / "latest.md").unlink()
    (docs / "more" / "newest.md").symlink_to("../changing-a-contract.md")
    service.commits()
    done = service.tasks(*UPDATE, "--to=v1.4.0")
    assert "infra/program was edited here, but binary files are not merged" in done.stdout
    assert "was deleted here" not in done.stdout
    assert program.read_bytes() == a_program(b"second")
    assert program.stat().st_mode & 0o111 == 0o111
    # The template has it lead elsewhere, and so has the service, by another text.
    assert conflicts(service) == ["docs/more/newest.md"], done.stdout
