"""A PgBouncer with the configuration of the rendered component, on 127.0.0.1."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.ports import free_port, listens
from tasks.running_service import RunningService
from tests.waiting import eventually

# Debian has it outside of an ordinary user's PATH.
PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"

COMPONENT = Path("infra/kubernetes/components/pgbouncer")

CONNECTIONS = 2
"""Of the pool: so few that all clients share them."""


def variables_of_pods(service: RunningService, port: int = 0) -> dict[str, str]:
    """Return the variables of the pods of PgBouncer, with this server and its password."""
    given = service.variables()
    manifest = (service.folder / COMPONENT / "pgbouncer.yaml").read_text("utf-8")
    [user] = re.findall(r"name: DATABASE_USER\n +value: (.+)\n", manifest)
    [password] = (given[name] for name in given if name.endswith("_DATABASE__PASSWORD"))
    return {
        "DATABASE_USER": user,
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": str(port or service.server.port),
        "DATABASE_PASSWORD": password,
    }


@contextmanager
def pgbouncer(
    service: Path, variables: dict[str, str], changed: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Start the PgBouncer of a service with the variables of its pods, and yield its port.

    `changed` are replacements in its `settings.ini`. Of the rest, the port and the size of the pool
    are the test's own, and `max_prepared_statements`, which Debian's version does not know, is left
    out.
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
        mounted = folder / "mounted"
        mounted.mkdir()
        (mounted / "pgbouncer.ini").write_text(config)
        follows = (service / COMPONENT / "settings.ini").read_text("utf-8")
        for before, after in (changed or {}).items():
            assert before in follows, f"{before!r} is not in the component's settings.ini"
            follows = follows.replace(before, after)
        (mounted / "settings.ini").write_text(follows)
        script = (service / COMPONENT / "start").read_text("utf-8")
        script = script.replace("/tmp/", f"{folder}/").replace("/etc/pgbouncer/", f"{mounted}/")  # noqa: S108
        (folder / "start").write_text(script)
        if user:
            for path in (folder, *folder.rglob("*")):
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
