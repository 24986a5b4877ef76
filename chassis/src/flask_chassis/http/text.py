"""Which texts PostgreSQL can store: those without NUL characters and unpaired surrogates."""

TEXT = r"^[^\x00]*$"
"""The pattern of such a text, for OpenAPI documents. It cannot express unpaired surrogates."""

NOT_TEXT = "Has characters that cannot be stored."


def is_text(value: object) -> bool:
    """Return whether PostgreSQL can store a value; always true for values other than texts."""
    if not isinstance(value, str):
        return True
    try:
        value.encode()  # fails for unpaired surrogates alone
    except UnicodeEncodeError:
        return False
    return "\0" not in value
