"""The questions are few and explained, follow from each other, and take any text as it is."""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cookiecutter.exceptions import UndefinedVariableInTemplate
from jinja2 import TemplateSyntaxError
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
QUESTIONS: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
PUBLIC = [question for question in QUESTIONS if not question.startswith("_")]

Render = Callable[..., Path]
Command = Callable[..., subprocess.CompletedProcess[str]]

TEXTS = [
    'say "hi"',
    "it's",
    '"',
    "'",
    "'''",
    '"""',
    '""" + "',
    "'''); import os; os._exit(3) #",
    "\\",
    "C:\\new\\table\\\\",
    '\\"',
    "\\N{BULLET} \\u0041 \\x41 \\$",
    "\\| and |",
    "{{",
    "}}",
    "{{ cookiecutter.port }}",
    "{% raw %}",
    "{% endraw %}",
    "{%- for",
    "{# not a comment",
    "${HOME} $x $$ ${{ secrets.X }}",
    "100% %d %(x)s %x% %%",
    "# heading #",
    "C# and F #",
    "key: value",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "2) item",
    "1986. A year",
    "> quote",
    "= = =",
    "---",
    "===",
    "~~~",
    "```",
    "*a* **b** _c_ __d__ `e` ~~f~~",
    "<b>bold</b> <!-- --> <https://acme.example> < > <a@b.c>",
    "&amp; &lt; &#65; &copy R&D",
    "[a](b) ![c](d) [e]: f [^1]",
    "!tag &anchor *alias @at ?",
    "null",
    "yes",
    "1.0",
    "0x10",
    "[]",
    "{}",
    "a  b   c",
    "Größe, naïve, 中文, العربية, no\u00a0break",
    "🚀 👨‍👩‍👧‍👦 \U0001d4b3",
    "e\u0301 zero\u200dwidth",
    "x" * 200,
    "🚀" * 200,
]


def as_template(text: str) -> str:
    """Write a text so that it comes out as it is where answers are rendered as templates."""
    return text.replace("{", "{{ '{' }}")


def kotlin_value(literal: str) -> str:
    """Read a Kotlin string, in which a bare quote or dollar sign would mean something else."""
    content = re.fullmatch(r'"((?:[^"\\$]|\\[\\"$])*)"', literal)
    assert content, literal
    return re.sub(r"\\(.)", r"\1", content[1])


def markdown_texts(source: str) -> list[str]:
    """Render Markdown with GitHub's tables and strikethrough, and expect nothing but text in it."""
    texts = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source):
        assert token.type not in {"hr", "html_block", "fence", "code_block"}
        if token.type == "inline":
            assert {child.type for child in token.children or []} <= {"text"}
            texts.append("".join(child.content for child in token.children or []))
    return texts


@pytest.fixture(params=TEXTS, ids=lambda text: ascii(text[:30]))
def text(request: pytest.FixtureRequest) -> str:
    """Go through the texts that have broken something somewhere."""
    chosen: str = request.param
    return chosen


def test_a_text_means_itself_in_every_language(render: Render, text: str) -> None:
    """TOML, YAML, Python, Kotlin and Markdown all give back what was answered."""
    given = as_template(text)
    service = render(project_slug="texts", project_name=given, description=given, team=given)
    file = {path.suffix[1:]: path.read_text("utf-8") for path in service.glob("texts.*")}

    answers = {"project_name": text, "description": text, "team": text}
    assert tomllib.loads(file["toml"]) == answers
    assert yaml.safe_load(file["yaml"]) == answers
    assert ast.literal_eval(file["py"]) == (text, text, text)
    literals = [line.partition(" = ")[2] for line in file["kts"].splitlines()]
    assert [kotlin_value(literal) for literal in literals] == [text, text]
    sentence = f"Team: {text} owns it."
    assert markdown_texts(file["md"]) == [text, text, text, sentence, "cell", text]

    author = tomllib.loads((service / "pyproject.toml").read_text("utf-8"))["project"]["authors"][0]
    assert author["name"] == text.replace("<", "(").replace(">", ")")


def test_an_ordinary_text_is_written_plainly(render: Render) -> None:
    """Whoever reads the Markdown itself does not stumble over signs that nobody needs."""
    plain = "Thoughts, 2 of them (all good): 100% free - 1.5 times; that's it!"
    service = render(description=plain)
    assert plain in (service / "texts.md").read_text("utf-8")


def test_every_question_has_a_prompt() -> None:
    """Nobody is asked for a variable's name, and no prompt outlives its question."""
    prompts = QUESTIONS["__prompts__"]
    assert list(prompts) == PUBLIC
    for question, prompt in prompts.items():
        if isinstance(prompt, dict):
            assert set(prompt) == {"__prompt__", *QUESTIONS[question]}


@pytest.fixture
def answered(render: Render, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Render with some answers and give all answers, the ones that followed included."""

    def answered(**given: str) -> dict[str, str]:
        render(**given)
        replay = json.loads((tmp_path / "replay/template.json").read_text(encoding="utf-8"))
        answers: dict[str, str] = replay["cookiecutter"]
        return answers

    return answered


@pytest.mark.parametrize(
    ("given", "followed"),
    [
        (
            {},
            {
                "project_slug": "thoughts-backend",
                "package_name": "thoughts_backend",
                "description": "Thoughts Backend, a Flask microservice",
                "domain": "acme.example",
                "team": "Thoughts Backend team",
                "email": "thoughts-backend-team@acme.example",
                "kind": "resource",
                "resource_name": "thought",
                "resource_plural": "thoughts",
                "database_name": "thoughts_backend",
                "port": "8080",
                "python_version": "3.13",
                "internal_index": "",
                "public_index": "",
                "image_registry": "registry.acme.example",
                "ci_system": "teamcity",
                "docs_url": "https://docs.acme.example/flask-microservice-template",
                "__resource_article": "a",
                "__resource_class": "Thought",
                "__environment_prefix": "THOUGHTS_BACKEND",
                "__metrics_port": "8081",
            },
        ),
        (
            {"project_name": "Blog", "organisation": "big-corp", "resource_name": "blog_post"},
            {
                "project_slug": "blog",
                "package_name": "blog",
                "description": "Blog, a Flask microservice",
                "domain": "big-corp.example",
                "team": "Blog team",
                "email": "blog-team@big-corp.example",
                "resource_plural": "blog_posts",
                "database_name": "blog",
                "image_registry": "registry.big-corp.example",
                "__resource_class": "BlogPost",
            },
        ),
        ({"project_slug": "my-blog"}, {"package_name": "my_blog", "database_name": "my_blog"}),
        ({"package_name": "blog"}, {"database_name": "blog", "__environment_prefix": "BLOG"}),
        (
            {"domain": "a.b"},
            {"email": "thoughts-backend-team@a.b", "image_registry": "registry.a.b"},
        ),
        ({"team": "Ops"}, {"email": "ops@acme.example"}),
        ({"port": "65535"}, {"__metrics_port": "65534"}),
    ],
)
def test_defaults_follow_from_earlier_answers(
    answered: Callable[..., dict[str, str]], given: dict[str, str], followed: dict[str, str]
) -> None:
    """Few questions need an answer, as most answers are a form of an earlier one."""
    assert followed.items() <= answered(**given).items()


@pytest.mark.parametrize(
    ("project_name", "slug"),
    [
        ("3D Printer", "d-printer"),
        ("2048", "service"),
        ("🚀", "service"),
        ("Größe & Maß", "grosse-mass"),
        ('Bob\'s "Blog"', "bob-s-blog"),
        ("x" * 200, "x" * 40),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_every_name_gives_a_slug(
    answered: Callable[..., dict[str, str]], project_name: str, slug: str
) -> None:
    """A name that is legal never leads to a default that is refused for its form."""
    assert answered(project_name=project_name)["project_slug"] == slug


@pytest.mark.parametrize("text", ["{{ cookiecutter.port }} {% x", "'''\"\"\" \\ # : %"])
def test_what_is_typed_is_taken_as_it_is(
    command: Command, template: Path, output: Path, text: str
) -> None:
    """At the prompts a text that looks like a template is a text."""
    answers = {"project_name": text, "project_slug": "typed", "team": text, "description": text}
    typed = "".join(answers.get(question, "") + "\n" for question in PUBLIC)
    command("cookiecutter", str(template), "--default-config", typed=typed).check_returncode()
    texts = tomllib.loads((output / "typed/texts.toml").read_text("utf-8"))
    assert set(texts.values()) == {text}


@pytest.mark.parametrize("given", ["{{ '{{' }} x }}", "{% raw %}{{ x }}{% endraw %}"])
def test_braces_can_be_given_without_prompts(render: Render, given: str) -> None:
    """Cookiecutter renders these answers before any hook, so braces are written as a template."""
    service = render(description=given)
    assert tomllib.loads((service / "texts.toml").read_text("utf-8"))["description"] == "{{ x }}"


def test_bare_braces_without_prompts_stop_cookiecutter(render: Render, output: Path) -> None:
    """What Cookiecutter makes of them is its own; nothing is written when it cannot."""
    with pytest.raises(TemplateSyntaxError):
        render(description="{{ x")
    with pytest.raises(UndefinedVariableInTemplate):
        render(description="{{ x }}")
    assert list(output.iterdir()) == []


def test_a_choice_that_is_not_offered_is_refused(render: Render, output: Path) -> None:
    """Cookiecutter itself checks the questions with choices, and names them."""
    for question in (name for name in PUBLIC if isinstance(QUESTIONS[name], list)):
        with pytest.raises(ValueError, match=question):
            render(**{question: "other"})
    assert list(output.iterdir()) == []
