"""What the options of resource.add are understood as, and what is refused."""

import pytest

from flask_chassis_tools.resources import fields, spec, words
from flask_chassis_tools.resources.faults import ResourceError


@pytest.mark.parametrize(
    ("text", "annotation", "column"),
    [
        ("number:str:20:unique", "str", "String(20), unique=True"),
        ("name:str", "str", "String(200)"),
        ("note:text:optional", "str | None", "Text"),
        ("count:int:sort", "int", ""),
        ("rate:decimal", "Decimal", "Numeric(14, 4)"),
        ("price:money", "Decimal", "Numeric(14, 2)"),
        ("at:datetime", "datetime", ""),
        ("state:enum:in-progress,done", "BillState", 'choice(BillState, "state")'),
    ],
)
def test_a_field_becomes_a_column(text: str, annotation: str, column: str) -> None:
    field = fields.read(text, "Bill")
    assert (field.annotation, field.column) == (annotation, column)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("number", "The field number has the type ''. Types are str, text"),
        ("number:string", "has the type 'string'. Types are str, text"),
        ("number:str:long", "has the modifier 'long'. Modifiers are unique"),
        ("number:str:0", "has the length 0: a str has 1 to 500"),
        ("number:str:501", "has the length 501"),
        ("number:text:unique", "cannot be unique: fields of the type text can be"),
        ("number:int:search", "cannot be search"),
        ("due:date:optional:sort", "cannot be both optional and sort"),
        ("state:enum", "has the choice ''"),
        ("state:enum:one", "needs at least two different choices"),
        ("state:enum:a-b,a_b", "needs at least two different choices"),
        ("state:enum:Draft,sent", "has the choice 'Draft'"),
        ("id:int", "'id' is a field that every resource has"),
        ("revision:int", "'revision' is a field that every resource has"),
        ("metadata:text", "'metadata' is an attribute of all models and schemas"),
        ("model_name:text", "'model_name' is the beginning of names of Pydantic"),
        ("class:text", "'class' is a word of Python"),
        ("order:text", "'order' is a reserved word of SQL"),
        ("date:date", "'date' is the name of a type"),
        ("Name:text", "must be at most 24 lower-case letters"),
        ("a__b:text", "with single underscores"),
        ("x" * 25 + ":text", "must be at most 24"),
        (":text", "must be at most 24"),
    ],
)
def test_a_wrong_field_is_refused(text: str, said: str) -> None:
    with pytest.raises(ResourceError) as failed:
        fields.read(text, "Bill")
    assert said in str(failed.value)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("class", {}, "'class' is a word of Python"),
        ("list", {}, "'list' is a word of Python"),
        ("select", {}, "'select' is a reserved word of SQL"),
        ("namespace", {}, "'namespace' is a name in the service's code"),
        ("Invoice", {}, "must be at most 30 lower-case letters"),
        ("x" * 31, {}, "must be at most 30"),
        ("metric", {}, "'metrics' is a module or route of the service"),
        ("sheep", {"plural": "sheep"}, "must differ from the name"),
        ("bill", {"texts": []}, "has no fields. Add --field."),
        ("bill", {"texts": ["a:int", "a:text"]}, "The field a is given twice"),
        ("bill", {"reader": "nobody"}, "--read=nobody is not known"),
        ("bill", {"scope": "a b"}, "is not a scope"),
        ("bill", {"is_owned": True, "has_many": "item"}, "--owned goes without --has-many"),
        ("bill", {"is_owned": True, "texts": ["username:str"]}, "that every resource has"),
        ("bill", {"child_texts": ["a:int"]}, "--item-field needs --has-many"),
        ("bill", {"has_many": "item"}, "items have no fields"),
        ("bill", {"has_many": "item:a:str:unique"}, "of a child cannot be unique"),
        ("bill", {"has_many": "item:bill_id:int"}, "leads to its bill"),
        ("bill", {"texts": ["items:int"], "has_many": "item:a:int"}, "a field and a child"),
        ("bill", {"texts": ["details:enum:a,b"]}, "BillDetails would be there twice"),
        ("bill", {"texts": ["item:enum:a,b"], "has_many": "item:a:int"}, "there twice"),
        ("bill", {"texts": ["due:date", "due_from:bool"]}, "two parameters due_from"),
        ("bill", {"texts": ["limit_:int"]}, "single underscores"),
    ],
)
def test_a_wrong_resource_is_refused(name: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(ResourceError) as failed:
        spec.read(name, **({"texts": ["text:text"]} | options))  # type: ignore[arg-type]
    assert said in str(failed.value)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    ("name", "plural"),
    [("invoice", "invoices"), ("entry", "entries"), ("box", "boxes"), ("day", "days")],
)
def test_regular_nouns_have_a_plural(name: str, plural: str) -> None:
    assert words.plural_of(name) == plural
    assert words.singular_of(plural) == words.singular_of(name) == name


@pytest.mark.parametrize("given", ["item", "items"])
def test_a_child_is_named_in_singular_or_plural(given: str) -> None:
    child = spec.read("bill", ["a:int"], has_many=f"{given}:name:str").child
    assert child is not None
    assert (child.class_name, child.table) == ("BillItem", "bill_items")


def test_articles_follow_the_sound() -> None:
    assert [words.article(each) for each in ("invoice", "unit", "bill")] == [
        "an invoice",
        "a unit",
        "a bill",
    ]
