"""What a name may be, and which names are the same."""

import pytest

from flask_chassis.issuer import usernames

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
    " ada": "begin or end with a space",
    "ada ": "begin or end with a space",
    " ": "begin or end with a space",
    "ada\nroot": "non-printable",
    "ada\0": "non-printable",
    "ada\u00a0l": "non-printable",
    "\u202eada": "non-printable",
    "a\u200bda": "non-printable",
    "\ud800": "non-printable",
    "\u3164": "visible characters",
    "\u2800": "visible characters",
    "ada\u2800": "visible characters",
    "ada\U0001d159": "visible characters",
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


LOOK_ALIKE = [
    ("paypal", "\u0440\u0430\u0443\u0440\u0430l"),  # in Cyrillic
    ("ada", "\u0430da"),
    ("Ada", "\u0410da"),
    ("coco", "\u0441\u043e\u0441\u043e"),
    ("omikron", "\u03bfmikr\u03bfn"),  # in Greek
    ("Alice", "AIice"),  # with a capital i
    ("Alice", "A1ice"),
    ("bob", "b0b"),
    ("burn", "bum"),
    ("Ada L", "ada  l"),
    ("ada", "a\u0501a"),  # the d of Komi
    ("ada", "\U0001d41a\U0001d41d\U0001d41a"),  # in bold
    ("m\u00fcller", "mu\u0308ller"),
    ("ada", "ada\u3164"),
]
LOOK_DIFFERENT = [
    ("ada", "ade"),
    ("lia", "ila"),
    ("hanna", "nanna"),
    ("müller", "muller"),
    ("anna", "ana"),
    ("ada l", "adal"),
    ("李小龙", "李小玉"),
    ("user 1", "user 2"),
    ("Игорь", "Егорь"),
]


@pytest.mark.parametrize(("one", "other"), LOOK_ALIKE)
def test_names_that_look_alike_have_one_skeleton(one: str, other: str) -> None:
    assert usernames.skeleton_of(one) == usernames.skeleton_of(other)


@pytest.mark.parametrize(("one", "other"), LOOK_DIFFERENT)
def test_names_that_look_different_have_two(one: str, other: str) -> None:
    assert usernames.skeleton_of(one) != usernames.skeleton_of(other)


def test_a_skeleton_fits_into_an_index() -> None:
    """PostgreSQL's have room for 2,700 bytes."""
    one_by_one = (
        len(usernames.skeleton_of(character).encode()) * usernames.LONGEST_NAME
        for character in map(chr, range(0x110000))
        if character.isprintable()
    )
    assert 1_000 < max(one_by_one) < 2_700


@pytest.mark.parametrize("name", GOOD)
def test_a_name_is_nearly_any_short_text(name: str) -> None:
    assert usernames.fault_in(name) is None
    assert usernames.key_of(name)


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_cannot_be_is_told_why(name: str) -> None:
    assert BAD[name] in str(usernames.fault_in(name))


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_that_differ_in_case_and_encoding_are_the_same(one: str, other: str) -> None:
    assert usernames.key_of(one) == usernames.key_of(other)


@pytest.mark.parametrize(("one", "other"), [("ada", "ade"), ("a b", "ab"), ("a.b", "ab")])
def test_names_that_do_not_are_not(one: str, other: str) -> None:
    assert usernames.key_of(one) != usernames.key_of(other)


@pytest.mark.parametrize("name", [*GOOD, *(name for pair in SAME for name in pair)])
def test_a_key_is_its_own_key(name: str) -> None:
    assert usernames.key_of(usernames.key_of(name)) == usernames.key_of(name)
