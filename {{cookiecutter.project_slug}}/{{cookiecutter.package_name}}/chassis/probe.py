"""Asks the service on this machine how it is: what the health check of a container runs.

python -m billing.chassis.probe /health/live

Quick to start, as it is run every few seconds, and needs nothing that the image does not have.
"""

import http.client
import re
import sys

from . import project_files

TIMEOUT_SECONDS = 3

_PORT = re.compile(r"^  set-(?:ph|placeholder): port=(\d+)$", re.MULTILINE)


def port() -> int:
    """Return the port that uWSGI listens on, where nothing else was said at its start."""
    config = project_files.find("infra/uwsgi.yaml").read_text(encoding="utf-8")
    [found] = _PORT.findall(config)
    return int(found)


def fault_at(path: str, port: int) -> str | None:
    """Return what is wrong with the answer, or None for a 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(1000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"127.0.0.1:{port} does not answer: {error}"
    finally:
        connection.close()
    return None if answer.status == http.client.OK else f"{answer.status} {body}"


if __name__ == "__main__":
    sys.exit(fault_at(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else port()))
