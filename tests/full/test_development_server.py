"""`run` in development.local: a debugger attaches to the service, also after a reload."""

import json
import os
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tasks.ports import free_port
from tasks.program import Program
from tests.full.programs import succeeds
from tests.services import InstalledService, clean_environment

INSTALL_SECONDS = 300
ANSWER_SECONDS = 30


@pytest.fixture(scope="module")
def debugpy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with debugpy, which services do not lock."""
    folder = tmp_path_factory.mktemp("debugpy")
    words: list[str | Path] = [sys.executable, "-m", "pip", "install", "-q"]
    succeeds([*words, "--target", folder, "debugpy"], folder, seconds=INSTALL_SECONDS)
    return folder


def ask_debugger(port: int) -> dict[str, Any]:
    """Begin to attach as an editor does, with the Debug Adapter Protocol; return the answer."""
    request = {"seq": 1, "type": "request", "command": "initialize"}
    body = json.dumps(request | {"arguments": {"adapterID": "test"}}).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as editor:
        editor.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        stream = editor.makefile("rb")
        while True:
            headers = iter(stream.readline, b"\r\n")
            [length] = [int(line.split(b":")[1]) for line in headers if b"Length" in line]
            message: dict[str, Any] = json.loads(stream.read(length))
            if message.get("command") == "initialize":
                return message


def test_a_debugger_attaches_also_after_a_reload(
    rendered_service: InstalledService, debugpy: Path, tmp_path: Path
) -> None:
    succeeds(
        [rendered_service.bin / "acme-tasks", "keys.generate", "--once"], rendered_service.path
    )
    port, debugger_port, log = free_port(), free_port(), tmp_path / "log"
    words = ["run", f"--port={port}", "--debugger", f"--debugger-port={debugger_port}"]
    program = Program(
        [rendered_service.bin / "acme-tasks", *words],
        rendered_service.path,
        clean_environment() | {"PYTHONPATH": str(debugpy)},
        log,
    )
    commands = re.compile(rf"Debugger +127\.0\.0\.1:{debugger_port}, ")

    def is_alive() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/health/live", timeout=5).ok
        except requests.RequestException:
            return False

    def has_begun(times: int) -> bool:
        return len(commands.findall(log.read_text("utf-8"))) == times and is_alive()

    changed = rendered_service.path / "thoughts_backend" / "domain.py"
    try:
        program.wait_until(lambda: has_begun(1), "the service")
        assert ask_debugger(debugger_port)["success"]
        later = time.time() + 2
        os.utime(changed, (later, later))
        program.wait_until(lambda: has_begun(2), "the service, with a change")
        assert ask_debugger(debugger_port)["success"]
        assert "cannot listen" not in log.read_text("utf-8")
    finally:
        program.end()
        os.utime(changed)
