"""What must be said outside: rows that leave one by one, each lane in its order.

    pending ──claim──> sending ──settle────> sent (with a receipt)
       ▲                 ├──────postpone──> postponed ──claim──> sending
       │                 ├──────doubt─────> uncertain (also when a claim runs out): the channel is asked
       │                 ├──────bury──────> failed ──discard──> discarded
       └──────retry──────┴──────drop──────> dropped (no longer true when its turn came)

`attempts` counts claims, so a crash in the middle of a send counts too. Until a row is sent, failed or dropped, nothing
behind it in its lane is claimed; that is also what keeps two replicas from sending one lane out of order. What is more
urgent goes first, so an alert never waits behind a person's cards; all words to a client are equally urgent and keep
their order. Claims end by the database's own clock: replicas may disagree about the time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, literal_column, or_, select, text, update

from bot.store.driver.among import among
from bot.store.driver.bulk import delete_many, insert_many, update_many
from bot.store.driver.database_time import clock_of, database_now
from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import change_built, rows_of, rows_of_built, together
from bot.store.reading.touch import Touched, touch_lines, touch_messages
from bot.store.tables.schema import ON_ITS_WAY, conversation, is_one_of, message, outbox, receipt
from sla.duration import Instant, later


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One row on its way out."""

    id: int
    key: str
    channel: str
    lane: str
    what: str
    ticket_id: int | None
    message_id: int | None
    person: str | None
    slot: str | None
    payload: str
    guard: str
    priority: int
    state: str
    attempts: int
    not_before: Instant
    created_at: Instant
    error: str


@dataclass(frozen=True, slots=True)
class Settled:
    """The channel took a row; `external_id` is its name there."""

    id: int
    external_id: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Put:
    """A row that was not sent: why, and for a row to be tried again, when."""

    id: int
    reason: str
    not_before: Instant | None = None


_COLUMNS = [outbox.c[name] for name in Outgoing.__slots__]
_WAITING = text(is_one_of("outbox.state", ON_ITS_WAY))
_front = outbox.alias("front")
_READY = (
    select(outbox.c.id)
    .where(
        _WAITING,
        outbox.c.state.in_((literal_column("'pending'"), literal_column("'postponed'"))),
        outbox.c.not_before <= bindparam("now"),
        ~among(outbox.c.lane, "busy"),
        ~among(outbox.c.channel, "held"),
        ~select(_front.c.id)
        .where(
            text(is_one_of("front.state", ON_ITS_WAY)),
            _front.c.lane == outbox.c.lane,
            _front.c.id != outbox.c.id,
            or_(
                _front.c.state == literal_column("'sending'"),
                _front.c.priority < outbox.c.priority,
                and_(_front.c.priority == outbox.c.priority, _front.c.id < outbox.c.id),
            ),
        )
        .exists(),
    )
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True, of=outbox)
)
_UNCERTAIN = (
    select(outbox.c.id)
    .where(
        _WAITING,
        outbox.c.state == literal_column("'uncertain'"),
        outbox.c.not_before <= bindparam("now"),
        ~among(outbox.c.lane, "busy"),
        ~among(outbox.c.channel, "held"),
        or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until < bindparam("clock")),
    )
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True, of=outbox)
)
_CLAIM = update(outbox).values(
    state="sending",
    attempts=outbox.c.attempts + 1,
    claimed_by=bindparam("owner"),
    claimed_until=bindparam("until"),
)
_CLAIM_READY = _CLAIM.where(outbox.c.id.in_(_READY)).returning(*_COLUMNS)
_CLAIM_UNCERTAIN = (
    update(outbox)
    .values(attempts=outbox.c.attempts + 1, claimed_by=bindparam("owner"), claimed_until=bindparam("until"))
    .where(outbox.c.id.in_(_UNCERTAIN))
    .returning(*_COLUMNS)
)
_UNCOUNT = update(outbox).where(among(outbox.c.id, "ids")).values(attempts=outbox.c.attempts - 1)
_RECOVER = (
    update(outbox)
    .where(_WAITING, outbox.c.state == literal_column("'sending'"))
    .values(state="uncertain", claimed_by=None, claimed_until=None, error="the bot stopped in the middle of sending")
)
#: Whoever was asking the channel about these is gone as well.
_RELEASE = (
    update(outbox)
    .where(_WAITING, outbox.c.state == literal_column("'uncertain'"), outbox.c.claimed_by.is_not(None))
    .values(claimed_by=None, claimed_until=None)
)
#: With the line that each says, if it says one.
_UNFINISHED = (
    select(
        outbox.c.id,
        outbox.c.message_id,
        outbox.c.slot,
        outbox.c.lane,
        message.c.conversation_id,
        conversation.c.key.label("conversation_key"),
    )
    .outerjoin_from(outbox, message, message.c.id == outbox.c.message_id)
    .outerjoin(conversation, conversation.c.id == message.c.conversation_id)
    .where(among(outbox.c.id, "ids"), _WAITING)
)
_ENDED = outbox.c.state.in_(("failed", "dropped", "discarded", "uncertain", "postponed"))
_HOLD = (
    update(outbox)
    .where(outbox.c.id == bindparam("number"), outbox.c.state == "pending", outbox.c.not_before < bindparam("until"))
    .values(not_before=bindparam("until"))
)
_RETRY = (
    update(outbox)
    .where(among(outbox.c.id, "ids"), _ENDED)
    .values(state="pending", not_before=bindparam("now"), claimed_by=None, claimed_until=None, error="")
    .returning(outbox.c.message_id)
)
_DISCARD = (
    update(outbox)
    .where(among(outbox.c.id, "ids"), outbox.c.state.in_(("failed", "pending", "postponed", "uncertain")))
    .values(state="discarded", claimed_by=None, claimed_until=None, error=bindparam("why"))
    .returning(outbox.c.message_id)
)
_LIST = select(*_COLUMNS).where(among(outbox.c.state, "states")).order_by(outbox.c.id.desc()).limit(bindparam("count"))
_LIST_WAITING = select(*_COLUMNS).where(_WAITING).order_by(outbox.c.priority, outbox.c.id).limit(bindparam("count"))
_COUNTS = (
    select(outbox.c.channel, outbox.c.state, func.count(), func.min(outbox.c.created_at))
    .where(_WAITING)
    .group_by(outbox.c.channel, outbox.c.state)
)
#: The second half is only counted out where the first finds nothing. `asked` is the moment asked about.
OUTLOOK = f"""
WITH asked (now) AS (SELECT {{keys}}) SELECT CASE WHEN EXISTS (
    SELECT 1 FROM outbox WHERE {is_one_of("state", ON_ITS_WAY)} AND state <> 'sending' AND not_before <= asked.now
) THEN asked.now ELSE (
    SELECT min(not_before) FROM outbox
    WHERE {is_one_of("state", ON_ITS_WAY)} AND (state = 'pending' OR state = 'postponed')
) END AS at FROM asked
"""  # noqa: S608 - words of ours
_DRAWN = "SELECT outbox_id FROM receipt WHERE slot IN {keys}"
_DOUBT = f"""
SELECT ({{clock}}) AS clock, EXISTS (SELECT 1 FROM outbox
WHERE {is_one_of("state", ON_ITS_WAY)} AND state = 'uncertain') AS is_any
"""  # noqa: S608 - words of ours


def clock_and_doubt(conn: Connection) -> tuple[Instant, bool]:
    """The database's own clock, by which claims end, and whether there is anything uncertain at all."""
    ((clock, is_any),) = rows_of(conn, _DOUBT.format(clock=clock_of(conn)))
    return Instant(clock), bool(is_any)


def claim(
    conn: Connection,
    *,
    now: Instant,
    owner: str,
    claim_for: timedelta,
    busy: Iterable[str] = (),
    held: Iterable[str] = (),
    count: int,
    clock: Instant | None = None,
) -> Sequence[Outgoing]:
    """Take rows that may be sent now, the most urgent first, at most one of each lane.

    None is taken of the `busy` lanes and the `held` channels.

    They are ours for `claim_for` of real time, from `clock` if that is known already; whoever is not done by then has
    probably died, and the row is uncertain.
    """
    if count <= 0:
        return ()
    until = later(database_now(conn) if clock is None else clock, claim_for)
    values = {"now": now, "owner": owner, "until": until, "busy": busy, "held": held, "count": count}
    return _sorted(rows_of_built(conn, _CLAIM_READY, values))


def claim_uncertain(
    conn: Connection,
    *,
    now: Instant,
    owner: str,
    claim_for: timedelta,
    busy: Iterable[str] = (),
    held: Iterable[str] = (),
    count: int,
    clock: Instant | None = None,
) -> Sequence[Outgoing]:
    """Take rows of which nobody knows whether they arrived, to ask their channel. They stay uncertain meanwhile."""
    clock = database_now(conn) if clock is None else clock
    until = later(clock, claim_for)
    values = {"now": now, "clock": clock, "owner": owner, "until": until, "busy": busy, "held": held, "count": count}
    return _sorted(rows_of_built(conn, _CLAIM_UNCERTAIN, values))


def recover(conn: Connection, *, everything: bool = False) -> int:
    """Turn sends whose claim ran out into uncertain ones; returns how many.

    `everything` is for a process that knows it is alone because it holds the file's lock.
    """
    if everything:
        conn.execute(_RELEASE)
        return conn.execute(_RECOVER).rowcount
    return conn.execute(_RECOVER.where(outbox.c.claimed_until < database_now(conn))).rowcount


def settle(conn: Connection, settled: Sequence[Settled]) -> Sequence[bool]:
    """Note that rows were sent, with their receipts; False for a row that had ended already. A Change."""
    rows = _unfinished(conn, [one.id for one in settled])
    found = [one for one in settled if one.id in rows]
    receipts = [
        {
            "outbox_id": one.id,
            "slot": rows[one.id].slot,
            "lane": rows[one.id].lane,
            "external_id": one.external_id,
            "at": one.at,
        }
        for one in found
    ]
    said = [(rows[one.id], one.external_id) for one in found if rows[one.id].message_id is not None]
    lines = [Touched(row.message_id, row.conversation_id, row.conversation_key, name) for row, name in said]
    # A page is drawn afresh each time and nobody writes under it, so only the last drawing is worth knowing.
    pages = [one["slot"] for one in receipts if (one["slot"] or "").startswith("home:")]
    delete_many(conn, receipt, [row.outbox_id for row in rows_by_keys(conn, _DRAWN, pages)])
    with together(conn):
        touch_lines(conn, lines, "sent")
        _end(conn, {one.id: "" for one in found}, "sent")
        insert_many(conn, receipt, receipts, skip_existing=True)
    return [one.id in rows for one in settled]


def postpone(conn: Connection, puts: Sequence[Put]) -> Sequence[bool]:
    """Try again later, not before each row's moment; False for a row that had ended already. A Change."""
    return _put_back(conn, puts, "postponed")


def rest(conn: Connection, puts: Sequence[Put]) -> Sequence[bool]:
    """Not their turn yet: as `postpone`, but the try does not count. A Change."""
    put_back = _put_back(conn, puts, "postponed")
    change_built(conn, _UNCOUNT, {"ids": [put.id for put, is_back in zip(puts, put_back, strict=True) if is_back]})
    return put_back


def doubt(conn: Connection, puts: Sequence[Put]) -> Sequence[bool]:
    """Nobody knows whether these arrived: ask the channel, not before each row's moment. A Change."""
    return _put_back(conn, puts, "uncertain")


def bury(conn: Connection, puts: Sequence[Put]) -> Sequence[bool]:
    """These will never arrive; their lines in the transcript say so. A Change."""
    return _put_away(conn, puts, "failed")


def drop(conn: Connection, puts: Sequence[Put]) -> Sequence[bool]:
    """These are no longer true, so they are not sent, and the reason is kept. A Change."""
    return _put_away(conn, puts, "dropped")


def reroute(conn: Connection, number: int, *, channel: str, lane: str, reason: str) -> None:
    """Send a row another way, at once and as if for the first time; what went wrong on the way before stays on it."""
    fresh = {"state": "pending", "attempts": 0, "not_before": 0, "claimed_by": None, "claimed_until": None}
    update_many(conn, outbox, [{"id": number, "channel": channel, "lane": lane, "error": reason, **fresh}])


def hold(conn: Connection, number: int, *, until: Instant) -> None:
    """Let a row that waits, and that the caller holds, leave no sooner than that."""
    conn.execute(_HOLD, {"number": number, "until": until})


def retry(conn: Connection, ids: Iterable[int], *, now: Instant) -> int:
    """Send again what failed, was dropped or waits; returns how many. Somebody has looked at it."""
    rows = conn.execute(_RETRY, {"ids": ids, "now": now}).all()
    touch_messages(conn, [row.message_id for row in rows if row.message_id is not None], "pending")
    return len(rows)


def discard(conn: Connection, ids: Iterable[int], *, reason: str) -> int:
    """Give up on rows that are not being sent right now; returns how many."""
    rows = conn.execute(_DISCARD, {"ids": ids, "why": reason}).all()
    touch_messages(conn, [row.message_id for row in rows if row.message_id is not None], "failed")
    return len(rows)


def listing(conn: Connection, *, states: Sequence[str] = (), count: int) -> Sequence[Outgoing]:
    """Rows in these states, newest first; without states, everything on its way in the order it will leave."""
    if not states:
        return [Outgoing(**row) for row in conn.execute(_LIST_WAITING, {"count": count}).mappings()]
    return [Outgoing(**row) for row in conn.execute(_LIST, {"states": states, "count": count}).mappings()]


def show(conn: Connection, number: int) -> Outgoing | None:
    """One row, whatever became of it."""
    row = conn.execute(select(*_COLUMNS).where(outbox.c.id == number)).mappings().first()
    return Outgoing(**row) if row else None


def numbers(conn: Connection, keys: Sequence[str]) -> Mapping[str, int]:
    """The rows that go by these keys."""
    return {row.key: row.id for row in rows_by_keys(conn, "SELECT key, id FROM outbox WHERE key IN {keys}", keys)}


def counts(conn: Connection) -> Mapping[tuple[str, str], tuple[int, Instant]]:
    """By channel and state: how many rows are on their way, and since when the oldest."""
    return {(channel, state): (count, oldest) for channel, state, count, oldest in conn.execute(_COUNTS)}


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whether anything waits whose moment has come, uncertain or behind another one as it may be.

    If nothing does, when the next one's comes.
    """

    is_ready: bool
    ready_at: Instant | None = None


def outlook(conn: Connection, *, now: Instant) -> Outlook:
    """Whether it is worth claiming, or when it will be."""
    ((at,),) = rows_by_keys(conn, OUTLOOK, [now])
    is_ready = at is not None and at <= now
    return Outlook(is_ready, None if is_ready or at is None else Instant(at))


def _sorted(rows: Sequence[Any]) -> Sequence[Outgoing]:
    return sorted((Outgoing(*row) for row in rows), key=lambda one: (one.priority, one.id))


def _unfinished(conn: Connection, ids: Sequence[int]) -> Mapping[int, Any]:
    return {row.id: row for row in rows_of_built(conn, _UNFINISHED, {"ids": ids})}


def _end(conn: Connection, reasons: Mapping[int, str], state: str) -> None:
    ended = {"state": state, "claimed_by": None, "claimed_until": None}
    update_many(conn, outbox, [{"id": number, **ended, "error": why} for number, why in sorted(reasons.items())])


def _put_back(conn: Connection, puts: Sequence[Put], state: str) -> Sequence[bool]:
    rows = _unfinished(conn, [put.id for put in puts])
    free = {"state": state, "claimed_by": None, "claimed_until": None}
    changes = [
        {"id": put.id, **free, "error": put.reason, "not_before": put.not_before or 0} for put in puts if put.id in rows
    ]
    update_many(conn, outbox, changes)
    return [put.id in rows for put in puts]


def _put_away(conn: Connection, puts: Sequence[Put], state: str) -> Sequence[bool]:
    rows = _unfinished(conn, [put.id for put in puts])
    lines = [number for row in rows.values() if (number := row.message_id) is not None]
    touch_messages(conn, lines, "failed")
    _end(conn, {put.id: put.reason for put in puts if put.id in rows}, state)
    return [put.id in rows for put in puts]
