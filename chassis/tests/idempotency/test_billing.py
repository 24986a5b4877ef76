"""The service of these tests, billing, offers keys where it creates invoices."""

from flask.testing import FlaskClient

from flask_chassis.testing import Bearer

INVOICES = "/api/invoices/"


def test_an_invoice_is_created_once_for_each_key(client: FlaskClient, bearer: Bearer) -> None:
    headers = {**bearer("ada"), "Idempotency-Key": "k1"}
    answers = [client.post(INVOICES, json={"text": "Paint"}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert len(client.get(INVOICES, headers=bearer("ada")).json) == 1
    assert client.post(INVOICES, json={"text": "Glue"}, headers=headers).status_code == 422
