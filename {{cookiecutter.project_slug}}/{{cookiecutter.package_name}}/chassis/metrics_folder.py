"""The folder that workers share their metrics through.

Every worker counts in files of its own there and the metrics server adds them up.
"""

import atexit
import importlib
import os
import shutil
import tempfile

from prometheus_client import values

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare() -> None:
    """Make a fresh folder and have all metrics from here on, of forked processes too, live in it.

    Files are named by the number of the worker, not by its process: a worker that replaces another
    counts on from where that one stopped, so no counter ever falls and the files do not pile up.
    """
    uwsgi = importlib.import_module("uwsgi")
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="metrics-")
    values.ValueClass = values.MultiProcessValue(uwsgi.worker_id)
    atexit.register(_remove, os.environ[VARIABLE], os.getpid())


def _remove(folder: str, master: int) -> None:
    if os.getpid() == master:
        shutil.rmtree(folder, ignore_errors=True)
