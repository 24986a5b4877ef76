"""The folder of metrics files (PROMETHEUS_MULTIPROC_DIR), through which workers share metrics.

Each worker writes its own files. `flask_chassis.serving.metrics_server` adds them up.
"""

import os
import tempfile

import uwsgi
from prometheus_client import values

from flask_chassis.observability import metrics_files


def prepare() -> None:
    """Create a temporary folder for the metrics that this process and its workers create later.

    The names of the files contain the worker id instead of the process id. So a worker that
    replaces another continues its counters: they never decrease, and the number of files does not
    grow. The master removes the folder when it exits (infra/uwsgi.yaml).
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")
    metrics_files.use(values)
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        uwsgi.worker_id
    )
