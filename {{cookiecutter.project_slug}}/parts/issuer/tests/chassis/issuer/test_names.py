"""What a name may be, and which names are the same."""

import pytest

from {{ cookiecutter.package_name }}.chassis import names

GOOD = [
    "a",
    "x" * 50,
    "Ada Lovelace",
    "d'Artagnan",
    "O\u2019Brien",
    "j.r.r. tolkien",
    "Ünïcödé",
    "李小龙",
    "ﷺ" * 50,
    "🎈",
    "❤️",
    "'; DROP TABLE users; --",
    "<script>",
]
BAD = {
    "": "1 to 50",
    "x" * 51: "1 to 50",
    " ada": "space around",
    "ada ": "space around",
    " ": "space around",
    "ada\nroot": "cannot be printed",
    "ada\0": "cannot be printed",
    "ada\u00a0l": "cannot be printed",
    "\u202eada": "cannot be printed",
    "a\u200bda": "cannot be printed",
    "\ud800": "cannot be printed",
    "\u3164": "cannot be seen",
}
SAME = [
    ("Ada", "aDA"),
    ("ada l", " ada  l "),
    ("STRASSE", "straße"),
    ("É", "e\u0301"),
    ("ada", "\uff41\uff44\uff41"),
    ("ﬁona", "FIONA"),
    ("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"),
    ("ada", "ada\u3164"),
    ("❤", "❤\ufe0f"),
]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_is_nearly_any_short_text(name: str) -> None:
    assert names.fault_in(name) is None
    assert names.key_of(name)


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_cannot_be_is_told_why(name: str) -> None:
    assert BAD[name] in str(names.fault_in(name))


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_that_look_alike_are_the_same(one: str, other: str) -> None:
    assert names.key_of(one) == names.key_of(other)


@pytest.mark.parametrize(("one", "other"), [("ada", "ade"), ("a b", "ab"), ("a.b", "ab")])
def test_names_that_do_not_are_not(one: str, other: str) -> None:
    assert names.key_of(one) != names.key_of(other)


@pytest.mark.parametrize("name", [*GOOD, *(name for pair in SAME for name in pair)])
def test_a_key_is_its_own_key(name: str) -> None:
    assert names.key_of(names.key_of(name)) == names.key_of(name)
