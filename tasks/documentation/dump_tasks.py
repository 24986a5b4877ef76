"""Prints all tasks of a service as JSON. Runs in the environment that has chassis and tools.

With `--parse` it reads lists of words from standard input, and prints what is wrong with each. The
service is an example with all parts of the settings, and so with all groups of tasks.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from invoke import ParseError, Parser, Program

SETTINGS = "default: {database: {}, tokens: {}, upstream: {}}\n"


def dump(namespace: Any) -> dict[str, Any]:
    """Return each task of an invoke collection: what it does, its arguments and its options."""
    return {name: _described(namespace[name]) for name in sorted(namespace.task_names)}


def _described(task: Any) -> dict[str, Any]:
    arguments = [
        {
            "name": each.name.replace("_", "-"),
            "names": [f"-{name}" if len(name) == 1 else f"--{name}" for name in each.names],
            "takes_value": each.takes_value,
            "is_positional": bool(each.positional),
            "default": each.default,
            "help": each.help,
        }
        for each in task.get_arguments()
    ]
    return {"doc": task.__doc__ or "", "arguments": arguments}


def parsed(namespace: Any, lines: list[list[str]]) -> list[str]:
    """Return, for each list of words, why the command line would refuse it; or an empty text."""
    return [_fault(namespace, words) for words in lines]


def _fault(namespace: Any, words: list[str]) -> str:
    program = Program(namespace=namespace, version="0")
    contexts = namespace.to_contexts()
    try:
        core = Parser(initial=program.initial_context, ignore_unknown=True).parse_argv(words)
        tasks = Parser(contexts=contexts).parse_argv(core.unparsed)
    except (ParseError, ValueError) as error:
        return str(error)
    named = core[0].args["help"].value
    if isinstance(named, str) and named not in {"NAME", *namespace.task_names}:
        return f"there is no task {named}"
    return "" if tasks or not core.unparsed else "it names no task"


def main() -> None:
    """Print the tasks of the example, or judge words."""
    from flask_chassis import project
    from flask_chassis.tasks import command

    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "service"
        package.mkdir()
        (package / "__init__.py").touch()
        (Path(folder) / "pyproject.toml").touch()
        (Path(folder) / "settings.yaml").write_text(SETTINGS, "utf-8")
        sys.path.insert(0, folder)
        project.use("service", package)
        if "--parse" in sys.argv:
            print(json.dumps(parsed(command.namespace(), json.load(sys.stdin))))
        else:
            print(json.dumps(dump(command.namespace()), default=str))


if __name__ == "__main__":
    main()
