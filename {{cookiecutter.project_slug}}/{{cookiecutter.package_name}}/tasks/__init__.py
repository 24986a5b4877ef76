"""The tasks of the service: what a developer, CI and the containers run.

The template owns this folder. Tasks of the service's own go into `own_tasks.py`, beside `app.py`,
and are listed with these.
"""

from invoke import Collection, Program

from .. import own_tasks
from ..chassis import project_files
from . import config, database, keys, quality, service, token

NAMESPACE = Collection(
    service.run,
    service.version,
    service.wait_for_tcp,
    quality.check,
    quality.tests,
    config=Collection.from_module(config),
    db=Collection.from_module(database),
    keys=Collection.from_module(keys),
    token=Collection.from_module(token),
)
own_tasks.add_to(NAMESPACE)


class Tasks(Program):
    """The command, whose every error that a user can mend is one clear sentence."""

    def execute(self) -> None:
        """Run what was asked for; a StartError is a sentence for the user, not a traceback."""
        with service.clear_errors():
            super().execute()


program = Tasks(
    namespace=NAMESPACE,
    version=project_files.PACKAGE.name,
)
