"""Exceptions and warnings of the chassis."""


class ConfigurationError(Exception):
    """The service cannot start as it is configured; the message says what to change."""


class ChassisDeprecationWarning(DeprecationWarning):
    """A name or setting of the chassis is used that a later version removes.

    The message names the replacement. A service's tests show these warnings and do not fail on
    them.
    """
