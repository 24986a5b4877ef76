"""SQL statements of the login throttle, with bound parameters.

All times are those of the database, so that all workers use the same clock.
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

from flask_chassis.issuer.tables import INSTANT, FailedLogins, KnownPlace

# Not the start of the transaction, because the statement may have waited for a lock since.
_now = func.clock_timestamp(type_=INSTANT)

# Failed logins. The first `free` cause no wait. With each further one the wait doubles, up to
# `longest`. One expires every `forget_each` seconds. The count does not exceed `most`.

_forgotten = func.extract("epoch", _now - FailedLogins.last_failure) / bindparam("forget_each")
_left = func.greatest(FailedLogins.failures - cast(_forgotten, Double), 0)
_failures = func.least(_left, bindparam("most"), type_=Double) + 1
_doublings = func.ceil(_failures - bindparam("free")) - 1
_wait = func.least(
    bindparam("longest", type_=Interval),
    func.make_interval(0, 0, 0, 0, 0, 0, func.power(2, _doublings)),
    type_=Interval,
)

# Returns no row during a wait, but locks the row. The lock serializes concurrent attempts, so that
# no more of them succeed than in sequence.
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
# Ends the wait only if the same attempt started it.
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
# Deletes few rows at a time and skips locked rows, because it runs concurrently with logins.
FORGET_OLD = delete(FailedLogins).where(
    FailedLogins.subject.in_(
        select(FailedLogins.subject)
        .where(FailedLogins.last_failure < _now - bindparam("unused_for", type_=Interval))
        .limit(100)
        .with_for_update(skip_locked=True)
    )
)

# Known places.

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
