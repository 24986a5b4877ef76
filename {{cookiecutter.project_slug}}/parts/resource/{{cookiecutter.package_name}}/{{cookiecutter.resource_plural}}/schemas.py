"""What goes in and what comes out, for the document and for the check of what comes in."""

from flask_restx import Model, fields

from ..chassis import bodies
from .model import LONGEST_TEXT

NEW = Model(
    "New{{ cookiecutter.__resource_class }}",
    {
        "text": fields.String(
            required=True,
            min_length=1,
            max_length=LONGEST_TEXT,
            pattern=bodies.TEXT,
            description="What it says",
        ),
    },
)

STORED = Model(
    "{{ cookiecutter.__resource_class }}",
    {
        "id": fields.Integer(required=True, description="Grows with each new one"),
        "username": fields.String(required=True, description="Who wrote it"),
        "text": fields.String(required=True, description="What it says"),
        "timestamp": fields.DateTime(required=True, description="When, in UTC with offset"),
    },
)
