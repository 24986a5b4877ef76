"""The limit: what is left when nothing is between uWSGI, psycopg2 and the queries.

Its statements are prepared. No errors, no logs, no metrics, no checks of what comes in. Nobody
should write a service like this.
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
PAGE = f"SELECT {COLUMNS} FROM thoughts WHERE {{where}}id < {{before}} ORDER BY id DESC LIMIT 21"
NEWEST = (
    f"SELECT {COLUMNS} FROM (SELECT {COLUMNS} FROM thoughts WHERE id < $1 ORDER BY id DESC"
    " LIMIT 2000) AS newest WHERE text ILIKE $2 ESCAPE '\\' ORDER BY id DESC LIMIT 21"
)
FOUND = (
    f"SELECT {COLUMNS} FROM thoughts WHERE id < $1 AND text ILIKE $2 ESCAPE '\\'"
    " ORDER BY -id LIMIT 21"
)
ADD = f"INSERT INTO thoughts (username, text) VALUES ($1, $2) RETURNING {COLUMNS}"
STATEMENTS = {
    "list": ("bigint", PAGE.format(where="", before="$1")),
    "own": ("bigint, text", PAGE.format(where="username = $2 AND ", before="$1")),
    "newest": ("bigint, text", NEWEST),
    "found": ("bigint, text", FOUND),
    "add": ("text, text", ADD),
}

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
            [row] = fetch("add", username, text)
            return answer(start_response, dict(zip(NAMES, row)), status="201 CREATED")
        return page(start_response, path, "", fetch("own", LARGEST_ID, username))
    if path == "/api/thoughts/":
        search = parse_qs(environ["QUERY_STRING"]).get("search")
        if not search:
            return page(start_response, path, "", fetch("list", LARGEST_ID))
        rows = fetch("newest", LARGEST_ID, f"%{search[0]}%")
        if len(rows) < 21:
            rows = fetch("found", LARGEST_ID, f"%{search[0]}%")
        return page(start_response, path, f"search={search[0]}&", rows)
    return answer(start_response, {"message": "Not found"}, status="404 NOT FOUND")


def page(start_response, path, query, rows):
    shown = rows[:20]
    link = f'<{path}?{query}limit=20>; rel="first"'
    if len(rows) > 20:
        link += f', <{path}?{query}limit=20&before={shown[-1][0]}>; rel="next"'
    return answer(start_response, [dict(zip(NAMES, row)) for row in shown], [("Link", link)])


def fetch(name, *values):
    try:
        cursor = local.cursor
    except AttributeError:
        connection = psycopg2.connect(os.environ["DATABASE_URL"], options="-c timezone=UTC")
        connection.autocommit = True
        cursor = local.cursor = connection.cursor()
        for each, (types, statement) in STATEMENTS.items():
            cursor.execute(f"PREPARE {each}_thoughts ({types}) AS {statement}")
    cursor.execute(f"EXECUTE {name}_thoughts ({', '.join(['%s'] * len(values))})", values)
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
