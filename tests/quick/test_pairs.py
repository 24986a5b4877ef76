"""Every service that the answers can give: read by its own tools, with nothing left to mend."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from editorconfig import get_properties

from tasks.folders import PROGRAMS
from tests.quick.conftest import PAIRS

JINJA = re.compile(r"\{\{ ?cookiecutter|\{%|\{#")


def files_of(service: Path) -> list[Path]:
    """Return the files of a service that are text: all but the wheels."""
    files = (path for path in service.rglob("*") if path.is_file())
    return sorted(path for path in files if path.suffix != ".whl")


@pytest.fixture(params=range(len(PAIRS)), ids=lambda number: f"pair {number}")
def service(request: pytest.FixtureRequest, rendered_pairs: list[Path]) -> Path:
    """Each of the rendered services in turn."""
    number: int = request.param
    return rendered_pairs[number]


def succeeds(service: Path, *words: str | Path) -> None:
    program, *arguments = words
    done = subprocess.run(
        [PROGRAMS / program, *arguments], cwd=service, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_of_the_template_is_left(service: Path) -> None:
    for path in files_of(service):
        assert not JINJA.search(str(path))
        if path.parent.name != "templates":  # those of the service's own pages
            assert not JINJA.search(path.read_text("utf-8")), path


def test_the_wheels_are_the_only_files_that_are_not_text(plain: Path) -> None:
    others = {
        path.suffix for path in plain.rglob("*") if path.is_file() and b"\0" in path.read_bytes()
    }
    assert others == {".whl"}
    for path in files_of(plain):
        path.read_text("utf-8")


def test_the_python_is_formatted_and_clean(service: Path) -> None:
    succeeds(service, "ruff", "format", "--no-cache", "--diff", ".")
    succeeds(service, "ruff", "check", "--no-cache", ".")


def test_the_toml_and_json_parse(service: Path) -> None:
    for path in files_of(service):
        if path.suffix in {".toml", ".lock"}:
            tomllib.loads(path.read_text("utf-8"))
        if path.suffix == ".json":
            json.loads(path.read_text("utf-8"))


def test_the_yaml_is_clean(service: Path) -> None:
    succeeds(service, "yamllint", "--strict", ".")


def test_the_shell_scripts_are_clean(service: Path) -> None:
    scripts = [path for path in files_of(service) if path.read_bytes().startswith(b"#!/bin/sh")]
    assert scripts
    succeeds(service, "shellcheck", *scripts)


def test_the_dockerfile_is_clean(service: Path) -> None:
    succeeds(service, "hadolint", "infra/docker/Dockerfile")


def test_a_fault_in_a_dockerfile_is_seen(plain: Path, tmp_path: Path) -> None:
    text = (plain / "infra" / "docker" / "Dockerfile").read_text("utf-8")
    (tmp_path / "Dockerfile").write_text(f"{text}RUN sudo ls\n", "utf-8")
    with pytest.raises(AssertionError, match="DL3004"):
        succeeds(tmp_path, "hadolint", "Dockerfile")


def test_no_rule_of_the_dockerfile_is_ignored_without_a_reason(plain: Path) -> None:
    lines = (plain / "infra" / "docker" / "Dockerfile").read_text("utf-8").splitlines()
    ignored = [number for number, line in enumerate(lines) if "hadolint ignore" in line]
    assert ignored
    for number in ignored:
        assert re.match(r"# \w", lines[number - 1]), lines[number]


def test_the_kotlin_is_balanced(service: Path) -> None:
    for path in files_of(service):
        if path.suffix in {".kt", ".kts"}:
            code = without_strings_and_comments(path.read_text("utf-8"))
            for opening, closing in ("{}", "()", "[]"):
                assert code.count(opening) == code.count(closing), path


def without_strings_and_comments(kotlin: str) -> str:
    kept = re.sub(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|//[^\n]*', "", kotlin)
    assert '"' not in kept
    return kept


def test_the_lock_is_the_one_that_poetry_expects(service: Path) -> None:
    succeeds(service, "poetry", "check", "--lock", "--no-interaction")


def ownership(service: Path) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = tomllib.loads(
        (service / "template-ownership.toml").read_text("utf-8")
    )
    return lists


def idle_patterns(service: Path) -> list[str]:
    """Return the patterns of template-ownership.toml that no file of the service is meant by."""
    patterns = [pattern for listed in ownership(service).values() for pattern in listed]
    return [
        name
        for name in patterns
        if not any(path.is_file() for path in service.glob(re.sub(r"\*\*$", "**/*", name)))
    ]


def test_every_pattern_of_the_ownership_means_a_file(service: Path) -> None:
    assert idle_patterns(service) == []


def test_a_pattern_that_means_no_file_is_seen(plain: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(plain, tmp_path / "copy")
    with (copy / "template-ownership.toml").open("a") as listed:
        listed.write('planted = ["README.md", "missing/**"]\n')
    assert idle_patterns(copy) == ["missing/**"]


def test_every_file_keeps_to_the_editorconfig(service: Path) -> None:
    for path in files_of(service):
        assert faults_of(path) == [], path


def faults_of(path: Path) -> list[str]:
    """Return what a file does against the .editorconfig that rules it."""
    rules, text = get_properties(str(path.resolve())), path.read_bytes().decode("utf-8")
    lines = text.split("\n")
    indents = {line[: len(line) - len(line.lstrip())] for line in lines}
    faults = {
        "line ends": "\r" in text,
        "no newline at the end": bool(text) and not text.endswith("\n"),
        "space at a line's end": rules["trim_trailing_whitespace"] == "true"
        and any(line != line.rstrip() for line in lines),
        "indented with tabs": any("\t" in indent for indent in indents),
    }
    assert rules["end_of_line"] == "lf"
    assert rules["insert_final_newline"] == "true"
    assert rules["indent_style"] == "space"
    return [name for name, is_so in faults.items() if is_so]


@pytest.mark.parametrize("fault", ["x\r\n", "x", "x \n", "\tx\n"])
def test_a_planted_fault_against_the_editorconfig_is_seen(plain: Path, fault: str) -> None:
    planted = plain / "planted.txt"
    planted.write_bytes(fault.encode())
    try:
        assert faults_of(planted)
    finally:
        planted.unlink()


def test_the_free_texts_come_out_right(service: Path, request: pytest.FixtureRequest) -> None:
    answers = PAIRS[request.node.callspec.params["service"]]
    pyproject = tomllib.loads((service / "pyproject.toml").read_text("utf-8"))
    settings = yaml.safe_load((service / "settings.yaml").read_text("utf-8"))
    assert pyproject["project"]["description"] == answers["description"]
    assert settings["default"]["service"]["description"] == answers["description"]
    assert settings["default"]["service"]["title"] == answers["project_name"]
