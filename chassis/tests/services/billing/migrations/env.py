"""Alembic runs this file for each of its commands; the chassis does the work."""

from billing import models
from flask_chassis.db import migration_environment

migration_environment.run(models.METADATA)
