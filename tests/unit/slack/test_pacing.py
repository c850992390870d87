"""How fast Slack may be asked for what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.pacing import PATIENCE_S, RATES, Budgets, Rate

POST, EDIT = "chat.postMessage", "chat.update"


def test_a_short_burst_in_a_channel_passes_and_then_one_a_second() -> None:
    budgets = Budgets()
    waits = [budgets.claim(POST, "C1", at=100) for _ in range(7)]
    assert waits == [0, 0, 0, 0, 0, 1, 2]
    assert budgets.claim(POST, "C1", at=101) == 1


@pytest.mark.parametrize(
    ("method", "most"),
    [pytest.param(EDIT, 50, id="edits"), pytest.param("views.publish", 100, id="homes")],
)
def test_no_minute_holds_more_calls_than_slack_names(method: str, most: int) -> None:
    budgets, sent = Budgets(), 0
    for at in range(1, 600):  # tenths of a second
        sent += budgets.claim(method, "C1", at=at / 10) == 0
    assert sent <= most


def test_what_would_wait_too_long_is_not_counted() -> None:
    budgets = Budgets({POST: Rate(burst=1, every_s=10, by_place=True)})
    assert budgets.claim(POST, "C1", at=100) == 0
    assert [budgets.claim(POST, "C1", at=101) for _ in range(3)] == [9, 9, 9]
    assert budgets.claim(POST, "C1", at=110) == 0


def test_channels_do_not_slow_each_other_down() -> None:
    budgets = Budgets()
    for _ in range(5):
        budgets.claim(POST, "C1", at=100)
    assert budgets.claim(POST, "C2", at=100) == 0


def test_quiet_edits_never_hold_up_an_alert() -> None:
    budgets = Budgets()
    while budgets.claim(EDIT, "C1", at=100) <= PATIENCE_S:
        pass
    assert budgets.claim(POST, "C1", at=100) == 0


def test_patience_that_slack_asks_for_is_for_the_method_it_was_said_about() -> None:
    budgets = Budgets()
    budgets.hold(EDIT, until=130)
    assert budgets.claim(EDIT, "C2", at=100) == 30
    assert budgets.claim(POST, "C2", at=100) == 0
    assert budgets.claim(EDIT, "C2", at=130) == 0


def test_a_channel_that_is_to_wait_is_the_outboxs_to_keep_waiting() -> None:
    budgets = Budgets()
    budgets.hold(POST, until=130)
    assert budgets.claim(POST, "C1", at=100) == 0


def test_a_method_without_a_known_rate_is_not_slowed() -> None:
    assert Budgets().claim("auth.test", "", at=0) == 0


@given(st.sampled_from(sorted(RATES)), st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_no_rate_is_ever_exceeded(method: str, gaps: list[float]) -> None:
    budgets, rate, at, sent = Budgets(), RATES[method], 0.0, []
    for gap in gaps:
        at += gap
        wait = budgets.claim(method, "C1", at=at)
        if wait <= PATIENCE_S:
            sent.append(at + wait)
    sent.sort()
    for first, last in zip(sent, sent[rate.burst :], strict=False):
        assert last - first >= rate.every_s * 0.999
