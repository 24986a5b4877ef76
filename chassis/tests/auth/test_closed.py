"""A route without an access decision is refused at the start, and not served if it comes later."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, request
from flask.views import MethodView, View
from flask_restx import Namespace, Resource
from werkzeug.routing import Rule

from flask_chassis.auth import access, closed, tokens
from flask_chassis.auth.access import public
from flask_chassis.auth.authentication import token_required
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import errors, middleware, openapi
from flask_chassis.observability import health
from flask_chassis.settings import Settings

from ..conftest import Logged, Make

Plant = Callable[[Flask, Any], None]


def say() -> str:
    """Answer with the method."""
    return request.method


def decided(who: Any) -> Any:
    """Return a view that carries a decision, or none."""

    def view(*args: Any) -> Response:
        return Response(request.method)

    return who(view)


# Each adds one route `/planted`, whose view or handler is decorated with `who`.


def view(app: Flask, who: Any) -> None:
    app.add_url_rule("/planted", "planted", decided(who))


def view_of_several_methods(app: Flask, who: Any) -> None:
    app.add_url_rule("/planted", "planted", decided(who), methods=["GET", "OPTIONS", "POST"])


def view_of_a_blueprint(app: Flask, who: Any) -> None:
    blueprint = Blueprint("outer", __name__, url_prefix="/planted")
    inner = Blueprint("inner", __name__)
    inner.add_url_rule("", "planted", decided(who))
    blueprint.register_blueprint(inner)
    app.register_blueprint(blueprint)


def class_view(app: Flask, who: Any) -> None:
    class Planted(View):
        get = public(decided(lambda each: each))  # is not called
        dispatch_request = decided(who)

    app.add_url_rule("/planted", view_func=Planted.as_view("planted"))


def method_view(app: Flask, who: Any) -> None:
    class Planted(MethodView):
        get = decided(who)
        post = decided(public)

    app.add_url_rule("/planted", view_func=Planted.as_view("planted"))


def method_view_with_decorators(app: Flask, who: Any) -> None:
    class Planted(MethodView):
        decorators = (who,)
        get = decided(lambda each: each)

    app.add_url_rule("/planted", view_func=Planted.as_view("planted"))


def method_view_of_a_subclass(app: Flask, who: Any) -> None:
    class Base(MethodView):
        get = decided(who)

    class Planted(Base):
        post = decided(public)

    app.add_url_rule("/planted", view_func=Planted.as_view("planted"))


def resource(app: Flask, who: Any) -> None:
    class Planted(Resource):
        get = decided(who)
        post = decided(public)

    _serve(app, Planted)


def resource_with_method_decorators(app: Flask, who: Any) -> None:
    class Planted(Resource):
        method_decorators = (who,)
        get = decided(lambda each: each)

    _serve(app, Planted)


def resource_of_a_namespace_with_decorators(app: Flask, who: Any) -> None:
    class Planted(Resource):
        get = decided(lambda each: each)

    _serve(app, Planted, decorators=[who])


def _serve(app: Flask, planted: type[Resource], **options: Any) -> None:
    namespace = Namespace("planted", path="/planted", **options)
    namespace.add_resource(planted, "")
    api = openapi.Api()
    api.init_app(app, add_specs=False)
    api.add_namespace(namespace)
    for endpoint in ("root", "restx_doc.static"):
        access.decide(app, endpoint, public)


def rule_of_the_map(app: Flask, who: Any) -> None:
    app.url_map.add(Rule("/planted", endpoint="planted"))
    app.view_functions["planted"] = decided(who)


KINDS = [
    view,
    view_of_several_methods,
    view_of_a_blueprint,
    class_view,
    method_view,
    method_view_with_decorators,
    method_view_of_a_subclass,
    resource,
    resource_with_method_decorators,
    resource_of_a_namespace_with_decorators,
    rule_of_the_map,
]
kinds = pytest.mark.parametrize("plant", KINDS, ids=lambda plant: plant.__name__)


def undecorated(view: Any) -> Any:
    """Decide nothing."""
    return view


@pytest.fixture
def app(settings: Settings) -> Flask:
    """An application without routes, before its middleware is installed."""
    app = Flask("planted", static_folder=None)
    errors.init_app(app, settings)
    return app


@kinds
def test_an_undecided_route_is_refused_at_the_start(
    app: Flask, settings: Settings, plant: Plant
) -> None:
    plant(app, undecorated)
    with pytest.raises(ConfigurationError) as raised:
        middleware.init_app(app, settings)
    message = str(raised.value)
    method = "any method" if plant is rule_of_the_map else "GET"
    assert message.startswith("Routes without an access decision:\n")
    assert f"  {method} /planted (" in message
    assert ("OPTIONS /planted" in message) == (plant is view_of_several_methods)
    assert "HEAD" not in message
    assert "Decorate the view" in message
    assert "@token_required" in message


@kinds
def test_an_undecided_route_that_comes_later_is_not_served(
    app: Flask, settings: Settings, plant: Plant, logged: Logged
) -> None:
    middleware.init_app(app, settings)
    plant(app, undecorated)
    client = app.test_client()
    for method in ("GET", "HEAD", "GET"):
        response = client.open("/planted", method=method)
        assert response.status_code == 500
        assert response.text in ("", '{"message":"Internal server error."}')
    assert closed.undecided(app)


@kinds
def test_a_decided_route_is_served(app: Flask, settings: Settings, plant: Plant) -> None:
    plant(app, public)
    middleware.init_app(app, settings)
    client = app.test_client()
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        assert client.open("/planted", method=method).status_code == 200
    assert client.delete("/planted").status_code in {405, 200 if plant is rule_of_the_map else 405}
    assert client.get("/elsewhere").status_code == 404


@kinds
def test_a_decided_route_that_comes_later_is_served(
    app: Flask, settings: Settings, plant: Plant
) -> None:
    middleware.init_app(app, settings)
    plant(app, public)
    assert app.test_client().get("/planted").status_code == 200


@kinds
def test_a_token_is_required_wherever_its_decorator_is(
    app: Flask, settings: Settings, plant: Plant
) -> None:
    health.init_app(app, settings)
    tokens.init_app(app, settings)
    plant(app, token_required)
    middleware.init_app(app, settings)
    assert app.test_client().get("/planted").status_code == 401


def test_each_method_of_a_resource_decides_for_itself(app: Flask, settings: Settings) -> None:
    middleware.init_app(app, settings)
    resource(app, undecorated)
    client = app.test_client()
    for _ in range(2):
        assert client.post("/planted").status_code == 200
        assert client.get("/planted").status_code == 500
        assert client.options("/planted").status_code == 200
        assert client.delete("/planted").status_code == 405


def test_handlers_of_head_and_options_of_ones_own_decide_for_themselves(
    app: Flask, settings: Settings
) -> None:
    class Planted(MethodView):
        get = decided(public)
        head = decided(undecorated)
        options = decided(undecorated)

    middleware.init_app(app, settings)
    app.add_url_rule("/planted", view_func=Planted.as_view("planted"))
    found = closed.undecided(app)
    assert [line.partition(" (")[0] for line in found] == ["HEAD /planted", "OPTIONS /planted"]
    client = app.test_client()
    assert client.get("/planted").status_code == 200
    assert client.head("/planted").status_code == 500
    assert client.options("/planted").status_code == 500


def test_the_log_says_which_route_and_what_to_do(make: Make, logged: Logged) -> None:
    app = make()
    app.add_url_rule("/later/<int:id>", "later", decided(undecorated))
    logged()
    assert app.test_client().get("/later/5").json == {"message": "Internal server error."}
    error = next(record for record in logged() if record["level"] == "ERROR")
    assert "GET /later/<int:id> (" in error["exc_info"]
    assert "test_closed.decided.<locals>.view) has no access decision" in error["exc_info"]
    assert "Decorate the view" in error["exc_info"]


def test_static_files_are_refused_until_somebody_decides(settings: Settings) -> None:
    app = Flask(__name__, static_folder=".", static_url_path="/static")
    with pytest.raises(
        ConfigurationError, match=r"GET /static/<path:filename>.*\n.*static_folder=None"
    ):
        closed.check(app)
    access.decide(app, "static", public)
    blueprint = Blueprint("pages", __name__, static_folder=".", static_url_path="/files")
    app.register_blueprint(blueprint)
    with pytest.raises(ConfigurationError, match=r"GET /files/<path:filename>.*\n.*access.decide"):
        closed.check(app)
    access.decide(app, "pages.static", public)
    middleware.init_app(app, settings)
    for path in (f"/static/{__name__.rpartition('.')[2]}.py", "/files/test_closed.py"):
        with app.test_client().get(path) as response:
            assert response.status_code == 200


def test_a_view_that_is_replaced_is_looked_at_again(app: Flask, settings: Settings) -> None:
    view(app, public)
    middleware.init_app(app, settings)
    client = app.test_client()
    assert client.get("/planted").status_code == 200
    app.view_functions["planted"] = say
    assert client.get("/planted").status_code == 500


def test_rules_that_call_no_view_need_no_decision(app: Flask, settings: Settings) -> None:
    app.add_url_rule("/planted", "planted", decided(public))
    app.add_url_rule("/old", "planted", redirect_to="/planted")
    app.url_map.add(Rule("/built", endpoint="built", build_only=True))
    app.url_map.add(Rule("/nothing", endpoint="nothing"))
    middleware.init_app(app, settings)
    assert app.test_client().get("/old").status_code == 308


def test_all_undecided_routes_are_listed_at_once(app: Flask, settings: Settings) -> None:
    view(app, undecorated)
    app.add_url_rule("/second", "second", say, methods=["PATCH"])
    with pytest.raises(ConfigurationError) as raised:
        middleware.init_app(app, settings)
    assert "\n  GET /planted (" in str(raised.value)
    assert "\n  PATCH /second (tests.auth.test_closed.say)\n" in str(raised.value)
