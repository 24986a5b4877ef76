"""Schemathesis, which calls an API as its OpenAPI document says, and otherwise."""

import subprocess
from pathlib import Path

from tasks.folders import PROGRAMS
from tasks.running_service import RunningService

SECONDS = 300


def assert_no_fault(
    service: RunningService,
    authorization: str,
    *words: str,
    examples: int,
    configuration: Path | None = None,
) -> None:
    """Run it with a caller's `Authorization`; `words` select paths. It must find nothing."""
    program = [str(PROGRAMS / "schemathesis")]
    if configuration:
        program += ["--config-file", str(configuration)]
    checked = subprocess.run(
        [
            *program,
            *("run", f"{service.address}/openapi.json"),
            *("--header", f"Authorization: {authorization}"),
            # A cursor has a checksum, which no schema can describe.
            *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
            *("--max-redirects", "0", "--request-timeout", "10"),
            *("--max-examples", str(examples), "--seed", "1", "--generation-deterministic"),
            *("--no-color", *words),
        ],
        cwd=service.private,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
