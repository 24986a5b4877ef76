"""The graph of all flows between services, and of each to what is around it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Fleet = dict[str, Any]
"""The flows of services, by name, as `flask_chassis_tools.kubernetes.flows` reads them."""

Edge = tuple[str, str, str]
"""Who calls whom, and at which port."""


def called(fleet: Mapping[str, Any]) -> set[Edge]:
    """Return what services say that they call."""
    return {
        (_title(name, workload), _named(peer, name), f"{port.number}/{port.protocol}")
        for name, workload in _workloads(fleet)
        for peer in workload.calls
        for port in peer.ports
    }


def admitted(fleet: Mapping[str, Any]) -> set[Edge]:
    """Return whom services say that they admit."""
    return {
        (_named(peer, name), _title(name, workload), f"{port.number}/{port.protocol}")
        for name, workload in _workloads(fleet)
        for port, peers in workload.admits
        for peer in peers
    }


def one_sided(fleet: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each flow between two services that one of them does not know."""
    out, into = called(fleet), admitted(fleet)
    faults = [
        f"{caller} calls {other} at {port}, and {other} does not admit it."
        for caller, other, port in sorted(out - into)
        if other in fleet
    ]
    return faults + [
        f"{other} admits {caller} at {port}, and {caller} does not call it."
        for caller, other, port in sorted(into - out)
        if caller in fleet
    ]


def mermaid(fleet: Mapping[str, Any]) -> str:
    """Draw the graph in Mermaid's language; a dashed line is known to one side alone."""
    edges, half = called(fleet) | admitted(fleet), _half(fleet)
    names = sorted({name for caller, other, _ in edges for name in (caller, other)})
    number = {name: f"n{place}" for place, name in enumerate(names)}
    lines = ["flowchart LR"]
    for name in names:
        opening, closing = ("[", "]") if name.split(" ")[0] in fleet else ("([", "])")
        lines.append(f'    {number[name]}{opening}"{name}"{closing}')
    for edge in sorted(edges):
        line = "-.->" if edge in half else "-->"
        lines.append(f'    {number[edge[0]]} {line}|"{edge[2]}"| {number[edge[1]]}')
    return "\n".join(lines)


def dot(fleet: Mapping[str, Any]) -> str:
    """Draw the graph in Graphviz' language; a dashed line is known to one side alone."""
    half = _half(fleet)
    lines = ["digraph flows {", "    rankdir=LR;", "    node [shape=box];"]
    for edge in sorted(called(fleet) | admitted(fleet)):
        style = ", style=dashed" if edge in half else ""
        lines.append(f'    "{edge[0]}" -> "{edge[1]}" [label="{edge[2]}"{style}];')
    return "\n".join([*lines, "}"])


FORMS: dict[str, Callable[[Mapping[str, Any]], str]] = {"mermaid": mermaid, "dot": dot}


def _half(fleet: Mapping[str, Any]) -> set[Edge]:
    """Return the flows between two of the services that one of them does not know."""
    differing = called(fleet) ^ admitted(fleet)
    return {edge for edge in differing if edge[0] in fleet and edge[1] in fleet}


def _workloads(fleet: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what every stage has; overlays and components are the services' own affair."""
    for name, flows in fleet.items():
        for workload in flows.folders.get("base", ()):
            yield name, workload


def _title(service: str, workload: Any) -> str:
    is_service = workload.component == "service"
    return service if is_service else f"{service} {workload.component}"


def _named(peer: Any, service: str) -> str:
    if peer.service:
        return str(peer.service)
    own = peer.pods.get("app.kubernetes.io/name") == service and not peer.namespace
    if own:
        component = peer.pods["app.kubernetes.io/component"]
        return service if component == "service" else f"{service} {component}"
    return str(peer.name)
