"""Alembic runs this file for each of its commands; the chassis does the work."""

from flask_chassis.db import migration_environment

from {{ cookiecutter.package_name }} import models

migration_environment.run(models.METADATA)
