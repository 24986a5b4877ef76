"""Changes the key that signs tokens, in the six steps that refuse no valid token.

1. make a new pair           2. publish its public half beside the old
3. wait until all have it    4. sign with the new private key
5. wait until all tokens of the old key have expired
6. remove the old key, both halves of it, everywhere

Where a rotation is, is seen from the files (`key_files.py`): it can be left and taken up again at
any step, and a step that is done is not done twice. The times of two files tell how long one has
waited: when public/<new>.pem was published, and when private/signing-kid was changed.

In Kubernetes the folder is the operator's own, and what services read are secrets. A step that
changes these is said first, and recorded in the folder when `--applied` says that it is done: the
waiting begins then, and not when it was said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from invoke import Exit

from ..chassis.settings import Settings
from . import key_files
from .key_files import KeyFiles

PUBLIC_SECRET = "token-keys"  # noqa: S105  (its name)
PRIVATE_SECRET = "token-signing-keys"  # noqa: S105  (its name)

SPREAD_SECONDS = {"kubernetes": 180}
"""Until a changed secret is in every pod: kubelet's sync and cache, a minute each, and one more."""

SPREAD_ELSEWHERE = 5
"""Until a changed folder is seen, which is looked at each second."""

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
    """How long steps 3 and 5 take, in seconds."""

    for_services: float
    for_tokens: float


@dataclass(frozen=True)
class State:
    """Where a rotation is."""

    step: int
    active: str
    new: str = ""
    old: tuple[str, ...] = ()
    until: float = 0


def waits(settings: Settings) -> Waits:
    """Return how long to wait, by the settings, which all services of a fleet share."""
    place = settings.environment.rpartition(".")[2]
    spread = SPREAD_SECONDS.get(place, SPREAD_ELSEWHERE)
    return Waits(
        for_services=spread + settings["tokens.keys_cache_seconds"],
        # Not all copies of the issuer sign with the new key at once.
        for_tokens=spread + settings["tokens.life_seconds"] + settings["tokens.leeway_seconds"],
    )


def is_by_hand(settings: Settings) -> bool:
    """Return whether the services read something else than the folder."""
    return settings.environment.endswith(".kubernetes")


def refuse_another_signer(settings: Settings, files: KeyFiles) -> None:
    """Refuse to go on where the issuer signs with another key than the files say."""
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
        """`by_hand`: the services do not read the folder, so that an operator does the steps."""
        self._files = files
        self._waits = waits
        self._by_hand = by_hand

    def state(self) -> State:
        """See from the files which step is next."""
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
        """Return lines that say where the rotation is."""
        state = self.state()
        lines = [f"signing:   {state.active}"]
        lines += [f"new:       {state.new}"] if state.new else []
        lines += [f"old:       {', '.join(state.old)}"] if state.old else []
        lines += [f"published: {', '.join(sorted(self._files.public_kids())) or 'none'}"]
        return [*lines, _next(state)]

    def go_on(self, *, applied: bool = False, now: bool = False) -> Iterator[str]:
        """Do what can be done, and yield a line for each thing done and for what is next."""
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
                raise Exit(f"{state.active} was made later than now: mend this clock first.", 1)
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
        """Return when a file was changed: now, where nobody has said yet which key signs."""
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
        """Yield what an operator has to change, by names: nobody's terminal keeps a key."""
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
