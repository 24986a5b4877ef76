"""Renders services from the template."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from cookiecutter.main import cookiecutter

from .folders import EXAMPLES, ROOT


def render(into: Path, answers: Mapping[str, str]) -> Path:
    """Render a service below `into`, over one that is there, and return its folder.

    `answers` are those that differ from the defaults. Nobody's own cookiecutter configuration is
    read, so that the same answers give the same service everywhere.
    """
    return Path(
        cookiecutter(
            str(ROOT),
            no_input=True,
            extra_context=dict(answers),
            overwrite_if_exists=True,
            output_dir=str(into),
            default_config=True,
        )
    )


def example(name: str) -> dict[str, str]:
    """Return the answers of one of the examples."""
    answers: dict[str, str] = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text("utf-8"))
    return answers
