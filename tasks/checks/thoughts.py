"""What a `resource` does, over HTTP."""

from datetime import datetime, timedelta

import requests

from ..system import Served
from .caller import TIMEOUT_SECONDS, Caller
from .verdict import Check


def is_alive_and_ready(call: Caller[Served]) -> None:
    """the service is alive, and ready with its database and the keys of tokens"""
    call("GET", "/health/live", 200)
    checks = call("GET", "/health/ready", 200).json()["checks"]
    assert checks == {"database": "ok", "token_keys": "ok"}, checks


def says_its_version(call: Caller[Served]) -> None:
    """it says which version it is"""
    assert call("GET", "/admin/version/", 200).json().keys() == {"commit", "version"}


def documents_itself(call: Caller[Served]) -> None:
    """it shows the Swagger UI at /, and its OpenAPI document has all paths"""
    assert "swagger" in call("GET", "/", 200).text
    paths = call("GET", "/openapi.json", 200).json()["paths"]
    assert {call.own, call.all, f"{call.all}{{id}}/", f"{call.admin}{{id}}/"} <= paths.keys()


def writes_for_a_user(call: Caller[Served]) -> None:
    """a user with a token writes, in JSON or in a form"""
    call("POST", call.own, 201, headers=call.ada, json={"text": "100% in JSON"})
    made = call("POST", call.own, 201, headers=call.ada, data={"text": "In a form"}).json()
    assert made.keys() == {"id", "username", "text", "timestamp"}, made
    assert (made["username"], made["text"]) == ("ada", "In a form"), made
    assert datetime.fromisoformat(made["timestamp"]).utcoffset() == timedelta(0), made


def refuses_the_others(call: Caller[Served]) -> None:
    """nobody writes without a token, or with a bad one, or writes nothing"""
    call("POST", call.own, 401, json={"text": "x"})
    call("POST", call.own, 401, headers={"Authorization": "Bearer x.y.z"}, json={"text": "x"})
    call("POST", call.own, 400, headers=call.ada, json={"text": ""})


def lists_by_page(call: Caller[Served]) -> None:
    """lists come newest first and by page, following the Link header"""
    page = call("GET", f"{call.own}?limit=1&count=true", 200, headers=call.ada)
    assert page.headers["X-Total-Count"] == "2", page.headers
    following = call("GET", page.links["next"]["url"], 200, headers=call.ada)
    assert page.json()[0]["id"] > following.json()[0]["id"]
    assert "next" not in following.links


def searches(call: Caller[Served]) -> None:
    """anyone searches, in upper or lower case, and % is only a character"""
    found = call("GET", call.all, 200, params={"search": "0% IN j"}).json()
    assert [one["text"] for one in found] == ["100% in JSON"], found
    assert call("GET", call.all, 200, params={"search": "1%JSON"}).json() == []


def administers(call: Caller[Served]) -> None:
    """an administrator removes one, and nobody else does"""
    newest = call("GET", call.all, 200).json()[0]["id"]
    call("DELETE", f"{call.admin}{newest}/", 401)
    call("DELETE", f"{call.admin}{newest}/", 403, headers=call.ada)
    call("DELETE", f"{call.admin}{newest}/", 204, headers=call.root)
    call("GET", f"{call.all}{newest}/", 404)


def counts(call: Caller[Served]) -> None:
    """the metrics count requests by route, on a port of their own"""
    scraped = requests.get(f"{call.service.metrics_address}/metrics", timeout=TIMEOUT_SECONDS)
    line = f'method="POST",route="{call.own}",status="201"'
    counted = [row for row in scraped.text.splitlines() if line in row]
    assert len(counted) == 1, scraped.text
    assert counted[0].endswith(" 2.0"), counted
    call("GET", "/metrics", 404)


CHECKS: tuple[Check[Caller[Served]], ...] = (
    is_alive_and_ready,
    says_its_version,
    documents_itself,
    writes_for_a_user,
    refuses_the_others,
    lists_by_page,
    searches,
    administers,
    counts,
)
