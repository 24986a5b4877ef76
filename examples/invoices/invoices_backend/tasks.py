"""The service's own tasks. Yours to change: add a function with `@task`, and add it below."""

from invoke import Collection

# The service's own come last, whatever they are called.
# isort: split
from .invoices import tasks


def add_to(namespace: Collection) -> None:
    """Add the service's own tasks: `namespace.add_task(your_task)`."""
    namespace.add_collection(Collection.from_module(tasks), name="invoices")
