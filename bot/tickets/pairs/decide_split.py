"""From some message on it is another matter: the rest of a ticket becomes a ticket of its own (semantics 3).

The new one begins when that message came, under the agreement of the old one, and owes what it would owe had it been a
ticket from then on: everything said since is gone through again. What the old one owed for those words ends; what it
promised a moment for goes with the words that promised it.

That the agreement leaves the old one out was said of that work, and this is other work: it is promised, from now on
because nobody can keep a promise of a time in which none counted. The client, who read that nothing is, reads so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adapters.message import Untrusted
from bot.tickets import command as c
from bot.tickets.care.decide_terms import promised_from_now, told_due
from bot.tickets.care.judging import at_level, judge, judged_from_triage
from bot.tickets.decide_client import subject_of
from bot.tickets.decide_staff import refusal_of
from bot.tickets.facts import Decision, Event, Facts, MessageKind, Say, ShowCard, Wake
from bot.tickets.outcome import (
    after,
    assigned,
    concluded,
    contact_texts,
    line_calendar,
    opening_wake,
    person_texts,
    promised_channel,
    routing_event,
    waiting_owner,
)
from bot.tickets.receipts import is_mailing_stranger
from bot.tickets.ticket import ConversationId, MessageId, Status, Ticket, TicketId, number
from bot.tickets.words.courtesy import is_courtesy
from routing.people import PersonId
from sla import promise
from sla.clock import Clock, State
from sla.duration import Instant
from sla.layers import is_eased
from sla.policy import Metric
from sla.promise import Promises, ReplyKind

SPLIT = "split"
#: Clocks that a client's words or ours begin; a resolution belongs to the ticket itself.
OF_WORDS = frozenset({Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.FOLLOW_UP})


@dataclass(frozen=True, slots=True)
class Spoken:
    """One line of a ticket as a decision needs it. `kind` is a reply's; None for a client's words and our own texts.

    `merged_from` is the ticket it was said on, where that was merged into this one later.
    """

    id: MessageId
    conversation: ConversationId
    is_client: bool
    kind: ReplyKind | None
    at: Instant
    text: Untrusted
    names: tuple[str, ...] = ()
    merged_from: TicketId | None = None


def moved(lines: Sequence[Spoken], message: MessageId) -> tuple[Spoken, ...]:
    """What goes with a message: all that was said after it in the same place; nothing for a message of elsewhere."""
    first = next((one for one in lines if one.id == message), None)
    if first is None:
        return ()
    return tuple(one for one in lines if one.id >= message and one.conversation == first.conversation)


def split(
    facts: Facts, fresh: Facts | None, lines: Sequence[Spoken], by: PersonId, command: c.Split
) -> tuple[Decision, Decision]:
    """What becomes of the old ticket, and the new one.

    `facts` bring the clocks of the past. `fresh` are those of the place of the message: its conversation, its contact,
    the number of the new ticket; None where the message is none of this ticket's. A refusal stands in the first
    decision, and nothing in the second.
    """
    going = moved(lines, command.message)
    staying = tuple(one for one in lines if one not in going)
    if refusal := _refusal(facts, going, staying, by, command):
        return Decision(refusal=refusal), Decision()
    if facts.ticket is None or fresh is None:
        raise ValueError("what is split is a ticket, and what it becomes has a place")
    ticket, is_waiting = _begun(fresh, facts.ticket, going)
    return (
        _left(facts, facts.ticket, ticket, going, staying, by),
        _opened(fresh, ticket, facts, going, by, is_waiting=is_waiting),
    )


def _refusal(facts: Facts, going: Sequence[Spoken], staying: Sequence[Spoken], by: PersonId, command: c.Split) -> str:
    if refusal := refusal_of(facts, by, command):
        return refusal
    speak = person_texts(facts.revision, by)
    if not going or not going[0].is_client:
        return speak("refused_split_message")
    return "" if any(one.is_client for one in staying) else speak("refused_split_first")


def _begun(facts: Facts, old: Ticket, going: Sequence[Spoken]) -> tuple[Ticket, bool]:
    """The new ticket, and whether it waits for the client already."""
    first = going[0]
    policy = facts.policy_of(old)
    plan = facts.revision.plan(old.plan)
    seen = judge(facts.revision, first.text, plan, policy)
    replies = [one for one in going if one.kind is not None]
    spoke_at = max(one.at for one in going if one.is_client)
    is_waiting = bool(replies) and replies[-1].kind is ReplyKind.CLARIFY and replies[-1].at >= spoke_at
    unset = [one.at for one in replies if one.kind is ReplyKind.UNSET]
    ticket = replace(
        old,
        id=facts.number,
        version=1,
        status=Status.WAITING_CLIENT if is_waiting else Status.OPEN if replies else Status.NEW,
        conversation=facts.talk.id,
        contact=facts.speaker.contact,
        urgency=seen.urgency,
        kind=seen.kind,
        channel=facts.talk.conversation.channel,
        subject=subject_of(first.text, list(first.names)),
        opened_at=first.at,
        client_spoke_at=spoke_at,
        staff_spoke_at=max((one.at for one in replies), default=None),
        reopened_at=None,
        told_back_at=None,
        told_due_at=None,
        resolved_at=None,
        next_due=None,
        has_reply=bool(replies),
        unset_reply_at=min(unset) if unset and replies[-1].kind is ReplyKind.UNSET else None,
        is_unreadable=False,
        ladder=old.ladder if old.ladder is not None and (old.ladder.started_at or 0) >= first.at else None,
        is_current=True,
        snoozed_until=None,
        not_covered=None,
        agreed=(),
    )
    return at_level(ticket, plan, seen.urgency, seen.kind, judged_from_triage(seen)), is_waiting


def _opened(
    facts: Facts, ticket: Ticket, before: Facts, going: Sequence[Spoken], by: PersonId, *, is_waiting: bool
) -> Decision:
    old = before.ticket
    if old is None:
        raise ValueError("a ticket is split off another")
    told = {one.started_at: one.fired for one in before.clocks if one.metric in OF_WORDS}
    # What was told of the same words on the old ticket is not told again.
    if old.not_covered is None:
        again = replayed(facts, ticket, going, [one for one in before.clocks if one.metric in OF_WORDS])
        again = tuple(replace(one, fired=told.get(one.started_at, ())) for one in again)
    else:
        again = promised_from_now(facts, ticket, ())
    clocks = (*again, *etas_of(before.clocks, going))
    assignment = assigned(facts, ticket)
    ticket = replace(ticket, assignee=assignment.person, rule=assignment.rule)
    speak = contact_texts(facts)
    told_as = "split_told_unnamed" if is_mailing_stranger(facts) else "split_told"
    words = speak(told_as, number=number(ticket.id), subject=ticket.subject, old=number(old.id))
    if old.not_covered is not None:
        due = told_due(facts, clocks)
        named = {"number": number(ticket.id), "old": number(old.id)}
        words = f"{words}\n{speak('split_covered_by', due=due, **named) if due else speak('split_covered', **named)}"
    said = Say(words, MessageKind.AUTO)
    why = f"split from {number(old.id)}: plan {ticket.plan}, policy {ticket.policy}, revision {ticket.revision}"
    effects = (ShowCard(ticket.assignee, is_quiet=ticket.assignee == by),) if ticket.assignee else ()
    wakes: tuple[Wake, ...] = () if ticket.assignee else (opening_wake(facts, ticket),)
    if is_waiting and ticket.staff_spoke_at is not None:
        nudge_at = after(ticket.staff_spoke_at, facts.revision.rules.nudge_after, line_calendar(facts.revision, ticket))
        wakes = (*wakes, Wake(waiting_owner(ticket.id), nudge_at))
    return concluded(
        facts,
        ticket,
        clocks,
        events=(Event("split_off", facts.now, by, why, {"old": number(old.id)}), routing_event(facts, assignment)),
        effects=(said, *effects),
        wakes=wakes,
    )


def replayed(facts: Facts, ticket: Ticket, going: Sequence[Spoken], before: Sequence[Clock]) -> Promises:
    """The promises of these words, had they been a ticket from the first of them on.

    What a high load eased, now or in the clocks of `before` that ran for them, is no tighter for being split off.
    """
    policy, calendars = facts.policy_of(ticket), facts.calendars
    if ticket.not_covered is not None:
        return ()
    clocks: Promises = ()
    has_reply = False
    channel = promised_channel(facts, ticket)
    for one in sorted(going, key=lambda line: (line.at, line.id)):
        is_high_load = facts.is_high_load(ticket.plan) or any(_eases(clock, one.at) for clock in before)
        if one.is_client:
            counts = not (has_reply and is_courtesy(one.text, facts.speaker.language) and not one.names)
            clocks = promise.reopened(clocks, calendars, at=one.at)
            clocks = promise.client_spoke(
                clocks,
                policy,
                ticket.urgency,
                channel,
                calendars,
                at=one.at,
                counts=counts,
                replied=has_reply,
                is_high_load=is_high_load,
            )
        elif one.kind is not None:
            has_reply = True
            clocks = promise.staff_replied(
                clocks,
                policy,
                one.kind,
                calendars,
                at=one.at,
                urgency=ticket.urgency,
                channel=channel,
                is_high_load=is_high_load,
            )
    return promise.checked(clocks, facts.now)


def _eases(clock: Clock, at: Instant) -> bool:
    """Whether a promise that ran at that moment has the longer time of a high load."""
    return is_eased(clock.target) and clock.started_at <= at and (clock.ended_at is None or at <= clock.ended_at)


def etas_of(clocks: Sequence[Clock], going: Sequence[Spoken]) -> Promises:
    """Moments that were promised with the words that go."""
    said_at = {one.at for one in going if one.kind is not None}
    return tuple(one for one in clocks if one.metric is Metric.ETA and one.started_at in said_at)


def _left(
    facts: Facts, old: Ticket, fresh: Ticket, going: Sequence[Spoken], staying: Sequence[Spoken], by: PersonId
) -> Decision:
    """The old ticket without what was said since."""
    first, etas = going[0], etas_of(facts.clocks, going)
    replies = [one.at for one in staying if one.kind is not None]
    gone = {one.at for one in going if one.kind is not None}
    clocks = tuple(
        promise_left(one, facts.now) if one in etas or (one.metric in OF_WORDS and one.started_at >= first.at) else one
        for one in facts.clocks
    )
    left = replace(
        old,
        client_spoke_at=max(one.at for one in staying if one.is_client),
        staff_spoke_at=max(replies, default=None),
        has_reply=bool(replies),
        unset_reply_at=None if old.unset_reply_at in gone else old.unset_reply_at,
    )
    wakes: tuple[Wake, ...] = ()
    if old.status is Status.WAITING_CLIENT and old.staff_spoke_at in gone:
        # The question that was asked goes along; here nobody waits for the client.
        clocks = promise.resumed(clocks, facts.calendars, at=facts.now)
        left, wakes = replace(left, status=Status.OPEN), (Wake(waiting_owner(old.id), None),)
    event = Event("split", facts.now, by, "", {"into": number(fresh.id), "message": first.id})
    return concluded(facts, left, clocks, events=(event,), wakes=wakes)


def promise_left(clock: Clock, at: Instant) -> Clock:
    """Counted on the new ticket from here on, and there alone: also what was kept or broken."""
    return replace(clock, state=State.CANCELLED, ended_at=at, end_reason=SPLIT)
