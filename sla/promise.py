"""The promises of one ticket: which clocks its happenings start, pause, satisfy and end.

Each function takes the clocks of a ticket, one thing that happened and when, and returns the clocks after it; clocks
keep their places, new ones come last. Told twice, nothing changes the second time. One question has one clock: while
the first response is owed, a further message of the client starts no next response, and a burst starts only one.

    client spoke      resumes what was paused; starts first_response once, or next_response if nothing is owed
    staff replied     satisfies both if the kind of reply counts, else asks the client and pauses; an ETA starts its own
    resolved          meets first_response and the ETA, ends next_response
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sla import clock as clocks_of
from sla.calendar import ALWAYS, Calendar
from sla.clock import Clock, Mark, PauseReason, State, is_owing
from sla.duration import Instant
from sla.policy import Metric, Policy, SatisfiedBy, Urgency, target_for

Promises = tuple[Clock, ...]
Calendars = Mapping[str, Calendar]

#: What a reply to the client can satisfy.
RESPONSES = frozenset({Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE})


class ReplyKind(StrEnum):
    """What a staff reply to the client was; `UNSET` until the manager says so. Notes are no replies."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    ETA = "eta"
    FIX = "fix"
    UNSET = "unset"


#: A reply of unset kind is a human reply, but nobody has called it an answer yet.
SATISFYING: Mapping[SatisfiedBy, frozenset[ReplyKind]] = {
    SatisfiedBy.HUMAN_REPLY: frozenset(ReplyKind),
    SatisfiedBy.ANSWER: frozenset({ReplyKind.ANSWER, ReplyKind.ETA, ReplyKind.FIX}),
}


@dataclass(frozen=True, slots=True)
class Firing:
    """A mark that falls now, with the clock as it is after it."""

    clock: Clock
    mark: Mark


def client_spoke(
    clocks: Promises,
    policy: Policy,
    urgency: Urgency,
    channel: str,
    calendars: Calendars,
    at: Instant,
    *,
    counts: bool = True,
    replied: bool = False,
) -> Promises:
    """A message of the client came. Any message resumes; one that does not count (a courtesy) starts nothing.

    `replied` matters only where the policy promises no first response: whether a human has replied on this ticket.
    """
    clocks = resumed(clocks, calendars, at)
    responses = [clock for clock in clocks if clock.metric in RESPONSES]
    if not counts or any(is_owing(clock) or _covers(clock, at) for clock in responses):
        return clocks
    metric = Metric.NEXT_RESPONSE if replied or responses else Metric.FIRST_RESPONSE
    target = target_for(policy, urgency, metric, channel)
    if target is None:
        return clocks
    calendar = _calendar(target.calendar, calendars)
    return (*clocks, clocks_of.start(metric, target, calendar, at=at, marks=policy.marks.marks))


def staff_replied(
    clocks: Promises,
    policy: Policy,
    kind: ReplyKind,
    calendars: Calendars,
    at: Instant,
    eta: Instant | None = None,
) -> Promises:
    """A person of ours replied to the client at `at`, which may be before now: late evidence counts from then.

    Under `answer` a request for details pauses instead of satisfying. An `eta` starts a clock of its own and meets the
    one before it; a fix resolves.
    """
    if kind in SATISFYING[policy.satisfied_by]:
        clocks = _each(clocks, RESPONSES, lambda clock: clocks_of.satisfy(clock, calendar_of(clock, calendars), at=at))
    elif kind is ReplyKind.CLARIFY:
        clocks = waiting(clocks, calendars, at, reason=PauseReason.DETAILS_MISSING)
    if eta is not None and not any(clock.metric is Metric.ETA and clock.started_at == at for clock in clocks):
        clocks = _each(clocks, {Metric.ETA}, lambda clock: clocks_of.satisfy(clock, ALWAYS, at=at))
        clocks = (*clocks, clocks_of.start_eta(eta, at=at, marks=policy.marks.marks))
    return resolved(clocks, calendars, at) if kind is ReplyKind.FIX else checked(clocks, at)


def reply_failed(clocks: Promises, calendars: Calendars, at: Instant) -> Promises:
    """The reply written at `at` will never arrive: what it answered is owed again, what it asked is not waited for.

    An ETA it promised was never heard of, so it ends; the one before it holds again.
    """

    def undone(clock: Clock) -> Clock:
        calendar = calendar_of(clock, calendars)
        if clock.state is State.PAUSED and clock.pauses[-1].at == at:
            return clocks_of.resume(clock, calendar, at=at)
        if clock.metric is Metric.ETA and clock.started_at == at:
            return clocks_of.end(clock, at=at, reason="the reply that promised it did not arrive")
        return clocks_of.take_back(clock, calendar, at=at)

    return _each(clocks, RESPONSES | {Metric.ETA}, undone)


def waiting(clocks: Promises, calendars: Calendars, at: Instant, reason: PauseReason) -> Promises:
    """We wait for the client or a third party: all but a promised ETA pauses."""
    return tuple(clocks_of.pause(clock, calendar_of(clock, calendars), at=at, reason=reason) for clock in clocks)


def resumed(clocks: Promises, calendars: Calendars, at: Instant) -> Promises:
    """The waiting is over: the third party answered, somebody pressed resume, or it lasted long enough."""
    return tuple(clocks_of.resume(clock, calendar_of(clock, calendars), at=at) for clock in checked(clocks, at))


def resolved(clocks: Promises, calendars: Calendars, at: Instant) -> Promises:
    """The ticket is resolved: first response and ETA are met, a next response is no longer waited for."""
    met = _each(
        clocks,
        {Metric.FIRST_RESPONSE, Metric.ETA},
        lambda clock: clocks_of.satisfy(clock, calendar_of(clock, calendars), at=at),
    )
    ended = _each(
        met,
        {Metric.NEXT_RESPONSE, Metric.FOLLOW_UP, Metric.PICK_UP},
        lambda clock: clocks_of.end(clock, at=at, reason="resolved"),
    )
    return _each(
        ended,
        {Metric.RESOLUTION},
        lambda clock: clocks_of.stop(clock, calendar_of(clock, calendars), at=at),
    )


def reopened(clocks: Promises, calendars: Calendars, at: Instant) -> Promises:
    """The ticket is open again: what was stopped runs on. The message that reopened it is told with `client_spoke`."""
    return tuple(clocks_of.reopen(clock, calendar_of(clock, calendars), at=at) for clock in clocks)


def no_answer_needed(clocks: Promises, at: Instant) -> Promises:
    """The client's last message asks for nothing, the manager says: the next response ends; a first one stays owed."""
    return _each(clocks, {Metric.NEXT_RESPONSE}, lambda clock: clocks_of.end(clock, at=at, reason="needs no answer"))


def cancelled(clocks: Promises, at: Instant, reason: str) -> Promises:
    """The ticket is merged away, spam or not covered: nothing on it is promised any more."""
    return tuple(clocks_of.cancel(clock, at=at, reason=reason) for clock in clocks)


def retargeted(
    clocks: Promises, policy: Policy, urgency: Urgency, channel: str, calendars: Calendars, at: Instant
) -> Promises:
    """Urgency, plan, channel or load changed: running clocks get the new cell's target, counted from their start.

    A clock the new cell promises nothing for is cancelled. A clock whose target stays the same is left alone.
    """

    def changed(clock: Clock) -> Clock:
        target = target_for(policy, urgency, clock.metric, channel)
        if not is_owing(clock) or target == clock.target:
            return clocks_of.check(clock, at=at)
        if target is None:
            return clocks_of.end(clock, at=at, reason="no longer promised")
        calendar = _calendar(target.calendar, calendars)
        return clocks_of.retarget(clock, target, calendar, at=at, floor=policy.floor)

    return _each(clocks, frozenset(Metric) - {Metric.ETA}, changed)


def checked(clocks: Promises, at: Instant) -> Promises:
    """Every clock whose moment has passed is breached."""
    return tuple(clocks_of.check(clock, at=at) for clock in clocks)


def fired(clocks: Promises, calendars: Calendars, at: Instant) -> tuple[Promises, tuple[Firing, ...]]:
    """What falls by `at`, at most one mark a clock."""
    after = [clocks_of.fire(clock, calendar_of(clock, calendars), at=at) for clock in clocks]
    firings = tuple(Firing(clock, mark) for clock, marks in after for mark in marks)
    return tuple(clock for clock, _ in after), firings


def wake_at(clocks: Promises, calendars: Calendars, at: Instant) -> Instant | None:
    """When to ask `fired` again."""
    moments = [clocks_of.next_wake(clock, calendar_of(clock, calendars), at=at) for clock in clocks]
    return min((moment for moment in moments if moment is not None), default=None)


def next_due(clocks: Promises) -> Clock | None:
    """The running clock that is due first; metrics do not hide each other."""
    running = [clock for clock in clocks if clock.state is State.RUNNING]
    return min(running, key=lambda clock: clock.due_at or 0, default=None)


def calendar_of(clock: Clock, calendars: Calendars) -> Calendar:
    """The clock's calendar; every moment for one that has none. ValueError when the desk has lost it."""
    return _calendar(clock.calendar, calendars)


def _calendar(key: str | None, calendars: Calendars) -> Calendar:
    if key is None:
        return ALWAYS
    if key not in calendars:
        raise ValueError(f"there is no calendar {key!r}, which a promise counts in: restore it, or apply a new target")
    return calendars[key]


def _covers(clock: Clock, at: Instant) -> bool:
    """Whether a message of `at` started this clock or was answered with it, and is told late or twice."""
    return clock.started_at == at or (clock.ended_at is not None and at < clock.ended_at)


def _each(clocks: Promises, metrics: frozenset[Metric] | set[Metric], change: Callable[[Clock], Clock]) -> Promises:
    return tuple(change(clock) if clock.metric in metrics else clock for clock in clocks)
