"""Tests of the nightly report of overdue invoices."""

from datetime import date

import pytest
from flask.testing import FlaskClient
from flask_chassis.settings import Settings
from flask_chassis.tasks.command import namespace
from invoke import Context

from invoices_backend.invoices import reminders

from .conftest import ALL, Create


def test_overdue_lists_late_sent_invoices(
    client: FlaskClient,
    user: dict[str, str],
    create: Create,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    create(number="draft", due="2026-01-01")
    for number, due in (("late", "2026-01-01"), ("grace", "2026-01-28"), ("soon", "2026-02-28")):
        path = f"{ALL}{create(number=number, due=due)['id']}/"
        client.patch(path, json={"status": "sent"}, headers=user | {"If-Match": "*"})
    reminders.print_overdue(settings, today=date(2026, 1, 31))
    printed = capsys.readouterr().out.splitlines()
    assert printed[-2:] == ["late, Ada Ltd.: 199.80 EUR", "1 overdue."]


def test_task_is_registered(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    namespace()["invoices.overdue"](Context())
    assert capsys.readouterr().out == "0 overdue.\n"
