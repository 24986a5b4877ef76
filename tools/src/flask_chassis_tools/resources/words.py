"""Names that a resource, a field or a child cannot have, and how words become names."""

import builtins
import keyword
import re

from flask_chassis.db.base import Base
from pydantic import BaseModel

from .faults import ResourceError

LONGEST_NAME = 30
LONGEST_PLURAL = 32
LONGEST_FIELD = 24


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PYTHON_WORDS = frozenset((*keyword.kwlist, *keyword.softkwlist, "type"))

# PostgreSQL's reserved key words, and the commonest of those that only the SQL standard reserves.
# The template's hooks/pre_gen_project.py has the same three lists; a test compares them.
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

NAMES_IN_CODE = _words("""
    alembic_version api app base big_integer column date_time datetime error identity index integer
    forbidden invalid listing mapped namespace not_found omittable page_request request resource
    response schema session string text timestamp username utc_datetime
    """)

MODULES_AND_ROUTES = _words("""
    admin administration api app clients conftest domain health infra me metrics migrations models
    seeds static openapi swagger swagger_ui swaggerui tasks tests wsgi
    """)

# Further names that stand in the code that resource.add writes.
NAMES_IN_NEW_CODE = _words("""
    any bearer boolean caller choice client created currency date decimal details enum field
    foreign_key http_url index invoice_id money no_content numeric ok operation page
    precondition_failed public queries routes schemas short_text sort str_enum token_required
    url_for uuid
    """)

# What the columns of every table are called, and the query parameters of every list.
FIELDS_OF_ALL = _words("id revision")
FIELDS_OF_OWNED = _words("timestamp username")
PARAMETERS_OF_LISTS = _words("after count limit sort")
TYPES_IN_CODE = _words("bool date datetime int list str")

# What models call in the bodies of their classes, where an attribute of the name would stand in
# its place; and the parameter of their constructor that is not a field.
CALLED_IN_MODELS = _words("choice func mapped_column relationship")
PARAMETER_OF_MODELS = _words("self")

# Columns that PostgreSQL gives every table, and the beginning of the names of its own tables.
SYSTEM_COLUMNS = _words("cmax cmin ctid tableoid xmax xmin")
SYSTEM_TABLES = "pg_"


def require_word(what: str, word: str, longest: int) -> None:
    """Raise ResourceError unless a word can name variables, classes, tables and routes."""
    if len(word) > longest or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", word):
        raise ResourceError(
            f"{what} {word!r} must be at most {longest} lower-case letters and digits, first a "
            "letter, with single underscores between words."
        )


def require_noun(what: str, word: str, longest: int = LONGEST_NAME) -> None:
    """Raise ResourceError unless a word can be the name of a resource."""
    require_word(what, word, longest)
    reserved = {
        "a word of Python": {word, class_name(word)} & {*PYTHON_WORDS, *dir(builtins)},
        "a reserved word of SQL": word in SQL_WORDS,
        "a name in the service's code": is_in_code(class_name(word)),
        f"a name of PostgreSQL, as all that begin with {SYSTEM_TABLES}": word.startswith(
            SYSTEM_TABLES
        ),
    }
    for reason, applies in reserved.items():
        if applies:
            raise ResourceError(f"{what} {word!r} is {reason}: use another, such as {word}_item.")


def require_plural(word: str, singular: str) -> None:
    """Raise ResourceError unless a word can name the table, the package and the route."""
    if word == singular:
        raise ResourceError(
            f"The plural {word!r} must differ from the name: use another, such as {word}_list."
        )
    if word in MODULES_AND_ROUTES:
        raise ResourceError(
            f"The plural {word!r} is a module or route of the service: use --plural, such as "
            f"--plural={word}_items."
        )
    require_noun("The plural", word, LONGEST_PLURAL)


def require_field(what: str, word: str, *, is_owned: bool) -> None:
    """Raise ResourceError unless a word can be the name of a field."""
    require_word(what, word, LONGEST_FIELD)
    taken = FIELDS_OF_ALL | (FIELDS_OF_OWNED if is_owned else frozenset())
    bases = {name for each in (Base, BaseModel) for name in dir(each)}
    schemas = {"apply_to", "columns", "of"}
    reserved = {
        "a word of Python": word in PYTHON_WORDS - {"type", "match", "case"},
        "a reserved word of SQL": word in SQL_WORDS,
        "a field that every resource has": word in taken,
        "an attribute of all models and schemas": word in bases | schemas,
        "the name of a type in the service's code": word in TYPES_IN_CODE,
        "a name in the code of models": word in CALLED_IN_MODELS | PARAMETER_OF_MODELS,
        "a column of PostgreSQL's own": word in SYSTEM_COLUMNS,
    }
    if word.startswith("model_"):
        reserved["the beginning of names of Pydantic"] = True
    for reason, applies in reserved.items():
        if applies:
            raise ResourceError(f"{what} {word!r} is {reason}: use another, such as its_{word}.")


def is_in_code(name: str) -> bool:
    """Return whether the service's code has a class or a variable of a name: `ShortText`."""
    return name in {class_name(each) for each in NAMES_IN_CODE | NAMES_IN_NEW_CODE}


def class_name(word: str) -> str:
    """Return `BlogPost` for `blog_post`."""
    return "".join(part.capitalize() for part in word.split("_"))


def words_of(name: str) -> str:
    """Return `blog post` for `blog_post`."""
    return name.replace("_", " ")


def plural_of(name: str) -> str:
    """Return the plural of a regular noun: `boxes` for `box`, `entries` for `entry`."""
    if re.search(r"(s|x|z|ch|sh)$", name):
        return f"{name}es"
    if re.search(r"[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name}s"


def singular_of(name: str) -> str:
    """Return the singular of a regular plural: `box` for `boxes`; else the name itself."""
    for ending, replacement in (("ies", "y"), ("es", ""), ("s", "")):
        singular = name.removesuffix(ending) + replacement
        if name.endswith(ending) and singular and plural_of(singular) == name:
            return singular
    return name


def article(words: str) -> str:
    """Return `an invoice` for `invoice`, `a thought` for `thought`."""
    sounds_like_a_consonant = re.match(r"(uni|use|usa|eu|one)", words)
    vowel = words[0] in "aeiou" and not sounds_like_a_consonant
    return f"{'an' if vowel else 'a'} {words}"
