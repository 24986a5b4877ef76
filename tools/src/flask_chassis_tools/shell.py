"""Task that opens a Python prompt with the service in it."""

import code
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from flask_chassis import project, settings
from invoke import Context, task

from .for_developers import require_developers


@task
def shell(context: Context) -> None:
    """Open a Python prompt in the application's context, with a database session and all models.

    It has `app`, `settings`, what `app.shell_context_processor` adds, and, in a service with a
    database, `session`, `select` and the models. Only `session.commit()` stores changes.
    """
    found = settings.load()
    require_developers(found, "shell")
    app = import_module(f"{project.package()}.app").create_app(found)
    with ExitStack() as stack:
        stack.enter_context(app.app_context())
        names: dict[str, Any] = {**app.make_shell_context(), "settings": found}
        if "database" in app.extensions:
            names |= _database(app.extensions["database"], stack)
        _complete(names)
        shown = ", ".join(sorted(name for name in names if name != "g"))
        banner = (
            f"{found['service.name']}, {found.environment}. There are: {shown}. Ctrl-D ends it."
        )
        code.interact(banner=banner, local=names, exitmsg="")


def _database(engine: Any, stack: ExitStack) -> dict[str, Any]:
    """Return a session, which is rolled back at the end, `select`, and the models by name."""
    from flask_chassis.db.database import Base
    from flask_chassis.db.revisions import RevisingSession
    from sqlalchemy import select

    if find_spec(f"{project.package()}.models"):
        import_module(f"{project.package()}.models")
    models = {mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers}
    session = stack.enter_context(RevisingSession(engine, expire_on_commit=False))
    return {**models, "session": session, "select": select}


def _complete(names: dict[str, Any]) -> None:
    """Complete names with Tab, if this Python has readline."""
    if find_spec("readline"):
        import readline
        import rlcompleter

        readline.set_completer(rlcompleter.Completer(names).complete)
        readline.parse_and_bind("tab: complete")
