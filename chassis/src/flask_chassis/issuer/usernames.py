"""Username validation and normalization: Unicode, case, whitespace, characters that look alike.

Two names are the same if they have one key (`key_of`): a user may log in as `ADA` for `Ada`.
Two names look the same if they have one skeleton (`skeleton_of`): with a Cyrillic letter a, `ada`
is another name, and nobody sees it. Of such names, only one may exist.
"""

import re
import unicodedata
from functools import cache

LONGEST_NAME = 50

# Characters that are invisible (Default_Ignorable_Code_Point in Unicode) although Python considers
# them printable. Two names that differ only in these look the same.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

# Characters that have no shape, or the shape of a space, although they are printable.
_BLANK = re.compile("[\u2800\ufffc\U0001d159\U00013441\U00013442\U00016fe4]")

_LEFT_TO_RIGHT = "\u200e"  # which the confusables have around characters of other scripts


def key_of(name: str) -> str:
    """Return the normalized form of a name, the same for `Ada L`, `ADA  L` and `ada l `.

    It ignores leading, trailing and repeated spaces, which phones add.
    """
    # Normalization and case folding are repeated, because each can undo the other; see
    # NFKC_Casefold in the Unicode Standard.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", folded).casefold())
    return " ".join(folded.split())


def skeleton_of(name: str) -> str:
    """Return a text that is the same for names that look alike, after Unicode's UTS 39.

    It is for comparisons only, and no name: `burn` and `bum` have one. So have `Alice` and `AIice`,
    with a capital i; `ALICE`, which looks different, has another.
    """
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", _INVISIBLE.sub("", name)))
    text = unicodedata.normalize("NFD", text.translate(_prototypes()))
    return " ".join(unicodedata.normalize("NFKC", text.casefold()).split())


@cache
def _prototypes() -> dict[int, str]:
    """Return the character, or characters, that each confusable character is taken for.

    The library has pairs in both directions: of each, the one with more partners is the prototype.
    """
    # Slow to import, and nobody needs it but who creates users.
    from confusable_homoglyphs.confusables import confusables_data

    alike = {
        text.strip(_LEFT_TO_RIGHT): [each["c"].strip(_LEFT_TO_RIGHT) for each in partners]
        for text, partners in confusables_data.items()
    }
    found = {}
    for text, partners in alike.items():
        if len(text) == 1 and len(partners) == 1:
            [partner] = partners
            ranks = {each: (len(alike.get(each, ())), len(each), each) for each in (text, partner)}
            found[ord(text)] = max(ranks, key=lambda each: ranks[each])
    return found


def fault_in(name: str) -> str | None:
    """Return the validation error of a new name, or None if it is acceptable.

    A name is stored unchanged, so a name that would need a correction is rejected.
    """
    if not 1 <= len(name) <= LONGEST_NAME:
        return f"Must have 1 to {LONGEST_NAME} characters."
    if not name.isprintable():
        return "Must not contain non-printable characters."
    if name != name.strip():
        return "Must not begin or end with a space."
    if not key_of(name) or _BLANK.search(name):
        return "Must contain visible characters."
    return None
