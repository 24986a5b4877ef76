"""Renders services from the template."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from cookiecutter import generate
from cookiecutter.main import cookiecutter

from .engine import engine
from .folders import EXAMPLES, ROOT

renderer: Any = engine("renderer")

COMPILED = ROOT / ".cache" / "compiled"
"""Jinja templates as they were compiled last, which takes half of the time of a render."""

KEPT = (".venv", ".mypy_cache", ".ruff_cache")
"""What a service keeps when it is rendered again, as it takes long to make."""


def render_anew(into: Path, answers: Mapping[str, str], template: Path = ROOT) -> Path:
    """Render a service below `into`, replace the one that is there, and return its folder."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into) as folder:
        fresh = render(Path(folder), answers, template)
        service = into / fresh.name
        for name in KEPT:
            if (service / name).exists():
                (service / name).rename(fresh / name)
        shutil.rmtree(service, ignore_errors=True)
        fresh.rename(service)
    return service


def render(into: Path, answers: Mapping[str, str], template: Path = ROOT) -> Path:
    """Render a service below `into` and return its folder.

    `answers` are those that differ from the defaults. Nobody's own cookiecutter configuration is
    read, so that the same answers give the same service everywhere.
    """
    with _temporary_files_removed(), _compiled_once(template):
        return Path(
            cookiecutter(
                str(template),
                no_input=True,
                extra_context=dict(answers),
                output_dir=str(into),
                default_config=True,
            )
        )


@contextmanager
def _temporary_files_removed() -> Iterator[None]:
    """Cookiecutter leaves the hooks that it ran among the temporary files: give it a folder."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="render-") as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


@contextmanager
def _compiled_once(template: Path) -> Iterator[None]:
    """Have Cookiecutter keep what it compiles of this template; of another, nobody removes it."""
    before = generate.create_env_with_context
    if template == ROOT:
        generate.create_env_with_context = partial(renderer.caching_environment, COMPILED)
    try:
        yield
    finally:
        generate.create_env_with_context = before


def kinds() -> list[str]:
    """Return the kinds of services that the template offers."""
    questions: dict[str, list[str]] = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    return questions["kind"]


EXAMPLE_NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


def example(name: str) -> dict[str, str]:
    """Return the answers of one of the examples."""
    answers: dict[str, str] = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text("utf-8"))
    return answers
