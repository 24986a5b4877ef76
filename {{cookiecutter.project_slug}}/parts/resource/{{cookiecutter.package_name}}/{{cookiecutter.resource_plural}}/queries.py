"""The lists, with the filters and orders that callers can use."""

from flask_chassis.http.filters import contains
from flask_chassis.http.listing import Listing

from .model import {{ cookiecutter.__resource_class }}

{{ cookiecutter.resource_plural|upper }} = Listing(
    {{ cookiecutter.__resource_class }},
    filters={
        "search": contains({{ cookiecutter.__resource_class }}.text),
    },
    default_sort="-id",
)

OWN_{{ cookiecutter.resource_plural|upper }} = Listing({{ cookiecutter.__resource_class }}, default_sort="-id")
