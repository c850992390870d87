"""Mistakes in calendars, policies and ladders are named with file, line and mend."""

from datetime import date, timedelta

import pytest

from tests.unit.deskfile.desks import desk


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            'zone = "Europe/Berlin"',
            'zone = "Etc/GMT-3"',
            "desk.toml:6: `calendars.office.zone`: 'Etc/GMT-3' is +03:00, its sign is turned around: "
            "write fixed:+03:00 or fixed:-03:00, whichever was agreed",
            id="a POSIX zone with its sign turned around",
        ),
        pytest.param(
            'zone = "Europe/Berlin"',
            'zone = "CET"',
            "desk.toml:6: `calendars.office.zone`: 'CET' is not a place",
            id="a zone that keeps summer time although its name denies it",
        ),
        pytest.param(
            '["09:00-17:00"]',
            '[\n  "09:00-13:00",\n  "12:00-17:00"]',
            "desk.toml:7: `calendars.office.week.mon-fri`: 09:00-13:00 and 12:00-17:00 overlap: join them or part them",
            id="windows that overlap",
        ),
        pytest.param(
            '["09:00-17:00"]',
            '["09:00-23:59"]',
            "desk.toml:7: `calendars.office.week.mon-fri`: '09:00-23:59' leaves the last minute of the day closed: "
            "for midnight write 24:00",
            id="a minute before midnight",
        ),
        pytest.param(
            'within = "1h"',
            'within = "9999h"',
            "plans.toml:5: `policies.standard.targets.high.first_response.within`: '9999h' is longer than a year",
            id="a promise for the grandchildren",
        ),
        pytest.param(
            'within = "1h"',
            'within = "300bd"',
            "plans.toml:5: `policies.standard.targets.high.first_response.within`: '300bd' is longer than a year",
            id="more working days than a year has",
        ),
        pytest.param(
            'within = "1h"',
            'within = "1h", off_hours_cap = "9999h"',
            "plans.toml:5: `policies.standard.targets.high.first_response.off_hours_cap`: '9999h' is longer than a "
            "year, and nothing here waits so long: write a year at most",
            id="a cap that caps nothing",
        ),
        pytest.param(
            'after = "30m"',
            'after = "9999h"',
            "plans.toml:11: `ladders.standard.steps[1].after`: '9999h' is longer than a year, and nothing here waits "
            "so long: write a year at most",
            id="a step that nobody lives to see",
        ),
        pytest.param(
            "review = 2027-01-08",
            'default_urgency = "low"\nurgencies = ["high", "low", "high"]',
            "plans.toml:4: `policies.standard.urgencies`: 'high' is listed twice: list each urgency once",
            id="an urgency twice",
        ),
        pytest.param(
            'within = "1h"',
            'within = "1h", high_load = "30m"',
            "plans.toml:5: `policies.standard.targets.high.first_response`: high_load (30m) is sooner than what is "
            "promised else (1h): write a longer one",
            id="a high load that tightens",
        ),
        pytest.param(
            "{ mon-fri = ",
            "{ monday = ",
            "desk.toml:7: `calendars.office.week`: 'monday' is not a day",
            id="an unknown day",
        ),
        pytest.param(
            '["09:00-17:00"]',
            "[]",
            "desk.toml:7: `calendars.office.week`: this week has no opening hours at all: "
            'write for example { mon-fri = ["10:00-19:00"] }',
            id="a week without hours",
        ),
        pytest.param(
            'week = { mon-fri = ["09:00-17:00"] }',
            'week = { mon-fri = ["09:00-17:00"] }\nholidays = { ics = "office.ics" }',
            "desk.toml:8: unknown key `ics` in [calendars.office.holidays]: calendar files are named in a list: "
            'write files = ["holidays.ics"]',
            id="a calendar file that is named otherwise",
        ),
        pytest.param(
            'week = { mon-fri = ["09:00-17:00"] }',
            'week = { mon-fri = ["09:00-17:00"] }\nchanges = ['
            '{ since = 2026-06-01, week = { mon = ["09:00-12:00"] } }, '
            '{ since = 2026-05-01, week = { mon = ["09:00-12:00"] } }]',
            "desk.toml:5: `calendars.office`: the change of 2026-05-01 stands after that of 2026-06-01: "
            "the soonest first",
            id="changes of hours that do not follow each other",
        ),
        pytest.param(
            'within = "1h"',
            'within = "0m"',
            "plans.toml:5: `policies.standard.targets.high.first_response.within`: '0m'",
            id="a promise of no time",
        ),
        pytest.param(
            'within = "1h"',
            'within = "-1h"',
            "plans.toml:5: `policies.standard.targets.high.first_response.within`: '-1h' is not a length of time",
            id="a promise of less than no time",
        ),
        pytest.param(
            'within = "1h"',
            'within = "1d"',
            "plans.toml:5: `policies.standard.targets.high.first_response.within`: '1d'",
            id="a day of unknown length",
        ),
        pytest.param(
            'within = "1h"',
            'within = "1bd", unit = "wall"',
            "plans.toml:5: `policies.standard.targets.high.first_response`: business days exist only in a calendar",
            id="business days of real time",
        ),
        pytest.param(
            'within = "1h"',
            'within = "1bd", mode = "hours"',
            "plans.toml:5: `policies.standard.targets.high.first_response` counts days as hours: "
            'add day_length = "8h" to [calendars.office]',
            id="days of unknown length",
        ),
        pytest.param(
            '[policies.standard]\ncalendar = "office"\n',
            "[policies.standard]\n",
            "plans.toml:4: `policies.standard.targets.high.first_response` counts open hours and names no calendar: "
            'add `calendar` here or in [policies.standard], or write unit = "wall"',
            id="open hours of no calendar",
        ),
        pytest.param(
            "review = 2027-01-08",
            'review = "08/01/2024"',
            "plans.toml:3: `policies.standard.review`: the date 08/01/2024 may be read two ways: "
            "write 2024-01-08 or 2024-08-01, year first",
            id="a date that may be read two ways",
        ),
        pytest.param(
            "review = 2027-01-08",
            'review = "24.12.2026"',
            "plans.toml:3: `policies.standard.review`: the date 24.12.2026 has its year last: "
            "write 2026-12-24, year first",
            id="a date whose year stands last",
        ),
        pytest.param(
            "review = 2027-01-08",
            'review = "2027-02-30"',
            "plans.toml:3: `policies.standard.review`: '2027-02-30' is no day of any calendar (day is out of range for "
            "month): write an existing date",
            id="a day that does not exist",
        ),
        pytest.param(
            "targets.high]",
            "targets.hihg]",
            "plans.toml:4: unknown urgency 'hihg' in `policies.standard.targets.hihg`: there is none; "
            "did you mean 'high'?",
            id="an unknown urgency of a policy",
        ),
        pytest.param(
            "next_response =",
            "nxt_response =",
            "plans.toml:6: unknown key `nxt_response` in [policies.standard.targets.high]; "
            "did you mean `next_response`?",
            id="an unknown metric",
        ),
        pytest.param(
            "next_response =",
            "eta =",
            "plans.toml:6: unknown key `eta` in [policies.standard.targets.high]: an ETA has no target: its moment is "
            "named with each ETA that is given. Drop the key",
            id="a target for an ETA",
        ),
        pytest.param(
            "review = 2027-01-08",
            'urgencies = ["high", "low"]',
            'plans.toml:1: [policies.standard] has its own urgencies: add default_urgency = "low"',
            id="own urgencies without a default",
        ),
        pytest.param(
            "review = 2027-01-08",
            'reminders = { marks = ["half"] }',
            "plans.toml:3: `policies.standard.reminders.marks[0]`: 'half' is not a reminder",
            id="an unknown reminder",
        ),
        pytest.param(
            "review = 2027-01-08",
            'reminders = { marks = ["80%", "50%", "last_call"] }',
            "plans.toml:3: `policies.standard.reminders`: 80% would never fall beside 50%: list each once, the mildest",
            id="reminders out of their order",
        ),
        pytest.param(
            "review = 2027-01-08",
            'reminders = { marks = ["50%", "T-30m", "T-1h"] }',
            "plans.toml:3: `policies.standard.reminders`: T-30m would never fall beside T-1h: list each once",
            id="times before due out of their order",
        ),
        pytest.param(
            "review = 2027-01-08",
            'extends = "standard"',
            "plans.toml:3: policies extend each other in a circle (standard -> standard): break it",
            id="a policy that extends itself",
        ),
        pytest.param(
            "review = 2027-01-08",
            "since = 2026-02-01\nuntil = 2026-02-01",
            "plans.toml:4: `policies.standard.until` (2026-02-01) is not after `since` (2026-02-01): `until` is the "
            "first day on which it counts no more",
            id="a layer that ends before it begins",
        ),
        pytest.param(
            'manager = "vera"',
            'manager = "vera"\nhypercare = { targets.hihg.first_response.within = "1m" }',
            "people.toml:18: unknown urgency 'hihg' in `clients.acme.hypercare.targets.hihg`: there is none; "
            "did you mean 'high'?",
            id="an unknown urgency of an addendum",
        ),
        pytest.param(
            'manager = "vera"',
            'manager = "vera"\naddendum = { calendar = "ofice", targets.high.first_response.within = "1m" }',
            "people.toml:18: `clients.acme.addendum.calendar` names the calendar 'ofice': there is none; "
            "did you mean 'office'?",
            id="an unknown calendar of an addendum",
        ),
        pytest.param(
            'manager = "vera"',
            'manager = "vera"\naddendum = { targets = {} }',
            "people.toml:18: `clients.acme.addendum.targets`",
            id="an addendum that promises nothing",
        ),
        pytest.param(
            'within = "1h"',
            'within = "1h", high_load = "0m"',
            "plans.toml:5: `policies.standard.targets.high.first_response.high_load`: '0m'",
            id="a high load that leaves no time",
        ),
        pytest.param(
            "[triage]",
            "[load]\nhigh_when = 0\n[triage]",
            "desk.toml:10: `load.high_when` must be 1 or more",
            id="a load that is always high",
        ),
        pytest.param(
            "review = 2027-01-08",
            'off_hours_ladder = "nights"',
            "plans.toml:3: `policies.standard.off_hours_ladder` names the ladder 'nights': there is none; known are "
            "standard",
            id="nobody to page",
        ),
        pytest.param(
            'within = "1h"',
            'within = "1h", rule = "loosest"',
            "plans.toml:5: unknown value 'loosest' in `policies.standard.targets.high.first_response.rule`: write "
            "one of tightest, replace",
            id="an unknown rule between layers",
        ),
        pytest.param(
            'after = "30m"',
            'after = "0m"',
            "plans.toml:11: step 2 of [ladders.standard] comes after 0m, no later than the step before it (0m): "
            "each step is later; tell several at once as a line",
            id="steps of a ladder that do not rise",
        ),
        pytest.param(
            'tell = "vera"',
            'tell = "boss"',
            "plans.toml:11: `ladders.standard.steps[1].tell` tells 'boss', no role, person or line: there is none; "
            "known are manager, senior, lead, head, executive, admin, vera, dana, first",
            id="a step that tells nobody",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_mend(old: str, new: str, said: str) -> None:
    """Where the words are those of `sla`, only their beginning is asked for here."""
    loaded = desk((old, new))
    assert [str(problem) for problem in loaded.problems if str(problem).startswith(said)], loaded.problems
    assert loaded.document is None


def test_a_calendar_that_stays_closed_for_more_than_400_days_is_refused() -> None:
    mondays = ", ".join(str(date(2026, 1, 5) + timedelta(weeks=week)) for week in range(60))
    closed = f'{{ mon = ["09:00-17:00"] }}\nholidays = {{ dates = [{mondays}] }}'
    (problem,) = desk(('{ mon-fri = ["09:00-17:00"] }', closed)).problems
    assert str(problem).startswith("desk.toml:5: calendar 'office' stays closed for more than 400 days")
