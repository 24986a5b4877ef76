"""Checks before a deployment whether the account of the kubeconfig has the rights for all of it."""

import json

from invoke import Exit

from flask_chassis_tools.kubernetes import deployer
from flask_chassis_tools.kubernetes.kubectl import ANSWER, Kubectl, Object

REVIEW = "SelfSubjectRulesReview"
GROUP = "authorization.k8s.io"


def require(kubectl: Kubectl, objects: list[Object]) -> None:
    """Exit if a right is missing: halfway through, a deployment would leave a mixture.

    A cluster whose authorizer cannot list all rights is not judged: it refuses what it refuses.
    """
    review = {
        "apiVersion": f"{GROUP}/v1",
        "kind": REVIEW,
        "spec": {"namespace": kubectl.namespace},
    }
    done = kubectl.ask("create", "--filename=-", *ANSWER, "--output=json", objects=[review])
    if done.returncode:
        print(f"The rights in {kubectl.namespace} are not known: {done.stderr.strip()}")
        return
    status = json.loads(done.stdout)["status"]
    if status.get("incomplete"):
        return
    lacking = missing(objects, status["resourceRules"])
    if lacking:
        lines = "\n".join(f"  {each}" for each in lacking)
        raise Exit(
            f"The account of the kubeconfig lacks rights in {kubectl.namespace}:\n{lines}\n"
            "Nothing was changed. The task cluster.deployer writes an account that has them.",
            1,
        )


def missing(objects: list[Object], granted: list[Object]) -> list[str]:
    """Return the rights that a deployment needs and an account lacks: `patch deployments.apps`."""
    return [
        f"{verb} {resource}{f'.{group}' if group else ''}"
        for (group, resource), verbs in sorted(deployer.required(objects).items())
        for verb in sorted(verbs)
        if not any(_grants(rule, group, resource, verb) for rule in granted)
    ]


def _grants(rule: Object, group: str, resource: str, verb: str) -> bool:
    """Return whether a rule grants a right on all objects of a resource."""
    if rule.get("resourceNames"):
        return False
    wanted = {"apiGroups": group, "resources": resource, "verbs": verb}
    return all({"*", what} & set(rule.get(key) or []) for key, what in wanted.items())
