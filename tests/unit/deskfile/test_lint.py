"""Promises that are allowed and look wrong are named with their line; the desk is used all the same."""

import pytest

from bot.deskfile.load import judge
from bot.deskfile.reading import merge
from tests.unit.deskfile.desks import DESK, TODAY, desk

PREMIUM = """\
[policies.premium]
extends = "standard"
[policies.premium.targets.high]
first_response = { within = "2h" }
next_response = { within = "3h", rule = "replace" }
"""


def advised(*changes: tuple[str, str]) -> list[str]:
    loaded = desk(*changes)
    assert loaded.errors == ()
    assert loaded.document is not None
    return [str(problem) for problem in loaded.problems]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            "next_response =",
            "resolution =",
            "plans.toml:1: warning: [policies.standard] promises no next_response for high: add "
            "[policies.standard.targets.high], or name fewer urgencies",
            id="a hole",
        ),
        pytest.param(
            'next_response = { within = "2h" }',
            'next_response = { within = "10m" }',
            "plans.toml:6: warning: 'high' is promised a next response within 10m, sooner than a first one (1h)",
            id="a next response sooner than the first",
        ),
        pytest.param(
            'first_response = { within = "1h" }',
            'first_response = { within = "4h" }',
            "plans.toml:5: warning: 'high' is more urgent than 'medium' and is promised later: first_response within "
            "4h against 3h",
            id="what is urgent comes later",
        ),
        pytest.param(
            'next_response = { within = "2h" }',
            'next_response = { within = "2h" }\nresolution = { within = "50h" }',
            "plans.toml:7: warning: 50h is longer than a week of calendar 'office', which is open for 40h: business "
            "days (1bd) say more plainly what is meant",
            id="a target longer than a week",
        ),
        pytest.param(
            'first_response = { within = "1h" }',
            'first_response = { within = "30m", unit = "wall" }',
            "plans.toml:14: warning: [plans.standard] promises 30m of real time, day and night, and nobody of line "
            "'first' is there for up to 64h",
            id="real time that nobody works in",
        ),
        pytest.param(
            'week = { mon-fri = ["09:00-17:00"] }',
            'week = { mon-fri = ["09:00-17:00"] }\n[calendars.desk]\nzone = "Europe/Berlin"\n'
            'week = { mon-fri = ["08:00-17:00"] }\n[policies.wide]\nextends = "standard"\n'
            'targets.high.first_response = { within = "50m", calendar = "desk" }\n'
            '[plans.wide]\npolicy = "wide"\nline = "first"',
            "desk.toml:14: warning: [plans.wide] counts calendar 'desk', and nobody of line 'first' is there for 20h "
            "of it in four weeks",
            id="hours that nobody works in",
        ),
        pytest.param(
            "review = 2027-01-08",
            'review = 2027-01-08\nimmediate = ["high"]',
            "plans.toml:4: warning: these page nobody while line 'first' of [plans.standard] is not there: name whom "
            "in off_hours_ladder",
            id="people paged whom nobody names",
        ),
        pytest.param(
            'ladder = "standard"\n',
            "",
            "plans.toml:8: warning: no plan names [ladders.standard]: none of its steps is ever told",
            id="a ladder that nobody climbs",
        ),
        pytest.param(
            'manager = "vera"',
            'manager = "vera"\naddendum = { review = 2026-01-08, targets.high.first_response.within = "50m" }',
            "people.toml:18: warning: the review date of [clients.acme.addendum] (2026-01-08) has passed: read the "
            "document again",
            id="an addendum to be read again",
        ),
        pytest.param(
            'manager = "vera"',
            'manager = "vera"\naddendum = { targets.high.first_response.within = "90m" }',
            "people.toml:18: warning: this never counts: standard promises 1h, which is sooner than 1h30m. If it is "
            'meant to loosen that, write rule = "replace"',
            id="an addendum that loosens and does not say so",
        ),
    ],
)
def test_a_promise_that_looks_wrong_is_named_with_its_line(old: str, new: str, said: str) -> None:
    assert said in advised((old, new))


def test_a_replacement_is_meant_and_needs_no_advice() -> None:
    reading, unread = merge([*DESK.items(), ("premium.toml", PREMIUM)])
    (told,) = judge(reading, unread, today=TODAY).problems

    assert str(told).startswith("premium.toml:4: warning: this never counts: standard promises 1h, which is sooner")


def test_follow_ups_of_layers_are_compared_as_well() -> None:
    both = advised(
        ('next_response = { within = "2h" }', 'next_response = { within = "2h" }\nfollow_up = { within = "2h" }'),
        ('manager = "vera"', 'manager = "vera"\naddendum = { targets.high.follow_up.within = "3h" }'),
    )

    assert any("this never counts: standard promises 2h, which is sooner than 3h" in told for told in both)
