"""What editors read of a service: VS Code's files, and the development container."""

import json
from pathlib import Path
from typing import Any

import yaml

from tasks.folders import ROOT


def read(service: Path, name: str) -> Any:
    return json.loads((service / name).read_text("utf-8"))


def test_the_container_is_the_one_of_the_compose_files(examples: dict[str, Path]) -> None:
    """The same image, on the same network: the database of the other files is there, too."""
    for service in examples.values():
        container = read(service, ".devcontainer/devcontainer.json")
        folder = service / ".devcontainer"
        own = yaml.safe_load((folder / container["dockerComposeFile"]).read_text("utf-8"))
        compose = yaml.safe_load((service / "docker-compose.yaml").read_text("utf-8"))
        editor = own["services"][container["service"]]
        assert (folder / editor["build"]["context"]).resolve() == service.resolve()
        assert editor["image"] == compose["x-development"]["image"]
        assert editor["build"]["target"] == compose["x-development"]["build"]["target"]
        assert editor["volumes"] == [f"..:{container['workspaceFolder']}"]
        assert own["networks"] == compose["networks"]
        assert own["networks"]["default"]["name"] in container["initializeCommand"]
        [port] = container["forwardPorts"]
        assert f":{port}" in compose["services"]["service"]["ports"][0]


def test_what_compose_watches_is_there(examples: dict[str, Path]) -> None:
    for service in examples.values():
        compose = yaml.safe_load((service / "docker-compose.yaml").read_text("utf-8"))
        watched = compose["services"]["service"]["develop"]["watch"]
        assert [each["action"] for each in watched] == ["rebuild", "rebuild"]
        assert all((service / each["path"]).exists() for each in watched)


def test_vs_code_starts_and_attaches(plain: Path) -> None:
    started, attached, tested = read(plain, ".vscode/launch.json")["configurations"]
    assert (started["module"], tested["module"]) == ("flask", "pytest")
    page = (ROOT / "docs" / "how-to" / "debug.md").read_text("utf-8")
    assert f"{attached['connect']['host']}:{attached['connect']['port']}" in page
    assert all(f'"{each["name"]}"' in page for each in (started, attached, tested))


def test_both_recommend_the_same_extensions(plain: Path) -> None:
    container = read(plain, ".devcontainer/devcontainer.json")
    recommended = read(plain, ".vscode/extensions.json")["recommendations"]
    assert container["customizations"]["vscode"]["extensions"] == recommended
