"""The tasks of this repository: see `./invoke --list`."""

from invoke import Collection

from .bench import bench
from .demo import demo
from .lock import lock
from .release import release
from .test import test

namespace = Collection(bench, demo, lock, release, test)
