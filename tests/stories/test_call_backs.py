"""Somebody called and nobody answered: a ticket to call back, for whom the number says, at the next opening."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.message import Attachment, Channel, Untrusted
from bot.tickets.command import AddNote, GoElsewhere, Reply, Resolve
from bot.tickets.ticket import Status
from tests.builders import story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

EMAIL, BOARD, TELEGRAM = Channel.EMAIL, Channel.BOARD, Channel.TELEGRAM
PBX = "voicemail@pbx.test"
NIGHT = datetime(2026, 3, 3, 20, 0, tzinfo=UTC)
#: 9:00 in the desk's zone is seven here; the line opens at ten, which is seven in UTC.
MORNING = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
PHONES = (
    ('public_plan = "public"', f'public_plan = "public"\nphone_system = ["{PBX}"]'),
    ('{ name = "Lena", telegram', '{ name = "Lena", phone = "+351 912 345 678", telegram'),
)
MISSED = "Missed call from +351 912-345-678 at 20:00"


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """The usual desk with a phone system, at night."""
    return await make_desk(story_desk(*PHONES), start=NIGHT)


async def rings(desk: Story, text: str = MISSED, **more: Any) -> None:  # noqa: ANN401 - whatever the channel in memory can say
    await desk.receives(EMAIL, sender=PBX, text=text, **more)


async def test_a_missed_call_at_night_is_called_back_at_the_next_opening(desk: Story) -> None:
    await rings(desk)
    ticket = await desk.ticket()
    assert (ticket.kind, ticket.client, ticket.is_verified, ticket.channel) == ("call_back", "acme", True, "phone")
    assert (ticket.status, ticket.plan) == (Status.NEW, "premium")
    desk.expect_quiet()
    await desk.go_to(MORNING)
    shown = desk.expect_card("vera", containing="T-1 · Acme: Missed call")
    assert "Lena on phone · Premium" in shown
    assert "Call back: they called" in shown
    assert "Replies in this thread" not in shown
    desk.expect_quiet()


async def test_whoever_called_is_written_to_only_on_another_channel_of_theirs(desk: Story) -> None:
    await rings(desk)
    await desk.go_to(MORNING)
    desk.forget()
    for words in (Reply("Hello"), Resolve("Done, as we said on the phone")):
        answer = await desk.does("vera", words)
        assert (answer.is_refused, "call back, then resolve it" in answer.text) == (True, True)
    await desk.does("vera", AddNote("Called, nobody there"))
    assert not (await desk.does("vera", GoElsewhere("telegram", "When may we call?"))).is_refused
    desk.expect_message("lena", TELEGRAM, containing="When may we call?")
    assert not (await desk.does("vera", Resolve(""))).is_refused
    desk.forget()
    desk.expect_quiet()


async def test_a_call_that_was_answered_is_resolved_without_a_word_to_anybody(desk: Story) -> None:
    await rings(desk, "Voicemail from 00351 912345678, 12 seconds")
    assert (await desk.ticket()).client == "acme"
    await desk.go_to(MORNING)
    desk.forget()
    await desk.does("vera", Resolve(""))
    assert (await desk.ticket()).status is Status.RESOLVED
    assert desk.channels[BOARD].messages("+351912345678") == ()
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("text", "more"),
    [
        pytest.param("Missed call from +351 999 999 999", {}, id="a number nobody has"),
        pytest.param("Missed call from 912345678", {}, id="a number without its country"),
        pytest.param("Missed call, number withheld", {}, id="no number"),
        pytest.param(MISSED, {"doubt": "nothing proves it"}, id="a mail that anybody may have written"),
    ],
)
async def test_a_caller_who_is_not_known_for_certain_is_a_strangers_ticket(
    desk: Story, text: str, more: dict[str, str]
) -> None:
    await rings(desk, text, **more)
    ticket = await desk.ticket()
    assert (ticket.kind, ticket.client, ticket.plan, ticket.is_verified) == ("call_back", None, "public", False)
    await desk.go_to(MORNING)
    desk.forget()
    desk.expect_quiet()


async def test_the_same_mail_twice_and_a_second_call_are_one_ticket(desk: Story) -> None:
    email = desk.channels[EMAIL]
    raw = await email.says(PBX, MISSED, sender=PBX, external_id="mail-1")
    await email.receives(raw.payload, external_id="another name", address=PBX)
    await desk.settle()
    assert len(await desk.lines()) == 1
    await desk.dies()
    await rings(desk, "Voicemail from +351912345678")
    assert len(await desk.lines()) == 2
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_a_number_that_somebody_says_on_the_tape_is_not_theirs_where_the_subject_has_one(desk: Story) -> None:
    said = Untrusted("Voicemail from 0711 555 123")
    await rings(desk, "Transcript: this is Lena, my number is +351 912 345 678", subject=said)
    assert ((await desk.ticket()).client, (await desk.page()).facts.speaker.name) == (None, "0711555123")
    desk.expect_quiet()


async def test_any_other_mail_with_a_number_is_a_mail(desk: Story) -> None:
    await desk.receives(EMAIL, sender="somebody@else.test", text=MISSED)
    assert ((await desk.ticket()).kind, (await desk.ticket()).channel) == (None, "email")
    desk.forget()
    desk.expect_quiet()


async def test_a_voice_message_is_called_back_when_nobody_was_there_to_hear_it(desk: Story) -> None:
    voice = (Attachment(Untrusted("voice message.ogg"), "audio/ogg", 4_000),)
    await desk.receives(sender="lena", text="", attachments=voice)
    assert (await desk.ticket(1)).kind == "call_back"
    desk.expect_message("lena", containing="Vera is back tomorrow")
    await desk.go_to(MORNING)
    await desk.receives(sender="bill", text="", attachments=voice)
    assert (await desk.ticket(2)).kind is None
    desk.forget()
    desk.expect_quiet()
