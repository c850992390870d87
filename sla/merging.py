"""Two tickets are one piece of work: which promises the one that stays owes from then on (semantics 1.5).

What was said on either counts as said on one. An answer given on one answers what was asked on the other before it. Of
two clocks of a kind that both still owe, the one that started first counts, with its own pauses; a promised moment
holds, whichever ticket it was promised on. Nothing on the ticket that goes is promised any more.
"""

from dataclasses import replace

from sla import clock as clocks_of
from sla import promise
from sla.clock import Clock, is_owing
from sla.duration import Instant
from sla.layers import Calendars, calendar_named, promised
from sla.policy import AGREED, Metric, Policy, Urgency
from sla.promise import RESPONSES, Promises, calendar_of

MERGED = "merged"


def merged(
    staying: Promises,
    going: Promises,
    policy: Policy,
    urgency: Urgency,
    channel: str,
    calendars: Calendars,
    *,
    at: Instant,
    spoke_at: tuple[Instant, Instant],
) -> tuple[Promises, Promises]:
    """The promises of the ticket that stays, in the words of its own policy, and those of the one that goes, ended.

    Both bring all of their clocks, past ones too. A clock that comes over keeps its start and gets this ticket's
    target, by the rules of any change of a target; one that this ticket's policy does not promise is left behind. What
    was broken stays so: on the clock that comes over, else where it is. `spoke_at` is when the client said their last
    words on the one and on the other: what they said after an answer is owed one of its own.
    """
    ours, going = promise.checked(staying, at), promise.checked(going, at)
    for answered_at in _answers(going):
        ours = tuple(_answered(clock, calendars, answered_at) for clock in ours)
    answers = [*_answers(ours), *_answers(going)]
    went_on = [
        last_words
        for clocks, last_words in zip((staying, going), spoke_at, strict=True)
        if _is_answered(clocks, answers) and last_words > max(answers)
    ]
    coming = [clock for clock in going if is_owing(clock) and clock.metric is not Metric.PICK_UP]
    for clock in sorted(coming, key=lambda one: one.started_at):
        ours = _joined(ours, clock, policy, urgency, channel, calendars, at)
    for last_words in sorted(went_on):
        ours = promise.client_spoke(ours, policy, urgency, channel, calendars, at=last_words, replied=True)
    starts = {clock.started_at for clock in ours if is_owing(clock)}
    return ours, tuple(_ended(clock, at, came_over=clock.started_at in starts) for clock in going)


def _ended(clock: Clock, at: Instant, *, came_over: bool) -> Clock:
    end = clocks_of.cancel if came_over else clocks_of.end
    return end(clock, at=at, reason=MERGED)


def _answers(clocks: Promises) -> list[Instant]:
    """When something was answered."""
    moments = {clock.satisfied_at for clock in clocks if clock.metric in RESPONSES}
    return sorted(moment for moment in moments if moment is not None)


def _is_answered(clocks: Promises, answers: list[Instant]) -> bool:
    """Whether what is owed by these clocks was answered, on whichever ticket."""
    owed = [clock.started_at for clock in clocks if clock.metric in RESPONSES and is_owing(clock)]
    return any(answered_at >= started_at for answered_at in answers for started_at in owed)


def _answered(clock: Clock, calendars: Calendars, at: Instant) -> Clock:
    if clock.metric not in RESPONSES or not is_owing(clock) or clock.started_at > at:
        return clock
    return clocks_of.satisfy(clock, calendar_of(clock, calendars), at=at)


def _joined(
    ours: Promises, clock: Clock, policy: Policy, urgency: Urgency, channel: str, calendars: Calendars, at: Instant
) -> Promises:
    if clock.metric in RESPONSES and any(answered_at >= clock.started_at for answered_at in _answers(ours)):
        return ours
    if clock.metric is Metric.ETA:
        is_known = any(one.metric is Metric.ETA and one.started_at == clock.started_at for one in ours)
        return ours if is_known else (*ours, clock)
    rivals = [one for one in ours if is_owing(one) and _is_of_a_kind(one, clock)]
    if any(one.started_at <= clock.started_at for one in rivals):
        return ours
    comes_as = clock.metric
    if comes_as is Metric.FIRST_RESPONSE and any(
        one.metric is Metric.FIRST_RESPONSE and one not in rivals for one in ours
    ):
        comes_as = Metric.NEXT_RESPONSE  # a ticket has one first response, and this one's has been
    carried = _carried(replace(clock, metric=comes_as), policy, urgency, channel, calendars, at)
    if carried is None:
        return ours
    kept = tuple(clocks_of.end(one, at=at, reason=MERGED) if one in rivals else one for one in ours)
    return (*kept, carried)


def _is_of_a_kind(one: Clock, other: Clock) -> bool:
    """A client waits for one answer, be it the first or the next."""
    return one.metric is other.metric or {one.metric, other.metric} <= RESPONSES


def _carried(
    clock: Clock, policy: Policy, urgency: Urgency, channel: str, calendars: Calendars, at: Instant
) -> Clock | None:
    target = promised(policy, urgency, clock.metric, channel, calendars, at=clock.started_at)
    if target == clock.target or clock.target.layer == AGREED:
        return clock
    if target is None:
        return None
    return clocks_of.retarget(clock, target, calendar_named(target.calendar, calendars), at=at, floor=policy.floor)
