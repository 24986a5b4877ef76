"""All models of the service, for the migrations. Import each of yours here."""

from flask_chassis.db.database import Base
from flask_chassis.idempotency import tables  # noqa: F401  (importing it registers it)

# The service's own come last, whatever they are called.
# isort: split
from .invoices import models  # noqa: F401  (importing it registers it)

METADATA = Base.metadata
