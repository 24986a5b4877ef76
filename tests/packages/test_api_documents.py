"""The openapi.json of a rendered service is the document of its code, whatever the answers."""

import sys
from pathlib import Path

import pytest
from invoke import Exit

from tasks.api_documents import KINDS, as_template, of_code, template_of, written
from tasks.packages import environment
from tasks.render import render

HOSTILE = "\"Quoted\" \\ 'it''s' # not: a {x} % $HOME <b>&amp;</b> ünïcödé 🎈 '''"

ANSWERS = [
    {},
    {"project_name": HOSTILE, "description": HOSTILE, "email": "a.b+c@acme.example"},
    {
        "resource_name": "purchase_order_confirmation_id",
        "resource_plural": "purchase_order_confirmation_ids",
    },
    # These come before and after the other keys of the document.
    {"resource_name": "action", "resource_plural": "actions"},
    {"resource_name": "zebra", "resource_plural": "zebras"},
    # Where a word of the class's name begins is not always plain.
    {"resource_name": "z", "resource_plural": "zz"},
    {"resource_name": "a_b_c", "resource_plural": "a_b_cs"},
    {"resource_name": "a_book_b2b", "resource_plural": "a_books_b2b"},
    {"resource_name": "x_1_y2_z", "resource_plural": "x_1_y2_zs"},
]

NEEDS = {"project_slug": "rendered", "package_name": "rendered", "team": "Team"}


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment with both packages: one, as documents are alike in all."""
    made = environment("{}.{}".format(*sys.version_info), Path(sys.executable))
    return made / "bin" / "python"


@pytest.mark.parametrize("kind", KINDS)
def test_the_template_is_what_the_code_gives(kind: str, python: Path) -> None:
    """If it is not: ./invoke api-documents."""
    assert template_of(kind).read_text("utf-8") == written(kind, python)


@pytest.mark.parametrize("answers", ANSWERS, ids=lambda answers: " ".join(answers.values())[:30])
def test_a_rendered_document_is_that_of_the_code(
    answers: dict[str, str], python: Path, tmp_path: Path
) -> None:
    kinds = KINDS if "resource_name" not in answers else ("resource",)
    for kind in kinds:
        service = render(tmp_path / kind, NEEDS | answers | {"kind": kind})
        text = (service / "openapi.json").read_text("utf-8")
        assert text == of_code(service, python)


def test_a_frontend_has_no_document(tmp_path: Path) -> None:
    service = render(tmp_path, NEEDS | {"kind": "frontend"})
    assert not (service / "openapi.json").exists()


def test_what_jinja_would_read_and_placeholders_without_an_expression_are_refused() -> None:
    with pytest.raises(Exit, match="which Jinja reads"):
        as_template('{"description": "{{ x }}"}\n')
    with pytest.raises(Exit, match=r"A placeholder is left: .*placeholder-x"):
        as_template('{"description": "placeholder-x"}\n')
