"""What the manifests say of routes is what the service serves."""

from typing import Any

from flask import Flask

from {{ cookiecutter.package_name }}.chassis.access import decision
from {{ cookiecutter.package_name }}.tasks import checks_of_objects

from .manifests import Object, container, one, written


def routes(service: Flask) -> dict[str, str | None]:
    """Return the routes of the service, as addresses that match, with who may call them."""
    found = {}
    for rule in service.url_map.iter_rules():
        view: Any = service.view_functions[rule.endpoint]
        handlers = [view] if decision(view) else []
        methods = [method.lower() for method in rule.methods or ()]
        handlers += [getattr(getattr(view, "view_class", None), name, None) for name in methods]
        who = [decision(handler) for handler in handlers if handler and decision(handler)]
        found[_example(rule.rule)] = who[0] if who else None
    return found


def _example(rule: str) -> str:
    """Return an address that a rule matches: `/api/things/<int:id>/` -> `/api/things/1/`."""
    parts = ["1" if part.startswith("<") else part for part in rule.split("/")]
    return "/".join(parts)


def is_internal(url: str, who: str | None) -> bool:
    """Return whether nobody outside may reach an address."""
    return who == "internal" or url.startswith(checks_of_objects.INTERNAL)


def wrongly_routed(ingress: Object, found: dict[str, str | None]) -> list[str]:
    """Return the routes that are reached from outside and are internal, or the other way round."""
    return [
        url
        for url, who in found.items()
        if checks_of_objects.is_reached(ingress, url) == is_internal(url, who)
    ]


def test_the_ingress_leads_to_all_that_is_for_everybody_and_to_nothing_else(
    service: Flask,
) -> None:
    found = routes(service)
    assert {"/health/ready", "/admin/version/", "/"} <= found.keys()
    assert wrongly_routed(one(written(), "Ingress"), found) == []


def test_a_route_that_the_ingress_has_wrongly_is_seen() -> None:
    ingress = one(written(), "Ingress")
    planted: dict[str, str | None] = {"/new/page/": "public", "/": "internal"}
    assert wrongly_routed(ingress, planted) == ["/new/page/", "/"]


def test_the_probes_ask_routes_of_the_service(service: Flask) -> None:
    serving = container(written())
    asked = {
        serving[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")
    }
    assert asked <= routes(service).keys()
    assert len(asked) == 2
