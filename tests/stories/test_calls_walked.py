"""Calls at the edges of a day, a calendar and a desk: midnight, holidays, unknown zones, leads asked twice."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.message import Channel
from bot.tickets.calls.call import CallState
from sla.duration import instant
from tests.builders import story_desk
from tests.harness import NOON
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, called, calls
from tests.stories.test_calls_life import WITH_TIME, booked, state

ON_TELEGRAM = ('identities = { slack = "T1/U1", telegram = 2001 }', "identities = { telegram = 2001 }")


@pytest.mark.parametrize(
    ("at", "suggested"),
    [
        pytest.param(
            datetime(2026, 3, 3, 23, 59, tzinfo=UTC), "1. tomorrow 15:00 (18:00 for Vera)", id="before midnight"
        ),
        pytest.param(datetime(2026, 3, 4, 0, 1, tzinfo=UTC), "1. tomorrow 15:00 (18:00 for Vera)", id="after midnight"),
    ],
)
async def test_tomorrow_is_the_clients_own_tomorrow(make_desk: MakeStory, at: datetime, suggested: str) -> None:
    desk = await called(make_desk, start=at)
    await desk.receives(sender="lena", text="/call")
    desk.forget()
    await desk.receives(sender="lena", text="tomorrow at 15")
    said = desk.expect_message("lena", containing="1. ")
    late = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
    if at.day == 4:
        assert suggested in said
        await desk.receives(sender="lena", text="1")
        assert (await calls(desk))[0].begins_at == instant(late + timedelta(days=1))
    else:  # asked at three in the morning of that very day at Vera's: too soon
        assert "tomorrow 15:00 (18:00 for Vera) is too soon" in said
    desk.forget()
    desk.expect_quiet()


async def test_who_works_in_telegram_books_by_answering_questions(make_desk: MakeStory) -> None:
    desk = await called(make_desk, ON_TELEGRAM)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    telegram = desk.channels[Channel.TELEGRAM]
    answer = await telegram.press("2001", "Book a call")
    assert answer.form is None
    await desk.settle()
    await telegram.press("2001", "Another time…")
    await desk.settle()
    for words in ("tomorrow 15:00", "Review", "-"):
        asked = telegram.messages("2001")[-1]
        await telegram.says("2001", words, sender="2001", reply_to=asked.external_id)
        await desk.settle()
    desk.expect_message("lena", containing="Vera and you have a call: Review, tomorrow 12:00 (15:00 for Vera).")
    assert await state(desk) is CallState.CONFIRMED


async def test_a_lead_asked_twice_is_asked_once_a_request(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call 11:00")
    await desk.receives(sender="lena", text="/call lead")
    desk.expect_alert("dana", containing="that only a lead may allow")
    desk.forget()
    await desk.receives(sender="lena", text="/call lead")
    await desk.receives(sender="lena", text="/call 11:30")
    await desk.receives(sender="lena", text="/call lead")
    desk.expect_nothing("dana", Channel.SLACK)
    assert len(await calls(desk)) == 1
    desk.forget()
    assert not (await desk.presses("dana", "Refuse")).is_refused
    await desk.receives(sender="lena", text="/call 11:30")
    await desk.receives(sender="lena", text="/call lead")
    desk.expect_alert("dana", containing="that only a lead may allow: Troubleshooting, 14:30 (11:30 for Lena)")
    assert not (await desk.presses("dana", "Allow")).is_refused
    assert [(one.state, one.waived_by) for one in await calls(desk)] == [
        (CallState.DECLINED, ""),
        (CallState.CONFIRMED, "dana"),
    ]
    desk.forget()
    desk.expect_quiet()


async def test_a_holiday_between_agreement_and_call_is_no_working_day(make_desk: MakeStory) -> None:
    desk_text = story_desk(more=CALLS).replace(
        '[calendars.long]\nzone = "fixed:+03:00"', 'days."2026-03-04" = []\n\n[calendars.long]\nzone = "fixed:+03:00"'
    )
    desk = await make_desk(desk_text, start=NOON)
    await desk.receives(sender="lena", text="/call")
    said = desk.expect_message("lena", containing="Troubleshooting, 30 min, with Vera")
    assert "1. Thursday 09:00 (12:00 for Vera)" in said
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    desk.expect_message("lena", containing="tomorrow 12:00 (15:00 for Vera) is not a time we can offer")
    desk.forget()
    desk.expect_quiet()


async def test_the_full_day_variant_asks_for_a_whole_working_day_in_between(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(more=f'{CALLS}notice_mode = "end_of_day"\n'), start=NOON)
    await desk.receives(sender="lena", text="/call")
    assert "1. Thursday 07:00 (10:00 for Vera)" in desk.expect_message("lena", containing="Troubleshooting, 30 min")
    desk.expect_quiet()


async def test_a_slot_that_went_under_leave_meanwhile_is_not_moved_into(make_desk: MakeStory) -> None:
    desk = await booked(make_desk)
    await desk.receives(sender="lena", text="/call move")
    await desk.receives(sender="lena", text="friday 12:00")
    said = desk.expect_message("lena", containing="1. Friday 12:00 (15:00 for Vera)")
    assert said
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away from friday until monday", by="T1/U1")
    await desk.settle()
    desk.forget()
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Friday 12:00 (15:00 for Vera) is not a time we can offer")
    (call,) = await calls(desk)
    assert (call.state, call.begins_at) == (CallState.CONFIRMED, instant(WITH_TIME))
    desk.expect_quiet()


async def test_who_has_no_zone_of_their_own_reads_the_desks(make_desk: MakeStory) -> None:
    desk = await called(make_desk, ('zone = "Europe/Lisbon"\n', ""))
    await desk.receives(sender="lena", text="/call")
    said = desk.expect_message("lena", containing="Troubleshooting, 30 min, with Vera")
    assert "1. tomorrow " in said
    await desk.receives(sender="lena", text="1")
    (call,) = await calls(desk)
    assert call.zone == desk.desk.revisions.current.zone
    desk.forget()
    desk.expect_quiet()
