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
from bot.tickets.words.leave import back_at, stand_in
from routing.people import PersonId
from sla.duration import Instant

#: What may be done from the page; the card has the rest.
BUTTONS = ("reply", "eta", "resolve")


def home_page(
    revision: Revision,
    person: PersonId,
    tickets: Sequence[Facts],
    *,
    now: Instant,
    count: int,
    calls: Sequence[str] = (),
) -> Home:
    """The page as things stand; `tickets` are the most urgent of the `count` that are theirs.

    `calls` are those ahead, the soonest first.
    """
    speak = person_texts(revision, person)
    shift = Card(revision.people[person].name, lines=(*shift_lines(revision, person, speak, now=now), *calls))
    mine = [_row(facts, facts.ticket, person, speak) for facts in tickets if facts.ticket is not None]
    more = [Card(line) for line in more_lines(count - len(mine), speak)]
    return Home(speak("home_title", count=count), (shift, *mine, *more))


def more_lines(count: int, speak: Texts) -> list[str]:
    """What a list of somebody's tickets has no room for."""
    return [speak("queue_more", count=count)] if count > 0 else []


def shift_lines(revision: Revision, person: PersonId, speak: Texts, *, now: Instant) -> list[str]:
    """Until when they are there, or when they are back, and who stands in meanwhile."""
    one, coverage = revision.people[person], revision.coverage
    absence = coverage.absence(one, now)
    ends = coverage.shift_ends(one, now)
    back = coverage.next_shift(one, now)
    if ends is not None:
        shift = speak("home_on_shift", until=speak.moment(ends, now=now))
    elif coverage.is_on_shift(one, now):
        shift = speak("home_always_on_shift")
    elif back is None:
        shift = speak("home_away_open")
    elif absence is not None:
        shift = speak("home_away", until=speak.moment(back, now=now))
    else:
        shift = speak("home_off_shift", opening=speak.moment(back, now=now))
    backup = stand_in(absence, revision) if absence is not None else one.backup
    covered = speak("home_covered", name=name_of(revision, backup)) if backup else speak("home_not_covered")
    return [shift, covered, *_covers(revision, person, speak, now)]


def _covers(revision: Revision, person: PersonId, speak: Texts, now: Instant) -> list[str]:
    """For whom they stand in now, and how long."""
    lines = []
    for absence in revision.absences:
        if not absence.is_on(now) or stand_in(absence, revision) != person:
            continue
        back, name = back_at(absence, revision), name_of(revision, absence.person)
        until = speak.moment(back, now=now) if back is not None else ""
        lines.append(speak("home_covers", name=name, until=until) if until else speak("home_covers_open", name=name))
    return lines


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
