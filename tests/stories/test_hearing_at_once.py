"""What has nothing in front of it is decided in the commit that keeps it; what cannot be is kept all the same."""

import json
from dataclasses import replace

from adapters.message import Channel
from adapters.port import Raw
from tests.harness import Story

DATABASES = ("sqlite", "postgresql")

TELEGRAM = Channel.TELEGRAM


async def test_a_message_is_decided_when_it_is_acknowledged(desk: Story) -> None:
    raw = await desk.channels[TELEGRAM].says("1001", "Payroll failed", sender="1001", name="Lena")
    assert not desk.channels[TELEGRAM].unacknowledged
    assert (await desk.ticket()).subject == "Payroll failed"
    await desk.dies()
    await desk.channels[TELEGRAM].redelivers(raw)
    await desk.settle()
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_of_many_messages_of_one_client_the_first_is_decided_and_the_rest_wait_their_turn(desk: Story) -> None:
    first = await desk.channels[TELEGRAM].says("5001", "Line 0", sender="5001", name="Ada")
    await desk.desk.journal([_another(first, f"l{number}", f"Line {number}") for number in range(1, 150)], None)
    await desk.channels[TELEGRAM].says("1001", "Payroll failed", sender="1001", name="Lena")
    assert (await desk.ticket(2)).client == "acme"
    assert len([line for line in await desk.lines(1) if line.direction == "in"]) == 2
    await desk.settle()
    assert [line.text for line in await desk.lines(1) if line.direction == "in"] == [f"Line {n}" for n in range(150)]
    desk.forget()
    desk.expect_quiet()


async def test_a_message_behind_one_that_waits_is_not_decided_before_it(desk: Story) -> None:
    await desk.arrives(sender="lena", text="One")
    await desk.dies()
    await desk.receives(sender="lena", text="Two")
    assert [line.text for line in await desk.lines() if line.direction == "in"] == ["One", "Two"]
    desk.forget()
    desk.expect_quiet()


async def test_what_nobody_can_decide_is_kept_and_holds_up_nothing_that_came_with_it(desk: Story) -> None:
    raw = await desk.channels[TELEGRAM].says("5001", "Hello", sender="5001", name="Ada")
    broken = replace(raw, external_id="broken", lane="", payload=b"\xff not a message")
    await desk.desk.journal([broken, _another(raw, "good", "Are you there?")], None)
    assert len([line for line in await desk.lines() if line.direction == "in"]) == 2
    await desk.settle()
    (dead,) = await desk.inbox("dead")
    assert dead.external_id == "broken"
    desk.forget()
    desk.expect_quiet()


def _another(raw: Raw, name: str, text: str) -> Raw:
    """Another message of the same conversation."""
    payload = json.dumps({**json.loads(raw.payload), "id": name, "text": text}).encode()
    return replace(raw, external_id=name, payload=payload)
