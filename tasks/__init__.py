"""The tasks of this repository: see `./invoke --list`."""

from invoke import Collection

from .demo import demo
from .lock import lock
from .test import test

namespace = Collection(demo, lock, test)
