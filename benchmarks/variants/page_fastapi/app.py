"""FastAPI, httpx and Jinja2: one client for all requests, as their documentation has it."""

import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

SITE = {name: os.environ[f"SITE_{name.upper()}"] for name in ("title", "description", "version")}


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=os.environ["UPSTREAM"], timeout=5) as app.state.upstream:
        yield


def day_and_time(text):
    when = datetime.fromisoformat(text).astimezone(UTC)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


app = FastAPI(lifespan=lifespan)
app.mount("/static", StaticFiles(directory="../page"), name="static")
templates = Jinja2Templates(directory="../page")
templates.env.filters["day_and_time"] = day_and_time


@app.get("/health/live")
async def live():
    return {"status": "ok"}


@app.get("/", response_class=HTMLResponse)
async def newest(request: Request):
    listed = await app.state.upstream.get("/api/thoughts/")
    listed.raise_for_status()
    link = listed.links.get("next")
    older = httpx.URL(link["url"]).params["after"] if link else None
    context = {"site": SITE, "thoughts": listed.json(), "older": older}
    return templates.TemplateResponse(request, "newest.html", context)


@app.get("/login/", name="login")
@app.get("/search", name="search")
@app.get("/thoughts/", name="own")
@app.get("/thoughts/new", name="form")
async def other():
    return {"message": "a page that is linked to, and is not measured"}
