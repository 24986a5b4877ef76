"""Tasks about the invoices."""

from flask_chassis import settings
from invoke import Context, task


@task
def overdue(context: Context) -> None:
    """Print the invoices that were sent and not paid in time."""
    # Imported here because these libraries are slow to import, and other tasks do not need them.
    from . import reminders

    reminders.print_overdue(settings.load())
