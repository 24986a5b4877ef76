"""All models of the service, for the migrations. Import each of yours here."""

from flask_chassis.db.database import Base
from flask_chassis.issuer import tables  # noqa: F401  (importing it registers it)

# The service's own come last, whatever they are called.
# isort: split
from .users import model  # noqa: F401  (importing it registers it)

METADATA = Base.metadata
