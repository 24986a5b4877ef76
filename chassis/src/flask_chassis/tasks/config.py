"""Tasks for the settings: validate them, list the required ones."""

from invoke import Context, Exit, task

from flask_chassis import settings, settings_variables
from flask_chassis.exceptions import ConfigurationError


@task(help={"environment": "Validate only this environment, including values from outside"})
def validate(context: Context, environment: str = "") -> None:
    """Validate `settings.yaml` for every environment, or all settings of one environment.

    Also fails for misspelt variables of the service. With `environment`, it also fails if that
    environment requires the version of the service and it is missing.
    """
    if environment:
        faults = _faults_of(environment)
    else:
        faults = [fault for name in settings.environments() for fault in settings.faults_in(name)]
    faults += settings_variables.unknown()
    if faults:
        raise Exit("\n".join(faults), 1)
    if environment:
        print(f"{environment}: complete")
        return
    print(f"settings.yaml is valid for {', '.join(settings.environments())}.")


def _faults_of(environment: str) -> list[str]:
    """Return why the service does not start in an environment, as far as settings tell."""
    from flask_chassis.observability import version  # brings Flask

    faults = []
    try:
        settings.load(environment)
    except ConfigurationError as error:
        faults.append(str(error))
    try:
        version.current(settings.Settings(environment, {}))
    except ConfigurationError as error:
        faults.append(str(error))
    return faults


@task(help={"environment": "List only this environment"})
def required(context: Context, environment: str = "") -> None:
    """List the settings that must be supplied in each environment, and how."""
    for name in [environment] if environment else settings.environments():
        keys = settings.required_in(name)
        print(f"{name}: {'nothing' if not keys else ''}")
        for key in keys:
            print(f"  {key}: {settings.how_to_supply(key, name)}")
        if not settings.Settings(name, {}).is_for_developers:
            print("  version: VERSION_NAME and VERSION_SHA, which the image sets")
