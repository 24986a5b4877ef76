"""The statements of the throttle, made once; each is given its values when it is run.

Failed logins are timed by the database, the one clock that all workers share.
"""

from sqlalchemy import (
    Double,
    Interval,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from .tables import INSTANT, FailedLogins, KnownPlace

# Not the transaction's beginning: a statement may have waited for a lock since.
_now = func.clock_timestamp(type_=INSTANT)

# Failed logins. `free` failures cost nothing; the wait after each further one is twice as long, up
# to `longest`. One is forgotten in each `forget_each` seconds; more than `most` are not counted.

_forgotten = func.extract("epoch", _now - FailedLogins.last_failure) / bindparam("forget_each")
_left = func.greatest(FailedLogins.failures - cast(_forgotten, Double), 0)
_failures = func.least(_left, bindparam("most"), type_=Double) + 1
_doublings = func.ceil(_failures - bindparam("free")) - 1
_wait = func.least(
    bindparam("longest", type_=Interval),
    func.make_interval(0, 0, 0, 0, 0, 0, func.power(2, _doublings)),
    type_=Interval,
)

# Returns no row where there is a wait; it is locked all the same. Attempts at one time take their
# turns at the row, so that no more of them get through than if they had come one after the other.
CHARGE = (
    insert(FailedLogins)
    .values(subject=bindparam("subject"), failures=1, blocked_until=_now, last_failure=_now)
    .on_conflict_do_update(
        index_elements=[FailedLogins.subject],
        set_={
            "failures": _failures,
            "blocked_until": case((_failures > bindparam("free"), _now + _wait), else_=_now),
            "last_failure": _now,
        },
        where=FailedLogins.blocked_until <= _now,
    )
    .returning(FailedLogins.blocked_until, FailedLogins.failures)
)
SECONDS_TO_WAIT = select(func.ceil(func.extract("epoch", FailedLogins.blocked_until - _now))).where(
    FailedLogins.subject == bindparam("subject")
)
# Ends the wait that its own charge began, and no other.
REFUND = (
    update(FailedLogins)
    .where(FailedLogins.subject == bindparam("whose"))
    .values(
        failures=func.greatest(FailedLogins.failures - 1, 0),
        blocked_until=case(
            (FailedLogins.blocked_until == bindparam("charged_until"), _now),
            else_=FailedLogins.blocked_until,
        ),
    )
)
# A few at a time, and none that somebody else is at: this runs beside logins.
FORGET_OLD = delete(FailedLogins).where(
    FailedLogins.subject.in_(
        select(FailedLogins.subject)
        .where(FailedLogins.last_failure < _now - bindparam("unused_for", type_=Interval))
        .limit(100)
        .with_for_update(skip_locked=True)
    )
)

# Places that a user has logged in from.

IS_KNOWN = select(
    exists().where(
        KnownPlace.subject == bindparam("subject"),
        KnownPlace.last_login > _now - bindparam("known_for", type_=Interval),
    )
)
REMEMBER = (
    insert(KnownPlace)
    .values(subject=bindparam("subject"), last_login=_now)
    .on_conflict_do_update(index_elements=[KnownPlace.subject], set_={"last_login": _now})
)
FORGET_UNUSED = delete(KnownPlace).where(
    KnownPlace.subject.in_(
        select(KnownPlace.subject)
        .where(KnownPlace.last_login < _now - bindparam("unused_for", type_=Interval))
        .limit(100)
        .with_for_update(skip_locked=True)
    )
)
