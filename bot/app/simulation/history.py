"""What a database remembers, as a scene: played on another desk, it shows which promises would have gone otherwise.

What people said and did is taken as it was; everything that follows from it by itself is left to the other desk. What
was merged is one ticket from its first word on, and what was split off another is told apart from its first word on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.app.simulation.scene import ETA, Acted, Event, Spoken
from bot.app.simulation.simulating import Played, Promised, promised_to_clients
from bot.store.driver.database import Database
from bot.store.reading import queue, reads
from bot.store.revisions import Revisions
from bot.tickets import facts
from bot.tickets.pairs.decide_split import SPLIT
from routing.people import PersonId
from sla.clock import Clock
from sla.duration import Instant
from sla.merging import MERGED

#: What a person did, by the event it left; what is not here moves no promise.
KINDS: Final[Mapping[str, str]] = {
    "replied": "unset",
    "reply_named": "name_reply",
    "asked_details": "clarify",
    "eta_given": ETA,
    "resolved": "resolve",
    "waits_third_party": "third_party",
    "resumed": "resume",
    "handed_over": "hand_over",
    "escalated": "escalate",
    "urgency_set": "urgency",
    "needs_no_answer": "no_answer",
    "picked_up": "take",
    "acknowledged": "acknowledge",
    "marked_spam": "spam",
    "not_covered": "not_covered",
    "covered": "covered",
    "agreed": "agree",
}
#: After these nobody goes on with a ticket by writing where it was.
ENDS: Final = frozenset({"closed", "marked_spam", "merged_into"})
#: Why a clock ended whose promise is another ticket's.
MOVED: Final = frozenset({MERGED, SPLIT})
#: Which of its particulars an event was about.
PARTICULARS: Final[Mapping[str, str]] = {"reply_named": "kind", "handed_over": "person", "urgency_set": "after"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One promise, as it was and as it would have been; None where there was, or would have been, none."""

    was: Promised | None
    would_be: Promised | None


async def remembered(database: Database, revisions: Revisions, *, now: Instant) -> tuple[list[Event], list[Promised]]:
    """Everything that was said and done on tickets so far, in its order, and every promise as it stands."""
    wanted = queue.Wanted(among=queue.Among.ALL, limit=2**31)
    listed = await database.read(lambda conn: queue.tickets(conn, wanted))
    events: list[Event] = []
    promised: list[Promised] = []
    taken: dict[str, Instant] = {}  # until when a ticket of that place would have taken what was said there
    for ticket in sorted(one.ticket.id for one in listed):
        page = await database.read(partial(reads.page, revisions=revisions, ticket_id=ticket, now=now))
        if page is not None:
            place = page.facts.talk.conversation.key
            is_anew = page.ticket.opened_at < taken.get(place, page.ticket.opened_at)
            taken[place] = max(taken.get(place, page.ticket.opened_at), _ended_at(page) or now)
            events += [*_spoken(page, is_anew=is_anew), *_acted(page, revisions)]
            where = page.facts.talk.conversation
            clocks = promised_to_clients(page.facts.clocks)
            promised += [Promised(ticket, where, clock) for clock in clocks if clock.end_reason not in MOVED]
    return sorted(events, key=lambda one: one.at), promised


def differences(was: Iterable[Promised], played: Played) -> list[Difference]:
    """Promises that would have had another moment or another end, in the order they were made."""
    before, after = _by_key(was), _by_key(played.promised)
    found = [Difference(before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys())]
    return [one for one in found if not (one.was and one.would_be and _end(one.was.clock) == _end(one.would_be.clock))]


def _by_key(promised: Iterable[Promised]) -> dict[tuple[Instant, str, str, str], Promised]:
    """By when and where they were made and what they promise; our own end of a channel has another name there."""
    return {
        (one.clock.started_at, one.conversation.channel, one.conversation.address, one.clock.metric): one
        for one in promised
    }


def _end(clock: Clock) -> tuple[object, ...]:
    return clock.state, clock.due_at, clock.breached_at, clock.satisfied_at


def _ended_at(page: reads.Page) -> Instant | None:
    """When it could not be taken up again any more; None while it can."""
    return next((event.at for event in page.events if event.what in ENDS), None)


def _spoken(page: reads.Page, *, is_anew: bool) -> Iterable[Spoken]:
    """What the client said, as it was first said; what began another ticket beside one that went on asked for that."""
    where = page.facts.talk.conversation
    own = (key.partition(":")[2] for key, _ in page.addresses if key.startswith(f"{where.channel}:"))
    sender = next(own, where.address)
    is_anew = is_anew or any(event.what == "split_off" for event in page.events)
    for place, line in enumerate(one for one in page.lines if one.direction == "in"):
        said = next((version.text for version in page.versions.get(line.id, ())), line.text)
        text = f"/new {said}" if is_anew and place == 0 else said
        yield Spoken(line.id, line.at, where.channel, where.address, sender, text)


def _acted(page: reads.Page, revisions: Revisions) -> Iterable[Acted]:
    where = page.facts.talk.conversation
    people = revisions.current.people
    words = {(line.author, line.at): line.text for line in page.lines if line.direction == "out"}
    for event in page.events:
        if event.what not in KINDS or event.by not in people:
            continue
        yield Acted(
            line=0,
            at=event.at,
            person=PersonId(event.by),
            kind=_kind(event),
            text=_text(event, words.get((event.by, event.at), "")),
            where=(where.channel, where.address),
            due_at=_due_at(event),
        )


def _kind(event: facts.Event) -> str:
    written = event.particulars.get("kind") if event.what == "replied" else None
    return str(written) if written else KINDS[event.what]


def _text(event: facts.Event, words: str) -> str:
    if event.what == "agreed":
        return f"{event.particulars.get('metric')} {event.particulars.get('within')}"
    if event.what in PARTICULARS:
        return str(event.particulars.get(PARTICULARS[event.what]) or "")
    return words or event.why


def _due_at(event: facts.Event) -> Instant | None:
    due_at = event.particulars.get("due_at") if event.what == "eta_given" else None
    return Instant(int(due_at)) if due_at is not None else None
