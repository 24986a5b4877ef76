"""Plain Flask, requests and Jinja2: a session of requests for each thread, to keep connections."""

import os
import threading
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import requests
from flask import Flask, jsonify, render_template

SITE = {name: os.environ[f"SITE_{name.upper()}"] for name in ("title", "description", "version")}
UPSTREAM = os.environ["UPSTREAM"]

app = Flask(__name__, template_folder="../page", static_folder=None)
app.add_url_rule("/login/", "login")
app.add_url_rule("/search", "search")
app.add_url_rule("/thoughts/", "own")
app.add_url_rule("/thoughts/new", "form")
app.add_url_rule("/static/<path:path>", "static")
local = threading.local()


@app.template_filter()
def day_and_time(text):
    when = datetime.fromisoformat(text).astimezone(UTC)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


@app.get("/health/live")
def live():
    return jsonify(status="ok")


@app.get("/")
def newest():
    listed = session().get(f"{UPSTREAM}/api/thoughts/", timeout=5)
    listed.raise_for_status()
    link = listed.links.get("next")
    older = parse_qs(urlsplit(link["url"]).query)["after"][0] if link else None
    return render_template("newest.html", site=SITE, thoughts=listed.json(), older=older)


def session():
    if not hasattr(local, "session"):
        local.session = requests.Session()
    return local.session
