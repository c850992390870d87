"""Automatic answers by mail: few, in fixed words where nobody is proven, and none at all to a machine."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.message import Channel, OutboundMessage, Untrusted
from bot.tickets.command import AskDetails, HandOver, Merge, Reply, Resolve, Split
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_absences import MIRA, OLEG, VERA, says
from tests.stories.test_alert_receipts import WITHOUT_VERA
from tests.stories.test_csat import ASKING

LENA = "lena@acme.test"
FIVE_AN_HOUR = ("[rules]\n", "[rules]\nauto_answers_per_hour = 5\n")
FORGED = "dmarc=fail"


async def forges(desk: Story, address: str, thread: str, text: str = "Buy now", **more: Any) -> None:  # noqa: ANN401 - as `receives`
    """Somebody writes in the name of an address."""
    where = f"{address}#{thread}"
    name = f"{address} (unverified)"
    await desk.receives(Channel.EMAIL, sender=name, address=where, text=text, doubt=FORGED, **more)


def told(desk: Story, place: str = "") -> list[str]:
    """What went out automatically by mail, to everybody or to one address."""
    shown = [one.message for one in desk.channels[Channel.EMAIL].sent]
    said = [one for one in shown if isinstance(one, OutboundMessage) and one.automatic]
    return [one.text for one in said if place in one.conversation.address]


async def lena_writes(desk: Story, thread: str, text: str = "Payroll failed", **more: Any) -> None:  # noqa: ANN401 - as `receives`
    await desk.receives(Channel.EMAIL, sender="lena", address=f"{LENA}#{thread}", text=text, **more)


async def test_a_forged_sender_hears_of_us_once_a_day_and_in_fixed_words(desk: Story) -> None:
    await forges(desk, "victim@other.test", "a", "Cheap watches http://evil.test", subject=Untrusted("Cheap watches"))
    await forges(desk, "victim@other.test", "b", "More watches")
    await forges(desk, "victim@other.test", "a", "And rings")
    (answer,) = told(desk)
    assert answer == "Your message has arrived and has the number T-1. A member of our team will answer it."
    assert await desk.is_there(2)
    await desk.fast_forward(hours=24)
    await forges(desk, "victim@other.test", "c", "Again")
    assert len(told(desk)) == 2
    desk.forget()
    desk.expect_quiet()


async def test_a_stranger_hears_by_mail_of_no_change_and_a_client_does(desk: Story) -> None:
    await forges(desk, "victim@other.test", "a")
    await lena_writes(desk, "b")
    assert len(told(desk, "victim")) == len(told(desk, LENA)) == 1
    for one in (OLEG, MIRA, VERA):
        await says(desk, "away until 2026-03-09", by=one)
    assert "we are back Monday 07:00" in told(desk, LENA)[-1]
    assert len(told(desk, "victim")) == 1


async def test_a_stranger_hears_by_mail_of_no_other_person_whoever_brings_the_change(desk: Story) -> None:
    await forges(desk, "victim@other.test", "a")
    assert len(told(desk)) == 1
    await says(desk, "away until thursday", by=MIRA)
    assert (await desk.ticket()).assignee == "oleg"
    await desk.does("dana", HandOver(PersonId("vera")))
    await desk.fast_forward(hours=60)
    assert (await desk.ticket()).assignee == "vera"
    await desk.apply(document(WITHOUT_VERA))
    await desk.settle()
    assert (await desk.ticket()).assignee != "vera"
    assert len(told(desk)) == 1


async def test_a_stranger_who_falls_silent_is_pressed_and_asked_for_nothing_by_mail(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(more=ASKING))
    await forges(desk, "victim@other.test", "a")
    await desk.does("mira", AskDetails("Which month?"))
    written = [one.message for one in desk.channels[Channel.EMAIL].sent]
    await desk.fast_forward(hours=24 * 30)
    assert (await desk.ticket()).status.value == "closed"
    assert [one.message for one in desk.channels[Channel.EMAIL].sent] == written
    await forges(desk, "victim@other.test", "b", "Another")
    await desk.does("mira", Reply("Looking"), ticket=2)
    await desk.does("mira", Resolve("Mended"), ticket=2)
    before = told(desk)
    await desk.fast_forward(hours=24 * 30)
    assert ((await desk.ticket(2)).status.value, told(desk)) == ("closed", before)


async def test_what_a_stranger_wrote_is_not_said_back_as_it_gets_a_ticket_of_its_own(desk: Story) -> None:
    await forges(desk, "victim@other.test", "a", "Cheap watches")
    await forges(desk, "victim@other.test", "b", "And cheap rings at evil.test")
    await desk.does("dana", Merge(TicketId(1)), ticket=2)
    _, second = [line.id for line in await desk.lines() if line.direction == "in"]
    assert not (await desk.does("dana", Split(second))).is_refused
    assert told(desk)[-1].startswith("Part of this now has a ticket of its own beside T-1: T-3.")
    assert not [text for text in told(desk) if "cheap" in text.casefold()]


@pytest.mark.parametrize("word", ["/status", "/help", "/escalate", "/language de"])
async def test_a_word_of_command_from_nobody_proven_is_answered_by_nobody(desk: Story, word: str) -> None:
    await forges(desk, "victim@other.test", "a", word)
    assert told(desk) == []
    desk.forget()
    desk.expect_quiet()


async def test_strangers_share_so_many_answers_an_hour_and_clients_are_never_crowded_out(desk: Story) -> None:
    await desk.apply(document(story_desk(FIVE_AN_HOUR)))
    for number in range(12):
        await forges(desk, f"p{number}@other.test", "a")
    assert len(told(desk)) == 5
    desk.expect_ping("dana", containing="Strangers get no automatic answers by mail until 13:")
    await lena_writes(desk, "a")
    assert len(told(desk, LENA)) == 1
    # It rests for a whole hour, and the process that comes next knows it.
    await desk.dies()
    await desk.fast_forward(minutes=55)
    await forges(desk, "late@other.test", "a")
    assert told(desk, "late@other.test") == []
    await desk.fast_forward(minutes=10)
    await forges(desk, "later@other.test", "a")
    assert len(told(desk, "later@other.test")) == 1
    assert await desk.is_there(15)
    desk.forget()
    desk.expect_quiet()


async def test_a_ticket_is_receipted_once_a_day_whatever_its_contact_writes(desk: Story) -> None:
    await lena_writes(desk, "a")
    await desk.does("vera", Resolve("Fixed"))
    await lena_writes(desk, "a", "It broke again")
    assert (await desk.events())[-1] == "reopened"
    assert ["we have it" in one for one in told(desk)] == [True, False]
    assert told(desk)[-1].startswith("T-1 is resolved")
    desk.forget()
    desk.expect_quiet()


async def test_a_contact_who_writes_a_lot_hears_three_receipts_a_day_and_nobody_is_alarmed(desk: Story) -> None:
    for number in range(5):
        await lena_writes(desk, f"t{number}")
        await desk.fast_forward(minutes=40)
    assert len(told(desk)) == 3
    assert not [one for one in desk.seen("dana") if "machine" in one.text]
    await desk.fast_forward(hours=24)
    await lena_writes(desk, "t9")
    assert "T-6" in told(desk)[-1]
    desk.forget()
    desk.expect_quiet()


async def test_a_machine_that_answers_every_mail_is_cut_after_three_rounds_and_told_of_once(desk: Story) -> None:
    for number in range(6):
        await lena_writes(desk, f"t{number}", "I am out of office")
        await desk.fast_forward(minutes=1)
    assert len(told(desk)) == 3
    desk.expect_ping("dana", containing=f"{LENA} answers our automatic mails at once, as a machine does")
    assert await desk.is_there(6)
    desk.forget()
    desk.expect_quiet()


async def test_what_a_contact_asks_for_is_answered_beside_the_receipts(desk: Story) -> None:
    await lena_writes(desk, "a")
    for number in range(4):
        await lena_writes(desk, "a", "/status", external_id=f"s{number}")
    assert len(told(desk)) == 5
    desk.forget()
    desk.expect_quiet()


async def test_wrong_codes_by_forged_mail_are_answered_once_a_day(desk: Story) -> None:
    for number in range(3):
        await forges(desk, "victim@other.test", "a", f"/start wrongwrongwrongwrong{number}", external_id=f"l{number}")
    assert len(told(desk)) == 1
    assert "wrong" not in told(desk)[0]
    assert not await desk.is_there(1)
    desk.forget()
    desk.expect_quiet()


async def test_words_of_our_people_are_no_automatic_answers(desk: Story) -> None:
    await lena_writes(desk, "a")
    for number in range(5):
        await desk.does("vera", Reply(f"Answer {number}"))
    shown = [one.text for one in desk.channels[Channel.EMAIL].messages(f"{LENA}#a")]
    assert len(shown) == 6
    desk.forget()
    desk.expect_quiet()


async def test_a_kill_or_a_repeat_answers_nobody_twice(desk: Story) -> None:
    for _ in range(2):
        await forges(desk, "victim@other.test", "a", external_id="m1")
        await desk.dies()
        await desk.settle()
    assert len(told(desk)) == 1
    desk.forget()
    desk.expect_quiet()


async def test_whoever_sends_more_than_we_take_is_told_so_once(desk: Story) -> None:
    await lena_writes(desk, "a", is_cut=True)
    (first,) = told(desk)
    assert "Vera answers by" in first
    assert "larger than we can take" in first
    await lena_writes(desk, "a", "Also this", is_cut=True)
    assert told(desk) == [first]
    await forges(desk, "victim@other.test", "a", is_cut=True)
    assert "larger than we can take" in told(desk, "victim@other.test")[0]
    desk.forget()
    desk.expect_quiet()


async def test_other_channels_are_answered_as_ever(desk: Story) -> None:
    for number in range(5):
        await desk.receives(Channel.TELEGRAM, sender="lena", text=f"/new Matter {number}")
        await desk.fast_forward(minutes=1)
        desk.expect_message("lena", containing=f"we have it (T-{number + 1})")
    desk.forget()
    desk.expect_quiet()


async def test_what_was_counted_is_forgotten_after_its_day(desk: Story) -> None:
    await lena_writes(desk, "a")
    assert await desk.desk.tidy() == 0
    await desk.fast_forward(seconds=timedelta(hours=25).total_seconds())
    assert await desk.desk.tidy() >= 1
    desk.forget()
    desk.expect_quiet()
