"""Static files under hashed names, and what may be kept of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Blueprint, Flask, url_for
from flask.testing import FlaskClient

from flask_chassis.web import static_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files, and a file beside it that is nobody's business."""
    (tmp_path / "secret.css").write_text("secret")
    files = tmp_path / "files"
    (files / "fonts").mkdir(parents=True)
    (files / "style.css").write_text("p {}")
    (files / "fonts" / "sans.min.js").write_text("font")
    (files / "vendor.0123456789ab.js").write_text("vendor")
    (files / "LICENSE").write_text("free")
    return files


@pytest.fixture
def app(folder: Path) -> Flask:
    """An application that serves the folder."""
    made = Flask("served", static_folder=None)
    blueprint = Blueprint("site", __name__)
    static_files.serve(blueprint, folder)
    made.register_blueprint(blueprint)
    return made


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """A client of it."""
    with app.test_client() as made:
        yield made


def address(app: Flask, filename: str) -> str:
    """Return the address that a page gives a file."""
    with app.test_request_context():
        return url_for("site.static", filename=filename)


@pytest.mark.parametrize("filename", ["style.css", "fonts/sans.min.js"])
def test_a_file_has_a_hash_in_its_name_and_is_kept_for_a_year(
    app: Flask, client: FlaskClient, folder: Path, filename: str
) -> None:
    path = address(app, filename)
    stem, suffix = filename.rsplit(".", 1)
    assert path.startswith(f"/static/{stem}.")
    assert len(path) == len(f"/static/{filename}") + 13
    with client.get(path) as response:
        assert response.status_code == 200
        assert response.data == (folder / filename).read_bytes()
        control = response.headers["Cache-Control"]
        assert "immutable" in control
        assert "max-age=31536000" in control
        assert path.endswith(f".{suffix}")


def test_a_changed_file_has_another_name_without_a_restart(
    app: Flask, client: FlaskClient, folder: Path
) -> None:
    old = address(app, "style.css")
    (folder / "style.css").write_text("p { color: red }")
    new = address(app, "style.css")
    assert new != old
    with client.get(new) as response:
        assert (response.data, "immutable" in response.headers["Cache-Control"]) == (
            b"p { color: red }",
            True,
        )
    with client.get(old) as response:
        assert response.data == b"p { color: red }"
        assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("filename", "content"),
    [("style.css", b"p {}"), ("vendor.0123456789ab.js", b"vendor"), ("LICENSE", b"free")],
)
def test_a_name_without_a_hash_works_and_is_asked_for_again(
    client: FlaskClient, filename: str, content: bytes
) -> None:
    with client.get(f"/static/{filename}") as response:
        assert (response.status_code, response.data) == (200, content)
        assert response.headers["Cache-Control"] == "no-cache"
        tag = response.headers["ETag"]
    with client.get(f"/static/{filename}", headers={"If-None-Match": tag}) as response:
        assert response.status_code == 304


@pytest.mark.parametrize(
    "path", ["none.css", "none.0123456789ab.css", "../secret.css", "..%2fsecret.css", "fonts"]
)
def test_what_is_no_file_of_the_folder_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_a_page_with_a_misspelt_file_has_an_address_all_the_same(app: Flask) -> None:
    assert address(app, "none.css") == "/static/none.css"
    assert address(app, "LICENSE") == "/static/LICENSE"
    assert address(app, "../secret.css").endswith("/static/../secret.css")
