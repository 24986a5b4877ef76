"""The {{ cookiecutter.resource_plural|replace('_', ' ') }} that this service owns."""
