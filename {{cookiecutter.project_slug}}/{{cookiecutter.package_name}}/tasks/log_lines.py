"""Lines of the log from before the service itself has one, in the form that its own have."""

import json
from datetime import UTC, datetime


def write(level: str, logger: str, message: str) -> None:
    """Write a line to standard output."""
    record = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "logger": logger,
        "message": message,
    }
    print(json.dumps(record), flush=True)
