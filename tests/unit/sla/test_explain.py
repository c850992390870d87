"""The arithmetic, told so that a person can check it with a pencil."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sla import clock as clocks_of
from sla import pick_up
from sla.clock import Clock, PauseReason
from sla.duration import BusinessDays
from sla.explain import explain
from sla.policy import Metric, Target, Unit
from tests.unit.sla.made import OFFICE, at, compiled, hours, policy, spec, wall

BERLIN = compiled(spec("Europe/Berlin"))


def started(target: Target, moment: str) -> Clock:
    return clocks_of.start(Metric.FIRST_RESPONSE, target, BERLIN, at=at(moment))


def test_how_we_read_the_clause_is_said_where_it_may_be_read_otherwise() -> None:
    clock = started(replace(hours(2), assumes="hours are those of the office"), "2026-02-02T10:00+01:00")

    lines = explain(clock, policy(), BERLIN).lines()

    assert lines[-2:] == (
        "assumed: hours are those of the office",
        "due Mon 2026-02-02 12:00 (all moments in Europe/Berlin)",
    )
    assert clocks_of.clock_from_json(clocks_of.clock_to_json(clock)) == clock


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        pytest.param("2026-02-02T11:00+01:00", "met Mon 2026-02-02 11:00, in time", id="in time"),
        pytest.param("2026-02-03T10:30+01:00", "met Tue 2026-02-03 10:30, late by 6h 30m of opening hours", id="late"),
    ],
)
def test_when_it_was_kept_is_told_beside_when_it_was_due(moment: str, told: str) -> None:
    clock = clocks_of.satisfy(started(hours(2), "2026-02-02T10:00+01:00"), BERLIN, at=at(moment))

    assert explain(clock, policy(), BERLIN).lines()[-2:] == (
        told,
        "due Mon 2026-02-02 12:00 (all moments in Europe/Berlin)",
    )


def test_a_promise_that_ended_otherwise_says_why() -> None:
    clock = started(hours(2), "2026-02-02T10:00+01:00")
    merged = clocks_of.cancel(clock, at=at("2026-02-02T11:00+01:00"), reason="merged")
    broken = clocks_of.check(clock, at=at("2026-02-02T13:00+01:00"))
    known_late = clocks_of.satisfy(broken, BERLIN, at=at("2026-02-02T11:30+01:00"))

    told = [explain(one, policy(), BERLIN).lines()[-2] for one in (merged, broken, known_late)]

    assert told[0] == "ended Mon 2026-02-02 11:00: merged"
    assert told[1].startswith("counted")
    assert told[2] == "met Mon 2026-02-02 11:30: the breach that was told before is taken back"


def test_a_promise_over_a_weekend_is_told_piece_by_piece() -> None:
    clock = started(hours(2), "2026-02-06T16:00+01:00")

    assert explain(clock, policy(), BERLIN).lines() == (
        "first_response: 2h in calendar office by policy premium, now running",
        'clause: "within so many hours" (Premium Support, effective 2024-01-08)',
        "started Fri 2026-02-06 16:00",
        "counted Fri 2026-02-06 16:00 to Fri 2026-02-06 17:00: 1h, together 1h",
        "counted Mon 2026-02-09 09:00 to Mon 2026-02-09 10:00: 1h, together 2h",
        "due Mon 2026-02-09 10:00 (all moments in Europe/Berlin)",
    )


def test_an_arrival_at_night_counts_from_the_opening() -> None:
    lines = explain(started(hours(2), "2026-02-06T22:00+01:00"), policy(), BERLIN).lines()

    assert "counts from Mon 2026-02-09 09:00" in lines


def test_a_pause_is_told_with_its_reason_and_not_counted() -> None:
    clock = started(hours(2), "2026-02-02T10:00+01:00")
    waiting = clocks_of.pause(clock, BERLIN, at=at("2026-02-02T11:00+01:00"), reason=PauseReason.THIRD_PARTY)
    assert explain(waiting, policy(), BERLIN).lines()[-3:] == (
        "not counted Mon 2026-02-02 11:00 still: third_party",
        "left when it goes on: 1h",
        "due nothing while the clock stands still (all moments in Europe/Berlin)",
    )

    running = clocks_of.resume(waiting, BERLIN, at=at("2026-02-02T14:00+01:00"))
    explained = explain(running, policy(), BERLIN)
    assert "not counted Mon 2026-02-02 11:00 to Mon 2026-02-02 14:00: third_party" in explained.lines()
    assert sum((piece.counted for piece in explained.pieces), timedelta()) == timedelta(hours=2)


def test_business_days_caps_and_floors_are_said_in_words() -> None:
    days = started(Target(BusinessDays(1), Unit.BUSINESS, "office"), "2026-02-02T10:00+01:00")
    assert "resolved at the start to 8h of opening hours" in explain(days, policy(), BERLIN).lines()

    capped = started(hours(1, cap=timedelta(hours=24)), "2026-02-06T22:00+01:00")
    assert "closed hours may delay it to 25h of real time at most, pauses left out, which comes first" in (
        explain(capped, policy(), BERLIN).lines()
    )

    assert not any(line.startswith("counts from") for line in explain(capped, policy(), BERLIN).lines())

    floored = clocks_of.retarget(
        started(hours(4), "2026-02-02T10:00+01:00"),
        hours(1),
        BERLIN,
        at=at("2026-02-02T13:00+01:00"),
        floor=timedelta(minutes=15),
    )
    assert "a change of the target left the floor: 2h 15m more than the target itself" in (
        explain(floored, policy(), BERLIN).lines()
    )


def test_a_bound_that_a_change_kept_is_told_as_the_older_one() -> None:
    """Half an hour of the day is left, and the change would leave three hours of real time: it is due as it was."""
    changed = clocks_of.retarget(
        started(hours(2), "2026-02-02T10:00+01:00"),
        wall(1),
        BERLIN,
        at=at("2026-02-02T11:30+01:00"),
        floor=timedelta(hours=1),
    )

    lines = explain(changed, policy(), BERLIN).lines()
    bound = "2h of real time at most, pauses left out, which comes first"
    assert f"a change of the target left it no later than before: {bound}" in lines
    assert lines[-1].startswith("due Mon 2026-02-02 12:00")


def test_the_night_in_which_clocks_are_changed_is_told_with_offsets() -> None:
    spring = clocks_of.start(Metric.ETA, wall(2), BERLIN, at=at("2026-03-29T01:30+01:00"))
    lines = explain(spring, policy(), BERLIN).lines()
    assert "counted Sun 2026-03-29 01:30 +01:00 to Sun 2026-03-29 04:30 +02:00: 2h, together 2h" in lines
    assert lines[-1] == "due Sun 2026-03-29 04:30 +02:00 (all moments in Europe/Berlin)"

    twice = clocks_of.start(Metric.ETA, wall(0.5), BERLIN, at=at("2026-10-25T02:15+01:00"))
    assert "started Sun 2026-10-25 02:15 +01:00" in explain(twice, policy(), BERLIN).lines()


def test_a_target_that_changed_after_the_breach_does_not_take_its_place() -> None:
    broken = clocks_of.check(started(hours(2), "2026-02-02T10:00+01:00"), at=at("2026-02-02T12:30+01:00"))
    changed = clocks_of.retarget(broken, wall(9), BERLIN, at=at("2026-02-02T13:00+01:00"), floor=timedelta(0))

    lines = explain(changed, policy(), BERLIN).lines()
    assert lines[0] == "first_response: 2h in calendar office by policy premium, now breached"
    assert "9h of real time is promised since it broke: due moment and breach stay" in lines
    assert lines[-1].startswith("due Mon 2026-02-02 12:00")


def test_what_a_change_leaves_no_time_for_is_due_with_it() -> None:
    changed = clocks_of.retarget(
        started(hours(4), "2026-02-02T10:00+01:00"),
        hours(1),
        BERLIN,
        at=at("2026-02-02T12:30+01:00"),
        floor=timedelta(0),
    )

    assert "used up when a change of the target took effect on Mon 2026-02-02 12:30: due with it" in (
        explain(changed, policy(), BERLIN).lines()
    )


def test_hours_that_were_changed_are_told_apart() -> None:
    running = started(hours(3), "2026-02-02T15:00+01:00")
    longer = compiled(spec("Europe/Berlin", {"mon-fri": ["09:00-20:00"]}))
    paused = clocks_of.pause(running, BERLIN, at=at("2026-02-02T18:00+01:00"), reason=PauseReason.THIRD_PARTY)
    lines = explain(paused, policy(), longer).lines()

    assert "1h less than is told above was used by hours that were changed since" in lines


def test_a_promised_moment_is_real_time() -> None:
    eta = clocks_of.start_eta(at("2026-02-07T15:00Z"), at=at("2026-02-06T15:00Z"))

    lines = explain(eta, policy(), OFFICE).lines()
    assert lines[:2] == ("eta: 24h of real time, day and night by our own word, now running", "clause: none quoted")
    assert lines[-1] == "due Sat 2026-02-07 15:00 (all moments in UTC)"


def test_a_goal_says_so() -> None:
    clock = started(hours(2, goal=True), "2026-02-02T10:00+01:00")

    assert "a goal: late is late, but never a breach" in explain(clock, policy(), BERLIN).lines()


def test_a_very_long_promise_is_told_by_its_ends() -> None:
    lines = explain(started(hours(400), "2026-02-02T10:00+01:00"), policy(), BERLIN).lines()

    assert any("more such lines" in line for line in lines)
    assert len(lines) < 20


def test_what_no_policy_states_is_put_down_to_none() -> None:
    answer = started(replace(hours(2), quote="within two hours"), "2026-02-06T10:00+01:00")
    _, awaited = pick_up.assigned(
        (answer,), policy(), "medium", "email", {"office": BERLIN}, at("2026-02-06T10:00+01:00")
    )

    assert explain(awaited, policy(), BERLIN).lines()[:2] == (
        "pick_up: 15m in calendar office by a rule of the desk, now running",
        "clause: none quoted",
    )
    assert "promised to no client" in " ".join(explain(awaited, policy(), BERLIN).lines())
