"""Hours by the month: what rolls over, what expires, and that none is lost or made."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.ledger import LedgerTerms, Side, months

BUCKET = LedgerTerms(timedelta(hours=20))
ZERO = timedelta(0)


def book(*used: float, terms: LedgerTerms = BUCKET) -> list[tuple[float, float, float, float]]:
    """Of each month: available, overage, rolled out, expired, in hours."""
    hour = timedelta(hours=1)
    return [
        (one.available / hour, one.overage / hour, one.rolled_out / hour, one.expired / hour)
        for one in months(terms, [timedelta(hours=hours) for hours in used])
    ]


def test_up_to_half_of_the_bucket_rolls_over_and_the_rest_expires() -> None:
    assert book(4, 0) == [(20, 0, 10, 6), (30, 0, 10, 20)]


def test_rolled_hours_are_spent_first_and_expire_after_a_month() -> None:
    assert book(10, 8, 25) == [(20, 0, 10, 0), (30, 0, 10, 12), (30, 0, 5, 0)]


def test_what_goes_beyond_both_is_overage_and_leaves_nothing() -> None:
    assert book(15, 27) == [(20, 0, 5, 0), (25, 2, 0, 0)]


def test_a_contract_may_roll_over_a_share_of_what_was_left() -> None:
    assert book(4, terms=LedgerTerms(timedelta(hours=20), 50, is_of_unused=True)) == [(20, 0, 8, 8)]


@pytest.mark.parametrize("share", [-1, 101])
def test_a_share_that_means_nothing_is_refused(share: int) -> None:
    with pytest.raises(ValueError, match="0 to 100 percent"):
        LedgerTerms(timedelta(hours=20), share)


def test_nobody_burns_less_than_nothing() -> None:
    with pytest.raises(ValueError, match="correct the entry"):
        book(-1)


minutes = st.integers(0, 60 * 60).map(lambda number: timedelta(minutes=number))


@given(minutes, st.integers(0, 100), st.lists(minutes, max_size=6))
def test_every_hour_goes_from_somewhere_to_somewhere(bucket: timedelta, share: int, used: list[timedelta]) -> None:
    for month in months(LedgerTerms(bucket, share), used):
        entries = list(month.entries())

        def went(side: Side, entries: list[tuple[Side, Side, timedelta]]) -> timedelta:
            coming = sum((hours for _, target, hours in entries if target is side), ZERO)
            return coming - sum((hours for source, _, hours in entries if source is side), ZERO)

        moves = [(one.source, one.target, one.hours) for one in entries]
        assert all(one.hours > ZERO for one in entries)
        assert went(Side.NEW, moves) == ZERO
        assert went(Side.WORK, moves) == month.used
        assert went(Side.EXPIRED, moves) == month.expired
        assert went(Side.ROLLED, moves) == month.rolled_out - month.rolled_in
        assert month.rolled_out <= bucket * share / 100
