"""A program that renders a template like cruft does. It runs in .venv/template.

Its arguments are a file with jobs, as `rendering.py` describes them, and a folder for compiled
Jinja templates. It writes the results beside the file with the jobs.
"""

import hashlib
import json
import logging
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from cookiecutter import generate, prompt, utils
from cookiecutter.exceptions import CookiecutterException
from jinja2 import FileSystemBytecodeCache

NAMESPACE = "cookiecutter"


def caching_environment(compiled: Path, context: dict[str, Any]) -> Any:
    """Return Cookiecutter's Jinja environment, with a cache of compiled templates.

    Compiling takes longer than everything else, and renders share nearly all templates.
    """
    made = utils.create_env_with_context(context)
    # Templates that were compiled with other options are different.
    options = sorted(context[NAMESPACE].get("_jinja2_env_vars", {}).items())
    key = repr((options, sorted(made.extensions))).encode()
    folder = compiled / hashlib.sha256(key).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    made.bytecode_cache = FileSystemBytecodeCache(str(folder))
    return made


def render(job: dict[str, Any]) -> dict[str, Any]:
    """Run one job, and return the context to record and the answers to new questions."""
    template, answers = Path(job["template"]), dict(job["answers"])
    new = [name for name in questions(template) if name not in answers]
    if job.get("ask"):
        for name in new:
            answers[name] = asked(template, answers, name)
    context = filled(template, answers)
    context[NAMESPACE]["_template"] = job["address"]
    context[NAMESPACE]["_commit"] = job["commit"]
    with tempfile.TemporaryDirectory(dir=Path(job["into"]).parent) as folder:
        # Cookiecutter leaves copies of the hooks in the temporary folder.
        tempfile.tempdir = folder
        into = str(Path(folder) / "made")
        made = generate.generate_files(template, context=context, output_dir=into)
        shutil.move(made, job["into"])
        tempfile.tempdir = None
    shown = {name: context[NAMESPACE][name] for name in new}
    return {"context": context, "new": shown}


def questions(template: Path) -> list[str]:
    """Return the names of the questions; names that begin with _ are not questions."""
    listed = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    return [name for name in listed if not name.startswith("_")]


def filled(template: Path, answers: dict[str, Any]) -> dict[str, Any]:
    """Return all answers, with defaults for missing ones."""
    context: dict[str, Any] = generate.generate_context(
        context_file=str(template / "cookiecutter.json"), extra_context=answers
    )
    return {NAMESPACE: dict(prompt.prompt_for_config(context, no_input=True))}


def asked(template: Path, answers: dict[str, Any], name: str) -> Any:
    """Ask one question, with its default."""
    listed = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    texts, default = listed.get("__prompts__", {}), filled(template, answers)[NAMESPACE][name]
    if isinstance(listed[name], list):
        choices = [default, *(choice for choice in listed[name] if choice != default)]
        return prompt.read_user_choice(name, choices, texts)
    if isinstance(listed[name], bool):
        return prompt.read_user_yes_no(name, default, texts)
    return prompt.read_user_variable(name, default, texts)


def main() -> None:
    """Run all jobs; an error that a user can fix is one sentence."""
    jobs, compiled = (Path(word).resolve() for word in sys.argv[1:])
    generate.create_env_with_context = partial(caching_environment, compiled)
    # A failing hook prints its reason. Cookiecutter would add a traceback.
    logging.getLogger("cookiecutter").addHandler(logging.NullHandler())
    try:
        done = [render(job) for job in json.loads(jobs.read_text(encoding="utf-8"))]
    except (CookiecutterException, ValueError) as error:
        sys.exit(f"{error}")
    except EOFError:
        sys.exit("A question was not answered.")
    jobs.with_suffix(".done.json").write_text(json.dumps(done), encoding="utf-8")


if __name__ == "__main__":
    main()
