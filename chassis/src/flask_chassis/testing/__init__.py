"""Test support for services: a pytest plugin with fixtures, helpers, checks of a service's code.

pytest loads the plugin by itself when the package is installed with the extra `testing`. Tests
import helpers from here: `Bearer`, `changed`, `free_port`. Fake upstream services are in
`flask_chassis.testing.upstream`, the checks of a service's code in `flask_chassis.testing.guards`.
"""

from flask_chassis.tasks.ports import free_port
from flask_chassis.testing.settings import changed
from flask_chassis.testing.tokens import Bearer

__all__ = ["Bearer", "changed", "free_port"]
