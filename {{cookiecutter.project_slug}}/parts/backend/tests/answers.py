"""Compares what the service answers in the tests with what its document says."""

from typing import Any

from flask import Flask, Response, request

Answer = tuple[str, str, int]
"""Method, path as the document writes it, status."""


class Answers:
    """Notes every answer of an application to a request that reached one of its routes."""

    def __init__(self, app: Flask) -> None:
        self._document = app.test_client().get("/swagger.json").json
        self._answers: set[Answer] = set()
        # Flask would refuse the decorator once a request was served, and one just was.
        app.after_request_funcs.setdefault(None, []).append(self._note)

    def taken_undocumented(self) -> list[Answer]:
        """Return the answers that the document does not know, and forget all answers so far."""
        taken, self._answers = self._answers, set()
        return sorted(answer for answer in taken if not is_documented(self._document, answer))

    def _note(self, response: Response) -> Response:
        if request.url_rule is not None:
            path = in_document(request.url_rule.rule)
            self._answers.add((request.method, path, response.status_code))
        return response


def in_document(rule: str) -> str:
    """Return a Flask rule as the document writes it: `/a/<int(max=9):id>/` is `/a/{id}/`."""
    steps = []
    for step in rule.split("/"):
        is_parameter = step.startswith("<")
        name = step.strip("<>").rpartition(":")[2]
        steps.append("{" + name + "}" if is_parameter else step)
    return "/".join(steps)


def is_documented(document: dict[str, Any], answer: Answer) -> bool:
    """Whether a document knows an answer; what it does not describe at all is not its business."""
    method, path, status = answer
    operation = document["paths"].get(path, {}).get(method.lower())
    return operation is None or str(status) in operation["responses"]
