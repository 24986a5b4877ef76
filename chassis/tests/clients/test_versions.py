"""The order of versions, and what is none."""

import itertools

import pytest

from flask_chassis.clients.versions import BadVersionError, parse

IN_ORDER = [
    "v1.5",
    "v1.6.dev1",
    "v1.6a1",
    "v1.6-rc1",
    "v1.6-rc1-3-g2257f9c",
    "v1.6rc2",
    "v1.6",
    "v1.6-1-gabcdef0",
    "v1.6.1",
    "v1.9",
    "v1.10",
    "v2.3",
    "v2.3-17-g2257f9c",
    "v2.3-18-g0000000",
    "v2.3.1",
    "v2.10",
    "v10.0",
]


@pytest.mark.parametrize(("older", "newer"), list(itertools.combinations(IN_ORDER, 2)))
def test_the_older_is_less(older: str, newer: str) -> None:
    assert parse(older) < parse(newer)
    assert parse(newer) > parse(older)
    assert parse(older) != parse(newer)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("v1.6", "1.6"),
        ("v1.6", "v1.6.0"),
        ("v1.6-rc1", "v1.6rc1"),
        ("v1.6", "v1.6-dirty"),
        ("v1.6", "v1.6-0-g2257f9c"),
        ("v1.6-2-g2257f9c", "v1.6-2-g2257f9c-dirty"),
        ("v2", "2.0"),
    ],
)
def test_ways_to_write_it_are_equal(one: str, other: str) -> None:
    assert parse(one) == parse(other)
    assert hash(parse(one)) == hash(parse(other))
    assert not parse(one) < parse(other)


def test_it_is_written_as_it_was() -> None:
    assert str(parse("v2.3-17-g2257f9c")) == "v2.3-17-g2257f9c"
    assert parse("v1.6") != "v1.6"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BAD VERSION",
        "development",
        "latest",
        "2257190",  # a commit that has digits only
        "1a23456",  # a commit that PEP 440 takes for an alpha
        "2257f9c",
        "v",
        "v1.6\n",
        " v1.6",
        "v1.6 ",
        "v1..6",
        "v1.6-rc1-gabc",
        "v1.6-x-g2257f9c",
        "version 1.6",
        "release-1.6",
        "v\u0661.\u0666",
        "v" + "1" * 5000,
        "v1." + "1" * 5000,
        "v1.6-99999999999999-g2257f9c",
    ],
)
def test_what_is_no_version_is_an_error(text: str) -> None:
    with pytest.raises(BadVersionError, match="is not a valid version"):
        parse(text)
