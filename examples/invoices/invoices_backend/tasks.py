"""The tasks of this service. Yours to change: write a function with `@task`, and add it below."""

from invoke import Collection

# Imports of this service come last, whatever its name.
# isort: split
from .invoices import tasks


def add_to(namespace: Collection) -> None:
    """Add the tasks of this service: `namespace.add_task(your_task)`."""
    namespace.add_collection(Collection.from_module(tasks), name="invoices")
