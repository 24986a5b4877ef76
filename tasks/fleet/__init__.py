"""Tasks about the fleet: all services that were made from the template.

Each task is in a module of its own, and is listed here.
"""

from invoke import Collection

from .adopt import adopt
from .flows import flows
from .impact import impact
from .status import status
from .update import update

namespace = Collection("fleet", adopt, flows, impact, status, update)
