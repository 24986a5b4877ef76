"""The limit: what is left when nothing is between uWSGI, psycopg2 and the queries.

No errors, no logs, no metrics, no checks of what comes in. Nobody should write a service like this.
"""

import os
import threading
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import orjson
import psycopg2
from cryptography.hazmat.primitives.serialization import load_pem_public_key

KEY = load_pem_public_key(Path(os.environ["PUBLIC_KEY"]).read_bytes())
LARGEST_ID = 2**63 - 1

NAMES = ("id", "username", "text", "timestamp")
COLUMNS = ", ".join(NAMES)
COUNT = (
    "SELECT count(*) FROM (SELECT id FROM thoughts{where} ORDER BY id DESC LIMIT 1001) AS counted"
)
PAGE = f"SELECT {COLUMNS}, ({COUNT}) FROM thoughts WHERE id < %s{{more}} ORDER BY id DESC LIMIT 21"
LIST = PAGE.format(where="", more="")
OWN = PAGE.format(where=" WHERE username = %s", more=" AND username = %s")
NEWEST = (
    f"SELECT {COLUMNS} FROM (SELECT {COLUMNS} FROM thoughts WHERE id < %s ORDER BY id DESC"
    " LIMIT 2000) AS newest WHERE text ILIKE %s ESCAPE '\\' ORDER BY id DESC LIMIT 21"
)
FOUND = (
    f"SELECT {COLUMNS} FROM thoughts WHERE id < %s AND text ILIKE %s ESCAPE '\\'"
    " ORDER BY -id LIMIT 21"
)
COUNT_FOUND = COUNT.format(where=" WHERE text ILIKE %s ESCAPE '\\'")
INSERT = f"INSERT INTO thoughts (username, text) VALUES (%s, %s) RETURNING {COLUMNS}"

local = threading.local()
verified = {}


def application(environ, start_response):
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if path == "/health/live":
        return answer(start_response, {"status": "ok"})
    if path == "/api/me/thoughts/":
        username = username_of(environ["HTTP_AUTHORIZATION"])
        if method == "POST":
            text = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))["text"]
            [row] = fetch(INSERT, (username, text))
            return answer(start_response, dict(zip(NAMES, row)), status="201 CREATED")
        return page(start_response, path, "", fetch(OWN, (username, LARGEST_ID, username)))
    if path == "/api/thoughts/":
        search = parse_qs(environ["QUERY_STRING"]).get("search")
        if search:
            found = (f"%{search[0]}%",)
            rows = fetch(NEWEST, (LARGEST_ID, *found))
            if len(rows) < 21:
                rows = fetch(FOUND, (LARGEST_ID, *found))
            rows = [(*row, None) for row in rows]
            return page(start_response, path, f"search={search[0]}&", rows, found)
        return page(start_response, path, "", fetch(LIST, (LARGEST_ID,)))
    return answer(start_response, {"message": "Not found"}, status="404 NOT FOUND")


def page(start_response, path, query, rows, found=()):
    shown = rows[:20]
    total = len(shown)
    if len(rows) > 20:
        total = rows[0][-1] or fetch(COUNT_FOUND, found)[0][0]
    link = f'<{path}?{query}limit=20>; rel="first"'
    if len(rows) > 20:
        link += f', <{path}?{query}limit=20&before={shown[-1][0]}>; rel="next"'
    relation = "eq" if total <= 1000 else "gte"
    headers = [("Link", link), ("X-Total-Count", str(min(total, 1000)))]
    data = [dict(zip(NAMES, row)) for row in shown]
    return answer(start_response, data, [*headers, ("X-Total-Count-Relation", relation)])


def fetch(statement, values):
    try:
        cursor = local.cursor
    except AttributeError:
        connection = psycopg2.connect(os.environ["DATABASE_URL"], options="-c timezone=UTC")
        connection.autocommit = True
        cursor = local.cursor = connection.cursor()
    cursor.execute(statement, values)
    return cursor.fetchall()


def username_of(authorization):
    username = verified.get(authorization)
    if username is None:
        token = authorization.removeprefix("Bearer ")
        claims = jwt.decode(token, KEY, algorithms=["RS256"], options={"verify_aud": False})
        username = verified[authorization] = claims["username"]
    return username


def answer(start_response, data, headers=(), status="200 OK"):
    body = orjson.dumps(data)
    standard = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, [*standard, *headers])
    return [body]
