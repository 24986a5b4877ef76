"""Username validation and normalization (Unicode, case, whitespace)."""

import re
import unicodedata

LONGEST_NAME = 50

# Characters that are invisible (Default_Ignorable_Code_Point in Unicode) although Python considers
# them printable. Two names that differ only in these look the same.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def key_of(name: str) -> str:
    """Return the normalized form of a name, the same for `Ada L`, `ADA  L` and `ada l `.

    It ignores leading, trailing and repeated spaces, which phones add.
    """
    # Normalization and case folding are repeated, because each can undo the other; see
    # NFKC_Casefold in the Unicode Standard.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", folded).casefold())
    return " ".join(folded.split())


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
    if not key_of(name):
        return "Must contain visible characters."
    return None
