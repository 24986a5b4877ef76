"""The {{ cookiecutter.resource_plural }} that this service owns."""
