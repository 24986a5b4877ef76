"""The six steps: what each does, that none comes too early, and that each can be taken up again."""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from invoke import Context, Exit

from flask_chassis import settings as chassis_settings
from flask_chassis.auth import signing_key
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.settings import Settings
from flask_chassis.tasks import key_files, key_rotation, keys
from flask_chassis.tasks.key_files import KeyFiles
from flask_chassis.tasks.key_rotation import Rotation, Waits

WAITS = Waits(for_services=300, for_tokens=3600)


class Clock:
    """The time, and as much more as it is told."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    """The time, which a test can put forward."""
    return Clock()


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make small keys: large ones take seconds."""
    make = KeyFiles.make
    monkeypatch.setattr(KeyFiles, "make", lambda self, kid, bits=2048: make(self, kid, 2048))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one pair, `first`, to be copied: keys take long to make."""
    folder = tmp_path_factory.mktemp("first")
    keys.write_pair(folder, "first", bits=2048)
    return folder


@pytest.fixture
def files(tmp_path: Path, clock: Clock, first: Path) -> KeyFiles:
    """An issuer's folder with that pair."""
    shutil.copytree(first, tmp_path, dirs_exist_ok=True)
    return KeyFiles(tmp_path, clock)


@pytest.fixture
def local(files: KeyFiles) -> Rotation:
    """A rotation in a folder that the services read."""
    return Rotation(files, WAITS)


@pytest.fixture
def by_hand(files: KeyFiles) -> Rotation:
    """A rotation of secrets that an operator changes."""
    return Rotation(files, WAITS, by_hand=True)


def go_on(steps: Rotation, **said: bool) -> str:
    """Go on, and return what is printed."""
    return "\n".join(steps.go_on(**said))


def look(files: KeyFiles) -> dict[str, str]:
    """Return all files with their content."""
    return {str(p): p.read_text() for p in sorted(files.root.rglob("*")) if p.is_file()}


def test_a_rotation_takes_three_calls_and_two_waits(
    local: Rotation, files: KeyFiles, clock: Clock
) -> None:
    printed = go_on(local)
    assert "Step 1 of 6 is done" in printed
    assert "Step 2 of 6 is done" in printed
    assert "Next is step 3 of 6" in printed
    assert files.active() == "first"
    [new] = files.public_kids() - {"first"}
    assert files.private_kids() == {"first", new}

    clock.ahead += 301
    printed = go_on(local)
    assert f"Step 4 of 6 is done: tokens are signed with {new}" in printed
    assert "Next is step 5 of 6" in printed
    assert files.active() == new
    assert files.public_kids() == {"first", new}

    clock.ahead += 3601
    assert "The rotation is complete." in go_on(local)
    assert files.active() == new
    assert files.public_kids() == files.private_kids() == {new}
    assert local.state().step == 1

    clock.ahead += 1
    go_on(local)  # and once more, from a key that a rotation has made
    assert len(files.public_kids()) == 2
    assert files.active() == new


def test_no_step_comes_too_early_and_nothing_has_changed_then(
    local: Rotation, files: KeyFiles, clock: Clock
) -> None:
    for ahead in (299, 3599):
        go_on(local)
        clock.ahead += ahead - 5  # the test itself may take a few seconds
        before = look(files)
        with pytest.raises(Exit, match=r"Too early. .*which they will at .* UTC") as refused:
            go_on(local)
        assert refused.value.code == 1
        assert look(files) == before
        clock.ahead += 7


def test_a_wait_can_be_cut_short_one_at_a_time(local: Rotation, files: KeyFiles) -> None:
    go_on(local)
    assert "cut short, as you say" in go_on(local, now=True)
    assert len(files.public_kids()) == 2
    assert "complete" in go_on(local, now=True)
    assert len(files.public_kids()) == 1


def test_a_look_at_the_status_changes_nothing(
    local: Rotation, files: KeyFiles, clock: Clock
) -> None:
    def see(step: int) -> None:
        before = look(files)
        assert f"step {step} of 6" in local.status()[-1]
        assert f"signing:   {files.active()}" in local.status()
        assert look(files) == before

    see(1)
    for waiting, wait in {3: 301, 5: 3601}.items():
        go_on(local)
        see(waiting)
        clock.ahead += wait
        see(waiting + 1)
    go_on(local)
    see(1)


@pytest.mark.parametrize("lost", ["draft", "nothing"])
def test_a_rotation_that_was_left_between_two_steps_is_taken_up(
    files: KeyFiles, local: Rotation, lost: str
) -> None:
    files.pin_the_only_key()
    kid = key_files.new_kid(time.time())
    files.make(kid)
    if lost == "draft":
        files.draft(kid).unlink()
    assert local.state().step == 2
    assert "Step 2 of 6 is done" in go_on(local)
    assert files.public_kids() == {"first", kid}
    assert files.public(kid).read_bytes().startswith(b"-----BEGIN PUBLIC KEY")


def test_a_removal_that_was_cut_off_is_taken_up(
    files: KeyFiles, local: Rotation, clock: Clock
) -> None:
    go_on(local)
    go_on(local, now=True)
    files.private("first").unlink()
    assert local.state().step == 5
    clock.ahead += 3601
    assert "first removed" in go_on(local)
    assert "first" not in files.public_kids()


def test_a_rotation_goes_on_in_a_copy_whose_files_have_other_times(
    files: KeyFiles, local: Rotation, clock: Clock
) -> None:
    """Their times are later, and so one waits longer: never shorter."""
    go_on(local)
    clock.ahead += 301
    go_on(local)
    clock.ahead += 3601
    for path in files.root.rglob("*"):
        os.utime(path, (clock(), clock()))
    assert local.state().step == 5


def test_of_two_new_keys_the_newest_is_taken_and_the_other_goes_with_the_old(
    files: KeyFiles, local: Rotation, clock: Clock
) -> None:
    files.pin_the_only_key()
    for kid in ("20260101-000000-000000", "20260102-000000-000000"):
        files.make(kid)
        files.publish(kid)
    clock.ahead += 301
    go_on(local)
    assert files.active() == "20260102-000000-000000"
    clock.ahead += 3601
    go_on(local)
    assert files.public_kids() == files.private_kids() == {"20260102-000000-000000"}


def test_a_new_key_never_signs_by_being_there(files: KeyFiles) -> None:
    keys.generate(Context(), folder=str(files.root))
    keys.generate(Context(), folder=str(files.root))
    assert len(files.private_kids()) == 3
    assert files.active() == "first"


def test_the_first_key_signs(tmp_path: Path) -> None:
    keys.generate(Context(), kid="mine", folder=str(tmp_path))
    assert KeyFiles(tmp_path).active() == "mine"
    with pytest.raises(Exit, match="There is a key mine"):
        keys.generate(Context(), kid="mine", folder=str(tmp_path))


def test_private_keys_are_for_nobody_else(files: KeyFiles, local: Rotation) -> None:
    go_on(local)
    for path in (files.root / "private").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_clock_that_is_wrong_is_noticed(files: KeyFiles, local: Rotation) -> None:
    files.make("20990101-000000-000000")
    files.sign_with("20990101-000000-000000")
    files.remove("first")
    with pytest.raises(Exit, match="correct the clock"):
        go_on(local)


def test_a_private_key_that_is_none_is_named(files: KeyFiles, local: Rotation) -> None:
    files.pin_the_only_key()
    kid = key_files.new_kid(time.time())
    files.private(kid).write_text("garbage")
    with pytest.raises(Exit, match=f"{kid}.pem is not a private key"):
        go_on(local)


def test_without_keys_it_is_said_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"keys\.generate"):
        go_on(Rotation(KeyFiles(tmp_path), WAITS))


# In Kubernetes.


def test_what_an_operator_does_is_asked_for_and_recorded_when_it_is_done(
    by_hand: Rotation, files: KeyFiles, clock: Clock
) -> None:
    printed = go_on(by_hand)
    [new] = files.private_kids() - {"first"}
    assert f"secret {key_rotation.PUBLIC_SECRET}" in printed
    assert f"add the item {new}.pem" in printed
    assert "PRIVATE KEY" not in printed
    assert files.public_kids() == {"first"}
    clock.ahead += 1000  # nobody waits for what nobody has done
    assert by_hand.state().step == 2
    assert go_on(by_hand).count("is yours") == 1
    assert "Next is step 3" in go_on(by_hand, applied=True)

    with pytest.raises(Exit, match="Too early"):
        go_on(by_hand, applied=True)
    clock.ahead += 301
    printed = go_on(by_hand)
    assert f"secret {key_rotation.PRIVATE_SECRET}" in printed
    assert f"set the item signing-kid to {new}" in printed
    assert files.active() == "first"
    assert "Next is step 5" in go_on(by_hand, applied=True)
    assert files.active() == new

    clock.ahead += 3601
    printed = go_on(by_hand)
    assert printed.count("remove the item first.pem") == 2
    assert files.public_kids() == {"first", new}
    assert "complete" in go_on(by_hand, applied=True)
    assert files.public_kids() == files.private_kids() == {new}


def test_each_step_is_applied_once_and_only_when_it_was_asked_for(
    by_hand: Rotation, files: KeyFiles, clock: Clock
) -> None:
    """Whoever repeats the last command has not changed the secrets of the next step."""
    go_on(by_hand)
    go_on(by_hand, applied=True)
    for ahead, step in ((301, 4), (3601, 6)):
        clock.ahead += ahead
        before = look(files)
        with pytest.raises(Exit, match=f"Step {step} has not been asked for"):
            go_on(by_hand, applied=True)
        assert look(files) == before
        go_on(by_hand)
        go_on(by_hand, applied=True)
    assert len(files.private_kids()) == 1


def test_a_key_that_does_not_belong_to_its_public_half_never_signs(
    local: Rotation, files: KeyFiles, clock: Clock
) -> None:
    go_on(local)
    [new] = files.private_kids() - {"first"}
    clock.ahead += 301
    right = files.private(new).read_bytes()
    for wrong, sentence in (
        (files.private("first").read_bytes(), "does not belong to"),
        (b"garbage", "is not a private key"),
    ):
        files.private(new).write_bytes(wrong)
        with pytest.raises(Exit, match=sentence):
            go_on(local)
        assert files.active() == "first"
    files.private(new).write_bytes(right)
    go_on(local)
    assert files.active() == new


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_what_root_makes_belongs_to_whom_the_folder_belongs(
    local: Rotation, files: KeyFiles
) -> None:
    """Or the issuer could not read its new key."""
    for folder in ("private", "public"):
        os.chown(files.root / folder, 12345, 12346)
    go_on(local)
    [new] = files.private_kids() - {"first"}
    for path in (files.private(new), files.public(new), files.signing_kid_file):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)


def test_two_at_once_do_not_change_the_same_files(files: KeyFiles) -> None:
    with files.locked():
        before = look(files)
        with pytest.raises(Exit, match="Another process is changing the keys"):
            keys.rotate(Context(), folder=str(files.root))
        assert look(files) == before
    keys.rotate(Context(), folder=str(files.root))
    assert look(files) != before


def test_files_that_cannot_be_written_are_a_sentence(
    files: KeyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "private")

    monkeypatch.setattr(KeyFiles, "make", fails)
    with pytest.raises(Exit, match=r"cannot be changed: .*Permission denied: 'private'"):
        keys.rotate(Context(), folder=str(files.root))


def test_nothing_is_applied_that_nobody_has_asked_for(by_hand: Rotation, files: KeyFiles) -> None:
    before = look(files)
    with pytest.raises(Exit, match="has not been asked for"):
        go_on(by_hand, applied=True)
    assert look(files).items() >= before.items()
    assert files.private_kids() == {"first"}


# The settings.


def with_values(settings: Settings, **values: object) -> Settings:
    """Return these settings with others."""
    changed = {f"tokens.{name}": value for name, value in values.items()}
    return replace(settings, values=MappingProxyType({**settings.values, **changed}))


def test_how_long_to_wait_follows_from_the_settings(settings: Settings) -> None:
    found = with_values(settings, keys_cache_seconds=100, life_seconds=2000, leeway_seconds=30)
    assert key_rotation.waits(replace(found, environment="development.local")) == Waits(105, 2035)
    assert key_rotation.waits(replace(found, environment="staging.kubernetes")) == Waits(280, 2210)
    assert key_rotation.is_by_hand(replace(found, environment="staging.kubernetes"))
    assert not key_rotation.is_by_hand(settings)


def test_a_setting_that_names_another_signer_is_noticed(
    settings: Settings, files: KeyFiles
) -> None:
    key_rotation.refuse_another_signer(settings, files)
    key_rotation.refuse_another_signer(with_values(settings, signing_kid="first"), files)
    with pytest.raises(Exit, match=r"tokens\.signing_kid is other, .*says first"):
        key_rotation.refuse_another_signer(with_values(settings, signing_kid="other"), files)


def test_the_task_says_where_one_is_and_goes_on(
    settings: Settings, files: KeyFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(files.root)
    keys.rotate(Context(), folder=folder, status=True)
    assert "step 1 of 6" in capsys.readouterr().out
    assert not files.signing_kid_file.exists()
    keys.rotate(Context(), folder=folder)
    assert "Step 2 of 6 is done" in capsys.readouterr().out
    with pytest.raises(Exit, match="Too early"):
        keys.rotate(Context(), folder=folder)


def test_an_operator_needs_no_password_of_the_database(
    files: KeyFiles, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(chassis_settings.environment_variable(), "production.kubernetes")
    for name in ("database.host", "database.password"):
        monkeypatch.delenv(chassis_settings.variable_for(name), raising=False)
    keys.rotate(Context(), folder=str(files.root))
    assert "is yours" in capsys.readouterr().out
    assert signing_key.find(files.root / "private").stem == "first"
