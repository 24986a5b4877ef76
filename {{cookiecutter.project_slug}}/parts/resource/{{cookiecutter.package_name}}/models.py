"""All models of the service, for the migrations. Import the module of each model here."""

from flask_chassis.db.database import Base
from flask_chassis.idempotency import tables  # noqa: F401  (importing it registers it)

# Imports of this service come last, whatever its name.
# isort: split
from .{{ cookiecutter.resource_plural }} import model  # noqa: F401  (importing it registers it)

METADATA = Base.metadata
