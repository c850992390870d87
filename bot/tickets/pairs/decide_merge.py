"""Two tickets turn out to be one piece of work: the one goes on as the other (semantics 1.5 and 3).

What was said on the one that goes is moved by the store; here is decided what becomes of its promises and its people.
The client hears one line, because the number they were given is no longer the one we work under.
"""

from dataclasses import replace

from bot.tickets import command as c
from bot.tickets.care.judging import at_level
from bot.tickets.decide_client import WAITING
from bot.tickets.decide_staff import refusal_of
from bot.tickets.facts import Decision, Effect, Event, Facts, MessageKind, Ping, Say, Wake
from bot.tickets.outcome import (
    client_name,
    concluded,
    contact_texts,
    is_there,
    opening_wake,
    person_texts,
    promised_channel,
    waiting_owner,
)
from bot.tickets.ticket import Status, Ticket, number
from routing.people import PersonId, Plan
from sla import promise
from sla.merging import merged
from sla.policy import Policy
from sla.promise import Promises


def merge(going: Facts, staying: Facts | None, by: PersonId, command: c.Merge) -> tuple[Decision, Decision]:
    """What becomes of the ticket in `going` and of the one it goes on as; both facts bring the clocks of the past.

    `staying` is None where there is no such ticket. A refusal stands in the first decision, and nothing in the second.
    """
    if refusal := _refusal(going, staying, by, command):
        return Decision(refusal=refusal), Decision()
    if going.ticket is None or staying is None or staying.ticket is None:
        raise ValueError("two tickets are merged, not one")
    gone, kept = going.ticket, staying.ticket
    together = _together(kept, gone)
    policy = staying.policy_of(together)
    after_it = _louder(together, gone, policy, staying.revision.plan(kept.plan))
    ours, theirs = merged(
        _retargeted(staying, after_it, policy),
        going.clocks,
        policy,
        after_it.urgency,
        promised_channel(staying, kept),
        staying.calendars,
        at=going.now,
        spoke_at=(kept.client_spoke_at, gone.client_spoke_at),
    )
    if kept.not_covered is not None:
        ours = staying.clocks  # nothing is promised on it, nor on what comes to it
    if after_it.status not in WAITING:
        ours = promise.resumed(ours, staying.calendars, at=going.now)
    return (
        _goes(going, gone, kept, by, theirs),
        _stays(staying, kept, after_it, gone, by, ours),
    )


def _refusal(going: Facts, staying: Facts | None, by: PersonId, command: c.Merge) -> str:
    speak = person_texts(going.revision, by)
    if staying is None or staying.ticket is None:
        return speak("refused_no_ticket", number=number(command.into))
    for facts in (going, staying):
        if refusal := refusal_of(facts, by, command):
            return refusal
    gone, kept = going.ticket, staying.ticket
    if gone is None or gone.id == kept.id:
        return speak("refused_merge_itself")
    if not _is_theirs(gone, kept):
        # What one client said would be told to the other with the next /status.
        return speak("refused_merge_strangers", gone=number(gone.id), number=number(kept.id))
    return ""


def _is_theirs(gone: Ticket, kept: Ticket) -> bool:
    """Whether both are one contact's, or one client's whose contacts are proven to be theirs."""
    are_proven = gone.is_verified and kept.is_verified
    return gone.contact == kept.contact or (are_proven and gone.client is not None and gone.client == kept.client)


def _together(kept: Ticket, gone: Ticket) -> Ticket:
    """The ticket that stays, with what was done on the other. It waits for somebody only where both did."""
    is_owed = kept.status in WAITING and gone.status not in WAITING
    is_begun = kept.status is Status.NEW and gone.status is not Status.NEW
    status = Status.OPEN if is_owed or is_begun else kept.status
    spoke = [at for at in (kept.staff_spoke_at, gone.staff_spoke_at) if at is not None]
    unset = [at for at in (kept.unset_reply_at, gone.unset_reply_at) if at is not None]
    ladders = [one for one in (kept.ladder, gone.ladder) if one is not None]
    return replace(
        kept,
        status=status,
        assignee=kept.assignee or gone.assignee,
        rule=kept.rule if kept.assignee or not gone.assignee else gone.rule,
        client_spoke_at=max(kept.client_spoke_at, gone.client_spoke_at),
        staff_spoke_at=max(spoke, default=None),
        has_reply=kept.has_reply or gone.has_reply,
        unset_reply_at=min(unset, default=None),
        is_unreadable=kept.is_unreadable or gone.is_unreadable,
        ladder=next((one for one in ladders if one.is_begun), next(iter(ladders), None)),
        agreed=(*(one for one in gone.agreed if one not in kept.agreed), *kept.agreed),
    )


def _louder(kept: Ticket, gone: Ticket, policy: Policy, plan: Plan) -> Ticket:
    """As urgent as the louder of the two was: what the client was told of the one that goes holds on."""
    levels = policy.urgencies
    if gone.urgency not in levels or levels.index(gone.urgency) >= levels.index(kept.urgency):
        return kept
    return at_level(kept, plan, gone.urgency, kept.kind, gone.judged)


def _retargeted(facts: Facts, after_it: Ticket, policy: Policy) -> Promises:
    """What is promised on the ticket that stays, by the urgency it has now."""
    if facts.ticket is None or facts.ticket.urgency == after_it.urgency:
        return facts.clocks
    return promise.retargeted(
        facts.clocks,
        policy,
        after_it.urgency,
        promised_channel(facts, after_it),
        facts.calendars,
        at=facts.now,
        is_high_load=facts.is_high_load(after_it.plan),
    )


def _goes(facts: Facts, gone: Ticket, kept: Ticket, by: PersonId, clocks: Promises) -> Decision:
    told = contact_texts(facts)("merged_told", gone=number(gone.id), number=number(kept.id))
    theirs = () if gone.assignee == kept.assignee else _pinged(facts, gone.assignee, by, gone, kept)
    return concluded(
        facts,
        replace(gone, status=Status.MERGED, merged_into=kept.id, unset_reply_at=None),
        clocks,
        events=(Event("merged_into", facts.now, by, "", {"into": number(kept.id)}),),
        effects=(Say(told, MessageKind.AUTO), *theirs),
        wakes=(Wake(waiting_owner(gone.id), None),),
    )


def _stays(facts: Facts, kept: Ticket, after_it: Ticket, gone: Ticket, by: PersonId, clocks: Promises) -> Decision:
    effects = _pinged(facts, kept.assignee, by, gone, kept)
    wakes: tuple[Wake, ...] = ()
    if kept.status in WAITING and after_it.status not in WAITING:
        wakes = (Wake(waiting_owner(kept.id), None),)
    if after_it.assignee is None:
        wakes = (*wakes, opening_wake(facts, after_it))
    events = [Event("merged", facts.now, by, "", {"gone": number(gone.id)})]
    if after_it.urgency != kept.urgency:
        # How it was judged before is kept for the day on which they are parted.
        told = {"before": kept.urgency, "after": after_it.urgency, "judged": kept.judged}
        events.append(Event("urgency_set", facts.now, by, "", told))
    return concluded(facts, after_it, clocks, events=tuple(events), effects=effects, wakes=wakes)


def _pinged(facts: Facts, person: PersonId | None, by: PersonId, gone: Ticket, kept: Ticket) -> tuple[Effect, ...]:
    """Whoever had one of the two and is there hears of it, unless they did it; who is not reads it on their card."""
    if person is None or person == by or facts.revision.person(person) is None or not is_there(facts, person):
        return ()
    name = facts.revision.people[by].name
    title = person_texts(facts.revision, person)(
        "ping_merged", name=name, gone=number(gone.id), number=number(kept.id), client=client_name(facts)
    )
    return (Ping(person, f"merged:{gone.id}:{gone.version}:{person}", title),)
