"""The command-line program of a service, which contains all tasks.

Tasks come from three places: the chassis (tasks that containers run), installed packages with a
function `add_to(namespace)` in the entry-point group `flask_chassis.tasks` (flask-chassis-tools:
tasks that developers and CI run), and the module `tasks` of the service, if it exists.
"""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any

from invoke import Collection, Exit, Failure, Program

from flask_chassis import project
from flask_chassis.exceptions import ConfigurationError

GROUP = "flask_chassis.tasks"
"""The entry-point group for functions that add tasks."""

GROUPS = {
    "db": ("database", "database"),
    "dependencies": ("dependencies", "upstream"),
    "keys": ("keys", "tokens"),
}
"""The module of each group of tasks, and the section of the settings that enables it."""


def namespace() -> Collection:
    """Return the collection of all tasks."""
    # Imported here so that `main` can report a missing package.
    from flask_chassis import settings
    from flask_chassis.tasks import config, service

    found = Collection(service.run, service.version, service.wait_for_tcp)
    found.add_collection(Collection.from_module(config), "config")
    for name, (module, part) in GROUPS.items():
        if part in settings.parts():
            tasks = import_module(f"{__package__}.{module}")
            found.add_collection(Collection.from_module(tasks), name)
    for entry in entry_points(group=GROUP):
        _add(found, entry.value, entry.load)
    module = f"{project.package()}.tasks"
    _add(found, module, lambda: import_module(module).add_to if find_spec(module) else None)
    _without_short_options(found)
    return found


def _without_short_options(namespace: Collection) -> None:
    """Turn off the one-letter options that Invoke makes up from what is free in each task.

    `-t` would be `--tag` of one task and `--timeout` of another.
    """
    for task in namespace.tasks.values():
        task.auto_shortflags = False
    for collection in namespace.collections.values():
        _without_short_options(collection)


def _add(found: Collection, source: str, load: Callable[[], Any]) -> None:
    """Add tasks with the function that `load` returns, or report why it returns none.

    The other tasks stay available, for example to test and update the service.
    """
    try:
        if add_to := load():
            add_to(found)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (that code may raise anything)
        reason = f"{type(error).__name__}: {error}"
        print(f"Cannot load tasks from {source}: {reason}.", file=sys.stderr)


class Tasks(Program):
    """The program. It reports errors that a user can fix as messages without a traceback."""

    def parse_tasks(self) -> None:
        """Parse the command line, and report a value of the wrong type as an error message."""
        try:
            super().parse_tasks()
        except ValueError as error:
            sys.exit(f"A value on the command line has the wrong type: {error}.")

    def print_task_help(self, name: str) -> None:
        """Print the help of a task, which says of each option that must be given that it must."""
        for argument in self.parser.contexts[name].missing_positional_args:
            argument.help = f"{argument.help or ''} (required)".strip()
        super().print_task_help(name)

    def execute(self) -> None:
        """Run the tasks, and report an error that a user can fix as an error message.

        An unexpected one is reported to Sentry, if `sentry.dsn` is set, and raised.
        """
        from flask_chassis.tasks import service

        try:
            with service.clear_errors():
                super().execute()
        except (Exit, Failure):
            raise  # the task says what is wrong
        except Exception as error:
            report(" ".join(str(call.name) for call in self.tasks), error)
            raise


def _call_this_machine_directly() -> None:
    """Have no proxy asked for servers on this machine, which it would look for on its own."""
    from flask_chassis.serving import network

    hosts = [os.environ.get("no_proxy") or os.environ.get("NO_PROXY", ""), *network.THIS_MACHINE]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, hosts))


def report(name: str, error: Exception) -> None:
    """Report the error of a task to Sentry if the settings say so, and can be read."""
    from flask_chassis import settings
    from flask_chassis.observability import sentry

    try:
        # Whatever else is missing: a migration has the settings of its database alone.
        sentry.report_task(name, error, settings.load(section="sentry"))
    except ConfigurationError as fault:
        print(f"The error is not reported to Sentry: {fault}", file=sys.stderr)


def main() -> None:
    """Run the program; the entry point of the service's console script."""
    _call_this_machine_directly()
    try:
        program = Tasks(namespace=namespace(), version=project.package())
    except ConfigurationError as error:
        sys.exit(str(error))
    except (ImportError, SyntaxError) as error:
        sys.exit(
            f"The tasks cannot be loaded: {error}.\n"
            "If a package is missing, run ./bootstrap. If the code does not compile, correct it. "
            "To update a service whose code does not run, run ./invoke fleet.update in the "
            "repository of the template."
        )
    program.run()
