"""What hangs on working hours: lines with a waiting list, people whose clients wrote while they were away, promises."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text

from bot.store.driver.look import rows_by_keys
from bot.store.driver.plain import rows_of
from bot.store.facts import OPEN
from bot.tickets.ladder.climbing import climbing_from_text
from bot.tickets.ticket import TicketId
from routing.people import LineId, PersonId
from sla.duration import Instant

_WAITING = f"SELECT DISTINCT line FROM ticket WHERE assignee IS NULL AND {OPEN} ORDER BY line"  # noqa: S608 - ours
_HAVING = f"SELECT DISTINCT assignee FROM ticket WHERE assignee IS NOT NULL AND {OPEN} ORDER BY assignee"  # noqa: S608 - ours
_HEEDED = f"SELECT id, ladder FROM ticket WHERE ladder LIKE '%\"quiet_by\"%' AND {OPEN} ORDER BY id"  # noqa: S608 - ours
_OWING = text(
    "SELECT id FROM ticket WHERE id > :after AND (next_due IS NOT NULL OR ladder IS NOT NULL) "  # noqa: S608 - ours
    f"AND {OPEN} ORDER BY id LIMIT :count"
)
_THEIRS = f"SELECT id FROM ticket WHERE client IN {{keys}} AND {OPEN} ORDER BY id"  # noqa: S608 - words of ours
_ARMED = "SELECT owner FROM alarm WHERE owner IN {keys}"
_CARDS = "SELECT DISTINCT slot FROM receipt WHERE slot IN {keys}"
#: As one shift begins: waiting lists, who was away, and who reads what others answered.
_BEGIN = text(
    "SELECT owner FROM alarm WHERE due_at <= :now "
    "AND (owner LIKE 'opening:%' OR owner LIKE 'shift:%' OR owner LIKE 'answered:%') ORDER BY owner"
)
_ANSWERED = "SELECT owner FROM alarm WHERE owner LIKE 'answered:%' ORDER BY owner"


def people_with_tickets(conn: Connection) -> list[PersonId]:
    """Everybody who has an open ticket, whether or not the desk knows them still."""
    return [PersonId(row.assignee) for row in rows_of(conn, _HAVING)]


def acknowledged_by(conn: Connection) -> dict[PersonId, list[TicketId]]:
    """The open tickets that somebody has acknowledged, under whoever did so last."""
    found: dict[PersonId, list[TicketId]] = defaultdict(list)
    for row in rows_of(conn, _HEEDED):
        by = climbing_from_text(row.ladder).quiet_by
        if by is not None:
            found[by].append(TicketId(row.id))
    return found


def lines_waiting(conn: Connection) -> list[LineId]:
    """The lines that have open tickets which nobody has."""
    return [LineId(row.line) for row in rows_of(conn, _WAITING)]


def open_tickets_of_clients(conn: Connection, clients: Sequence[str], *, after: TicketId, count: int) -> list[TicketId]:
    """Open tickets of these clients, by number, beyond the one named."""
    return [TicketId(number) for row in rows_by_keys(conn, _THEIRS, clients) if (number := row.id) > after][:count]


def armed(conn: Connection, owners: Sequence[str]) -> list[str]:
    """Those of these owners who have an alarm set."""
    return [row.owner for row in rows_by_keys(conn, _ARMED, owners)]


def beginnings(conn: Connection, *, now: Instant) -> list[str]:
    """The alarms of shifts that begin by now, by their owners."""
    return list(conn.execute(_BEGIN, {"now": now}).scalars())


def answered(conn: Connection) -> list[str]:
    """Whom to tell that others answered for them, and of which ticket: what stands behind the word of their alarm."""
    return [row.owner.partition(":")[2] for row in rows_of(conn, _ANSWERED)]


def with_cards(conn: Connection, given: Iterable[tuple[PersonId, TicketId]]) -> set[PersonId]:
    """Those of these people who see that ticket already: another change of its card tells them nothing."""
    slots = {slot: person for person, ticket in given for slot in (f"card:{ticket}:{person}", f"card:{ticket}")}
    return {slots[row.slot] for row in rows_by_keys(conn, _CARDS, sorted(slots))}


def owing_after(conn: Connection, after: TicketId, *, count: int) -> list[TicketId]:
    """Open tickets with a promise that runs or a ladder that is climbed, by number, beyond the one named."""
    return [TicketId(number) for number in conn.execute(_OWING, {"after": after, "count": count}).scalars()]
