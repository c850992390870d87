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
            "next_response to [policies.standard.targets.high], or name fewer urgencies",
            id="a hole",
        ),
        pytest.param(
            'next_response = { within = "2h" }',
            'next_response = { within = "2h" }\nresolution = { within = "30m" }',
            "plans.toml:7: warning: 'high' is promised a resolution within 30m, sooner than the first response (1h)",
            id="a resolution sooner than the first response",
        ),
        pytest.param(
            'next_response = { within = "2h" }',
            'next_response = { within = "10m" }',
            "plans.toml:6: warning: 'high' is promised a next response within 10m, sooner than a first one (1h)",
            id="a next response sooner than the first",
        ),
        pytest.param(
            'first_response = { within = "1h" }',
            'first_response = { within = "1bd" }',
            "plans.toml:6: warning: 'high' is promised a next response within 2h, sooner than a first one (1bd)",
            id="a next response in hours, sooner than a first one in days",
        ),
        pytest.param(
            'next_response = { within = "2h" }',
            'next_response = { within = "20m", unit = "wall" }',
            "plans.toml:6: warning: 'high' is promised a next response within 20m, sooner than a first one (1h)",
            id="a next response in real time, always sooner than a first one in office hours",
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
            'next_response = { within = "2h" }',
            'next_response = { within = "2h" }\nchannels.inapp.first_response = { within = "3h" }',
            "plans.toml:7: warning: 'high' is promised a next response in channel inapp within 2h, sooner than a "
            "first one (3h)",
            id="a first answer in one channel that comes after the next",
        ),
        pytest.param(
            'next_response = { within = "2h" }',
            'next_response = { within = "2h" }\nchannels.inapp.next_response = { within = "10m" }',
            "plans.toml:7: warning: 'high' is promised a next response in channel inapp within 10m, sooner than a "
            "first one (1h)",
            id="a next answer in one channel that comes before the first",
        ),
        pytest.param(
            'next_response = { within = "2h" }',
            'next_response = { within = "2h" }\nchannels.inapp.resolution = { within = "50h" }',
            "plans.toml:7: warning: 50h is longer than a week of calendar 'office', which is open for 40h: business "
            "days (1bd) say more plainly what is meant",
            id="a target of one channel longer than a week",
        ),
        pytest.param(
            'next_response = { within = "2h" }',
            'next_response = { within = "2h" }\nchannels.inapp.first_response = { within = "5h" }',
            "plans.toml:7: warning: 'high' is more urgent than 'medium' and is promised later: first_response in "
            "channel inapp within 5h against 3h",
            id="what is urgent comes later in one channel",
        ),
        pytest.param(
            'next_response = { within = "2h" }',
            'next_response = { within = "2h" }\nchannels.inapp.first_response = { within = "30m", unit = "wall" }',
            "plans.toml:15: warning: [plans.standard] promises 30m of real time, day and night, and nobody of line "
            "'first' is there for up to 64h",
            id="real time of one channel that nobody works in",
        ),
        pytest.param(
            'manager = "vera"',
            'manager = "vera"\naddendum = { targets.high.channels.inapp.first_response.within = "90m" }',
            "people.toml:18: warning: this never counts: standard promises 1h, which is sooner than 1h30m. If it is "
            'meant to loosen that, write rule = "replace"',
            id="an addendum that loosens one channel and does not say so",
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
            'manager = "vera"\naddendum = { until = 2026-01-08, targets.high.first_response.within = "50m" }',
            "people.toml:18: warning: [clients.acme.addendum] counts no more since 2026-01-08: take it out, or write "
            "when it ends now",
            id="an addendum that is over",
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


def test_lengths_that_are_now_longer_and_now_shorter_are_nobodys_slip() -> None:
    found = advised(('next_response = { within = "2h" }', 'next_response = { within = "16h", unit = "wall" }'))

    assert not [one for one in found if "sooner than a first one" in one]


def test_an_addendum_is_no_better_kept_than_its_plan() -> None:
    found = advised(
        (
            "[clients.acme]\n",
            """[clients.acme.addendum]
source = "Acme"
[clients.acme.addendum.targets.high]
first_response = { within = "10m", unit = "wall" }
[clients.acme]
""",
        )
    )

    assert any(
        "[clients.acme.addendum] promises 10m of real time, day and night, and nobody of line 'first'" in one
        for one in found
    )


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(('name = "Desk"', 'name = "Desk"\nnmae = "Slip"'), id="a key misspelt"),
        pytest.param(('tell = "vera"', 'tell = "verra"'), id="a ladder that names nobody"),
        pytest.param(('roles = ["manager"]', 'roles = ["manger"]'), id="a person with a role there is not"),
    ],
)
def test_a_mistake_does_not_hide_advice(mistake: tuple[str, str]) -> None:
    loaded = desk(('next_response = { within = "2h" }', 'next_response = { within = "10m" }'), mistake)
    said = [str(problem) for problem in loaded.problems]

    assert loaded.document is None
    assert loaded.errors
    assert "plans.toml:6: warning: 'high' is promised a next response within 10m, sooner than a first one (1h)" in said
    assert not any("nobody has the role" in one or "no plan names" in one for one in said)
