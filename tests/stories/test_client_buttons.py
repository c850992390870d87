"""Buttons below what we say by ourselves: a client asks how their ticket stands, or for the lead, without a word."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from adapters.message import Button, Channel, Identity, OutboundMessage
from adapters.port import Answer, Press
from bot.store import audit
from bot.tickets.command import Merge, Reply, Resolve
from bot.tickets.ticket import TicketId
from sla.clock import State
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
PLACE = "T1/C1"
IN_SLACK = ("channels = { telegram = [-1001234] }", f'channels = {{ slack = ["{PLACE}"] }}')
TOLD = "We have told the team lead about T-1. Level 1 of 1: Dana Orlyk."
REFUSED = "This button is about somebody else's ticket."


async def presses(
    desk: Story,
    name: str,
    *,
    address: str = "1001",
    channel: Channel = Channel.TELEGRAM,
    value: str | None = None,
    by: str | None = None,
    key: str | None = None,
) -> Answer:
    """Whoever reads at an address, or `by`, presses the newest button of that name there."""
    answer = await desk.channels[channel].press(address, name, value, by=by, key=key)
    await desk.settle()
    return answer


def below(desk: Story, address: str, channel: Channel = Channel.TELEGRAM) -> list[tuple[Button, ...]]:
    """The buttons below each thing we said there."""
    shown = [one.message for one in desk.channels[channel].messages(address)]
    return [one.buttons for one in shown if isinstance(one, OutboundMessage)]


async def refusals(desk: Story) -> list[tuple[str, str, Mapping[str, str | int | None]]]:
    """Who tried what in vain, and on what."""
    deeds = await desk.database.read(lambda conn: audit.latest(conn, count=20))
    return [(one.actor, one.subject, one.particulars) for one in deeds if one.action == "refused"]


async def lena_waits(make_desk: MakeStory) -> Story:
    """T-1 is Lena's in Acme's own channel in Slack."""
    desk = await make_desk(story_desk(IN_SLACK))
    slack = desk.channels[Channel.SLACK]
    await slack.says(f"{PLACE}#1.0", "Payroll failed", sender="T2/U9", name="Lena", external_id="C1:1.0")
    await desk.settle()
    desk.forget()
    return desk


# What stands there


@pytest.mark.parametrize(
    ("sender", "labels"),
    [
        pytest.param("lena", ["Status", "Escalate"], id="in English"),
        pytest.param("taras", ["Стан звернення", "Залучити керівництво"], id="in the language of the client"),
    ],
)
async def test_a_receipt_has_buttons_in_its_readers_language(desk: Story, sender: str, labels: list[str]) -> None:
    await desk.receives(sender=sender, text="Payroll failed")
    (buttons,) = below(desk, desk.identity(sender, Channel.TELEGRAM).address)
    assert [button.label for button in buttons] == labels
    assert [(button.action, button.value) for button in buttons] == [
        ("client.status", "T-1"),
        ("client.escalate", "T-1"),
    ]
    desk.forget()
    desk.expect_quiet()


async def test_so_has_the_word_that_we_are_closed_and_none_of_our_peoples_has(desk: Story) -> None:
    await desk.go_to(NOON + timedelta(hours=9))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking"))
    notice, answer = below(desk, "1001")
    assert [button.action for button in notice] == ["client.status", "client.escalate"]
    assert answer == ()
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.INAPP])
async def test_a_channel_without_buttons_is_told_as_before(desk: Story, channel: Channel) -> None:
    await desk.receives(channel, sender="lena", text="Payroll failed")
    assert below(desk, desk.identity("lena", channel).address, channel) == [()]
    desk.expect_message("lena", channel, containing="Thank you, we have it (T-1)")
    desk.forget()
    desk.expect_quiet()


# What they do


async def test_the_status_is_answered_where_it_was_asked_and_nowhere_else(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    answer = await presses(desk, "Status")
    assert answer == Answer("T-1: Payroll failed. Vera looks after it and answers by 10:00 (your time).")
    assert [line.direction for line in await desk.lines()] == ["in", "out"]
    assert (await desk.clock("first_response")).state is State.RUNNING
    assert not await refusals(desk)
    desk.expect_quiet()


async def test_the_lead_is_called_once_and_the_manager_sees_that_it_was_asked_for(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    assert await presses(desk, "Escalate") == Answer(TOLD)
    desk.expect_alert("dana", containing="T-1 (Acme): the client asks for the team lead")
    desk.expect_under("vera", containing="Lena\n> [Escalate]")
    assert await presses(desk, "Escalate") == Answer(TOLD)
    await desk.receives(sender="lena", text="/escalate")
    desk.expect_message("lena", containing=TOLD)
    assert (await desk.clock("first_response")).state is State.RUNNING
    assert "escalated" in await desk.events()
    desk.expect_quiet()


async def test_a_press_that_the_channel_repeats_counts_once(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    first = await presses(desk, "Escalate", key="press-1")
    await desk.does("vera", Resolve("Fixed"))
    desk.forget()
    assert await presses(desk, "Escalate", key="press-1") == first == Answer(TOLD)
    assert (await desk.events()).count("escalated") == 1
    desk.expect_quiet()


async def test_a_button_outlives_its_ticket_and_says_so(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.fast_forward(days=14)
    desk.forget()
    done = Answer("T-1: Payroll failed. This is done. If anything is left, write to us here.")
    assert (await presses(desk, "Status"), await presses(desk, "Escalate")) == (done, done)
    assert "escalated" not in await desk.events()
    desk.expect_quiet()


async def test_the_button_of_a_merged_ticket_asks_about_the_one_that_goes_on(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="lena", text="/new The payroll once more")
    await desk.does("vera", Merge(TicketId(1)), ticket=2)
    desk.forget()
    assert (await presses(desk, "Status", value="T-2")).text.startswith("T-1: Payroll failed. Vera looks after it")
    assert await presses(desk, "Escalate", value="T-2") == Answer(TOLD)
    desk.expect_alert("dana", containing="T-1 (Acme): the client asks for the team lead")
    desk.expect_quiet()


# Who may


@pytest.mark.parametrize("by", ["T2/U9", "T2/U77"], ids=["its contact", "a member of the client's place"])
async def test_whoever_may_speak_in_a_clients_place_may_press_there(make_desk: MakeStory, by: str) -> None:
    desk = await lena_waits(make_desk)
    where = f"{PLACE}#1.0"
    answer = await presses(desk, "Status", address=where, channel=Channel.SLACK, by=by)
    assert answer.text.startswith("T-1: Payroll failed. Vera looks after it")
    assert await presses(desk, "Escalate", address=where, channel=Channel.SLACK, by=by) == Answer(TOLD)
    desk.expect_alert("dana", containing="the client asks for the team lead")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        pytest.param("-1001234", "T-1: Payroll failed. Vera se ocupa de ello", id="a member of the client's group"),
        pytest.param("-500", "Este botón corresponde a la solicitud de otra persona.", id="somebody elsewhere"),
    ],
)
async def test_whoever_never_wrote_is_answered_in_the_language_that_their_channel_names(
    desk: Story, where: str, said: str
) -> None:
    await desk.receives(sender="7001", address="-1001234", text="Payroll failed", language="de")
    desk.forget()
    conversation = desk.channels[Channel.TELEGRAM].conversation(where)
    by = Identity(Channel.TELEGRAM, "7009")
    press = Press("p-1", by, "client.status", "T-1", desk.time.moment(), conversation=conversation, language="es-MX")
    assert (await desk.desk.press(press)).text.startswith(said)
    desk.expect_quiet()


async def test_a_receipt_for_the_writer_alone_has_them_too(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_SLACK, ('name = "Acme"', 'name = "Acme"\nreceipts = "ephemeral"')))
    slack = desk.channels[Channel.SLACK]
    await slack.says(f"{PLACE}#1.0", "Payroll failed", sender="T2/U9", name="Lena", external_id="C1:1.0")
    await desk.settle()
    desk.forget()
    answer = await presses(desk, "Status", address=f"{PLACE}#1.0", channel=Channel.SLACK, by="T2/U9")
    assert answer.text.startswith("T-1: Payroll failed. Vera looks after it")
    desk.expect_quiet()


@pytest.mark.parametrize("name", ["Status", "Escalate"])
@pytest.mark.parametrize("by", ["5001", "1002"], ids=["a stranger", "another client's contact"])
async def test_nobody_else_learns_anything_by_pressing(desk: Story, by: str, name: str) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    answer = await presses(desk, name, by=by, key="press-1")
    assert await presses(desk, name, by=by, key="press-1") == answer
    assert answer.is_refused
    refused = {"5001": REFUSED, "1002": "Ця кнопка стосується чужого звернення."}
    assert answer.text == refused[by]
    where = {"value": "T-1", "where": "telegram:desk:1001"}
    assert await refusals(desk) == [(f"telegram:{by}", f"client.{name.lower()}", where)]
    assert "escalated" not in await desk.events()
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("by", "address", "is_refused"),
    [
        pytest.param("1011", "-500", False, id="a colleague where it was written"),
        pytest.param("1011", "1011", True, id="a colleague elsewhere"),
        pytest.param("5001", "-500", True, id="a stranger where it was written"),
    ],
)
async def test_in_a_group_that_is_nobodys_only_the_clients_own_contacts_may_press(
    make_desk: MakeStory, by: str, address: str, *, is_refused: bool
) -> None:
    ann = ('contacts = [{ name = "Lena"', 'contacts = [{ name = "Ann", telegram = 1011 }, { name = "Lena"')
    desk = await make_desk(story_desk(ann))
    await desk.receives(sender="lena", text="Payroll failed", address="-500")
    desk.forget()
    telegram = desk.channels[Channel.TELEGRAM]
    assert (await telegram.command(address, "client.status", "T-1", by=by)).is_refused is is_refused
    assert len(await refusals(desk)) == int(is_refused)
    desk.expect_quiet()


@pytest.mark.parametrize("value", ["T-1", "T-99", "T-", "", "T-1 or else " + "x" * 500])
async def test_a_number_that_was_made_up_opens_no_door(desk: Story, value: str) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    desk.forget()
    telegram = desk.channels[Channel.TELEGRAM]
    assert await telegram.command("1001", "client.status", value) == Answer(REFUSED, is_refused=True)
    ((_, _, tried),) = await refusals(desk)
    assert tried["value"] == value[:40]
    desk.expect_quiet()


async def test_there_is_no_other_button_for_clients(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    telegram = desk.channels[Channel.TELEGRAM]
    assert await telegram.command("1001", "client.resolve", "T-1") == Answer(REFUSED, is_refused=True)
    assert (await desk.ticket()).status == "new"
    desk.expect_quiet()


async def test_one_of_ours_may_look_as_well_and_escalates_under_their_own_name(make_desk: MakeStory) -> None:
    desk = await lena_waits(make_desk)
    slack, where = desk.channels[Channel.SLACK], f"{PLACE}#1.0"
    answer = await presses(desk, "Status", address=where, channel=Channel.SLACK, by="T1/U2")
    assert answer.text == "T-1: Payroll failed. Vera looks after it and answers by 13:00 (your time)."
    assert (await presses(desk, "Escalate", address=where, channel=Channel.SLACK, by="T1/U2")).form is not None
    assert not (await slack.submit(where, {"why": "It hurts them"}, by="T1/U2")).is_refused
    await desk.settle()
    desk.expect_alert("dana", containing="T-1 (Acme): Oleg Hnatiuk asks for help. It hurts them")
    assert not await refusals(desk)
    desk.expect_quiet()
