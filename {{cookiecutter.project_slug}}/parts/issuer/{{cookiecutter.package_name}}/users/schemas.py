"""Schemas, which validate requests, serialize responses and document both."""

from typing import Annotated

from flask_chassis.http.schemas import Pattern, Schema, UtcDatetime
from flask_chassis.issuer.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from flask_chassis.issuer.usernames import LONGEST_NAME
from pydantic import Field

LONGEST_SCOPE = 200
# RFC 6749: words of visible ASCII characters except quotes and backslashes, separated by a space.
SCOPE = r"^$|^[!#-\[\]-~]+( [!#-\[\]-~]+)*$"
NO_SCOPE = (
    "Must be words of visible ASCII characters, without quotes and backslashes, with one space "
    "between."
)


class Credentials(Schema):
    """What a user logs in with."""

    username: str = Field(
        min_length=1,
        max_length=LONGEST_NAME,
        description="The name, in upper or lower case",
        examples=["ada"],
    )
    password: str = Field(
        min_length=1,
        max_length=LONGEST_PASSWORD,
        description="The password",
        examples=["correct horse battery"],
    )


class LoggedIn(Schema):
    """What a user gets for them."""

    Authorized: str = Field(
        description="`Bearer ` and a token: the value of the header `Authorization`"
    )


class TokenDetails(Schema):
    """Whose a token is, and what it allows."""

    subject: str = Field(description="The id of the user")
    username: str = Field(description="The name as it was given")


class NewUser(Schema):
    """A user that is to be created."""

    username: str = Field(
        min_length=1,
        max_length=LONGEST_NAME,
        description="A name that nobody has, whether in upper or lower case",
        examples=["ada"],
    )
    password: str = Field(
        min_length=SHORTEST_PASSWORD,
        max_length=LONGEST_PASSWORD,
        description="The password",
        examples=["correct horse battery"],
    )
    scope: Annotated[str, Pattern(SCOPE, NO_SCOPE)] = Field(
        default="",
        max_length=LONGEST_SCOPE,
        description="What the user's tokens allow, with spaces between: `admin`",
        examples=["admin"],
    )


class UserDetails(Schema):
    """A user, without what is secret."""

    id: int = Field(description="The subject of the user's tokens")
    username: str = Field(description="The name as it was given")
    scope: str = Field(description="What the user's tokens allow")
    creation: UtcDatetime = Field(description="When, in UTC with offset")
