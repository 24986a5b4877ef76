"""What uWSGI's master does before it starts its workers (`shared-pyimport` in infra/uwsgi.yaml).

The workers are forked from the master and find all of this done. Nothing of the application is
imported here: each worker imports its own, so that a worker that is replaced starts afresh. The
large libraries are: they take most of a start, and most of the memory, which is shared then.
"""

import gc
import signal
import sys
from importlib import import_module
from importlib.util import find_spec

import uwsgi

if "gevent" in uwsgi.opt:
    # Before anything is imported that could keep a lock, a socket or a context as it was.
    import gevent.monkey

    gevent.monkey.patch_all()

    if find_spec("psycogreen"):  # of a service with a database
        import psycogreen.gevent

        psycogreen.gevent.patch_psycopg()

from . import clock, end_notice, ending, log_streams, logs, metrics_folder, metrics_server

# Of these a service has those that it depends on.
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
# A collection of garbage would write to each of their objects, and so copy what is shared.
gc.freeze()

logs.configure("INFO")
sys.stdout = log_streams.LogStream("stdout")
sys.stderr = log_streams.LogStream("stderr")
metrics_folder.prepare()
end_notice.prepare()


def begin() -> None:
    """Do what a process does first, when it was forked."""
    # Until uWSGI sees to it, when the application is imported, a worker has the master's handlers,
    # which lose the signals: the worker would outlive the service, and the service wait for it. In
    # the mule uWSGI never sees to it.
    for told_to_end in (signal.SIGHUP, signal.SIGINT):
        signal.signal(told_to_end, signal.SIG_DFL)
    if not uwsgi.worker_id():
        ending.Ending().listen()
        clock.Clock().watch()
        metrics_server.serve()


uwsgi.post_fork_hook = begin
