"""Tells logs and metrics of every answer, once it has been made.

    answers.tell(app, log)

It goes around the application and is not among its hooks: that is a third of the cost, and it sees
what the hooks do not, as the requests that are refused before Flask is asked.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from .routes import route_of
from .settings import Settings


@dataclass(slots=True)
class Answer:
    """What is known of a request and its answer; the status is three digits."""

    environ: WSGIEnvironment
    route: str = ""
    status: str = ""
    seconds: float = 0.0

    @property
    def method(self) -> str:
        """The method that was asked for, which may be made up."""
        return str(self.environ.get("REQUEST_METHOD", ""))


Listener = Callable[[Answer], None]


def init_app(app: Flask, settings: Settings) -> None:
    """Time every request."""
    listeners: list[Listener] = app.extensions.setdefault("answers", [])
    wsgi_app = app.wsgi_app

    def timed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = Answer(environ)
        started = perf_counter()

        def start(status: str, *rest: Any) -> Callable[[bytes], object]:
            answer.status, answer.route = status[:3], route_of(environ)
            return start_response(status, *rest)

        body = wsgi_app(environ, start)
        answer.seconds = perf_counter() - started
        for listener in listeners:
            listener(answer)
        return body

    app.wsgi_app = timed  # type: ignore[method-assign]


def tell(app: Flask, listener: Listener) -> None:
    """Have a function called with every answer."""
    app.extensions["answers"].append(listener)
