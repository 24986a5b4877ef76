"""Starts the service under uWSGI: what `run` of the tasks calls.

uWSGI takes this process over, so that in a container it is process 1 itself and gets its signals.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from . import log_lines

CONFIG = Path("infra/uwsgi.yaml")

LARGE_BYTES = "1048576"
"""What is larger is given back to the system when it is freed. Otherwise each thread keeps for good
what it has once needed: argon2's 19 MiB for a password, an answer of several MiB."""

# A name alone on its line, at its very beginning: what uWSGI's own reader takes for a section.
_SECTION = re.compile(r"^([^\s#:-][^\s:]*):\s*(?:#.*)?$", re.MULTILINE)


def run(
    app: str,
    stage: str,
    *,
    config: Path = CONFIG,
    port: int | None = None,
    metrics_port: int | None = None,
    gevent: bool = False,
    options: Iterable[str] = (),
) -> NoReturn:
    """Become uWSGI, with the base section and those of the app, the stage and the mode.

    `options` are further command-line options of uWSGI; they win over the file's.
    """
    sections = [app, stage, *(["gevent"] if gevent else [])]
    _require_sections(config, ["uwsgi", *sections])
    command = [
        sys.executable,
        str(Path(sys.executable).with_name("uwsgi")),
        # A reload would start the interpreter that the virtual environment was made of.
        f"--binary-path={sys.executable}",
        # Of a placeholder that is set twice, uWSGI takes the first.
        *([f"--set-ph=port={port}"] if port else []),
        *([f"--set-ph=metrics-port={metrics_port}"] if metrics_port else []),
        f"--yaml={config}",
        *(f"--yaml={config}:{section}" for section in sections),
        *options,
    ]
    _try_out(command)
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", LARGE_BYTES)
    os.execv(command[0], command)  # noqa: S606 - a shell would get the signals


def _require_sections(config: Path, asked: list[str]) -> None:
    """Stop unless all sections exist: uWSGI passes over a missing one and starts with defaults."""
    if not config.is_file():
        _refuse(f"{config} does not exist: start from the service's root folder")
    existing = _SECTION.findall(config.read_text(encoding="utf-8"))
    missing = [section for section in asked if section not in existing]
    if missing:
        _refuse(
            f"{config} has no section {' and no section '.join(missing)}; "
            f"it has {', '.join(existing)}"
        )


def _try_out(command: list[str]) -> None:
    """Have uWSGI read its configuration once, and log what it says of it.

    Until uWSGI has read it all, it writes plain lines to standard error. They are turned into JSON
    here, and an error in the configuration ends this process with uWSGI's own exit code. The lines
    are the same the second time, when uWSGI runs in earnest, and are dropped there.
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
        log_lines.write("INFO" if trial.returncode == 0 else "ERROR", "uwsgi", line)
    if trial.returncode:
        sys.exit(trial.returncode)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _refuse(reason: str) -> NoReturn:
    log_lines.write("CRITICAL", "run", reason)
    sys.exit(2)
