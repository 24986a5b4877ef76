"""Decides what an update is merged from: never from a commit that the release does not contain."""

from . import record, releases
from .faults import UpdateError
from .source import Source


def base(source: Source, recorded: str, tag: str, since: str = "") -> str:
    """Return the commit to merge from: the recorded one, or that of the release `since`.

    The release `tag` contains it, or it contains the release. UpdateError otherwise.
    """
    if since:
        return _named(source, recorded, tag, source.release(since))
    found = source.base(recorded)
    if not source.contains(found, source.commit(tag)):
        require_contained(source, found, tag)
    return found


def nothing_due(source: Source, base: str, tag: str) -> str:
    """Return why a release has nothing for a service; empty if it has."""
    target = source.commit(tag)
    if base == target:
        return f"The service is up to date: {tag}."
    if source.contains(base, target):
        return f"The service is newer than {tag}: it was rendered from {_shown(source, base)}."
    return ""


def require_contained(source: Source, commit: str, tag: str) -> None:
    """Raise UpdateError if a release does not contain the commit that a service is from."""
    target = source.commit(tag)
    if source.contains(target, commit):
        return
    source.require_history()
    ways = []
    if later := releases.newest(source.tags("--contains", commit)):
        ways.append(f"go to {later}, which contains it: --to={later}")
    shared = source.common(commit, target)
    if common := source.version_of(shared) if shared else None:
        ways.append(
            f"merge from {common}, the newest release that both contain: --since={common}; what "
            f"the service has beyond {common} then stays, as an edit of its own"
        )
    if not ways:
        ways.append(record.HOW_TO_LINK_AGAIN)
    raise UpdateError(
        f"The service was rendered from {commit[:10]} of {source.address}, which {tag} does not "
        "contain: an update would take back what only that commit has. Do one of these: "
        f"{'; or '.join(ways)}."
    )


def _named(source: Source, recorded: str, tag: str, since: str) -> str:
    """Return the commit of a named release, which is not newer than what the service is from."""
    commit, target = source.commit(since), source.commit(tag)
    if not source.contains(target, commit):
        raise UpdateError(f"{tag} does not contain {since}: --since has to name an older release.")
    origin = source.known(recorded) if record.HASH.fullmatch(recorded) else None
    if origin and origin != target and source.contains(origin, target):
        raise UpdateError(
            f"The service is newer than {tag}: it was rendered from {_shown(source, origin)}. An "
            "update does not go back."
        )
    if origin and not source.contains(origin, commit):
        raise UpdateError(
            f"The service was rendered from {_shown(source, origin)}, which does not contain "
            f"{since}: what is between them would be missing. Name an older release with --since, "
            "or leave it out."
        )
    return commit


def _shown(source: Source, commit: str) -> str:
    version = source.version_of(commit)
    if not version:
        return commit[:10]
    is_exact = source.commit(version) == commit
    return version if is_exact else f"commit {commit[:10]}, which is after {version}"
