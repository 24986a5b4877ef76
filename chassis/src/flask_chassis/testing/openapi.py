"""Compares the responses of a service in its tests with its OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from flask_chassis.http.url_parameters import path_of

if TYPE_CHECKING:
    from flask import Flask, Response

DOCUMENT = "/openapi.json"
"""The path of the OpenAPI document."""

RecordedResponse = tuple[str, str, int]
"""Method, path as the document writes it, status."""


class ResponseRecorder:
    """Records the status of every response of an application to a request that matched a route."""

    def __init__(self, app: Flask) -> None:
        self.document = document_of(app)
        self._responses: set[RecordedResponse] = set()
        # Flask refuses the decorator after the first request, which has just been served.
        app.after_request_funcs.setdefault(None, []).append(self._record)

    def take_undocumented(self) -> list[RecordedResponse]:
        """Return the responses since the last call that the document does not describe."""
        taken, self._responses = self._responses, set()
        return sorted(each for each in taken if not is_documented(self.document, each))

    def _record(self, response: Response) -> Response:
        if request.url_rule is not None:
            path = path_of(request.url_rule.rule)
            self._responses.add((request.method, path, response.status_code))
        return response


def has_document(app: Flask) -> bool:
    """Return whether an application serves an OpenAPI document."""
    return any(rule.rule == DOCUMENT for rule in app.url_map.iter_rules())


def document_of(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI document that an application serves."""
    document: dict[str, Any] = app.test_client().get(DOCUMENT).json  # type: ignore[assignment]
    return document


def is_documented(document: dict[str, Any], response: RecordedResponse) -> bool:
    """Return whether a document describes a response; unknown operations count as described."""
    method, path, status = response
    operation = document["paths"].get(path, {}).get(method.lower())
    return operation is None or str(status) in operation["responses"]
