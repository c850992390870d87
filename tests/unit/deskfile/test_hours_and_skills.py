"""Who is there and who knows what: how the desk directory says it, and what it refuses."""

from datetime import date, datetime, timedelta

import pytest

from bot.deskfile.revise import revision_from_document
from bot.tickets.revision import Revision
from routing.people import ClientId, LineId, PersonId, PlanId
from sla.duration import instant
from tests.unit.deskfile.desks import desk

#: Vera's own table ends, the first line's calendar, the plan's line.
VERA = 'calendar = "office"\nbackup = "dana"'
LINE = 'people = ["vera", "dana"]\ncalendar = "office"'
PLAN = 'line = "first"'
CLIENT = 'name = "Acme"'
NIGHT = '\n[lines.night]\npeople = ["dana"]\ncalendar = "office"\n'
RULES = ('public_plan = "standard"', 'public_plan = "standard"\n[rules]\npick_up = {}')


def revision(*changes: tuple[str, str]) -> Revision:
    loaded = desk(*changes)
    assert loaded.document is not None, "\n".join(map(str, loaded.problems))
    return revision_from_document(loaded.document, 1)


def test_languages_skills_turns_and_the_hours_of_channels_are_read() -> None:
    known = revision(
        (VERA, f'{VERA}\nlanguages = ["en", "uk"]\nskills = ["shopify"]'),
        (LINE, f"{LINE}\nturns_from = 2026-03-02\n{NIGHT}"),
        (PLAN, f'{PLAN}\ncoverage = {{ inapp = "office" }}\noff_hours_line = "night"'),
        (CLIENT, f'{CLIENT}\nskills = ["shopify"]'),
    )
    vera, plan = known.people[PersonId("vera")], known.plans[PlanId("standard")]
    assert vera.languages == {"en", "uk"}
    assert vera.skills == {"shopify"}
    assert known.lines[LineId("first")].turns_from == date(2026, 3, 2)
    assert (plan.coverage, plan.off_hours_line) == ({"inapp": "office"}, "night")
    assert known.clients[ClientId("acme")].skills == {"shopify"}


def test_one_person_has_other_hours_on_a_date_and_the_rest_of_the_office_has_not() -> None:
    known = revision((VERA, f'{VERA}\ndays."2026-03-07" = ["10:00-14:00"]\ndays."2026-03-04" = []'))
    saturday = instant(datetime.fromisoformat("2026-03-07T11:00+01:00"))
    wednesday = instant(datetime.fromisoformat("2026-03-04T11:00+01:00"))
    there = [
        [known.coverage.is_on_shift(known.people[PersonId(one)], at) for at in (saturday, wednesday)]
        for one in ("vera", "dana")
    ]
    assert there == [[True, False], [False, True]]


@pytest.mark.parametrize(
    ("written", "within"),
    [
        pytest.param(None, timedelta(minutes=15), id="left out"),
        pytest.param('"5m"', timedelta(minutes=5), id="shorter"),
        pytest.param('"never"', None, id="nobody is passed over"),
    ],
)
def test_how_long_somebody_has_to_pick_up(written: str | None, within: timedelta | None) -> None:
    changes = () if written is None else ((RULES[0], RULES[1].format(written)),)
    assert revision(*changes).rules.pick_up == within


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            PLAN,
            f'{PLAN}\ncoverage = {{ inapp = "chat" }}',
            "plans.toml:17: `plans.standard.coverage.inapp` names the calendar 'chat': there is none",
            id="hours nobody wrote",
        ),
        pytest.param(
            PLAN,
            f'{PLAN}\noff_hours_line = "nigt"',
            "plans.toml:17: `plans.standard.off_hours_line` names the line 'nigt': there is none",
            id="a line that is not there",
        ),
        pytest.param(PLAN, f"{PLAN}\ncoverage = {{ fax = 1 }}", "plans.toml:17: unknown key `fax`", id="no channel"),
        pytest.param(
            RULES[0],
            RULES[1].format('"0m"'),
            "desk.toml:5: `rules.pick_up`: '0m' is no time at all: write at least 1m",
            id="no time to pick up",
        ),
        pytest.param(
            VERA,
            f'{VERA}\nlanguages = ["fr"]',
            "people.toml:6: unknown value 'fr' in `people.vera.languages[0]`",
            id="a language",
        ),
        pytest.param(LINE, f'{LINE}\nturns_from = "2/3/2026"', "may be read two ways", id="a date read two ways"),
        pytest.param(VERA, f'{VERA}\ndays."2026-03-07" = ["14:00"]', "people.toml:6", id="half a window"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(old: str, new: str, said: str) -> None:
    problems = [str(one) for one in desk((old, new)).problems if one.is_error]
    assert len(problems) == 1
    assert said in problems[0]
