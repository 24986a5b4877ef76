"""Requests from a pod of the cluster, as the ingress controller sends them, and their answers."""

import json
from typing import Any, Self

from tests.cluster.cluster import EDGE, Cluster, until

LABELS = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
"""Of whom the services let in."""

PROGRAM = """
import collections, http.client, json, os, sys, time

host, path = sys.argv[1:]
counts = collections.Counter()
while not os.path.exists("/tmp/end"):
    connection = http.client.HTTPConnection(host, 8080, timeout=20)
    try:
        connection.request("GET", path)
        counts[str(connection.getresponse().status)] += 1
    except OSError as error:
        counts[type(error).__name__] += 1
    connection.close()
    if counts.total() == 1:
        print("begun", flush=True)
    time.sleep(0.05)
print(json.dumps(counts))
"""


class Traffic:
    """Sends a request every 50 ms over a new connection, until the end of the `with` block.

    `counts` has what was answered then: statuses, and the names of errors.
    """

    def __init__(self, cluster: Cluster, image: str, host: str, path: str) -> None:
        self.cluster = cluster
        self.counts: dict[str, int] = {}
        self._pod: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "traffic", "namespace": EDGE, "labels": LABELS},
            "spec": {
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 0,
                "containers": [
                    {
                        "name": "traffic",
                        "image": image,
                        "imagePullPolicy": "IfNotPresent",
                        "command": ["python", "-c", PROGRAM, host, path],
                    }
                ],
            },
        }

    def __enter__(self) -> Self:
        self.cluster.apply(self._pod)
        self.cluster.kubectl(
            "wait", "--for=condition=Ready", "pod/traffic", f"--namespace={EDGE}", "--timeout=120s"
        )
        until(lambda: "begun" in self._log(), "a first answer")
        return self

    def __exit__(self, kind: type[BaseException] | None, *of: object) -> None:
        where = ("traffic", f"--namespace={EDGE}")
        if kind is None:
            self.cluster.kubectl("exec", *where, "--", "touch", "/tmp/end")  # noqa: S108
            until(lambda: "{" in self._log(), "the counts")
            self.counts = json.loads(self._log().splitlines()[-1])
        self.cluster.kubectl("delete", "pod", *where, "--now")

    def _log(self) -> str:
        return self.cluster.kubectl("logs", "traffic", f"--namespace={EDGE}")
