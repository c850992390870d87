"""Several documents promise something: which of them counts. The office is open 9 to 17, the desk 8 to 22."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sla import promise
from sla.clock import State
from sla.duration import BusinessDays, Instant
from sla.explain import explain
from sla.layers import promised
from sla.policy import AGREED, Agreed, Cells, Layer, Metric, Policy, SatisfiedBy, Target, Unit
from tests.unit.sla.made import OFFICE, at, compiled, spec

DESK = compiled(replace(spec(week={"mon-fri": ["08:00-22:00"]}), key="desk"))
CALENDARS = {"office": OFFICE, "desk": DESK}
FIRST = Metric.FIRST_RESPONSE
MONDAY = at("2026-02-02T10:00Z")
EVENING = at("2026-02-02T18:00Z")


def of(layer: str, within: timedelta | BusinessDays, calendar: str | None = "desk", **more: object) -> Target:
    unit = Unit.WALL if calendar is None else Unit.BUSINESS
    return replace(Target(within, unit, calendar, layer=layer), **more)  # type: ignore[arg-type]


def cells(target: Target | None, metric: Metric = FIRST) -> Cells:
    return {} if target is None else {"high": {metric: target}}


def policy(own: Target | None, *below: Layer, inapp: Target | None = None, since: str = "", until: str = "") -> Policy:
    return Policy(
        key="premium",
        source="Premium Support",
        review=None,
        satisfied_by=SatisfiedBy.HUMAN_REPLY,
        targets=cells(own),
        urgencies=("high",),
        default_urgency="high",
        channel_targets={} if inapp is None else {"inapp": cells(inapp)},
        extends=below,
        since=at(since) if since else None,
        until=at(until) if until else None,
    )


def standard(target: Target | None, *, since: Instant | None = None, until: Instant | None = None) -> Layer:
    return Layer("standard", "Main SLA", cells(target), since, until)


def winner(terms: Policy, moment: Instant = MONDAY, channel: str = "email") -> str | None:
    target = promised(terms, "high", FIRST, channel, CALENDARS, at=moment)
    return None if target is None else target.layer


HOUR = timedelta(hours=1)
ONE_HOUR = of("standard", HOUR)
TEN_MINUTES = of("standard", timedelta(minutes=10))


@pytest.mark.parametrize(
    ("own", "below", "moment", "layer"),
    [
        pytest.param(of("premium", HOUR / 4, "office"), ONE_HOUR, MONDAY, "premium", id="the shorter one"),
        pytest.param(of("premium", HOUR / 4, "office"), ONE_HOUR, EVENING, "standard", id="the one that is open now"),
        pytest.param(of("premium", HOUR), ONE_HOUR, MONDAY, "premium", id="of equals the more specific one"),
        pytest.param(None, ONE_HOUR, MONDAY, "standard", id="what the upper layer does not name"),
        pytest.param(of("premium", HOUR), None, MONDAY, "premium", id="what only the upper layer names"),
        pytest.param(of("premium", HOUR * 5, replaces=True), ONE_HOUR, MONDAY, "premium", id="a stated replacement"),
        pytest.param(of("premium", HOUR / 6, goal=True), ONE_HOUR, MONDAY, "standard", id="a guarantee, not a goal"),
        pytest.param(of("premium", BusinessDays(1)), of("standard", 24 * HOUR, None), MONDAY, "premium", id="same end"),
        pytest.param(None, None, MONDAY, None, id="nothing"),
    ],
)
def test_of_several_layers_the_tightest_counts(
    own: Target | None, below: Target | None, moment: Instant, layer: str | None
) -> None:
    assert winner(policy(own, standard(below)), moment) == layer


def test_the_cell_of_a_channel_is_not_inherited() -> None:
    below = standard(ONE_HOUR)
    plain = policy(of("premium", HOUR * 2), below)
    own_chat = policy(of("premium", HOUR * 2), below, inapp=of("premium", HOUR / 2))

    assert promised(plain, "high", FIRST, "inapp", CALENDARS, at=MONDAY) == ONE_HOUR
    assert promised(own_chat, "high", FIRST, "inapp", CALENDARS, at=MONDAY) == of("premium", HOUR / 2)
    assert promised(own_chat, "high", FIRST, "email", CALENDARS, at=MONDAY) == ONE_HOUR


def test_a_layer_counts_for_clocks_that_start_while_it_holds() -> None:
    hypercare = policy(TEN_MINUTES, standard(ONE_HOUR), since="2026-02-02T00:00Z", until="2026-02-16T00:00Z")

    assert promised(hypercare, "high", FIRST, "email", CALENDARS, at=at("2026-02-01T12:00Z")) == ONE_HOUR
    assert promised(hypercare, "high", FIRST, "email", CALENDARS, at=at("2026-02-02T00:00Z")) == TEN_MINUTES
    assert promised(hypercare, "high", FIRST, "email", CALENDARS, at=at("2026-02-16T00:00Z")) == ONE_HOUR


def test_the_winner_is_pinned_and_named() -> None:
    terms = policy(of("premium", HOUR / 4, "office"), standard(replace(ONE_HOUR, quote="High: within 1 hour")))
    (clock,) = promise.client_spoke((), terms, "high", "email", CALENDARS, EVENING)
    reason = explain(clock, terms, DESK)

    assert clock.target.layer == "standard"
    assert (reason.by, reason.source) == ("policy standard", "Main SLA")
    assert 'clause: "High: within 1 hour" (Main SLA)' in reason.lines()
    assert "of the layers standard + premium the one that is due first counts" in reason.lines()


def test_a_change_weighs_the_layers_from_the_start_of_the_clock() -> None:
    terms = policy(of("premium", HOUR / 4, "office"), standard(ONE_HOUR))
    clocks = promise.client_spoke((), terms, "high", "email", CALENDARS, EVENING)

    assert promise.retargeted(clocks, terms, "high", "email", CALENDARS, EVENING) == clocks


class TestHighLoad:
    """Live chat: ten minutes, up to sixty while a high load is declared."""

    CHAT = of("premium", timedelta(minutes=10), high_load=HOUR)
    TERMS = policy(CHAT)

    def test_declared_before_it_counts_from_the_start(self) -> None:
        (clock,) = promise.client_spoke((), self.TERMS, "high", "inapp", CALENDARS, MONDAY, is_high_load=True)

        assert clock.due_at == at("2026-02-02T11:00Z")
        assert "a high load was declared" in " ".join(explain(clock, self.TERMS, DESK).lines())

    def test_declared_later_it_moves_the_due_moment_of_a_running_clock(self) -> None:
        clocks = promise.client_spoke((), self.TERMS, "high", "inapp", CALENDARS, MONDAY)
        (clock,) = promise.under_high_load(clocks, self.TERMS, CALENDARS, at("2026-02-02T10:05Z"))

        assert clock.due_at == at("2026-02-02T11:00Z")
        assert promise.under_high_load((clock,), self.TERMS, CALENDARS, at("2026-02-02T10:30Z")) == (clock,)

    def test_a_breach_stays_one(self) -> None:
        clocks = promise.client_spoke((), self.TERMS, "high", "inapp", CALENDARS, MONDAY)
        (clock,) = promise.under_high_load(clocks, self.TERMS, CALENDARS, at("2026-02-02T10:11Z"))

        assert (clock.state, clock.due_at) == (State.BREACHED, at("2026-02-02T10:10Z"))

    def test_its_end_tightens_no_clock_that_runs_in_the_same_cell(self) -> None:
        clocks = promise.client_spoke((), self.TERMS, "high", "inapp", CALENDARS, MONDAY, is_high_load=True)

        assert promise.retargeted(clocks, self.TERMS, "high", "inapp", CALENDARS, at("2026-02-02T10:05Z")) == clocks

    def test_a_cell_that_says_nothing_of_it_stays_as_it_is(self) -> None:
        terms = policy(of("premium", HOUR))
        clocks = promise.client_spoke((), terms, "high", "email", CALENDARS, MONDAY)

        assert promise.under_high_load(clocks, terms, CALENDARS, MONDAY) == clocks


class TestAgreed:
    """What was agreed for one ticket alone."""

    TERMS = policy(of("premium", HOUR))

    def test_it_holds_for_the_running_clock_whatever_changes_later(self) -> None:
        clocks = promise.client_spoke((), self.TERMS, "high", "email", CALENDARS, MONDAY)
        later = promise.agreed(clocks, self.TERMS, FIRST, of("", HOUR * 3), CALENDARS, MONDAY)
        after = promise.retargeted(later, self.TERMS, "high", "email", CALENDARS, at("2026-02-02T10:30Z"))

        assert [(clock.target.layer, clock.due_at) for clock in after] == [(AGREED, at("2026-02-02T13:00Z"))]
        assert "agreed for this ticket alone" in " ".join(explain(after[0], self.TERMS, DESK).lines())

    def test_it_starts_a_clock_where_nothing_was_promised(self) -> None:
        clocks = promise.client_spoke((), self.TERMS, "high", "email", CALENDARS, MONDAY)
        both = promise.agreed(clocks, self.TERMS, Metric.RESOLUTION, of("", HOUR * 20), CALENDARS, MONDAY)

        assert [clock.metric for clock in both] == [FIRST, Metric.RESOLUTION]

    def test_a_clock_that_starts_later_finds_it_in_the_policy_of_its_ticket(self) -> None:
        ours = (
            Agreed(FIRST, of(AGREED, HOUR * 3), MONDAY),
            Agreed(FIRST, of(AGREED, HOUR * 2), at("2026-02-02T12:00Z")),
        )
        terms = replace(self.TERMS, agreed=ours)

        found = [
            promised(terms, "high", FIRST, "email", CALENDARS, at=at(f"2026-02-02T{moment}Z"))
            for moment in ("09:59", "10:00", "12:00")
        ]

        assert found == [self.TERMS.targets["high"][FIRST], ours[0].target, ours[1].target]

    def test_an_answer_that_nobody_waits_for_does_not_begin_with_it(self) -> None:
        assert promise.agreed((), self.TERMS, Metric.NEXT_RESPONSE, of("", HOUR), CALENDARS, MONDAY) == ()
