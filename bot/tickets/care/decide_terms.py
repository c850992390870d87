"""What one ticket is owed otherwise than its policy says: nothing, by a clause of the agreement; or what was agreed.

Both are said by one of our people and stand in the ticket's history with their name. The client is told that something
is not covered, kindly and with the clause; what they agreed themselves they know.
"""

from dataclasses import replace
from typing import Final

from bot.tickets import command as c
from bot.tickets.care.told_due import PROMISED, told_of
from bot.tickets.facts import Decision, Event, Facts, MessageKind, Say
from bot.tickets.outcome import acted, contact_texts, line_calendar, person_texts, promised_channel
from bot.tickets.ticket import Status, Ticket, number
from routing.people import PersonId
from sla import promise
from sla.clock import PauseReason, is_owing
from sla.duration import BusinessDays, format_within, is_too_long, moment
from sla.layers import promised
from sla.policy import AGREED, Agreed, Metric, Target, Unit

AGREEABLE: Final = frozenset({Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.FOLLOW_UP, Metric.RESOLUTION})
#: Why nothing counts while a ticket waits.
WAITS: Final = {
    Status.WAITING_CLIENT: PauseReason.DETAILS_MISSING,
    Status.WAITING_THIRD_PARTY: PauseReason.THIRD_PARTY,
}


def not_covered(facts: Facts, ticket: Ticket, by: PersonId, said: c.NotCovered) -> Decision:
    """Nothing is promised on it any more, nor by what the client still writes; somebody may yet help."""
    clause = " ".join(said.clause.split())
    if not clause:
        return Decision(refusal=person_texts(facts.revision, by)("refused_no_clause"))
    if ticket.not_covered == clause:
        return Decision()
    clocks = promise.cancelled(facts.clocks, at=facts.now, reason=f"not covered: {clause}")
    told = contact_texts(facts)("not_covered", number=number(ticket.id), clause=clause)
    status = Status.OPEN if ticket.status is Status.NEW else ticket.status
    event = Event("not_covered", facts.now, by, clause)
    left_out = replace(ticket, status=status, not_covered=clause)
    return acted(facts, left_out, event, clocks, (Say(told, MessageKind.AUTO),))


def covered(facts: Facts, ticket: Ticket, by: PersonId, _: c.Covered) -> Decision:
    """That was a mistake: it is promised from now on, and the client hears it, with the moment where one is owed."""
    if ticket.not_covered is None:
        return Decision()
    clocks = promised_from_now(facts, ticket, facts.clocks)
    speak, due = contact_texts(facts), told_due(facts, clocks)
    told = speak("covered_by", number=number(ticket.id), due=due) if due else speak("covered", number=number(ticket.id))
    event = Event("covered", facts.now, by, "", {"before": ticket.not_covered})
    ticket = replace(ticket, not_covered=None, told_due_at=told_of(facts, clocks) if due else None)
    return acted(facts, ticket, event, clocks, (Say(told, MessageKind.AUTO),))


def promised_from_now(facts: Facts, ticket: Ticket, clocks: promise.Promises) -> promise.Promises:
    """What is promised on a ticket for which nothing was; it pauses where the ticket waits for somebody."""
    is_waited_for = ticket.staff_spoke_at is None or ticket.staff_spoke_at < ticket.client_spoke_at
    clocks = promise.promised_again(
        clocks,
        facts.policy_of(ticket),
        ticket.urgency,
        promised_channel(facts, ticket),
        facts.calendars,
        at=facts.now,
        is_waited_for=is_waited_for,
        replied=ticket.has_reply,
        is_high_load=facts.is_high_load(ticket.plan),
    )
    reason = WAITS.get(ticket.status)
    return promise.waiting(clocks, facts.calendars, at=facts.now, reason=reason) if reason else clocks


def told_due(facts: Facts, clocks: promise.Promises) -> str:
    """By when the client has an answer, in their words; empty where none is owed."""
    owed = promise.next_due(clocks)
    if owed is None or owed.due_at is None or owed.metric not in PROMISED:
        return ""
    return contact_texts(facts).moment(owed.due_at, now=facts.now)


def agree(facts: Facts, ticket: Ticket, by: PersonId, agreed: c.Agree) -> Decision:
    """The length that counts for one promise of this ticket, from its own start; `why` names who agreed on it.

    It holds for the clock that runs and for those of the kind that start later. A follow-up and a resolution begin with
    the agreement where none runs; an answer is owed when the client waits for one, and a first one only once.
    """
    speak = person_texts(facts.revision, by)
    if agreed.metric not in AGREEABLE:
        return Decision(refusal=speak("refused_agree", metric=speak(f"metric_{agreed.metric}")))
    if is_too_long(agreed.within):
        return Decision(refusal=speak("refused_agree_long"))
    running = next((one for one in facts.clocks if one.metric is agreed.metric and is_owing(one)), None)
    if running is None and agreed.metric is Metric.FIRST_RESPONSE:
        return Decision(refusal=speak("refused_agree_nothing", metric=speak(f"metric_{agreed.metric}")))
    policy = facts.policy_of(ticket)
    channel = promised_channel(facts, ticket)
    before = running.target if running is not None else None
    stated = before or promised(policy, ticket.urgency, agreed.metric, channel, facts.calendars, at=facts.now)
    target = _target(facts, ticket, by, agreed, stated)
    since = running.started_at if running is not None else facts.now
    ticket = replace(ticket, agreed=(*ticket.agreed, Agreed(agreed.metric, target, since)))
    clocks = promise.agreed(facts.clocks, policy, agreed.metric, target, facts.calendars, at=facts.now)
    if reason := WAITS.get(ticket.status):
        clocks = promise.waiting(clocks, facts.calendars, at=facts.now, reason=reason)  # also what begins only now
    if ticket.told_due_at is not None and agreed.metric in PROMISED:
        ticket = replace(ticket, told_due_at=told_of(facts, clocks))  # they agreed on it, so they know
    event = Event(
        "agreed",
        facts.now,
        by,
        "",
        {
            "metric": agreed.metric,
            "within": format_within(agreed.within),
            "before": format_within(before.within) if before is not None else None,
        },
    )
    return acted(facts, ticket, event, clocks)


def _target(facts: Facts, ticket: Ticket, by: PersonId, agreed: c.Agree, stated: Target | None) -> Target:
    """In the time of what was promised before; in the hours of the ticket's line where nothing was, or real time."""
    revision, pinned = facts.revision, facts.pinned
    on = moment(facts.now).astimezone(line_calendar(revision, ticket).tz)
    quote = f"agreed with the client on {on:%Y-%m-%d} by {revision.people[by].name}"
    if stated is not None and stated.unit is Unit.WALL and not isinstance(agreed.within, BusinessDays):
        return Target(agreed.within, Unit.WALL, quote=quote, layer=AGREED)
    own = stated.calendar if stated is not None else None
    hours = own or pinned.lines[pinned.plan(ticket.plan).line].calendar
    return Target(agreed.within, Unit.BUSINESS, hours, quote, layer=AGREED)
