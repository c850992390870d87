"""What a bare number means: the offer that stands, an older one, or whatever else was said."""

import pytest

from bot.tickets.calls.answering import Line, Means, Named, Shown, meant
from sla.duration import Instant

STANDS = Shown(line=10, newest=10)
#: A keyboard that was turned after Vera wrote line 12.
TURNED = Shown(line=10, newest=12)


def ours(at: int) -> Line:
    return Line(is_ours=True, is_automatic=True, at=Instant(at))


def theirs(at: int) -> Line:
    return Line(is_ours=False, is_automatic=False, at=Instant(at))


def reply(at: int) -> Line:
    return Line(is_ours=True, is_automatic=False, at=Instant(at))


@pytest.mark.parametrize(
    ("said", "means"),
    [
        pytest.param([ours(1)], Means.NEWEST, id="nothing came after it"),
        pytest.param([ours(1), theirs(5), theirs(6)], Means.NEWEST, id="they said more"),
        pytest.param([ours(1), ours(1)], Means.NEWEST, id="in one breath with it"),
        pytest.param([ours(1), theirs(5), ours(5), ours(5)], Means.NEWEST, id="our receipt for their words"),
        pytest.param([ours(1), reply(1)], Means.ELSE, id="somebody of ours wrote at that very moment"),
        pytest.param([ours(1), reply(4)], Means.ELSE, id="somebody of ours wrote"),
        pytest.param([ours(1), reply(4), theirs(5), ours(5)], Means.ELSE, id="and a receipt came after that"),
        pytest.param([ours(1), ours(9)], Means.ELSE, id="a question of the desk"),
        pytest.param([ours(1), theirs(5), ours(9)], Means.ELSE, id="a question of the desk after their words"),
    ],
)
def test_an_offer_counts_while_it_is_the_newest_thing_of_ours(said: list[Line], means: Means) -> None:
    assert meant(STANDS, None, said, at=Instant(9)) is means


@pytest.mark.parametrize(("at", "means"), [(7, Means.NEWEST), (8, Means.ELSE), (9, Means.ELSE)])
def test_a_number_that_waited_for_us_answers_nothing_that_we_wrote_meanwhile(at: int, means: Means) -> None:
    assert meant(STANDS, None, [ours(1), reply(8)], at=Instant(at)) is means


@pytest.mark.parametrize(
    ("shown", "named", "means"),
    [
        pytest.param(STANDS, Named(10, is_offer=True), Means.OFFER, id="the offer itself"),
        pytest.param(STANDS, Named(10, is_offer=False), Means.OFFER, id="the offer that has no time left"),
        pytest.param(STANDS, Named(7, is_offer=True), Means.OLDER, id="an older offer"),
        pytest.param(STANDS, Named(7, is_offer=False), Means.ELSE, id="an older question"),
        pytest.param(STANDS, Named(11, is_offer=False), Means.NEWEST, id="the receipt below the offer"),
        pytest.param(STANDS, Named(11, is_offer=False, is_written=True), Means.ELSE, id="what Vera wrote below it"),
        pytest.param(TURNED, Named(12, is_offer=False), Means.ELSE, id="a question below the keyboard"),
        pytest.param(None, Named(7, is_offer=True), Means.OLDER, id="an offer where none stands any more"),
        pytest.param(None, Named(7, is_offer=False), Means.ELSE, id="a question where no offer stands"),
        pytest.param(None, None, Means.ELSE, id="nothing at all"),
    ],
)
def test_a_reply_is_about_what_it_names(shown: Shown | None, named: Named | None, means: Means) -> None:
    assert meant(shown, named, [ours(1)], at=Instant(9)) is means
