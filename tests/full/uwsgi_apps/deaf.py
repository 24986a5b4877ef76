"""An application that hears of no end while it is imported."""

import signal
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("imports", flush=True)
time.sleep(4)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\n"]
