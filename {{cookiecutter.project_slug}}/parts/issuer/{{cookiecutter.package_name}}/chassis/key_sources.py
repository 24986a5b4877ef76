"""Says where the public keys come from: a folder, as the issuer has them itself."""

from . import project_files
from .keys import KeySource, PublicKeys
from .settings import Settings


def from_settings(settings: Settings) -> KeySource:
    """Return the keys in the folder that the settings name; StartError where it has none."""
    return PublicKeys(project_files.working_folder() / settings["tokens.public_keys_folder"])
