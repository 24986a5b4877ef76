"""JSON log lines for the time before the logging of the service is configured."""

import json
from datetime import UTC, datetime


def write(level: str, logger: str, message: str) -> None:
    """Write a log line to standard output, in the same format as those of the service."""
    record = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "logger": logger,
        "message": message,
    }
    print(json.dumps(record), flush=True)
