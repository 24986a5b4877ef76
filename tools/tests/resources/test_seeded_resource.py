"""The seeded example is what resource.add writes, byte for byte."""

from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter

from flask_chassis_tools.resources import adding, removing, spec, words

from ..services import ROOT


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of each file, by its name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".ruff_cache" not in path.parts
    }


@pytest.mark.parametrize(
    "name", ["thought", "order_item", "purchase_order_confirmation_id", "a1", "item2b", "unit"]
)
def test_the_seeded_example_is_what_resource_add_writes(name: str, tmp_path: Path) -> None:
    plural = f"{name}s"
    answers = {"project_name": "Seeded", "resource_name": name, "resource_plural": plural}
    options = {"no_input": True, "default_config": True}
    service = Path(
        cookiecutter(str(ROOT), extra_context=answers, output_dir=str(tmp_path), **options)
    )
    before = contents(service)
    removing.remove(plural, "seeded", service, drop=False, force=True)
    assert not (service / "seeded" / plural).exists()
    added = spec.read(name, ["text:text:search"], plural=plural, is_owned=True)
    adding.add(added, "seeded", service)
    assert contents(service) == before


def test_the_reserved_names_are_those_of_the_hook() -> None:
    hook = (ROOT / "hooks" / "pre_gen_project.py").read_text("utf-8")
    for listed in ("SQL_WORDS", "NAMES_IN_CODE", "MODULES_AND_ROUTES"):
        text = hook.partition(f'\n{listed} = _words("""')[2].partition('"""')[0]
        assert frozenset(text.split()) == getattr(words, listed)
