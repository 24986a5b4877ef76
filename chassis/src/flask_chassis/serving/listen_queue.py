"""The length of uWSGI's listen queue: the number of connections that wait for a thread."""

from typing import Any

METRIC = "socket.0.listen_queue"
"""The master updates it every second, for all processes (`enable-metrics` in infra/uwsgi.yaml)."""


def length(uwsgi: Any) -> int:
    """Return the length of the listen queue.

    `uwsgi.listen_queue()` is not used: it returns 0 in every process except the master.
    """
    return uwsgi.metric_get(METRIC) or 0
