"""The openapi.json of a rendered service is the document of its code, whatever the answers.

The clients of the frontend are those of the services that it calls, whatever these are called.
"""

import json
import sys
from pathlib import Path

import pytest
from invoke import Exit

from tasks.api_documents import (
    CLIENTS,
    KINDS,
    PLACEHOLDERS,
    as_template,
    as_templates,
    clients,
    documents,
    files_in,
    of_code,
    template_of,
    written,
)
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


FIX = "is not what the code gives: ./invoke api-documents writes it"


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment with both packages: one, as documents are alike in all."""
    made = environment("{}.{}".format(*sys.version_info), Path(sys.executable))
    return made / "bin" / "python"


@pytest.mark.parametrize("kind", KINDS)
def test_the_template_is_what_the_code_gives(kind: str, python: Path) -> None:
    assert template_of(kind).read_text("utf-8") == written(kind, python), f"{kind}'s document {FIX}"


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


def outdated(generated: dict[str, str]) -> list[str]:
    """Return the files of the template's clients that are not what is generated."""
    there = files_in(CLIENTS)
    names = sorted({*there, *generated})
    return [name for name in names if there.get(name) != generated.get(name)]


def test_the_clients_of_the_frontend_are_those_of_what_it_calls(python: Path) -> None:
    found = outdated(as_templates(clients(documents(PLACEHOLDERS), python)))
    assert found == [], f"clients/ of the frontend ({', '.join(found)}) {FIX}"


def test_a_client_of_a_changed_example_is_outdated(python: Path, tmp_path: Path) -> None:
    found = documents(PLACEHOLDERS)
    document = json.loads(found["users"].read_text("utf-8"))
    schema = document["components"]["schemas"]["LoggedIn"]
    schema["properties"]["until"] = {"type": "string", "format": "date-time"}
    changed = tmp_path / "users.json"
    changed.write_text(json.dumps(document), "utf-8")
    generated = as_templates(clients(found | {"users": changed}, python))
    assert outdated(generated) == ["users/models.py", "users/openapi.json"]


@pytest.mark.parametrize(
    "answers",
    [{}, {"organisation": "globex", "package_name": "pages_1"}, *ANSWERS[3:5], ANSWERS[-2]],
    ids=lambda answers: " ".join(answers.values()),
)
def test_the_clients_of_a_rendered_frontend_are_what_is_generated_of_its_services(
    answers: dict[str, str], python: Path, tmp_path: Path
) -> None:
    """Whatever the resource is called: names are in the documents, and in order."""
    service = render(tmp_path, NEEDS | answers | {"kind": "frontend"})
    [app] = service.glob("*/app.py")
    called = {key: each for key, each in answers.items() if key.startswith("resource_")}
    rendered = files_in(app.parent / "clients")
    generated = clients(documents(called), python)
    assert rendered.keys() == generated.keys()
    for name, text in rendered.items():
        assert "acme" not in text
        if name.endswith(".json"):
            # What the service is called, and what it does, the frontend is not told.
            documents_of_it = [json.loads(each) for each in (text, generated[name])]
            for each in documents_of_it:
                each["info"].pop("title")
                each["info"].pop("description")
            assert documents_of_it[0] == documents_of_it[1], name
        else:
            assert text == generated[name], name


def test_a_client_that_jinja_would_read_is_refused(python: Path, tmp_path: Path) -> None:
    found = documents({})
    braced = tmp_path / "thoughts.json"
    text = found["thoughts"].read_text("utf-8")
    braced.write_text(text.replace("Who wrote it", "Who wrote {{ it }}"), "utf-8")
    with pytest.raises(Exit, match="which Jinja reads"):
        clients(found | {"thoughts": braced}, python)


def test_what_jinja_would_read_and_placeholders_without_an_expression_are_refused() -> None:
    with pytest.raises(Exit, match="which Jinja reads"):
        as_template('{"description": "{{ x }}"}\n')
    with pytest.raises(Exit, match=r"A placeholder is left: .*placeholder-x"):
        as_template('{"description": "placeholder-x"}\n')
