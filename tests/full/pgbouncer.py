"""A PgBouncer with the configuration of the rendered component, on 127.0.0.1."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.ports import free_port, listens
from tests.waiting import eventually

# Debian has it outside of an ordinary user's PATH.
PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"

COMPONENT = Path("infra/kubernetes/components/pgbouncer")

CONNECTIONS = 2
"""Of the pool: so few that all clients share them."""


@contextmanager
def pgbouncer(service: Path, variables: dict[str, str]) -> Iterator[int]:
    """Start the PgBouncer of a service with the variables of its pods, and yield its port.

    Of its configuration, the port and the size of the pool are the test's own, and
    `max_prepared_statements`, which Debian's version does not know, is left out.
    """
    if not shutil.which("pgbouncer", path=PATH):
        pytest.skip("pgbouncer is not installed")
    # It does not run as root, and another user cannot enter the folders that pytest makes.
    user = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        folder, port = Path(name), free_port()
        config = (service / COMPONENT / "pgbouncer.ini").read_text("utf-8")
        for before, after in (
            ("/tmp/", f"{folder}/"),  # noqa: S108 - what the pods have there
            ("listen_addr = 0.0.0.0", "listen_addr = 127.0.0.1"),
            ("listen_port = 6432", f"listen_port = {port}"),
            ("default_pool_size = 20", f"default_pool_size = {CONNECTIONS}"),
            ("max_prepared_statements = 200\n", ""),
        ):
            assert before in config, f"{before!r} is not in the component's pgbouncer.ini"
            config = config.replace(before, after)
        (folder / "pgbouncer.ini").write_text(config)
        script = (service / COMPONENT / "start").read_text("utf-8")
        script = script.replace("/tmp/", f"{folder}/").replace("/etc/pgbouncer/", f"{folder}/")  # noqa: S108
        (folder / "start").write_text(script)
        if user:
            for path in (folder, *folder.iterdir()):
                os.chown(path, pwd.getpwnam(user).pw_uid, -1)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                ["sh", folder / "start"],
                env={"PATH": PATH} | variables,
                cwd=folder,
                stdout=log,
                stderr=log,
                user=user,
            )
        try:
            eventually(lambda: listens(port) or process.poll() is not None)
            assert process.poll() is None, (folder / "log").read_text()
            yield port
        finally:
            process.terminate()
            process.wait()
