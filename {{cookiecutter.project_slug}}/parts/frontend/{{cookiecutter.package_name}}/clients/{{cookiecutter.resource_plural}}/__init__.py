"""Generated client of the service {{ cookiecutter.resource_plural }}."""
