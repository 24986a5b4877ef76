"""Test that the template's hook can import the updates from the wheel alone."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import flask_chassis_tools

PACKAGE = Path(flask_chassis_tools.__file__).parent
SCRIPTS = {"migrator", "renderer"}
"""Run by interpreters of their own; the renderer's has Cookiecutter."""

ALSO = {"lock_versions": {"packaging"}}
"""What a module imports when it runs: its caller has it, and no hook of the template calls it."""

MODULES = sorted(path.stem for path in (PACKAGE / "updates").glob("*.py"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package in a zip file, which is what a wheel is."""
    file = tmp_path_factory.mktemp("wheel") / "flask_chassis_tools-0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(PACKAGE.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(PACKAGE.parent))
    return file


def run(wheel: Path, code: str, *words: str | Path) -> str:
    """Run code that can import the wheel and the standard library, and nothing else."""
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", f"import sys\n{code}"]
    # The first argument is the wheel.
    done = subprocess.run([*command, wheel, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", sorted(set(MODULES) - SCRIPTS - {"__init__"}))
def test_a_module_is_importable_from_the_wheel_alone(wheel: Path, name: str) -> None:
    code = (
        "sys.path.insert(0, sys.argv[1])\n"
        "from importlib import import_module\n"
        "print(import_module(f'flask_chassis_tools.updates.{sys.argv[2]}').__file__)\n"
    )
    printed = run(wheel, code, name).strip()
    assert printed == str(wheel / "flask_chassis_tools" / "updates" / f"{name}.py")


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"renderer"}))
def test_a_module_imports_only_the_standard_library_and_its_neighbours(name: str) -> None:
    tree = ast.parse((PACKAGE / "updates" / f"{name}.py").read_text())
    known = sys.stdlib_module_names | ALSO.get(name, set())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= known
        elif isinstance(node, ast.ImportFrom):
            # At most one dot: `from ..x` would leave the folder of the updates.
            outside = node.level == 0 and node.module is not None
            assert node.level < 2
            assert not outside or str(node.module).split(".")[0] in known


def test_the_package_around_the_updates_imports_nothing() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    assert [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_does_not_look_for_files_beside_itself(name: str) -> None:
    assert "__file__" not in (PACKAGE / "updates" / f"{name}.py").read_text()


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_script_is_copied_out_of_the_wheel(wheel: Path, name: str) -> None:
    code = (
        "sys.path.insert(0, sys.argv[1])\n"
        "from flask_chassis_tools.updates.scripts import script\n"
        "with script(sys.argv[2]) as path:\n"
        "    print(path.read_text(), end='')\n"
        "assert not path.exists(), path\n"
    )
    written = (PACKAGE / "updates" / f"{name}.py").read_text()
    assert run(wheel, code, f"{name}.py") == written


def test_the_steps_of_a_template_run_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    step = tmp_path / "v1.0.0.py"
    step.write_text("def answers(answers):\n    return {'new': answers['old']}\n")
    code = (
        "sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from flask_chassis_tools.updates import migrations\n"
        "step = Path(sys.argv[2])\n"
        "print(migrations.map_answers(Path(sys.executable), [step], {'old': '1'}))\n"
    )
    assert run(wheel, code, step).strip() == "{'new': '1'}"
