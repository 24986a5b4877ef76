"""Adds the tasks of developers and CI to a service's command."""

from typing import Any

from flask_chassis import settings
from invoke import Collection

from . import quality, shell, template
from .contract import api, client
from .docker import compose, containers, image, network
from .edge import tasks as edge
from .kubernetes import cluster
from .pipeline import (
    deployment,
    github,
    gitlab_settings,
    notify,
    pull_request,
    release,
    secret_file,
    smoke,
)
from .resources import tasks as resource
from .scanning import scan

GROUPS = {
    "api": api,
    "client": client,
    "cluster": cluster,
    "compose": compose,
    "deployment": deployment,
    "edge": edge,
    "github": github,
    "gitlab": gitlab_settings,
    "image": image,
    "network": network,
    "pull-request": pull_request,
    "release": release,
    "resource": resource,
    "scan": scan,
    "template": template,
}


def add_to(namespace: Collection) -> None:
    """Add the tasks of this package; `flask_chassis.tasks.command` calls it as an entry point."""
    tasks: tuple[Any, ...] = (
        quality.check,
        quality.tests,
        shell.shell,
        containers.up,
        containers.down,
        smoke.smoke,
        secret_file.write_secret,
        notify.notify,
    )
    for task in tasks:
        namespace.add_task(task)
    for name, module in GROUPS.items():
        namespace.add_collection(Collection.from_module(module), name)
    if "database" in settings.parts():
        from . import database, migrations

        if "db" in namespace.collections:  # the group of the chassis
            namespace.collections["db"].add_task(database.shell)
            namespace.collections["db"].add_task(database.reset)
            namespace.collections["db"].add_task(database.seed)
        namespace.add_collection(Collection.from_module(migrations), "migrations")
    if "tokens" in settings.parts():
        from . import token

        namespace.add_collection(Collection.from_module(token), "token")
