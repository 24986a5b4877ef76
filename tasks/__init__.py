"""The tasks of this repository: see `./invoke --list`."""

from invoke import Collection

from .api_documents import api_documents
from .backstage_form import backstage
from .bench import bench
from .changelog import changelog
from .changes import changes
from .cluster_test import cluster_test
from .demo import demo
from .documentation import docs
from .fleet import namespace as fleet
from .lock import lock
from .publish import publish
from .release import release
from .screenshots import screenshots
from .test import test
from .wheels import wheels

namespace = Collection(
    api_documents,
    backstage,
    bench,
    changelog,
    changes,
    cluster_test,
    demo,
    docs,
    fleet,
    lock,
    publish,
    release,
    screenshots,
    test,
    wheels,
)
