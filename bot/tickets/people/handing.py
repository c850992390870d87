"""What is said as a ticket is given to somebody, or taken from them: to the client, to whoever gets it and had it.

Nobody is called to a ticket while they are not there, unless they were paged for it: they read of it as they come.
"""

from dataclasses import dataclass
from typing import Final

from bot.tickets.facts import Effect, Facts, Guard, MessageKind, Ping, Say, ShowCard
from bot.tickets.outcome import client_name, contact_texts, first_name, is_there, person_texts
from bot.tickets.receipts import is_mailing_stranger
from bot.tickets.ticket import Ticket, number
from routing.people import PersonId
from sla.duration import Instant

#: Rules by which somebody took a ticket on by a deed of their own, or of a colleague.
TAKEN_ON: Final = frozenset({"taken", "handed_over"})


@dataclass(frozen=True, slots=True)
class Handed:
    """Who hears what. `back_at` is when whoever gets it comes, as their client reads; `remark` tells the giver."""

    effects: tuple[Effect, ...] = ()
    back_at: Instant | None = None
    remark: str = ""


def refusal_on_leave(facts: Facts, by: PersonId, to: PersonId) -> str:
    """Why nothing is handed to whoever is on leave, in the words of whoever tried; empty for anybody else."""
    person, coverage = facts.revision.people[to], facts.revision.coverage
    if to == by or coverage.absence(person, facts.now) is None:
        return ""
    speak, back = person_texts(facts.revision, by), coverage.next_shift(person, facts.now)
    if back is None:
        return speak("refused_on_leave_open", name=person.name)
    return speak("refused_on_leave", name=person.name, back=speak.moment(back, now=facts.now))


def handed(facts: Facts, ticket: Ticket, by: PersonId, to: PersonId, why: str) -> Handed:
    """Somebody gives `ticket` to somebody, who may be themselves."""
    person = facts.revision.people[to]
    is_paged = ticket.ladder is not None and to in ticket.ladder.people
    back = None if is_there(facts, to) or is_paged else facts.revision.coverage.next_shift(person, facts.now)
    effects: list[Effect] = [*introduced(facts, ticket, to, back=back)]
    if to == by:
        return Handed(tuple(effects), back)
    theirs = person_texts(facts.revision, to)
    name, client = facts.revision.people[by].name, client_name(facts)
    title = theirs("ping_handed_over", name=name, number=number(ticket.id), client=client)
    lines = (why,) if why else ()
    key, guard = f"handed:{ticket.id}:{ticket.version}", Guard(assignee=to)
    effects.append(ShowCard(to, is_quiet=True))
    if back is None:
        effects.append(Ping(to, key, title, lines, guard=guard, actions=("ticket.take",)))
        return Handed(tuple(effects))
    speak = person_texts(facts.revision, by)
    remark = speak("remark_not_there", name=person.name, back=speak.moment(back, now=facts.now))
    return Handed(tuple(effects), back, remark)


def introduced(facts: Facts, ticket: Ticket, to: PersonId | None, *, back: Instant | None = None) -> tuple[Say, ...]:
    """The client hears who looks after it from now on, and from when where that is later."""
    if is_mailing_stranger(facts):
        return ()
    told = contact_texts(facts)
    values = {"name": first_name(facts.revision, to, told("the_team")), "number": number(ticket.id)}
    if back is None:
        said = told("handed_over", **values)
    else:
        said = told("handed_over_later", **values, opening=told.moment(back, now=facts.now))
    return (Say(said, MessageKind.AUTO),)


def relieved(facts: Facts, ticket: Ticket, former: PersonId, by: PersonId, to: PersonId) -> tuple[Ping, ...]:
    """Somebody else gave their ticket away, or took it: they hear it from us, not from their client.

    Who is not there is not called for it: their card says who has it.
    """
    people = facts.revision.people
    if not is_there(facts, former):
        return ()
    key = "ping_relieved" if to != by else "ping_taken"
    title = person_texts(facts.revision, former)(
        key, number=number(ticket.id), client=client_name(facts), name=people[by].name, to=people[to].name
    )
    return (Ping(former, f"relieved:{ticket.id}:{ticket.version}", title, guard=Guard(assignee=to)),)
