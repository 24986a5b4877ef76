"""What goes in and what comes out, for the document and for the check of what comes in."""

from flask_restx import Model, fields

from ..chassis import bodies
from ..chassis.names import LONGEST_NAME
from ..chassis.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD

LONGEST_SCOPE = 200
# RFC 6749: words of any visible ASCII but quotes and backslashes, with a space between.
SCOPE = r"^$|^[!#-\[\]-~]+( [!#-\[\]-~]+)*$"

CREDENTIALS = Model(
    "Credentials",
    {
        "username": fields.String(
            required=True,
            min_length=1,
            max_length=LONGEST_NAME,
            pattern=bodies.TEXT,
            description="The name, in upper or lower case",
        ),
        "password": fields.String(
            required=True,
            min_length=1,
            max_length=LONGEST_PASSWORD,
            pattern=bodies.TEXT,
            description="The password",
        ),
    },
)

LOGGED_IN = Model(
    "LoggedIn",
    {
        "Authorized": fields.String(
            required=True,
            description="`Bearer ` and a token: the value of the header `Authorization`",
        ),
    },
)

NEW_USER = Model(
    "NewUser",
    {
        "username": fields.String(
            required=True,
            min_length=1,
            max_length=LONGEST_NAME,
            pattern=bodies.TEXT,
            description="A name that nobody has, whether in upper or lower case",
        ),
        "password": fields.String(
            required=True,
            min_length=SHORTEST_PASSWORD,
            max_length=LONGEST_PASSWORD,
            pattern=bodies.TEXT,
            description="The password",
        ),
        "scope": fields.String(
            max_length=LONGEST_SCOPE,
            pattern=SCOPE,
            description="What the user's tokens allow, with spaces between: `admin`",
        ),
    },
)

USER = Model(
    "User",
    {
        "id": fields.Integer(required=True, description="The subject of the user's tokens"),
        "username": fields.String(required=True, description="The name as it was given"),
        "scope": fields.String(required=True, description="What the user's tokens allow"),
        "created": fields.DateTime(required=True, description="When, in UTC with offset"),
    },
)
