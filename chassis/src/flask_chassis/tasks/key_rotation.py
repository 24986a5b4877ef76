"""Key rotation: replaces the signing key of tokens in six steps, without rejecting a valid token.

1. make a new pair           2. publish its public key beside the old one
3. wait until all have it    4. sign with the new private key
5. wait until all tokens of the old key have expired
6. remove the old key, private and public, everywhere

The state of a rotation is read from the files (`key_files.py`). So it can be interrupted and
resumed at any step, and no step is repeated. The waits begin at the modification times of two
files: public/<new>.pem (step 3) and private/signing-kid (step 5).

In Kubernetes, the folder belongs to the operator, and services read the keys from secrets. The task
prints the change of the secrets first, and `--applied` records it in the folder: the waits begin at
that time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from invoke import Exit

from flask_chassis.settings import Settings
from flask_chassis.tasks import key_files
from flask_chassis.tasks.key_files import KeyFiles

PUBLIC_SECRET = "token-keys"  # noqa: S105  (its name)
PRIVATE_SECRET = "token-signing-keys"  # noqa: S105  (its name)

SPREAD_SECONDS = {"kubernetes": 180}
"""Time until a changed secret is in every pod: a minute each for kubelet's sync, cache, margin."""

SPREAD_ELSEWHERE = 5
"""Time until a changed folder is read again. It is checked every second."""

STEPS = {
    1: "make a new pair",
    2: "publish the new public key beside the old",
    3: "wait until all services have the new public key",
    4: "sign with the new private key",
    5: "wait until all tokens of the old key have expired",
    6: "remove the old key",
}


@dataclass(frozen=True)
class Waits:
    """The durations of steps 3 and 5 in seconds."""

    for_services: float
    for_tokens: float


@dataclass(frozen=True)
class State:
    """The state of a rotation: the next step, the keys, and the end of the current wait."""

    step: int
    active: str
    new: str = ""
    old: tuple[str, ...] = ()
    until: float = 0


def waits(settings: Settings) -> Waits:
    """Return the durations of the waits, from settings that all services must share."""
    place = settings.environment.rpartition(".")[2]
    spread = SPREAD_SECONDS.get(place, SPREAD_ELSEWHERE)
    return Waits(
        for_services=spread + settings["tokens.keys_cache_seconds"],
        # Not all replicas of the issuer change the signing key at the same time.
        for_tokens=spread + settings["tokens.life_seconds"] + settings["tokens.leeway_seconds"],
    )


def is_by_hand(settings: Settings) -> bool:
    """Return whether an operator copies the keys, because services do not read the folder."""
    return settings.environment.endswith(".kubernetes")


def refuse_another_signer(settings: Settings, files: KeyFiles) -> None:
    """Raise Exit if the setting `tokens.signing_kid` contradicts the files."""
    kid = settings.values.get("tokens.signing_kid", "")
    if kid and kid != files.active():
        raise Exit(
            f"tokens.signing_kid is {kid}, and {files.signing_kid_file} says {files.active()}. "
            "The setting wins: empty it, or make both the same.",
            1,
        )


class Rotation:
    """The rotation of the keys below one folder."""

    def __init__(
        self,
        files: KeyFiles,
        waits: Waits,
        *,
        by_hand: bool = False,
    ) -> None:
        """With `by_hand`, an operator applies the steps, as services do not read the folder."""
        self._files = files
        self._waits = waits
        self._by_hand = by_hand

    def state(self) -> State:
        """Return the state of the rotation, read from the files."""
        files = self._files
        active = files.active()
        others = files.private_kids() - {active}
        new = max((kid for kid in others if key_files.is_newer(kid, active)), default="")
        old = {kid for kid in others | files.public_kids() if not key_files.is_newer(kid, active)}
        old -= {active}
        if old:
            until = self._changed(files.signing_kid_file) + self._waits.for_tokens
            step = 5 if self._files.clock() < until else 6
            return State(step, active, new, tuple(sorted(old)), until)
        if not new:
            return State(1, active)
        if not files.public(new).is_file():
            return State(2, active, new)
        until = self._changed(files.public(new)) + self._waits.for_services
        return State(3 if self._files.clock() < until else 4, active, new, (), until)

    def status(self) -> list[str]:
        """Return lines that describe the state of the rotation."""
        state = self.state()
        lines = [f"signing:   {state.active}"]
        lines += [f"new:       {state.new}"] if state.new else []
        lines += [f"old:       {', '.join(state.old)}"] if state.old else []
        lines += [f"published: {', '.join(sorted(self._files.public_kids())) or 'none'}"]
        return [*lines, _next(state)]

    def go_on(self, *, applied: bool = False, now: bool = False) -> Iterator[str]:
        """Run the next steps, and yield a line for each step and for the one that follows.

        `applied` confirms the manual step; `now` skips a wait. Raises Exit if it is too early.
        """
        self._files.pin_the_only_key()
        state = self.state()
        if state.step in {3, 5}:
            if not now:
                raise Exit(f"Too early. {_next(state)}", 1)
            yield f"Step {state.step}, to {STEPS[state.step]}, is cut short, as you say."
            state = State(state.step + 1, state.active, state.new, state.old)
        if applied and self._by_hand and self._files.asked_for() != state.step:
            raise Exit(
                f"Step {state.step} has not been asked for, and so cannot have been applied: run "
                "keys.rotate, which says what it is.",
                1,
            )
        if state.step == 1:
            kid = key_files.new_kid(self._files.clock())
            if not key_files.is_newer(kid, state.active):
                raise Exit(
                    f"{state.active} was made later than now: correct the clock of this machine.", 1
                )
            self._files.make(kid)
            yield f"Step 1 of 6 is done: {self._files.private(kid)} is the new private key."
            state = self.state()
        if self._by_hand and not applied:
            self._files.ask_for(state.step)
            yield from self._asked_for(state)
            yield f"When it is done, run keys.rotate --applied{' --now' if now else ''} likewise."
            return
        yield self._do(state)
        self._files.asked_for_file.unlink(missing_ok=True)
        yield _next(self.state()) if state.step < 6 else "The rotation is complete."

    def _changed(self, path: Path) -> float:
        """Return the modification time of a file, or the current time if it does not exist."""
        return path.stat().st_mtime if path.exists() else self._files.clock()

    def _do(self, state: State) -> str:
        """Do step 2, 4 or 6."""
        if state.step == 2:
            self._files.publish(state.new)
            return f"Step 2 of 6 is done: {self._files.public(state.new)} is published."
        if state.step == 4:
            self._files.check(state.new)
            self._files.sign_with(state.new)
            return (
                f"Step 4 of 6 is done: tokens are signed with {state.new}. "
                "The issuer's log says so, or why not: look before the old key goes."
            )
        for kid in state.old:
            self._files.remove(kid)
        return f"Step 6 of 6 is done: {', '.join(state.old)} removed. Destroy any copy of it."

    def _asked_for(self, state: State) -> Iterator[str]:
        """Yield the changes that the operator must make, without printing keys."""
        files, new = self._files, state.new
        yield f"Step {state.step} of 6, to {STEPS[state.step]}, is yours:"
        if state.step == 2:
            yield f"  secret {PUBLIC_SECRET}, in the namespace of every service that mounts it:"
            yield f"    add the item {new}.pem, which is the file {files.draft(new)}"
        elif state.step == 4:
            yield f"  secret {PRIVATE_SECRET}, in the namespace of the issuer, in one change:"
            yield f"    add the item {new}.pem, which is the file {files.private(new)}"
            yield f"    set the item {files.signing_kid_file.name} to {new}"
        else:
            for kid in state.old:
                yield f"  secret {PRIVATE_SECRET}: remove the item {kid}.pem"
                yield f"  secret {PUBLIC_SECRET}, everywhere: remove the item {kid}.pem"


def _next(state: State) -> str:
    line = f"Next is step {state.step} of 6: {STEPS[state.step]}"
    if state.step in {3, 5}:
        moment = datetime.fromtimestamp(state.until, UTC)
        return f"{line}, which they will at {moment:%Y-%m-%d %H:%M:%S} UTC; then run keys.rotate."
    return f"{line}: run keys.rotate."
