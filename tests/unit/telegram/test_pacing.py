"""How fast Telegram may be spoken to."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.pacing import PATIENCE_S, Budgets, Kind, Rates

LENA, VERA, GROUP, OTHER = 1001, 1002, -1001, -1002


def sent(budgets: Budgets, chat: int | None, kind: Kind, *, until: float, every: float = 0.1) -> list[float]:
    """When messages went out, of somebody who tries all the time."""
    moments = [100 + number * every for number in range(int(until / every))]
    waits = [(at, budgets.claim(kind, chat, at=at)) for at in moments]
    return [at + wait for at, wait in waits if wait <= PATIENCE_S]


def most_within(moments: list[float], length: float) -> int:
    return max(sum(first <= at < first + length for at in moments) for first in moments)


def test_a_chat_is_written_to_once_a_second() -> None:
    moments = sent(Budgets(), LENA, "words", until=30)
    assert len(moments) >= 25
    assert all(later - first >= 1 for first, later in itertools.pairwise(moments))


def test_no_minute_of_a_group_holds_more_than_twenty() -> None:
    moments = sent(Budgets(), GROUP, "words", until=300)
    assert most_within(moments, 60) == 20


def test_edits_leave_half_of_a_minute_to_words() -> None:
    budgets = Budgets()
    edits = sent(budgets, GROUP, "edit", until=20)
    assert len(edits) == 10
    assert budgets.claim("edit", GROUP, at=121) > PATIENCE_S
    assert budgets.claim("words", GROUP, at=121) == 0


def test_a_private_chat_has_no_minute_to_keep_to() -> None:
    assert len(sent(Budgets(), LENA, "words", until=60)) > 50


def test_all_chats_together_have_thirty_a_second() -> None:
    budgets = Budgets()
    moments = [
        100 + number / 100 + wait
        for number in range(200)
        if (wait := budgets.claim("words", 2_000 + number, at=100 + number / 100)) <= PATIENCE_S
    ]
    assert most_within(moments, 1) <= 30


def test_an_album_counts_as_all_it_shows() -> None:
    budgets = Budgets()
    assert budgets.claim("words", GROUP, at=100, count=10) == 0
    assert budgets.claim("words", GROUP, at=102, count=10) == 0
    assert budgets.claim("words", GROUP, at=104) > 50


def test_patience_with_one_chat_slows_no_other() -> None:
    budgets = Budgets()
    budgets.hold(GROUP, 7, at=100)
    assert budgets.claim("words", GROUP, at=100) == 7
    assert budgets.claim("sign", GROUP, at=103) == 4
    assert budgets.claim("words", OTHER, at=100) == 0
    assert budgets.claim("words", GROUP, at=107) == 0


def test_patience_that_names_no_chat_is_for_all() -> None:
    budgets = Budgets()
    budgets.hold(None, 7, at=100)
    assert budgets.claim("words", LENA, at=100) == 7
    assert budgets.is_held(VERA, at=106)
    assert not budgets.is_held(VERA, at=107)


def test_a_sign_waits_for_nothing_but_what_telegram_asked_for() -> None:
    budgets = Budgets()
    for _ in range(100):
        assert budgets.claim("sign", GROUP, at=100) == 0


def test_what_would_wait_too_long_is_not_counted() -> None:
    budgets = Budgets()
    budgets.claim("words", LENA, at=100)
    waits = [budgets.claim("words", LENA, at=100.5) for _ in range(3)]
    assert waits == [waits[0]] * 3
    assert budgets.claim("words", LENA, at=100.5, patience=1) == waits[0]
    assert budgets.claim("words", LENA, at=100.5, patience=1) > 1


def test_a_slow_call_counts_from_its_end_because_nobody_knows_when_telegram_counted_it() -> None:
    budgets = Budgets()
    for at in range(100, 140, 2):
        budgets.claim("words", GROUP, at=at)
        budgets.settle(GROUP, at=at + 1.5)
    assert budgets.claim("words", GROUP, at=139.6, patience=2) > 2
    assert budgets.claim("words", GROUP, at=162, patience=0.1) == 0.5
    assert budgets.claim("words", GROUP, at=163) == 0
    budgets.claim("words", LENA, at=163)
    budgets.settle(LENA, at=166)
    assert budgets.claim("words", LENA, at=166.5) == pytest.approx(0.5)
    budgets.settle(OTHER, at=170)
    assert budgets.claim("words", OTHER, at=170) == 0


def test_a_clock_that_is_set_back_silences_nobody() -> None:
    budgets = Budgets()
    budgets.claim("words", LENA, at=10_000)
    assert budgets.claim("words", LENA, at=2_800, patience=0) == pytest.approx(1.05)
    assert budgets.claim("words", LENA, at=2_802) == 0


def test_chats_that_have_rested_are_forgotten_and_the_others_are_not() -> None:
    budgets = Budgets(Rates(in_a_second=100_000))
    budgets.hold(GROUP, 10_000, at=100)
    for number in range(5_000):
        budgets.claim("words", 10_000 + number, at=100 + number)
    assert budgets.claim("words", GROUP, at=5_200) == 4_900


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from([LENA, GROUP, OTHER]), st.integers(1, 10)), max_size=200))
def test_no_limit_is_ever_exceeded(tries: list[tuple[float, int, int]]) -> None:
    budgets, at = Budgets(), 0.0
    went: list[tuple[float, int]] = []
    for gap, chat, count in tries:
        at += gap
        wait = budgets.claim("words", chat, at=at, count=count)
        if wait <= PATIENCE_S:
            went += [(at + wait, chat)] * count
            at += wait
    for chat in (GROUP, OTHER):
        here = [moment for moment, one in went if one == chat]
        assert not here or most_within(here, 60) <= 20
    assert not went or most_within([moment for moment, _ in went], 1) <= 30
