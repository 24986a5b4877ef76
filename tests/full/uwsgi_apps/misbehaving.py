"""An application that does all that a service should not, with the chassis of a rendered one."""

import logging
import os
import sys
import threading
import time
from importlib import import_module
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

IMPORTED_BY_THE_MASTER = sorted(sys.modules)
CHASSIS = f"{os.environ['SERVICE_PACKAGE']}.chassis"
LONG_TRACEBACK = 60

logging.getLogger("start").info("imported")
application = Flask(__name__)
settings = import_module(f"{CHASSIS}.settings").Settings(
    "tests.local",
    {
        "http.longest_wait_seconds": 2,
        "logs.level": "INFO",
        "logs.syslog": "",
        "service.name": "misbehaving",
    },
)
for part in ("overload", "transport", "answers", "request_ids", "stuck", "logs", "metrics"):
    import_module(f"{CHASSIS}.{part}").init_app(application, settings)
leaked: list[bytes] = []


@application.errorhandler(Exception)
def failed(error: Exception) -> ResponseReturnValue:
    if isinstance(error, HTTPException):
        return {"message": error.name}, error.code or 500
    application.logger.error("unexpected error", exc_info=error)
    return {"message": "Internal server error."}, 500


@application.get("/")
def index() -> ResponseReturnValue:
    return {"pid": os.getpid()}


@application.get("/imported")
def imported() -> ResponseReturnValue:
    return {"by_the_master": IMPORTED_BY_THE_MASTER}


@application.get("/nothing")
def nothing() -> ResponseReturnValue:
    return "", 204


@application.get("/client")
def client() -> ResponseReturnValue:
    return {"address": request.remote_addr}


@application.get("/items/<int:number>/")
def item(number: int) -> ResponseReturnValue:
    return {"number": number}


@application.get("/wait/<float:seconds>")
def wait(seconds: float) -> ResponseReturnValue:
    time.sleep(seconds)
    return {"pid": os.getpid()}


@application.get("/leak/<int:megabytes>")
def leak(megabytes: int) -> ResponseReturnValue:
    leaked.append(b"x" * (megabytes << 20))
    return {"pid": os.getpid()}


@application.post("/body")
def body() -> ResponseReturnValue:
    return {"length": len(request.get_data())}


@application.post("/refused")
def refused() -> ResponseReturnValue:
    return {"message": "Unauthorized"}, 401


@application.get("/large/<int:megabytes>")
def large(megabytes: int) -> ResponseReturnValue:
    return b"x" * (megabytes << 20)


@application.get("/fail")
def fail() -> ResponseReturnValue:
    def deeper(left: int) -> None:
        if left:
            # Two frames in turn, which a traceback does not sum up.
            return deeper(left - 1) if left % 2 else next(map(deeper, [left - 1]))
        raise RuntimeError("x" * 10_000)

    deeper(LONG_TRACEBACK)
    return {}


@application.get("/fail-in-thread")
def fail_in_thread() -> ResponseReturnValue:
    def work() -> None:
        raise RuntimeError("in a thread")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return {}


@application.post("/log")
def log() -> ResponseReturnValue:
    wanted: dict[str, Any] = request.get_json()
    text = wanted["text"] * wanted.get("times", 1)
    for _ in range(wanted.get("records", 1)):
        logging.getLogger("misbehaving").info(text, extra=wanted.get("extra"))
    return {}


@application.post("/print")
def print_() -> ResponseReturnValue:
    print(request.get_data(as_text=True))
    return {}
