"""Rendering itself."""

from pathlib import Path

import yaml

from tasks.render import render


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return each file's mode and bytes, by its name."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_rendering_twice_gives_the_same_bytes(plain: Path, tmp_path: Path) -> None:
    assert contents(render(tmp_path, {})) == contents(plain)


def test_the_resource_names_everything_that_it_should(tmp_path: Path) -> None:
    service = render(tmp_path, {"resource_name": "blog_post", "project_name": "Blog"})
    assert (service / "blog" / "blog_posts" / "model.py").is_file()
    assert (service / "migrations" / "versions" / "0001_create_blog_posts.py").is_file()
    assert (service / "tests" / "blog_posts" / "test_routes.py").is_file()
    model = (service / "blog" / "blog_posts" / "model.py").read_text("utf-8")
    assert "class BlogPost(Base):" in model
    assert '__tablename__ = "blog_posts"' in model
    everything = " ".join(
        path.read_text("utf-8") + str(path) for path in service.rglob("*") if path.is_file()
    )
    assert "thought" not in everything.lower()


def test_only_the_chosen_ci_system_is_there(tmp_path: Path) -> None:
    folders = {"teamcity": ".teamcity", "github": ".github"}
    for answer in ("teamcity", "github", "none"):
        service = render(tmp_path / answer, {"ci_system": answer})
        there = {name for name, folder in folders.items() if (service / folder).exists()}
        assert there == {answer} - {"none"}


def test_ports_and_names_are_those_of_the_answers(tmp_path: Path) -> None:
    service = render(tmp_path, {"port": "9000", "database_name": "stories"})
    settings = yaml.safe_load((service / "settings.yaml").read_text("utf-8"))
    assert settings["default"]["database"]["name"] == "stories"
    assert "FLASK_RUN_PORT=9000" in (service / ".flaskenv").read_text("utf-8")
    assert "port=9000" in (service / "infra" / "uwsgi.yaml").read_text("utf-8")
