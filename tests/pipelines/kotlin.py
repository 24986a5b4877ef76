"""Compiles and runs the settings of TeamCity with the compiler that a server uses."""

import fcntl
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.folders import ROOT

HERE = Path(__file__).parent
KEPT = ROOT / ".cache" / "kotlin"
HOME = KEPT / "node_modules" / "kotlin-compiler"
COMPILER = HOME / "lib" / "kotlin-compiler.jar"
SOURCES = sorted([*HERE.glob("stubs/**/*.kt"), *HERE.glob("harness/*.kt")])

LONGEST_COMPILE_SECONDS = 300

Project = dict[str, Any]


@dataclass(frozen=True)
class Described:
    """What settings describe, or what is wrong with them."""

    faults: list[str]
    project: Project


class Settings:
    """A compiler that runs, and stays warm."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process, self._folder, self._number = process, folder, 0

    def describe(self, folder: Path) -> Described:
        """Compile a `.teamcity` folder, run its settings.kts, and return what comes out."""
        self._number += 1
        result = self._folder / f"{self._number}.json"
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{folder}\t{result}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n", "the compiler has ended"
        found = json.loads(result.read_text("utf-8"))
        return Described(found["faults"], found.get("project", {}))


def missing() -> str:
    """Return what has to be installed before settings can be compiled; nothing if all is there."""
    if not COMPILER.is_file():
        return "there is no Kotlin compiler: tests/pipelines/compiler/install"
    return "" if shutil.which("java") else "there is no Java: openjdk-17-jre-headless"


@contextmanager
def running() -> Iterator[Settings]:
    """Start the compiler, with stubs that are compiled once for as long as nobody changes them."""
    stubs = _compiled_stubs()
    path = f"{stubs}:{COMPILER}"
    command: list[str | Path] = ["java", "-cp", path, "harness.HarnessKt", HOME, stubs]
    with (
        tempfile.TemporaryDirectory(prefix="settings-") as folder,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        yield Settings(process, Path(folder))
        assert process.stdin
        process.stdin.close()


def _compiled_stubs() -> Path:
    """Return the stubs and the harness as classes."""
    digest = hashlib.sha256()
    for source in [HERE / "compiler" / "package-lock.json", *SOURCES]:
        digest.update(source.read_bytes())
    jar = KEPT / f"stubs-{digest.hexdigest()[:16]}.jar"
    with (KEPT / "stubs.lock").open("a") as lock:
        # Of several processes of the tests, the first one compiles.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jar.is_file():
            _compile(jar)
    return jar


def _compile(jar: Path) -> None:
    fresh = jar.with_suffix(".new.jar")
    words: list[str | Path] = [
        "-kotlin-home",
        HOME,
        "-cp",
        COMPILER,
        "-d",
        fresh,
        "-Werror",
        *SOURCES,
    ]
    done = subprocess.run(
        ["java", "-cp", COMPILER, "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", *words],
        capture_output=True,
        text=True,
        timeout=LONGEST_COMPILE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for old in set(KEPT.glob("stubs-*.jar")) - {fresh}:
        old.unlink()
    fresh.rename(jar)
