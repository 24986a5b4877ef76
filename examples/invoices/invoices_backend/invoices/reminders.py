"""The nightly report of overdue invoices."""

from datetime import UTC, date, datetime, timedelta

from flask_chassis.db import database
from flask_chassis.settings import Settings
from sqlalchemy import select

from .models import Invoice, Status


def print_overdue(settings: Settings, today: date | None = None) -> None:
    """Print the invoices that were sent and not paid in time; `today` is that of UTC."""
    today = today or datetime.now(UTC).date()
    last_due = today - timedelta(days=settings["invoices.days_of_grace"])
    late = (Invoice.status == Status.SENT) & (Invoice.due < last_due)
    with database.task_session(settings) as session:
        invoices = session.scalars(select(Invoice).where(late).order_by(Invoice.due)).all()
    for invoice in invoices:
        print(f"{invoice.number}, {invoice.customer}: {invoice.total:f} {invoice.currency}")
    print(f"{len(invoices)} overdue.")
