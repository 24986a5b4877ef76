"""The tests of the {{ cookiecutter.resource_plural|replace('_', ' ') }}."""
