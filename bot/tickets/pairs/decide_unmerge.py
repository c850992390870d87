"""Two tickets were merged and are two pieces of work after all: the one that went goes on by itself again.

It takes back what was said and noted on it, and what was said since in a place that is its own alone. Both owe what
they would owe had they never been one: what was said on each is gone through again. What was kept or broken for words
that go, goes with them; what was told of it is not told again. Where both were merged in one place, what was said there
since stays where it is, and can be split off.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.tickets import command as c
from bot.tickets.care.judging import at_level
from bot.tickets.decide_staff import refusal_of
from bot.tickets.facts import Decision, Effect, Event, Facts, MessageKind, Ping, Say, ShowCard, Wake
from bot.tickets.outcome import (
    after,
    assigned,
    client_name,
    concluded,
    contact_texts,
    is_there,
    line_calendar,
    opening_wake,
    person_texts,
    promised_channel,
    routing_event,
    waiting_owner,
)
from bot.tickets.pairs.decide_split import Spoken, etas_of, promise_left, replayed
from bot.tickets.ticket import Status, Ticket, TicketId, number
from routing.people import PersonId
from sla import promise
from sla.clock import Clock, is_owing
from sla.duration import Instant
from sla.merging import MERGED
from sla.policy import Metric
from sla.promise import Promises, ReplyKind

#: What a ticket owes for the words on it, and for being there.
_REPLAYED = frozenset({Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.FOLLOW_UP, Metric.RESOLUTION})


@dataclass(frozen=True, slots=True)
class Before:
    """How urgent a ticket was before another was merged into it, and how that was judged."""

    urgency: str
    judged: str


def parted(lines: Sequence[Spoken], gone: Ticket, *, merged_at: Instant) -> tuple[Spoken, ...]:
    """Of the lines of the ticket that it goes on as, those that go back with `gone`."""
    own = {one.conversation for one in lines if one.merged_from != gone.id and one.at < merged_at}
    return tuple(
        one
        for one in lines
        if one.merged_from == gone.id or (one.conversation == gone.conversation and gone.conversation not in own)
    )


def unmerge(
    gone: Facts,
    kept: Facts | None,
    going: Sequence[Spoken],
    staying: Sequence[Spoken],
    by: PersonId,
    before: Before | None = None,
) -> tuple[Decision, Decision]:
    """What becomes of the ticket that was merged and of the one it went on as; both facts bring their past clocks.

    `kept` is None where it was never merged, `before` where the merge alone made it no louder. A refusal stands in the
    first decision, and nothing in the second.
    """
    speak = person_texts(gone.revision, by)
    ticket = gone.ticket
    if refusal := refusal_of(gone, by, c.Unmerge()):
        return Decision(refusal=refusal), Decision()
    if ticket is None or kept is None or kept.ticket is None:
        unmerged = speak("refused_not_merged", number=number(ticket.id) if ticket is not None else "")
        return Decision(refusal=unmerged), Decision()
    if not any(one.is_client for one in going) or not any(one.is_client for one in staying):
        # What was split off since, or taken over by a further merge, has left nothing to part.
        return Decision(refusal=speak("refused_unmerge_empty", number=number(ticket.id))), Decision()
    return _comes_back(gone, ticket, kept, going, by), _stays(kept, kept.ticket, ticket, going, staying, by, before)


def _comes_back(gone: Facts, ticket: Ticket, kept: Facts, going: Sequence[Spoken], by: PersonId) -> Decision:
    replies = [one for one in going if one.kind is not None]
    spoke_at = max(one.at for one in going if one.is_client)
    is_waiting = bool(replies) and replies[-1].kind is ReplyKind.CLARIFY and replies[-1].at >= spoke_at
    unset = [one.at for one in replies if one.kind is ReplyKind.UNSET]
    back = replace(
        ticket,
        status=Status.WAITING_CLIENT if is_waiting else Status.OPEN if replies else Status.NEW,
        merged_into=None,
        client_spoke_at=spoke_at,
        staff_spoke_at=max((one.at for one in replies), default=None),
        has_reply=bool(replies),
        unset_reply_at=min(unset) if unset and replies[-1].kind is ReplyKind.UNSET else None,
        resolved_at=None,
        ladder=None,
    )
    own = _together(gone.clocks, _replay(gone, back, going, (*gone.clocks, *kept.clocks)))
    clocks = (*own, *(one for one in etas_of(kept.clocks, going) if one not in own))
    given = assigned(gone, back)
    if gone.revision.person(back.assignee) is None:
        back = replace(back, assignee=given.person, rule=given.rule)
    into = kept.ticket.id if kept.ticket is not None else TicketId(0)
    told = contact_texts(gone)("unmerged_told", number=number(back.id), kept=number(into))
    events: tuple[Event, ...] = (Event("unmerged", gone.now, by, "", {"from": number(into)}),)
    if back.assignee != ticket.assignee:
        events = (*events, routing_event(gone, given, before=ticket.assignee))
    effects: tuple[Effect, ...] = (Say(told, MessageKind.AUTO),)
    wakes: tuple[Wake, ...] = ()
    if back.assignee is None:
        wakes = (opening_wake(gone, back),)
    else:
        is_called = back.assignee != by and is_there(gone, back.assignee)
        effects = (*effects, ShowCard(back.assignee, is_quiet=not is_called))
        effects = (*effects, *(_pinged(gone, back, by, into) if is_called else ()))
    if is_waiting and back.staff_spoke_at is not None:
        nudge_at = after(back.staff_spoke_at, gone.revision.rules.nudge_after, line_calendar(gone.revision, back))
        wakes = (*wakes, Wake(waiting_owner(back.id), nudge_at))
    return concluded(gone, back, clocks, events=events, effects=effects, wakes=wakes)


def _stays(
    kept: Facts,
    ticket: Ticket,
    gone: Ticket,
    going: Sequence[Spoken],
    staying: Sequence[Spoken],
    by: PersonId,
    before: Before | None,
) -> Decision:
    events: tuple[Event, ...] = (Event("parted", kept.now, by, "", {"gone": number(gone.id)}),)
    replies = [one.at for one in staying if one.kind is not None]
    left = replace(
        ticket,
        client_spoke_at=max(one.at for one in staying if one.is_client),
        staff_spoke_at=max(replies, default=None),
        has_reply=bool(replies),
        unset_reply_at=ticket.unset_reply_at if ticket.unset_reply_at in replies else None,
        agreed=tuple(one for one in ticket.agreed if one not in gone.agreed),
    )
    clocks = kept.clocks
    policy, plan = kept.policy_of(ticket), kept.revision.plan(ticket.plan)
    if before is not None and before.urgency in policy.urgencies:
        # What was urgent goes, and with it how urgent this one was for its sake.
        left = at_level(left, plan, before.urgency, left.kind, before.judged)
        told = {"before": ticket.urgency, "after": before.urgency, "judged": ticket.judged}
        events = (*events, Event("urgency_set", kept.now, by, "", told))
        clocks = promise.retargeted(
            clocks,
            policy,
            left.urgency,
            promised_channel(kept, left),
            kept.calendars,
            at=kept.now,
            is_high_load=kept.is_high_load(left.plan),
        )
    if ticket.status.is_open:
        moments = {one.at for one in going} - {one.at for one in staying}
        gone_by = etas_of(clocks, going)
        clocks = tuple(
            promise_left(one, kept.now)
            if one in gone_by or (one.metric in _REPLAYED and one.started_at in moments)
            else one
            for one in clocks
        )
        clocks = _together(clocks, _replay(kept, left, staying, kept.clocks))
    return concluded(kept, left, clocks, events=events)


def _replay(facts: Facts, ticket: Ticket, lines: Sequence[Spoken], before: Sequence[Clock]) -> Promises:
    """What these words make it owe; what was told of the same promise, wherever it ran, is not told again."""
    told = {(one.metric, one.started_at): one.fired for one in before if one.fired}
    return tuple(
        replace(one, fired=told.get((one.metric, one.started_at), one.fired))
        for one in replayed(facts, ticket, lines, before)
    )


def _together(own: Sequence[Clock], again: Sequence[Clock]) -> Promises:
    """The ticket's own clocks, with those that only the merge had ended as they run now."""
    known = {(one.metric, one.started_at): one for one in own}
    for one in again:
        before = known.get((one.metric, one.started_at))
        if before is None or (before.end_reason == MERGED and not is_owing(before)):
            known[one.metric, one.started_at] = one
    return tuple(known.values())


def _pinged(facts: Facts, ticket: Ticket, by: PersonId, into: TicketId) -> tuple[Effect, ...]:
    person = facts.revision.person(ticket.assignee)
    if person is None:
        return ()
    name = facts.revision.people[by].name
    values = {"number": number(ticket.id), "kept": number(into), "client": client_name(facts), "name": name}
    title = person_texts(facts.revision, person.id)("ping_unmerged", **values)
    return (Ping(person.id, f"unmerged:{ticket.id}:{ticket.version}", title),)
