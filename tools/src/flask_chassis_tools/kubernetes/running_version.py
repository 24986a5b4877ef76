"""Requests the versions that the pods of a cluster run."""

import json
import re
import selectors
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from invoke import Exit

from flask_chassis_tools.kubernetes.kubectl import Kubectl, Object

PATH = "/admin/version/"
TIMEOUT_SECONDS = 15

# The address is local: no proxy.
_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))

UNREACHED = "Pod {} cannot be reached through kubectl"

_FORWARDED = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


def of_pod(kubectl: Kubectl, pod: Object, port: int) -> str:
    """Return the version of a pod, through kubectl port-forward."""
    name = pod["metadata"]["name"]
    with _forwarded(kubectl, name, port) as address:
        try:
            with _DIRECTLY.open(f"{address}{PATH}", timeout=TIMEOUT_SECONDS) as answer:
                version = json.load(answer)["version"]
        except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError) as error:
            raise Exit(f"Pod {name} does not return its version at {PATH}: {error}.", 1) from None
    return str(version)


@contextmanager
def _forwarded(kubectl: Kubectl, pod: str, port: int) -> Iterator[str]:
    """Forward a local port to a port of a pod, and provide its address."""
    words = kubectl.words("port-forward", f"pod/{pod}", f":{port}", "--address=127.0.0.1")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{_port(process, pod)}"
    finally:
        process.terminate()
        process.communicate()


def _port(process: subprocess.Popen[str], pod: str) -> int:
    """Wait until kubectl prints its local port."""
    assert process.stdout  # noqa: S101  (a pipe, see above)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while waiting.select(max(0.0, deadline - time.monotonic())):
            line = process.stdout.readline()
            if found := _FORWARDED.match(line):
                return int(found[1])
            if not line:
                break
    process.kill()
    _, error = process.communicate()
    raise Exit(f"{UNREACHED.format(pod)}: {error.strip()}", 1)


def is_forbidden(error: Exit) -> bool:
    """Return whether the user may not forward ports; not whether the service refuses to answer."""
    text = str(error.message)
    return UNREACHED.partition("{}")[2] in text and "forbidden" in text.lower()
