"""A fake kubectl: it keeps the objects that it gets, and behaves as a test defines.

The test defines the behaviour in `story.json` beside this program; `asked.txt` has all calls. Tests
in the repository's root verify the options with the real kubectl.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(sys.argv[0]).resolve().parent
STORY = json.loads((HERE / "story.json").read_text())
KEPT = HERE / "kept.json"

words = [word for word in sys.argv[1:] if not word.startswith("-")]
options = [word for word in sys.argv[1:] if word.startswith("-")]
objects = json.loads(KEPT.read_text() if KEPT.exists() else "{}")


def key(kind: str, name: str) -> str:
    """Return the key of an object."""
    return f"{kind.lower()}/{name}"


def fail(text: str) -> None:
    """Exit with an error like kubectl."""
    sys.exit(f"Error from server: {text}")


# What the server calls the kinds: written here once more, to hold the Role of cluster.deployer
# against it.
RESOURCES = {
    "configmap": "configmaps",
    "cronjob": "batch/cronjobs",
    "daemonset": "apps/daemonsets",
    "deployment": "apps/deployments",
    "event": "events",
    "externalsecret": "external-secrets.io/externalsecrets",
    "horizontalpodautoscaler": "autoscaling/horizontalpodautoscalers",
    "ingress": "networking.k8s.io/ingresses",
    "job": "batch/jobs",
    "namespace": "namespaces",
    "networkpolicy": "networking.k8s.io/networkpolicies",
    "pod": "pods",
    "pods/log": "pods/log",
    "pods/portforward": "pods/portforward",
    "poddisruptionbudget": "policy/poddisruptionbudgets",
    "replicaset": "apps/replicasets",
    "secret": "secrets",
    "service": "services",
    "serviceaccount": "serviceaccounts",
    "statefulset": "apps/statefulsets",
}


def need(kind: str, *verbs: str, name: str = "") -> None:
    """Require rights, and note them. A test without `rules.json` is an administrator."""
    plurals = {word.rpartition("/")[2]: word for word in RESOURCES.values()}
    resource = RESOURCES.get(kind.lower()) or plurals[kind]
    with (HERE / "needed.txt").open("a") as needed:
        needed.writelines(f"{verb} {resource}\n" for verb in verbs)
    if not (HERE / "rules.json").exists():
        return
    rules = json.loads((HERE / "rules.json").read_text())
    group, _, plural = resource.rpartition("/") if resource.count("/") else ("", "", resource)
    if group == "pods":  # of a subresource
        group, plural = "", resource
    for verb in verbs:
        if not any(
            group in rule["apiGroups"]
            and plural in rule["resources"]
            and verb in rule["verbs"]
            and ("resourceNames" not in rule or name in rule["resourceNames"])
            for rule in rules
        ):
            of = f"{plural}.{group}" if group else plural
            fail(
                f'{of} is forbidden: User "pipeline" cannot {verb} resource "{plural}" in API '
                f'group "{group}" in the namespace "production"'
            )


def kustomize() -> None:
    """Print the objects of the test, with the tag of the overlay."""
    text = (Path(words[1]) / "kustomization.yaml").read_text()
    [tag] = re.findall(r"newTag: (\S+)", text)
    print((HERE / "objects.txt").read_text().replace("TAG", tag))


def apply() -> None:
    """Keep objects; the pods of a Job are immutable."""
    given = json.load(sys.stdin)
    if "--server-side" in options:
        merge(given)
        return
    for each in given["items"]:
        name = key(each["kind"], each["metadata"]["name"])
        need(each["kind"], "get", "patch" if name in objects else "create")
        if each["kind"] == "Job" and name in objects and STORY.get("immutable"):
            sys.exit(STORY["immutable"]["apply"])
        if each["kind"] == "Job":
            kind = STORY.get("job", "Complete")
            conditions = [{"type": kind, "status": "True"}]
            each["status"] = {"conditions": [] if kind == "Running" else conditions}
        if "--dry-run=server" not in options:
            objects[name] = each
            print(f"{name} configured")
    KEPT.write_text(json.dumps(objects))


def merge(given: dict[str, Any]) -> None:
    """Add the keys of an object, as each is applied by a manager of its own."""
    name = key(given["kind"], given["metadata"]["name"])
    manager = next(word for word in options if word.startswith("--field-manager="))
    assert [manager] == [f"--field-manager=add-{one}" for one in given["data"]], manager
    objects[name] = {"data": objects.get(name, {}).get("data", {}) | given["data"]}
    KEPT.write_text(json.dumps(objects))


def review() -> None:
    """Print the rights of the account, as a SelfSubjectRulesReview has them."""
    [given] = json.load(sys.stdin)["items"]
    assert given["kind"] == "SelfSubjectRulesReview", given
    if STORY.get("silent", 0) > 0:
        fail("net/http: TLS handshake timeout")
    rules = HERE / "rules.json"
    everything = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    granted = json.loads(rules.read_text()) if rules.exists() else everything
    status = {"incomplete": STORY.get("incomplete", False), "resourceRules": granted}
    print(json.dumps(given | {"status": status}))


def create() -> None:
    """Create an object, or print what would be created."""
    if "--filename=-" in options:
        review()
        return
    kind, name = words[1], words[-1]
    data = {}
    for option in options:
        if option.startswith("--from-file="):
            entry, _, path = option.partition("=")[2].rpartition("=")
            data[entry] = sys.stdin.read() if path == "/dev/stdin" else path
    if "--dry-run=client" in options:
        print(json.dumps({"kind": kind, "metadata": {"name": name}, "data": data}))
        return
    if key(kind, name) in objects:
        fail(f"{name} already exists")
    objects[key(kind, name)] = {"words": sys.argv[1:], "data": data}
    KEPT.write_text(json.dumps(objects))


def label() -> None:
    """Label an object; another value is not replaced."""
    name, _, value = words[3].partition("=")
    labels = objects[key(words[1], words[2])].setdefault("labels", {})
    if labels.setdefault(name, value) != value:
        fail(f"{name!r} already has a value ({labels[name]}), and --overwrite is false")
    KEPT.write_text(json.dumps(objects))


def selected() -> str:
    """Return the selector of a command."""
    return next((word for word in options if word.startswith("--selector=")), "")


def ready(name: str) -> dict[str, object]:
    """Return a pod that serves."""
    conditions = [{"type": "Ready", "status": "True"}]
    return {"metadata": {"name": name}, "status": {"phase": "Running", "conditions": conditions}}


# As a cluster has them at any time: evicted, not placed yet, and on its way out.
MOVING = [
    {
        "metadata": {"name": "evicted"},
        "status": {
            "phase": "Failed",
            "reason": "Evicted",
            "message": "The node was low on resource: ephemeral-storage.",
            "conditions": [{"type": "DisruptionTarget", "status": "True"}],
        },
    },
    {"metadata": {"name": "pending"}, "status": {"phase": "Pending"}},
    {
        "metadata": {"name": "ending", "deletionTimestamp": "2026-11-29T12:00:00Z"},
        "status": ready("ending")["status"],
    },
]


def pods() -> list[object]:
    """Return the pods of a Job, the new ones, or all."""
    if "job-name=" in selected():
        return list(STORY.get("job_pods", []))
    if "pod-template-hash=" in selected():
        assert selected().endswith("pod-template-hash=new"), selected()
        return list(STORY.get("new_pods", []))
    return [*map(ready, STORY.get("pods", ["one", "two"])), *MOVING]


def replica_sets() -> list[object]:
    """Return those of two versions."""
    return [
        {
            "metadata": {
                "annotations": {"deployment.kubernetes.io/revision": revision},
                "labels": {"pod-template-hash": name},
            }
        }
        for revision, name in (("1", "old"), ("2", "new"))
    ]


def with_status(deployment: dict[str, object]) -> dict[str, object]:
    """Return a Deployment with what its controller says of it."""
    number = STORY.get("replicas", 2)
    status = dict.fromkeys(("replicas", "updatedReplicas"), number)
    status |= dict.fromkeys(("availableReplicas", "readyReplicas"), number)
    metadata = dict(deployment["metadata"])  # type: ignore[call-overload]
    metadata["annotations"] = {"deployment.kubernetes.io/revision": "2"}
    spec = {"replicas": number} | deployment["spec"]  # type: ignore[operator]
    return deployment | {
        "metadata": metadata,
        "spec": spec | {"replicas": number},
        "status": status
        | STORY.get("status", {})
        | STORY.get("statuses", {}).get(metadata["name"], {}),
    }


def tell_next() -> None:
    """Go on in the story: `silent` answers fail first, then `first` is the status, once."""
    if STORY.get("silent", 0) > 0:
        STORY["silent"] -= 1
        (HERE / "story.json").write_text(json.dumps(STORY))
        fail("net/http: TLS handshake timeout")
    if "first" in STORY:
        STORY["status"], rest = STORY.pop("first"), STORY.get("status", {})
        (HERE / "story.json").write_text(json.dumps(STORY | {"status": rest}))


def plural_of(each: dict[str, Any]) -> str:
    """Return what a list of an object's kind is asked for by."""
    return RESOURCES.get(each.get("kind", "").lower(), "").rpartition("/")[2]


def get() -> None:
    """Print an object, or several."""
    lists = {
        "pods": pods,
        "replicasets": replica_sets,
        "events": lambda: STORY.get("events", []),
    }
    kinds = words[1].split(",")
    for kind in kinds:
        name = words[2] if len(words) > 2 else ""
        need(kind, "get" if name else "list", name=name)
    if len(kinds) > 1:
        if STORY.get("forbidden"):
            fail("deployments.apps is forbidden")
        there = [*objects.values(), *STORY.get("left", [])]
        print(json.dumps({"items": [each for each in there if plural_of(each) in kinds]}))
    elif words[1] == "configmaps":
        if STORY.get("forbidden"):
            fail("configmaps is forbidden")
        items = [each for each in objects.values() if plural_of(each) in kinds]
        for each in items:
            created = STORY.get("created", {}).get(each["metadata"]["name"])
            each["metadata"] |= {"creationTimestamp": created} if created else {}
        print(json.dumps({"items": items}))
    elif words[1] == "replicasets" and STORY.get("forbidden"):
        fail("replicasets.apps is forbidden")
    elif words[1] in lists:
        print(json.dumps({"items": lists[words[1]]()}))
    elif STORY.get("forbidden") and words[1] == "Secret":
        fail("secrets is forbidden")
    elif words[1] == "pod":
        if words[2] in STORY.get("pods", ["one", "two"]) and not STORY.get("gone"):
            print(json.dumps(ready(words[2])))
    elif (name := key(words[1], words[2])) in objects:
        found = objects[name]
        if words[1] == "deployment":
            tell_next()
        if any(option.startswith("--output=jsonpath={.metadata.labels.") for option in options):
            print(next(iter(found.get("labels", {}).values()), ""), end="")
            return
        if any(option.startswith("--output=go-template=") for option in options):
            print("\n".join(found["data"]))
            return
        print(json.dumps(with_status(found) if words[1] == "deployment" else found))
    elif "--ignore-not-found" not in options:
        fail(f"{name} not found")


def delete() -> None:
    """Delete objects."""
    names = words[1:] if "/" in words[1] else [key(words[1], words[2])]
    for name in names:
        # It gets what it has deleted, and lists and watches it while it is still there.
        verbs = ("delete",) if "--wait=false" in options else ("delete", "get", "list", "watch")
        need(name.partition("/")[0], *verbs)
        if objects.pop(name, None) is None and "--ignore-not-found" not in options:
            fail(f"{name} not found")
    STORY["immutable"] = False
    (HERE / "story.json").write_text(json.dumps(STORY))
    KEPT.write_text(json.dumps(objects))


def rollout() -> None:
    """Return to the version before."""
    assert words[1] == "undo"
    need("deployment", "get", "patch")
    need("replicaset", "list")
    print("rolled back")


def port_forward() -> None:
    """Serve the version of a pod."""
    import socket  # here, as the other commands need not wait for it

    need("pod", "get")
    need("pods/portforward", "create")
    if STORY.get("version") is None:
        fail(STORY.get("fault", "pod is not running"))
    body = json.dumps({"version": STORY["version"], "commit": "x"})
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        print(f"Forwarding from 127.0.0.1:{port} -> {words[2]}", flush=True)
        while True:
            connection, _ = server.accept()
            with connection:
                is_right = connection.recv(65536).startswith(b"GET /admin/version/ ")
                status = "200 OK" if is_right else "404 Not Found"
                connection.sendall(f"HTTP/1.0 {status}\r\n\r\n{body}".encode())


def diff() -> None:
    """Print a difference; a Job's pods cannot be changed, not even to see how."""
    for each in json.load(sys.stdin)["items"]:
        name = key(each["kind"], each["metadata"]["name"])
        need(each["kind"], "get", "patch" if name in objects else "create")
        if each["kind"] == "Job" and name in objects and STORY.get("immutable"):
            print(STORY["immutable"]["diff"], file=sys.stderr)
            sys.exit(2)
    print("+ something new")
    sys.exit(1)


def logs() -> None:
    """Print the log of some pods."""
    need("pod", "list")
    need("pods/log", "get")
    when = "before" if "--previous" in options else "now"
    print(f"what it said {when} {selected().partition(',')[2]}")


with (HERE / "asked.txt").open("a") as asked:
    asked.write(" ".join(sys.argv[1:]) + "\n")
{
    "kustomize": kustomize,
    "apply": apply,
    "create": create,
    "label": label,
    "get": get,
    "delete": delete,
    "rollout": rollout,
    "port-forward": port_forward,
    "diff": diff,
    "logs": logs,
}[words[0]]()
