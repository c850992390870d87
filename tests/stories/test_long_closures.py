"""Everything is closed for weeks: what came in is asked about again at the very opening, and nobody is forgotten."""

from datetime import UTC, date, datetime, timedelta

from adapters.message import Channel
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

#: Eight weeks of holidays from the story's Wednesday on, and the first Monday after them, 10:00 at +03:00.
CLOSED = ", ".join(f"{date(2026, 3, 4) + timedelta(days=one)}" for one in range(61))
OPENING = datetime(2026, 5, 4, 7, 0, tzinfo=UTC)
HOURS = (
    'week = { mon-fri = ["10:00-19:00"] }',
    f'week = {{ mon-fri = ["10:00-19:00"] }}\nholidays = {{ dates = [{CLOSED}] }}',
)


async def _away(desk: Story, *names: str, until: str) -> None:
    for name in names:
        words = f"away for {name} from 2026-04-27 until {until}"
        answer = await desk.channels[Channel.SLACK].command("T1/U5", "desk", words)
        assert not answer.is_refused, answer.text
    await desk.settle()
    desk.forget()


async def test_what_waits_through_eight_weeks_of_holidays_is_given_away_as_they_end(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(HOURS), start=NOON + timedelta(hours=8))
    await desk.receives(sender="bill", text="Payroll failed")
    desk.expect_message("bill", containing="We are back May 4, 02:00")
    await desk.go_to(OPENING - timedelta(minutes=1))
    assert (await desk.ticket()).assignee is None
    desk.expect_quiet()
    await desk.go_to(OPENING)
    assert (await desk.ticket()).assignee == "mira"
    desk.expect_card("mira", containing="T-1 · Initech: Payroll failed")
    desk.expect_quiet()


async def test_leave_of_a_month_after_a_fortnight_of_holidays_strands_nothing(make_desk: MakeStory) -> None:
    """All of the line are on leave as the holidays end: the ticket waits for the first of them, and no longer."""
    desk = await make_desk(story_desk(HOURS), start=NOON + timedelta(hours=8))
    await _away(desk, "mira", "oleg", until="2026-05-28")
    await desk.receives(sender="bill", text="Payroll failed")
    desk.expect_message("bill", containing="We are back May 28, 02:00")
    await desk.go_to(OPENING + timedelta(days=24) - timedelta(minutes=1))
    assert (await desk.ticket()).assignee is None
    desk.forget()  # promises break in April, and leads hear of it
    await desk.go_to(OPENING + timedelta(days=24))
    assert (await desk.ticket()).assignee == "mira"
    desk.expect_card("mira", containing="T-1 · Initech: Payroll failed")
