"""A small template with the real questions and the real hooks, and the commands that render it.

The service in it has only the files that the hooks work on and one file for each language that a
free text is written into, so that these tests stay fast and say nothing about the rest.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from cookiecutter.exceptions import FailedHookException
from cookiecutter.main import cookiecutter

ROOT = Path(__file__).parents[2]

SERVICE = "{{cookiecutter.project_slug}}"
TOOLS = "tools/src/flask_chassis_tools"
MODULES = (
    "__init__",
    *(
        f"updates/{name}"
        for name in ("__init__", "content_hash", "faults", "origin", "ownership", "record")
    ),
)
"""The modules of the tools that the hook loads from their wheel, and what they load."""

FILES = {
    "poetry.lock": """\
# The hook must find its line among others.

[[package]]
name = "flask"

[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
content-hash = "stamped-when-rendered"
""",
    "pyproject.toml": """\
[project]
name = "{{ cookiecutter.project_slug }}"
version = "0.1.0"
description = {{ cookiecutter.__description_quoted }}
authors = [{ name = {{ cookiecutter.__author_quoted }}, email = "{{ cookiecutter.email }}" }]
requires-python = ">=3.11"
dependencies = ["flask (>=3.1)"]

[project.optional-dependencies]
async = ["gevent"]

[dependency-groups]
dev = ["pytest"]
{% if cookiecutter.internal_index %}
[[tool.poetry.source]]
name = "internal"
url = "{{ cookiecutter.internal_index }}"
priority = "primary"
{% endif %}{% if cookiecutter.public_index %}
[[tool.poetry.source]]
name = "public"
url = "{{ cookiecutter.public_index }}"
priority = "supplemental"
{% endif %}
[tool.poetry]
package-mode = false

[tool.cruft]
skip = []
""",
    "template-ownership.toml": """\
template = ["**"]
seeded = ["texts.*", "{{ cookiecutter.package_name }}/own/**"]
shared = ["poetry.lock", "pyproject.toml"]
""",
    "texts.toml": """\
project_name = {{ cookiecutter.__project_name_quoted }}
description = {{ cookiecutter.__description_quoted }}
team = {{ cookiecutter.__team_quoted }}
""",
    "texts.yaml": """\
project_name: {{ cookiecutter.__project_name_quoted }}
description: {{ cookiecutter.__description_quoted }}
team: {{ cookiecutter.__team_quoted }}
""",
    "texts.py": """\
({{ cookiecutter.__project_name_quoted }},
 {{ cookiecutter.__description_quoted }},
 {{ cookiecutter.__team_quoted }})
""",
    "texts.kts": """\
val name = {{ cookiecutter.__project_name_kotlin }}
val description = {{ cookiecutter.__description_kotlin }}
""",
    "texts.md": """\
# {{ cookiecutter.__project_name_markdown }}

{{ cookiecutter.__description_markdown }}

- {{ cookiecutter.__team_markdown }}

Team: {{ cookiecutter.__team_markdown }} owns it.

| cell |
|---|
| {{ cookiecutter.__description_markdown }} |
""",
}


def import_hook(name: str) -> ModuleType:
    """Import a hook as it stands; what is a template in it is read only when the hook runs."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"hooks/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def pre_gen() -> ModuleType:
    """Give the hook that runs first, to call its functions."""
    return import_hook("pre_gen_project")


@pytest.fixture(scope="session")
def post_gen() -> ModuleType:
    """Give the hook that runs last."""
    return import_hook("post_gen_project")


@pytest.fixture(scope="session")
def template_once(tmp_path_factory: pytest.TempPathFactory, post_gen: ModuleType) -> Path:
    """Make the template, with all that a hook takes up, once for all that only read it."""
    folder = tmp_path_factory.mktemp("made") / "template"
    shutil.copytree(ROOT / "hooks", folder / "hooks", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "cookiecutter.json", folder)
    droppable = {
        # A folder, or the file of that name if it has an end.
        (name if name.endswith(".yml") else f"{name}/file.txt"): "This goes with an answer.\n"
        for names in post_gen.PATHS_OF_ANSWERS.values()
        for name in names
    }
    parts = {
        f"{post_gen.PARTS}/{part}/package/{part}.txt": "This belongs to some kinds.\n"
        for parts in post_gen.PARTS_OF_KINDS.values()
        for part in parts
    }
    for name, text in {**FILES, **droppable, **parts}.items():
        file = folder / SERVICE / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / SERVICE / post_gen.WHEELS, folder / SERVICE / post_gen.WHEELS)
    return folder


@pytest.fixture
def template(template_once: Path, tmp_path: Path) -> Path:
    """Copy the template, for a test that changes or commits it."""
    return Path(shutil.copytree(template_once, tmp_path / "template"))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Name the folder that services are rendered into."""
    folder = tmp_path / "output"
    folder.mkdir()
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write a configuration that keeps Cookiecutter out of the home folder."""
    file = tmp_path / "cookiecutterrc"
    file.write_text(f"cookiecutters_dir: {tmp_path}/cloned\nreplay_dir: {tmp_path}/replay\n")
    return file


@pytest.fixture
def render(template_once: Path, output: Path, config: Path) -> Callable[..., Path]:
    """Render the template as `cookiecutter --no-input` does and give the service's folder."""

    def render(template: Path = template_once, *, overwrite: bool = False, **answers: str) -> Path:
        service = cookiecutter(
            str(template),
            no_input=True,
            extra_context=answers,
            output_dir=str(output),
            config_file=str(config),
            overwrite_if_exists=overwrite,
        )
        return Path(service)

    return render


@pytest.fixture
def refusal(
    render: Callable[..., Path], output: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """Render, expect a hook to stop it with nothing left, and give the lines that it printed."""

    def refusal(*template: Path, **answers: str) -> list[str]:
        with pytest.raises(FailedHookException):
            render(*template, **answers)
        assert list(output.iterdir()) == []
        # The command that follows has a test of its own.
        return capfd.readouterr().err.partition("\n\n")[0].splitlines()

    return refusal


@pytest.fixture
def command(tmp_path: Path, output: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command of this environment in the output folder, with a home folder of its own."""

    def command(
        module: str, *arguments: str, typed: str = "", folder: Path = output
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            input=typed,
            env={**os.environ, "HOME": str(tmp_path), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return command
