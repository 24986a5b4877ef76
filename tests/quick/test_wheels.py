"""The wheels that services carry are what the sources of chassis and tools give, byte for byte."""

import importlib
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from invoke import Context, Exit

wheels = importlib.import_module("tasks.wheels")  # `tasks.wheels` itself is the task


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Copies of the sources, as another checkout at another time has them, and used already."""
    folder = tmp_path_factory.mktemp("sources")
    found = {}
    for name, original in wheels.PACKAGES.items():
        found[name] = Path(shutil.copytree(wheels.ROOT / original, folder / original.name))
        for path in found[name].rglob("*"):
            os.utime(path, (0, 1_000_000_000))
            path.chmod(0o700)
        [package] = [path.parent for path in found[name].glob("src/*/__init__.py")]
        (package / "__pycache__").mkdir(exist_ok=True)
        (package / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"x")
    return found


def check() -> None:
    wheels.wheels(Context(), check=True)


def test_the_wheels_are_what_the_sources_give() -> None:
    """If they are not: ./invoke wheels."""
    check()


def test_another_checkout_gives_the_same_wheels(
    sources: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither times nor modes nor what Python leaves behind are in them."""
    monkeypatch.setattr(wheels, "PACKAGES", sources)
    check()


def test_a_change_of_a_source_is_seen(
    sources: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "PACKAGES", sources)
    with (sources["flask-chassis"] / "src" / "flask_chassis" / "project.py").open("a") as file:
        file.write("\n# planted\n")
    with pytest.raises(Exit, match="are not what chassis/ and tools/ give"):
        check()


def test_another_hash_in_a_lock_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built = {path.name: path for path in wheels.VENDOR.iterdir()}
    monkeypatch.setattr(wheels, "build", lambda into: built)
    check()
    lock = tmp_path / "poetry.lock"
    [original, *_] = [path for path in wheels.naming() if path.name == "poetry.lock"]
    [chassis] = [name for name in built if name.startswith("flask_chassis-")]
    text = original.read_text("utf-8")
    begin = f'{{file = "{chassis}", hash = "sha256:'
    assert begin in text
    lock.write_text(text.replace(begin, f"{begin}0"), "utf-8")
    monkeypatch.setattr(wheels, "naming", lambda: [lock])
    monkeypatch.setattr(wheels, "ROOT", tmp_path)
    with pytest.raises(Exit, match=r"poetry\.lock has other names or hashes of the wheels"):
        check()


def test_the_wheels_have_the_code_and_its_data_and_no_tests() -> None:
    for name, folder in wheels.PACKAGES.items():
        [wheel] = wheels.VENDOR.glob(f"{name.replace('-', '_')}-[0-9]*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        source = wheels.ROOT / folder / "src"
        wanted = {
            path.relative_to(source).as_posix()
            for path in source.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert {each for each in names if ".dist-info/" not in each} == wanted
        assert any(each.endswith("/py.typed") for each in names)
