"""The limit of a page: nothing is between uWSGI, a kept connection and a compiled template.

No errors, no logs, no metrics, no sessions. Nobody should write a frontend like this.
"""

import os
from datetime import UTC, datetime

import orjson
import urllib3
from jinja2 import Environment, FileSystemLoader

SITE = {name: os.environ[f"SITE_{name.upper()}"] for name in ("title", "description", "version")}
ADDRESSES = {
    "newest": "/", "search": "/search", "own": "/thoughts/", "form": "/thoughts/new",
    "login": "/login/", "static": "/static/",
}  # fmt: skip
THREADS = 4

environment = Environment(
    loader=FileSystemLoader("../page"), autoescape=True, auto_reload=False, trim_blocks=True
)
environment.filters["day_and_time"] = lambda text: (
    f"{(when := datetime.fromisoformat(text).astimezone(UTC)).day} {when:%B %Y, %H:%M} UTC"
)
environment.globals["url_for"] = lambda name, path="": ADDRESSES[name] + path
template = environment.get_template("newest.html")
upstream = urllib3.connection_from_url(os.environ["UPSTREAM"], maxsize=THREADS, timeout=5)


def application(environ, start_response):
    if environ["PATH_INFO"] == "/":
        return answer(start_response, newest(), "text/html; charset=utf-8")
    return answer(start_response, b'{"status": "ok"}', "application/json")


def newest():
    listed = upstream.request("GET", "/api/thoughts/")
    _, more, older = listed.headers["Link"].partition("after=")
    older = older.partition(">")[0] if more else None
    return template.render(site=SITE, thoughts=orjson.loads(listed.data), older=older).encode()


def answer(start_response, body, content_type):
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]
