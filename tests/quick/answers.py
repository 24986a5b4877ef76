"""Answers to render with: all pairs of them, and the extremes."""

from collections.abc import Iterator

from allpairspy import AllPairs

CHOICES = {
    "kind": ["resource", "issuer", "frontend"],
    "ci_system": ["teamcity", "github", "gitlab", "none"],
    "python_version": ["3.11", "3.12", "3.13"],
    "internal_index": ["", "https://packages.acme.example/internal/simple/"],
    "public_index": ["", "https://packages.acme.example/public/simple"],
    "organisation": ["acme", "a-firm-of-20-letters"],
    "project_slug": ["a", "a-slug-that-is-exactly-forty-letter-long"],
    "package_name": ["p", "a_package_name_of_exactly_forty_letters1"],
    "resource_name": ["z", "a_name_that_has_thirty_letters"],
    "resource_plural": ["zz", "names_that_have_thirty_letters"],
    "description": [
        "Short",
        "\"Quoted\" \\ 'it''s' # not: a {x} % $HOME ${HOME} <b>&amp;</b> ünïcödé 🎈 ''' \"\"\"",
        "Long " * 39 + "texts",
    ],
    "port": ["1024", "65535"],
}


def all_pairs() -> Iterator[dict[str, str]]:
    """Yield answers such that every two choices of two questions occur together."""
    for number, values in enumerate(AllPairs(list(CHOICES.values()))):
        answers = dict(zip(CHOICES, values, strict=True))
        # The folder is called after the slug: each service gets one of its own.
        yield answers | {"project_name": f"Service {number}"}
