"""Errors of PostgreSQL become HTTP responses that name the field and contain no value."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, select, text, update
from werkzeug.test import TestResponse

from billing.bills import Bill, Item
from flask_chassis.auth.access import public
from flask_chassis.db import database
from flask_chassis.http import responses
from flask_chassis.testing.database import empty_tables

from ..conftest import Logged, Make
from .conftest import bill, item, stored

Work = Callable[[], object]
Post = Callable[..., TestResponse]


@pytest.fixture(scope="module")
def serving(make: Make) -> SimpleNamespace:
    """Serve a view that does what a test says."""
    served = SimpleNamespace(app=make(), work=None)

    @served.app.post("/work/")
    @served.app.post("/work/<int:bill_id>/")
    @public
    def work(bill_id: int = 0) -> Response:
        served.work()
        return responses.json({})

    return served


@pytest.fixture
def post(serving: SimpleNamespace, engine: Engine) -> Iterator[Post]:
    """Have a request do something: `post(lambda: …, headers={…})`. The tables are empty."""
    empty_tables(engine)
    app: Flask = serving.app
    client: FlaskClient = app.test_client()

    def posts(work: Work, **options: object) -> TestResponse:
        serving.work = work
        path = options.pop("path", "/work/")
        return client.post(path, **options)  # type: ignore[arg-type]

    with app.app_context():
        yield posts


def add(*rows: object) -> None:
    with database.session() as session:
        session.add_all(rows)


def execute(statement: str, **values: object) -> None:
    with database.transaction() as connection:
        connection.execute(text(statement), values)


INSERT_ITEM = "INSERT INTO bill_items (bill_id, position, text, unit_price, quantity) VALUES "


@pytest.mark.parametrize(
    ("work", "status", "errors"),
    [
        (lambda: add(bill()), 409, {"number": "Is taken already."}),
        (
            lambda: add(bill("2026-2", items=[item(1), item(1)])),
            409,
            {
                "bill_id": "Is taken already in combination with position.",
                "position": "Is taken already in combination with bill_id.",
            },
        ),
        (
            lambda: add(bill("2026-2", customer="CUSTOMER of 2026-1")),
            409,
            {
                "customer": "Is taken already in combination with due_date.",
                "due_date": "Is taken already in combination with customer.",
            },
        ),
        (lambda: add(bill("2026-2", id=1)), 409, {"id": "Is taken already."}),
        (lambda: add(bill("2026-2", due_date=None)), 400, {"due_date": "Is required."}),
        (lambda: add(Item(bill_id=99, **FIELDS)), 400, {"bill_id": "Does not exist."}),
        (lambda: change_item(bill_id=99), 400, {"bill_id": "Does not exist."}),
        (lambda: execute("DELETE FROM bills"), 409, {"id": "Is still referred to."}),
        (lambda: execute("UPDATE bills SET id = 99"), 409, {"id": "Is still referred to."}),
        # Deferred to the commit.
        (lambda: add(bill("2026-2", replaces=99)), 400, {"replaces": "Does not exist."}),
        (
            lambda: add(bill("2026-2", items=[item(unit_price=Decimal("-0.01"))])),
            400,
            {"unit_price": "Is not allowed."},
        ),
        (
            lambda: add(bill("2026-2", items=[item(quantity=0)])),
            400,
            {"quantity": "Must be at least 1."},
        ),
        (
            lambda: execute("UPDATE bills SET former_status = 'lost'"),
            400,
            {"former_status": "Is not allowed."},
        ),
    ],
)
def test_a_violated_constraint_names_its_fields(
    post: Post, work: Work, status: int, errors: dict[str, str]
) -> None:
    add(bill())
    response = post(work)
    assert response.status_code == status
    assert response.get_json()["errors"] == errors
    assert response.get_json()["message"]
    assert stored() == ["2026-1"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, 404),
        ({"json": {"text": "Paint"}}, 404),
        ({"json": [1, {"position": 1}]}, 404),
        ({"data": {"text": "Paint"}}, 404),
        ({"json": {"bill_id": 99}}, 400),
        ({"json": {"items": [{"billId": 99}]}}, 400),
        ({"data": {"bill_id": "99"}}, 400),
        # Here the address names nothing, or something else.
        ({"path": "/work/"}, 400),
        ({"path": "/work/7/"}, 400),
    ],
    ids=str,
)
def test_a_row_that_the_address_names_and_that_is_deleted_meanwhile_is_404(
    post: Post, options: dict[str, object], status: int
) -> None:
    response = post(lambda: add(Item(bill_id=99, **FIELDS)), **{"path": "/work/99/", **options})
    assert response.status_code == status
    if status == 404:
        message = "What this belongs to was deleted in the meantime."
        assert response.get_json() == {"message": message}
    else:
        assert response.get_json()["errors"] == {"bill_id": "Does not exist."}


FIELDS = {"position": 1, "text": "Paint", "unit_price": Decimal(1), "quantity": 1}


def change_item(**values: object) -> None:
    with database.transaction() as connection:
        connection.execute(update(Item).values(**values))


def test_a_constraint_that_no_model_has_is_409_without_fields(post: Post) -> None:
    def work() -> None:
        execute("CREATE TEMPORARY TABLE other (number integer UNIQUE) ON COMMIT DROP")
        with database.transaction() as connection:
            connection.execute(text("CREATE TEMPORARY TABLE other (n integer UNIQUE)"))
            connection.execute(text("INSERT INTO other VALUES (4711), (4711)"))

    response = post(work)
    assert response.status_code == 409
    assert response.get_json() == {"message": "This conflicts with what is stored already."}


def test_the_same_violations_are_found_in_orm_and_in_sql(post: Post) -> None:
    add(bill())
    response = post(lambda: execute(f"{INSERT_ITEM} (99, 1, 'Paint', 1, 1)"))
    assert (response.status_code, response.get_json()["errors"]) == (
        400,
        {"bill_id": "Does not exist."},
    )
    response = post(lambda: execute("UPDATE bill_items SET bill_id = NULL"))
    assert response.get_json()["errors"] == {"bill_id": "Is required."}


@pytest.mark.parametrize(
    "values",
    [
        {"number": "n" * 21},
        {"items": [item(position=2**31)]},
        {"customer": "NUL \0"},
        {"customer": "half \ud800"},
        {"items": [item(quantity=10**30)]},
        {"items": [item(unit_price=Decimal("1e30"))]},
        {"items": [item(unit_price=Decimal("9999999.999"))]},
    ],
)
def test_a_value_that_postgresql_does_not_accept_is_400(
    post: Post, values: dict[str, object]
) -> None:
    response = post(lambda: add(bill(**values)))
    assert response.status_code == 400
    assert "too large, too long" in response.get_json()["message"]
    assert stored() == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CAST(:value AS integer)",
        "SELECT CAST(:value AS uuid)",
        "SELECT CAST(:value AS date)",
        "SELECT 'a' ~ (:value || '(')",
        "SELECT CAST('294277-01-01' AS timestamp) || :value",
    ],
)
def test_a_text_that_cannot_be_read_is_400(post: Post, statement: str) -> None:
    assert post(lambda: execute(statement, value="not one")).status_code == 400


@pytest.mark.parametrize(
    "statement", ["SELECT 1 / 0", "SELECT no_such_column", "SELECT lower(1, 2)", "SELEC 1"]
)
def test_wrong_sql_is_500(post: Post, statement: str) -> None:
    response = post(lambda: execute(statement))
    assert response.status_code == 500
    assert response.get_json() == {"message": "Internal server error."}


def test_no_value_is_in_the_response_or_in_the_log(post: Post, logged: Logged) -> None:
    secret = "s3cret"
    add(bill(secret, customer=secret))
    logged()
    for work in (
        lambda: add(bill(secret)),
        lambda: add(bill("2", customer=secret.upper())),
        lambda: add(bill(secret * 9)),
        lambda: execute("UPDATE bills SET former_status = :value", value=secret),
        lambda: execute("SELECT CAST(:value AS integer)", value=secret),
        lambda: add(bill(f"{secret}\0")),
    ):
        response = post(work)
        assert response.status_code in {400, 409}
        assert secret not in response.text
    assert secret not in json.dumps(logged()).lower()


# Two requests at once.


@pytest.mark.parametrize(("headers", "status"), [({}, 409), ({"If-Match": '"1"'}, 412)])
def test_a_bill_that_somebody_else_has_changed_is_refused(
    post: Post, headers: dict[str, str], status: int
) -> None:
    add(bill())

    def work() -> None:
        with database.session() as session:
            found = session.scalars(select(Bill)).one()
            execute("UPDATE bills SET revision = revision + 1, customer = 'Bob'")
            found.customer = "Ada"

    response = post(work, headers=headers)
    assert response.status_code == status
    assert "Changed by somebody else" in response.get_json()["message"]


def deadlock(*, repeated: bool = False) -> list[str]:
    """Have two transactions lock two rows in opposite order; return what has gone wrong."""
    both_hold_one = threading.Barrier(2)
    failed = []
    app = database.current_app._get_current_object()  # type: ignore[attr-defined]

    def change(first: str, second: str) -> None:
        with database.session() as session:
            session.execute(update(Bill).where(Bill.number == first).values(customer=first))
            with suppress(threading.BrokenBarrierError):  # in the second attempt
                both_hold_one.wait(timeout=1)
            session.execute(update(Bill).where(Bill.number == second).values(customer=first + "x"))

    def run(first: str, second: str) -> None:
        with app.app_context():
            try:
                (database.retried()(change) if repeated else change)(first, second)
            except Exception as error:  # noqa: BLE001  (the test looks at it)
                failed.append(error)

    other = threading.Thread(target=run, args=("2026-2", "2026-1"))
    other.start()
    run("2026-1", "2026-2")
    other.join()
    return failed


def test_a_deadlock_is_503(post: Post) -> None:
    add(bill(), bill("2026-2"))

    def work() -> None:
        [error] = deadlock()
        raise error

    response = post(work)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"
    assert "collided" in response.get_json()["message"]


def test_a_unit_of_work_can_be_repeated_after_a_deadlock(post: Post) -> None:
    add(bill(), bill("2026-2"))
    assert deadlock(repeated=True) == []


def collide(attempts: list[int]) -> None:
    """Read and write in a serializable transaction; another one interferes, once."""
    with database.session() as session:
        session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        found = session.scalars(select(Bill)).one()
        attempts.append(1)
        if len(attempts) == 1:
            execute("UPDATE bills SET customer = 'Bob'")
        session.execute(update(Bill).values(customer=found.customer + "!"))


def test_a_serialization_failure_is_503_or_repeated(post: Post) -> None:
    add(bill())
    assert post(lambda: collide([])).status_code == 503
    attempts: list[int] = []
    assert post(lambda: database.retried()(collide)(attempts)).status_code == 200
    assert len(attempts) == 2


def test_only_as_many_attempts_are_made_as_are_asked_for(post: Post) -> None:
    add(bill())
    attempts: list[int] = []
    assert post(lambda: database.retried(1)(collide)(attempts)).status_code == 503
    assert len(attempts) == 1
    with pytest.raises(ValueError, match="attempts is 0: set it to 1 or more"):
        database.retried(0)


def test_other_errors_are_not_repeated(post: Post) -> None:
    add(bill())
    calls = []

    @database.retried()
    def work() -> None:
        calls.append(1)
        add(bill())

    assert post(work).status_code == 409
    assert len(calls) == 1


def test_a_database_that_is_read_only_is_503(post: Post) -> None:
    def work() -> None:
        with database.transaction() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))
            connection.execute(delete(Item))

    response = post(work)
    assert response.status_code == 503
    assert "read-only" in response.get_json()["message"]
    assert post(lambda: add(bill())).status_code == 200


def test_a_due_date_may_be_far_away(post: Post) -> None:
    assert post(lambda: add(bill(due_date=date.max))).status_code == 200
