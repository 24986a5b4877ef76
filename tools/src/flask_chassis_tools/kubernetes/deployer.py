"""Writes the rights with which a pipeline deploys: a ServiceAccount, a Role, a RoleBinding.

The Role has what the tasks cluster.deploy and cluster.rollback ask of the cluster, and no more. It
cannot read Secrets; who may create pods can mount them, however.
"""

from collections import defaultdict
from collections.abc import Iterable

import yaml

from flask_chassis_tools.kubernetes import config_maps, leftovers, overlays
from flask_chassis_tools.kubernetes.kubectl import Object

Resource = tuple[str, str]
"""A group of the API, and the plural name of a resource in it."""

APPLIED = ("get", "create", "patch")
"""Verbs for what is applied or compared."""

ALWAYS: dict[Resource, tuple[str, ...]] = {
    ("apps", "deployments"): ("get", "patch"),  # the rollout and its status; rollback
    ("apps", "replicasets"): ("list",),  # which pods are the new ones; rollback
    ("", "configmaps"): ("get", "list", "delete"),  # prerequisites; settings of old versions
    ("", "pods"): ("get", "list"),
    ("", "pods/log"): ("get",),
    # The version that runs. kubectl 1.31 and later first get it (as a WebSocket), and create it if
    # that is forbidden.
    ("", "pods/portforward"): ("create",),
}

REQUIRED: dict[Resource, tuple[str, ...]] = {
    ("apps", "deployments"): ("get",),
    ("apps", "replicasets"): ("list",),
    ("", "pods"): ("list",),
}
"""The rights that a deployment requires. Without the others, it reports less."""

OF_MIGRATIONS: dict[Resource, tuple[str, ...]] = {
    # kubectl waits until a Job that failed is deleted.
    ("batch", "jobs"): ("get", "list", "watch", "delete"),
    ("", "events"): ("list",),
}


def name() -> str:
    """Return the name of the account and its Role. Flux has an account <service>-deployer."""
    return f"{overlays.name()}-pipeline"


def write(objects: list[Object], namespace: str) -> str:
    """Return the manifests of the account and its rights in a namespace."""
    metadata = {"name": name(), "namespace": namespace}
    group = "rbac.authorization.k8s.io"
    found = [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": dict(metadata),
            "automountServiceAccountToken": False,
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "Role",
            "metadata": dict(metadata),
            "rules": rules(objects, namespace),
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": dict(metadata),
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name()},
            "subjects": [{"kind": "ServiceAccount"} | metadata],
        },
    ]
    text: str = yaml.safe_dump_all(found, sort_keys=False, default_flow_style=None)
    return text


def rules(objects: list[Object], namespace: str) -> list[Object]:
    """Return the rules of the Role, for the objects of a stage."""
    verbs_of = required(objects)
    for found, also in _also(objects):
        verbs_of[found].update(also)
    together: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource), verbs in sorted(verbs_of.items()):
        together[group, tuple(sorted(verbs))].append(resource)
    return [
        # In a Role, the name of its own namespace alone has an effect.
        {
            "apiGroups": [""],
            "resources": ["namespaces"],
            "resourceNames": [namespace],
            "verbs": ["get"],
        },
        *(
            {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
            for (group, verbs), resources in together.items()
        ),
    ]


def required(objects: list[Object]) -> dict[Resource, set[str]]:
    """Return the verbs without which a deployment of these objects would stop halfway."""
    verbs_of: dict[Resource, set[str]] = defaultdict(set)
    for each in objects:
        verbs_of[resource_of(each)].update(APPLIED)
    for found, also in REQUIRED.items():
        verbs_of[found].update(also)
    if overlays.migration(objects):
        # A Job that has failed is created again.
        verbs_of["batch", "jobs"].add("delete")
    return verbs_of


def _also(objects: list[Object]) -> Iterable[tuple[Resource, tuple[str, ...]]]:
    yield from ALWAYS.items()
    if overlays.migration(objects):
        yield from OF_MIGRATIONS.items()
    for resource, group in leftovers.KINDS.items():
        yield (group, resource), ("list",)
        if resource not in leftovers.WITH_DATA:
            yield (group, resource), ("delete",)
    for resource, group in config_maps.READERS.items():
        yield (group, resource), ("list",)


def resource_of(each: Object) -> Resource:
    """Return the resource of an object: a NetworkPolicy is one of `networkpolicies`."""
    kind = each["kind"].lower()
    if kind == "endpoints":
        plural = kind
    elif kind.endswith(("s", "x", "z", "ch", "sh")):
        plural = f"{kind}es"
    elif kind.endswith("y") and kind[-2] not in "aeiou":
        plural = f"{kind[:-1]}ies"
    else:
        plural = f"{kind}s"
    group, slash, _ = each["apiVersion"].rpartition("/")
    return (group if slash else "", plural)
