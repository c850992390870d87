"""A desk becomes one plain document, and the document the values that decisions look at."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.deskfile.document import Document, canonical, digest
from bot.deskfile.load import judge
from bot.deskfile.reading import merge
from bot.deskfile.revise import revision_from_document
from routing.people import Role
from sla.duration import BusinessDays, instant
from sla.policy import Metric, Policy, SatisfiedBy, Target, Unit, targets_for

TODAY = date(2026, 3, 2)

TIME = """\
[calendars.office]
zone = "America/Chicago"
week = { mon-thu = ["13:00-17:00", "9:00-12:00"], fri = ["09:00-24:00"] }
days."2026-12-23" = ["10:00-12:00"]
holidays = { country = "US" }

[policies.standard]
source = "The contract"
calendar = "office"
satisfied_by = "answer"
immediate = ["critical"]
[policies.standard.targets.high]
first_response = { within = "60m", off_hours_cap = "24h", quote = "one hour" }
channels.inapp.first_response = { within = "10m" }
[policies.standard.targets.low]
first_response = { within = "2bd", mode = "end_of_day" }

[policies.premium]
extends = "standard"
calendar = "late"
review = 2027-01-08
[policies.premium.targets.high]
first_response = { within = "15m" }
next_response = { within = "4h", unit = "wall", goal = true }

[calendars.late]
zone = "fixed:+03:00"
week = { mon-sun = ["22:00-06:00"] }
"""
PEOPLE = """\
[desk]
name = "Desk"
public_plan = "standard"
texts.moment_at = { en = "at {time}", de = "um {time} Uhr" }

[rules]
burst_within = "1m30s"
reopen_within = "48h"

[triage]
rules = [{ words = ["api"], kind = "integration" }]

[plans.standard]
policy = "standard"
line = "first"

[lines.first]
people = ["vera"]
calendar = "office"

[people.vera]
name = "Vera"
roles = ["manager", "lead"]
calendar = "office"
identities = { email = "Vera@Desk.test", slack = "T1/U1", telegram = 42 }

[clients.acme]
name = "Acme"
plan = "standard"
manager = "vera"
contacts = [{ name = "Lena", telegram = "1001", inapp = "user-17", zone = "Europe/Lisbon" }]
channels = { telegram = [-100], slack = ["T1/C1"] }
"""


def document_of(*texts: str) -> Document:
    reading, unread = merge((f"{number}.toml", text) for number, text in enumerate(texts))
    loaded = judge(reading, unread, today=TODAY)
    assert loaded.errors == ()
    assert loaded.document is not None
    return loaded.document


def test_the_digest_does_not_hang_on_files_or_on_the_order_of_keys() -> None:
    tables = (TIME + PEOPLE).split("\n\n")
    assert digest(document_of(TIME, PEOPLE)) == digest(document_of("\n\n".join(reversed(tables))))


def test_the_digest_does_not_hang_on_how_a_length_or_a_default_is_written() -> None:
    same = (
        TIME.replace('"60m"', '"1h"')
        .replace("9:00-12:00", "09:00-12:00")
        .replace('"office"\n', '"office"\nfloor = "15m"\n', 1)
    )
    assert same != TIME
    assert digest(document_of(TIME, PEOPLE)) == digest(document_of(same, PEOPLE))


def test_the_digest_tells_desks_apart() -> None:
    assert digest(document_of(TIME, PEOPLE)) != digest(document_of(TIME.replace('"60m"', '"61m"'), PEOPLE))


def test_a_document_survives_being_stored() -> None:
    desk = document_of(TIME, PEOPLE)
    stored = json.loads(canonical(desk))
    assert digest(stored) == digest(desk)
    assert revision_from_document(stored, 3) == revision_from_document(desk, 3)


def policies(*more: str) -> dict[str, Policy]:
    return dict(revision_from_document(document_of(TIME, PEOPLE, *more), 1).policies)


def cell(
    policy: Policy, urgency: str, metric: Metric = Metric.FIRST_RESPONSE, channel: str = "email", day: int = 2
) -> list[Target]:
    moment = instant(datetime(2026, 3, day, 12, tzinfo=UTC))
    return list(targets_for(policy, urgency, metric, channel, at=moment))


def test_a_policy_that_extends_another_keeps_both_cells() -> None:
    below, own = cell(policies()["premium"], "high")
    assert (below.within, below.calendar, below.layer) == (timedelta(hours=1), "office", "standard")
    assert (own.within, own.calendar, own.off_hours_cap) == (timedelta(minutes=15), "late", None)


def test_a_cell_that_says_so_replaces_the_ones_below() -> None:
    replacing = TIME.replace('within = "15m"', 'within = "3h", rule = "replace"')
    (own,) = cell(revision_from_document(document_of(replacing, PEOPLE), 1).policies["premium"], "high")
    assert (own.within, own.replaces, own.layer) == (timedelta(hours=3), True, "premium")


def test_what_an_extending_policy_does_not_name_is_inherited_with_its_calendar() -> None:
    premium = policies()["premium"]
    (target,) = cell(premium, "low")
    assert (target.within, target.calendar) == (BusinessDays(2, "end_of_day"), "office")
    assert premium.satisfied_by is SatisfiedBy.ANSWER
    assert premium.immediate == {"critical"}
    assert premium.source == ""
    assert premium.layer_of(target).source == "The contract"


def test_the_cell_of_a_channel_binds_its_own_policy_and_none_that_extends_it() -> None:
    (of_standard,) = cell(policies()["standard"], "high", channel="inapp")
    below, _ = cell(policies()["premium"], "high", channel="inapp")
    assert (of_standard.within, below.within) == (timedelta(minutes=10), timedelta(hours=1))


def test_a_target_of_real_time_has_no_calendar() -> None:
    (target,) = cell(policies()["premium"], "high", Metric.NEXT_RESPONSE)
    assert (target.unit, target.calendar, target.goal) == (Unit.WALL, None, True)


CARE = """\
[people.oleg]
name = "Oleg"
roles = ["manager"]
calendar = "office"
identities = { email = "oleg@desk.test" }

[clients.globex]
name = "Globex"
plan = "standard"
zone = "Pacific/Auckland"
contacts = [{ name = "Taras", email = "taras@globex.test" }]
[clients.globex.addendum]
source = "Addendum of 2026-01-01"
targets.high.first_response = { within = "30m", high_load = "2h" }
[clients.globex.hypercare]
since = 2026-03-03
until = 2026-03-17
targets.high.first_response = { within = "10m" }
targets.high.channels.inapp.first_response = { within = "5m" }
"""


def test_what_one_client_is_promised_is_a_policy_on_top_of_their_plan() -> None:
    revision = revision_from_document(document_of(TIME, PEOPLE, CARE), 1)
    globex, acme = (next(one for one in revision.clients.values() if one.id == key) for key in ("globex", "acme"))
    assert (globex.policy, acme.policy) == ("globex.hypercare", None)
    policy = revision.policies["globex.hypercare"]
    assert policy.satisfied_by is SatisfiedBy.ANSWER
    assert [layer.key for layer in policy.extends] == ["standard", "globex.addendum"]
    assert [(one.within, one.calendar) for one in cell(policy, "high", day=10)] == [
        (timedelta(hours=1), "office"),
        (timedelta(minutes=30), "office"),
        (timedelta(minutes=10), "office"),
    ]
    assert cell(policy, "high")[1].high_load == timedelta(hours=2)
    assert cell(policy, "high", channel="inapp", day=10)[-1].within == timedelta(minutes=5)


def test_the_days_of_a_layer_begin_in_the_zone_of_the_client() -> None:
    policy = policies(CARE)["globex.hypercare"]
    assert policy.since == instant(datetime(2026, 3, 2, 11, tzinfo=UTC))
    assert policy.until == instant(datetime(2026, 3, 16, 11, tzinfo=UTC))
    assert len(cell(policy, "high", day=2)) == 3, "it is the third in Auckland"
    assert len(cell(policy, "high", day=1)) == len(cell(policy, "high", day=17)) == 2


def test_a_document_kept_before_there_were_layers_is_read_as_it_was_meant() -> None:
    desk = json.loads(canonical(document_of(TIME, PEOPLE)))
    for policy in desk["policies"].values():
        del policy["layers"], policy["zone"]
        for cells in policy["targets"].values():
            for target in [cell for metric, cell in cells.items() if metric != "channels"]:
                del target["rule"]
    (target,) = cell(revision_from_document(desk, 1).policies["premium"], "high")
    assert target.within == timedelta(minutes=15)


def test_hours_may_change_on_a_day_to_come() -> None:
    changing = TIME.replace(
        'holidays = { country = "US" }',
        'holidays = { country = "US" }\nchanges = [{ since = 2026-06-01, week = { mon-fri = ["08:00-10:00"] } }]',
    )
    office = revision_from_document(document_of(changing, PEOPLE), 1).calendars["office"]
    friday, monday = (instant(datetime(2026, 5, 29, 5, tzinfo=UTC)), instant(datetime(2026, 6, 1, 5, tzinfo=UTC)))
    day = 24 * 3_600_000
    assert office.next_open(friday) == instant(datetime(2026, 5, 29, 14, tzinfo=UTC))
    assert office.next_open(monday) == instant(datetime(2026, 6, 1, 13, tzinfo=UTC))
    assert office.open_between(monday, instant(datetime(2026, 6, 2, 5, tzinfo=UTC))) == day / 12
    assert office.open_between(friday, monday) == 15 * day / 24, "what was open before stays open"


def test_people_and_clients_are_who_the_desk_says() -> None:
    revision = revision_from_document(document_of(TIME, PEOPLE), 7)
    (vera,) = revision.people.values()
    (acme,) = revision.clients.values()
    assert revision.number == 7
    assert vera.roles == {Role.MANAGER, Role.LEAD}
    assert list(vera.addresses.items()) == [("slack", "T1/U1"), ("telegram", "42"), ("email", "vera@desk.test")]
    assert acme.channels == {"slack": ("T1/C1",), "telegram": ("-100",)}
    assert acme.contacts[0].addresses == {"telegram": "1001", "inapp": "user-17"}
    assert revision.texts["moment_at"]["de"] == "um {time} Uhr"
    assert revision.rules.burst_within == timedelta(seconds=90)
    assert revision.rules.reopen_within == timedelta(hours=48)
    assert revision.rules.close_after == BusinessDays(3)


def test_a_plan_without_a_ladder_has_the_usual_one() -> None:
    revision = revision_from_document(document_of(TIME, PEOPLE), 1)
    (standard,) = revision.plans.values()
    assert [(step.tell, step.after_for) for step in revision.ladders[standard.ladder].steps] == [
        ("lead", timedelta(0)),
        ("head", timedelta(minutes=30)),
        ("executive", timedelta(hours=2)),
    ]


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        pytest.param(datetime(2026, 3, 2, 15, 0, tzinfo=UTC), True, id="monday at nine in Chicago"),
        pytest.param(datetime(2026, 3, 2, 18, 30, tzinfo=UTC), False, id="over lunch"),
        pytest.param(
            datetime(2026, 7, 3, 15, 0, tzinfo=UTC), False, id="on the friday on which the 4th of July is kept"
        ),
        pytest.param(datetime(2030, 7, 4, 15, 0, tzinfo=UTC), False, id="on the 4th of July years ahead"),
        pytest.param(datetime(2026, 12, 23, 16, 30, tzinfo=UTC), True, id="on a half day while it lasts"),
        pytest.param(datetime(2026, 12, 23, 19, 30, tzinfo=UTC), False, id="on a half day after it"),
    ],
)
def test_calendars_open_and_close_as_written(at: datetime, is_open: bool) -> None:  # noqa: FBT001 - a column of the table
    calendar = revision_from_document(document_of(TIME, PEOPLE), 1).calendars["office"]
    assert calendar.is_open(instant(at)) is is_open


def test_an_observed_holiday_stands_in_place_of_the_day_it_is_kept_for() -> None:
    holidays = document_of(TIME, PEOPLE)["calendars"]["office"]["holidays"]
    assert [day for day in holidays if day.startswith("2026-07")] == ["2026-07-03"]
    assert len([day for day in holidays if day.startswith("2026")]) == 11


def test_the_same_desk_read_a_year_later_is_the_same_desk() -> None:
    reading, unread = merge([("a.toml", TIME), ("b.toml", PEOPLE)])
    first, second = (judge(reading, unread, today=date(year, 1, 2)).document for year in (2026, 2027))
    assert first is not None
    assert second is not None
    assert digest(first) == digest(second)


def test_calendars_that_did_not_change_are_not_compiled_again() -> None:
    first = revision_from_document(document_of(TIME, PEOPLE), 1)
    second = revision_from_document(document_of(TIME, PEOPLE.replace('"Acme"', '"Acme Inc."')), 2)
    assert first.calendars["office"] is second.calendars["office"]


def test_who_is_paged_out_of_hours_is_inherited_and_the_usual_ladder_is_written_out() -> None:
    written = TIME.replace('source = "The contract"', 'source = "The contract"\noff_hours_ladder = "default"')
    revision = revision_from_document(
        document_of(written, PEOPLE + '[ladders.own]\nsteps = [{ after = "0m", tell = "lead" }]\n'), 1
    )

    assert revision.off_hours == {"standard": "default", "premium": "default"}
    assert len(revision.ladders["default"].steps) == 3


def test_the_load_is_measured_where_the_desk_says_so() -> None:
    assert revision_from_document(document_of(TIME, PEOPLE), 1).high_when is None
    measured = document_of(TIME, PEOPLE + "[load]\nhigh_when = 8\n")
    assert revision_from_document(measured, 1).high_when == 8
    before = {name: table for name, table in measured.items() if name != "load"}
    assert revision_from_document(before, 1).high_when is None
