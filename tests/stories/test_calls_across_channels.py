"""Whoever was invited by mail and goes on elsewhere keeps one entry in their calendar, and it is right."""

from datetime import timedelta

import pytest

from adapters.message import Channel, Invite, OutboundMessage
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import BookCall, CancelCall, ConfirmCall, DeclineCall, MoveCall
from bot.tickets.command import Merge
from bot.tickets.ticket import TicketId
from sla.duration import instant
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, called, calls
from tests.stories.test_calls_changed import invited, states
from tests.stories.test_calls_life import ACCEPTED, WITH_TIME

DATABASES = ("sqlite", "postgresql")
LATER = instant(WITH_TIME + timedelta(days=1, hours=1))
MAIL = "lena@acme.test"


def brief(found: list[Invite]) -> list[tuple[str, int]]:
    return [(one.method, one.sequence) for one in found]


def last_mail(desk: Story) -> str:
    said = desk.channels[Channel.EMAIL].messages(MAIL)[-1].message
    assert isinstance(said, OutboundMessage)
    return said.text


async def by_mail_then_chat(make_desk: MakeStory, *, more: str = CALLS) -> Story:
    """Lena has booked by mail and goes on about it on Telegram."""
    desk = await called(make_desk, more=more)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call tomorrow 12:00")
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    await desk.receives(sender="lena", text="T-1 I go on here")
    desk.forget()
    return desk


async def test_a_move_in_the_chat_changes_the_entry_that_came_by_mail(make_desk: MakeStory) -> None:
    desk = await by_mail_then_chat(make_desk)
    await desk.receives(sender="lena", text="/call move")
    await desk.receives(sender="lena", text="3")
    await desk.dies()
    await desk.settle()
    (call,) = await calls(desk)
    asked, moved = invited(desk)
    assert brief([asked, moved]) == [("REQUEST", 0), ("REQUEST", 1)]
    assert (moved.uid, moved.starts_at.timestamp() * 1000) == (asked.uid, call.begins_at)
    assert moved.attendee == ("Lena", MAIL)
    desk.expect_message("lena", containing="Which time shall it be instead?")
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now tomorrow 10:00")
    desk.expect_message("lena", Channel.EMAIL, containing="Moved: Troubleshooting with Vera is now tomorrow 10:00")
    desk.expect_ping("vera", containing="the call is now tomorrow 13:00")
    # And the next change once more, to the same place.
    assert (await desk.does("vera", MoveCall(LATER))).text == "Done."
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now Thursday 13:00")
    desk.expect_message("lena", Channel.EMAIL, containing="is now Thursday 13:00")
    assert brief(invited(desk)) == [("REQUEST", 0), ("REQUEST", 1), ("REQUEST", 2)]
    assert [one.sequence for one in await calls(desk)] == [2]
    desk.expect_quiet()


@pytest.mark.parametrize("by", ["client", "staff"])
async def test_a_call_that_is_called_off_in_the_chat_leaves_the_calendar(make_desk: MakeStory, by: str) -> None:
    desk = await by_mail_then_chat(make_desk)
    if by == "client":
        await desk.receives(sender="lena", text="/call cancel")
        said = "Cancelled: Troubleshooting with Vera, tomorrow 12:00"
        desk.expect_ping("vera", containing="is cancelled")
    else:
        await desk.does("vera", CancelCall("a doctor"))
        said = "We have to call off Troubleshooting with Vera, tomorrow 12:00"
    desk.expect_message("lena", containing=said)
    desk.expect_message("lena", Channel.EMAIL, containing=said)
    assert brief(invited(desk)) == [("REQUEST", 0), ("CANCEL", 1)]
    assert await states(desk, 1) == [CallState.CANCELLED]
    desk.expect_quiet()


async def test_leave_over_it_takes_it_off_there_too(make_desk: MakeStory) -> None:
    desk = await by_mail_then_chat(make_desk)
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away from tomorrow until friday", by="T1/U1")
    await desk.settle()
    desk.expect_message("lena", containing="so this call is off")
    desk.expect_message("lena", containing="Choose another time or another person")
    desk.expect_message("lena", Channel.EMAIL, containing="so this call is off")
    desk.expect_ping("vera", containing="is cancelled")
    assert brief(invited(desk)) == [("REQUEST", 0), ("CANCEL", 1)]
    desk.expect_quiet()


@pytest.mark.parametrize("end", ["accepted", "declined", "lapsed"])
async def test_what_was_only_asked_for_by_mail_is_settled_there(make_desk: MakeStory, end: str) -> None:
    desk = await by_mail_then_chat(make_desk, more=ACCEPTED)
    if end == "accepted":
        await desk.does("vera", ConfirmCall())
    elif end == "declined":
        await desk.does("vera", DeclineCall("a doctor"))
    else:
        await desk.go_to(WITH_TIME - timedelta(hours=20))
    found = invited(desk)
    assert brief(found) == [("REQUEST", 0), ("REQUEST" if end == "accepted" else "CANCEL", 1)]
    assert [one.is_tentative for one in found] == [True, False]
    texts = {
        "accepted": "Booked: Troubleshooting with Vera",
        "declined": "Your call is off",
        "lapsed": "Your call is off",
    }
    assert last_mail(desk).startswith(texts[end])
    desk.forget()
    desk.expect_quiet()


async def test_who_booked_in_the_chat_and_goes_on_by_mail_is_invited_by_the_next_change(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    await desk.receives(Channel.EMAIL, sender="lena", text="T-1 I go on here")
    assert (await desk.does("vera", MoveCall(LATER))).text == "Done."
    (invite,) = invited(desk)
    assert (invite.method, invite.sequence, invite.attendee) == ("REQUEST", 1, ("Lena", MAIL))
    # Back in the chat it is still the same entry.
    await desk.receives(sender="lena", text="T-1 and back again")
    desk.forget()
    assert (await desk.does("vera", CancelCall())).text == "Done."
    desk.expect_message("lena", containing="We have to call off")
    desk.expect_message("lena", Channel.EMAIL, containing="We have to call off")
    assert brief(invited(desk)) == [("REQUEST", 1), ("CANCEL", 2)]
    desk.expect_quiet()


async def test_a_calendar_that_heard_of_no_call_is_told_of_no_end(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    await desk.receives(Channel.EMAIL, sender="lena", text="T-1 I go on here")
    await desk.receives(Channel.EMAIL, sender="lena", text="/call cancel")
    assert await states(desk, 1) == [CallState.CANCELLED]
    assert invited(desk) == []
    desk.expect_message("lena", Channel.EMAIL, containing="Cancelled: Troubleshooting with Vera")
    desk.forget()
    desk.expect_quiet()


async def test_the_next_call_is_another_entry(make_desk: MakeStory) -> None:
    desk = await by_mail_then_chat(make_desk)
    await desk.receives(sender="lena", text="/call cancel")
    assert (await desk.does("vera", BookCall(LATER))).text == "Done."
    desk.forget()
    assert (await desk.does("vera", CancelCall())).text == "Done."
    desk.expect_message("lena", containing="We have to call off")
    assert brief(invited(desk)) == [("REQUEST", 0), ("CANCEL", 1)]
    desk.expect_quiet()


async def test_a_calendar_that_answers_no_is_heard_wherever_its_owner_talks_now(make_desk: MakeStory) -> None:
    desk = await by_mail_then_chat(make_desk)
    (call,) = await calls(desk)
    for _ in range(2):
        await desk.channels[Channel.EMAIL].attends(MAIL, call.uid, "declined")
    await desk.settle()
    desk.expect_message("lena", containing="Cancelled: Troubleshooting with Vera, tomorrow 12:00")
    desk.expect_message("lena", Channel.EMAIL, containing="Cancelled: Troubleshooting with Vera, tomorrow 12:00")
    desk.expect_ping("vera", containing="is cancelled")
    assert brief(invited(desk)) == [("REQUEST", 0), ("CANCEL", 1)]
    desk.expect_quiet()


async def test_a_calendar_that_heard_of_it_between_two_merges_hears_of_its_end(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    for words in ("/call tomorrow 12:00", "1", "/new And the export"):
        await desk.receives(sender="lena", text=words)
    await desk.receives(Channel.EMAIL, sender="lena", text="The login is slow")
    assert (await desk.does("vera", Merge(TicketId(3)), ticket=1)).text == "Done."
    assert (await desk.does("vera", MoveCall(LATER), ticket=3)).text == "Done."
    assert brief(invited(desk)) == [("REQUEST", 1)]
    assert (await desk.does("vera", Merge(TicketId(2)), ticket=3)).text == "Done."
    desk.forget()
    assert (await desk.does("vera", CancelCall(), ticket=2)).text == "Done."
    desk.expect_message("lena", containing="We have to call off")
    desk.expect_message("lena", Channel.EMAIL, containing="We have to call off")
    assert brief(invited(desk)) == [("REQUEST", 1), ("CANCEL", 2)]
    desk.expect_quiet()
