"""Starts the service under uWSGI, for the task `run`.

uWSGI replaces this process (`exec`), so that in a container it has process id 1 and receives the
signals.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from flask_chassis.observability import log_output
from flask_chassis.serving import network
from flask_chassis.tasks import startup_log

CONFIG = Path("infra/uwsgi.yaml")

LARGE_BYTES = "1048576"
"""Larger memory blocks are returned to the system when freed. Otherwise each thread keeps them, for
example 19 MiB of Argon2 for a password, or a response of several MiB."""

_PORT = re.compile(r"^  set-(?:ph|placeholder): port=(\d+)$", re.MULTILINE)

# A section, as uWSGI's own parser finds it: a name alone on an unindented line.
_SECTION = re.compile(r"^([^\s#:-][^\s:]*):\s*(?:#.*)?$", re.MULTILINE)


def run(
    app: str,
    stage: str,
    *,
    config: Path = CONFIG,
    host: str = "",
    port: int | None = None,
    metrics_port: int | None = None,
    gevent: bool = False,
    options: Iterable[str] = (),
) -> NoReturn:
    """Replace this process with uWSGI, with the base section and those of app, stage and mode.

    `host` is the address to listen on; without one, all of them, of IPv6 as well if it is there.
    `options` are further command-line options of uWSGI, which override the file. Exits with an
    error if the configuration is wrong.
    """
    if not host and network.has_dual_stack():
        host = "[::]"
    sections = [app, stage, *(["gevent"] if gevent else [])]
    _require_sections(config, ["uwsgi", *sections])
    command = [
        sys.executable,
        str(Path(sys.executable).with_name("uwsgi")),
        # A reload would start the interpreter that the virtual environment was made of.
        f"--binary-path={sys.executable}",
        # Of a placeholder that is set twice, uWSGI takes the first.
        *([f"--set-ph=host={host}", _socket(config, host, port)] if host else []),
        *([f"--set-ph=port={port}"] if port else []),
        *([f"--set-ph=metrics-port={metrics_port}"] if metrics_port else []),
        f"--yaml={config}",
        *(f"--yaml={config}:{section}" for section in sections),
        *options,
    ]
    _try_out(command)
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", LARGE_BYTES)
    # uWSGI replaces standard output by its own; flask_chassis.serving.log_watch watches this one.
    copy = os.dup(1)
    os.set_inheritable(copy, True)
    os.environ[log_output.COPY] = str(copy)
    os.execv(command[0], command)  # noqa: S606 - a shell would get the signals


def _require_sections(config: Path, asked: list[str]) -> None:
    """Exit unless all sections exist: uWSGI ignores a missing one and starts with defaults."""
    if not config.is_file():
        _refuse(f"{config} does not exist: start from the service's root folder")
    existing = _SECTION.findall(config.read_text(encoding="utf-8"))
    missing = [section for section in asked if section not in existing]
    if missing:
        _refuse(
            f"{config} has no section {' and no section '.join(missing)}; "
            f"it has {', '.join(existing)}"
        )


def _socket(config: Path, host: str, port: int | None) -> str:
    """Return the option for the socket on a host: the file has it on all addresses of IPv4."""
    return f"--socket={host}:{port or port_in(config)}"


def port_in(config: Path) -> int:
    """Return the port that the configuration sets; exits if it sets none."""
    text = config.read_text(encoding="utf-8") if config.is_file() else ""
    found = _PORT.search(text)
    if found is None:
        _refuse(f"{config} has no line `set-placeholder: port=8080`: add it, or give --port")
    return int(found[1])


def _try_out(command: list[str]) -> None:
    """Validate the configuration with a trial run of uWSGI, and log its output as JSON.

    uWSGI writes plain lines to standard error until it has read the configuration. An error in the
    configuration ends this process with uWSGI's exit code. The real run writes the same lines,
    which are discarded.
    """
    trial = subprocess.run(
        [*command, "--dump-options"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    for line in trial.stderr.splitlines():
        startup_log.write("INFO" if trial.returncode == 0 else "ERROR", "uwsgi", line)
    if trial.returncode:
        sys.exit(trial.returncode)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _refuse(reason: str) -> NoReturn:
    startup_log.write("CRITICAL", "run", reason)
    sys.exit(2)
