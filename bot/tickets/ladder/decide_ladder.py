"""Who further up is told, and in which words: a step of the ladder falls, somebody asks for more, nobody is there.

Each step is told once and recorded with whoever was told, and with the steps that nobody stands on. Executives read and
are not asked to press anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from bot.tickets.facts import Effect, Event, Facts, Guard, Ping
from bot.tickets.ladder.calling import answering, behind, called, called_for, is_loud, on_call
from bot.tickets.ladder.climbing import Climbing
from bot.tickets.ladder.standing import climbed, clock_of, fallen_unheard, steps_of
from bot.tickets.outcome import client_name, first_opening, is_there, person_texts
from bot.tickets.texts import Texts
from bot.tickets.ticket import Ticket, number
from routing import ladder
from routing.ladder import Rung
from routing.people import PersonId, Role
from sla.clock import BREACH, Clock, Mark
from sla.duration import millis
from sla.pick_up import LONGEST
from sla.promise import Promises

#: A breach announced later than this after it happened says when it was noticed.
NOTICED_LATE_MS: Final = 60_000
_PRESSES: Final = ("ticket.ack", "ticket.take", "ticket.handover")


def climb(
    facts: Facts, ticket: Ticket, clocks: Promises, broke: Sequence[Clock]
) -> tuple[Ticket, list[Event], list[Effect]]:
    """The step that has fallen by now, and who hears of the promises that broke just now.

    The assignee hears of each breach. With the first of them the first step falls, unless it was to come later;
    whoever was told of this ticket before hears of the further ones. Where nobody is left on the ladder, admins hear.
    """
    before = ticket.ladder
    known, rung = climbed(facts, ticket, clocks)
    effects: list[Effect] = [
        _breach_ping(facts, ticket, clock, one) for clock in broke for one in _hearers(facts, ticket, before, clock)
    ]
    if known is None:
        return ticket, [], effects
    ticket = replace(ticket, ladder=known)
    on_it = behind(facts, rung.tell) if rung is not None else ()
    on_it = called(facts, ticket, clock_of(known, clocks), on_it) or on_it
    events = climbed_events(facts, ticket, before, known, rung, on_it)
    if not events and not effects:
        ticket = replace(ticket, ladder=fallen_unheard(facts, ticket, known, broke))
        return ticket, [], _waiting_pings(facts, ticket, known, broke)
    if not events:
        return ticket, [], effects
    people = on_it if rung is not None else _left(facts, known)
    if rung is None:
        ticket = replace(ticket, ladder=replace(known, people=(*known.people, *people)))
    step = rung.step if rung is not None else known.told
    if known.ladder is not None:
        return ticket, events, [*effects, *_page_pings(facts, ticket, known, step, people)]
    clock = next(one for one in clocks if (one.metric, one.started_at) == (known.metric, known.started_at))
    heard = _hearers(facts, ticket, before, clock)
    others = [one for one in people if clock not in broke or one not in heard]
    earlier = [one for one in known.people if one not in people and one in facts.revision.people]
    pings = (_step_ping(facts, ticket, step, clock, one, earlier, is_news=clock in broke) for one in others)
    return ticket, events, [*effects, *pings]


def climbed_events(
    facts: Facts,
    ticket: Ticket,
    before: Climbing | None,
    known: Climbing,
    rung: Rung | None,
    people: Sequence[PersonId] = (),
    *,
    by: str = "desk",
) -> list[Event]:
    """What the history says of a step: who was told, which steps nobody stands on, which ones it stands for.

    `people` are those who were, where not all were who stand on it.
    """
    steps = steps_of(facts, ticket, known)
    if rung is not None:
        told: dict[str, str | int | None] = {
            "step": rung.step,
            "people": ", ".join(people or behind(facts, rung.tell)),
            "skipped": ", ".join(map(str, rung.empty)) or None,
            "coalesced": ", ".join(map(str, rung.coalesced)) or None,
            "ladder": known.ladder or facts.pinned.plan(ticket.plan).ladder,
        }
        return [Event("alerted", facts.now, by, _why(rung, len(steps)), told)]
    if known.told > (before.told if before is not None else 0):
        return [Event("nobody_to_alert", facts.now, by, "nobody stands on the steps that are left")]
    return []


def asked_pings(
    facts: Facts, ticket: Ticket, people: Iterable[PersonId], key: str, title: str, /, **values: str
) -> list[Effect]:
    """What the people of a step are told because somebody asks for them; `title` is a text of the catalogue."""
    return [
        Ping(
            one,
            f"{key}:{one}",
            person_texts(facts.revision, one)(title, number=number(ticket.id), client=client_name(facts), **values),
            is_alert=True,
            guard=Guard(is_open=True),
            actions=presses_of(facts, one),
            is_shared=True,
        )
        for one in people
    ]


def leads(facts: Facts, ticket: Ticket) -> tuple[PersonId, ...]:
    """Whom its ladder tells first: the lowest step with somebody on it."""
    return next((people for step in steps_of(facts, ticket) if (people := behind(facts, step.tell))), ())


def last_resort(facts: Facts) -> tuple[PersonId, ...]:
    """Whom to tell where nobody stands on the ladder: whoever can mend the desk directory, else whoever leads.

    Where these are on leave, everybody who is there; and where nobody is, the admins on their leave. Somebody hears.
    """
    people = facts.revision.people
    for role in (Role.ADMIN, Role.LEAD, Role.HEAD):
        if found := behind(facts, role):
            return found
    working = [one for one in people.values() if one.roles - {Role.EXECUTIVE}]
    there = tuple(sorted(one.id for one in working if is_there(facts, one.id)))
    return there or ladder.told(Role.ADMIN, people, {}) or tuple(sorted(one.id for one in working))


def escalated_words(facts: Facts, ticket: Ticket, known: Climbing, speak: Texts) -> str:
    """What a client who asks for more is told: that somebody knows, who that is, and how far up."""
    steps = steps_of(facts, ticket, known)
    people = behind(facts, steps[known.told - 1].tell) if 0 < known.told <= len(steps) else ()
    if not people:
        # Nobody stands there: whoever heard of it instead.
        told = ", ".join(facts.revision.people[one].name for one in told_so_far(facts, known))
        return speak("escalated_instead", number=number(ticket.id), names=told)
    said = speak("escalated" if known.told <= 1 else "escalated_higher", number=number(ticket.id))
    names = ", ".join(facts.revision.people[one].name for one in people)
    return f"{said} {speak('escalated_level', step=known.told, steps=len(steps), names=names)}"


def told_so_far(facts: Facts, known: Climbing) -> tuple[PersonId, ...]:
    """Whom to tell where no step is left: those who were told before, or whoever answers for them by now."""
    return answering(facts, known.people) or last_resort(facts)


def presses_of(facts: Facts, person: PersonId) -> tuple[str, ...]:
    """What this person may do about an alert."""
    return () if facts.revision.people[person].roles <= {Role.EXECUTIVE} else _PRESSES


def paged(facts: Facts, ticket: Ticket) -> tuple[Ticket, list[Event], list[Effect]]:
    """Out of hours, urgent words page whoever the policy names for that; nobody else, and nothing else.

    At once, unless somebody is on duty for them since an earlier page: then where these do not answer.
    """
    name = facts.pinned.off_hours.get(ticket.policy)
    known = ticket.ladder or Climbing()
    if (
        name is None
        or not is_loud(facts.policy_of(ticket), ticket.urgency)
        or known.ladder is not None
        or known.paged_at is not None
        or _is_attended(facts, ticket)
    ):
        return ticket, [], []
    if known.is_begun:
        return _paged_beside(facts, ticket, known, name)
    page = Climbing(ladder=name, broken_at=facts.now, on_call=known.on_call, on_call_at=known.on_call_at)
    if on_call(facts, ticket) is not None:
        # Their client's words call them, and alone, for as long as whoever is on shift has to pick something up.
        page = replace(page, put_off_ms=millis(facts.revision.rules.pick_up or LONGEST))
    return climb(facts, replace(ticket, ladder=page), (), ())


def _paged_beside(facts: Facts, ticket: Ticket, known: Climbing, name: str) -> tuple[Ticket, list[Event], list[Effect]]:
    """A promise is broken and its ladder goes on: those on call hear as well, once, whom its steps do not name.

    Where nobody is left on call, those hear who would if nobody stood on its own ladder.
    """
    is_heeded = known.quiet_until is not None and facts.now < known.quiet_until
    page = Climbing(ladder=name, broken_at=facts.now)
    if is_heeded or on_call(facts, ticket) is not None:
        return ticket, [], []
    step = next((one for one in steps_of(facts, ticket, page) if behind(facts, one.tell)), None)
    people = behind(facts, step.tell) if step is not None else last_resort(facts)
    told = replace(known, paged_at=facts.now, people=tuple(dict.fromkeys((*known.people, *people))))
    why = f"paged: {step.tell if step is not None else 'nobody is on call'}"
    event = Event("alerted", facts.now, "desk", why, {"people": ", ".join(people), "ladder": name})
    return replace(ticket, ladder=told), [event], _page_pings(facts, ticket, page, 1, people)


def breach_title(facts: Facts, ticket: Ticket, clock: Clock, person: PersonId, *, is_news: bool) -> str:
    """That a promise is broken, since when, and when it was noticed where that was much later."""
    speak = person_texts(facts.revision, person)
    due = clock.due_at if clock.due_at is not None else facts.now
    is_late = is_news and facts.now - due > NOTICED_LATE_MS
    return speak(
        "ping_breach_noticed" if is_late else "ping_breach",
        number=number(ticket.id),
        client=client_name(facts),
        metric=speak(f"metric_{clock.metric}"),
        due=speak.moment(due, now=facts.now),
        noticed=speak.moment(facts.now, now=facts.now),
    )


def with_whom(facts: Facts, ticket: Ticket, person: PersonId) -> str:
    """Who has it, said to somebody else."""
    speak = person_texts(facts.revision, person)
    assignee = facts.revision.person(ticket.assignee)
    return speak("with_whom", name=assignee.name) if assignee else speak("with_nobody")


def _left(facts: Facts, known: Climbing) -> tuple[PersonId, ...]:
    """Whom a step that nobody stands on is told to: each of them once, whatever comes after it."""
    return tuple(one for one in last_resort(facts) if one not in known.people)


def _page_pings(facts: Facts, ticket: Ticket, known: Climbing, step: int, people: Iterable[PersonId]) -> list[Effect]:
    key = f"page:{ticket.id}:{known.broken_at}:{step}"
    own = facts.revision.person(ticket.assignee)
    if own is not None:
        title = "ping_page_unanswered" if _may_answer(facts, ticket, own.id) else "ping_page_off_shift"
        return asked_pings(facts, ticket, people, key, title, urgency=ticket.urgency, name=own.name)
    opening = first_opening(facts.revision, ticket, facts.now)
    is_closed = opening is None or opening > facts.now
    return asked_pings(
        facts, ticket, people, key, "ping_page" if is_closed else "ping_page_full", urgency=ticket.urgency
    )


def _may_answer(facts: Facts, ticket: Ticket, person: PersonId) -> bool:
    return is_there(facts, person) or on_call(facts, ticket) == person


def _hearers(facts: Facts, ticket: Ticket, before: Climbing | None, clock: Clock) -> list[PersonId]:
    """Who hears of a breach apart from the step that falls with it.

    Besides the assignee those at work who were told before, and who stand on the steps they were told for by now.
    """
    assignee = called_for(facts, ticket)
    own = [assignee] if assignee is not None else []
    if before is None or not before.told:
        return own
    told = answering(facts, before.people)
    reached = [one for step in steps_of(facts, ticket, before)[: before.told] for one in behind(facts, step.tell)]
    others = called(facts, ticket, clock, (*told, *reached) or last_resort(facts))
    return list(dict.fromkeys([*own, *others]))


def _breach_ping(facts: Facts, ticket: Ticket, clock: Clock, person: PersonId) -> Ping:
    is_own = person == ticket.assignee
    return Ping(
        person,
        f"clock:{ticket.id}:{clock.metric}:{clock.started_at}:{BREACH}:{person}",
        breach_title(facts, ticket, clock, person, is_news=True),
        () if is_own else (with_whom(facts, ticket, person),),
        is_alert=True,
        guard=Guard(clock.metric, clock.started_at, BREACH, assignee=person if is_own else None),
        actions=() if is_own else presses_of(facts, person),
        is_shared=not is_own,
        weight=weight(facts, ticket, BREACH),
    )


def _waiting_pings(facts: Facts, ticket: Ticket, known: Climbing, broke: Sequence[Clock]) -> list[Effect]:
    """Nobody who would hear of the breach is at work: the place that leads share shows it, and whom it calls when."""
    clock = next((one for one in broke if (one.metric, one.started_at) == (known.metric, known.started_at)), None)
    if clock is None:
        return []
    found: list[Effect] = []
    for one in leads(facts, ticket):
        title, lines = breach_title(facts, ticket, clock, one, is_news=True), (with_whom(facts, ticket, one),)
        found.append(kept_for(facts, one, f"waits:{ticket.id}:{clock.metric}:{clock.started_at}:{one}", title, lines))
    return found


def kept_for(facts: Facts, person: PersonId, key: str, title: str, lines: tuple[str, ...] = ()) -> Ping:
    """What somebody further up hears of as they come, shown at once where leads look, and calling nobody."""
    back = facts.revision.coverage.next_shift(facts.revision.people[person], facts.now)
    if back is not None:
        speak = person_texts(facts.revision, person)
        name = facts.revision.people[person].name
        lines = (*lines, speak("called_as_they_come", name=name, opening=speak.moment(back, now=facts.now)))
    guard, actions = Guard(is_open=True), presses_of(facts, person)
    return Ping(person, key, title, lines, guard=guard, actions=actions, is_shared=True, is_quiet=True)


def _step_ping(
    facts: Facts,
    ticket: Ticket,
    step: int,
    clock: Clock,
    person: PersonId,
    earlier: Sequence[PersonId],
    *,
    is_news: bool,
) -> Ping:
    lines = [with_whom(facts, ticket, person)]
    if earlier:
        names = ", ".join(facts.revision.people[one].name for one in earlier)
        lines.append(person_texts(facts.revision, person)("ladder_told_before", names=names))
    return Ping(
        person,
        f"ladder:{ticket.id}:{clock.metric}:{clock.started_at}:{step}:{person}",
        breach_title(facts, ticket, clock, person, is_news=is_news),
        tuple(lines),
        is_alert=True,
        guard=Guard(clock.metric, clock.started_at, BREACH),
        actions=presses_of(facts, person),
        is_shared=True,
        weight=weight(facts, ticket, BREACH),
    )


def weight(facts: Facts, ticket: Ticket, mark: Mark) -> int:
    """How severe an alert is among many: what is broken before what is about to, the most urgent level before all."""
    policy = facts.policy_of(ticket)
    is_broken = mark == BREACH
    return (2 if is_broken and ticket.urgency == policy.urgencies[0] else 0) + (1 if is_broken else 0)


def _why(rung: Rung, count: int) -> str:
    words = f"step {rung.step} of {count}: {rung.tell}"
    if rung.empty:
        words += f"; nobody stands on step {', '.join(map(str, rung.empty))}"
    return f"{words}; also for step {', '.join(map(str, rung.coalesced))}" if rung.coalesced else words


def _is_attended(facts: Facts, ticket: Ticket) -> bool:
    person = facts.revision.person(ticket.assignee)
    return person is not None and person.id not in ticket.passed_over and is_there(facts, person.id)
