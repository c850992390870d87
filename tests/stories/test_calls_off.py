"""Calls that are held for nobody any more, calls of somebody who rang us, and the line on the card that says when."""

from datetime import timedelta

import pytest

from adapters.card import OutboundCard
from adapters.message import Channel, OutboundMessage
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import BookCall, CancelCall
from bot.tickets.command import MarkSpam, Merge
from bot.tickets.ticket import TicketId
from sla.duration import instant
from tests.builders import STORY_DESK, document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_call_backs import MISSED, PBX, PHONES
from tests.stories.test_calls import CALLS, called, calls
from tests.stories.test_calls_in_calendars import IN_SLACK, brief, invites
from tests.stories.test_calls_life import WITH_TIME, state

DATABASES = ("sqlite", "postgresql")
NO_ACME = "[clients.acme]"
LENA = '{ name = "Lena", telegram = 1001, email = "lena@acme.test", slack = "T2/U9", inapp = "user-17" }'
OFF = "Your call is off: Troubleshooting with Vera, tomorrow 12:00 (15:00 for Vera). We are sorry."


async def booked(make_desk: MakeStory, channel: Channel = Channel.TELEGRAM) -> Story:
    desk = await called(make_desk, IN_SLACK)
    await desk.receives(channel, sender="lena", text="/call tomorrow 12:00")
    await desk.receives(channel, sender="lena", text="1")
    desk.forget()
    return desk


def told(desk: Story, address: str = "lena@acme.test") -> list[tuple[str, int]]:
    """The invitations that a client's calendar has had."""
    sent = [one.message for one in desk.channels[Channel.EMAIL].messages(address)]
    return [(one.invite.method, one.invite.sequence) for one in sent if isinstance(one, OutboundMessage) and one.invite]


def without_acme() -> str:
    before, _, rest = story_desk(IN_SLACK, more=CALLS).partition(NO_ACME)
    return before + rest[rest.index("[clients.globex]") :]


# Nobody to hold it for


async def test_a_client_who_is_removed_has_no_call_any_more_and_both_calendars_know(make_desk: MakeStory) -> None:
    desk = await booked(make_desk, Channel.EMAIL)
    await desk.apply(document(without_acme()))
    await desk.dies()
    await desk.settle()
    said = desk.channels[Channel.EMAIL].messages("lena@acme.test")[-1].message
    assert isinstance(said, OutboundMessage)
    assert said.text == OFF
    desk.expect_ping("vera", containing="T-1: the call tomorrow 15:00 (12:00 for Lena) is off, because")
    assert await state(desk) is CallState.CANCELLED
    assert told(desk) == [("REQUEST", 0), ("CANCEL", 1)]
    assert brief(invites(desk))[-1] == ("CANCEL", 1, False, False)
    desk.forget()
    await desk.go_to(WITH_TIME + timedelta(days=2))
    desk.expect_quiet()


async def test_a_contact_who_left_has_no_call_any_more_and_a_colleague_keeps_theirs(make_desk: MakeStory) -> None:
    marta = (LENA, f'{LENA}, {{ name = "Marta", telegram = 1009 }}')
    desk = await called(make_desk, IN_SLACK, marta)
    for sender, at in (("lena", "12:00"), ("marta", "13:00")):
        await desk.receives(sender=sender, text=f"/call tomorrow {at}")
        await desk.receives(sender=sender, text="1")
    desk.forget()
    await desk.apply(document(story_desk(IN_SLACK, (LENA, '{ name = "Marta", telegram = 1009 }'), more=CALLS)))
    await desk.settle()
    shown = desk.channels[Channel.TELEGRAM].messages("1001")[-1].message
    assert isinstance(shown, OutboundMessage)
    assert shown.text.startswith("Your call is off: Troubleshooting with Vera")
    desk.expect_ping("vera", containing="is off, because Lena no longer speaks for them")
    assert [one.state for ticket in (1, 2) for one in await calls(desk, ticket)] == [
        CallState.CANCELLED,
        CallState.CONFIRMED,
    ]
    desk.expect_message("vera", Channel.EMAIL, containing="is off, because Lena")
    desk.forget()
    desk.expect_quiet()


async def test_who_leaves_the_desk_leaves_no_client_waiting(make_desk: MakeStory) -> None:
    desk = await booked(make_desk, Channel.EMAIL)
    changed = story_desk(IN_SLACK, more=CALLS).replace("[people.vera]", "[people.vira]").replace('"vera"', '"vira"')
    await desk.apply(document(changed))
    await desk.dies()
    await desk.settle()
    assert await state(desk) is CallState.LAPSED
    assert told(desk) == [("REQUEST", 0), ("CANCEL", 1)]
    # Her own calendar, at the address that she had: the desk knows her no more.
    first, last = invites(desk)
    assert (first.uid, first.starts_at, first.attendee) == (last.uid, last.starts_at, last.attendee)
    assert brief([first, last]) == [("REQUEST", 0, False, False), ("CANCEL", 1, False, False)]
    await desk.go_to(WITH_TIME + timedelta(days=1))
    assert len(invites(desk)) == len(told(desk)) == 2
    desk.forget()
    desk.expect_quiet()


async def test_what_was_spam_is_no_call(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    assert not (await desk.does("vera", MarkSpam())).is_refused
    desk.expect_message("lena", containing=OFF)
    desk.expect_ping(
        "vera", containing="T-1 (Acme): the call tomorrow 15:00 (12:00 for Lena) is off, because the ticket"
    )
    desk.expect_message("vera", Channel.EMAIL, containing="is off, because the ticket was closed as spam")
    assert await state(desk) is CallState.CANCELLED
    await desk.go_to(WITH_TIME + timedelta(days=2))
    desk.expect_quiet()


async def test_a_change_of_the_desk_that_concerns_nobody_leaves_calls_alone(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.apply(document(story_desk(IN_SLACK, more=f'{CALLS}grid = "15m"\n')))
    await desk.settle()
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_quiet()


# On the card


async def test_the_card_says_when_the_next_call_is_in_its_readers_time(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    line = "Call with Vera: Troubleshooting, tomorrow 15:00 (12:00 for Lena) · booked"

    def shown() -> str:
        cards = [one.message for one in desk.own.sent if isinstance(one.message, OutboundCard)]
        return "\n".join([one.card for one in cards if one.card.title.startswith("T-1 · Acme")][-1].lines)

    assert line not in shown()
    assert not (await desk.does("vera", BookCall(instant(WITH_TIME)))).is_refused
    assert line in shown()
    answer = await desk.channels[Channel.SLACK].command("T1/U1", "desk", "ticket T-1", by="T1/U1")
    assert line in answer.text
    await desk.does("vera", CancelCall())
    assert "Call with" not in shown()
    desk.forget()
    desk.expect_quiet()


async def test_the_card_of_what_tickets_were_merged_into_says_the_first_of_their_calls(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.receives(sender="lena", text="/new")
    await desk.receives(sender="lena", text="Exports are slow")
    await desk.does("vera", Merge(TicketId(2)), ticket=1)
    answer = await desk.channels[Channel.SLACK].command("T1/U1", "desk", "ticket T-2", by="T1/U1")
    assert "Call with Vera: Troubleshooting, tomorrow 15:00" in answer.text
    desk.forget()
    desk.expect_quiet()


# Somebody who rang us


@pytest.fixture
async def rung(make_desk: MakeStory) -> Story:
    """Lena has called at noon, and nobody answered."""
    desk = await make_desk(story_desk(*PHONES, more=CALLS))
    await desk.receives(Channel.EMAIL, sender=PBX, text=MISSED)
    desk.forget()
    return desk


async def test_who_rang_is_told_where_they_are_known_besides(rung: Story) -> None:
    desk = rung
    assert (await desk.does("vera", BookCall(instant(WITH_TIME)))).text == "Done."
    desk.expect_message("lena", Channel.EMAIL, containing="Vera and you have a call: Troubleshooting, tomorrow 12:00")
    assert told(desk) == [("REQUEST", 0)]
    desk.expect_quiet()
    await desk.go_to(WITH_TIME - timedelta(minutes=15))
    desk.expect_message("lena", Channel.EMAIL, containing="A reminder of your call")
    desk.expect_message("lena", Channel.EMAIL, containing="is about to begin")
    desk.forget()
    assert (await desk.does("dana", CancelCall())).text == "Done."
    desk.expect_message("lena", Channel.EMAIL, containing="We have to call off Troubleshooting with Vera")
    desk.expect_ping("vera", containing="is cancelled")
    assert told(desk) == [("REQUEST", 0), ("CANCEL", 1)]
    desk.expect_quiet()


async def test_who_rang_changes_the_call_where_they_were_told_of_it(rung: Story) -> None:
    desk = rung
    await desk.does("vera", BookCall(instant(WITH_TIME + timedelta(days=1))))
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="lena", text="/call move")
    desk.expect_message("lena", Channel.EMAIL, containing="1. ")
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    desk.expect_message("lena", Channel.EMAIL, containing="Moved: Troubleshooting with Vera is now")
    desk.expect_ping("vera", containing="the call is now")
    await desk.receives(Channel.EMAIL, sender="lena", text="/call cancel")
    desk.expect_message("lena", Channel.EMAIL, containing="Cancelled: Troubleshooting with Vera")
    desk.expect_ping("vera", containing="is cancelled")
    assert await state(desk) is CallState.CANCELLED
    desk.expect_quiet()


async def test_who_rang_and_is_known_nowhere_else_is_told_by_whoever_booked_it(make_desk: MakeStory) -> None:
    only = (PHONES[0], (LENA, '{ name = "Lena", phone = "+351 912 345 678" }'))
    desk = await make_desk(story_desk(*only, more=CALLS))
    await desk.receives(Channel.EMAIL, sender=PBX, text=MISSED)
    desk.forget()
    assert (await desk.does("vera", BookCall(instant(WITH_TIME)))).text == "Done."
    said = desk.expect_alert(
        "vera", containing="Lena called and cannot be written to anywhere. Please say it on the phone"
    )
    assert "Vera and you have a call: Troubleshooting, tomorrow 12:00 (15:00 for Vera)." in said
    await desk.go_to(WITH_TIME - timedelta(minutes=15))
    desk.expect_ping("vera", containing="a reminder of the call with Lena")
    desk.expect_ping("vera", containing="is about to begin")
    assert desk.channels[Channel.BOARD].messages("+351912345678") == ()
    await desk.go_to(NOON + timedelta(days=1, hours=3, minutes=30))
    desk.expect_ping("vera", containing="Was it held?")
    assert desk.channels[Channel.EMAIL].messages("lena@acme.test") == ()
    desk.forget()
    desk.expect_quiet()


async def test_a_call_of_whoever_left_the_desk_directory_is_off_in_the_clients_own_time(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    left = STORY_DESK.replace('manager = "vera"', 'manager = "oleg"').replace("[people.vera]", "[people.nora]")
    left = left.replace('name = "Vera Kova"', 'name = "Nora Lys"').replace('"T1/U1", telegram = 2001', '"T1/U8"')
    await desk.apply(document(left + CALLS))
    await desk.settle()
    said = desk.expect_message("lena", containing="The team cannot be there tomorrow 12:00, so this call is off")
    assert "…" not in said
    assert await state(desk) is CallState.LAPSED
