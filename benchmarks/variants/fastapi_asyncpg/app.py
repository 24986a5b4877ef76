"""FastAPI, asyncpg and orjson, written by hand with an eye on speed: no models of what goes out."""

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import asyncpg
import jwt
import orjson
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

KEY = load_pem_public_key(Path(os.environ["PUBLIC_KEY"]).read_bytes())
LARGEST_ID = 2**63 - 1

COLUMNS = "id, username, text, timestamp"
PAGE = f"SELECT {COLUMNS} FROM thoughts WHERE id < $1{{more}} ORDER BY id DESC LIMIT 21"
LIST = PAGE.format(more="")
OWN = PAGE.format(more=" AND username = $2")
NEWEST = (
    f"SELECT {COLUMNS} FROM (SELECT {COLUMNS} FROM thoughts WHERE id < $1 ORDER BY id DESC"
    " LIMIT 2000) AS newest WHERE text ILIKE $2 ESCAPE '\\' ORDER BY id DESC LIMIT 21"
)
FOUND = (
    f"SELECT {COLUMNS} FROM thoughts WHERE id < $1 AND text ILIKE $2 ESCAPE '\\'"
    " ORDER BY -id LIMIT 21"
)
INSERT = f"INSERT INTO thoughts (username, text) VALUES ($1, $2) RETURNING {COLUMNS}"


class New(BaseModel):
    text: str = Field(min_length=1, max_length=10_000)


@asynccontextmanager
async def lifespan(app):
    settings = {"timezone": "UTC"}
    url = os.environ["DATABASE_URL"]
    async with asyncpg.create_pool(url, server_settings=settings) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


def username_of(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    try:
        claims = jwt.decode(
            credentials.credentials, KEY, algorithms=["RS256"], options={"verify_aud": False}
        )
    except jwt.PyJWTError as error:
        raise HTTPException(401, "The token is not valid.") from error
    return claims["username"]


Username = Annotated[str, Depends(username_of)]


@app.get("/health/live")
async def live():
    return answer({"status": "ok"})


@app.get("/api/thoughts/")
async def list_all(search: str = ""):
    async with app.state.pool.acquire() as connection:
        if not search:
            rows = await connection.fetch(LIST, LARGEST_ID)
            return page("/api/thoughts/", "", rows)
        pattern = f"%{search}%"
        rows = await connection.fetch(NEWEST, LARGEST_ID, pattern)
        if len(rows) < 21:
            rows = await connection.fetch(FOUND, LARGEST_ID, pattern)
        return page("/api/thoughts/", f"search={search}&", rows)


@app.get("/api/me/thoughts/")
async def list_own(username: Username):
    async with app.state.pool.acquire() as connection:
        rows = await connection.fetch(OWN, LARGEST_ID, username)
        return page("/api/me/thoughts/", "", rows)


@app.post("/api/me/thoughts/")
async def write(new: New, username: Username):
    async with app.state.pool.acquire() as connection:
        row = await connection.fetchrow(INSERT, username, new.text)
    return answer(dict(row), 201)


def page(path, query, rows):
    shown = [dict(row) for row in rows[:20]]
    link = f'<{path}?{query}limit=20>; rel="first"'
    if len(rows) > 20:
        link += f', <{path}?{query}limit=20&before={shown[-1]["id"]}>; rel="next"'
    return answer(shown, headers={"Link": link})


def answer(data, status=200, headers=None):
    return Response(orjson.dumps(data), status, headers, media_type="application/json")
