"""Users for development, which `db.seed` adds. Yours to change."""

from random import Random

from flask_chassis.issuer.passwords import Passwords
from flask_chassis.settings import Settings

from .users import registration
from .users.model import User

NAMES = ("ada", "grace", "alan", "barbara", "edsger", "margaret", "donald", "radia")

PASSWORD = "correct horse"  # noqa: S105 - of users who exist for development alone


def user(number: int, random: Random, settings: Settings) -> User:
    """Return a user with the password above; all names are different."""
    turn, place = divmod(number - 1, len(NAMES))
    username = NAMES[place] + (f"-{turn + 1}" if turn else "")
    return User(**registration.values_for(Passwords(settings), username, PASSWORD))


FACTORIES = {User: user}
