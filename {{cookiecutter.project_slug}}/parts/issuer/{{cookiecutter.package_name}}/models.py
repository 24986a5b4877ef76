"""All models of the service, for the migrations. Import the module of each model here."""

from flask_chassis.db.database import Base
from flask_chassis.issuer import tables  # noqa: F401  (importing it registers it)

# Imports of this service come last, whatever its name.
# isort: split
from .users import model  # noqa: F401  (importing it registers it)

METADATA = Base.metadata
