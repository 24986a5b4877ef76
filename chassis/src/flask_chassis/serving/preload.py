"""Preloads libraries and logging in uWSGI's master before it forks the workers.

`shared-pyimport` in infra/uwsgi.yaml imports this module. It imports the large libraries, which
take most of the start-up time and of the memory: workers start faster and share the memory. It does
not import the application. Each worker imports that itself (`lazy-apps`), so that a worker that is
replaced starts afresh.
"""

import gc
import signal
import sys
from importlib import import_module
from importlib.util import find_spec

import uwsgi

if "gevent" in uwsgi.opt:
    # Must run before the import of any module that keeps a reference to a lock, socket or context.
    import gevent.monkey

    gevent.monkey.patch_all()

    if find_spec("psycogreen"):  # only a service with a database has it
        import psycogreen.gevent

        psycogreen.gevent.patch_psycopg()

from flask_chassis.observability import clock, log_config, log_streams, metrics_folder
from flask_chassis.serving import metrics_server, shutdown

# A library that the service does not depend on is skipped.
LIBRARIES = (
    "dynaconf",
    "flask_restx",
    "jwt",
    "psycopg2",
    "requests",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.orm",
)

for library in LIBRARIES:
    if find_spec(library.partition(".")[0]):
        import_module(library)
# Otherwise a garbage collection would write to each object, and so copy the shared memory.
gc.freeze()

log_config.configure("INFO")
sys.stdout = log_streams.LogStream("stdout")
sys.stderr = log_streams.LogStream("stderr")
metrics_folder.prepare()


def initialize_process() -> None:
    """Initialize a worker or the mule after the fork."""
    # uWSGI sets the signal handlers of a worker only when it imports the application, and those of
    # the mule never. Until then, the process has the handlers of the master, which would lose the
    # signals: the worker would keep running after a shutdown, and the master would wait for it.
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    if not uwsgi.worker_id():
        shutdown.Shutdown().listen()
        clock.Clock().watch()
        metrics_server.serve()


uwsgi.post_fork_hook = initialize_process
