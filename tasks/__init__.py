"""The tasks of this repository: see `./invoke --list`."""

from invoke import Collection

from .backstage_form import backstage
from .bench import bench
from .changelog import changelog
from .changes import changes
from .demo import demo
from .fleet import namespace as fleet
from .lock import lock
from .release import release
from .test import test

namespace = Collection(backstage, bench, changelog, changes, demo, fleet, lock, release, test)
