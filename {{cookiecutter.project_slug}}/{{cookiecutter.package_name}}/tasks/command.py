"""The command with all tasks, as `pyproject.toml` installs it."""

import sys
from importlib import import_module
from importlib.util import find_spec

from invoke import Collection, Program

from ..chassis import project_files
from . import containers, notify, quality, secret_file, service, smoke

GROUPS = {
    "cluster": "cluster",
    "compose": "compose",
    "config": "config",
    "db": "database",
    "dependencies": "dependencies",
    "image": "image",
    "keys": "keys",
    "network": "network",
    "pull-request": "pull_request",
    "scan": "scan",
    "template": "template",
    "token": "token",
}
"""Groups of tasks, and the modules with them: a kind of service has those that it needs."""

NAMESPACE = Collection(
    service.run,
    service.version,
    service.wait_for_tcp,
    quality.check,
    quality.tests,
    containers.up,
    containers.down,
    smoke.smoke,
    secret_file.write_secret,
    notify.notify,
)
for _group, _module in GROUPS.items():
    if find_spec(f".{_module}", __package__):
        _tasks = import_module(f".{_module}", __package__)
        NAMESPACE.add_collection(Collection.from_module(_tasks), _group)
try:
    import_module("..own_tasks", __package__).add_to(NAMESPACE)
except Exception as error:  # noqa: BLE001  (the service's own code may do anything)
    # The other tasks, which test it and update it, go on.
    print(f"own_tasks.py gives no tasks: {type(error).__name__}: {error}.", file=sys.stderr)


class Tasks(Program):
    """The command, whose every error that a user can mend is one clear sentence."""

    def parse_tasks(self) -> None:
        """Read the command line; what is no number where one belongs is a sentence, too."""
        try:
            super().parse_tasks()
        except ValueError as error:
            sys.exit(f"A value on the command line is not of the kind that is needed: {error}.")

    def execute(self) -> None:
        """Run what was asked for; a StartError is a sentence for the user, not a traceback."""
        with service.clear_errors():
            super().execute()


program = Tasks(
    namespace=NAMESPACE,
    version=project_files.PACKAGE.name,
)
