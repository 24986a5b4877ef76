"""The tasks of this service. Yours to change: write a function with `@task`, and add it below."""

from invoke import Collection


def add_to(namespace: Collection) -> None:
    """Add the tasks of this service: `namespace.add_task(your_task)`."""
