"""Tasks that add a resource to the service, and remove one."""

from pathlib import Path

from flask_chassis import project, settings
from flask_chassis.tasks import service
from invoke import Context, Exit, task

from .faults import ResourceError

service.SENTENCES |= {ResourceError: str}


@task(
    positional=["name"],
    auto_shortflags=False,
    iterable=["field", "item_field"],
    help={
        "name": "The name of one, in lower case: invoice, purchase_order",
        "plural": "The name of many, if adding s, es or ies is wrong: people",
        "field": "A field, name:type[:modifier...]; can be repeated",
        "has-many": "What each has many of: item, or item:name:str,quantity:decimal",
        "item-field": "A field of what each has many of, like --field; can be repeated",
        "owned": "Users own theirs: /api/me/<plural>/, read by anyone, changed by its owner",
        "read": "Who reads: token (default) or public",
        "write-scope": "The scope that writing needs; by default <plural>:write",
    },
)
def add(
    context: Context,
    name: str,
    field: list[str],
    item_field: list[str],
    plural: str = "",
    has_many: str = "",
    owned: bool = False,
    read: str = "token",
    write_scope: str = "",
) -> None:
    """Add a resource: model, schemas, routes, tests, migration.

    Example: resource.add invoice --field=number:str:20:unique --field=amount:money
    --field=status:enum:draft,sent,paid --field=due:date:sort --has-many=item
    --item-field=name:str --item-field=unit_price:money

    Types: str[:length], text, int, decimal, money, currency, bool, date, datetime, uuid, url,
    enum:choice,choice. Modifiers: unique, optional, search, filter, sort. Lists can be filtered by
    enum, bool, date and datetime without asking. Writes everything or, if something is wrong,
    nothing.
    """
    folder = _service()
    # These need packages that a service without a database does not have.
    from . import adding, readme, spec

    wanted = spec.read(
        name,
        field,
        plural=plural,
        has_many=has_many,
        child_texts=item_field,
        is_owned=owned,
        reader=read,
        scope=write_scope,
    )
    package = project.package()
    for each in adding.add(wanted, package, folder):
        print(each)
    if not readme.has_table_in(folder):
        print(f"{readme.NAME} has no table `{readme.HEAD}`. If it describes the API, add there:")
        print("\n".join(readme.rows(wanted)))
    home = f"{package}/{wanted.plural}"
    rights = (
        "anyone reads, owners change theirs, administrators delete"
        if owned
        else f"{'anyone' if read == 'public' else 'any token'} reads, the scope "
        f"{wanted.scope} writes"
    )
    print(
        "Look at these next:\n"
        f"  {home}/routes.py: who may do what; now {rights}.\n"
        f"  {home}/schemas.py: limits and descriptions of the fields, which are in the API's "
        "document.\n"
        "  migrations/versions: the new migration; run it with db.migrate.\n"
        "  settings.yaml: add what the resource needs. It reads no setting of its own now.\n"
        "Then run api.document, check --all and tests, and commit."
    )


@task(
    positional=["name"],
    auto_shortflags=False,
    help={
        "name": "The resource's name: invoice, or invoices",
        "drop-tables": "Allow to write a migration that drops its tables and their data",
        "force": "Also remove what is not committed, which git cannot bring back",
    },
)
def remove(context: Context, name: str, drop_tables: bool = False, force: bool = False) -> None:
    """Remove a resource: its package, tests, registrations, and migration.

    A migration that was never released is removed. Otherwise a new one drops the tables, if
    --drop-tables allows it. Removes everything or, if something stands against it, nothing.
    """
    folder = _service()
    from . import removing

    done = removing.remove(name, project.package(), folder, drop=drop_tables, force=force)
    for each in done.files:
        print(each)
    print(done.migration)
    if done.mentions:
        print(
            f"These still name it: {', '.join(done.mentions)}. Look for {done.plural} there, and "
            "take out or rewrite what describes or uses it."
        )
    print("Then run api.document, check --all and tests, and commit.")


def _service() -> Path:
    if not project.in_checkout():
        raise Exit("Not a checkout of the service: run ./bootstrap in one.", 1)
    if "database" not in settings.parts():
        raise Exit("This service has no database, and so no resources: add them to its backend.", 1)
    return project.working_folder()
