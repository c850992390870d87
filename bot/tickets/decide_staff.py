"""What happens when one of our people does something to a ticket.

Everybody with an acting role may answer any ticket; only its assignee or a lead may hand it over. A reply opens a new
ticket and gives it to whoever wrote, if nobody had it. What may not be done comes back as a refusal in the person's own
words and changes nothing; a second press on the same button finds nothing left to do.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from adapters.text import is_blank
from bot.tickets import command as c
from bot.tickets.calling_back import is_phone
from bot.tickets.calls.marks import call_owner
from bot.tickets.care.decide_reapply import reapply
from bot.tickets.care.decide_snooze import snooze, unsnooze
from bot.tickets.care.decide_terms import agree, covered, not_covered
from bot.tickets.care.judging import at_level, judged_by
from bot.tickets.decide_client import WAITING
from bot.tickets.decide_replies import ask_details, give_eta, name_reply, refused_empty, reply, resolve
from bot.tickets.facts import Decision, Effect, Event, Facts, Note, Wake
from bot.tickets.ladder.calling import behind, is_paged_for
from bot.tickets.ladder.decide_ladder import asked_pings, climbed_events, paged, told_so_far
from bot.tickets.ladder.standing import acknowledged, asked_higher
from bot.tickets.outcome import (
    acted,
    after,
    assigned,
    client_name,
    concluded,
    is_there,
    line_calendar,
    opening_wake,
    person_texts,
    promised_channel,
    shift_wake,
    waiting_owner,
)
from bot.tickets.people.handing import handed as tell_handed
from bot.tickets.people.handing import refusal_on_leave, relieved
from bot.tickets.people.second_line import to_second_line
from bot.tickets.ticket import Status, Ticket, number
from routing.people import PersonId, Role
from sla import promise
from sla.clock import PauseReason
from sla.pick_up import is_awaited

ACTING: Final = frozenset({Role.MANAGER, Role.SENIOR, Role.LEAD, Role.HEAD, Role.ADMIN})
LEADING: Final = frozenset({Role.LEAD, Role.HEAD, Role.ADMIN})
#: Why the promises of what nobody said are cancelled.
SPAM: Final = "spam"
#: What still makes sense on a ticket that is no longer open.
AFTERWARDS: Final = (c.AddNote, c.Reply)


def staff_does(facts: Facts, by: PersonId, command: c.Command) -> Decision:
    """Decide one command of one person on the ticket in `facts`."""
    ticket = facts.ticket
    if ticket is None:
        raise ValueError("a command needs a ticket")
    if refusal := refusal_of(facts, by, command):
        return Decision(refusal=refusal)
    rule = RULES[type(command)]
    return rule(facts, ticket, by, command)


def refusal_of(facts: Facts, by: PersonId, command: c.Command) -> str:
    """Why this person may not do this to the ticket in `facts`, whatever exactly it is; empty where they may."""
    speak = person_texts(facts.revision, by)
    if not facts.revision.people[by].roles & ACTING:
        return speak("refused_role", roles=", ".join(sorted(role.value for role in ACTING)))
    ticket = facts.ticket
    if ticket is not None and isinstance(command, c.Unmerge):
        return ""
    if ticket is not None and ticket.merged_into is not None:
        return speak("refused_merged", number=number(ticket.id), into=number(ticket.merged_into))
    if ticket is not None and isinstance(command, c.NotSpam):
        return ""
    if ticket is not None and not ticket.status.is_open and not isinstance(command, AFTERWARDS):
        return speak("refused_closed", number=number(ticket.id))
    is_said = isinstance(command, c.Reply | c.AskDetails) or (
        isinstance(command, c.Resolve) and not is_blank(command.text)
    )
    if (is_said or isinstance(command, c.GiveEta)) and facts.is_given_away:
        return speak("refused_given_away", client=client_name(facts))
    return speak("refused_phone") if is_said and is_phone(facts.talk.conversation) else ""


def _take(facts: Facts, ticket: Ticket, by: PersonId, _: c.Take) -> Decision:
    if ticket.assignee == by:
        if ticket.status is not Status.NEW and not is_awaited(facts.clocks) and not is_paged_for(ticket):
            return Decision()
        return acted(facts, _opened(ticket), Event("picked_up", facts.now, by))
    former = facts.revision.person(ticket.assignee)
    if former is not None and not facts.revision.people[by].roles & LEADING and not is_paged_for(ticket, by):
        return Decision(refusal=person_texts(facts.revision, by)("refused_taken", name=former.name))
    event = Event("picked_up", facts.now, by, "", {"before": ticket.assignee, "person": by})
    told = relieved(facts, ticket, former.id, by, by) if former is not None else ()
    return acted(facts, replace(_opened(ticket), assignee=by, rule="taken"), event, effects=told)


def _note(facts: Facts, ticket: Ticket, by: PersonId, note: c.AddNote) -> Decision:
    if is_blank(note.text):
        return refused_empty(facts, by)
    return acted(facts, ticket, Event("noted", facts.now, by), notes=(Note(by, note.text),))


def _wait_third_party(facts: Facts, ticket: Ticket, by: PersonId, wait: c.WaitThirdParty) -> Decision:
    if is_blank(wait.reference):  # the client is owed who they are kept waiting for
        return Decision(refusal=person_texts(facts.revision, by)("refused_no_reference"))
    clocks = promise.waiting(facts.clocks, facts.calendars, at=facts.now, reason=PauseReason.THIRD_PARTY)
    waiting = replace(_opened(ticket), status=Status.WAITING_THIRD_PARTY)
    event = Event("waits_third_party", facts.now, by, wait.reference)
    # The longest pause (semantics 3): after it a third party is no reason any more.
    until = after(facts.now, facts.revision.rules.resolve_after, line_calendar(facts.revision, ticket))
    return acted(facts, waiting, event, clocks, wakes=(Wake(waiting_owner(ticket.id), until),))


def _resume(facts: Facts, ticket: Ticket, by: PersonId, _: c.Resume) -> Decision:
    if ticket.status not in WAITING:
        return Decision()
    clocks = promise.resumed(facts.clocks, facts.calendars, at=facts.now)
    going = replace(ticket, status=Status.OPEN)
    wakes = (Wake(waiting_owner(ticket.id), None),)
    return acted(facts, going, Event("resumed", facts.now, by), clocks, wakes=wakes)


def _hand_over(facts: Facts, ticket: Ticket, by: PersonId, hand: c.HandOver) -> Decision:
    speak = person_texts(facts.revision, by)
    former = facts.revision.person(ticket.assignee)
    if former is not None and former.id != by and not facts.revision.people[by].roles & LEADING:
        return Decision(refusal=speak("refused_role", roles=", ".join(sorted(role.value for role in LEADING))))
    if hand.to is not None and (
        hand.to not in facts.revision.people or not facts.revision.people[hand.to].roles & ACTING
    ):
        return Decision(refusal=speak("refused_unknown_person"))
    if hand.to is not None and hand.to == ticket.assignee:
        return Decision()
    if hand.to is not None and (refusal := refusal_on_leave(facts, by, hand.to)):
        return Decision(refusal=refusal)
    passed_over = frozenset([ticket.assignee] if ticket.assignee else [])
    second = to_second_line(facts, ticket, passed_over) if hand.is_second_line else None
    if hand.is_second_line and second is None:
        return Decision(refusal=speak("refused_no_second_line"))
    assignment = second or assigned(facts, ticket, passed_over=passed_over)
    to, rule = (hand.to, "handed_over") if hand.to else (assignment.person, assignment.rule)
    if to is None and former is not None:
        return Decision(refusal=speak("refused_nobody", name=former.name))
    handed = replace(ticket, assignee=to, rule=rule)
    event = Event("handed_over", facts.now, by, hand.why, {"before": ticket.assignee, "person": to, "rule": rule})
    effects: list[Effect] = []
    wakes: tuple[Wake, ...] = ()
    remark = ""
    if to is None:
        wakes = (opening_wake(facts, handed),)
    else:
        given = tell_handed(facts, ticket, by, to, hand.why)
        effects += given.effects
        told = None if is_there(facts, to) else handed.told_back_at
        handed, remark = replace(handed, told_back_at=given.back_at or told), given.remark
        wakes = (shift_wake(facts, to),) if given.back_at is not None else ()
        if former is not None and former.id != by:
            effects += relieved(facts, ticket, former.id, by, to)
    decision = acted(facts, handed, event, _retargeted(facts, handed), tuple(effects), wakes=wakes)
    return replace(decision, remark=remark)


def _retargeted(facts: Facts, handed: Ticket) -> promise.Promises:
    """Its promises in other hands: the second line is not asked for an answer as quick as that of a chat."""
    ticket = facts.ticket
    if ticket is None or promised_channel(facts, ticket) == promised_channel(facts, handed):
        return facts.clocks
    return promise.retargeted(
        facts.clocks,
        facts.policy_of(handed),
        handed.urgency,
        promised_channel(facts, handed),
        facts.calendars,
        at=facts.now,
        is_high_load=facts.is_high_load(handed.plan),
    )


def _escalate(facts: Facts, ticket: Ticket, by: PersonId, escalate: c.Escalate) -> Decision:
    """The next step of the ladder, whether or not anything is broken; on its top, the same people once more."""
    before = ticket.ladder
    known, rung = asked_higher(facts, ticket, but=by, is_patient=False)
    people = behind(facts, rung.tell) if rung is not None else told_so_far(facts, known)
    name, key = facts.revision.people[by].name, f"escalated:{ticket.id}:{ticket.version}"
    others = tuple(one for one in people if one != by) or people
    effects = asked_pings(facts, ticket, others, key, "ping_escalated_by", name=name, why=escalate.why)
    after_it = replace(ticket, ladder=known)
    event = Event("escalated", facts.now, by, escalate.why)
    events = climbed_events(facts, after_it, before, known, rung, by=by)
    return concluded(facts, after_it, facts.clocks, events=(event, *events), effects=tuple(effects))


def _set_urgency(facts: Facts, ticket: Ticket, by: PersonId, change: c.SetUrgency) -> Decision:
    policy = facts.policy_of(ticket)
    if change.urgency not in policy.urgencies:
        known = ", ".join(policy.urgencies)
        return Decision(refusal=person_texts(facts.revision, by)("refused_urgency", known=known))
    if change.urgency == ticket.urgency:
        return Decision()
    channel = promised_channel(facts, ticket)
    clocks = promise.retargeted(
        facts.clocks,
        policy,
        change.urgency,
        channel,
        facts.calendars,
        at=facts.now,
        is_high_load=facts.is_high_load(ticket.plan),
    )
    event = Event("urgency_set", facts.now, by, "", {"before": ticket.urgency, "after": change.urgency})
    plan = facts.revision.plan(ticket.plan)
    after_it = at_level(ticket, plan, change.urgency, ticket.kind, judged_by(by))
    after_it, pages, people = paged(facts, after_it)
    return concluded(facts, after_it, clocks, events=(event, *pages), effects=tuple(people))


def _needs_no_answer(facts: Facts, ticket: Ticket, by: PersonId, _: c.NeedsNoAnswer) -> Decision:
    clocks = promise.no_answer_needed(facts.clocks, at=facts.now)
    return acted(facts, ticket, Event("needs_no_answer", facts.now, by), clocks)


def _acknowledge(facts: Facts, ticket: Ticket, by: PersonId, _: c.Acknowledge) -> Decision:
    """The promise stays broken; further steps of the ladder wait until this has run out."""
    known = acknowledged(facts, ticket, by, line_calendar(facts.revision, ticket))
    event = Event("acknowledged", facts.now, by, "", {"quiet_until": known.quiet_until})
    return acted(facts, replace(ticket, ladder=known), event)


def _spam(facts: Facts, ticket: Ticket, by: PersonId, _: c.MarkSpam) -> Decision:
    clocks = promise.cancelled(facts.clocks, at=facts.now, reason=SPAM)
    gone = replace(ticket, status=Status.SPAM)
    return acted(
        facts,
        gone,
        Event("marked_spam", facts.now, by),
        clocks,
        wakes=(Wake(waiting_owner(ticket.id), None), Wake(call_owner(ticket.id), facts.now)),
    )


def _opened(ticket: Ticket) -> Ticket:
    return replace(ticket, status=Status.OPEN) if ticket.status is Status.NEW else ticket


#: Each command has one rule, but for those about two tickets; the command's own type is asked for, so the rule may
#: trust what it is given.
RULES: Final[dict[type, Callable[[Facts, Ticket, PersonId, Any], Decision]]] = {
    c.Take: _take,
    c.Reply: reply,
    c.NameReply: name_reply,
    c.AddNote: _note,
    c.AskDetails: ask_details,
    c.GiveEta: give_eta,
    c.WaitThirdParty: _wait_third_party,
    c.Resume: _resume,
    c.Resolve: resolve,
    c.HandOver: _hand_over,
    c.Escalate: _escalate,
    c.SetUrgency: _set_urgency,
    c.NeedsNoAnswer: _needs_no_answer,
    c.Acknowledge: _acknowledge,
    c.MarkSpam: _spam,
    c.Reapply: reapply,
    c.NotCovered: not_covered,
    c.Covered: covered,
    c.Agree: agree,
    c.Snooze: snooze,
    c.Unsnooze: unsnooze,
}
