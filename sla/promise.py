"""The promises of one ticket: which clocks its happenings start, pause, satisfy and end.

Each function takes the clocks of a ticket, one thing that happened and when, and returns the clocks after it; clocks
keep their places, new ones come last. Told twice, nothing changes the second time. One question has one clock: while
the first response is owed, a further message of the client starts no next response, and a burst starts only one.

    client spoke      resumes what was paused; starts first_response once, or next_response if nothing is owed
    staff replied     satisfies both if the kind of reply counts, else asks the client and pauses; an ETA starts its own
    resolved          meets first_response and the ETA, ends next_response and follow_up, stops resolution

Where the policy promises them, the first message starts resolution too, and each reply meets the follow_up of the one
before and starts its own. How long an assigned person may take to pick a ticket up is in `sla.pick_up`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sla import clock as clocks_of
from sla.calendar import ALWAYS, Calendar
from sla.clock import Clock, Mark, PauseReason, State, is_owing
from sla.duration import Instant
from sla.layers import Calendars, calendar_named, eased, promised
from sla.policy import AGREED, Metric, Policy, SatisfiedBy, Target, Urgency

Promises = tuple[Clock, ...]

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
    is_high_load: bool = False,
) -> Promises:
    """A message of the client came. Any message resumes; one that does not count (a courtesy) starts nothing.

    `replied` matters only where the policy promises no first response: whether a human has replied on this ticket.
    Under a declared high load a clock starts with what the policy promises then.
    """
    clocks = resumed(clocks, calendars, at)
    responses = [clock for clock in clocks if clock.metric in RESPONSES]
    if not counts or any(is_owing(clock) or _covers(clock, at) for clock in responses):
        return clocks
    starting = [Metric.NEXT_RESPONSE] if replied or responses else [Metric.FIRST_RESPONSE]
    if not clocks and not replied:
        starting.append(Metric.RESOLUTION)
    for metric in starting:
        target = promised(policy, urgency, metric, channel, calendars, at=at, is_high_load=is_high_load)
        if target is not None:
            clocks = (*clocks, _started(metric, target, policy, calendars, at))
    return clocks


def staff_replied(
    clocks: Promises,
    policy: Policy,
    kind: ReplyKind,
    calendars: Calendars,
    at: Instant,
    eta: Instant | None = None,
    *,
    urgency: Urgency | None = None,
    channel: str = "",
    is_high_load: bool = False,
) -> Promises:
    """A person of ours replied to the client at `at`, which may be before now: late evidence counts from then.

    Under `answer` a request for details pauses instead of satisfying. An `eta` starts a clock of its own and meets the
    one before it; a fix resolves. `urgency` and `channel` name the cell of the follow-up; without them none begins. It
    begins with what a declared high load leaves of it, as every clock does.
    """
    clocks = _each(clocks, {Metric.FOLLOW_UP, Metric.PICK_UP}, lambda clock: _answered(clock, calendars, at))
    if urgency is not None and kind is not ReplyKind.FIX:
        target = promised(policy, urgency, Metric.FOLLOW_UP, channel, calendars, at=at, is_high_load=is_high_load)
        clocks = _awaiting_more(clocks, target, policy, calendars, at)
    if kind in SATISFYING[policy.satisfied_by]:
        clocks = _each(clocks, RESPONSES, lambda clock: clocks_of.satisfy(clock, calendar_of(clock, calendars), at=at))
    if kind is ReplyKind.CLARIFY:
        clocks = waiting(clocks, calendars, at, reason=PauseReason.DETAILS_MISSING)
    if eta is not None and not any(clock.metric is Metric.ETA and clock.started_at == at for clock in clocks):
        clocks = _each(clocks, {Metric.ETA}, lambda clock: clocks_of.satisfy(clock, ALWAYS, at=at))
        clocks = (*clocks, clocks_of.start_eta(eta, at=at, marks=policy.marks.marks))
    return resolved(clocks, calendars, at) if kind is ReplyKind.FIX else checked(clocks, at)


def reply_failed(clocks: Promises, calendars: Calendars, at: Instant) -> Promises:
    """The reply written at `at` will never arrive: what it answered is owed again, what it asked is not waited for.

    An ETA it promised was never heard of, so it ends; the one before it holds again. So it is with a follow-up.
    """

    def undone(clock: Clock) -> Clock:
        calendar = calendar_of(clock, calendars)
        if clock.state is State.PAUSED and clock.pauses[-1].at == at:
            return clocks_of.resume(clock, calendar, at=at)
        if clock.metric in {Metric.ETA, Metric.FOLLOW_UP} and clock.started_at == at:
            return clocks_of.end(clock, at=at, reason="the reply that began it did not arrive")
        return clocks_of.take_back(clock, calendar, at=at)

    return tuple(undone(clock) for clock in clocks)


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
    """The client's last message asks for nothing, the manager says: the next response ends; a first one stays owed.

    Where none is owed any more, nobody has to pick anything up either.
    """
    is_first_owed = any(clock.metric is Metric.FIRST_RESPONSE and is_owing(clock) for clock in clocks)
    ended = {Metric.NEXT_RESPONSE} if is_first_owed else {Metric.NEXT_RESPONSE, Metric.PICK_UP}
    return _each(clocks, ended, lambda clock: clocks_of.end(clock, at=at, reason="needs no answer"))


def cancelled(clocks: Promises, at: Instant, reason: str) -> Promises:
    """The ticket is merged away, spam or not covered: nothing on it is promised any more."""
    return tuple(clocks_of.cancel(clock, at=at, reason=reason) for clock in clocks)


def promised_again(
    clocks: Promises,
    policy: Policy,
    urgency: Urgency,
    channel: str,
    calendars: Calendars,
    at: Instant,
    *,
    is_waited_for: bool,
    replied: bool = False,
    is_high_load: bool = False,
) -> Promises:
    """What was said not to be covered is promised after all, from `at` on: an answer where the client waits for one.

    What was cancelled stays so, because nobody can keep a promise of a time in which none counted.
    """
    if is_waited_for:
        clocks = client_spoke(
            clocks, policy, urgency, channel, calendars, at, replied=replied, is_high_load=is_high_load
        )
    if any(clock.metric is Metric.RESOLUTION and is_owing(clock) for clock in clocks):
        return clocks
    target = promised(policy, urgency, Metric.RESOLUTION, channel, calendars, at=at, is_high_load=is_high_load)
    return clocks if target is None else (*clocks, _started(Metric.RESOLUTION, target, policy, calendars, at))


def retargeted(
    clocks: Promises,
    policy: Policy,
    urgency: Urgency,
    channel: str,
    calendars: Calendars,
    at: Instant,
    *,
    is_high_load: bool = False,
) -> Promises:
    """Urgency, plan or channel changed: running clocks get the new cell's target, counted from their start.

    So does one that a resolution stopped, for when the ticket is reopened. A clock the new cell promises nothing for is
    cancelled. A clock whose target stays the same is left alone, and so is one whose target was agreed for this ticket.
    """

    def changed(clock: Clock) -> Clock:
        target = promised(
            policy, urgency, clock.metric, channel, calendars, at=clock.started_at, is_high_load=is_high_load
        )
        is_agreed = clock.target.layer == AGREED
        # What a high load eased stays so when the load is over, as long as the cell is the same.
        is_same = target is not None and clock.target in {target, eased(target)}
        may_go_on = is_owing(clock) or clock.state is State.STOPPED
        if not may_go_on or is_agreed or is_same:
            return clocks_of.check(clock, at=at)
        if target is None:
            return clocks_of.end(clock, at=at, reason="no longer promised")
        calendar = calendar_named(target.calendar, calendars)
        return clocks_of.retarget(clock, target, calendar, at=at, floor=policy.floor)

    return _each(clocks, frozenset(Metric) - {Metric.ETA, Metric.PICK_UP}, changed)


def rebased(clocks: Promises, calendars: Calendars, at: Instant) -> Promises:
    """Opening hours or the rules of a zone are others from now on: time used stays used, due moments move."""
    return tuple(clocks_of.rebase(clock, calendar_of(clock, calendars), at=at) for clock in clocks)


def agreed(
    clocks: Promises, policy: Policy, metric: Metric, target: Target, calendars: Calendars, at: Instant
) -> Promises:
    """A length was agreed for this ticket: it holds for its running clock, or starts one where nothing was promised.

    No later change of urgency, plan or channel takes it back. An answer that nobody waits for begins with no agreement;
    clocks that start later find what was agreed in the policy of the ticket (`sla.policy.Agreed`).
    """
    ours = replace(target, layer=AGREED)
    calendar = calendar_named(ours.calendar, calendars)
    if not any(clock.metric is metric and is_owing(clock) for clock in clocks):
        return clocks if metric in RESPONSES else (*clocks, _started(metric, ours, policy, calendars, at))
    return _each(clocks, {metric}, lambda clock: clocks_of.retarget(clock, ours, calendar, at=at, floor=policy.floor))


def under_high_load(clocks: Promises, policy: Policy, calendars: Calendars, at: Instant) -> Promises:
    """A high load was declared: clocks that run get the longer target their cell states for it.

    Nothing undoes it: the end of a high load never tightens a running clock.
    """

    def changed(clock: Clock) -> Clock:
        target = eased(clock.target)
        if not is_owing(clock) or target == clock.target:
            return clocks_of.check(clock, at=at)
        calendar = calendar_named(target.calendar, calendars)
        return clocks_of.retarget(clock, target, calendar, at=at, floor=policy.floor)

    return tuple(changed(clock) for clock in clocks)


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
    """The running clock that is due first; metrics do not hide each other. Picking up is promised to no client."""
    running = [clock for clock in clocks if clock.state is State.RUNNING and clock.metric is not Metric.PICK_UP]
    return min(running, key=lambda clock: clock.due_at or 0, default=None)


def calendar_of(clock: Clock, calendars: Calendars) -> Calendar:
    """The clock's calendar; every moment for one that has none. ValueError when the desk has lost it."""
    return calendar_named(clock.calendar, calendars)


def _started(metric: Metric, target: Target, policy: Policy, calendars: Calendars, at: Instant) -> Clock:
    calendar = calendar_named(target.calendar, calendars)
    return clocks_of.start(metric, target, calendar, at=at, marks=policy.marks.marks)


def _answered(clock: Clock, calendars: Calendars, at: Instant) -> Clock:
    """A reply meets what was begun before it, never what it begins itself."""
    return clocks_of.satisfy(clock, calendar_of(clock, calendars), at=at) if clock.started_at < at else clock


def _awaiting_more(
    clocks: Promises, target: Target | None, policy: Policy, calendars: Calendars, at: Instant
) -> Promises:
    """The follow-up that a reply of `at` begins, unless this reply or a later one has begun its own."""
    if target is None or any(clock.metric is Metric.FOLLOW_UP and clock.started_at >= at for clock in clocks):
        return clocks
    return (*clocks, _started(Metric.FOLLOW_UP, target, policy, calendars, at))


def _covers(clock: Clock, at: Instant) -> bool:
    """Whether a message of `at` started this clock or was answered with it, and is told late or twice."""
    return clock.started_at == at or (clock.ended_at is not None and at < clock.ended_at)


def _each(clocks: Promises, metrics: frozenset[Metric] | set[Metric], change: Callable[[Clock], Clock]) -> Promises:
    return tuple(change(clock) if clock.metric in metrics else clock for clock in clocks)
