"""The folder through which workers share their metrics.

Each worker counts in files of its own there; metrics_server adds them up.
"""

import os
import tempfile

import uwsgi
from prometheus_client import values

from . import metrics_files


def prepare() -> None:
    """Make a fresh folder, in which all metrics live that are made from here on, in workers too.

    The files bear the number of a worker and not of its process. A worker that takes the place of
    another counts on from there, so that no counter ever falls and the files do not pile up. The
    master removes the folder when it ends (infra/uwsgi.yaml).
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")
    metrics_files.use(values)
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        uwsgi.worker_id
    )
