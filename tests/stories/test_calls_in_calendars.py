"""Calls and the calendars of our own people: invitations by mail wherever they work, and what calendars answer."""

from datetime import timedelta

import pytest

from adapters.message import Channel, Invite, OutboundMessage
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import CancelCall, ConfirmCall, MoveCall
from bot.tickets.command import HandOver
from routing.people import PersonId
from sla.duration import instant
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, called, calls
from tests.stories.test_calls_life import ACCEPTED, WITH_TIME, state

MAIL = "vera@desk.test"
#: Vera works in Slack, and her calendar has an address.
IN_SLACK = (
    'identities = { slack = "T1/U1", telegram = 2001 }',
    f'identities = {{ slack = "T1/U1", telegram = 2001, email = "{MAIL}" }}',
)


async def invited(make_desk: MakeStory, *, more: str = CALLS, words: str = "/call tomorrow 12:00") -> Story:
    """Lena has asked for tomorrow 12:00, which is 15:00 at Vera's."""
    desk = await called(make_desk, IN_SLACK, more=more)
    await desk.receives(sender="lena", text=words)
    await desk.receives(sender="lena", text="1")
    return desk


def invites(desk: Story, address: str = MAIL) -> list[Invite]:
    sent = [one.message for one in desk.channels[Channel.EMAIL].messages(address)]
    found = [one.invite for one in sent if isinstance(one, OutboundMessage)]
    assert len(found) == len(sent), "a mail that is no invitation"
    return [one for one in found if one is not None]


async def answers(desk: Story, answer: str, *, sequence: int = 0, address: str = MAIL, times: int = 1) -> None:
    (call,) = await calls(desk)
    for _ in range(times):
        await desk.channels[Channel.EMAIL].attends(address, call.uid, answer, sequence=sequence)  # type: ignore[arg-type]
    await desk.settle()


def brief(found: list[Invite]) -> list[tuple[str, int, bool, bool]]:
    return [(one.method, one.sequence, one.is_tentative, one.is_accepted) for one in found]


# By mail, wherever they work


async def test_who_works_in_slack_has_each_change_in_the_calendar_and_no_other_mail(make_desk: MakeStory) -> None:
    desk = await invited(make_desk)
    desk.expect_ping("vera", containing="Lena booked a call with Vera")
    await desk.does("vera", MoveCall(instant(WITH_TIME + timedelta(hours=1))))
    await desk.dies()
    await desk.settle()
    await desk.go_to(NOON + timedelta(hours=4, minutes=10))
    await desk.does("dana", CancelCall("she is ill"))
    found = invites(desk)
    assert brief(found) == [
        ("REQUEST", 0, False, False),
        ("REQUEST", 1, False, True),
        ("CANCEL", 2, False, False),
    ]
    assert len({one.uid for one in found}) == 1
    assert found[0].attendee == ("Vera Kova", MAIL)
    assert found[1].starts_at == WITH_TIME + timedelta(hours=1)
    desk.forget()
    desk.expect_quiet()


async def test_who_is_off_shift_has_it_in_the_calendar_at_once_and_reads_of_it_later(make_desk: MakeStory) -> None:
    desk = await called(make_desk, IN_SLACK, start=NOON + timedelta(hours=11))
    await desk.receives(sender="lena", text="/call friday 12:00")
    await desk.receives(sender="lena", text="1")
    assert desk.mentions("vera", containing="booked a call") is False
    assert brief(invites(desk)) == [("REQUEST", 0, False, False)]
    await desk.go_to(NOON + timedelta(days=1))
    desk.expect_ping("vera", containing="Lena booked a call with Vera")
    assert len(invites(desk)) == 1
    desk.forget()
    desk.expect_quiet()


async def test_who_had_the_call_loses_it_from_the_calendar_when_somebody_else_has_it(make_desk: MakeStory) -> None:
    desk = await invited(make_desk)
    await desk.does("vera", HandOver(PersonId("oleg"), "I am moving"))
    await desk.receives(sender="lena", text="1")
    assert brief(invites(desk)) == [("REQUEST", 0, False, False), ("CANCEL", 1, False, False)]
    desk.forget()
    desk.expect_quiet()


async def test_a_calendar_is_told_when_its_mail_is_served_again(make_desk: MakeStory) -> None:
    desk = await called(make_desk, IN_SLACK)
    desk.channels[Channel.EMAIL].down()
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    await desk.channels[Channel.EMAIL].up()
    await desk.fast_forward(minutes=20)
    assert brief(invites(desk)) == [("REQUEST", 0, False, False)]
    desk.forget()
    desk.expect_quiet()


# A call that waits to be accepted


async def test_what_is_only_asked_for_is_tentative_until_it_is_accepted(make_desk: MakeStory) -> None:
    desk = await called(make_desk, IN_SLACK, more=ACCEPTED)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call tomorrow 12:00")
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    assert brief(invites(desk)) == [("REQUEST", 0, True, False)]
    assert (await desk.presses("vera", "Accept")).text == "Done."
    assert brief(invites(desk)) == [("REQUEST", 0, True, False), ("REQUEST", 1, False, True)]
    sent = [one.message for one in desk.channels[Channel.EMAIL].messages("lena@acme.test")]
    theirs = [one.invite for one in sent if isinstance(one, OutboundMessage) and one.invite is not None]
    assert brief(theirs) == [("REQUEST", 0, True, False), ("REQUEST", 1, False, False)]
    assert await state(desk) is CallState.CONFIRMED
    # Whoever declines the time they were asked for first means this call, which is at that time still.
    await answers(desk, "declined", sequence=0, address="lena@acme.test")
    assert await state(desk) is CallState.CANCELLED


async def test_a_yes_of_her_calendar_accepts_the_call_once(make_desk: MakeStory) -> None:
    desk = await invited(make_desk, more=ACCEPTED)
    desk.forget()
    await answers(desk, "accepted", times=2)
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, tomorrow 12:00 (15:00 for Vera).")
    desk.expect_message("vera", Channel.EMAIL, containing="Call: Troubleshooting")
    assert await state(desk) is CallState.CONFIRMED
    await answers(desk, "accepted", sequence=1)
    await answers(desk, "tentative", sequence=1)
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_quiet()


async def test_a_no_of_her_calendar_declines_the_request_and_the_client_chooses_again(make_desk: MakeStory) -> None:
    desk = await invited(make_desk, more=ACCEPTED)
    desk.forget()
    await answers(desk, "declined", times=2)
    desk.expect_message("lena", containing="12:00 (15:00 for Vera) does not suit Vera. These times are free:\n1. ")
    desk.expect_message("vera", Channel.EMAIL, containing="Call: Troubleshooting")
    assert await state(desk) is CallState.DECLINED
    assert brief(invites(desk))[-1] == ("CANCEL", 1, False, False)
    await answers(desk, "accepted")
    assert await state(desk) is CallState.DECLINED
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("address", "is_parked"),
    [
        pytest.param("oleg@desk.test", True, id="a colleague"),
        pytest.param("nobody@else.test", True, id="a stranger"),
    ],
)
async def test_nobody_else_accepts_it_by_a_calendar(make_desk: MakeStory, address: str, *, is_parked: bool) -> None:
    oleg = ('identities = { slack = "T1/U2" }', 'identities = { slack = "T1/U2", email = "oleg@desk.test" }')
    desk = await called(make_desk, IN_SLACK, oleg, more=ACCEPTED)
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    await answers(desk, "accepted", address=address)
    await answers(desk, "declined", address=address)
    assert await state(desk) is CallState.REQUESTED
    assert (len(await desk.inbox("parked")) == 2) is is_parked
    desk.expect_quiet()


async def test_a_late_yes_accepts_nothing(make_desk: MakeStory) -> None:
    desk = await invited(make_desk, more=ACCEPTED)
    await desk.go_to(NOON + timedelta(hours=3, minutes=1))
    assert await state(desk) is CallState.LAPSED
    desk.forget()
    await answers(desk, "accepted")
    assert await state(desk) is CallState.LAPSED
    assert brief(invites(desk))[-1] == ("CANCEL", 1, False, False)
    desk.expect_quiet()


# A call that is booked


async def test_a_no_of_her_calendar_takes_a_booked_call_off_and_offers_others(make_desk: MakeStory) -> None:
    desk = await invited(make_desk)
    desk.forget()
    await answers(desk, "declined", times=2)
    desk.expect_message("lena", containing="Vera cannot be there tomorrow 12:00 (15:00 for Vera), so this call is off")
    said = desk.expect_message("lena", containing="Choose another time or another person by its number:")
    assert "1. tomorrow 12:00 (15:00 for Oleg)" in said
    desk.expect_message("vera", Channel.EMAIL, containing="Call: Troubleshooting")
    assert await state(desk) is CallState.DECLINED
    assert brief(invites(desk))[-1] == ("CANCEL", 1, False, False)
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Oleg, tomorrow 12:00 (15:00 for Oleg).")
    desk.expect_ping("oleg", containing="Lena booked a call with Oleg")
    desk.expect_quiet()


async def test_after_the_notice_point_her_no_stands_nobody_up(make_desk: MakeStory) -> None:
    desk = await invited(make_desk)
    await desk.go_to(NOON + timedelta(hours=4))
    desk.forget()
    await answers(desk, "declined", times=2)
    late = "Vera declined the call tomorrow 15:00 (12:00 for Lena) in the calendar, after its notice point. It stands"
    desk.expect_alert("vera", containing=late)
    desk.expect_alert("dana", containing=late)
    desk.expect_nothing("lena")
    assert await state(desk) is CallState.CONFIRMED
    assert not (await desk.presses("dana", "Cancel the call", why="she is ill")).is_refused
    desk.expect_message("lena", containing="We have to call off Troubleshooting with Vera")
    desk.expect_ping("vera", containing="is cancelled")
    desk.expect_message("vera", Channel.EMAIL, containing="is cancelled")
    desk.expect_quiet()


async def test_a_no_to_the_time_before_leaves_the_moved_call(make_desk: MakeStory) -> None:
    desk = await invited(make_desk)
    await desk.does("dana", MoveCall(instant(WITH_TIME + timedelta(hours=1))))
    desk.forget()
    await answers(desk, "declined", sequence=0, times=2)
    assert await state(desk) is CallState.RESCHEDULED
    said = "changes nothing. The call with Lena is tomorrow 16:00 (13:00 for Lena)"
    desk.expect_ping("vera", containing=said)
    desk.expect_quiet()
    await answers(desk, "declined", sequence=1)
    assert await state(desk) is CallState.DECLINED


async def test_another_time_of_her_own_calendar_moves_nothing_and_she_reads_so_once(make_desk: MakeStory) -> None:
    desk = await invited(make_desk)
    desk.forget()
    (call,) = await calls(desk)
    mail = desk.channels[Channel.EMAIL]
    for at in (WITH_TIME + timedelta(hours=1), None, WITH_TIME):
        await mail.attends(MAIL, call.uid, "countered", proposed_at=at)
    await answers(desk, "tentative")
    await desk.settle()
    desk.expect_ping("vera", containing="changes nothing. The call with Lena is tomorrow 15:00 (12:00 for Lena)")
    assert await state(desk) is CallState.CONFIRMED
    await desk.does("vera", MoveCall(instant(WITH_TIME + timedelta(hours=1))))
    desk.expect_message("lena", containing="is now tomorrow 13:00")


async def test_a_maybe_of_the_client_is_read_by_whoever_has_the_call(make_desk: MakeStory) -> None:
    desk = await invited(make_desk)
    desk.forget()
    await answers(desk, "tentative", address="lena@acme.test", times=2)
    desk.expect_ping("vera", containing="Lena answered in the calendar that they may not come to the call with Vera")
    desk.expect_quiet()
    assert await state(desk) is CallState.CONFIRMED
    await desk.receives(sender="lena", text="/call cancel")
    desk.expect_message("lena", containing="Cancelled")
    await answers(desk, "tentative", address="lena@acme.test")
    desk.forget()
    desk.expect_quiet()


async def test_a_maybe_at_night_is_read_as_the_shift_begins(make_desk: MakeStory) -> None:
    desk = await called(make_desk, IN_SLACK, start=NOON + timedelta(hours=11))
    await desk.receives(sender="lena", text="/call friday 12:00")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    await answers(desk, "tentative", address="lena@acme.test")
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(days=1))
    desk.expect_ping("vera", containing="may not come to the call with Vera")
    desk.forget()
    desk.expect_quiet()


# Nobody accepts it


async def test_before_a_request_lapses_its_person_and_the_leads_are_alerted(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=ACCEPTED)
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    # Asked at ten to twelve, to be accepted by three: half of it, then a twentieth of it before the end.
    await desk.go_to(NOON + timedelta(hours=1, minutes=30))
    desk.expect_ping("vera", containing="is not accepted yet; it lapses 15:00")
    await desk.go_to(NOON + timedelta(hours=2, minutes=50))
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(hours=2, minutes=52))
    last = "nobody has accepted the call with Vera, tomorrow 15:00 (12:00 for Lena), yet; it lapses 15:00"
    desk.expect_alert("vera", containing=last)
    desk.expect_alert("dana", containing=last)
    assert (await desk.presses("dana", "Accept")).text == "Done."
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera")
    desk.expect_ping("vera", containing="Lena booked a call with Vera")
    await desk.go_to(NOON + timedelta(hours=4))
    desk.expect_message("lena", containing="A reminder of your call")
    desk.expect_ping("vera", containing="a reminder of the call")
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_quiet()


async def test_after_a_downtime_a_request_is_called_out_once(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=ACCEPTED)
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    await desk.dies()
    await desk.sleep_until(NOON + timedelta(hours=2, minutes=55))
    desk.expect_alert("vera", containing="nobody has accepted")
    desk.expect_alert("dana", containing="nobody has accepted")
    assert not (await desk.does("vera", ConfirmCall())).is_refused
    desk.forget()
    desk.expect_quiet()
