"""Checks of a service's code: access decisions, settings, ports, migrations, the OpenAPI document.

A service runs all that apply to it with one test, in `tests/test_guards.py`:

    import pytest

    from flask_chassis.testing import guards


    @pytest.mark.parametrize("guard", guards.applicable(), ids=str)
    def test_guard(guard: guards.Guard, service_code: guards.ServiceCode) -> None:
        guard.check(service_code)

`service_code` is a fixture of the plugin. A guard that fails lists its faults: what is wrong, and
where, and what to do. Functions that find faults are in the modules of this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_chassis import ingress_paths, project
from flask_chassis import settings as chassis_settings
from flask_chassis.testing.guards import access, files, routed, settings
from flask_chassis.testing.guards.service_code import ServiceCode, imports_openapi, sources

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GUARDS", "Guard", "ServiceCode", "applicable"]


@dataclass(frozen=True)
class Guard:
    """A rule about a service's code."""

    rule: str
    """The rule, as a sentence."""
    faults: Callable[[ServiceCode], list[str]]
    """Returns a sentence for each place that breaks the rule."""
    applies: Callable[[], bool] = lambda: True
    """Returns whether the service has what the rule is about."""

    def __str__(self) -> str:
        return self.rule

    def check(self, code: ServiceCode) -> None:
        """Raise AssertionError with all faults if a service breaks the rule."""
        __tracebackhide__ = True
        if faults := self.faults(code):
            lines = "\n".join(f"  {fault}" for fault in faults)
            raise AssertionError(f"{self.rule}. It is broken here:\n{lines}")


def applicable() -> list[Guard]:
    """Return the guards about what the service has: a database, an API."""
    return [guard for guard in GUARDS if guard.applies()]


def _declared() -> dict[str, dict[str, object]]:
    return {name: chassis_settings.declared_in(name) for name in chassis_settings.environments()}


def _has_database() -> bool:
    return any("database.host" in declared for declared in _declared().values())


def _has_document() -> bool:
    """Return whether the code has an API: a generated client only names its openapi.json."""
    found = project.current()
    return any(imports_openapi(text) for text in sources(found.folder, found.folder).values())


def _has_document_file() -> bool:
    """Services that were rendered before there was such a file need not have one."""
    from flask_chassis.http import openapi_file

    return _has_document() and (project.working_folder() / openapi_file.FILE).exists()


def _undeclared_settings(code: ServiceCode) -> list[str]:
    declared = {key for keys in _declared().values() for key in keys}
    return settings.undeclared_settings(code.sources, declared)


def _unread_settings(code: ServiceCode) -> list[str]:
    read = settings.settings_read(code.sources).keys() | settings.settings_read_by_chassis()
    own = chassis_settings.declared_by_service()
    return settings.unread_settings(own, read)


def _upstream_services() -> list[str]:
    keys = [key for key in chassis_settings.declared_by_service() if key.startswith("upstream.")]
    return sorted({key.split(".")[1] for key in keys})


def _unread_variables(code: ServiceCode) -> list[str]:
    known = {chassis_settings.variable_for(key) for keys in _declared().values() for key in keys}
    known.add(chassis_settings.environment_variable())
    return settings.unread_variables(code.root, project.current().prefix, known)


def _has_ingress() -> bool:
    return bool(ingress_paths.read(project.working_folder()))


def _several_heads(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.guards import migrations

    return migrations.several_heads(code.root / "migrations")


def _irreversible_migrations(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.database import metadata
    from flask_chassis.testing.guards import migrations

    # A server is needed, and not the database of the tests.
    return migrations.irreversible(code.settings, metadata())


def _differences_to_models(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.guards import migrations

    with code.engine.connect() as connection:
        return migrations.differences_to_models(code.root / "migrations", connection)


def _other_tables(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.database import metadata
    from flask_chassis.testing.guards import migrations

    return migrations.other_tables(code.engine, metadata())


def _violations(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.guards import openapi
    from flask_chassis.testing.openapi import document_of

    return openapi.violations(document_of(code.app))


def _wrong_information(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.guards import openapi
    from flask_chassis.testing.openapi import document_of

    return openapi.wrong_information(document_of(code.app), code.settings)


def _undocumented_routes(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.guards import openapi
    from flask_chassis.testing.openapi import document_of

    return openapi.undocumented_routes(document_of(code.app), openapi.api_routes(code.app))


def _undocumented_tokens(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.guards import openapi
    from flask_chassis.testing.openapi import document_of

    return openapi.undocumented_tokens(document_of(code.app), openapi.api_routes(code.app))


def _undescribed_responses(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.guards import openapi
    from flask_chassis.testing.openapi import document_of

    return openapi.undescribed_responses(document_of(code.app))


def _undescribed_parameters(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.guards import openapi
    from flask_chassis.testing.openapi import document_of

    return openapi.undescribed_parameters(document_of(code.app))


def _outdated_document(code: ServiceCode) -> list[str]:
    from flask_chassis.testing.guards import openapi

    return openapi.outdated_file(code.app, code.root)


GUARDS = (
    Guard("every route has an access decision", lambda code: access.undecided_routes(code.app)),
    Guard(
        "the Ingress routes the routes for clients, and no internal ones",
        lambda code: routed.wrongly_routed(code.app, code.root),
        _has_ingress,
    ),
    Guard("every setting that is read is declared", _undeclared_settings),
    Guard("every setting that is declared is read", _unread_settings),
    Guard(
        "every upstream service that is called is declared",
        lambda code: settings.undeclared_upstream_services(code.sources, _upstream_services()),
    ),
    Guard(
        "every upstream service that is declared is called",
        lambda code: settings.uncalled_upstream_services(code.sources, _upstream_services()),
    ),
    Guard(
        "every environment has a known stage",
        lambda code: settings.unknown_stages(chassis_settings.environments()),
    ),
    Guard("every environment variable in a file is read", _unread_variables),
    Guard("the ports are the same in all files", lambda code: files.different_ports(code.root)),
    Guard(
        "bootstrap prefers the Python of the image",
        lambda code: files.different_pythons(code.root),
    ),
    Guard(
        "health checks request what is served",
        lambda code: files.wrong_health_paths(
            code.root, {rule.rule for rule in code.app.url_map.iter_rules()}
        ),
    ),
    Guard(
        "every thread of a worker can have a connection",
        lambda code: files.small_pools(code.root, _declared()),
    ),
    Guard(
        "calls of other services leave threads for other requests",
        lambda code: files.too_many_calls(code.root, _declared()),
    ),
    Guard(
        "every folder of tests is a package",
        lambda code: files.folders_without_init(code.root / "tests"),
    ),
    Guard("one migration is the newest", _several_heads, _has_database),
    Guard("every migration can be reverted", _irreversible_migrations, _has_database),
    Guard("the migrations create what the models say", _differences_to_models, _has_database),
    Guard("the tables are those of the models", _other_tables, _has_database),
    Guard("the OpenAPI document is valid", _violations, _has_document),
    Guard("the OpenAPI document names this service", _wrong_information, _has_document),
    Guard(
        "the committed OpenAPI document is that of the code",
        _outdated_document,
        _has_document_file,
    ),
    Guard("every route of the API is documented", _undocumented_routes, _has_document),
    Guard("every required token is documented", _undocumented_tokens, _has_document),
    Guard("every response is described", _undescribed_responses, _has_document),
    Guard("every parameter and body is described", _undescribed_parameters, _has_document),
)
"""All rules."""
