"""The gate: an update from every earlier release loses no line, the service's or the template's."""

from pathlib import Path

import pytest

from tests.updates.conftest import Lives
from tests.updates.services import contents

RELEASES = pytest.mark.parametrize("tag", ["v1.0.0", "v1.1.0"])

MADE = (".cruft.json", "docs/moved.md")
"""What the update writes itself: the record, and the file of the step v1.2.0."""


@RELEASES
def test_an_update_gives_a_fresh_render_and_the_services_work(
    lived: Lives, fresh: Path, tag: str
) -> None:
    service = lived(tag)
    done = service.tasks("template.update", "--no-tests", "--no-input")
    assert done.returncode == 0, done.stdout + done.stderr
    updated, wanted = contents(service.path, MADE), contents(fresh, MADE)
    assert updated.keys() == wanted.keys()
    assert [name for name in wanted if updated[name] != wanted[name]] == []
