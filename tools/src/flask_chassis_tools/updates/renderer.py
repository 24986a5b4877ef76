"""A program that renders a template like cruft does. It runs in .venv/template.

Its arguments are a file with jobs, as `rendering.py` describes them, and a folder for compiled
Jinja templates. It writes the results beside the file with the jobs.
"""

import copy
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
from jinja2 import FileSystemBytecodeCache, defaults

NAMESPACE = "cookiecutter"

DELIMITERS = {
    "block_start_string": defaults.BLOCK_START_STRING,
    "comment_start_string": defaults.COMMENT_START_STRING,
    "line_comment_prefix": defaults.LINE_COMMENT_PREFIX,
    "line_statement_prefix": defaults.LINE_STATEMENT_PREFIX,
    "variable_end_string": defaults.VARIABLE_END_STRING,
    "variable_start_string": defaults.VARIABLE_START_STRING,
}
"""Jinja's delimiters, which a template can change in `_jinja2_env_vars`."""


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
    made.from_string = partial(_from_string, made, key)
    return made


_code: dict[tuple[bytes, str], Any] = {}
"""What was compiled of texts in this process: the cache of Jinja is for files only."""


def _from_string(made: Any, key: bytes, source: str) -> Any:
    """Do what Jinja's `from_string` does, and compile each text once.

    Cookiecutter renders the path of each file as a text, a quarter of the work of a render.
    """
    code = _code.get((key, source))
    if code is None:
        code = _code[key, source] = made.compile(source)
    return made.template_class.from_code(made, code, made.make_globals(None))


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
    # Hooks of releases until 0.2 change the answers that they are given.
    plain = copy.deepcopy(context)
    with tempfile.TemporaryDirectory(dir=Path(job["into"]).parent) as folder:
        # Cookiecutter leaves copies of the hooks in the temporary folder.
        tempfile.tempdir = folder
        into = str(Path(folder) / "made")
        made = generate.generate_files(template, context=context, output_dir=into)
        shutil.move(made, job["into"])
        tempfile.tempdir = None
    return {"context": plain, "new": {name: plain[NAMESPACE][name] for name in new}}


def asked_by(template: Path) -> dict[str, Any]:
    """Return what the template's cookiecutter.json says."""
    found: dict[str, Any] = json.loads((template / "cookiecutter.json").read_text("utf-8"))
    return found


def questions(template: Path) -> list[str]:
    """Return the names of the questions; names that begin with _ are not questions."""
    return [name for name in asked_by(template) if not name.startswith("_")]


def filled(template: Path, answers: dict[str, Any]) -> dict[str, Any]:
    """Return all answers, with defaults for missing ones."""
    listed = asked_by(template)
    # Of a question with choices, Cookiecutter renders its own choice.
    given = {
        name: answer if isinstance(listed.get(name), list) else as_data(listed, answer)
        for name, answer in answers.items()
    }
    context: dict[str, Any] = generate.generate_context(
        context_file=str(template / "cookiecutter.json"), extra_context=given
    )
    return {NAMESPACE: dict(prompt.prompt_for_config(context, no_input=True))}


def as_data(listed: dict[str, Any], answer: Any) -> Any:
    """Return what Cookiecutter, which renders all answers that it is given, renders to an answer.

    Answers come from a service's `.cruft.json` and must not run with the rights of an update.
    """
    if not isinstance(answer, str):
        return answer
    delimiters = DELIMITERS | listed.get("_jinja2_env_vars", {})
    before, after = (delimiters.pop(f"variable_{side}_string") for side in ("start", "end"))
    # Jinja also normalises the ends of lines.
    special = {text[0] for name, text in delimiters.items() if name in DELIMITERS and text}
    special |= {before[0], "\r", "\n"}
    return "".join(
        f"{before} {letter!r} {after}" if letter in special else letter for letter in answer
    )


def asked(template: Path, answers: dict[str, Any], name: str) -> Any:
    """Ask one question, with its default."""
    listed = asked_by(template)
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
