"""What a name may be, and when two names are the same."""

import re
import unicodedata

LONGEST_NAME = 50

# Unicode has them for shaping text (Default_Ignorable_Code_Point), and Python calls them printable:
# nobody sees the difference between two names that differ in them.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def key_of(name: str) -> str:
    """Return what is the same for all ways to write a name: `Ada L`, `ADA  L`, `ada l `.

    Space around a name and a second space within do not count: phones add them.
    """
    # Each step can undo what another has done, as Unicode's own NFKC_Casefold says.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", folded).casefold())
    return " ".join(folded.split())


def fault_in(name: str) -> str | None:
    """Return why nobody can be called this, as a sentence, or None.

    A name is stored as it is given, so what would be changed in it is refused instead.
    """
    if not 1 <= len(name) <= LONGEST_NAME:
        return f"Must have 1 to {LONGEST_NAME} characters."
    if not name.isprintable():
        return "Has characters that cannot be printed."
    if name != name.strip():
        return "Has space around it."
    if not key_of(name):
        return "Has only characters that cannot be seen."
    return None
