"""A client books and moves a call by the days and times below an offer, in one message that changes where it stands."""

from collections.abc import Sequence

from adapters.message import Button, Channel, OutboundMessage
from adapters.port import Answer
from bot.tickets.calls.call import CallState
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, called, calls

LENA = "1001"
ACME_GROUP = "-1001234"


def said(desk: Story, address: str = LENA) -> list[OutboundMessage]:
    """What stands in a conversation as it reads now, the oldest first."""
    shown = (one.message for one in desk.channels[Channel.TELEGRAM].messages(address))
    return [one for one in shown if isinstance(one, OutboundMessage)]


def labels(buttons: Sequence[Button], action: str) -> list[str]:
    return [one.label for one in buttons if one.action == action]


async def presses(desk: Story, label: str, *, address: str = LENA, by: str | None = None) -> Answer:
    answer = await desk.channels[Channel.TELEGRAM].press(address, label, by=by)
    await desk.settle()
    return answer


async def offered(make_desk: MakeStory, *changes: tuple[str, str], more: str = CALLS) -> Story:
    desk = await called(make_desk, *changes, more=more)
    await desk.receives(sender="lena", text="Payroll failed")
    await presses(desk, "client.call")
    desk.forget()
    return desk


async def test_days_are_offered_and_a_days_times_take_their_place(make_desk: MakeStory) -> None:
    desk = await offered(make_desk)
    first = said(desk)[-1]
    days = labels(first.buttons, "client.call_day")
    assert days[:4] == ["Wed, Mar 4", "Thu, Mar 5", "Fri, Mar 6", "Mon, Mar 9"]
    assert labels(first.buttons, "client.slot")[0] == "1. tomorrow 09:00 (12:00 for Vera)"
    count = len(said(desk))
    assert await presses(desk, "Fri, Mar 6") == Answer()
    day = said(desk)[-1]
    assert day.text.startswith("Troubleshooting, 30 min, with Vera: Friday, March 6, 2026, in your own time.")
    assert "\n1. 07:00 (10:00 for Vera)\n2. 07:30 (10:30 for Vera)\n" in day.text
    assert labels(day.buttons, "client.slot")[:3] == ["07:00", "07:30", "08:00"]
    assert day.buttons[-1].label == "‹ Other days"
    await presses(desk, "‹ Other days")
    assert [one.label for one in said(desk)[-1].buttons] == [one.label for one in first.buttons]
    await presses(desk, "Thu, Mar 5")
    answer = await presses(desk, "08:30")
    assert answer.text == "Booked: Troubleshooting with Vera, Thursday 08:30 (11:30 for Vera)."
    assert [len(said(desk)), said(desk)[-2].text] == [count + 1, "You chose: Thursday 08:30 (11:30 for Vera)."]
    assert said(desk)[-2].buttons == ()
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera")
    desk.expect_ping("vera", containing="Lena booked a call with Vera")
    desk.expect_quiet()


async def test_another_kind_shows_its_own_days_and_the_number_means_what_is_shown(make_desk: MakeStory) -> None:
    desk = await offered(make_desk)
    await presses(desk, "Training")
    assert said(desk)[-1].text.startswith("Training, ")
    await presses(desk, "Mon, Mar 9")
    await desk.receives(sender="lena", text="2")
    desk.expect_message("lena", containing="Booked: Training with Vera, Monday 07:30 (10:30 for Vera).")
    desk.expect_ping("vera", containing="Training")
    desk.expect_quiet()


async def test_who_presses_twice_books_once_and_nothing_piles_up(make_desk: MakeStory) -> None:
    desk = await offered(make_desk)
    await presses(desk, "Wed, Mar 4")
    keyboard, count = said(desk)[-1], len(said(desk))
    under = desk.channels[Channel.TELEGRAM].messages(LENA)[-1].external_id
    button = next(one for one in keyboard.buttons if one.label == "10:00")
    for turn in (1, 2, 3):
        answer = await desk.channels[Channel.TELEGRAM].command(LENA, button.action, button.value, under=under)
        await desk.settle()
        assert answer.is_refused is (turn > 1), answer
    assert len(await calls(desk)) == 1
    assert len(said(desk)) == count + 1
    assert said(desk)[-2].text.startswith("You have a call: Troubleshooting with Vera, tomorrow 10:00")
    assert [one.action for one in said(desk)[-2].buttons] == ["client.call_move", "client.call_cancel"]
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera")
    desk.expect_ping("vera", containing="Lena booked a call with Vera")
    desk.expect_quiet()


async def test_a_day_that_filled_up_meanwhile_says_so_with_what_is_left(make_desk: MakeStory) -> None:
    desk = await offered(make_desk)
    count = len(said(desk))
    closed = ("[calendars.long]\n", 'days."2026-03-06" = []\n\n[calendars.long]\n')
    await desk.apply(document(story_desk(closed, more=CALLS)))
    await desk.settle()
    desk.forget()
    answer = await presses(desk, "Fri, Mar 6")
    assert answer == Answer(
        "Nothing is free any more on this day: Friday, March 6, 2026. The earliest times:", is_refused=True
    )
    shown = said(desk)[-1]
    assert len(said(desk)) == count
    assert "The earliest times:\n1. tomorrow 09:00 (12:00 for Vera)" in shown.text
    assert labels(shown.buttons, "client.call_day")[:3] == ["Wed, Mar 4", "Thu, Mar 5", "Mon, Mar 9"]
    desk.expect_quiet()


async def test_a_time_that_just_went_is_told_on_the_keyboard_itself(make_desk: MakeStory) -> None:
    desk = await offered(make_desk, ('zone = "America/Chicago"', 'manager = "vera"\nzone = "Europe/Lisbon"'))
    await presses(desk, "Thu, Mar 5")
    await desk.receives(sender="bill", text="/call 2026-03-05 10:00")
    await desk.receives(sender="bill", text="1")
    count = len(said(desk))
    desk.forget()
    answer = await presses(desk, "10:00")
    assert answer.is_refused
    assert len(said(desk)) == count
    assert labels(said(desk)[-1].buttons, "client.call_day")[:2] == ["Wed, Mar 4", "Thu, Mar 5"]
    assert [one.state for one in await calls(desk)] == []
    desk.expect_quiet()


async def test_a_keyboard_outlives_the_process_and_moves_a_call_as_well(make_desk: MakeStory) -> None:
    desk = await offered(make_desk)
    await presses(desk, "Wed, Mar 4")
    await desk.dies()
    await presses(desk, "10:00")
    desk.forget()
    await presses(desk, "client.call_move")
    count = len(said(desk))
    await presses(desk, "Mon, Mar 9")
    assert said(desk)[-1].text.startswith("Troubleshooting, 30 min, with Vera: Monday, March 9, 2026")
    await presses(desk, "07:30")
    desk.expect_message("lena", containing="Moved: Troubleshooting with Vera is now Monday 07:30 (10:30 for Vera)")
    (call,) = await calls(desk)
    assert (call.state, call.sequence, len(said(desk))) == (CallState.RESCHEDULED, 1, count + 1)
    desk.forget()
    desk.expect_quiet()


async def away(make_desk: MakeStory) -> Story:
    """Lena's call with Vera is off, and Oleg could have it at its time, which is too soon for anybody else."""
    desk = await offered(make_desk)
    await presses(desk, "1. tomorrow 09:00 (12:00 for Vera)")
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away from tomorrow until friday", by="T1/U1")
    await desk.settle()
    await desk.fast_forward(minutes=30)
    desk.forget()
    return desk


async def test_whoever_is_put_off_has_the_days_as_well_and_keeps_the_time_that_was_given_up(
    make_desk: MakeStory,
) -> None:
    desk = await away(make_desk)
    given = "1. tomorrow 09:00 (12:00 for Oleg)"
    first = said(desk)[-1]
    assert labels(first.buttons, "client.slot")[0] == given
    days = labels(first.buttons, "client.call_day")
    assert days[0] == "Fri, Mar 6"
    await presses(desk, days[0])
    assert given not in labels(said(desk)[-1].buttons, "client.slot")
    await presses(desk, "‹ Other days")
    assert labels(said(desk)[-1].buttons, "client.slot")[0] == given
    desk.expect_quiet()
    assert (await presses(desk, given)).text == "Booked: Troubleshooting with Oleg, tomorrow 09:00 (12:00 for Oleg)."
    assert [one.person for one in await calls(desk)] == ["vera", "oleg"]
    desk.forget()
    desk.expect_quiet()


async def test_a_time_that_was_given_up_counts_from_a_keyboard_that_shows_something_else_by_now(
    make_desk: MakeStory,
) -> None:
    desk = await away(make_desk)
    under, button = desk.channels[Channel.TELEGRAM].messages(LENA)[-1].external_id, said(desk)[-1].buttons[0]
    await presses(desk, "Fri, Mar 6")
    answer = await desk.channels[Channel.TELEGRAM].command(LENA, button.action, button.value, under=under)
    await desk.settle()
    assert answer.text == "Booked: Troubleshooting with Oleg, tomorrow 09:00 (12:00 for Oleg)."
    desk.forget()
    desk.expect_quiet()


async def test_a_time_that_was_given_up_and_went_is_shown_no_more(make_desk: MakeStory) -> None:
    desk = await away(make_desk)
    await presses(desk, "Fri, Mar 6")
    await desk.channels[Channel.SLACK].command("T1/U2", "desk", "away from tomorrow until friday", by="T1/U2")
    await desk.settle()
    desk.forget()
    await presses(desk, "‹ Other days")
    assert not [one for one in labels(said(desk)[-1].buttons, "client.slot") if "Oleg" in one]
    desk.forget()
    desk.expect_quiet()


async def test_an_old_keyboard_becomes_what_is_offered_now(make_desk: MakeStory) -> None:
    desk = await offered(make_desk)
    old = desk.channels[Channel.TELEGRAM].messages(LENA)[-1]
    assert isinstance(old.message, OutboundMessage)
    friday = next(one for one in old.message.buttons if one.label == "Fri, Mar 6")
    await desk.fast_forward(minutes=1)
    await desk.receives(sender="lena", text="/call")
    count = len(said(desk))
    desk.forget()
    telegram = desk.channels[Channel.TELEGRAM]
    answer = await telegram.command(LENA, friday.action, friday.value, under=old.external_id)
    await desk.settle()
    assert answer == Answer("These times were offered a while ago. Now these are free:", is_refused=True)
    assert len(said(desk)) == count
    assert said(desk)[-2].text.startswith("These times were offered a while ago. Now these are free:\n1. tomorrow")
    for rubbish in ("1.1.2026-03-06", f"{friday.value}@x", f"{friday.value[:-10]}2026-99-99", "1.1.x"):
        assert (await telegram.command(LENA, friday.action, rubbish, under=old.external_id)).is_refused
    await desk.settle()
    assert not await calls(desk)
    desk.forget()
    desk.expect_quiet()


async def test_in_a_group_only_those_of_the_client_turn_its_keyboard(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    telegram = desk.channels[Channel.TELEGRAM]
    await telegram.says(ACME_GROUP, "/call", sender="1001", name="Lena")
    await desk.settle()
    desk.forget()
    before = said(desk, ACME_GROUP)[-1]
    for stranger in ("1002", "2001"):
        assert (await presses(desk, "Fri, Mar 6", address=ACME_GROUP, by=stranger)).is_refused
    assert said(desk, ACME_GROUP)[-1] == before
    assert await presses(desk, "Fri, Mar 6", address=ACME_GROUP, by="1001") == Answer()
    assert "Friday, March 6, 2026" in said(desk, ACME_GROUP)[-1].text
    desk.expect_quiet()


async def test_days_are_called_in_the_clients_language(make_desk: MakeStory) -> None:
    far = ('zone = "Europe/Lisbon"', 'zone = "America/Los_Angeles"\nlanguage = "uk"')
    desk = await called(make_desk, far)
    await desk.receives(sender="lena", text="/call")
    days = labels(said(desk)[-1].buttons, "client.call_day")
    assert days[0].startswith("ср"), days
    await presses(desk, days[1])
    assert "березня 2026" in said(desk)[-1].text
    desk.forget()
    desk.expect_quiet()


async def test_many_days_and_many_times_come_page_by_page(make_desk: MakeStory) -> None:
    desk = await offered(make_desk, more=f'{CALLS}grid = "10m"\n')
    assert len(labels(said(desk)[-1].buttons, "client.call_day")) == 15
    await presses(desk, "Fri, Mar 6")
    times = labels(said(desk)[-1].buttons, "client.slot")
    assert len(times) == 36
    await presses(desk, "Later ›")
    rest = labels(said(desk)[-1].buttons, "client.slot")
    assert times[-1] < rest[0]
    assert not set(times) & set(rest)
    await presses(desk, "‹ Other days")
    await presses(desk, "Later ›")
    days = labels(said(desk)[-1].buttons, "client.call_day")
    assert days[0] == "Wed, Mar 25"
    await desk.fast_forward(days=8)
    desk.forget()
    assert (await presses(desk, days[0])).is_refused
    desk.forget()
    desk.expect_quiet()
