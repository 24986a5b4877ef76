"""What a user can mend."""


class UpdateError(Exception):
    """An update that cannot be made, with a sentence that says why and what to do."""
