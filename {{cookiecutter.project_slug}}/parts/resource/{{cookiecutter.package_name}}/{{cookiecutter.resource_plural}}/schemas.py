"""Schemas, which validate requests, serialize responses and document both."""

from flask_chassis.http.schemas import Omittable, Schema, Text, UtcDatetime
from pydantic import Field


class New{{ cookiecutter.__resource_class }}(Schema):
    """What a new {{ cookiecutter.resource_name|replace('_', ' ') }} is created from."""

    text: Text = Field(description="Text")


class {{ cookiecutter.__resource_class }}Changes(Schema):
    """What can be changed; a field that is left out stays."""

    text: Omittable[Text] = Field(default=None, description="Text")


class {{ cookiecutter.__resource_class }}Details(Schema):
    """{{ cookiecutter.__resource_article|capitalize }} {{ cookiecutter.resource_name|replace('_', ' ') }}."""

    id: int = Field(description="Grows with each new {{ cookiecutter.resource_name|replace('_', ' ') }}")
    username: str = Field(description="Who wrote it")
    text: str = Field(description="Text")
    timestamp: UtcDatetime = Field(description="When it was written")
