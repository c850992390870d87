"""The journal: every payload as it came, kept before anything else happens and never thrown away.

    new ──> done                 decided
     ├────> parked ──┐           a kind we know and do not serve: counted, nobody is disturbed
     └────> dead ────┤           not understood: the admin is told
                     ├─retry──> new
                     └─discard─> discarded    (the payload stays)

Payloads of one lane are decided in the order they came; an empty lane is no lane.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, or_, select, text, update

from adapters.port import Cursor, Raw
from bot.store import leases
from bot.store.driver.among import among
from bot.store.driver.bulk import insert_many, update_many, upsert_many
from bot.store.driver.ids import take
from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import change_built, rows_of, rows_of_built
from bot.store.tables.schema import cursor, inbound
from sla.duration import Instant, instant, length

#: Why an undecided payload stands where it does, if it does not just wait for its turn.
BEHIND: Final = "its files are being fetched"
#: What an adapter hands over at once: payloads, how far it has read, and the moment it says so.
Delivery = tuple[Sequence[Raw], Cursor | None, Instant]
#: Of each delivery the id and lane of every payload that is new to us.
New = Sequence[Sequence[tuple[int, str]]]
#: What became of a payload that was not decided: its state, and why it stands there.
End = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """One payload of the journal. `payload` is empty in listings."""

    id: int
    key: str
    channel: str
    account: str
    external_id: str
    lane: str
    received_at: Instant
    state: str
    reason: str
    payload: bytes = b""


class _Stored(NamedTuple):
    """A payload that is new, as it stands in the journal."""

    raw: Raw
    number: int
    state: str


_LISTED = [inbound.c[name] for name in Kept.__slots__ if name != "payload"]
_AS_IT_CAME = [*_LISTED, inbound.c.payload]
_WHOLE = [*_LISTED, func.coalesce(inbound.c.completed, inbound.c.payload).label("payload")]
_NEW = text("inbound.state = 'new'")  # written out, because a partial index serves only its own words
_DEAD = text("inbound.state = 'dead'")

_MOVED = "SELECT key, value, moved_at FROM cursor WHERE key IN {keys} ORDER BY key"

_FRESH = (
    select(inbound.c.id, inbound.c.lane)
    .where(_NEW, inbound.c.id > bindparam("after"))
    .order_by(inbound.c.id)
    .limit(bindparam("count"))
)
_older = inbound.alias("older")
_CLAIM = (
    select(*_WHOLE)
    .where(
        among(inbound.c.id, "ids"),
        _NEW,
        or_(
            inbound.c.lane == "",
            ~select(_older.c.id)
            .where(
                text("older.state = 'new'"),
                _older.c.lane == inbound.c.lane,
                _older.c.id < inbound.c.id,
                ~among(_older.c.id, "ids"),
            )
            .exists(),
        ),
    )
    .order_by(inbound.c.id)
    .with_for_update(skip_locked=True, of=inbound)
)
#: Tried, not waited for: a lane that another replica is deciding comes round again.
_LANES = text("""
    SELECT lane, pg_try_advisory_xact_lock(hashtextextended(lane, 0)) FROM
    (SELECT DISTINCT lane FROM inbound WHERE id = ANY(:ids) AND lane <> '' AND state = 'new' ORDER BY lane) AS wanted
""")
_LANES_NAMED = """
SELECT lane, pg_try_advisory_xact_lock(hashtextextended(lane, 0)) AS is_ours
FROM (SELECT unnest($1::text[]) AS lane ORDER BY 1) AS wanted
"""
_KEEP = """
INSERT INTO inbound (id, key, channel, account, external_id, lane, payload, received_at, reason, state)
SELECT nextval('seq_inbound_id'), key, channel, account, external_id, lane, payload, received_at, reason,
CASE WHEN is_held AND (lane = '' OR NOT EXISTS (
    SELECT 1 FROM inbound AS older WHERE older.lane = fresh.lane AND older.state = 'new'
)) THEN 'done' ELSE 'new' END
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bigint[], $8::text[], $9::boolean[]
) AS fresh (key, channel, account, external_id, lane, payload, received_at, reason, is_held)
ON CONFLICT (key) DO NOTHING RETURNING key, id, state
"""
_WAITED_IN = "SELECT DISTINCT lane FROM inbound WHERE lane IN {keys} AND state = 'new'"
_LANES_OF = select(inbound.c.id, inbound.c.lane).where(among(inbound.c.id, "ids"), _NEW)
_DONE = update(inbound).where(among(inbound.c.id, "ids"), _NEW).values(state="done", reason="")
_END = (
    update(inbound)
    .where(inbound.c.id == bindparam("row"), _NEW)
    .values(state=bindparam("end"), reason=bindparam("why"))
)
_COMPLETE = update(inbound).where(inbound.c.id == bindparam("row"), _NEW).values(completed=bindparam("whole"))
_RETRY = (
    update(inbound)
    .where(among(inbound.c.id, "ids"), inbound.c.state.in_(("dead", "parked", "discarded")))
    .values(state="new", reason="", completed=None)
)
_DISCARD = update(inbound).where(among(inbound.c.id, "ids"), inbound.c.state.in_(("dead", "parked")))
_LIST = select(*_LISTED).where(among(inbound.c.state, "states")).order_by(inbound.c.id.desc()).limit(bindparam("count"))
_LIST_NEW = select(*_LISTED).where(_NEW).order_by(inbound.c.id.desc()).limit(bindparam("count"))
_LIST_DEAD = select(*_LISTED).where(_DEAD).order_by(inbound.c.id.desc()).limit(bindparam("count"))
_SHOW = select(*_AS_IT_CAME).where(inbound.c.id == bindparam("row"))
_OLDEST = select(inbound.c.received_at).where(_NEW).order_by(inbound.c.id).limit(1)
_WAITING = select(func.count()).select_from(inbound).where(_NEW)
_BURIED = select(func.count()).select_from(inbound).where(_DEAD)


def keep(conn: Connection, deliveries: Sequence[Delivery]) -> New:
    """Store payloads and cursors; gives, for each delivery, the id and lane of every payload that is new to us.

    A Change for the committer. What came before, in this delivery or in any other, is passed over by its key. Raises
    LeaseLostError, and stores nothing, where a cursor's fence is no longer held.
    """
    return keep_decided(conn, deliveries, most=0)[0]


def keep_decided(
    conn: Connection, deliveries: Sequence[Delivery], *, most: int
) -> tuple[New, Sequence[tuple[int, Raw]]]:
    """The same, and what may be decided at once, which is kept as decided: a row that is written once.

    That is the first of each lane in which nothing waits, `most` in all, oldest first. Whoever asks decides them in
    this transaction, and says what became of those that were not (`leave`).
    """
    for _, at, _ in deliveries:
        if at is not None and at.fence is not None:
            leases.guard(conn, at.fence.name, epoch=at.fence.epoch)
    raws = [raw for delivery, _, _ in deliveries for raw in delivery]
    stored = _stored(conn, raws, _held(conn, raws, most))
    _move(conn, [(at, now) for _, at, now in deliveries if at is not None])
    taken = [(one.number, one.raw) for one in stored.values() if one.state == "done"]
    # A repeat within the batch is not the row that was stored.
    new = [[(stored.pop(raw.key).number, raw.lane) for raw in each if raw.key in stored] for each, _, _ in deliveries]
    return new, sorted(taken, key=itemgetter(0))


def leave(conn: Connection, ends: Mapping[int, End]) -> None:
    """What became of payloads that this transaction kept as decided, and could not decide."""
    update_many(conn, inbound, [{"id": one, "state": end, "reason": why} for one, (end, why) in sorted(ends.items())])


def _held(conn: Connection, raws: Sequence[Raw], most: int) -> set[int]:
    """The places of what comes first in its lane, `most` of them; on PostgreSQL of lanes that are ours from now on.

    Their lanes are held in a statement of its own, so that the next sees what whoever held them before has left there.
    """
    first = {raw.lane or f"#{place}": place for place, raw in reversed(list(enumerate(raws)))}
    places = set(sorted(first.values())[:most])
    lanes = sorted({raws[place].lane for place in places} - {""})
    if conn.dialect.name == "sqlite" or not lanes:
        return places
    refused = {row.lane for row in rows_of(conn, _LANES_NAMED, (lanes,)) if not row.is_ours}
    return {place for place in places if raws[place].lane not in refused}


def _stored(conn: Connection, raws: Sequence[Raw], held: Collection[int]) -> dict[str, _Stored]:
    """By key, every payload that is new; what is at a `held` place is decided, unless something waits in its lane."""
    first = {raw.key: place for place, raw in reversed(list(enumerate(raws)))}
    chosen = sorted(first.values())
    if not chosen:
        return {}
    if conn.dialect.name != "sqlite":
        rows = [{**_row(raws[place]), "is_held": place in held} for place in chosen]
        found = rows_of(conn, _KEEP, tuple([row[name] for row in rows] for name in rows[0]))
        return {row.key: _Stored(raws[first[row.key]], row.id, row.state) for row in found}
    # A SQLite file has one writer at a time, so what is absent now is still absent when it is inserted.
    known = known_keys(conn, list(first))
    new = [place for place in chosen if raws[place].key not in known]
    lanes = sorted({raws[place].lane for place in new if place in held} - {""})
    waited_in = {row.lane for row in rows_by_keys(conn, _WAITED_IN, lanes)}
    stored = [
        _Stored(raws[place], number, "done" if place in held and raws[place].lane not in waited_in else "new")
        for place, number in zip(new, take(conn, inbound, len(new)), strict=True)
    ]
    insert_many(conn, inbound, [{**_row(one.raw), "id": one.number, "state": one.state} for one in stored])
    return {one.raw.key: one for one in stored}


def cursor_of(conn: Connection, channel: str, account: str) -> str | None:
    """How far a channel has been read, None at the very beginning."""
    return conn.execute(select(cursor.c.value).where(cursor.c.key == _name(channel, account))).scalar()


def cursors_of(conn: Connection, channel: str, start: str) -> Sequence[str]:
    """The accounts of a channel that begin so and have a cursor."""
    of = f"{channel}:"
    keys = conn.execute(select(cursor.c.key).where(cursor.c.key.startswith(f"{of}{start}", autoescape=True)))
    return sorted(key.removeprefix(of) for key in keys.scalars())


def known_keys(conn: Connection, keys: Sequence[str]) -> set[str]:
    """Which of these payloads came, whatever became of them."""
    return {row.key for row in rows_by_keys(conn, "SELECT key FROM inbound WHERE key IN {keys}", keys)}


def last_read(conn: Connection, channel: str, account: str) -> tuple[str, Instant] | None:
    """How far a channel has been read, and when that was kept."""
    found = conn.execute(
        select(cursor.c.value, cursor.c.moved_at).where(cursor.c.key == _name(channel, account))
    ).first()
    return None if found is None else (found.value, found.moved_at)


def fresh(conn: Connection, *, after: int, count: int) -> Sequence[tuple[int, str]]:
    """Ids and lanes of undecided payloads above an id, oldest first.

    On PostgreSQL a lower id may appear after a higher one, so look from 0 again every now and then.
    """
    return [(row.id, row.lane) for row in rows_of_built(conn, _FRESH, {"after": after, "count": count})]


def claim(conn: Connection, ids: Sequence[int]) -> Sequence[Kept]:
    """The payloads among `ids` that this transaction may decide now, oldest first.

    Left out: what is decided already, what has an older undecided payload of its lane in front that is not among `ids`,
    and on PostgreSQL what another replica is deciding.
    """
    wanted: Sequence[int] = ids
    if conn.dialect.name != "sqlite":
        refused = {lane for lane, is_ours in rows_of_built(conn, _LANES, {"ids": list(ids)}) if not is_ours}
        if refused:
            wanted = [row.id for row in rows_of_built(conn, _LANES_OF, {"ids": ids}) if row.lane not in refused]
    return [Kept(*row) for row in rows_of_built(conn, _CLAIM, {"ids": wanted})]


def complete(conn: Connection, number: int, payload: bytes) -> None:
    """Give an undecided payload what was fetched for it, which it is decided from; its own bytes stay as they came."""
    conn.execute(_COMPLETE, {"row": number, "whole": payload})


def done(conn: Connection, ids: Sequence[int]) -> None:
    """These are decided."""
    if ids:
        change_built(conn, _DONE, {"ids": ids})


def end(conn: Connection, ends: Mapping[int, End]) -> None:
    """What became of undecided payloads that are not decided now.

    Parked are kinds we do not serve. Dead letters hold nothing up, and a person looks at them. What is new still and
    BEHIND something stands longer than others, and rightly.
    """
    for number, (state, why) in sorted(ends.items()):
        conn.execute(_END, {"row": number, "end": state, "why": why})


def retry(conn: Connection, ids: Sequence[int]) -> int:
    """Have payloads read and decided again from the beginning that were put aside; returns how many."""
    return conn.execute(_RETRY, {"ids": ids}).rowcount


def discard(conn: Connection, ids: Sequence[int], *, reason: str) -> int:
    """Close dead letters that nobody needs; the payloads stay. Returns how many."""
    return conn.execute(_DISCARD.values(state="discarded", reason=reason), {"ids": ids}).rowcount


def listing(conn: Connection, *, states: Sequence[str], count: int) -> Sequence[Kept]:
    """The newest payloads in these states, without their bytes."""
    query = _LIST_NEW if list(states) == ["new"] else _LIST_DEAD if list(states) == ["dead"] else _LIST
    return [Kept(**row) for row in conn.execute(query, {"states": states, "count": count}).mappings()]


def show(conn: Connection, number: int) -> Kept | None:
    """One payload with its bytes as they came."""
    row = conn.execute(_SHOW, {"row": number}).mappings().first()
    return Kept(**row) if row else None


def oldest_unprocessed(conn: Connection) -> Instant | None:
    """When the payload arrived that waits longest; None when nothing waits."""
    return conn.execute(_OLDEST).scalar()


def counts(conn: Connection) -> tuple[int, int]:
    """How many payloads wait, and how many are dead letters."""
    return conn.execute(_WAITING).scalar_one(), conn.execute(_BURIED).scalar_one()


def _move(conn: Connection, cursors: Sequence[tuple[Cursor, Instant]]) -> None:
    """Keep how far each channel is read by now, and no less than was kept where others move it too."""
    shared = [_name(at.channel, at.account) for at, _ in cursors if at.rests_for is not None]
    query = _MOVED if conn.dialect.name == "sqlite" else f"{_MOVED} FOR UPDATE"
    moved = {row.key: (row.value, Instant(row.moved_at)) for row in rows_by_keys(conn, query, sorted(set(shared)))}
    for at, now in cursors:
        value, moved_at = moved.get(name := _name(at.channel, at.account), (at.value, now))
        moved[name] = (value if at.is_behind(value, length(now - moved_at)) else at.value, now)
    rows = [{"key": name, "value": value, "moved_at": moved_at} for name, (value, moved_at) in sorted(moved.items())]
    upsert_many(conn, cursor, rows)


def _name(channel: str, account: str) -> str:
    return f"{channel}:{account}"


def _row(raw: Raw) -> dict[str, object]:
    return {
        "key": raw.key,
        "channel": str(raw.channel),
        "account": raw.account,
        "external_id": raw.external_id,
        "lane": raw.lane,
        "payload": raw.payload,
        "received_at": instant(raw.received_at),
        "reason": "",
    }
