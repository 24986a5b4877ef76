"""Tasks about the invoices."""

from flask_chassis import settings
from invoke import Context, task


@task
def overdue(context: Context) -> None:
    """Print the invoices that were sent and not paid in time."""
    # The libraries that this takes are slow to import; no other task shall wait for them.
    from . import reminders

    reminders.print_overdue(settings.load())
