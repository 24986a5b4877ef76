"""Which version is running, and that users are served by none that does not say."""

import pytest
from flask.testing import FlaskClient

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.observability import version
from flask_chassis.settings import Settings

from ..conftest import Make


@pytest.fixture
def _unversioned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VERSION_NAME", raising=False)
    monkeypatch.delenv("VERSION_SHA", raising=False)


def test_it_is_what_the_image_carries(
    make: Make, production: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERSION_NAME", "v1.2.3-4-gabcdef0")
    monkeypatch.setenv("VERSION_SHA", "abcdef0")
    response = make(production.environment).test_client().get("/admin/version/")
    assert response.status_code == 200
    assert response.json == {"commit": "abcdef0", "version": "v1.2.3-4-gabcdef0"}


@pytest.mark.usefixtures("_unversioned")
def test_a_developer_needs_none(probe: FlaskClient, settings: Settings) -> None:
    assert version.current(settings) == {"commit": "development", "version": "development"}
    assert probe.get("/admin/version/").json.keys() == {"commit", "version"}


@pytest.mark.usefixtures("_unversioned")
def test_users_are_not_served_without(make: Make, production: Settings) -> None:
    with pytest.raises(
        ConfigurationError, match="VERSION_NAME and VERSION_SHA not set: production"
    ):
        make(production.environment)


@pytest.mark.usefixtures("_unversioned")
@pytest.mark.parametrize(
    ("given", "missing"), [("VERSION_NAME", "VERSION_SHA"), ("VERSION_SHA", "VERSION_NAME")]
)
def test_half_a_version_is_none(
    production: Settings, monkeypatch: pytest.MonkeyPatch, given: str, missing: str
) -> None:
    monkeypatch.setenv(given, "1")
    monkeypatch.setenv(missing, "")
    with pytest.raises(ConfigurationError, match=f"^{missing} not set"):
        version.current(production)
