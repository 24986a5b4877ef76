"""Checks that the Ingress routes what clients outside the cluster may call, and nothing else."""

import re
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from flask_chassis import ingress_paths
from flask_chassis.auth.access import decision_for

BASE = f"{ingress_paths.FOLDER}/base/ingress.yaml"


def wrongly_routed(app: Flask, root: Path) -> list[str]:
    """Return the routes for clients without a path in an Ingress, and the internal ones with one.

    Routes are internal if they are marked with @internal, or if their path is below /admin, /health
    or /metrics. An annotation of the Ingress names other paths that only other services call.
    """
    objects = ingress_paths.read(root)
    not_routed = [path for each in objects for path in ingress_paths.not_routed(each)]
    faults = set()
    for rule in app.url_map.iter_rules():
        decisions = _decisions(app, rule)
        is_routed = any(ingress_paths.is_reached(each, _example(rule)) for each in objects)
        if any(ingress_paths.is_below(path, rule.rule) for path in ingress_paths.INTERNAL):
            continue  # the task cluster.check refuses these, whatever is served there
        if is_routed and "internal" in decisions:
            faults.add(
                f"{rule.rule} is @internal, but an Ingress routes it, so that clients reach it: "
                "serve it below /admin, or narrow the paths of the Ingress."
            )
        is_named = any(ingress_paths.is_below(path, rule.rule) for path in not_routed)
        if not is_routed and not is_named and decisions - {"internal"}:
            faults.add(
                f"{rule.rule} has no path in {BASE}, so that clients get 404 in a cluster: add "
                "it to the paths there. If only other services call it, name it in the annotation "
                f"{ingress_paths.NOT_ROUTED}."
            )
    return sorted(faults)


def _decisions(app: Flask, rule: Rule) -> set[str]:
    """Return who may call the methods of a rule."""
    if rule.build_only or rule.redirect_to or rule.endpoint not in app.view_functions:
        return set()
    view = app.view_functions[rule.endpoint]
    found = {decision_for(view, method) for method in (rule.methods or set()) - {"OPTIONS"}}
    return {decision for decision in found if decision}


def _example(rule: Rule) -> str:
    """Return a path that a rule matches, as far as an Ingress can tell."""
    return re.sub("<[^>]+>", "x", rule.rule)
