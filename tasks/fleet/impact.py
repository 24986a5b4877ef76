"""Shows what the working copy of the template would change in a fleet."""

from invoke import Context, task

from . import template, updating
from .services import HELP, find
from .update import cores


@task(help={"services": HELP, "json": "For programs"})
def impact(context: Context, services: str, json: bool = False) -> None:
    """Say what this repository, as it stands, would change in each service. Changes nothing."""
    with template.as_it_is() as (folder, tag):
        results = updating.at_a_time(find(services), folder, tag, updating.look, cores(), json)
    if json:
        print(updating.as_json(results), end="")
        return
    for result in results:
        print(f"\n{result.name}: {len(result.touched)} files")
        print("\n".join(f"  {name}" for name in result.touched))
    print(updating.summary(results))
