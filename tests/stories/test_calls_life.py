"""What becomes of a call once it is booked: accepted, moved, called off, reminded of, held, handed on."""

from datetime import UTC, datetime, timedelta

from adapters.card import OutboundHome
from adapters.message import Channel, OutboundMessage
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import CallDone, CallNoShow, CancelCall, ConfirmCall, DeclineCall, MoveCall
from bot.tickets.command import HandOver, Resolve
from routing.people import PersonId
from sla.clock import State
from sla.duration import instant
from tests.builders import ON_TELEGRAM
from tests.harness import NOON, Story, new_desk
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, SHORTLY_BEFORE, WEDNESDAY_NOON, called, calls, presses

ACCEPTED = CALLS + '[clients.acme.calls]\nconfirm = "manager"\n'
WITH_TIME = WEDNESDAY_NOON + timedelta(hours=3)


async def booked(make_desk: MakeStory, *, more: str = CALLS, words: str = "/call tomorrow 12:00") -> Story:
    """Lena has asked for tomorrow 12:00, which is 15:00 at Vera's, and nothing of it is to be expected any more."""
    desk = await called(make_desk, more=more)
    await desk.receives(sender="lena", text=words)
    await desk.receives(sender="lena", text="1")
    desk.forget()
    return desk


async def state(desk: Story) -> CallState:
    return (await calls(desk))[-1].state


# Accepted by the manager


async def test_a_manager_accepts_and_only_then_it_is_booked(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=ACCEPTED)
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    desk.forget()
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="You asked for: Troubleshooting with Vera, tomorrow 12:00 (15:00 for Vera).")
    desk.expect_ping(
        "vera", containing="Lena asks for a call: Troubleshooting, tomorrow 15:00 (12:00 for Lena). Accept it by 15:00"
    )
    desk.expect_card("vera", containing="Call: Troubleshooting")
    assert await state(desk) is CallState.REQUESTED
    assert (await desk.presses("vera", "Accept")).text == "Done."
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, tomorrow 12:00 (15:00 for Vera).")
    assert (await desk.does("vera", ConfirmCall())).is_refused
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_quiet()


async def test_a_request_that_nobody_accepts_lapses_into_the_next_times(make_desk: MakeStory) -> None:
    desk = await booked(make_desk, more=ACCEPTED)
    await desk.go_to(NOON + timedelta(hours=1, minutes=30))
    desk.expect_ping(
        "vera", containing="the call asked for tomorrow 15:00 (12:00 for Lena) is not accepted yet; it lapses 15:00"
    )
    await desk.go_to(NOON + timedelta(hours=3, minutes=1))
    said = desk.expect_message(
        "lena", containing="tomorrow 12:00 (15:00 for Vera) was not accepted in time, we are sorry. The next times:"
    )
    assert "1. tomorrow 13:00 (16:00 for Vera)\n2. tomorrow 13:30 (16:30 for Vera)\n3. tomorrow 14:00" in said
    desk.expect_ping("vera", containing="was not accepted in time; Lena was offered others")
    assert (await desk.does("vera", ConfirmCall())).is_refused
    assert await state(desk) is CallState.LAPSED
    await desk.receives(sender="lena", text="2")
    desk.expect_message("lena", containing="You asked for: Troubleshooting with Vera, tomorrow 13:30")
    desk.forget()
    await desk.go_to(NOON + timedelta(days=3))
    desk.forget()
    desk.expect_quiet()


async def test_a_manager_declines_and_the_client_chooses_again(make_desk: MakeStory) -> None:
    desk = await booked(make_desk, more=ACCEPTED)
    assert not (await desk.does("vera", DeclineCall("a doctor"))).is_refused
    said = desk.expect_message(
        "lena", containing="tomorrow 12:00 (15:00 for Vera) does not suit Vera. These times are free:\n1. "
    )
    assert "doctor" not in said
    assert await state(desk) is CallState.DECLINED
    desk.expect_quiet()


# Moved and called off


async def test_who_is_declined_by_mail_gets_other_times_and_the_page_for_all(make_desk: MakeStory) -> None:
    desk = await called(make_desk, more=ACCEPTED)
    desk.desk = new_desk(desk.database, desk.channels, desk.time, page="https://desk.test/")
    await desk.desk.prepare(is_alone=True)
    await desk.receives(Channel.EMAIL, sender="lena", text="/call")
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    desk.forget()
    declined = "call T-1 decline none of these suits me"
    assert not (await desk.channels[Channel.SLACK].command("T1/U1", "desk", declined, by="T1/U1")).is_refused
    await desk.settle()
    said = desk.expect_message("lena", Channel.EMAIL, containing="tomorrow 10:00 (13:00 for Vera) does not suit Vera.")
    assert "\n1. tomorrow 10:30 (13:30 for Vera)\n" in said, "what was declined is not offered again"
    assert "\nOr choose on this page: https://desk.test/book/" in said
    desk.expect_quiet()


async def test_a_call_is_moved_and_keeps_its_name_in_calendars(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    before = (await calls(desk))[0]
    assert (await presses(desk, "Move the call")).text == "The free times are in our conversation."
    desk.expect_message("lena", containing="write another time.\n1. tomorrow 09:00 (12:00 for Vera)")
    await desk.receives(sender="lena", text="tomorrow 13:30")
    desk.expect_message("lena", containing="it is booked.\n1. tomorrow 13:30 (16:30 for Vera)")
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now tomorrow 13:30 (16:30 for Vera).")
    desk.expect_ping("vera", containing="the call is now tomorrow 16:30 (13:30 for Lena): Troubleshooting")
    (call,) = await calls(desk)
    assert (call.uid, call.sequence, call.state) == (before.uid, 1, CallState.RESCHEDULED)
    # Its old time is anybody's again, and its new one is not.
    await desk.receives(sender="lena", text="/new")
    await desk.receives(sender="lena", text="/call tomorrow 13:30")
    desk.expect_message("lena", containing="tomorrow 13:30 (16:30 for Vera) has just been taken")
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    desk.expect_message("lena", containing="it is booked.\n1. tomorrow 12:00")
    desk.forget()
    desk.expect_quiet()


async def test_after_its_notice_point_a_client_moves_it_no_more_and_cancelling_counts(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.go_to(NOON + timedelta(hours=4))
    desk.forget()
    await desk.receives(sender="lena", text="/call move")
    desk.expect_message("lena", containing="It is less than 1 working day before this call")
    assert (await desk.does("vera", MoveCall(instant(WITH_TIME + timedelta(days=1))))).is_refused
    assert (await desk.does("vera", CancelCall())).is_refused
    await desk.receives(sender="lena", text="/call cancel")
    desk.expect_message("lena", containing="It was too late to give the time to anybody else, so it counts as held.")
    desk.expect_ping("vera", containing="the call tomorrow 15:00 (12:00 for Lena) is cancelled")
    (call,) = await calls(desk)
    assert (call.state, call.is_late, call.sequence) == (CallState.CANCELLED, True, 1)
    await desk.go_to(WITH_TIME + timedelta(hours=2))
    desk.expect_quiet()


async def test_a_lead_moves_and_cancels_when_nobody_else_may(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.go_to(NOON + timedelta(hours=4))
    desk.forget()
    assert not (await desk.does("dana", MoveCall(instant(WITH_TIME + timedelta(hours=1))))).is_refused
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now tomorrow 13:00 (16:00 for Vera).")
    desk.expect_ping("vera", containing="the call is now tomorrow 16:00")
    assert not (await desk.does("dana", CancelCall("she is ill"))).is_refused
    said = desk.expect_message("lena", containing="We have to call off Troubleshooting with Vera, tomorrow 13:00")
    assert "ill" not in said.replace("will", "")
    desk.expect_ping("vera", containing="is cancelled")
    assert (await calls(desk))[0].is_late is False
    desk.expect_quiet()


# Reminders


async def test_both_are_reminded_a_working_day_and_a_quarter_of_an_hour_before(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.go_to(NOON + timedelta(hours=3))
    desk.expect_message("lena", containing="A reminder of your call: Troubleshooting with Vera, tomorrow 12:00")
    desk.expect_ping("vera", containing="a reminder of the call with Lena, tomorrow 15:00 (12:00 for Lena)")
    await desk.go_to(WITH_TIME - timedelta(minutes=16))
    desk.expect_quiet()
    await desk.go_to(WITH_TIME - timedelta(minutes=15))
    said = desk.expect_message("lena", containing="Your call with Vera is about to begin: Troubleshooting, 12:00")
    assert (await calls(desk))[0].url in said
    desk.expect_ping("vera", containing="the call with Lena is about to begin, 15:00")
    await desk.go_to(WITH_TIME + timedelta(minutes=30))
    desk.expect_ping("vera", containing="Was it held?")
    await desk.go_to(WITH_TIME + timedelta(days=2))
    assert await state(desk) is CallState.DONE
    desk.expect_quiet()


async def test_after_a_downtime_nothing_stale_is_said(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.sleep_until(WITH_TIME + timedelta(minutes=5))
    desk.expect_quiet()
    await desk.sleep_until(WITH_TIME + timedelta(hours=1))
    desk.expect_ping("vera", containing="Was it held?")
    await desk.dies()
    await desk.settle()
    desk.expect_quiet()


async def test_after_days_of_downtime_its_person_is_asked_before_it_counts_as_held(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    back = WITH_TIME + timedelta(days=5)
    await desk.sleep_until(back)
    desk.expect_ping("vera", containing="Was it held?")
    assert await state(desk) is CallState.CONFIRMED
    await desk.dies()
    await desk.go_to(back + timedelta(hours=23))
    assert (await desk.does("vera", CallNoShow())).text == "Done."
    assert await state(desk) is CallState.NO_SHOW
    desk.expect_message("lena", containing="We did not meet you in the call")
    desk.forget()
    await desk.go_to(back + timedelta(days=3))
    assert await state(desk) is CallState.NO_SHOW
    desk.expect_quiet()


async def test_a_downtime_before_the_call_is_caught_up_with_one_reminder(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.dies()
    await desk.sleep_until(WITH_TIME - timedelta(minutes=10))
    desk.expect_message("lena", containing="is about to begin")
    desk.expect_ping("vera", containing="is about to begin")
    desk.expect_quiet()


async def test_what_is_moved_is_reminded_of_at_its_new_time_alone(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    assert not (await desk.does("dana", MoveCall(instant(WITH_TIME + timedelta(days=1))))).is_refused
    desk.forget()
    await desk.go_to(WITH_TIME + timedelta(minutes=5))
    desk.expect_message("lena", containing="A reminder of your call: Troubleshooting with Vera, tomorrow 12:00")
    desk.expect_ping("vera", containing="a reminder of the call")
    assert not (await desk.does("dana", CancelCall())).is_refused
    desk.forget()
    await desk.go_to(WITH_TIME + timedelta(days=2))
    desk.expect_quiet()


# Out of hours


async def test_who_is_off_shift_reads_of_a_booking_when_their_shift_begins(make_desk: MakeStory) -> None:
    night = datetime(2026, 3, 3, 20, 0, tzinfo=UTC)
    desk = await called(make_desk, start=night)
    await desk.receives(sender="lena", text="/call friday 12:00")
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, Friday 12:00")
    assert desk.mentions("vera", containing="booked a call") is False
    desk.forget()
    await desk.go_to(datetime(2026, 3, 4, 7, 0, tzinfo=UTC))
    desk.expect_ping("vera", containing="Lena booked a call with Vera: Troubleshooting, Friday 15:00 (12:00 for Lena)")
    desk.forget()
    desk.expect_quiet()


# Afterwards


async def test_notes_land_on_the_ticket_and_a_promised_follow_up_is_a_promise(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    assert (await desk.does("vera", CallDone("too early"))).is_refused
    await desk.go_to(WITH_TIME + timedelta(minutes=31))
    desk.forget()
    assert (
        await desk.presses("vera", "It was held", notes="The tracker was set twice.", follow_up="18:00")
    ).text == "Done."
    page = await desk.page()
    assert [one.text for one in page.notes] == ["The tracker was set twice."]
    clock = await desk.clock("eta")
    assert (clock.state, clock.due_at) == (State.RUNNING, instant(WITH_TIME + timedelta(hours=3)))
    desk.expect_message("lena", containing="15:00")
    assert await state(desk) is CallState.DONE
    assert "The tracker" not in "".join(line.text for line in await desk.lines())
    await desk.does("vera", Resolve(""))
    desk.forget()
    desk.expect_quiet()


async def test_a_client_who_did_not_come_is_told_how_to_go_on(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.go_to(WITH_TIME + timedelta(minutes=15))
    desk.forget()
    assert not (await desk.does("vera", CallNoShow())).is_refused
    desk.expect_message("lena", containing="We did not meet you in the call")
    assert await state(desk) is CallState.NO_SHOW
    await desk.go_to(WITH_TIME + timedelta(days=2))
    desk.expect_quiet()


# Somebody else


async def test_leave_takes_a_call_off_and_the_backup_has_it_if_the_client_agrees(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away from tomorrow until friday", by="T1/U1")
    await desk.settle()
    desk.expect_message("lena", containing="Vera cannot be there tomorrow 12:00 (15:00 for Vera), so this call is off")
    said = desk.expect_message("lena", containing="Choose another time or another person by its number:")
    assert "1. tomorrow 12:00 (15:00 for Oleg)\n2. Friday 07:00 (10:00 for Vera)" in said
    assert await state(desk) is CallState.LAPSED
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Oleg, tomorrow 12:00 (15:00 for Oleg).")
    desk.expect_ping("oleg", containing="Lena booked a call with Oleg: Troubleshooting, tomorrow 15:00")
    assert [(one.person, one.state) for one in await calls(desk)] == [
        ("vera", CallState.LAPSED),
        ("oleg", CallState.CONFIRMED),
    ]
    desk.forget()
    await desk.go_to(WITH_TIME - timedelta(minutes=15))
    desk.expect_message("lena", containing="Your call with Oleg is about to begin")
    desk.forget()
    desk.expect_quiet()


async def test_leave_beside_a_call_changes_nothing_about_it(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away from friday until monday", by="T1/U1")
    await desk.settle()
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_nothing("lena")
    desk.forget()
    desk.expect_quiet()


async def test_a_ticket_handed_over_leaves_the_call_until_the_client_says_so(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.does("vera", HandOver(PersonId("oleg"), "I am moving"))
    desk.expect_message("lena", containing="Oleg looks after your ticket now and can have the call with you.")
    desk.forget()
    assert [(one.person, one.state) for one in await calls(desk)] == [("vera", CallState.CONFIRMED)]
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Moved: Troubleshooting with Oleg is now tomorrow 12:00 (15:00 for Oleg).")
    desk.expect_ping("oleg", containing="the call is now tomorrow 15:00")
    assert [one.person for one in await calls(desk)] == ["oleg"]
    desk.forget()
    desk.expect_quiet()


async def test_handed_over_in_words_the_client_is_asked_about_the_call_all_the_same(make_desk: MakeStory) -> None:
    desk = await called(make_desk, *ON_TELEGRAM)
    desk.works_on = Channel.TELEGRAM
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    await desk.writes("vera", "/handover oleg", under=desk.card("vera", containing="T-1"))
    desk.expect_message("lena", containing="Oleg looks after your ticket now and can have the call with you.")


# From calendars, and in words


async def test_a_calendars_no_calls_it_off_and_a_strangers_does_nothing(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    (call,) = await calls(desk)
    mail = desk.channels[Channel.EMAIL]
    await mail.attends("taras@globex.test", call.uid, "declined")
    await mail.attends("nobody@else.test", call.uid, "declined")
    await mail.attends("lena@acme.test", "nothing@maitred", "declined")
    await mail.attends("lena@acme.test", call.uid, "accepted")
    await desk.settle()
    assert [one.reason for one in await desk.inbox("parked")] == ["an answer to an invitation that is not ours"] * 3
    assert await state(desk) is CallState.CONFIRMED
    desk.expect_quiet()
    raw = await mail.attends("lena@acme.test", call.uid, "declined")
    await mail.redelivers(raw)
    await mail.attends("lena@acme.test", call.uid, "declined")
    await desk.settle()
    desk.expect_message("lena", containing="Cancelled: Troubleshooting with Vera")
    desk.expect_ping("vera", containing="is cancelled")
    assert await state(desk) is CallState.CANCELLED
    desk.expect_quiet()


async def test_a_no_to_an_older_invitation_leaves_the_moved_call(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.does("dana", MoveCall(instant(WITH_TIME + timedelta(hours=1))))
    desk.forget()
    (call,) = await calls(desk)
    for answer in ("declined", "tentative", "accepted"):
        await desk.channels[Channel.EMAIL].attends("lena@acme.test", call.uid, answer, sequence=0)
    await desk.settle()
    assert await state(desk) is CallState.RESCHEDULED
    desk.expect_message("lena", containing="You have a call: Troubleshooting with Vera, tomorrow 13:00")
    desk.expect_quiet()


async def test_our_people_ask_and_act_in_words(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    slack = desk.channels[Channel.SLACK]

    async def says(text: str, key: str | None = None) -> str:
        answer = await slack.command("T1/U1", "desk", text, by="T1/U1", key=key)
        await desk.settle()
        return answer.text

    assert await says("calls") == "T-1 · Acme: Troubleshooting, tomorrow 15:00 (12:00 for Lena) · booked"
    assert "T-9" in await says("call T-9 cancel")
    assert "is no ticket number" in await says("call Acme")
    assert await says("call T-1 move tomorrow 16:00", "once") == "Done."
    assert await says("call T-1 move tomorrow 16:00", "once") == "Done."
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now tomorrow 13:00")
    assert await says("call T-1 cancel the client asked") == "Done."
    desk.expect_message("lena", containing="We have to call off")
    assert await says("call") == "You have no calls ahead."
    desk.expect_quiet()


async def test_a_client_reads_it_in_their_own_language_and_zone(make_desk: MakeStory) -> None:
    desk = await called(make_desk, start=SHORTLY_BEFORE)
    await desk.receives(sender="taras", text="/call завтра о 15")
    said = desk.expect_message("taras", containing="Ви мали на увазі перший варіант?")
    assert "1. завтра о 15:00 (Oleg: 16:00)" in said
    await desk.receives(sender="taras", text="1")
    last = desk.channels[Channel.TELEGRAM].messages("1002")[-1].message
    assert isinstance(last, OutboundMessage)
    assert last.text.startswith("Заброньовано: Розв'язання проблеми, Oleg, завтра о 15:00 (Oleg: 16:00).")
    desk.forget()
    desk.expect_quiet()


async def test_a_manager_books_from_the_card_and_finds_the_call_on_their_own_page(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    slack = desk.channels[Channel.SLACK]
    await slack.command("T1/U1", "home.open", by="T1/U1")
    await desk.settle()
    assert (await desk.presses("vera", "Book a call", at="never")).errors
    assert (await desk.presses("vera", "Book a call", at="tomorrow 15:00", kind="review")).text == "Done."
    desk.expect_message("lena", containing="Vera and you have a call: Review, tomorrow 12:00 (15:00 for Vera).")
    homes = [one.message for one in slack.sent if isinstance(one.message, OutboundHome)]
    assert "T-1 · Acme: Review, tomorrow 15:00 (12:00 for Lena) · booked" in homes[-1].home.cards[0].lines
    desk.expect_quiet()
