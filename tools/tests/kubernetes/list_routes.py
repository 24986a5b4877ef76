"""A program that prints the routes of a service: each address, and who may call it.

Its arguments are the service's package, its folder, and a folder for keys. It is a process of its
own because an application registers its metrics in the process.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from flask_chassis import project, settings
from flask_chassis.auth.access import decision_for
from flask_chassis.tasks import keys


def main() -> None:
    """Create the application with the settings of tests, and print its routes as JSON."""
    package, folder, keys_folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    sys.path.insert(0, str(folder.parent))
    project.use(package, folder)
    os.environ[settings.environment_variable()] = "tests.local"
    if "tokens" in settings.parts():
        private = keys.write_pair(keys_folder, "tests", bits=2048).parent
        for name, value in {"public": keys_folder / "public", "private": private}.items():
            os.environ[settings.variable_for(f"tokens.{name}_keys_folder")] = str(value)
    app = __import__(f"{package}.app", fromlist=["create_app"]).create_app()
    found = {}
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        who = [decision_for(view, method) for method in sorted(rule.methods or ())]
        found[example(rule.rule)] = next(filter(None, who), None)
    print(json.dumps(found))


def example(rule: str) -> str:
    """Return an address that a rule matches: `/api/things/<int:id>/` -> `/api/things/1/`."""
    parts = ["1" if part.startswith("<") else part for part in rule.split("/")]
    return "/".join(parts)


if __name__ == "__main__":
    main()
