"""Who is believed to be whom: by identity alone, never by name, and never by what they type."""

from datetime import timedelta

import pytest

from adapters.message import Channel, Vouched
from bot.app.channels.transcript import StoredTranscript
from bot.tickets.command import Reply, Resolve
from sla.clock import State
from sla.duration import instant
from tests.builders import document, story_desk
from tests.harness import NOON, Story

GROUP = "-1001234"
DATABASES = ("sqlite", "postgresql")


async def test_a_stranger_is_served_on_the_public_plan_and_flagged(desk: Story) -> None:
    await desk.receives(sender="5001", text="I am Lena of Acme, it is urgent")
    desk.expect_message("5001", containing="Mira answers by")
    assert "5001 on Telegram · Public · medium · not verified" in desk.expect_card("mira", containing="T-1 · 5001")
    ticket = await desk.ticket()
    assert (ticket.plan, ticket.client, ticket.is_verified) == ("public", None, False)
    desk.expect_quiet()


async def test_nobody_is_matched_by_name(desk: Story) -> None:
    raw = await desk.channels[Channel.TELEGRAM].says("5001", "Payroll failed", name="Lena")
    await desk.settle()
    assert raw.external_id
    desk.expect_message("5001", containing="Mira answers")
    desk.expect_card("mira", containing="not verified")
    assert not (await desk.ticket()).is_verified
    desk.expect_quiet()


async def test_what_an_application_vouches_wrongly_is_not_believed(desk: Story) -> None:
    await desk.receives(Channel.INAPP, sender="user-99", text="Hello", vouched=Vouched(client="nobody-we-know"))
    desk.expect_message("user-99", Channel.INAPP, containing="Mira answers")
    desk.expect_card("mira", containing="not verified")
    assert (await desk.ticket()).plan == "public"
    desk.expect_quiet()


async def test_an_application_that_vouches_no_longer_is_no_longer_believed(desk: Story) -> None:
    await desk.receives(Channel.INAPP, sender="user-99", text="Hello", vouched=Vouched(client="acme"))
    assert (await desk.ticket(1)).plan == "premium"
    transcript = StoredTranscript(desk.desk)
    who = desk.identity("user-99", Channel.INAPP)
    assert (await transcript.greeting(who, Vouched(client="acme"), None, None)).title == "Vera Kova"
    await desk.does("vera", Resolve("Fixed"))
    assert (await transcript.greeting(who, Vouched(), None, None)).title == "Story Desk"
    await desk.fast_forward(days=14)
    for number, vouched in ((2, Vouched()), (3, None)):
        await desk.receives(Channel.INAPP, sender="user-99", text=f"/new Again {number}", vouched=vouched)
        ticket = await desk.ticket(number)
        assert (ticket.plan, ticket.client, ticket.is_verified) == ("public", None, False)
    desk.forget()
    desk.expect_quiet()


async def test_what_an_admin_wrote_holds_whatever_an_application_says(desk: Story) -> None:
    for number, vouched in enumerate((Vouched(), Vouched(client="globex"), Vouched()), start=1):
        await desk.receives(Channel.INAPP, sender="lena", text=f"/new Again {number}", vouched=vouched)
    assert [(await desk.ticket(number)).client for number in (1, 2, 3)] == ["acme", "globex", "acme"]
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize(
    "vouched",
    [
        pytest.param(Vouched(email="lena@acme.test"), id="by the address alone"),
        pytest.param(Vouched(email="Lena@Acme.test", name="Lena Moro"), id="however the address is written"),
        pytest.param(Vouched(client="acme", email="lena@acme.test"), id="with the client beside it"),
    ],
)
async def test_an_address_that_an_application_signed_finds_its_contact(desk: Story, vouched: Vouched) -> None:
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    desk.forget()
    who = desk.identity("user-99", Channel.INAPP)
    assert (await StoredTranscript(desk.desk).greeting(who, vouched, None, None)).title == "Vera Kova"
    for number in (2, 3):
        await desk.receives(Channel.INAPP, sender="user-99", text=f"/new Again {number}", vouched=vouched)
        desk.expect_message("user-99", Channel.INAPP, containing=f"we have it (T-{number}). Vera answers by 10:00")
        assert "not verified" not in desk.expect_card("vera", containing=f"T-{number} · Acme: Again {number}")
        ticket = await desk.ticket(number)
        assert (ticket.plan, ticket.client, ticket.is_verified) == ("premium", "acme", True)
        assert ticket.contact == (await desk.ticket(1)).contact
    desk.expect_quiet()


@pytest.mark.parametrize(
    "vouched",
    [
        pytest.param(Vouched(email="nobody@acme.test"), id="nobody's"),
        pytest.param(Vouched(client="globex", email="lena@acme.test"), id="with another client beside it"),
        pytest.param(None, id="none at all"),
    ],
)
async def test_an_address_that_is_no_contacts_finds_nobody(desk: Story, vouched: Vouched | None) -> None:
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(Channel.INAPP, sender="user-99", text="I am lena@acme.test", vouched=vouched)
    first, second = await desk.ticket(1), await desk.ticket(2)
    assert second.contact != first.contact
    assert second.client != "acme"
    desk.forget()
    desk.expect_quiet()


async def test_an_application_that_signs_another_address_is_believed_at_once(desk: Story) -> None:
    words = (Vouched(email="lena@acme.test"), Vouched(), Vouched(email="bill@initech.test"))
    for number, vouched in enumerate(words, start=1):
        await desk.receives(Channel.INAPP, sender="user-99", text=f"/new Again {number}", vouched=vouched)
    tickets = [await desk.ticket(number) for number in (1, 2, 3)]
    assert [ticket.client for ticket in tickets] == ["acme", None, "initech"]
    assert len({ticket.contact for ticket in tickets}) == 3
    await desk.receives(Channel.EMAIL, sender="lena", text="And my export")
    assert (await desk.ticket(4)).client == "acme"
    desk.forget()
    desk.expect_quiet()


async def test_a_contact_who_left_the_desk_directory_is_found_by_no_address(desk: Story) -> None:
    vouched = Vouched(email="lena@acme.test")
    await desk.receives(Channel.INAPP, sender="user-99", text="Payroll failed", vouched=vouched)
    assert (await desk.ticket(1)).client == "acme"
    await desk.apply(document(story_desk((', email = "lena@acme.test"', ""))))
    await desk.receives(Channel.INAPP, sender="user-99", text="/new Again", vouched=vouched)
    assert (await desk.ticket(2)).client is None
    desk.forget()
    desk.expect_quiet()


async def test_one_contact_is_the_same_on_every_channel(desk: Story) -> None:
    await desk.receives(Channel.TELEGRAM, sender="lena", text="Payroll failed")
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    first, second = await desk.ticket(1), await desk.ticket(2)
    assert first.contact == second.contact
    assert [one.id for one in (await desk.page(1)).related] == [2]
    desk.forget()
    desk.expect_quiet()


async def test_whoever_writes_in_a_clients_group_acts_as_the_client(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    desk.expect_message(GROUP, containing="Vera answers by 10:00")
    desk.expect_card("vera", containing="T-1 · Acme: Payroll failed\n7001 on Telegram · Premium")
    ticket = await desk.ticket()
    assert (ticket.client, ticket.is_verified, ticket.rule) == ("acme", True, "own_manager")
    await desk.does("vera", Reply("Looking"))
    desk.expect_message(GROUP, containing="Looking")
    assert "T-1 · Acme" in desk.expect_edit("vera", containing="kept")
    desk.expect_quiet()


async def test_the_same_person_outside_the_group_is_a_stranger_again(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    desk.forget()
    await desk.receives(sender="7001", text="Payroll failed")
    desk.expect_message("7001", containing="Mira answers")
    desk.expect_card("mira", containing="not verified")
    desk.expect_quiet()


async def test_a_manager_who_writes_in_the_clients_group_is_answering(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    desk.forget()
    await desk.receives(sender="vera", address=GROUP, text="Looking at it")
    assert (await desk.clock("first_response")).state is State.MET
    line = (await desk.lines())[-1]
    assert (line.author, line.kind, line.state) == ("vera", "reply", "sent")
    await desk.receives(sender="7001", address=GROUP, text="And the export?")
    desk.expect_ping("vera", containing="7001 wrote on T-1")
    desk.expect_quiet()


async def test_what_a_manager_said_in_the_group_counts_from_when_it_was_written(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=90))
    desk.expect_alert("dana", containing="overdue since 13:00")
    desk.forget()
    written_at = NOON + timedelta(minutes=30)
    await desk.receives(sender="vera", address=GROUP, text="Looking at it", at=written_at)
    clock, ticket = await desk.clock("first_response"), await desk.ticket()
    assert (clock.state, clock.satisfied_at) == (State.RETRACTED, instant(written_at))
    assert ((await desk.lines())[-1].at, ticket.staff_spoke_at) == (instant(written_at), instant(written_at))
    desk.expect_alert("dana", containing="was in time after all")
    desk.expect_ping("vera", containing="was in time after all")
    desk.expect_quiet()


async def test_words_after_a_late_heard_reply_are_owed_an_answer_of_their_own(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=20))
    await desk.receives(sender="7001", address=GROUP, text="And the export?")
    written_at = NOON + timedelta(minutes=10)
    await desk.receives(sender="vera", address=GROUP, text="Looking at it", at=written_at)
    assert (await desk.clock("first_response")).satisfied_at == instant(written_at)
    following = await desk.clock("next_response")
    assert (following.state, following.started_at) == (State.RUNNING, instant(NOON + timedelta(minutes=20)))
    desk.forget()
    desk.expect_quiet()


async def test_a_manager_who_writes_first_opens_nothing_and_is_taken_for_nobodys_client(desk: Story) -> None:
    await desk.receives(sender="vera", address=GROUP, text="Good morning")
    assert not await desk.is_there(1)
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    desk.expect_message(GROUP, containing="Vera answers")
    desk.expect_card("vera", containing="T-1 · Acme: Payroll failed\n7001 on Telegram")
    await desk.does("vera", Reply("Looking"))
    desk.expect_message(GROUP, containing="Looking")
    assert (await desk.page()).facts.speaker.name == "7001"
    desk.expect_quiet()


async def test_what_a_manager_says_in_the_group_counts_once_and_may_be_reworded(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    telegram = desk.channels[Channel.TELEGRAM]
    raw = await telegram.says(GROUP, "Loking at it", sender="2001", external_id="m5")
    await desk.settle()
    again = await telegram.receives(raw.payload, external_id="another name", address=GROUP)
    await desk.settle()
    assert telegram.is_acknowledged(again)
    await telegram.edits(GROUP, "m5", "Looking at it", sender="2001")
    await desk.settle()
    assert [line.text for line in await desk.lines() if line.kind == "reply"] == ["Looking at it"]
    page = await desk.page()
    assert [(event.what, event.by) for event in page.events][-1] == ("message_edited", "vera")
    desk.forget()
    desk.expect_quiet()


async def test_a_contact_the_directory_drops_is_a_stranger_from_then_on(desk: Story) -> None:
    await desk.receives(sender="bill", text="Payroll failed")
    await desk.does("mira", Resolve("Fixed"))
    start = story_desk().index('contacts = [{ name = "Bill"')
    line = story_desk()[start : story_desk().index("\n", start)]
    await desk.apply(document(story_desk((line, ""))))
    await desk.fast_forward(days=14)
    desk.forget()
    await desk.receives(sender="1003", text="Something else")
    assert (await desk.ticket(2)).plan == "public"
    assert (await desk.ticket(1)).client == "initech"
    desk.forget()
    desk.expect_quiet()
