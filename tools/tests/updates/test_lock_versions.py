"""Test that an update takes no newer locked version back without a reason, and tells of both.

tests/updates/test_locks.py of the template's repository has Poetry make the locks.
"""

from pathlib import Path

import pytest

from flask_chassis_tools.updates import changelog, lock_file, lock_versions, preparing, updating
from flask_chassis_tools.updates.faults import UpdateError
from flask_chassis_tools.updates.lock_versions import Reasons
from flask_chassis_tools.updates.source import Source

from .made_up import Template, commit, lock

REASONS = {("urllib3", "2.5.0"): "2.6.0 cannot use our proxies."}


def seeded(
    service: str, old: str, new: str, reasons: Reasons | None = None
) -> dict[str, list[str]]:
    """Return the versions that Poetry starts from."""
    made = lock_file.packages(lock_file.seed(service, old, new, reasons or {}))
    return {
        name: [str(version) for version in lock_versions.versions(entry)]
        for name, entry in made.items()
    }


@pytest.mark.parametrize(
    ("service", "old", "new", "expected"),
    [
        ("3.11", "3.9", "3.10", ["3.11", "3.10"]),
        ("3.10", "3.9", "3.11", ["3.11", "3.10"]),
        ("3.10", "3.9", "3.10", ["3.10"]),
        ("3.11", "3.11", "3.10", ["3.11", "3.10"]),
        ("3.11", "3.10", "3.10", ["3.11"]),
        ("1.0 2.0", "1.0 1.9", "0.9 2.1", ["2.1", "2.0", "1.0", "0.9"]),
        ("2.0 1.0", "2.0", "2.1", ["2.1", "2.0", "1.0"]),
    ],
    ids=["newer here", "newer there", "equal", "taken back", "moved here", "several", "split here"],
)
def test_poetry_chooses_among_the_versions_of_both(
    service: str, old: str, new: str, expected: list[str]
) -> None:
    made = seeded(lock(idna=service), lock(idna=old), lock(idna=new))
    assert made == {"idna": expected}


def test_a_package_that_the_template_removes_stays_in_its_version() -> None:
    """Poetry drops it if nothing needs it. A dependency of the team's own may need it."""
    made = seeded(lock(flask="3", idna="3.11"), lock(flask="3", idna="3.10"), lock(flask="3"))
    assert made == {"flask": ["3"], "idna": ["3.11"]}


def test_packages_that_only_one_side_has_are_kept() -> None:
    made = seeded(lock(flask="3", own="1"), lock(flask="3", gone="1"), lock(flask="3", new="1"))
    assert made == {"flask": ["3"], "new": ["1"], "own": ["1"]}


def test_a_reason_leaves_poetry_no_choice() -> None:
    locks = (lock(urllib3="2.6.0"), lock(urllib3="2.6.0"), lock(urllib3="2.5.0"))
    assert seeded(*locks, REASONS) == {"urllib3": ["2.5.0"]}
    # It is given for one version of one package.
    assert seeded(*locks, {("urllib3", "2.4.0"): "x"}) == {"urllib3": ["2.6.0", "2.5.0"]}
    assert seeded(*locks, {("idna", "2.5.0"): "x"}) == {"urllib3": ["2.6.0", "2.5.0"]}


def test_a_wheel_of_another_content_replaces_the_same_version() -> None:
    """As in vendor/: the template's hashes are right."""
    old, new = (
        lock(**{"flask-chassis": "0.2.0"}).replace("\n\n[meta", f'\nfiles = ["{text}"]\n\n[meta')
        for text in ("old", "new")
    )
    made = lock_file.seed(old + "# edited here\n", old, new, {})
    assert 'files = ["new"]' in made
    assert made.count('version = "0.2.0"') == 1


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ("2.5.0", "2.6.0", True),
        ("2.10", "2.9", False),
        ("2.0", "2.0.0", False),
        ("2.0", "2.0+acme.1", True),
        ("2.0+acme.1", "2.0", False),
        ("2.0rc1", "2.0", True),
        ("2.0", "2.0rc1", False),
        ("2.0.post1", "2.0", False),
        ("2.0.dev1", "1.9", False),
        ("1!1.0", "2.0", False),
        ("1.0 2.0", "2.0", True),
        ("2.0", "1.0 2.0", False),
        ("0.9 2.1", "1.0 2.0", True),
        ("1.1 2.1", "1.0 2.0", False),
        ("1.0", "1.0 2.0", True),
    ],
)
def test_versions_have_the_order_of_pep_440(new: str, old: str, expected: bool) -> None:
    entries = (lock_file.packages(lock(idna=version))["idna"] for version in (new, old))
    assert lock_versions.is_lower(*entries) == expected


def test_what_is_no_version_is_no_traceback() -> None:
    with pytest.raises(UpdateError, match=r"poetry\.lock cannot be compared: .*Run poetry lock"):
        lock_file.settle(lock(idna="x"), lock(idna="x"), lock(idna="1"), {})


def told(service: str, old: str, new: str, made: str, reasons: Reasons) -> lock_versions.Told:
    """Return what is said of a lock with one package; an empty text stands for none."""
    locks = [lock(urllib3=each) if each else lock() for each in (service, old, new, made)]
    had, before, after, has = map(lock_file.packages, locks)
    return lock_versions.compared(had, before, after, has, reasons)


@pytest.mark.parametrize(
    ("service", "old", "new", "made"),
    [
        ("2.7", "2.5", "2.6", "2.7"),
        ("2.6", "2.5", "2.7", "2.7"),
        ("2.6", "2.6", "2.5", "2.6"),
        ("2.5", "2.5", "2.6", "2.5"),
        ("2.6", "", "2.7", "2.7"),
    ],
    ids=["newer here", "newer there", "taken back", "does not arrive", "without a base"],
)
def test_both_versions_are_told(service: str, old: str, new: str, made: str) -> None:
    found = told(service, old, new, made, {})
    assert found.faults == []
    assert found.notes == [
        f"poetry.lock: urllib3 is {made}; the service had {service}, and the release has {new}"
    ]


@pytest.mark.parametrize(
    ("service", "old", "new", "made"),
    [
        ("2.5", "2.5", "2.6", "2.6"),
        ("2.6", "2.5", "2.5", "2.6"),
        ("2.6", "2.5", "2.6", "2.6"),
        ("2.6", "2.5", "", ""),
        ("2.6", "2.5", "", "2.6"),
        ("", "2.5", "2.6", ""),
    ],
    ids=["there alone", "here alone", "alike", "removed", "removed and needed", "removed here"],
)
def test_what_only_one_side_did_is_not_told(service: str, old: str, new: str, made: str) -> None:
    assert told(service, old, new, made, {}) == lock_versions.Told()


@pytest.mark.parametrize("made", ["2.5.0", "2.5.0 2.6.0"])
def test_a_version_that_is_taken_back_is_left_to_mend_unless_a_reason_is_given(made: str) -> None:
    """Of whatever reason: what the merged dependencies admit decides in the end."""
    found = told("2.6.0", "2.6.0", "2.5.0", made, {})
    assert found.notes == []
    [fault] = found.faults
    shown = "2.6.0 and 2.5.0" if " " in made else made
    assert fault.startswith(f"poetry.lock takes urllib3 from 2.6.0 to {shown}, and the release")
    assert "poetry update --lock urllib3" in fault
    found = told("2.6.0", "2.6.0", "2.5.0", made, REASONS)
    assert found.faults == []
    [note] = found.notes
    assert note.endswith(f"from 2.6.0 to {shown}: 2.6.0 cannot use our proxies.")


NEWS = """# Changelog

## [1.1.0] - 2026-02-01

### Changed

- Downgrade of `URLLib3` to 2.5.0: 2.6.0 cannot use
  our proxies.
- Another, with a Downgrade of x to 1: which does not begin with it.

## [1.0.0] - 2026-01-01

- Downgrade of idna to 3.9: old.
"""


def test_reasons_are_entries_of_the_changelog() -> None:
    reasons = changelog.downgrades(changelog.sections(NEWS, ["v1.1.0"]))
    assert reasons == {("URLLib3", "2.5.0"): "2.6.0 cannot use our proxies."}
    entry = lock_file.packages(lock(urllib3="2.5.0"))["urllib3"]
    assert lock_versions.reason("urllib3", entry, reasons) == "2.6.0 cannot use our proxies."


# Updates, in which no lock has to be made.


def template_of(folder: Path, old: str, new: str, news: str) -> Template:
    """Make a template with two releases, which lock these versions of urllib3."""
    template = Template.begun(folder)
    template.releases("v1.0.0", {"poetry.lock": lock(urllib3=old)})
    template.releases("v1.1.0", {"poetry.lock": lock(urllib3=new)}, news)
    return template


@pytest.mark.parametrize("heading", ["1.1.0", "Unreleased"])
def test_a_downgrade_with_a_reason_arrives_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], heading: str
) -> None:
    """What is not released yet, too: `fleet.impact` shows the change at hand."""
    news = NEWS.replace("1.1.0", heading)
    template = template_of(tmp_path / "template", "2.6.0", "2.5.0", news)
    service = template.service(tmp_path / "service", "v1.0.0")
    assert updating.update(template.wish(service), verify=False) == 0
    assert (service / "poetry.lock").read_text() == lock(urllib3="2.5.0")
    said = capsys.readouterr().out
    assert "\nNote: poetry.lock: the release takes urllib3 from 2.6.0 to 2.5.0: 2.6.0 can" in said


def test_the_reason_of_an_earlier_release_is_none(tmp_path: Path) -> None:
    """The service has that release behind it: what it moved since then stays."""
    template = template_of(tmp_path / "template", "2.6.0", "2.5.0", NEWS)
    source = Source(template.folder, "the template")
    assert preparing._downgrades(source, "v1.0.0", "v1.1.0").keys() == {("URLLib3", "2.5.0")}
    every = {("URLLib3", "2.5.0"), ("idna", "3.9")}
    assert preparing._downgrades(source, None, "v1.1.0").keys() == every


def test_without_a_reason_poetry_has_to_decide() -> None:
    """Also for a service whose lock is that of the old release."""
    locks = (lock(urllib3="2.6.0"), lock(urllib3="2.6.0"), lock(urllib3="2.5.0"))
    assert lock_file.settle(*locks, {}) is None
    assert lock_file.settle(*locks, REASONS) == locks[2]


def test_the_lock_of_a_service_without_changes_is_the_releases(tmp_path: Path) -> None:
    template = template_of(tmp_path / "template", "2.5.0", "2.6.0", "")
    service = template.service(tmp_path / "service", "v1.0.0")
    assert updating.update(template.wish(service), verify=False) == 0
    assert (service / "poetry.lock").read_text() == lock(urllib3="2.6.0")


def test_a_lock_that_waits_for_a_conflict_has_the_versions_of_both(tmp_path: Path) -> None:
    """Whoever resolves it runs `poetry lock`, which keeps what is there."""
    template = template_of(tmp_path / "template", "2.5.0", "2.6.0", "")
    service = template.service(tmp_path / "service", "v1.0.0")
    for folder, version in (
        (template.folder / "{{cookiecutter.project_slug}}", "4"),
        (service, "5"),
    ):
        file = folder / "pyproject.toml"
        file.write_text(file.read_text().replace("flask", f"flask<{version}"))
    (service / "poetry.lock").write_text(lock(urllib3="2.5.0", own="1"))
    commit(service)
    template.releases("v1.2.0", {})
    assert updating.update(template.wish(service), verify=False) == 1
    found = lock_file.packages((service / "poetry.lock").read_text())
    shown = {name: list(map(str, lock_versions.versions(each))) for name, each in found.items()}
    assert shown == {"own": ["1"], "urllib3": ["2.6.0", "2.5.0"]}
