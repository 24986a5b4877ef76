"""All models of the service, for the migrations. Import each of yours here."""

from .chassis.database import Base

# isort: split  (the service's own come last, whatever they are called)
from .{{ cookiecutter.resource_plural }} import model  # noqa: F401  (importing it registers it)

METADATA = Base.metadata
