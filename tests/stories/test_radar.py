"""The coverage radar: on Monday morning the leads read where nobody stands behind a promise, or nothing at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.message import Channel
from bot.desk.care.radar import next_look
from bot.store import alarms
from bot.tickets.people.radar import radar, who_answers
from routing.coverage import Absence
from routing.people import ClientId, PersonId
from sla.duration import Instant, instant
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_paging import PAGED

SLACK = Channel.SLACK
ALERTS = "T1/C0ALERTS"
IN_ONE_PLACE = ('public_plan = "public"', f'public_plan = "public"\nalerts = {{ slack = "{ALERTS}" }}')
#: What is critical is promised in real time, and Tara and Dana are called for it.
AT_NIGHT = PAGED.replace(
    'first_response = { within = "15m", quote = "respond promptly" }',
    'first_response = { within = "15m", unit = "wall", quote = "respond promptly" }',
)
#: The Monday after the story's Tuesday, when Dana's week begins: 9:00 at +03:00.
MONDAY = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)


async def away(desk: Story, *names: str, until: str) -> None:
    for name in names:
        words = f"away for {name} from 2026-03-12 until {until}"
        answer = await desk.channels[SLACK].command("T1/U5", "desk", words)
        assert not answer.is_refused, answer.text
    await desk.settle()
    desk.forget()


async def test_on_monday_the_leads_read_where_nobody_is_left(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_ONE_PLACE))
    await away(desk, "vera", "oleg", "mira", until="2026-03-14")
    await desk.go_to(MONDAY - timedelta(minutes=1))
    desk.expect_quiet()
    await desk.go_to(MONDAY)
    told = desk.expect_in(ALERTS, containing="In the next four weeks there are")
    assert "2026-03-12 10:00–19:00 (9 h) · Acme: Vera Kova, Oleg Hnatiuk, Mira Solano on leave" in told
    assert "2026-03-13 10:00–19:00 (9 h) · Globex: " in told
    assert "Public" in told
    desk.expect_quiet()
    # It is said again a week later, if it is so still; by then nothing is left of it.
    await desk.go_to(MONDAY + timedelta(days=7, hours=1))
    desk.expect_nothing(ALERTS, SLACK)


async def test_leave_of_two_months_hides_no_week_and_leave_without_an_end_is_looked_at_again(desk: Story) -> None:
    """Nobody leads for eight weeks: the first Monday after is told about all the same."""
    revision, at = desk.desk.revisions.current, desk.time.at
    back = instant(datetime(2026, 5, 4, 6, 0, tzinfo=UTC))
    long, endless = Absence(PersonId("dana"), at, back), Absence(PersonId("dana"), at, None)
    assert next_look(replace(revision, absences=(long,)), at) == back
    # A week begins at midnight, +03:00.
    assert next_look(replace(revision, absences=(endless,)), at) == instant(MONDAY - timedelta(hours=9))
    assert next_look(replace(revision, people={}), at) is None


async def test_a_monday_with_somebody_behind_every_promise_is_silent(desk: Story) -> None:
    await away(desk, "vera", "oleg", until="2026-03-14")
    await desk.go_to(MONDAY + timedelta(days=1))
    desk.expect_nothing("dana", SLACK)


async def test_it_is_told_once_a_week_however_often_the_alarm_comes_or_the_desk_is_applied(desk: Story) -> None:
    await away(desk, "vera", "oleg", "mira", until="2026-03-14")
    await desk.go_to(MONDAY)
    desk.expect_ping("dana", containing="In the next four weeks")
    again = alarms.Alarm("radar:", Instant(desk.time.at))
    await desk.database.write(lambda conn: alarms.put(conn, [again]))
    await desk.settle()
    await desk.apply(document(story_desk(('name = "Story Desk"', 'name = "Another Desk"'))))
    await desk.settle()
    desk.expect_quiet()
    assert await _armed(desk) == instant(MONDAY + timedelta(days=7))


async def test_a_lead_who_is_away_that_monday_is_not_called_and_the_week_waits_for_their_return(desk: Story) -> None:
    await away(desk, "vera", "oleg", "mira", until="2026-03-14")
    answer = await desk.channels[SLACK].command("T1/U5", "desk", "away until 2026-03-11")
    assert not answer.is_refused
    await desk.settle()
    desk.forget()
    await desk.desk.refresh()
    await desk.go_to(MONDAY + timedelta(days=1))
    desk.expect_quiet()
    await desk.go_to(MONDAY + timedelta(days=2))
    desk.expect_ping("dana", containing="In the next four weeks")


async def test_it_survives_a_kill_before_monday(desk: Story) -> None:
    await away(desk, "vera", "oleg", "mira", until="2026-03-14")
    await desk.dies()
    await desk.go_to(MONDAY)
    desk.expect_ping("dana", containing="In the next four weeks")
    desk.expect_quiet()


async def test_clients_who_are_served_alike_are_looked_at_together_and_strangers_too(desk: Story) -> None:
    await away(desk, "oleg", "mira", until="2026-03-13")
    found = radar(desk.desk.revisions.current, since=desk.time.at)
    # Vera is Acme's own and stays; everybody else is left with nobody that day.
    assert [(one.plan, one.clients) for one in found] == [
        ("premium", ("initech",)),
        ("public", ()),
        ("strict", ("globex",)),
    ]
    assert {(one.gap.since, one.gap.until) for one in found} == {
        (instant(datetime(2026, 3, 12, 7, tzinfo=UTC)), instant(datetime(2026, 3, 12, 16, tzinfo=UTC)))
    }


@pytest.mark.parametrize("pages", [pytest.param(False, id="nobody"), pytest.param(True, id="an on-call ladder")])
async def test_what_is_promised_at_night_is_covered_where_somebody_is_paged(
    make_desk: MakeStory, *, pages: bool
) -> None:
    at_night = (
        'first_response = { within = "15m", quote = "respond promptly" }',
        'first_response = { within = "15m", unit = "wall", quote = "respond promptly" }',
    )
    paged = ('satisfied_by = "human_reply"', 'satisfied_by = "human_reply"\noff_hours_ladder = "lead"')
    desk = await make_desk(story_desk(at_night, *([paged] if pages else [])))
    found = radar(desk.desk.revisions.current, since=desk.time.at, weeks=1)
    nights = [one.gap for one in found if "acme" in one.clients]
    # A week from a Tuesday's noon: five days of nine hours are covered.
    hours = sum(one.until - one.since for one in nights) / 3_600_000
    assert hours == (0 if pages else 7 * 24 - 5 * 9)
    assert {one.hours for one in nights} <= {""}


async def nights(desk: Story) -> list[tuple[int, int]]:
    """Acme's gaps of a week, in hours from now."""
    at = desk.time.at
    found = [one.gap for one in radar(desk.desk.revisions.current, since=at, weeks=1) if "acme" in one.clients]
    return [((one.since - at) // 3_600_000, (one.until - at) // 3_600_000) for one in found]


async def test_a_page_covers_a_night_only_while_somebody_stands_on_its_ladder(make_desk: MakeStory) -> None:
    desk = await make_desk(AT_NIGHT)
    assert await nights(desk) == []
    for who in ("tara", "dana"):
        await desk.channels[SLACK].command("T1/U5", "desk", f"away for {who} until 2026-03-05")
    await desk.settle()
    # Tuesday night, and Wednesday night until midnight, when their leave ends.
    assert await nights(desk) == [(7, 22), (31, 36)]


async def test_a_page_does_not_cover_what_is_promised_at_night_and_not_urgent(make_desk: MakeStory) -> None:
    desk = await make_desk(
        AT_NIGHT.replace('first_response = { within = "1h"', 'first_response = { unit = "wall", within = "1h"')
    )
    assert (await nights(desk))[:2] == [(7, 22), (31, 46)]


async def test_a_line_for_the_night_is_behind_its_promises_and_whose_week_it_is_counts(make_desk: MakeStory) -> None:
    at_night = (
        'first_response = { within = "15m", quote = "respond promptly" }',
        'first_response = { within = "15m", unit = "wall", quote = "respond promptly" }',
    )
    always = """
[calendars.always]
zone = "UTC"
week = { mon-sun = ["00:00-24:00"] }
[lines.night]
people = ["nina", "timo"]
calendar = "always"
turns_from = 2026-03-02
[people.nina]
name = "Nina Roth"
roles = ["manager"]
calendar = "always"
identities = { slack = "T1/U8" }
[people.timo]
name = "Timo Berg"
roles = ["manager"]
calendar = "office"
identities = { slack = "T1/U9" }
"""
    named = ('name = "Premium"\n', 'name = "Premium"\noff_hours_line = "night"\n')
    desk = await make_desk(story_desk(at_night, named, more=always))
    found = radar(desk.desk.revisions.current, since=desk.time.at, weeks=2)
    nights = [one.gap for one in found if "acme" in one.clients]
    # Nina's week has no gap; in the next one it is Timo's turn, who works by day only.
    assert {one.since >= instant(datetime(2026, 3, 9, tzinfo=UTC)) for one in nights} == {True}
    assert min(one.since for one in nights) == instant(datetime(2026, 3, 9, tzinfo=UTC))
    hours = sum(one.until - one.since for one in nights) / 3_600_000
    assert hours == 7 * 24 - 5 * 9
    assert all("timo" in one.off for one in nights)


async def test_who_answers_is_what_the_desk_does(desk: Story) -> None:
    revision = desk.desk.revisions.current
    for sender, client in (("lena", "acme"), ("taras", "globex"), ("bill", "initech")):
        asked = who_answers(revision, revision.client(ClientId(client)), at=desk.time.at)
        await desk.receives(Channel.INAPP, sender=sender, text="Payroll failed")
        number = {"acme": 1, "globex": 2, "initech": 3}[client]
        ticket = await desk.ticket(number)
        if client != "initech":
            assert (ticket.assignee, ticket.rule) == (asked.person, asked.rule)
        else:
            assert asked.person in {PersonId("mira"), PersonId("oleg")}
    assert desk.time.at == instant(NOON)


async def _armed(desk: Story) -> Instant | None:
    found = await desk.database.read(lambda conn: alarms.peek(conn, now=Instant(2**62), count=100))
    return next((one.due_at for one in found if one.owner == "radar:"), None)


async def test_what_comes_back_day_after_day_is_one_line(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_ONE_PLACE))
    await away(desk, "vera", "oleg", "mira", until="2026-03-19")
    await desk.go_to(MONDAY)
    told = desk.expect_in(ALERTS, containing="In the next four weeks there are")
    assert told.count("· Acme: ") == 1
    assert "10:00–19:00 on 5 days, 2026-03-12 to 2026-03-18 (9 h each) · Acme: Vera Kova, Oleg Hnatiuk" in told
    desk.expect_quiet()
