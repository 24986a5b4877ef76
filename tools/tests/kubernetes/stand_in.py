"""A fake kubectl: it keeps the objects that it gets, and behaves as a test defines.

The test defines the behaviour in `story.json` beside this program; `asked.txt` has all calls. Tests
in the repository's root verify the options with the real kubectl.
"""

import json
import re
import sys
from pathlib import Path

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


def kustomize() -> None:
    """Print the objects of the test, with the tag of the overlay."""
    text = (Path(words[1]) / "kustomization.yaml").read_text()
    [tag] = re.findall(r"newTag: (\S+)", text)
    print((HERE / "objects.txt").read_text().replace("TAG", tag))


def apply() -> None:
    """Keep objects; the pods of a Job are immutable."""
    for each in json.load(sys.stdin)["items"]:
        name = key(each["kind"], each["metadata"]["name"])
        if each["kind"] == "Job" and name in objects and STORY.get("immutable"):
            fail("spec.template: field is immutable")
        if each["kind"] == "Job":
            kind = STORY.get("job", "Complete")
            each["status"] = {"conditions": [{"type": kind, "status": "True"}]}
        if "--dry-run=server" not in options:
            objects[name] = each
            print(f"{name} configured")
    KEPT.write_text(json.dumps(objects))


def get() -> None:
    """Print an object, or the pods."""
    if words[1] == "pods":
        pods = [{"metadata": {"name": name}} for name in STORY.get("pods", ["one", "two"])]
        pods.append({"metadata": {"name": "old", "deletionTimestamp": "now"}})
        print(json.dumps({"items": pods}))
    elif STORY.get("forbidden") and words[1] == "Secret":
        fail("secrets is forbidden")
    elif (name := key(words[1], words[2])) in objects:
        print(json.dumps(objects[name]))


def delete() -> None:
    """Delete an object."""
    del objects[key(words[1], words[2])]
    STORY["immutable"] = False
    (HERE / "story.json").write_text(json.dumps(STORY))
    KEPT.write_text(json.dumps(objects))


def rollout() -> None:
    """Finish, or time out."""
    if STORY.get("rollout") == "hangs":
        fail("timed out waiting for the condition")
    print("successfully rolled out")


def port_forward() -> None:
    """Serve the version of a pod."""
    import socket  # here, as the other commands need not wait for it

    if STORY.get("version") is None:
        fail("pod is not running")
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
    """Print a difference."""
    print("+ something new")
    sys.exit(1)


def logs() -> None:
    """Print the log of a Job."""
    print("what it said")


with (HERE / "asked.txt").open("a") as asked:
    asked.write(" ".join(sys.argv[1:]) + "\n")
{
    "kustomize": kustomize,
    "apply": apply,
    "get": get,
    "delete": delete,
    "rollout": rollout,
    "port-forward": port_forward,
    "diff": diff,
    "logs": logs,
}[words[0]]()
