"""The examples of README.md run as they are."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from flask_chassis.testing import free_port

README = Path(__file__).parents[1] / "README.md"


def blocks(language: str, text: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the service of the section "A service in one file"."""
    section = README.read_text().partition("## A service in one file")[2].partition("\n## ")[0]
    [code] = blocks("python", section)
    [settings] = blocks("yaml", section)
    (tmp_path / "hello.py").write_text(code)
    (tmp_path / "settings.yaml").write_text(settings)
    return tmp_path


def test_the_service_in_one_file_runs_by_the_commands_of_the_readme(folder: Path) -> None:
    port = str(free_port())
    text = README.read_text().partition("Make a pair of keys")[2]
    script = blocks("shell", text)[0].replace("8080", port)
    start, *calls = script.splitlines()
    variables = os.environ | {
        "PYTHONPATH": str(folder),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    subprocess.run(["sh", "-ec", start], cwd=folder, env=variables, check=True, timeout=60)
    server_line = next(line for line in calls if line.startswith("flask "))
    server = subprocess.Popen(
        server_line.removesuffix(" &").split(),
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait(f"http://127.0.0.1:{port}/health/live", server)
        rest = "\n".join(line for line in calls if line != server_line)
        done = subprocess.run(
            ["sh", "-ec", rest.replace("curl", "curl -sS")],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        without = requests.get(f"http://127.0.0.1:{port}/greeting", timeout=30)
    finally:
        server.terminate()
        log, _ = server.communicate(timeout=30)
    assert '"Hello, ada!"' in done.stdout
    assert '"token_keys":"ok"' in done.stdout
    assert 'http_requests_total{method="GET",route="/greeting",status="200"} 1.0' in done.stdout
    assert without.status_code == 401
    assert without.json()["message"].startswith("A token is required")
    assert without.headers["X-Request-ID"] in log
    assert '"message":"GET /greeting 200"' in log.replace('": "', '":"')


def wait(url: str, server: subprocess.Popen[str]) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, server.stdout.read() if server.stdout else ""
        assert time.monotonic() < deadline
        try:
            requests.get(url, timeout=30)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return


def test_the_guards_run_by_the_test_of_the_readme() -> None:
    import flask_chassis.testing.guards

    [code] = [block for block in blocks("python", README.read_text()) if "test_guard" in block]
    compile(code, "test_guards.py", "exec")
    documented = re.sub(r"^    ", "", flask_chassis.testing.guards.__doc__ or "", flags=re.M)
    assert code in documented


def test_the_extras_of_the_readme_are_those_of_the_package() -> None:
    declared = re.search(
        r"^\[project.optional-dependencies\]\n(.*?)^\[",
        (README.parent / "pyproject.toml").read_text(),
        re.DOTALL | re.MULTILINE,
    )
    assert declared
    extras = set(re.findall(r"^(\w+) = ", declared[1], re.MULTILINE))
    assert set(re.findall(r"^\| `(\w+)`", README.read_text(), re.MULTILINE)) == extras


def test_every_sub_package_has_a_section() -> None:
    folder = README.parent / "src" / "flask_chassis"
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    sections = set(re.findall(r"^### `flask_chassis\.(\w+)`", README.read_text(), re.MULTILINE))
    assert packages <= sections
