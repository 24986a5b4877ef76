"""An application that does everything a service should not, on the service's own chassis."""

import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue
from flask_chassis.auth import access
from flask_chassis.http import errors, middleware
from flask_chassis.observability import log_config, metrics
from flask_chassis.settings import Settings

IMPORTED_BY_THE_MASTER = sorted(sys.modules)
LONG_TRACEBACK = 60

logging.getLogger("start").info("imported")
application = Flask(__name__, static_folder=None)
settings = Settings(
    "tests.local",
    {
        "http.longest_wait_seconds": 2,
        "http.max_body_bytes": 10_000_000,
        "logs.level": "INFO",
        "logs.format": "auto",
        "logs.syslog": "",
        "service.name": "misbehaving",
    },
)
for part in (log_config, metrics, errors, middleware):
    part.init_app(application, settings)
leaked: list[bytes] = []


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


@application.get("/smuggled")
def smuggled() -> ResponseReturnValue:
    is_from_proxy = "X-Forwarded-For" in request.headers
    logging.getLogger("misbehaving").info("sent by a proxy" if is_from_proxy else "smuggled")
    return {}


@application.get("/items/<int:number>/")
def item(number: int) -> ResponseReturnValue:
    return {"number": number}


@application.get("/wait/<float:seconds>")
def wait(seconds: float) -> ResponseReturnValue:
    time.sleep(seconds)
    return {"pid": os.getpid()}


@application.get("/held")
def held() -> ResponseReturnValue:
    """Be busy until the test says so, however long its next steps take."""
    logging.getLogger("misbehaving").info("busy")
    released = Path(os.environ["TMPDIR"], "released")
    while not released.exists():
        time.sleep(0.05)
    return {}


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


for endpoint in application.view_functions:
    access.decide(application, endpoint, access.public)
