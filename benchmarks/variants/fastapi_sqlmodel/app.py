"""FastAPI on SQLModel: sessions and users as dependencies, models in and out, plain functions."""

import os
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import DateTime, func
from sqlmodel import Column, Field, Session, SQLModel, col, create_engine, select

KEY = Path(os.environ["PUBLIC_KEY"]).read_text()
URL = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")

engine = create_engine(URL, connect_args={"options": "-c timezone=UTC"})
app = FastAPI()


class ThoughtBase(SQLModel):
    text: str = Field(min_length=1, max_length=10_000)


class Thought(ThoughtBase, table=True):
    __tablename__ = "thoughts"

    id: int | None = Field(default=None, primary_key=True)
    username: str
    timestamp: datetime | None = Field(
        default=None,
        sa_column=Column(DateTime(timezone=True), server_default=func.now()),
    )


class ThoughtPublic(ThoughtBase):
    id: int
    username: str
    timestamp: datetime


def get_session() -> Generator[Session, None, None]:
    with Session(engine) as session:
        yield session


def get_username(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    try:
        claims = jwt.decode(
            credentials.credentials, KEY, algorithms=["RS256"], options={"verify_aud": False}
        )
    except jwt.PyJWTError as error:
        raise HTTPException(401, "The token is not valid.") from error
    return claims["username"]


SessionDep = Annotated[Session, Depends(get_session)]
Username = Annotated[str, Depends(get_username)]


@app.get("/health/live")
def live() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/thoughts/", response_model=list[ThoughtPublic])
def list_all(response: Response, session: SessionDep, search: str = "") -> Any:
    where = [col(Thought.text).ilike(f"%{search}%")] if search else []
    query = f"search={search}&" if search else ""
    return page(response, session, "/api/thoughts/", query, where)


@app.get("/api/me/thoughts/", response_model=list[ThoughtPublic])
def list_own(response: Response, session: SessionDep, username: Username) -> Any:
    return page(response, session, "/api/me/thoughts/", "", [Thought.username == username])


@app.post("/api/me/thoughts/", response_model=ThoughtPublic, status_code=201)
def write(session: SessionDep, username: Username, new: ThoughtBase) -> Any:
    thought = Thought.model_validate(new, update={"username": username})
    session.add(thought)
    session.commit()
    session.refresh(thought)
    return thought


def page(response, session, path, query, where):
    newest = col(Thought.id).desc()
    rows = session.exec(select(Thought).where(*where).order_by(newest).limit(21)).all()
    shown = rows[:20]
    link = f'<{path}?{query}limit=20>; rel="first"'
    if len(rows) > 20:
        link += f', <{path}?{query}limit=20&before={shown[-1].id}>; rel="next"'
    response.headers["Link"] = link
    return shown
