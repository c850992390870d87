"""Many promises break together: each person hears once, and only the worst of each clock."""

from datetime import timedelta

from routing.piles import Alert, most_severe, piles
from sla.duration import later
from tests.unit.routing.made import at

NINE = at("2026-03-03T09:00Z")


def alert(clock: int, what: str = "breach", to: str = "dana", seconds: int = 0) -> Alert:
    weight = ("mark", "last_call", "breach", "step").index(what)
    return Alert(to, f"T-{clock}", what, weight, later(NINE, timedelta(seconds=seconds)))


def told(*alerts: Alert) -> list[list[str]]:
    return [[f"{one.clock} {one.what} to {one.to}" for one in pile] for pile in piles(alerts)]


def test_of_one_clock_only_the_most_severe_is_told() -> None:
    missed = (alert(1, "mark"), alert(1, "step", seconds=20), alert(1, "breach", seconds=10), alert(2, "last_call"))

    assert [(one.clock, one.what) for one in most_severe(missed)] == [("T-2", "last_call"), ("T-1", "step")]


def test_the_same_news_for_two_people_is_told_to_both() -> None:
    assert told(alert(1), alert(1, to="ines")) == [["T-1 breach to dana"], ["T-1 breach to ines"]]


def test_three_together_come_one_by_one_and_more_are_one_digest() -> None:
    assert [len(pile) for pile in piles(alert(number) for number in range(3))] == [1, 1, 1]
    assert [len(pile) for pile in piles(alert(number) for number in range(4))] == [4]


def test_what_comes_more_than_a_minute_later_is_another_pile() -> None:
    first, second = [alert(number) for number in range(4)], [alert(9 + number, seconds=61) for number in range(2)]

    assert [len(pile) for pile in piles(first + second)] == [4, 1, 1]


def test_piles_of_several_people_do_not_mix() -> None:
    mixed = [alert(number, to=("dana", "ines")[number % 2]) for number in range(8)]

    assert [{one.to for one in pile} for pile in piles(mixed)] == [{"dana"}, {"ines"}]
