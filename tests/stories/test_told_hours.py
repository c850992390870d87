"""Whoever was told when somebody is back, and the desk's hours are written anew so that it is later: they hear it."""

from datetime import UTC, datetime

import pytest

from adapters.message import Channel
from bot.desk.care.new_openings import KEY, tell_new_openings
from bot.desk.desk import Desk
from bot.now import Timekeeper
from bot.store import remembered
from bot.tickets.command import HandOver, NotCovered, Reply
from routing.people import PersonId
from tests.builders import STORY_DESK, document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

HOURS = 'week = { mon-fri = ["10:00-19:00"] }'
#: Monday, 21:30 at +03:00.
NIGHT = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
LATER = document(STORY_DESK.replace(HOURS, 'week = { mon-fri = ["12:00-19:00"] }'))
EARLIER = document(STORY_DESK.replace(HOURS, 'week = { mon-fri = ["08:00-19:00"] }'))
CLOSED = document(STORY_DESK.replace(HOURS, HOURS + '\ndays."2026-03-03" = []'))


@pytest.fixture
async def told(make_desk: MakeStory) -> Story:
    """At night Lena was told that Vera is back tomorrow at seven of her time."""
    story = await make_desk(start=NIGHT)
    await story.desk.recount()
    await story.receives(sender="lena", text="Payroll failed")
    story.expect_message("lena", containing="Vera is back tomorrow 07:00")
    story.forget()
    return story


async def test_told_anew_once_and_not_by_the_next_desk(told: Story) -> None:
    await told.apply(LATER)
    await told.settle()
    told.expect_message("lena", containing="we are back tomorrow 09:00 and answer by tomorrow 10:00 (your time)")
    assert (await told.events()).count("put_off") == 1
    await told.apply(document(STORY_DESK.replace(HOURS, 'week = { mon-fri = ["12:00-19:30"] }')))
    await told.apply(EARLIER)
    await told.apply(LATER)
    await told.settle()
    told.expect_nothing("lena", Channel.TELEGRAM)


async def test_a_process_that_lags_behind_leaves_it_to_those_who_know_the_new_hours(told: Story) -> None:
    lagging = Desk(told.database, told.channels, Timekeeper(wall=told.time.now))
    await lagging.refresh()
    await told.apply_unseen(LATER)
    await tell_new_openings(told.database, lagging.revisions, lagging.directory, at=told.time.at)
    await told.desk.refresh()
    await told.desk.recount()
    await told.settle()
    told.expect_message("lena", containing="we are back tomorrow 09:00 and answer by tomorrow 10:00 (your time)")
    assert (await told.events()).count("put_off") == 1


async def test_an_earlier_opening_is_not_told(told: Story) -> None:
    await told.apply(EARLIER)
    await told.settle()
    told.expect_nothing("lena", Channel.TELEGRAM)
    assert "put_off" not in await told.events()


async def test_a_second_holiday_is_told_as_well(told: Story) -> None:
    await told.apply(CLOSED)
    await told.settle()
    told.expect_message("lena", containing="we are back Wednesday 07:00")
    await told.apply(document(STORY_DESK.replace(HOURS, HOURS + '\ndays."2026-03-03" = []\ndays."2026-03-04" = []')))
    await told.settle()
    told.expect_message("lena", containing="we are back Thursday 07:00")


async def test_a_day_that_is_closed_in_its_middle_is_told_to_whoever_waits(desk: Story) -> None:
    await desk.desk.recount()
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(Channel.EMAIL, sender="bill", text="Export failed")
    await desk.does("oleg", Reply("Which one?"), ticket=2)
    desk.forget()
    await desk.apply(CLOSED)
    await desk.settle()
    desk.expect_message("lena", containing="we are back tomorrow 07:00")
    desk.expect_nothing("bill", Channel.EMAIL)
    await desk.apply(
        document(STORY_DESK.replace("Story Desk", "Other Desk").replace(HOURS, HOURS + '\ndays."2026-03-03" = []'))
    )
    await desk.settle()
    desk.expect_nothing("lena", Channel.TELEGRAM)


async def test_what_is_not_covered_or_over_hears_nothing(told: Story) -> None:
    await told.does("vera", NotCovered("changes by others"))
    told.forget()
    await told.apply(LATER)
    await told.settle()
    told.expect_nothing("lena", Channel.TELEGRAM)


async def test_killed_before_it_was_told_they_hear_it_once(told: Story) -> None:
    await told.apply_unseen(LATER)
    await told.dies()
    await told.desk.recount()
    await told.settle()
    told.expect_message("lena", containing="we are back tomorrow 09:00")
    await told.dies()
    await told.database.write(lambda conn: remembered.remember(conn, KEY, '{"revision": 1, "hours": ""}'))
    counted = await tell_new_openings(told.database, told.desk.revisions, told.desk.directory, at=told.time.at)
    await told.settle()
    assert counted == 0
    told.expect_nothing("lena", Channel.TELEGRAM)


async def test_nobody_who_is_told_by_the_old_hours_is_told_after_an_answer(told: Story) -> None:
    await told.does("vera", Reply("I look at it now"))
    told.forget()
    await told.apply(LATER)
    await told.fast_forward(hours=1)
    told.expect_nothing("lena", Channel.TELEGRAM)


def desk_where_mira_comes(clock: str, name: str = "Story Desk") -> str:
    """Mira begins at this time of day; all others are there before her."""
    own = 'name = "Mira Solano"\nroles = ["manager"]\ncalendar = '
    late = f'[calendars.late]\nzone = "fixed:+03:00"\nweek = {{ mon-fri = ["{clock}-19:00"] }}\n'
    return story_desk(
        (f'{own}"office"', f'{own}"late"'),
        ("[calendars.long]", f"{late}[calendars.long]"),
        ('"Story Desk"', f'"{name}"'),
    )


@pytest.fixture
async def promised(make_desk: MakeStory) -> Story:
    """While Vera is there she gave it to Mira, and Lena was told when Mira comes."""
    story = await make_desk(desk_where_mira_comes("14:00"))
    await story.desk.recount()
    await story.receives(sender="lena", text="Payroll failed")
    await story.does("vera", HandOver(PersonId("mira"), "She knows the bank"))
    story.expect_message("lena", containing="Mira looks after T-1 from now on and is back 11:00")
    story.forget()
    return story


async def test_another_desk_takes_nothing_from_whom_it_was_given_to_for_later(promised: Story) -> None:
    await promised.apply(document(desk_where_mira_comes("14:00", "Other Desk")))
    await promised.settle()
    assert (await promised.ticket()).assignee == "mira"
    promised.expect_nothing("lena", Channel.TELEGRAM)


async def test_the_one_who_was_promised_comes_later_while_others_are_there(promised: Story) -> None:
    await promised.apply(document(desk_where_mira_comes("17:00")))
    await promised.settle()
    assert (await promised.ticket()).assignee == "mira"
    promised.expect_message("lena", containing="A change for T-1: we are back 14:00 (your time)")
    await promised.apply(document(desk_where_mira_comes("17:00", "Other Desk")))
    await promised.settle()
    promised.expect_nothing("lena", Channel.TELEGRAM)


async def test_given_on_to_somebody_who_is_there_it_goes_on_as_their_shift_ends(promised: Story) -> None:
    early = '[calendars.early]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["09:00-12:30"] }\n[lines.managers]'
    taras = 'name = "Tara Lindt"\nroles = ["senior"]\ncalendar = '
    text = desk_where_mira_comes("14:00").replace(f'{taras}"office"', f'{taras}"early"')
    await promised.apply(document(text.replace("[lines.managers]", early, 1)))
    await promised.does("dana", HandOver(PersonId("tara"), "She is quicker"))
    promised.forget()
    await promised.fast_forward(minutes=35)
    assert (await promised.ticket()).assignee == "vera"
    promised.expect_ping("vera", containing="T-1")
