"""What uWSGI's master does before it starts its workers (`shared-pyimport` in infra/uwsgi.yaml).

The workers are forked from the master and find all of this done. Nothing of the application is
imported here: each worker imports its own, so that a worker that is replaced starts afresh.
"""

import sys

import uwsgi

if "gevent" in uwsgi.opt:
    # Before anything is imported that could keep a lock, a socket or a context as it was.
    import gevent.monkey

    gevent.monkey.patch_all()

    import psycogreen.gevent

    psycogreen.gevent.patch_psycopg()

from . import log_streams, logs, metrics_folder, metrics_server

logs.configure("INFO")
sys.stdout = log_streams.LogStream("stdout")
sys.stderr = log_streams.LogStream("stderr")
metrics_folder.prepare()
uwsgi.post_fork_hook = metrics_server.serve_if_mule
