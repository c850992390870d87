"""A person's own page, on a channel that has one: their tickets by time left, their shift, who stands in for them."""

from collections.abc import Sequence

from adapters.card import Card, Home, Promise
from adapters.message import Button
from bot.tickets.cards import drawn_promise, shown_clocks
from bot.tickets.facts import Facts
from bot.tickets.outcome import client_name, person_texts
from bot.tickets.relays import name_of
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import Ticket, number
from routing.people import PersonId
from sla.duration import Instant

#: What may be done from the page; the card has the rest.
BUTTONS = ("reply", "eta", "resolve")


def home_page(revision: Revision, person: PersonId, tickets: Sequence[Facts], *, now: Instant) -> Home:
    """The page as things stand; `tickets` are theirs, the most urgent first."""
    speak = person_texts(revision, person)
    shift = Card(revision.people[person].name, lines=tuple(shift_lines(revision, person, speak, now=now)))
    mine = (_row(facts, facts.ticket, person, speak) for facts in tickets if facts.ticket is not None)
    return Home(speak("home_title", count=len(tickets)), (shift, *mine))


def shift_lines(revision: Revision, person: PersonId, speak: Texts, *, now: Instant) -> list[str]:
    """Until when they are there, or when they are back, and who stands in meanwhile."""
    one, coverage = revision.people[person], revision.coverage
    absence = coverage.absence(one, now)
    ends = coverage.shift_ends(one, now)
    if absence is not None:
        shift = speak("home_away", until=speak.moment(absence.until, now=now))
    elif ends is not None:
        shift = speak("home_on_shift", until=speak.moment(ends, now=now))
    else:
        shift = speak("home_off_shift", opening=speak.moment(coverage.next_shift(one, now), now=now))
    backup = (absence.backup if absence else None) or one.backup
    return [shift, speak("home_covered", name=name_of(revision, backup)) if backup else speak("home_not_covered")]


def queue_line(facts: Facts, ticket: Ticket, person: PersonId) -> str:
    """One ticket of a list in one line: which, whose, and how long is left."""
    promise = _first_promise(facts, person)
    words = f" · {promise.label}: {promise.words}" if promise else ""
    return f"{number(ticket.id)} · {client_name(facts)}: {ticket.subject}{words}"


def _row(facts: Facts, ticket: Ticket, person: PersonId, speak: Texts) -> Card:
    promise = _first_promise(facts, person)
    return Card(
        title=speak("card_title", number=number(ticket.id), client=client_name(facts), subject=ticket.subject),
        promises=(promise,) if promise else (),
        buttons=tuple(Button(f"ticket.{name}", speak(f"button_{name}"), number(ticket.id)) for name in BUTTONS),
        tone=promise.tone if promise else "plain",
    )


def _first_promise(facts: Facts, person: PersonId) -> Promise | None:
    clocks = shown_clocks(facts.clocks)
    return drawn_promise(facts, clocks[0], person) if clocks else None
