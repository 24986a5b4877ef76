"""Finds what an earlier version of the manifests has left in the cluster, and removes it."""

from invoke import Exit

from flask_chassis_tools.kubernetes.kubectl import Kubectl, Object

KINDS = {
    "deployments": "apps",
    "statefulsets": "apps",
    "daemonsets": "apps",
    "cronjobs": "batch",
    "services": "",
    "horizontalpodautoscalers": "autoscaling",
    "poddisruptionbudgets": "policy",
    "networkpolicies": "networking.k8s.io",
    "ingresses": "networking.k8s.io",
}
"""Resources and their groups. Not Jobs, which remove themselves; ConfigMaps: config_maps.py."""

WITH_DATA = frozenset({"statefulsets"})
"""Not removed without being named: their volumes may go with them."""

NAME = "app.kubernetes.io/name"


def tell(kubectl: Kubectl, service: str, objects: list[Object]) -> None:
    """Print what has the service's label and is not among its objects, and how to remove it."""
    try:
        left = _left(kubectl, service, objects)
    except Exit as error:
        print(f"What is no longer in the manifests is not known. {error.message}")
        return
    if left:
        print(
            f"No longer in the manifests, and still there: {', '.join(left)}. If nobody else "
            f"needs it, use the option --prune, or {_command(kubectl, left)}"
        )


def prune(kubectl: Kubectl, service: str, objects: list[Object]) -> None:
    """Delete what has the service's label and is not among its objects, but nothing with data."""
    left = _left(kubectl, service, objects)
    with_data = [each for each in left if f"{each.partition('/')[0]}s" in WITH_DATA]
    if without := [each for each in left if each not in with_data]:
        kubectl.show("delete", "--wait=false", "--ignore-not-found", *without)
    if with_data:
        print(
            f"No longer in the manifests, and not deleted because of its data: "
            f"{', '.join(with_data)}. To delete it: {_command(kubectl, with_data)}"
        )


def _left(kubectl: Kubectl, service: str, objects: list[Object]) -> list[str]:
    there = kubectl.labelled(",".join(KINDS), {NAME: service})
    made = {(each["kind"], each["metadata"]["name"]) for each in objects}
    return [
        f"{each['kind'].lower()}/{each['metadata']['name']}"
        for each in there
        if (each["kind"], each["metadata"]["name"]) not in made
        and "ownerReferences" not in each["metadata"]
    ]


def _command(kubectl: Kubectl, names: list[str]) -> str:
    return f"kubectl delete --namespace={kubectl.namespace} {' '.join(names)}"
