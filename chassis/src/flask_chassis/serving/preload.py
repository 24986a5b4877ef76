"""Preloads libraries and logging in uWSGI's master before it forks the workers.

`shared-pyimport` in infra/uwsgi.yaml imports this module. It imports the large libraries, which
take most of the start-up time and of the memory: workers start faster and share the memory. It does
not import the application. Each worker imports that itself (`lazy-apps`), so that a worker that is
replaced starts afresh.
"""

import _thread
import gc
import os
import signal
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import uwsgi

if "gevent" in uwsgi.opt:
    # Must run before the import of any module that keeps a reference to a lock, socket or context.
    import gevent.monkey

    gevent.monkey.patch_all()

    if find_spec("psycogreen"):  # only a service with a database has it
        import psycogreen.gevent

        psycogreen.gevent.patch_psycopg()

from flask_chassis.observability import clock, log_config, log_streams, metrics_folder
from flask_chassis.serving import log_watch, metrics_server, shutdown

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
shutdown.prepare()


def initialize_process() -> None:
    """Initialize a worker or the mule after the fork."""
    # uWSGI sets the signal handlers of a worker only when it imports the application, and those of
    # the mule never. Until then, the process has the handlers of the master, which would lose the
    # signals: the worker would keep running after a shutdown, and the master would wait for it.
    if uwsgi.worker_id():
        for number in (signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
    else:
        ending = shutdown.Shutdown()
        ending.listen()
        native_start_new_thread()(work_in_mule, (ending,))
        shutdown.wait_for_sigterm()


def work_in_mule(ending: shutdown.Shutdown) -> None:
    """Do the work of the mule, in a thread: its main thread waits for signals."""
    try:
        ending.watch()
        clock.Clock().watch()
        log_watch.start()
        metrics_server.serve()
    finally:
        os._exit(1)  # the master starts another mule


def native_start_new_thread() -> Any:
    """Return the function that starts a thread of the system, also if gevent has replaced it."""
    if "gevent" in uwsgi.opt:
        from gevent import monkey

        return monkey.get_original("_thread", "start_new_thread")
    return _thread.start_new_thread


uwsgi.post_fork_hook = initialize_process
