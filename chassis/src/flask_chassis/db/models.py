"""Finds the models of a service."""

from importlib import import_module
from importlib.util import find_spec

from sqlalchemy import MetaData

from flask_chassis import project
from flask_chassis.db.base import Base


def metadata() -> MetaData:
    """Import the service's `models`, if there is one, and return the metadata of all models."""
    package = project.package()
    found = find_spec(package)
    is_folder = found is not None and found.submodule_search_locations is not None
    name = f"{package}.models"
    if is_folder and find_spec(name):
        import_module(name)
    return Base.metadata
