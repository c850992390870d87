"""Which calls somebody may know of and change: their own from anywhere, and what was booked in the place they ask in.

In a group somebody else's call is named to nobody, unless it was booked there, before all of them.
"""

from bot.store.calls import calls
from bot.store.calls.call_offers import Asker, facts_of_asker
from bot.store.driver.connection import Connection
from bot.store.revisions import Revisions
from bot.tickets.calls.call import Call
from bot.tickets.facts import Facts


def of_ticket(conn: Connection, facts: Facts) -> list[Call]:
    """The calls of the ticket at hand that are still to be held, whoever booked them; after a merge several."""
    found = calls.of_ticket(conn, facts.ticket.id) if facts.ticket is not None else []
    return [one for one in found if one.is_ahead(facts.now)]


def live(conn: Connection, facts: Facts) -> Call | None:
    """The next call of the ticket at hand. One whose time is over counts as held."""
    return next(iter(of_ticket(conn, facts)), None)


def at_hand(conn: Connection, facts: Facts, *, is_known: bool = True, key: str = "") -> Call | None:
    """The same, where whoever asks may know of it; `key` asks for that very one.

    Who is not `is_known` is somebody of those who write there, and has no calls of their own.
    """
    theirs = (one for one in of_ticket(conn, facts) if may_know(facts, one, is_known=is_known))
    return next((one for one in theirs if key in {"", one.key}), None)


def may_know(facts: Facts, call: Call, *, is_known: bool = True) -> bool:
    """Whether a call is the asker's own, or was booked where they ask."""
    is_own = is_known and (call.contact, call.client) == (facts.speaker.contact, facts.speaker.client)
    return is_own or call.talk == facts.talk.id


def ahead(conn: Connection, facts: Facts, *, is_known: bool = True) -> list[Call]:
    """Every call that whoever asks may mean, the soonest first: those at hand, and their own wherever it was booked."""
    own = calls.ahead_of_contact(conn, facts.speaker.contact, now=facts.now) if is_known else []
    found = {one.key: one for one in (*of_ticket(conn, facts), *own) if may_know(facts, one, is_known=is_known)}
    return sorted(found.values(), key=lambda one: (one.begins_at, one.key))


def others(conn: Connection, facts: Facts, *, is_known: bool = True) -> list[Call]:
    """The same without those at hand: what is named before another is offered."""
    here = {one.key for one in of_ticket(conn, facts)}
    return [one for one in ahead(conn, facts, is_known=is_known) if one.key not in here]


def about(conn: Connection, revisions: Revisions, facts: Facts, call: Call, *, is_reading: bool = False) -> Facts:
    """The facts of the ticket that a call of theirs is about, where they ask: what is said of it is said here."""
    if facts.speaker.client is None or call.key in {one.key for one in of_ticket(conn, facts)}:
        return facts
    asker = Asker(facts.talk.id, facts.speaker.contact, facts.speaker.client)
    found = facts_of_asker(conn, revisions, asker, now=facts.now, about=call.ticket, is_reading=is_reading)
    return facts if found is None or found.ticket is None else found
