"""What happens when one of our people does something to a ticket.

Everybody with an acting role may answer any ticket; only its assignee or a lead may hand it over. A reply opens a new
ticket and gives it to whoever wrote, if nobody had it. What may not be done comes back as a refusal in the person's own
words and changes nothing; a second press on the same button finds nothing left to do.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from bot.tickets import command as c
from bot.tickets.decide_client import reopens_until
from bot.tickets.facts import Decision, Effect, Event, Facts, Guard, MessageKind, Note, Ping, Say, Wake
from bot.tickets.outcome import (
    after,
    assigned,
    concluded,
    contact_texts,
    first_name,
    leads,
    line_of,
    opening_wake,
    person_texts,
    waiting_owner,
)
from bot.tickets.ticket import Status, Ticket, number
from routing.people import PersonId, Role
from sla import promise
from sla.clock import PauseReason
from sla.policy import SatisfiedBy
from sla.promise import ReplyKind

ACTING: Final = frozenset({Role.MANAGER, Role.SENIOR, Role.LEAD, Role.HEAD, Role.ADMIN})
LEADING: Final = frozenset({Role.LEAD, Role.HEAD, Role.ADMIN})
#: What still makes sense on a ticket that is no longer open.
AFTERWARDS: Final = (c.AddNote, c.Reply)


def staff_does(facts: Facts, by: PersonId, command: c.Command) -> Decision:
    """Decide one command of one person on the ticket in `facts`."""
    ticket = facts.ticket
    if ticket is None:
        raise ValueError("a command needs a ticket")
    speak = person_texts(facts.revision, by)
    if not facts.revision.people[by].roles & ACTING:
        return Decision(refusal=speak("refused_role", roles=", ".join(sorted(role.value for role in ACTING))))
    if not ticket.status.is_open and not isinstance(command, AFTERWARDS):
        return Decision(refusal=speak("refused_closed", number=number(ticket.id)))
    rule = RULES[type(command)]
    return rule(facts, ticket, by, command)


def _take(facts: Facts, ticket: Ticket, by: PersonId, _: c.Take) -> Decision:
    if ticket.assignee == by:
        return _acted(facts, _opened(ticket), Event("picked_up", facts.now, by))
    if ticket.assignee is not None and not facts.revision.people[by].roles & LEADING:
        name = facts.revision.people[ticket.assignee].name
        return Decision(refusal=person_texts(facts.revision, by)("refused_taken", name=name))
    event = Event("picked_up", facts.now, by, "", {"before": ticket.assignee, "person": by})
    return _acted(facts, replace(_opened(ticket), assignee=by, rule="taken"), event)


def _reply(facts: Facts, ticket: Ticket, by: PersonId, reply: c.Reply) -> Decision:
    if not reply.text.strip() and not reply.attachments:
        return Decision(refusal=person_texts(facts.revision, by)("refused_empty"))
    kind = reply.kind
    policy = facts.pinned.policies[ticket.policy]
    if kind is ReplyKind.UNSET and policy.satisfied_by is SatisfiedBy.HUMAN_REPLY:
        kind = ReplyKind.ANSWER
    clocks = facts.clocks
    after_it = ticket
    if ticket.status.is_open:
        clocks = promise.staff_replied(clocks, policy, kind, facts.pinned.calendars, at=facts.now)
        after_it = _answering(facts, ticket, by)
        after_it = replace(after_it, unset_reply_at=facts.now if kind is ReplyKind.UNSET else None)
    said = Say(reply.text, MessageKind.REPLY, by, kind, reply.attachments, is_said=reply.is_said)
    return _acted(facts, after_it, Event("replied", facts.now, by, "", {"kind": kind}), clocks, (said,))


def _name_reply(facts: Facts, ticket: Ticket, by: PersonId, named: c.NameReply) -> Decision:
    written_at = ticket.unset_reply_at
    if written_at is None:
        return Decision()
    policy, calendars = facts.pinned.policies[ticket.policy], facts.pinned.calendars
    clocks = promise.staff_replied(facts.clocks, policy, named.kind, calendars, at=written_at)
    if ticket.client_spoke_at > written_at and named.kind is not ReplyKind.FIX:
        # The client went on before anybody said what the reply was: those words are owed an answer of their own.
        spoke_at = ticket.client_spoke_at
        clocks = promise.client_spoke(
            clocks, policy, ticket.urgency, ticket.channel, calendars, at=spoke_at, replied=ticket.has_reply
        )
    waits = named.kind is ReplyKind.CLARIFY and ticket.client_spoke_at <= written_at
    after_it = replace(ticket, unset_reply_at=None, status=Status.WAITING_CLIENT if waits else ticket.status)
    event = Event("reply_named", facts.now, by, "", {"kind": named.kind, "written_at": written_at})
    wakes = (_nudge_wake(facts, after_it),) if waits else ()
    return _acted(facts, after_it, event, clocks, wakes=wakes)


def _note(facts: Facts, ticket: Ticket, by: PersonId, note: c.AddNote) -> Decision:
    if not note.text.strip():
        return Decision(refusal=person_texts(facts.revision, by)("refused_empty"))
    return _acted(facts, ticket, Event("noted", facts.now, by), notes=(Note(by, note.text),))


def _ask_details(facts: Facts, ticket: Ticket, by: PersonId, asked: c.AskDetails) -> Decision:
    if not asked.text.strip():
        return Decision(refusal=person_texts(facts.revision, by)("refused_empty"))
    policy, calendars = facts.pinned.policies[ticket.policy], facts.pinned.calendars
    clocks = promise.staff_replied(facts.clocks, policy, ReplyKind.CLARIFY, calendars, at=facts.now)
    waiting = replace(_answering(facts, ticket, by), status=Status.WAITING_CLIENT, unset_reply_at=None)
    said = (
        Say(asked.text, MessageKind.REPLY, by, ReplyKind.CLARIFY),
        Say(contact_texts(facts)("we_wait"), MessageKind.AUTO),
    )
    event = Event("asked_details", facts.now, by)
    return _acted(facts, waiting, event, clocks, said, wakes=(_nudge_wake(facts, waiting),))


def _give_eta(facts: Facts, ticket: Ticket, by: PersonId, eta: c.GiveEta) -> Decision:
    if eta.due_at <= facts.now:
        return Decision(refusal=person_texts(facts.revision, by)("refused_past"))
    policy, calendars = facts.pinned.policies[ticket.policy], facts.pinned.calendars
    clocks = promise.staff_replied(facts.clocks, policy, ReplyKind.ETA, calendars, at=facts.now, eta=eta.due_at)
    speak = contact_texts(facts)
    due = speak.moment(eta.due_at, now=facts.now)
    promised = speak("eta_given", name=first_name(facts.revision, by, by), due=due)
    text = f"{eta.text.strip()}\n{promised}" if eta.text.strip() else promised
    said = Say(text, MessageKind.REPLY, by, ReplyKind.ETA)
    after_it = replace(_answering(facts, ticket, by), unset_reply_at=None)
    return _acted(facts, after_it, Event("eta_given", facts.now, by, "", {"due_at": eta.due_at}), clocks, (said,))


def _wait_third_party(facts: Facts, ticket: Ticket, by: PersonId, wait: c.WaitThirdParty) -> Decision:
    clocks = promise.waiting(facts.clocks, facts.pinned.calendars, at=facts.now, reason=PauseReason.THIRD_PARTY)
    waiting = replace(_opened(ticket), status=Status.WAITING_THIRD_PARTY)
    event = Event("waits_third_party", facts.now, by, wait.reference)
    return _acted(facts, waiting, event, clocks, wakes=(_nudge_wake(facts, waiting),))


def _resolve(facts: Facts, ticket: Ticket, by: PersonId, resolve: c.Resolve) -> Decision:
    clocks = promise.resolved(facts.clocks, facts.pinned.calendars, at=facts.now)
    done = replace(ticket, status=Status.RESOLVED, resolved_at=facts.now, unset_reply_at=None)
    done = replace(done, assignee=done.assignee or by, rule=done.rule if done.assignee else "taken")
    speak = contact_texts(facts)
    said: tuple[Effect, ...] = ()
    if resolve.text.strip():
        said = (Say(resolve.text, MessageKind.REPLY, by, ReplyKind.FIX),)
        done = replace(done, has_reply=True, staff_spoke_at=facts.now)
    until = speak.moment(reopens_until(facts, done), now=facts.now)
    said = (*said, Say(speak("resolved", number=number(ticket.id), until=until), MessageKind.AUTO))
    calendar = facts.revision.calendars[facts.revision.lines[line_of(facts.revision, done)].calendar]
    wakes = (Wake(waiting_owner(ticket.id), after(facts.now, facts.revision.rules.close_after, calendar)),)
    return _acted(facts, done, Event("resolved", facts.now, by), clocks, said, wakes=wakes)


def _hand_over(facts: Facts, ticket: Ticket, by: PersonId, hand: c.HandOver) -> Decision:
    speak = person_texts(facts.revision, by)
    if ticket.assignee not in {None, by} and not facts.revision.people[by].roles & LEADING:
        return Decision(refusal=speak("refused_role", roles=", ".join(sorted(role.value for role in LEADING))))
    if hand.to is not None and (
        hand.to not in facts.revision.people or not facts.revision.people[hand.to].roles & ACTING
    ):
        return Decision(refusal=speak("refused_unknown_person"))
    if hand.to is not None and hand.to == ticket.assignee:
        return Decision()
    assignment = assigned(facts, ticket, passed_over=frozenset([ticket.assignee] if ticket.assignee else []))
    to, rule = (hand.to, "handed_over") if hand.to else (assignment.person, assignment.rule)
    handed = replace(ticket, assignee=to, rule=rule)
    event = Event("handed_over", facts.now, by, hand.why, {"before": ticket.assignee, "person": to, "rule": rule})
    effects: list[Effect] = []
    wakes: tuple[Wake, ...] = ()
    if to is None:
        wakes = (opening_wake(facts, handed),)
    else:
        told = contact_texts(facts)
        name = first_name(facts.revision, to, told("the_team"))
        effects.append(Say(told("handed_over", name=name, number=number(ticket.id)), MessageKind.AUTO))
        if to != by:
            theirs = person_texts(facts.revision, to)
            title = theirs(
                "ping_handed_over",
                name=facts.revision.people[by].name,
                number=number(ticket.id),
                client=client_name(facts),
            )
            key = f"handed:{ticket.id}:{ticket.version}"
            lines = (hand.why,) if hand.why else ()
            effects.append(Ping(to, key, title, lines, guard=Guard(assignee=to), actions=("ticket.take",)))
    return _acted(facts, handed, event, effects=tuple(effects), wakes=wakes)


def _escalate(facts: Facts, ticket: Ticket, by: PersonId, escalate: c.Escalate) -> Decision:
    effects = tuple(
        Ping(
            person,
            f"escalated:{ticket.id}:{ticket.version}:{person}",
            person_texts(facts.revision, person)(
                "ping_escalated_by",
                number=number(ticket.id),
                client=client_name(facts),
                name=facts.revision.people[by].name,
                why=escalate.why,
            ),
            is_alert=True,
            actions=("ticket.ack", "ticket.handover"),
        )
        for person in leads(facts.revision, ticket.plan)
    )
    return _acted(facts, ticket, Event("escalated", facts.now, by, escalate.why), effects=effects)


def _set_urgency(facts: Facts, ticket: Ticket, by: PersonId, change: c.SetUrgency) -> Decision:
    policy = facts.pinned.policies[ticket.policy]
    if change.urgency not in policy.urgencies:
        known = ", ".join(policy.urgencies)
        return Decision(refusal=person_texts(facts.revision, by)("refused_urgency", known=known))
    if change.urgency == ticket.urgency:
        return Decision()
    clocks = promise.retargeted(
        facts.clocks, policy, change.urgency, ticket.channel, facts.pinned.calendars, at=facts.now
    )
    event = Event("urgency_set", facts.now, by, "", {"before": ticket.urgency, "after": change.urgency})
    return _acted(facts, replace(ticket, urgency=change.urgency), event, clocks)


def _needs_no_answer(facts: Facts, ticket: Ticket, by: PersonId, _: c.NeedsNoAnswer) -> Decision:
    clocks = promise.no_answer_needed(facts.clocks, at=facts.now)
    return _acted(facts, ticket, Event("needs_no_answer", facts.now, by), clocks)


def _acknowledge(facts: Facts, ticket: Ticket, by: PersonId, _: c.Acknowledge) -> Decision:
    return _acted(facts, ticket, Event("acknowledged", facts.now, by))


def _spam(facts: Facts, ticket: Ticket, by: PersonId, _: c.MarkSpam) -> Decision:
    clocks = promise.cancelled(facts.clocks, at=facts.now, reason="spam")
    gone = replace(ticket, status=Status.SPAM)
    return _acted(
        facts, gone, Event("marked_spam", facts.now, by), clocks, wakes=(Wake(waiting_owner(ticket.id), None),)
    )


def client_name(facts: Facts) -> str:
    """How our people know who this is: the client's name where it is proven, else the contact's own."""
    client = facts.revision.client(facts.speaker.client)
    return client.name if client else facts.speaker.name


def _opened(ticket: Ticket) -> Ticket:
    return replace(ticket, status=Status.OPEN) if ticket.status is Status.NEW else ticket


def _answering(facts: Facts, ticket: Ticket, by: PersonId) -> Ticket:
    """Whoever answers a ticket that nobody has, has it from then on."""
    if ticket.assignee is None:
        ticket = replace(ticket, assignee=by, rule="taken")
    status = Status.OPEN if ticket.status in {Status.NEW, Status.WAITING_THIRD_PARTY} else ticket.status
    return replace(ticket, status=status, has_reply=True, staff_spoke_at=facts.now)


def _nudge_wake(facts: Facts, ticket: Ticket) -> Wake:
    calendar = facts.revision.calendars[facts.revision.lines[line_of(facts.revision, ticket)].calendar]
    return Wake(waiting_owner(ticket.id), after(facts.now, facts.revision.rules.nudge_after, calendar))


def _acted(
    facts: Facts,
    ticket: Ticket,
    event: Event,
    clocks: promise.Promises | None = None,
    effects: tuple[Effect, ...] = (),
    *,
    notes: tuple[Note, ...] = (),
    wakes: tuple[Wake, ...] = (),
) -> Decision:
    return concluded(
        facts,
        ticket,
        facts.clocks if clocks is None else clocks,
        notes=notes,
        events=(event,),
        effects=effects,
        wakes=wakes,
    )


#: Each command has one rule; the command's own type is asked for, so the rule may trust what it is given.
RULES: Final[dict[type, Callable[[Facts, Ticket, PersonId, Any], Decision]]] = {
    c.Take: _take,
    c.Reply: _reply,
    c.NameReply: _name_reply,
    c.AddNote: _note,
    c.AskDetails: _ask_details,
    c.GiveEta: _give_eta,
    c.WaitThirdParty: _wait_third_party,
    c.Resolve: _resolve,
    c.HandOver: _hand_over,
    c.Escalate: _escalate,
    c.SetUrgency: _set_urgency,
    c.NeedsNoAnswer: _needs_no_answer,
    c.Acknowledge: _acknowledge,
    c.MarkSpam: _spam,
}
