"""Tasks about the settings."""

from invoke import Context, Exit, task

from ..chassis import settings


@task(help={"environment": "Only this one, with all that it needs supplied, as at its start"})
def validate(context: Context, environment: str = "") -> None:
    """Check the settings: of every environment what `settings.yaml` says, of one all it needs."""
    if environment:
        settings.load(environment)
        print(f"{environment}: complete")
        return
    faults = [fault for name in settings.environments() for fault in settings.faults_in(name)]
    if faults:
        raise Exit("\n".join(faults), 1)
    print(f"settings.yaml is right for {', '.join(settings.environments())}.")


@task(help={"environment": "Only this one"})
def required(context: Context, environment: str = "") -> None:
    """List what must be supplied in each environment, and how."""
    for name in [environment] if environment else settings.environments():
        keys = settings.required_in(name)
        print(f"{name}: {'nothing' if not keys else ''}")
        for key in keys:
            print(f"  {key}: {settings.how_to_supply(key, name)}")
        if not settings.Settings(name, {}).is_for_developers:
            print("  version: VERSION_NAME and VERSION_SHA, which the image carries")
