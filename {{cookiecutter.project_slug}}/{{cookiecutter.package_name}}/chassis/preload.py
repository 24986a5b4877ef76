"""What uWSGI's master does before it starts its workers (`shared-pyimport` in infra/uwsgi.yaml).

The workers are forked from the master, so they find all of this done: the interpreter patched for
gevent if that mode is on, the logs set up, the folder of the metrics made.
"""

import importlib
import sys

_uwsgi = importlib.import_module("uwsgi")

if "gevent" in _uwsgi.opt:
    # Before anything that might keep a reference to an unpatched socket, lock or ssl context.
    importlib.import_module("gevent.monkey").patch_all()
    importlib.import_module("psycogreen.gevent").patch_psycopg()

logs = importlib.import_module(".logs", __package__)
logs.configure("INFO")
sys.excepthook = logs.log_uncaught

importlib.import_module(".metrics_folder", __package__).prepare()

metrics_server = importlib.import_module(".metrics_server", __package__)
_uwsgi.post_fork_hook = metrics_server.serve_in_mule

_uwsgi.post_fork_hook = metrics_server.serve_in_mule
