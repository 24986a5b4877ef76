"""Lists, with the filters and sort orders that callers can use, and SQL statements."""

from flask_chassis.http.filters import contains
from flask_chassis.http.listing import Listing
from sqlalchemy import insert

from .model import {{ cookiecutter.__resource_class }}

{{ cookiecutter.resource_plural|upper }} = Listing(
    {{ cookiecutter.__resource_class }},
    filters={
        "search": contains({{ cookiecutter.__resource_class }}.text),
    },
    default_sort="-id",
)

OWN_{{ cookiecutter.resource_plural|upper }} = Listing({{ cookiecutter.__resource_class }}, default_sort="-id")

INSERT = insert({{ cookiecutter.__resource_class }}).returning({{ cookiecutter.__resource_class }}.__table__)
