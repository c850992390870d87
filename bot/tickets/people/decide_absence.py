"""What becomes of somebody's tickets while they are away, and what each person concerned is told of it.

As the absence begins, the routing rules are asked again for each of them; what nobody can take yet stays until somebody
comes. Whoever gets some reads one digest. Whoever comes back reads what happened, and gets back what the rules had
given away and nobody took on by a deed of their own. A client who waits for an answer is told whom to expect.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.tickets.decide_due import was_away
from bot.tickets.facts import Decision, Effect, Event, Facts, MessageKind, Ping, Say, ShowCard
from bot.tickets.ladder.decide_pick_up import paged_for
from bot.tickets.listing import listed
from bot.tickets.outcome import (
    assigned,
    back_at,
    concluded,
    contact_texts,
    person_texts,
    routing_event,
)
from bot.tickets.people.handing import TAKEN_ON, introduced
from bot.tickets.people.shifts import is_yet_to_come
from bot.tickets.receipts import is_silent
from bot.tickets.relays import name_of
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import Status, Ticket, number
from bot.tickets.words.leave import said_of, stand_in
from routing.coverage import Absence
from routing.people import Person, PersonId
from routing.route import Assignment
from sla.duration import Instant

#: The rule that brings a ticket back to whoever had it.
CAME_BACK: Final = "came_back"

#: Told to a client while nobody is known to come: whatever is known later is sooner. The last day that has a date.
NEVER: Final = Instant(253_402_214_400_000)

Pair = tuple[Facts, Decision]


def covered(facts: Facts, away: PersonId) -> Decision | None:
    """The ticket with whoever the rules name while its assignee is away; None where it is not theirs.

    A Decision without a ticket, or with one that is theirs still: nobody is there to take it yet. What is urgent
    and waits for an answer calls those on call.
    """
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open or ticket.assignee != away:
        return None
    assignment = assigned(facts, ticket)
    if assignment.person is None or assignment.person == away:
        return paged_for(facts, ticket)
    return _given(facts, ticket, assignment)


def put_off(facts: Facts, away: PersonId) -> Decision | None:
    """The client of a ticket that nobody can take now hears when somebody is back, where they were told otherwise.

    None where what they were told is still so, or better, and where they wait for no answer.
    """
    ticket = facts.ticket
    if ticket is None:
        return None
    told = _told(facts, ticket)
    if told is None:
        # Told who answers and by when; that counted on whoever is away now.
        absences = tuple(one for one in facts.revision.absences if one.person != away)
        _, told = back_at(replace(facts.revision, absences=absences), ticket, facts.now)
        if ticket.assignee != away:
            return None
    return _later(facts, ticket, told, f"{away} is away")


def opened_later(facts: Facts, before: Revision | None) -> Decision | None:
    """The same after another desk came into force; `before` is the one that they were told by, if it is known."""
    ticket = facts.ticket
    if ticket is None:
        return None
    told = _told(facts, ticket)
    if told is None and before is not None and ticket.plan in before.plans:
        _, told = back_at(replace(before, absences=facts.revision.absences), ticket, facts.now)
    # Where they were promised one person, whoever else is there is not meant.
    promised = facts.revision.person(ticket.assignee) if is_yet_to_come(ticket, facts.now) else None
    return _later(facts, ticket, told, "the working hours were written anew", promised=promised)


def _told(facts: Facts, ticket: Ticket) -> Instant | None:
    """When the client was told that somebody is back, while that lies ahead."""
    told = ticket.told_back_at
    return told if told is not None and told > facts.now else None


def _later(
    facts: Facts, ticket: Ticket, told: Instant | None, why: str, *, promised: Person | None = None
) -> Decision | None:
    """The client hears when somebody is back, where that is later than `told`, and they wait and are told such things.

    None for `told` where nobody was known to come: there is nothing to correct.
    """
    if told is None or not ticket.status.is_open or ticket.not_covered is not None or not waits(ticket):
        return None
    if promised is not None:
        opening = facts.revision.coverage.next_shift(promised, facts.now)
    else:
        _, opening = back_at(facts.revision, ticket, facts.now)
    moment = opening if opening is not None else NEVER
    if moment <= max(told, facts.now) or is_silent(facts):
        return None
    speak = contact_texts(facts)
    if opening is not None:
        said = speak("put_off", number=number(ticket.id), opening=speak.moment(opening, now=facts.now))
    else:
        said = speak("put_off_open", number=number(ticket.id))
    event = Event("put_off", facts.now, "desk", why, {"until": opening})
    after_it = replace(ticket, told_back_at=moment)
    return concluded(facts, after_it, facts.clocks, events=(event,), effects=(Say(said, MessageKind.AUTO),))


def brought_back(facts: Facts, person: PersonId) -> Decision | None:
    """The ticket with its assignee of before; None where it is over, or somebody took it on themselves."""
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open or ticket.assignee == person or ticket.rule in TAKEN_ON:
        return None
    return _given(facts, ticket, Assignment(person, CAME_BACK))


def cover_pings(
    pairs: Sequence[Pair], absence: Absence, revision: Revision, key: str, *, now: Instant, is_known: bool
) -> list[Ping]:
    """One digest for each who stands in; whoever is named to, and there, hears of it even where nothing is to do."""
    found: dict[PersonId, list[Ticket]] = defaultdict(list)
    for _, decision in pairs:
        if decision.ticket is not None and decision.ticket.assignee is not None:
            found[decision.ticket.assignee].append(decision.ticket)
    named = revision.person(stand_in(absence, revision))
    if not is_known and named is not None and revision.coverage.is_on_shift(named, now):
        found.setdefault(named.id, [])
    pings = []
    for person, tickets in sorted(found.items()):
        speak, said = person_texts(revision, person), said_of(absence, person, revision, now=now)
        count = len(tickets)
        title = speak("ping_cover", absence=said, count=count) if count else speak("ping_covers", absence=said)
        pings.append(Ping(person, f"{key}:{now}:{person}", title, _lines(tickets, speak), is_digest=True))
    return pings


def back_pings(
    pairs: Sequence[Pair],
    had: Sequence[Facts],
    person: PersonId,
    revision: Revision,
    key: str,
    *,
    since: Instant,
    now: Instant,
) -> list[Ping]:
    """What whoever was away `since` then reads of what they had, and what those read who have one less.

    `pairs` are brought back; what lay still all the while is not worth a line. Who stood in and is not there at that
    moment reads of it as their shift begins, with all else that moved on.
    """
    speak = person_texts(revision, person)
    back = {decision.ticket.id for _, decision in pairs if decision.ticket is not None}
    fates = (
        _fate(facts, facts.ticket, person, speak, since, is_back=facts.number in back) for facts in had if facts.ticket
    )
    lines = [line for line in fates if line]
    pings = []
    if lines:
        title = speak("ping_back", count=len(lines))
        pings.append(Ping(person, f"{key}:back", title, listed(lines, speak), is_digest=True))
    former: dict[PersonId, list[Ticket]] = defaultdict(list)
    for facts, _ in pairs:
        stood_in = revision.person(facts.ticket.assignee) if facts.ticket is not None else None
        if facts.ticket is not None and stood_in is not None and revision.coverage.is_on_shift(stood_in, now):
            former[stood_in.id].append(facts.ticket)
    for one, tickets in sorted(former.items()):
        theirs = person_texts(revision, one)
        title = theirs("ping_cover_ends", name=name_of(revision, person), count=len(tickets))
        pings.append(Ping(one, f"{key}:ends:{one}", title, _lines(tickets, theirs), is_digest=True))
    return pings


def _given(facts: Facts, ticket: Ticket, assignment: Assignment) -> Decision:
    """The ticket in other hands, with a card that calls nobody: a digest does."""
    event = routing_event(facts, assignment, before=ticket.assignee)
    given = replace(ticket, assignee=assignment.person, rule=assignment.rule)
    effects: list[Effect] = [ShowCard(assignment.person, is_quiet=True)] if assignment.person is not None else []
    if waits(ticket):
        effects.extend(introduced(facts, ticket, assignment.person))
    return concluded(facts, given, facts.clocks, events=(event,), effects=tuple(effects))


def waits(ticket: Ticket) -> bool:
    """Whether the client expects a word from us next, and was told from whom."""
    is_unanswered = ticket.staff_spoke_at is None or ticket.staff_spoke_at < ticket.client_spoke_at
    return is_unanswered and ticket.status is not Status.WAITING_CLIENT


def _fate(facts: Facts, ticket: Ticket, person: PersonId, speak: Texts, since: Instant, *, is_back: bool) -> str:
    """What became of one ticket; empty where nothing did."""
    if is_back:
        return speak("back_yours", ticket=_named(ticket))
    if not ticket.status.is_open:
        return speak("back_done", ticket=_named(ticket))
    if ticket.assignee is not None and ticket.assignee != person:
        return speak("back_theirs", ticket=_named(ticket), name=name_of(facts.revision, ticket.assignee))
    waited = ticket.client_spoke_at >= since and was_away(facts)
    return speak("back_waited", ticket=_named(ticket)) if waited else ""


def _lines(tickets: Sequence[Ticket], speak: Texts) -> tuple[str, ...]:
    return listed([_named(one) for one in tickets], speak)


def _named(ticket: Ticket) -> str:
    return f"{number(ticket.id)} · {ticket.subject}"
