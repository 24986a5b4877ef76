"""Reads from a Deployment's status how far its rollout is, and which pods are the new ones.

https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status.
"""

from invoke import Exit

from flask_chassis_tools.kubernetes.kubectl import Kubectl, Object

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


def missing(deployment: Object) -> str:
    """Return what the rollout waits for; an empty text if it is complete."""
    spec, status = deployment["spec"], deployment.get("status", {})
    wanted = spec.get("replicas", 1)
    updated = status.get("updatedReplicas", 0)
    available = status.get("availableReplicas", 0)
    old = status.get("replicas", 0) - updated
    if not has_begun(deployment):
        return "the rollout has not begun"
    if updated < wanted:
        return f"{updated} of {wanted} new pods are created"
    if old > 0:
        return f"{old} pods of the version before are still there"
    if available < wanted:
        return f"{available} of {wanted} new pods are ready"
    return ""


def given_up_at(deployment: Object) -> str:
    """Return when the cluster has given up, after `progressDeadlineSeconds`; else an empty text.

    The condition stays for a while after the next rollout has begun.
    """
    for condition in deployment.get("status", {}).get("conditions", []):
        is_false = condition["type"] == "Progressing" and condition["status"] == "False"
        if is_false and condition.get("reason") == "ProgressDeadlineExceeded":
            return str(condition.get("lastUpdateTime", "unknown"))
    return ""


def has_begun(deployment: Object) -> bool:
    """Return whether the cluster has seen the newest version; its status is of that one then."""
    seen: int = deployment.get("status", {}).get("observedGeneration", 0)
    return seen >= int(deployment["metadata"].get("generation", 0))


def new_pods(kubectl: Kubectl, deployment: Object) -> dict[str, str]:
    """Return the labels of the pods of the newest version, which are those of its ReplicaSet."""
    labels: dict[str, str] = deployment["spec"]["selector"]["matchLabels"]
    revision = deployment["metadata"].get("annotations", {}).get(REVISION)
    try:
        replica_sets = kubectl.labelled("replicasets", labels)
    except Exit:  # the user may not list them: then the pods of all versions are looked at
        return labels
    for found in replica_sets:
        if found["metadata"].get("annotations", {}).get(REVISION) == revision:
            return labels | {HASH: found["metadata"]["labels"][HASH]}
    return labels


def is_serving(pod: Object) -> bool:
    """Return whether a pod is ready, and does not end."""
    conditions = pod.get("status", {}).get("conditions", [])
    is_ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return is_ready and "deletionTimestamp" not in pod["metadata"]
