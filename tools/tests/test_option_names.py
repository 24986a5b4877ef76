"""One name for one thing: all options of all tasks, and what each name means.

An option that is new needs a line here. Before you add one, look for a name that means the same.
"""

from collections.abc import Iterator

import pytest
from invoke import Collection, task

from .services import KINDS

MEANINGS = {
    "advisories": "a service that knows advisories",
    "against": "what is compared with",
    "all": "also what takes longer",
    "answer": "an answer to a question of the template",
    "applied": "confirms a step that somebody has done",
    "backends": "where instances of services are",
    "base64": "writes in base64",
    "body-file": "a file with a description",
    "branch": "a branch in git",
    "bundle": "a file with commits, as git bundle writes it",
    "certificate": "a file with a certificate",
    "check": "changes nothing, and fails if there is something to change",
    "connections": "addresses that are waited for",
    "data": "also the data",
    "database": "a folder with a copy of Safety's database",
    "debugger": "lets a debugger attach",
    "debugger-port": "the port for a debugger",
    "diff": "shows the changes first",
    "digest": "the digest of an image",
    "drop-tables": "also removes the tables",
    "dry-run": "lets a cluster validate, and changes nothing",
    "empty": "without operations",
    "environment": "<stage>.<place>, a section of the settings",
    "field": "a field of a resource",
    "file": "a file to write",
    "folder": "a folder that is used",
    "follow": "follows an earlier version of the branch",
    "force": "although there is something to lose",
    "from": "where a document is read from",
    "gevent": "serves with greenlets",
    "has-many": "what each has many of",
    "health": "a folder with the state of health",
    "host": "a host by its name or address",
    "if-failed": "only if the pipeline has failed",
    "image": "an image by its whole name",
    "inside": "also what is not public",
    "internal": "routes that are for other services",
    "into": "the file or folder to write instead",
    "item-field": "a field of what each has many of",
    "json": "prints JSON",
    "key": "a file with a private key",
    "kid": "the id of a key",
    "kube-context": "a context in the kubeconfig",
    "listen": "where a proxy listens",
    "message": "what a migration does",
    "metrics-port": "the port of the metrics",
    "minutes": "how long a token is valid",
    "name": "a name to give, or to find",
    "no-input": "asks nothing",
    "no-tests": "without the tests",
    "now": "without waiting",
    "once": "nothing, if there is one already",
    "owned": "users own theirs",
    "parallel": "a number of processes",
    "patch": "shows the differences",
    "paths": "paths of URLs",
    "plural": "the name of many",
    "port": "a TCP port",
    "prune": "also deletes what is no longer there",
    "read": "who may read",
    "ref": "a branch or tag to run a workflow of",
    "reports": "a folder for reports",
    "restore": "brings a deleted file back",
    "reuse": "takes an image that is there",
    "revision": "a revision of the database",
    "rows": "a number of rows",
    "sbom": "a file for a bill of materials",
    "scope": "scopes of a token",
    "select": "which tests",
    "server": "the database server alone",
    "services": "folders of services",
    "since": "a state in git that has been before",
    "sql": "logs statements",
    "stage": "a stage: a folder of overlays",
    "status": "prints where it stands, and changes nothing",
    "subnet": "a range of addresses",
    "tag": "the tag of an image, which is that of the version",
    "template": "the address of the template",
    "text": "what a message says",
    "timeout": "seconds to wait",
    "title": "a title",
    "to": "a release of the template",
    "unless-newer": "nothing, if a later version is there",
    "url": "an address of the service",
    "user": "a user of the system",
    "username": "the username of a token",
    "uwsgi": "serves with uWSGI",
    "variable": "the name of an environment variable",
    "version": "the version that runs",
    "watch": "again, whenever a file changes",
    "without-advisories": "goes on without advisories",
    "write-scope": "the scope that writing needs",
}


def signatures(namespace: Collection) -> Iterator[tuple[str, str, type]]:
    """Yield each option of each task, and the type of its value."""
    for context in namespace.to_contexts():
        for argument in context.args.values():
            yield context.name, argument.name.replace("_", "-").strip("-"), argument.kind


def faults(namespace: Collection) -> list[str]:
    """Return the options that have no line above, or another type than elsewhere."""
    found = []
    types: dict[str, tuple[str, type]] = {}
    for name, option, kind in signatures(namespace):
        if option not in MEANINGS:
            found.append(
                f"{name} --{option}: no line of MEANINGS has this name. If one means the same, "
                "use its name; otherwise add a line."
            )
        other, expected = types.setdefault(option, (name, kind))
        if kind is not expected:
            found.append(
                f"{name} --{option} is {kind.__name__}, and that of {other} {expected.__name__}."
            )
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_each_option_has_one_name(kind: str, namespace: Collection) -> None:
    assert faults(namespace) == []


def test_no_two_names_mean_the_same(namespace: Collection) -> None:
    assert len(set(MEANINGS.values())) == len(MEANINGS)
    unused = MEANINGS.keys() - {option for _, option, _ in signatures(namespace)}
    assert unused == set(), "no task has these any more: remove their lines"


@task
def planted(context: object, image_tag: str = "", env: str = "", timeout: str = "") -> None:
    """Do what another task does, with other words."""


def test_a_second_name_is_found(namespace: Collection) -> None:
    namespace.add_task(planted)
    found = "\n".join(faults(namespace))
    assert "planted --image-tag: no line of MEANINGS" in found
    assert "planted --env: no line of MEANINGS" in found
    assert "planted --timeout is str, and that of" in found
