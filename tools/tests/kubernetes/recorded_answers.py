"""Answers of a real API server (Kubernetes 1.36), in place of ones that a test makes up.

`./invoke cluster-test --record`, in the repository, writes them from a cluster.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("recorded")


def recorded(name: str) -> Any:
    """Return an object, a list of objects, or texts by the commands that printed them."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
