"""The service's own tasks. Yours to change: add a function with `@task`, and add it below."""

from invoke import Collection


def add_to(namespace: Collection) -> None:
    """Add the service's own tasks: `namespace.add_task(your_task)`."""
