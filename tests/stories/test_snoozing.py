"""A ticket is put out of the way for a while: its promises run on, and it is back in time."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.store.reading.queue import Wanted, tickets
from bot.tickets.command import AskDetails, HandOver, Reply, Resolve, Snooze, Unsnooze
from routing.people import PersonId
from sla.clock import State
from sla.duration import Instant, instant
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_absences import says
from tests.stories.test_put_off import ALONE

LATER = instant(NOON + timedelta(hours=3))


@pytest.fixture
async def waiting(desk: Story) -> Story:
    """Vera answered Lena and has nothing to do for now."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking into it"))
    desk.forget()
    return desk


async def snoozed_until(desk: Story) -> Instant | None:
    return (await desk.ticket()).snoozed_until


async def test_it_is_out_of_the_way_and_back_at_its_moment(waiting: Story) -> None:
    desk = waiting
    await desk.does("vera", Snooze(LATER))
    card = desk.expect_edit("vera", containing="T-1")
    assert card == "T-1 · Acme: Payroll failed\nOut of the way, back 15:00; its promises run on\n[Back now]"
    listed = await desk.database.read(lambda conn: tickets(conn, Wanted(is_awake=True)))
    assert not listed
    assert len(await desk.database.read(lambda conn: tickets(conn, Wanted()))) == 1
    await desk.go_to(NOON + timedelta(hours=3))
    desk.expect_ping("vera", containing="T-1 from Acme is back: Payroll failed")
    assert "Out of the way" not in desk.expect_edit("vera", containing="T-1")
    assert await snoozed_until(desk) is None
    await desk.fast_forward(days=1)
    desk.expect_quiet()


async def test_by_a_button_and_by_words_the_moment_is_ones_own(waiting: Story) -> None:
    desk = waiting
    refused = await desk.presses("vera", "ticket.snooze", until="soon")
    assert refused.errors["until"].endswith("write 15:00, 2h, tomorrow 10:00, mon 15:00 or 2026-03-05 15:00")
    answer = await desk.presses("vera", "ticket.snooze", until="tomorrow 11:00")
    assert not answer.is_refused
    assert await snoozed_until(desk) == instant(NOON + timedelta(hours=23))
    await desk.presses("vera", "ticket.unsnooze")
    assert await snoozed_until(desk) is None
    assert (await desk.events())[-2:] == ["snoozed", "came_back"]
    desk.forget()
    await desk.fast_forward(days=2)
    desk.expect_quiet()


async def test_it_is_back_when_the_client_writes(waiting: Story) -> None:
    desk = waiting
    await desk.does("vera", Snooze(LATER))
    desk.forget()
    await desk.fast_forward(minutes=30)
    await desk.receives(sender="lena", text="Any news?")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    assert await snoozed_until(desk) is None
    await desk.does("vera", Reply("Soon"))
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=4))
    desk.expect_quiet()


async def test_no_promise_is_paused_and_its_last_call_brings_the_ticket_back(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Snooze(LATER))
    desk.forget()
    assert (await desk.clock("first_response")).state is State.RUNNING
    await desk.fast_forward(minutes=50)
    desk.expect_ping("vera", containing="12 min left")
    assert await snoozed_until(desk) == LATER
    await desk.fast_forward(minutes=8)
    assert await snoozed_until(desk) is None
    assert "came_back" in await desk.events()
    refused = await desk.does("vera", Snooze(LATER))
    assert "A promise on T-1 is nearly due or broken" in refused.text


async def test_whoever_gets_it_meanwhile_sees_it(waiting: Story) -> None:
    desk = waiting
    await desk.does("vera", Snooze(LATER))
    await desk.does("vera", HandOver(PersonId("oleg")))
    assert await snoozed_until(desk) is None
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=4))
    desk.expect_quiet()


async def test_what_is_done_meanwhile_stays_away(waiting: Story) -> None:
    desk = waiting
    await desk.does("vera", Snooze(LATER))
    await desk.does("vera", Resolve("Fixed"))
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=4))
    desk.expect_quiet()


async def test_out_of_its_persons_hours_it_comes_back_with_their_shift(waiting: Story) -> None:
    desk = waiting
    await desk.does("vera", Snooze(instant(NOON + timedelta(hours=10))))
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=21))
    assert await snoozed_until(desk) == instant(NOON + timedelta(hours=22))
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(hours=22))
    desk.expect_ping("vera", containing="T-1 from Acme is back")
    desk.expect_quiet()


async def test_put_away_again_only_the_last_moment_counts(waiting: Story) -> None:
    desk = waiting
    await desk.does("vera", Snooze(instant(NOON + timedelta(hours=1))))
    await desk.does("vera", Snooze(LATER), key="again")
    await desk.does("vera", Snooze(LATER), key="again")
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=2))
    desk.expect_quiet()
    await desk.dies()
    await desk.go_to(NOON + timedelta(hours=3))
    await desk.dies()
    await desk.go_to(NOON + timedelta(hours=4))
    desk.expect_ping("vera", containing="T-1 from Acme is back")
    desk.expect_quiet()


async def test_a_silent_client_is_still_nudged(waiting: Story) -> None:
    desk = waiting
    await desk.does("vera", AskDetails("Which month?"))
    await desk.does("vera", Snooze(instant(NOON + timedelta(days=10))))
    desk.forget()
    await desk.fast_forward(days=2)
    desk.expect_message("lena", containing="T-1")
    desk.expect_quiet()


@pytest.mark.parametrize("command", [Snooze(instant(NOON)), Unsnooze()], ids=["in the past", "never put away"])
async def test_nothing_changes_where_there_is_nothing_to_do(waiting: Story, command: Snooze | Unsnooze) -> None:
    before = await waiting.ticket()
    await waiting.does("vera", command)
    assert await waiting.ticket() == before
    waiting.expect_quiet()


async def test_spam_is_one_press_away(desk: Story) -> None:
    await desk.receives(Channel.TELEGRAM, sender="5001", text="Buy followers")
    ticket = await desk.ticket()
    desk.forget()
    await desk.presses(ticket.assignee or "", "ticket.spam")
    assert (await desk.ticket()).status == "spam"
    assert (await desk.clock("first_response")).state is State.CANCELLED
    await desk.fast_forward(days=1)
    desk.expect_quiet()


async def test_more_than_a_year_ahead_is_a_slip_and_refused(waiting: Story) -> None:
    answer = await waiting.does("vera", Snooze(instant(NOON + timedelta(days=367))))
    assert (answer.is_refused, "more than a year away" in answer.text) == (True, True)
    assert await snoozed_until(waiting) is None
    assert not (await waiting.does("vera", Snooze(instant(NOON + timedelta(days=365))))).is_refused


async def test_whoever_has_it_is_away_without_end_and_the_lead_hears_that_it_is_back(make_desk: MakeStory) -> None:
    story = await make_desk(ALONE)
    await story.receives(sender="lena", text="Payroll failed")
    await story.does("vera", Reply("Looking into it"))
    await story.does("vera", Snooze(LATER))
    await says(story, "away")
    story.forget()
    await story.go_to(NOON + timedelta(hours=3))
    assert "Vera Kova has it, is away" in story.expect_alert("dana", containing="T-1 from Acme is back: Payroll failed")
    await story.fast_forward(days=2)
    story.expect_quiet()
