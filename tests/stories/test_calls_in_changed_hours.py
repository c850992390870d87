"""A calendar has changed under a call that is booked: its person and the leads read so once, and somebody decides."""

from datetime import UTC, datetime, timedelta

from adapters.message import Channel
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import BookCall, CancelCall, ConfirmCall, MoveCall
from sla.duration import instant
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, called, calls
from tests.stories.test_calls_life import ACCEPTED, booked, state

#: The day on which Lena has her call, at 15:00 for Vera.
THURSDAY = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
_AFTER = '[calendars.long]\nzone = "fixed:+03:00"'
HOLIDAY = (_AFTER, f'days."2026-03-05" = []\n\n{_AFTER}')
HALF_DAY = (_AFTER, f'days."2026-03-05" = ["10:00-15:15"]\n\n{_AFTER}')
EARLY = (
    "[people.vera]\n",
    '[calendars.early]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["08:00-15:00"] }\n[people.vera]\n',
)
SHUT = "T-1 (Acme): the call Thursday 15:00 (12:00 for Lena) lies outside the hours of Vera, which have changed."


async def on_thursday(make_desk: MakeStory, *, more: str = CALLS) -> Story:
    return await booked(make_desk, more=more, words="/call thu 12:00")


async def with_desk(desk: Story, *changes: tuple[str, str], more: str = CALLS) -> None:
    await desk.apply(document(story_desk(*changes, more=more)))
    await desk.settle()


async def test_a_holiday_that_comes_later_is_told_once_to_whoever_can_decide(make_desk: MakeStory) -> None:
    desk = await on_thursday(make_desk)
    await with_desk(desk, HOLIDAY)
    desk.expect_alert("vera", containing=SHUT)
    desk.expect_alert("dana", containing=SHUT)
    desk.expect_nothing("lena")
    assert await state(desk) is CallState.CONFIRMED
    await with_desk(desk, HOLIDAY, more=f'{CALLS}grid = "15m"\n')
    await desk.dies()
    await desk.settle()
    await desk.fast_forward(minutes=10)
    desk.expect_quiet()
    # Somebody decides, and only then the client reads of it.
    assert (await desk.presses("vera", "Move the call", at="fri 15:00")).text == "Done."
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now Friday 12:00 (15:00 for Vera).")
    desk.forget()
    await with_desk(desk, HOLIDAY)
    desk.expect_quiet()


async def test_a_holiday_that_is_taken_back_leaves_the_call_as_it_was(make_desk: MakeStory) -> None:
    desk = await on_thursday(make_desk)
    await with_desk(desk, HOLIDAY)
    await with_desk(desk)
    desk.forget()
    await with_desk(desk, HALF_DAY)
    # The same call, the same news: it was told, and nobody is told twice.
    desk.expect_quiet()
    await with_desk(desk)
    assert (await calls(desk))[0].told == frozenset()
    await desk.go_to(THURSDAY - timedelta(days=1))
    desk.expect_message("lena", containing="A reminder of your call: Troubleshooting with Vera, tomorrow 12:00")
    desk.expect_ping("vera", containing="a reminder of the call with Lena")
    await desk.go_to(THURSDAY - timedelta(minutes=16))
    desk.expect_quiet()


async def test_who_is_off_shift_reads_of_it_as_it_begins(make_desk: MakeStory) -> None:
    desk = await on_thursday(make_desk)
    await desk.go_to(NOON + timedelta(hours=9))
    desk.forget()
    await with_desk(desk, HOLIDAY)
    desk.expect_alert("dana", containing=SHUT)
    assert desk.mentions("vera", containing="outside the hours") is False
    await desk.dies()
    await desk.go_to(NOON + timedelta(hours=22, minutes=30))
    desk.expect_alert("vera", containing=SHUT.replace("Thursday", "tomorrow"))
    # A working day before is now as well, and a reminder is no substitute for it.
    desk.expect_ping("vera", containing="a reminder of the call with Lena, tomorrow 15:00")
    desk.expect_message("lena", containing="A reminder of your call")
    desk.expect_quiet()


async def test_who_is_off_shift_reads_of_nothing_that_was_taken_back(make_desk: MakeStory) -> None:
    desk = await on_thursday(make_desk)
    await desk.go_to(NOON + timedelta(hours=9))
    await with_desk(desk, HOLIDAY)
    await with_desk(desk)
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=22, minutes=30))
    desk.expect_quiet()


async def test_who_reads_of_nothing_before_the_call_is_told_at_once(make_desk: MakeStory) -> None:
    desk = await on_thursday(make_desk)
    await desk.go_to(THURSDAY - timedelta(hours=18))
    desk.forget()
    await with_desk(desk, HOLIDAY)
    shut = SHUT.replace("Thursday", "tomorrow")
    desk.expect_alert("vera", containing=shut)
    desk.expect_alert("dana", containing=shut)
    desk.expect_quiet()


async def test_a_person_who_works_other_hours_now_is_the_same(make_desk: MakeStory) -> None:
    desk = await on_thursday(make_desk)
    text = story_desk(EARLY, more=CALLS)
    vera = text[text.index("[people.vera]") :]
    await desk.apply(document(text.replace(vera, vera.replace('"office"', '"early"', 1))))
    await desk.settle()
    desk.expect_alert("vera", containing=SHUT)
    desk.expect_alert("dana", containing=SHUT)
    assert (await desk.does("dana", CancelCall())).text == "Done."
    desk.expect_message("lena", containing="We have to call off Troubleshooting with Vera, Thursday 12:00")
    desk.expect_ping("vera", containing="is cancelled")
    desk.expect_quiet()


async def test_leave_over_such_a_call_takes_it_off_as_any_leave_does(make_desk: MakeStory) -> None:
    desk = await on_thursday(make_desk)
    await with_desk(desk, HOLIDAY)
    desk.forget()
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away from thursday until friday", by="T1/U1")
    await desk.settle()
    desk.expect_message("lena", containing="Vera cannot be there Thursday 12:00 (15:00 for Vera), so this call is off")
    desk.expect_message("lena", containing="Choose another time or another person")
    desk.expect_ping("vera", containing="is cancelled")
    assert await state(desk) is CallState.LAPSED
    desk.expect_quiet()


async def test_a_request_in_such_hours_may_be_accepted_all_the_same(make_desk: MakeStory) -> None:
    desk = await on_thursday(make_desk, more=ACCEPTED)
    assert await state(desk) is CallState.REQUESTED
    await with_desk(desk, HOLIDAY, more=ACCEPTED)
    desk.expect_alert("vera", containing=SHUT)
    desk.expect_alert("dana", containing=SHUT)
    assert (await desk.does("vera", ConfirmCall())).text == "Done."
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, Thursday 12:00")
    desk.forget()
    await with_desk(desk, HOLIDAY, more=f'{ACCEPTED}kinds = ["troubleshooting"]\n')
    desk.expect_quiet()


async def test_of_a_call_that_a_lead_is_still_asked_for_only_leads_read(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call 12:00")
    await desk.receives(sender="lena", text="/call lead")
    desk.forget()
    await with_desk(desk, (_AFTER, f'days."2026-03-03" = ["10:00-14:00"]\n\n{_AFTER}'))
    desk.expect_alert("dana", containing="the call 15:00 (12:00 for Lena) lies outside the hours of Vera")
    desk.expect_nothing("lena")
    assert desk.mentions("vera", containing="outside the hours") is False
    assert (await desk.presses("dana", "Refuse")).text == "Done."
    desk.forget()
    desk.expect_quiet()


async def test_what_is_cancelled_or_elsewhere_is_told_of_to_nobody(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", BookCall(instant(THURSDAY)))
    await desk.does("vera", MoveCall(instant(THURSDAY + timedelta(days=1))))
    desk.forget()
    await with_desk(desk, HOLIDAY)
    desk.expect_quiet()
