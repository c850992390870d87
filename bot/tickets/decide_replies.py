"""What happens when one of our people speaks to the client: an answer, a question, a promised moment, a last word.

A reply counts from when it was written, also when somebody says only later what it was. A reply whose kind nobody has
named satisfies where any human reply does; where only an answer counts, the card asks its author.
"""

from dataclasses import replace

from adapters.text import is_blank
from bot.tickets import command as c
from bot.tickets.decide_client import reopens_until
from bot.tickets.facts import Decision, Effect, Event, Facts, Guard, MessageKind, Ping, Say, Wake
from bot.tickets.outcome import (
    acted,
    after,
    client_name,
    closing_wake,
    contact_texts,
    first_name,
    line_calendar,
    person_texts,
    promised_channel,
    waiting_owner,
)
from bot.tickets.ticket import Status, Ticket, number
from routing.people import PersonId
from sla import promise
from sla.clock import Clock, PauseReason, State
from sla.duration import Instant
from sla.policy import Metric, SatisfiedBy
from sla.promise import ReplyKind


def reply(facts: Facts, ticket: Ticket, by: PersonId, said: c.Reply) -> Decision:
    """Words to the client. On a ticket that is done they change nothing else about it."""
    if is_blank(said.text) and not said.attachments:
        return refused_empty(facts, by)
    kind = said.kind
    policy = facts.policy_of(ticket)
    if kind is ReplyKind.UNSET and policy.satisfied_by is SatisfiedBy.HUMAN_REPLY:
        kind = ReplyKind.ANSWER
    at = facts.now if said.at is None else said.at
    names = (said.key, said.external_id)
    words: tuple[Effect, ...] = (
        Say(
            said.text,
            MessageKind.REPLY,
            by,
            kind,
            said.attachments,
            said.is_said,
            *names,
            said.at,
            written=said.written,
        ),
    )
    event = Event("replied", at, by, "", {"kind": kind})
    if not ticket.status.is_open:
        return acted(facts, ticket, event, effects=words)
    clocks = _replied(facts, ticket, kind, at)
    unset_at = _unset_since(ticket, at) if kind is ReplyKind.UNSET else None
    spoken = replace(answering(facts, ticket, by, at=at), unset_reply_at=unset_at)
    spoken, effects, wakes = _followed(facts, spoken, kind)
    return acted(facts, spoken, event, clocks, (*words, *effects, *_taken_back(facts, ticket, clocks)), wakes=wakes)


def name_reply(facts: Facts, ticket: Ticket, by: PersonId, named: c.NameReply) -> Decision:
    """Late evidence: a breach that was announced meanwhile is taken back if the reply was in time."""
    written_at = ticket.unset_reply_at
    if written_at is None:
        return Decision()
    eta = named.due_at if named.kind is ReplyKind.ETA else None
    if eta is not None and eta <= written_at:
        return Decision(refusal=person_texts(facts.revision, by)("refused_past"))
    clocks = _replied(facts, ticket, named.kind, written_at, eta)
    has_gone_on = ticket.client_spoke_at > written_at
    event = Event("reply_named", facts.now, by, "", {"kind": named.kind, "written_at": written_at})
    settled = replace(ticket, unset_reply_at=None)
    kind = ReplyKind.ANSWER if has_gone_on and named.kind is ReplyKind.CLARIFY else named.kind
    settled, effects, wakes = _followed(facts, settled, kind)
    return acted(facts, settled, event, clocks, (*effects, *_taken_back(facts, ticket, clocks)), wakes=wakes)


def reply_arrives(facts: Facts, kind: ReplyKind, *, written_at: Instant) -> Decision:
    """A reply that had been given up was sent again and has arrived.

    It is late evidence (semantics 1.5): it counts from when it was written, since it was delivered after all, and a
    breach told meanwhile is taken back if that was in time. A question is waited for only from now on: until now the
    client had not been asked.
    """
    ticket = facts.ticket
    if ticket is None or not ticket.status.is_open:
        return Decision()
    lost = [clock for clock in facts.clocks if clock.started_at == written_at and clock.state is State.CANCELLED]
    eta = next((clock.due_at for clock in lost if clock.metric is Metric.ETA), None)
    facts = replace(facts, clocks=tuple(clock for clock in facts.clocks if clock not in lost))
    counts_as = {ReplyKind.CLARIFY: ReplyKind.UNSET, ReplyKind.FIX: ReplyKind.ANSWER}.get(kind, kind)
    clocks = _replied(facts, ticket, counts_as, written_at, eta)
    wakes: tuple[Wake, ...] = ()
    asks = kind is ReplyKind.CLARIFY and ticket.staff_spoke_at == written_at and ticket.client_spoke_at <= written_at
    if asks:
        clocks = promise.waiting(clocks, facts.calendars, at=facts.now, reason=PauseReason.DETAILS_MISSING)
        ticket, _, wakes = _followed(facts, ticket, kind)
    is_to_be_named = kind is ReplyKind.UNSET and ticket.staff_spoke_at == written_at and ticket.unset_reply_at is None
    if is_to_be_named:
        ticket = replace(ticket, unset_reply_at=written_at)
    if clocks == facts.clocks and not asks and not is_to_be_named:
        return Decision()
    event = Event("arrived_after_all", facts.now, "sender", "", {"written_at": written_at})
    return acted(facts, ticket, event, clocks, tuple(_taken_back(facts, ticket, clocks)), wakes=wakes)


def ask_details(facts: Facts, ticket: Ticket, by: PersonId, asked: c.AskDetails) -> Decision:
    """A question to the client; from here on we wait for them, and say so."""
    if is_blank(asked.text):
        return refused_empty(facts, by)
    clocks = _replied(facts, ticket, ReplyKind.CLARIFY, facts.now)
    said = (
        Say(asked.text, MessageKind.REPLY, by, ReplyKind.CLARIFY),
        Say(contact_texts(facts)("we_wait"), MessageKind.AUTO),
    )
    spoken = replace(answering(facts, ticket, by), unset_reply_at=None)
    waiting, _, wakes = _followed(facts, spoken, ReplyKind.CLARIFY)
    return acted(facts, waiting, Event("asked_details", facts.now, by), clocks, said, wakes=wakes)


def give_eta(facts: Facts, ticket: Ticket, by: PersonId, eta: c.GiveEta) -> Decision:
    """A promised moment, said in the client's own time; it gets a clock of its own."""
    if eta.due_at <= facts.now:
        return Decision(refusal=person_texts(facts.revision, by)("refused_past"))
    clocks = _replied(facts, ticket, ReplyKind.ETA, facts.now, eta.due_at)
    speak = contact_texts(facts)
    due = speak.moment(eta.due_at, now=facts.now)
    promised = speak("eta_given", name=first_name(facts.revision, by, by), due=due)
    text = promised if is_blank(eta.text) else f"{eta.text.strip()}\n{promised}"
    said = Say(text, MessageKind.REPLY, by, ReplyKind.ETA)
    spoken = replace(answering(facts, ticket, by), unset_reply_at=None)
    spoken, _, wakes = _followed(facts, spoken, ReplyKind.ETA)
    event = Event("eta_given", facts.now, by, "", {"due_at": eta.due_at})
    return acted(facts, spoken, event, clocks, (said,), wakes=wakes)


def resolve(facts: Facts, ticket: Ticket, by: PersonId, done: c.Resolve) -> Decision:
    """The work is done; the client hears it, and until when they may come back."""
    clocks = promise.resolved(facts.clocks, facts.calendars, at=facts.now)
    said: tuple[Effect, ...] = ()
    after_it = ticket
    if not is_blank(done.text):
        said = (Say(done.text, MessageKind.REPLY, by, ReplyKind.FIX),)
        after_it = answering(facts, ticket, by)
    if facts.revision.person(after_it.assignee) is None:
        after_it = replace(after_it, assignee=by, rule="taken")
    after_it, effects, wakes = _followed(facts, after_it, ReplyKind.FIX)
    return acted(facts, after_it, Event("resolved", facts.now, by), clocks, (*said, *effects), wakes=wakes)


def answering(facts: Facts, ticket: Ticket, by: PersonId, *, at: Instant | None = None) -> Ticket:
    """Whoever answers a ticket that nobody has, or somebody who left, has it from then on. `at`: when, if not now."""
    if facts.revision.person(ticket.assignee) is None:
        ticket = replace(ticket, assignee=by, rule="taken")
    status = Status.OPEN if ticket.status is Status.NEW else ticket.status
    at = facts.now if at is None else at
    return replace(ticket, status=status, has_reply=True, staff_spoke_at=max(at, ticket.staff_spoke_at or at))


def refused_empty(facts: Facts, by: PersonId) -> Decision:
    """Nothing was written."""
    return Decision(refusal=person_texts(facts.revision, by)("refused_empty"))


def _replied(
    facts: Facts, ticket: Ticket, kind: ReplyKind, at: Instant, eta: Instant | None = None
) -> promise.Promises:
    """The promises after a reply written at `at`, whenever we come to know of it or of its kind."""
    policy, calendars = facts.policy_of(ticket), facts.calendars
    urgency, channel = ticket.urgency, promised_channel(facts, ticket)
    is_covered, is_high_load = ticket.not_covered is None, facts.is_high_load(ticket.plan)
    clocks = promise.staff_replied(
        facts.clocks,
        policy,
        kind,
        calendars,
        at=at,
        eta=eta,
        urgency=urgency if is_covered else None,
        channel=channel,
        is_high_load=is_high_load,
    )
    if ticket.client_spoke_at <= at or kind is ReplyKind.FIX or not is_covered:
        return clocks
    # The client went on before we knew: those words are owed an answer of their own.
    spoke_at = ticket.client_spoke_at
    return promise.client_spoke(
        clocks,
        policy,
        urgency,
        channel,
        calendars,
        at=spoke_at,
        replied=True,
        is_high_load=is_high_load,
    )


def _unset_since(ticket: Ticket, at: Instant) -> Instant:
    """When the client was first replied to since their last words, by replies whose kind nobody has named."""
    unset = [at, *([ticket.unset_reply_at] if ticket.unset_reply_at is not None else [])]
    return min([one for one in unset if one >= ticket.client_spoke_at] or unset)


def _followed(facts: Facts, ticket: Ticket, kind: ReplyKind) -> tuple[Ticket, tuple[Effect, ...], tuple[Wake, ...]]:
    """What a kind of reply does to the ticket itself: a question waits for the client, a fix resolves.

    A further word while we wait for the client lets their silence count anew.
    """
    if kind is ReplyKind.FIX:
        speak = contact_texts(facts)
        done = replace(ticket, status=Status.RESOLVED, resolved_at=facts.now, unset_reply_at=None)
        until = speak.moment(reopens_until(facts.revision, done), now=facts.now)
        said = Say(speak("resolved", number=number(ticket.id), until=until), MessageKind.AUTO)
        return done, (said,), (closing_wake(facts, done),)
    if kind is ReplyKind.CLARIFY:
        ticket = replace(ticket, status=Status.WAITING_CLIENT)
    if ticket.status is not Status.WAITING_CLIENT:
        return ticket, (), ()
    nudge_at = after(facts.now, facts.revision.rules.nudge_after, line_calendar(facts.revision, ticket))
    return ticket, (), (Wake(waiting_owner(ticket.id), nudge_at),)


def _taken_back(facts: Facts, ticket: Ticket, clocks: promise.Promises) -> list[Effect]:
    """Whoever was told of a breach that never was is told so: the assignee and those of the ladder."""
    after_it = {(clock.metric, clock.started_at): clock for clock in clocks}
    told = [one for one in facts.clocks if _is_broken(one)]
    retracted = [one for one in told if not _is_broken(after_it[one.metric, one.started_at])]
    assignee = facts.revision.person(ticket.assignee)
    heard = ticket.ladder.people if ticket.ladder is not None else ()
    people = dict.fromkeys(
        [*([assignee.id] if assignee else []), *(one for one in heard if one in facts.revision.people)]
    )
    return [_correction(facts, ticket, clock, person) for clock in retracted for person in people]


def _is_broken(clock: Clock) -> bool:
    return clock.breached_at is not None and clock.state is not State.RETRACTED


def _correction(facts: Facts, ticket: Ticket, clock: Clock, person: PersonId) -> Ping:
    speak = person_texts(facts.revision, person)
    due = speak.moment(clock.due_at if clock.due_at is not None else facts.now, now=facts.now)
    title = speak(
        "ping_retracted",
        number=number(ticket.id),
        client=client_name(facts),
        metric=speak(f"metric_{clock.metric}"),
        due=due,
    )
    key = f"retracted:{ticket.id}:{clock.metric}:{clock.started_at}:{person}"
    return Ping(person, key, title, guard=Guard(), is_shared=person != ticket.assignee)
