"""Releases of the template, made up: today's is the newest, the earlier ones lack changes of it."""

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tasks.folders import TEMPLATE
from tasks.wheels import build, put, set_version
from tests.full.programs import copy_of_the_repository

ADDRESS = "https://templates.acme.example/flask-microservice.git"
"""Where everybody has the template from; git is told to look in a folder instead."""

SERVICE = TEMPLATE.name
PACKAGE = "{{cookiecutter.package_name}}"
CHASSIS = Path("chassis/src/flask_chassis")

Change = Callable[[Path], None]


@dataclass(frozen=True)
class Repository:
    """The template's repository, which services are rendered and updated from."""

    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """What leads git from the public address to the folder."""
        return {"GIT_CONFIG_GLOBAL": str(self.folder.with_suffix(".gitconfig"))}

    def git(self, *words: str, folder: Path | None = None) -> str:
        """Run git, with a name and an address of its own."""
        person = ("-c", "user.name=Tests", "-c", "user.email=tests@acme.example")
        done = subprocess.run(
            ["git", *person, *words],
            cwd=folder or self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def release(self, tag: str, news: str, *changes: Change, chassis: str = "") -> None:
        """Release today's template with some changes, and say in its changelog what is new.

        `chassis` is the version of its chassis and tools, if their sources are among the changes.
        """
        for path in self.folder.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        copy_of_the_repository(self.folder)
        for change in changes:
            change(self.folder)
        if chassis:
            with_the_wheels(self.folder, chassis)
        self.amend(tag, news)

    def amend(self, tag: str, news: str) -> None:
        """Release the work tree as it stands."""
        earlier = self.folder.parent / "news.md"
        section = f"## [{tag.removeprefix('v')}] - 2026-01-01\n\n### Changed\n\n- {news}\n\n"
        text = section + (earlier.read_text() if earlier.exists() else "")
        earlier.write_text(text)
        (self.folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## [Unreleased]\n\n{text}")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", tag)
        self.git("tag", tag)
        # Or every clone would compress the same files again.
        self.git("repack", "-adq")


def repository(folder: Path) -> Repository:
    """Make an empty repository of a template."""
    made = folder / "template"
    made.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=made, check=True)
    return published(made)


def published(folder: Path) -> Repository:
    """Have the public address lead to a repository."""
    made = Repository(folder)
    made.folder.with_suffix(".gitconfig").write_text(
        f'[url "file://{folder}"]\n\tinsteadOf = {ADDRESS}\n'
        "[user]\n\tname = Somebody\n\temail = somebody@acme.example\n"
    )
    return made


def copied(template: Repository, folder: Path) -> Repository:
    """Copy the repository of a template to where tests may change it."""
    return published(Path(shutil.copytree(template.folder, folder / "template", symlinks=True)))


def three_releases(folder: Path) -> Repository:
    """Make the history that the gate goes by; v1.2.0 is today's template, with a question more."""
    made = repository(folder)
    first = (before_the_file_was_added, before_the_file_was_changed, before_the_rename)
    second = (before_the_deletion, before_the_bump, before_the_hook_was_changed)
    made.release("v1.0.0", "The first.", *first, *second, chassis="0.0.8")
    news = "Files. Action needed: read about contracts."
    made.release("v1.1.0", news, *second, chassis="0.0.9")
    made.release("v1.2.0", "A question. Action needed: say who is on call.", *THE_NEWEST)
    return made


_BUILT: dict[str, dict[str, tuple[str, bytes]]] = {}
"""The wheels that this process has built, by what their sources are: names and contents."""


def with_the_wheels(template: Path, version: str) -> None:
    """Give the chassis and the tools of a template a version, and build their wheels into it."""
    set_version(version, template)
    sources = hashlib.sha256()
    for path in sorted(
        path for name in ("chassis", "tools") for path in (template / name).rglob("*")
    ):
        if path.is_file() and "tests" not in path.parts:
            sources.update(f"{path.relative_to(template)}".encode() + path.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        known = _BUILT.get(sources.hexdigest())
        if known is None:
            built = build(Path(folder), template)
            known = {name: (wheel.name, wheel.read_bytes()) for name, wheel in built.items()}
            _BUILT[sources.hexdigest()] = known
        for name, content in known.values():
            (Path(folder) / name).write_bytes(content)
        put({name: Path(folder) / wheel for name, (wheel, _) in known.items()}, template)


def edit(file: Path, before: str, after: str) -> None:
    """Replace a text, which has to be there."""
    text = file.read_text("utf-8")
    assert before in text, f"{before!r} is not in {file}"
    file.write_text(text.replace(before, after), "utf-8")


# What today's template has, and an earlier one had not.


def before_the_file_was_added(template: Path) -> None:
    """Take a file away."""
    (template / SERVICE / ".editorconfig").unlink()


def before_the_file_was_changed(template: Path) -> None:
    """Have other lines in the chassis, in the template's own file, and in two that it shares."""
    for file in (
        template / CHASSIS / "observability" / "health.py",
        template / SERVICE / PACKAGE / "wsgi.py",
    ):
        file.write_text(f"{file.read_text('utf-8')}\n\nOLDER = True\n", "utf-8")
    edit(template / "templates" / "README.md", "## Change it", "## Work on it")
    edit(template / "templates" / "pyproject.toml", '"T10", "TRY"', '"TRY"')
    for settings in (template / SERVICE).glob("parts/*/settings.yaml"):
        edit(settings, "max_body_bytes: 1048576", "max_body_bytes: 1000000")
    # And in one that belongs to the service once it is rendered.
    edit(template / SERVICE / "infra" / "scan-ignores.toml", "half a year at most", "a year")


def before_the_rename(template: Path) -> None:
    """Have another name for a file."""
    docs = template / SERVICE / "docs"
    (docs / "changing-a-contract.md").rename(docs / "contracts.md")


def before_the_deletion(template: Path) -> None:
    """Have files that are gone today: of the service, in its package, and of the chassis."""
    (template / SERVICE / "docs" / "how-it-was.md").write_text("# How it was\n\nDifferent.\n")
    for folder in (template / SERVICE / PACKAGE, template / CHASSIS):
        (folder / "leftover.py").write_text('"""Left over."""\n')


def before_the_bump(template: Path) -> None:
    """Have an older version of a dependency, which the tools bring."""
    edit(template / "tools" / "pyproject.toml", "xdist>=3.8,<4", "xdist>=3.7,<4")
    for lock in (template / SERVICE).glob("parts/*/poetry.lock"):
        edit(
            lock,
            'name = "pytest-xdist"\nversion = "3.8.0"',
            'name = "pytest-xdist"\nversion = "3.7.0"',
        )
        edit(lock, 'pytest-xdist = ">=3.8,<4"', 'pytest-xdist = ">=3.7,<4"')


def before_the_hook_was_changed(template: Path) -> None:
    """Have a hook that writes another text."""
    edit(template / "hooks" / "post_gen_project.py", "# Who reviews a change of what;", "# Owners;")


# What the newest has on top of today's.


def with_a_question(template: Path) -> None:
    """Ask something new, and write a file with the answer."""
    file = template / "cookiecutter.json"
    questions = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({"on_call": "nobody yet"} | questions, indent=2) + "\n", "utf-8")
    docs = template / SERVICE / "docs"
    (docs / "on-call.md").write_text("# On call\n\n{{ cookiecutter.on_call }}\n", "utf-8")


def with_a_renamed_value(template: Path) -> None:
    """Call an answer otherwise; who has given it under its old name keeps it until an update."""
    edit(
        template / "cookiecutter.json",
        '"gitlab",\n    "none"',
        '"gitlab",\n    "no-ci",\n    "none"',
    )
    edit(
        template / "templates" / "README.md",
        'cookiecutter.ci_system != "none"',
        'cookiecutter.ci_system not in ("no-ci", "none")',
    )
    steps = template / "updates"
    steps.mkdir(exist_ok=True)
    (steps / "v1.2.0.py").write_text(STEP, "utf-8")


THE_NEWEST = (with_a_question, with_a_renamed_value)

STEP = '''\
"""No CI system is called `no-ci`, and the service has a file that says who moved it."""

from pathlib import Path


def answers(given: dict[str, str]) -> dict[str, str]:
    """Map the old value."""
    print("mapping")
    return given | ({"ci_system": "no-ci"} if given.get("ci_system") == "none" else {})


def files(service: Path) -> None:
    """Write a line, once."""
    notes = service / "docs" / "moved.md"
    if not notes.exists():
        notes.write_text("# Moved\\n")
'''


def versions_of(lock: str) -> dict[str, str]:
    """Return the versions of the packages in a lock."""
    return dict(re.findall(r'^name = "(.+)"\nversion = "(.+)"$', lock, re.MULTILINE))
