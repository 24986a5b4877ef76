"""All models of the service, for the migrations. Import each of yours here."""

from .chassis import tables  # noqa: F401  (importing it registers it)
from .chassis.database import Base

# The service's own come last, whatever they are called.
# isort: split
from .users import model  # noqa: F401  (importing it registers it)

METADATA = Base.metadata
