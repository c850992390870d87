"""How it went, as the client sees it: asked once after a ticket was closed, a number from 1 to 5, and what follows.

    closed ──a while──> asked ──a number, by a button or in words──> scored ──words with it or after it──> commented
    scored low: the lead reads it, once; the client may ask for the lead, once

No answer opens or reopens anything. Words that are no plain answer are a message like any other.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from adapters.message import Untrusted
from bot.tickets.care.snoozing import next_hours
from bot.tickets.facts import Decision, Effect, Event, Facts, Heard, MessageKind, Ping, Say, Wake
from bot.tickets.ladder.decide_ladder import asked_pings, last_resort, leads
from bot.tickets.outcome import after, concluded, contact_texts, line_calendar, person_texts
from bot.tickets.receipts import is_for_everybody, is_mailing_stranger
from bot.tickets.ticket import Status, Ticket, TicketId, number
from bot.tickets.words.courtesy import is_courtesy
from routing.people import PersonId
from sla.duration import Instant, later, length

LOWEST, HIGHEST = 1, 5
#: The buttons below the question, the best first; each is an action of its own.
SCORES: Final = tuple(f"client.csat{score}" for score in range(HIGHEST, LOWEST - 1, -1))
#: So long after the question a number still answers it, and a low score still brings the lead.
ANSWERED_WITHIN: Final = timedelta(days=14)
#: What the client goes on to say so soon after a score belongs to it.
COMMENTED_WITHIN: Final = timedelta(minutes=15)

_NUMBER: Final = re.compile(
    r"\s*(?P<score>[1-5])(?:\s*/\s*5)?(?:\s*(?P<sign>[.,:;!)–—-])|(?P<rest>\s)|$)(?P<words>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Csat:
    """One question and its answer. `line` is our last line about it; `is_told`: the lead has read of a low score."""

    ticket: TicketId
    asked_at: Instant
    line: int
    score: int | None = None
    answered_at: Instant | None = None
    comment: str = ""
    is_told: bool = False
    escalated_at: Instant | None = None


def csat_owner(ticket: TicketId) -> str:
    """The alarm at which a client is asked."""
    return f"csat:{ticket}"


def csat_wakes(facts: Facts, closed: Ticket) -> tuple[Wake, ...]:
    """When to ask about a ticket that is closed now; nobody is asked about what no person of ours said a word on.

    Whoever fell silent before it was resolved is not asked either: they would only be silent once more.
    """
    rules = facts.revision.csat
    if rules is None or not closed.has_reply or _fell_silent(facts, closed) or is_mailing_stranger(facts):
        return ()
    if rules.plans is not None and closed.plan not in rules.plans:
        return ()
    return (Wake(csat_owner(closed.id), later(facts.now, rules.ask_after)),)


def csat_due(facts: Facts) -> Decision:
    """Ask, where that is still wanted and where everybody in the place may read it."""
    ticket, rules = facts.ticket, facts.revision.csat
    if ticket is None or ticket.status is not Status.CLOSED or rules is None:
        return Decision()
    if not is_for_everybody(facts) or is_mailing_stranger(facts):
        return Decision()
    words = contact_texts(facts)("csat_ask", number=number(ticket.id), subject=ticket.subject)
    say = Say(words, MessageKind.AUTO, offers=SCORES)
    return concluded(facts, ticket, facts.clocks, events=(Event("csat_asked", facts.now, "desk"),), effects=(say,))


def score_from_text(text: str, language: str) -> tuple[int, str] | None:
    """A score and a comment out of words such as `4`, `4/5`, `2: too slow` or `5 thanks`; None for other words."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    words = found["words"].strip()
    is_apart = found["sign"] is not None or found["rest"] == "\n" or not words
    return (int(found["score"]), words) if is_apart or is_courtesy(words, language) else None


def is_answerable(csat: Csat, *, at: Instant) -> bool:
    """Whether a score still counts."""
    return length(at - csat.asked_at) <= ANSWERED_WITHIN


def is_low(facts: Facts, score: int) -> bool:
    """Whether the lead reads of it."""
    rules = facts.revision.csat
    return rules is not None and score <= rules.low


def is_commentable(csat: Csat, *, at: Instant) -> bool:
    """Whether what comes now still belongs to a score."""
    is_fresh = csat.answered_at is not None and length(at - csat.answered_at) <= COMMENTED_WITHIN
    return is_fresh and not csat.comment


def scored(
    facts: Facts, csat: Csat, score: int, words: str, *, at: Instant, heard: Heard | None = None
) -> tuple[Decision, Csat, str]:
    """A score is given, or given anew; what is done, what is kept, and the answer to a press.

    The lead reads of a low score once, whichever it is in the end, and in their hours; the client is told once how to
    ask for the lead. The same score in words again is heard and answered no more.
    """
    ticket, was_bad = _of(facts), is_low(facts, score)
    is_news = was_bad and not csat.is_told
    reads_at = _reads_at(facts, ticket) if is_news else None
    speak = contact_texts(facts)
    is_offer = was_bad and not csat.is_told and (csat.score is None or not is_low(facts, csat.score))
    said = speak("csat_low" if is_offer else "csat_thanks", score=score)
    effects: list[Effect] = []
    is_repeat = csat.score == score and words in {"", csat.comment}
    if heard is not None and not is_repeat:
        effects.append(Say(said, MessageKind.AUTO, offers=("client.escalate",) if is_offer else ()))
    is_told = is_news and (reads_at is None or reads_at <= facts.now)
    if is_told:
        effects += _told(facts, ticket, f"csat:{ticket.id}", "ping_csat_low", score, words)
    wakes = (Wake(csat_owner(ticket.id), reads_at),) if is_news and not is_told else ()
    event = Event("csat_scored", at, "contact", words, {"score": score, "before": csat.score})
    kept = replace(csat, score=score, answered_at=at, comment=words or csat.comment, is_told=csat.is_told or is_told)
    if (kept.score, kept.comment) == (csat.score, csat.comment) and heard is None:
        return Decision(), csat, said
    return _decided(facts, ticket, event, effects, heard, wakes), kept, said


def told_later(facts: Facts, csat: Csat) -> tuple[Decision, Csat]:
    """The lead is there now and reads of a low score that was given out of their hours."""
    ticket = _of(facts)
    if csat.is_told or csat.score is None or not is_low(facts, csat.score):
        return Decision(), csat
    effects = _told(facts, ticket, f"csat:{ticket.id}", "ping_csat_low", csat.score, csat.comment)
    return _decided(facts, ticket, None, effects, None), replace(csat, is_told=True)


def commented(facts: Facts, csat: Csat, heard: Heard) -> tuple[Decision, Csat]:
    """Words right after a score belong to it; the client reads how to ask for help instead, so that nothing is lost."""
    ticket, speak = _of(facts), contact_texts(facts)
    effects: list[Effect] = [Say(speak("csat_commented", number=number(ticket.id)), MessageKind.AUTO)]
    reads_at = _reads_at(facts, ticket)
    if csat.is_told and csat.score is not None and (reads_at is None or reads_at <= facts.now):
        effects += _told(facts, ticket, f"csat:{ticket.id}:words", "ping_csat_words", csat.score, heard.text)
    event = Event("csat_commented", heard.at, "contact")
    return _decided(facts, ticket, event, effects, heard), replace(csat, comment=str(heard.text))


def may_escalate(facts: Facts, csat: Csat | None, *, at: Instant) -> bool:
    """Whether whoever gave this score may still ask for the lead about a ticket that is done."""
    if csat is None or csat.score is None or not is_answerable(csat, at=at):
        return False
    return is_low(facts, csat.score)


def escalated(facts: Facts, csat: Csat, *, at: Instant, heard: Heard | None = None) -> tuple[Decision, Csat, str]:
    """The client wants the lead to look at what went wrong; asked again, they were told already."""
    ticket, speak = _of(facts), contact_texts(facts)
    said = speak("escalated", number=number(ticket.id))
    effects: list[Effect] = [Say(said, MessageKind.AUTO)] if heard is not None else []
    if csat.escalated_at is not None:
        return (_decided(facts, ticket, None, effects, heard) if heard is not None else Decision()), csat, said
    people = _people(facts, ticket)
    score = str(csat.score)
    effects += [
        replace(ping, guard=type(ping.guard)(), actions=())
        for ping in asked_pings(facts, ticket, people, f"csat:{ticket.id}:asked", "ping_csat_escalated", score=score)
        if isinstance(ping, Ping)
    ]
    event = Event("escalated", at, "contact", "after a low score, on a ticket that is done")
    return _decided(facts, ticket, event, effects, heard), replace(csat, escalated_at=at), said


def _of(facts: Facts) -> Ticket:
    if facts.ticket is None:
        raise ValueError("a score is about a ticket")
    return facts.ticket


def _fell_silent(facts: Facts, closed: Ticket) -> bool:
    """Whether it was resolved because the client said nothing any more."""
    ours = closed.staff_spoke_at
    if ours is None or closed.resolved_at is None or closed.client_spoke_at > ours:
        return False
    return after(ours, facts.revision.rules.resolve_after, line_calendar(facts.revision, closed)) <= closed.resolved_at


def _decided(
    facts: Facts,
    ticket: Ticket,
    event: Event | None,
    effects: list[Effect],
    heard: Heard | None,
    wakes: tuple[Wake, ...] = (),
) -> Decision:
    events = (event,) if event is not None else ()
    return concluded(facts, ticket, facts.clocks, heard=heard, events=events, effects=tuple(effects), wakes=wakes)


def _told(facts: Facts, ticket: Ticket, key: str, text: str, score: int, words: str) -> list[Effect]:
    """Whoever leads reads it, in the client's own words as far as there are any; nothing is asked of them."""
    from_them = facts.speaker.name
    return [
        Ping(
            one,
            f"{key}:{one}",
            person_texts(facts.revision, one)(text, number=number(ticket.id), contact=from_them, score=score),
            quote=Untrusted(words),
            is_shared=True,
        )
        for one in _people(facts, ticket)
    ]


def _people(facts: Facts, ticket: Ticket) -> tuple[PersonId, ...]:
    return leads(facts, ticket) or last_resort(facts)


def _reads_at(facts: Facts, ticket: Ticket) -> Instant | None:
    """When the first of those who read of it is there; None while nobody knows."""
    moments = [next_hours(facts.revision, one, facts.now) for one in _people(facts, ticket)]
    return min((one for one in moments if one is not None), default=None)
