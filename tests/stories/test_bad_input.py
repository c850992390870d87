"""Bad input is kept, told to an admin once, and holds nobody up; a database that is away loses nothing."""

import asyncio

import pytest

from adapters.errors import DeskAwayError
from adapters.message import Attachment, Channel, Untrusted
from bot.store.errors import StoreUnavailableError
from bot.tickets.command import Reply
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from tests.harness import Story

DATABASES = ("sqlite", "postgresql")

TELEGRAM = Channel.TELEGRAM


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half a payload"),
        pytest.param(b"\xff\xfe\x00", id="no text at all"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
        pytest.param(b'{"kind": "message", "text": 7}', id="a number for a text"),
    ],
)
async def test_a_payload_that_cannot_be_read_is_kept_and_an_admin_told_once(desk: Story, payload: bytes) -> None:
    telegram = desk.channels[TELEGRAM]
    raw = await telegram.receives(payload, address="1001")
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_alert("dana", containing="A payload could not be read and is kept: maitred inbox show 1")
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    assert telegram.is_acknowledged(raw)
    assert [one.external_id for one in await desk.inbox("dead")] == [raw.external_id]
    await telegram.redelivers(raw)
    await desk.fast_forward(minutes=1)
    desk.expect_quiet()


async def test_a_kind_we_do_not_serve_is_parked_and_disturbs_nobody(desk: Story) -> None:
    await desk.channels[TELEGRAM].receives(b'{"kind": "poll", "chat": "1001"}', address="1001")
    await desk.settle()
    assert [one.reason for one in await desk.inbox("parked")] == ["a payload of the kind 'poll' is not served"]
    desk.expect_quiet()


async def test_a_message_delivered_three_times_is_one(desk: Story) -> None:
    raw = await desk.arrives(sender="lena", text="Payroll failed")
    for _ in range(2):
        await desk.channels[TELEGRAM].redelivers(raw)
    await desk.settle()
    await desk.channels[TELEGRAM].redelivers(raw)
    await desk.settle()
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    assert len(await desk.lines()) == 2
    desk.expect_quiet()


async def test_one_message_in_two_payloads_is_one(desk: Story) -> None:
    raw = await desk.arrives(sender="lena", text="Payroll failed")
    await desk.settle()
    await desk.channels[TELEGRAM].receives(raw.payload, external_id="the backfill", address="1001")
    await desk.settle()
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    assert not await desk.is_there(2)
    desk.expect_quiet()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Payroll\x00 failed", id="a NUL"),
        pytest.param("Payroll \ud83d failed", id="half an emoji"),
        pytest.param("Payroll \u202efailed", id="writing turned round"),
        pytest.param("Payroll failed\n" + "<b>{name}%s</b>\\u0000" * 3, id="markup and braces"),
        pytest.param("👩‍👩‍👧‍👦" * 2_000, id="two thousand families"),
    ],
)
async def test_whatever_a_client_types_becomes_a_ticket(desk: Story, text: str) -> None:
    await desk.receives(sender="lena", text=text)
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    assert not await desk.inbox("dead")
    desk.expect_quiet()


async def test_a_million_characters_are_kept_whole_and_shown_in_part(desk: Story) -> None:
    text = "Payroll failed. " * 62_500
    await desk.receives(sender="lena", text=text)
    assert (await desk.lines())[0].text == text
    assert len(desk.expect_card("vera", containing="T-1")) < 2_000
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text=text)
    assert len(desk.expect_ping("vera", containing="Lena wrote")) < 1_000
    desk.forget()
    desk.expect_quiet()


async def test_a_message_of_nothing_is_nothing(desk: Story) -> None:
    await desk.receives(sender="lena", text=" \n\u200b".replace("\u200b", ""))
    assert not await desk.is_there(1)
    desk.expect_quiet()


async def test_a_file_without_a_word_is_a_ticket_named_after_it(desk: Story) -> None:
    await desk.receives(sender="lena", text="", attachments=(Attachment(Untrusted("payroll.log"), "text/plain", 9),))
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1 · Acme: payroll.log")
    desk.expect_quiet()


async def test_a_client_who_writes_without_end_holds_nobody_up(desk: Story) -> None:
    for number in range(150):
        await desk.arrives(sender="5001", text=f"Line {number}")
    await desk.arrives(sender="lena", text="Payroll failed")
    assert await desk.desk.intake.once() == 2
    assert (await desk.ticket(2)).client == "acme"
    await desk.settle()
    assert len([line for line in await desk.lines(1) if line.direction == "in"]) == 150
    assert [line.text for line in await desk.lines(1) if line.direction == "in"][-1] == "Line 149"
    desk.forget()
    desk.expect_quiet()


async def test_what_a_locked_database_cannot_keep_is_not_acknowledged_and_comes_again(desk: Story) -> None:
    telegram = desk.channels[TELEGRAM]
    desk.database.is_away = True
    with pytest.raises(DeskAwayError):
        await desk.receives(sender="lena", text="Payroll failed")
    kept_for_us = list(telegram.unacknowledged)
    assert len(kept_for_us) == 1
    desk.database.is_away = False
    await desk.receives(sender="lena", text="Are you there?")
    assert not telegram.unacknowledged
    assert [line.text for line in await desk.lines() if line.direction == "in"] == ["Payroll failed", "Are you there?"]
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    desk.expect_quiet()


async def test_a_database_that_goes_away_before_a_decision_loses_nothing(desk: Story) -> None:
    await desk.arrives(sender="lena", text="Payroll failed")
    desk.database.is_away = True
    with pytest.raises(StoreUnavailableError):
        await desk.desk.intake.once()
    desk.database.is_away = False
    await desk.settle()
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    desk.expect_quiet()


async def test_a_press_that_could_not_be_kept_has_done_nothing(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    desk.database.is_away = True
    with pytest.raises(StoreUnavailableError):
        await desk.desk.commands.perform(PersonId("vera"), TicketId(1), Reply("Looking"), key="press-1")
    desk.database.is_away = False
    await desk.does("vera", Reply("Looking"), key="press-1")
    desk.expect_message("lena", containing="Looking")
    desk.expect_quiet()


async def test_a_press_on_a_channel_that_could_not_be_kept_is_answered_by_nothing_and_may_come_again(
    desk: Story,
) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    desk.database.is_away = True
    with pytest.raises(DeskAwayError):
        await desk.presses("vera", "ticket.take")
    desk.database.is_away = False
    assert (await desk.presses("vera", "ticket.take")).text == "Done."
    desk.expect_quiet()


async def test_a_receipt_that_could_not_be_kept_is_asked_for_later(desk: Story) -> None:
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    desk.forget()
    await desk.desk.commands.perform(PersonId("vera"), TicketId(1), Reply("Looking"), key="press-1")
    inapp = desk.channels[Channel.INAPP]

    gone = asyncio.Event()

    async def goes_away() -> None:
        desk.database.is_away = True
        gone.set()

    inapp.slow(goes_away)
    await desk.desk.sender.once()
    await gone.wait()
    for _ in range(10):  # the receipt is refused
        await asyncio.sleep(0)
    inapp.slow(None)
    desk.database.is_away = False
    await desk.dies()  # while it waits to be stored
    await desk.settle()
    desk.expect_message("lena", Channel.INAPP, containing="Looking")
    assert (await desk.lines())[-1].state == "sent"
    desk.expect_quiet()


async def test_a_receipt_waits_for_the_database_so_that_nothing_is_said_twice(desk: Story) -> None:
    """Telegram cannot tell a repeat: forgotten, the reply would be sent again."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(seconds=5)  # the channel has rested
    desk.forget()
    await desk.desk.commands.perform(PersonId("vera"), TicketId(1), Reply("Looking"), key="press-1")
    telegram, gone = desk.channels[TELEGRAM], asyncio.Event()

    async def goes_away() -> None:
        desk.database.is_away = True
        gone.set()

    telegram.slow(goes_away)
    await desk.desk.sender.once()
    await gone.wait()
    for _ in range(10):  # the receipt is refused
        await asyncio.sleep(0)
    telegram.slow(None)
    desk.database.is_away = False
    await desk.desk.sender.drain()
    await desk.settle()
    desk.expect_message("lena", containing="Looking")
    assert (await desk.lines())[-1].state == "sent"
    await desk.fast_forward(hours=3)
    desk.expect_quiet()


async def test_a_note_written_into_a_window_for_the_client_is_not_sent(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    address = desk.identity("vera", Channel.SLACK).address
    for action, field in (("ticket.reply", "text"), ("ticket.clarify", "text"), ("ticket.resolve", "text")):
        answer = await desk.channels[Channel.SLACK].command(
            address, action, "T-1", fields={field: "// they owe us money"}
        )
        assert "never sent to a client" in answer.errors[field]
    await desk.settle()
    assert (await desk.clock("first_response")).state == "running"
    desk.expect_quiet()
