"""The command that the health check of a container runs: sends a GET request to the local service.

    python -m flask_chassis.serving.probe /health/live [PORT]

It exits with status 0 if the response is 200, else with 1 and a message on standard error. It
imports little, because it runs every few seconds, and needs no programs such as curl in the image.
"""

import http.client
import re
import sys

from flask_chassis import project

TIMEOUT_SECONDS = 3

_PORT = re.compile(r"^  set-(?:ph|placeholder): port=(\d+)$", re.MULTILINE)


def port() -> int:
    """Return the default port that uWSGI listens on, from infra/uwsgi.yaml."""
    config = project.find("infra/uwsgi.yaml").read_text(encoding="utf-8")
    [found] = _PORT.findall(config)
    return int(found)


def error_at(path: str, port: int) -> str | None:
    """Return None if the response to GET `path` is 200, else an error message."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(1000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"127.0.0.1:{port} does not respond: {error}"
    finally:
        connection.close()
    return None if response.status == http.client.OK else f"{response.status} {body}"


if __name__ == "__main__":
    sys.exit(error_at(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else port()))
