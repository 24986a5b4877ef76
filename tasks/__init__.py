"""The tasks of this repository: see `./invoke --list`."""

from invoke import Collection

from .bench import bench
from .changelog import changelog
from .changes import changes
from .demo import demo
from .lock import lock
from .test import test

namespace = Collection(bench, changelog, changes, demo, lock, test)
