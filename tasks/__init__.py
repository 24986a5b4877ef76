"""The tasks of this repository: see `./invoke --list`."""

from invoke import Collection

from . import fleet
from .bench import bench
from .demo import demo
from .lock import lock
from .test import test

namespace = Collection(bench, demo, lock, test, fleet=Collection.from_module(fleet))
