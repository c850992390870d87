"""What stands beside a mail: who else was written to, why nobody proved its sender, what is quoted below."""

from collections.abc import Sequence

import pytest

from adapters.message import Channel, Identity, OutboundMessage, Untrusted
from bot.tickets.command import Reply
from bot.tickets.facts import Line
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

MAX = "max@acme.test"
SPY = "spy@evil.test"
LENA = "lena@acme.test"
TWO_CONTACTS = (
    'contacts = [{ name = "Lena", telegram = 1001, email = "lena@acme.test", slack = "T2/U9", inapp = "user-17" }]',
    'contacts = [{ name = "Lena", email = "lena@acme.test" }, { name = "Max", email = "max@acme.test" }]',
)


def mails(*addresses: str) -> tuple[Identity, ...]:
    return tuple(Identity(Channel.EMAIL, one) for one in addresses)


def copies(desk: Story, address: str) -> list[Sequence[str]]:
    """To whom else each mail to an address went that a person wrote."""
    shown = [one.message for one in desk.channels[Channel.EMAIL].messages(address)]
    said = [one for one in shown if isinstance(one, OutboundMessage) and not one.automatic]
    return [[who.address for who in one.copies] for one in said]


async def lines(desk: Story, number: int = 1) -> list[tuple[str, str | None, str]]:
    def drawn(line: Line) -> tuple[str, str | None, str]:
        return line.direction, line.author, line.text

    return [drawn(line) for line in await desk.lines(number) if line.kind != "auto"]


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    return await make_desk(story_desk(TWO_CONTACTS))


async def lena_writes_to_us_and(desk: Story, *others: str) -> None:
    await desk.receives(
        Channel.EMAIL, sender="lena", address=f"{LENA}#a1", text="Payroll failed", beside=mails(*others), subject="Pay"
    )


async def test_a_colleague_in_copy_takes_part_and_a_stranger_never_does(desk: Story) -> None:
    await lena_writes_to_us_and(desk, MAX, SPY)
    card = desk.expect_card("vera", containing="T-1 · Acme")
    assert f"Also in it, and gets your reply: {MAX}" in card
    assert f"Was written to as well, and gets no reply: {SPY}" in card
    desk.expect_message(f"{LENA}#a1", Channel.EMAIL, containing="Vera answers by")

    await desk.does("vera", Reply("It runs again."))
    desk.expect_message(f"{LENA}#a1", Channel.EMAIL, containing="It runs again.")
    assert copies(desk, f"{LENA}#a1") == [[MAX]]
    desk.expect_quiet()


async def test_what_a_colleague_in_copy_answers_joins_the_ticket_and_reaches_both(desk: Story) -> None:
    await lena_writes_to_us_and(desk, MAX)
    await desk.does("vera", Reply("Which month?"))
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="max", address=f"{MAX}#a1", text="March", external_id="m1")
    await desk.receives(Channel.EMAIL, sender="max", address=f"{MAX}#a1", text="March", external_id="m1")
    desk.expect_ping("vera", containing="Max")
    assert await lines(desk) == [
        ("in", "Lena", "Payroll failed"),
        ("out", "vera", "Which month?"),
        ("in", "Max", "March"),
    ]
    assert not await desk.is_there(2)

    await desk.does("vera", Reply("Done."))
    desk.expect_message(f"{LENA}#a1", Channel.EMAIL, containing="Done.")
    assert copies(desk, f"{LENA}#a1")[-1] == [MAX]
    desk.expect_quiet()


async def test_an_answer_to_what_was_sent_to_another_counts_for_who_takes_part_alone(desk: Story) -> None:
    await lena_writes_to_us_and(desk, MAX)
    await desk.does("vera", Reply("Which month?"))
    sent = desk.channels[Channel.EMAIL].messages(f"{LENA}#a1")[-1].external_id
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="max", address=f"{MAX}#b2", text="March", reply_claimed=sent)
    await desk.receives(Channel.EMAIL, sender="bill", address="bill@initech.test#b3", text="May", reply_claimed=sent)
    assert [text for _, _, text in await lines(desk)] == ["Payroll failed", "Which month?", "March"]
    assert [text for _, _, text in await lines(desk, 2)] == ["May"]
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("sender", "doubt"),
    [
        pytest.param(f"{MAX} (unverified)", "dmarc=fail", id="whoever forges the colleague"),
        pytest.param(SPY, "", id="the stranger in copy"),
    ],
)
async def test_nobody_else_joins_by_the_thread(desk: Story, sender: str, doubt: str) -> None:
    await lena_writes_to_us_and(desk, MAX, SPY)
    address = sender.removesuffix(" (unverified)")
    await desk.receives(Channel.EMAIL, sender=sender, address=f"{address}#a1", text="Send me all of it", doubt=doubt)
    assert [text for _, _, text in await lines(desk)] == ["Payroll failed"]
    assert not (await desk.ticket(2)).is_verified
    desk.forget()
    desk.expect_quiet()


async def test_a_mail_that_nobody_proves_makes_nobody_take_part(desk: Story) -> None:
    await desk.receives(
        Channel.EMAIL,
        sender=f"{LENA} (unverified)",
        address=f"{LENA}#d1",
        text="Send it to Max too",
        doubt="dmarc=fail",
        beside=mails(MAX),
    )
    assert "Unverified sender: dmarc=fail" in desk.expect_card("mira", containing="T-1")
    desk.expect_message(f"{LENA}#d1", Channel.EMAIL, containing="number T-1")
    await desk.does("mira", Reply("Who are you?"))
    desk.expect_message(f"{LENA}#d1", Channel.EMAIL, containing="Who are you?")
    assert copies(desk, f"{LENA}#d1") == [[]]
    desk.expect_quiet()


async def test_a_colleague_who_is_the_clients_no_longer_gets_no_more_copies(desk: Story) -> None:
    await lena_writes_to_us_and(desk, MAX)
    await desk.apply(document(story_desk()))
    await desk.does("vera", Reply("Done."))
    assert copies(desk, f"{LENA}#a1") == [[]]
    desk.forget()
    desk.expect_quiet()


async def test_what_is_folded_away_is_kept_and_goes_nowhere(desk: Story) -> None:
    quote = Untrusted("On Monday Vera wrote:\n> the password is swordfish")
    await desk.receives(Channel.EMAIL, sender="lena", address=f"{LENA}#a1", text="Thanks, but no", beneath=quote)
    page = await desk.page()
    assert [margin.beneath for margin in page.margins.values()] == [quote]
    shown = [one.text for channel in desk.channels.values() for one in channel.sent]
    assert shown
    assert not any("swordfish" in text for text in shown)
    desk.forget()
    desk.expect_quiet()


async def test_a_copy_that_does_not_arrive_is_told_once_and_the_reply_stands(desk: Story) -> None:
    await lena_writes_to_us_and(desk, MAX)
    await desk.does("vera", Reply("Done."))
    mail = desk.channels[Channel.EMAIL]
    sent = mail.messages(f"{LENA}#a1")[-1].external_id
    desk.forget()
    for _ in range(2):
        await mail.notices(f"{LENA}#a1", sent, "failed", "550 no such person", to=MAX)
        await desk.settle()
    desk.expect_ping("vera", containing=f"to {MAX} did not arrive: 550 no such person")
    assert [line.state for line in await desk.lines() if line.kind == "reply"] == ["sent"]
    desk.expect_quiet()


async def test_an_address_that_mail_comes_back_from_is_flagged_until_it_writes_again(desk: Story) -> None:
    await lena_writes_to_us_and(desk)
    await desk.does("vera", Reply("Done."))
    mail = desk.channels[Channel.EMAIL]
    sent = mail.messages(f"{LENA}#a1")[-1].external_id
    desk.forget()
    await mail.notices(f"{LENA}#a1", sent, "failed", "550 mailbox gone")
    await desk.settle()
    desk.expect_ping("vera", containing="550 mailbox gone")
    desk.expect_edit("vera", containing=f"Mail to {LENA} does not arrive: 550 mailbox gone")
    answer = await desk.does("vera", Reply("Once more."))
    assert f"Mail to {LENA} does not arrive" in answer.text
    desk.expect_message(f"{LENA}#a1", Channel.EMAIL, containing="Once more.")
    assert (await desk.page()).failing == {f"email:{LENA}": "550 mailbox gone"}

    await desk.writes("vera", "In the thread.", under=desk.card("vera", containing="T-1"))
    desk.expect_message(f"{LENA}#a1", Channel.EMAIL, containing="In the thread.")
    desk.expect_message("vera", Channel.SLACK, containing=f"Mail to {LENA} does not arrive")

    await desk.receives(Channel.EMAIL, sender="lena", address=f"{LENA}#a1", text="I am back")
    assert (await desk.page()).failing == {}
    assert (await desk.does("vera", Reply("Good."))).text == "Done."
    desk.forget()
    desk.expect_quiet()


async def test_what_is_not_about_the_address_is_told_and_flags_none(desk: Story) -> None:
    """A policy against the mail, a mail box that is full today."""
    await lena_writes_to_us_and(desk, MAX)
    await desk.does("vera", Reply("Done."))
    mail = desk.channels[Channel.EMAIL]
    sent = mail.messages(f"{LENA}#a1")[-1].external_id
    desk.forget()
    await mail.notices(f"{LENA}#a1", sent, "failed", "552 5.2.2 full", to=MAX, is_address=False)
    await mail.notices(f"{LENA}#a1", sent, "failed", "550 5.7.1 not from you", is_address=False)
    await desk.settle()
    desk.expect_ping("vera", containing=f"to {MAX} did not arrive: 552 5.2.2 full")
    desk.expect_ping("vera", containing="550 5.7.1 not from you")
    assert (await desk.page()).failing == {}
    assert (await desk.does("vera", Reply("Once more."))).text == "Done."
    desk.forget()
    desk.expect_quiet()
