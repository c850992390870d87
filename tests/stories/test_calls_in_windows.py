"""A client books and moves a call by buttons on a channel that opens windows, as Slack does."""

import pytest

from adapters.message import Channel
from adapters.port import Answer
from bot.tickets.calls.call import CallState
from bot.tickets.calls.command import BookCall
from bot.tickets.command import HandOver
from routing.people import PersonId
from sla.duration import instant
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import WEDNESDAY_NOON, called, calls

DATABASES = ("sqlite", "postgresql")


async def test_on_a_channel_with_windows_a_button_opens_one_for_the_kind_and_one_for_the_time(
    make_desk: MakeStory,
) -> None:
    desk = await called(make_desk)
    slack = desk.channels[Channel.SLACK]
    await desk.receives(Channel.SLACK, sender="lena", text="Payroll failed")
    desk.forget()

    async def pressed(action: str, value: str, key: str, **fields: str) -> Answer:
        answer = await slack.command("T2/U9", action, value, fields=fields, key=key)
        await desk.settle()
        return answer

    first = (await pressed("client.call", "T-1", "open")).form
    assert first is not None
    assert [one.name for one in first.inputs] == ["kind"]
    days = (await pressed("client.call", first.value, "kind", kind="education")).form
    assert days is not None
    assert [one.name for one in days.inputs] == ["day"]
    second = (await pressed("client.call", days.value, "day", day=days.inputs[0].choices[0][0])).form
    assert second is not None
    (slot,) = second.inputs
    assert slot.label == "When · Wednesday, March 4, 2026"
    assert "All times are in your own time" in second.note
    assert await calls(desk) == []

    taken = slot.choices[0][0]
    answer = await pressed("client.call", second.value, "book", slot=taken)
    assert answer.text.startswith("Booked: Training with Vera, tomorrow 09:00")
    assert await pressed("client.call", second.value, "book", slot=taken) == answer
    desk.expect_message("lena", Channel.SLACK, containing="Booked: Training with Vera")
    desk.expect_ping("vera", containing="Lena booked a call with Vera")

    again = await pressed("client.call", second.value, "late", slot=slot.choices[1][0])
    assert again.form is None
    desk.expect_message("lena", Channel.SLACK, containing="Training with Vera, tomorrow 09:00")
    moving = (await pressed("client.call_move", "T-1", "move")).form
    assert moving is not None
    times = (await pressed("client.call_move", moving.value, "which", day="2026-03-04")).form
    assert times is not None
    later = times.inputs[0].choices[1][0]
    old = await pressed("client.call_move", "T-1|1.9", "another", slot=later)
    assert not old.text.startswith("Moved"), "a window moves the call that it was opened for, and no other"
    desk.expect_message("lena", Channel.SLACK, containing="1. ")
    assert (await pressed("client.call_move", times.value, "moved", slot=later)).text.startswith("Moved")
    (call,) = await calls(desk)
    assert (call.kind, call.state) == ("education", CallState.RESCHEDULED)
    desk.expect_message("lena", Channel.SLACK, containing="Moved")
    desk.expect_ping("vera", containing="the call is now tomorrow 13:00 (10:00 for Lena): Training")
    desk.expect_edit("vera", containing="Call with Vera: Training, tomorrow 13:00")
    desk.expect_quiet()


async def test_what_a_window_offered_is_judged_anew_and_only_for_whose_ticket_it_is(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    slack = desk.channels[Channel.SLACK]
    await desk.receives(Channel.SLACK, sender="lena", text="Payroll failed")
    chosen = {"kind": "troubleshooting", "day": "2026-03-04"}
    window = (await slack.command("T2/U9", "client.call", "T-1", fields=chosen)).form
    assert window is not None
    slot = window.inputs[0].choices[0][0]
    await desk.receives(sender="taras", text="Nothing to export")
    await desk.does("dana", HandOver(PersonId("vera")), ticket=2)
    await desk.does("vera", BookCall(instant(WEDNESDAY_NOON)), ticket=2)
    desk.forget()

    gone = await slack.command("T2/U9", "client.call", window.value, fields={"slot": slot})
    await desk.settle()
    assert gone.is_refused
    desk.expect_message("lena", Channel.SLACK, containing="1. ")
    for who, value in (("T3/U21", window.value), ("T2/U9", "T-1|nonsense"), ("T2/U9", "nonsense|education")):
        answer = await slack.command(who, "client.call", value, fields={"slot": slot})
        await desk.settle()
        assert answer.form is None
        assert not answer.text.startswith("Booked")
    assert [call.client for call in await calls(desk, 2)] == ["globex"]
    assert await calls(desk) == []
    desk.expect_message("lena", Channel.SLACK, containing="These times are free")
    desk.expect_quiet()


async def test_every_day_that_can_be_booked_is_in_a_window(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    slack = desk.channels[Channel.SLACK]
    await desk.receives(Channel.SLACK, sender="lena", text="Payroll failed")
    days = (await slack.command("T2/U9", "client.call", "T-1", fields={"kind": "troubleshooting"})).form
    assert days is not None
    (day,) = days.inputs
    assert [day.choices[0], day.choices[-1]] == [
        ("2026-03-04", "Wednesday, March 4, 2026"),
        ("2026-04-02", "Thursday, April 2, 2026"),
    ]
    times = (await slack.command("T2/U9", "client.call", days.value, fields={"day": "2026-04-01"})).form
    assert times is not None
    answer = await slack.command("T2/U9", "client.call", times.value, fields={"slot": times.inputs[0].choices[-1][0]})
    assert answer.text.startswith("Booked: Troubleshooting with Vera, April 1")
    await desk.settle()


@pytest.mark.parametrize("day", ["2026-03-07", "2027-03-04", "tomorrow", "x" * 300])
async def test_a_day_without_a_time_asks_for_another(make_desk: MakeStory, day: str) -> None:
    desk = await called(make_desk)
    slack = desk.channels[Channel.SLACK]
    await desk.receives(Channel.SLACK, sender="lena", text="Payroll failed")
    form = (await slack.command("T2/U9", "client.call", "T-1|troubleshooting", fields={"day": day})).form
    assert form is not None
    assert [one.name for one in form.inputs] == ["day"]
    assert "Nothing is free any more on the day that was chosen." in form.note
    assert await calls(desk) == []
