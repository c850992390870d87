"""A copy that a mail server refuses for now goes by itself later: the same mail for that address alone, and once.

It is lost where it is refused for good, or for five days; whoever wrote the reply is told, once.
"""

import asyncio
from datetime import timedelta
from typing import Literal

import pytest

from adapters.errors import AddressError, DeliveryError, PermanentError, TemporaryError
from adapters.message import Channel, Identity, OutboundMessage, Untaken
from bot.store.delivery import failing as addresses
from bot.store.delivery import names_there
from bot.tickets.command import Reply
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.duration import later
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_mail_beside import LENA, MAX, TWO_CONTACTS, copies, lena_writes_to_us_and

DATABASES = ("sqlite", "postgresql")

MAIL = Channel.EMAIL
ZOE = "zoe@acme.test"
THREE_CONTACTS = (
    TWO_CONTACTS[0],
    TWO_CONTACTS[1].replace(" }]", ' }, { name = "Zoe", email = "zoe@acme.test" }]'),
)


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    return await make_desk(story_desk(THREE_CONTACTS))


Outcome = Literal["deferred", "refused", "gone"]


def not_taken(address: str, outcome: Outcome = "deferred", reason: str = "450 4.2.0 greylisted") -> Untaken:
    return Untaken(Identity(MAIL, address), reason, outcome)


async def vera_replies(desk: Story, *untaken: Untaken, beside: tuple[str, ...] = (MAX,)) -> None:
    """Lena wrote to us and others; Vera's reply reaches Lena, and not all of the others."""
    await lena_writes_to_us_and(desk, *beside)
    desk.forget()
    desk.channels[MAIL].takes_no_copies(*untaken)
    await desk.does("vera", Reply("It runs again."))
    desk.expect_message(f"{LENA}#a1", MAIL, containing="It runs again.")


def sent_to(desk: Story, address: str) -> list[OutboundMessage]:
    shown = [one.message for one in desk.channels[MAIL].messages(address)]
    return [one for one in shown if isinstance(one, OutboundMessage)]


async def failing(desk: Story) -> list[str]:
    """The addresses that are flagged."""
    keys = [f"email:{one}" for one in (LENA, MAX, ZOE)]
    return sorted(await desk.database.read(lambda conn: addresses.failing(conn, keys)))


async def receipts(desk: Story) -> list[str]:
    """What channels call everything that they took."""
    return await desk.database.read(lambda conn: list(names_there.names(conn, range(100)).values()))


async def test_it_goes_alone_a_minute_later_and_is_the_same_mail(desk: Story) -> None:
    await vera_replies(desk, not_taken(MAX), beside=(MAX, ZOE))
    assert (await desk.clock("first_response")).state == "met"
    events = await desk.events()
    await desk.fast_forward(seconds=55)
    desk.expect_quiet()
    await desk.fast_forward(seconds=5)
    desk.expect_message(MAX, MAIL, containing="It runs again.")
    (first,), (copy,) = [one for one in sent_to(desk, f"{LENA}#a1") if one.author], sent_to(desk, MAX)
    assert (copy.key, copy.text, copy.at, copy.copies) == (first.key, first.text, first.at, first.copies)
    assert (copy.sent_to, first.sent_to) == (Identity(MAIL, MAX), None)
    assert not sent_to(desk, ZOE)
    assert (await desk.events(), await failing(desk)) == (events, [])
    assert [line.state for line in await desk.lines() if line.kind == "reply"] == ["sent"]
    await desk.fast_forward(minutes=30)
    desk.expect_quiet()


async def test_whoever_answers_it_answers_the_reply(desk: Story) -> None:
    await vera_replies(desk, not_taken(MAX))
    await desk.fast_forward(minutes=1)
    desk.expect_message(MAX, MAIL, containing="It runs again.")
    sent = desk.channels[MAIL].messages(f"{LENA}#a1")[-1].external_id
    await desk.receives(MAIL, sender="max", address=f"{MAX}#b2", text="Thank you, but", reply_claimed=sent)
    assert [line.text for line in await desk.lines() if line.direction == "in"] == ["Payroll failed", "Thank you, but"]
    assert not await desk.is_there(2)
    assert f"{sent} {MAX}" in await receipts(desk), "what the mail is called is the reply's alone"
    desk.forget()
    desk.expect_quiet()


async def test_it_waits_for_its_own_server_and_for_nobody_else(desk: Story) -> None:
    await vera_replies(desk, not_taken(MAX), not_taken(ZOE), beside=(MAX, ZOE))
    desk.channels[MAIL].fail_next(TemporaryError("450 4.2.0 greylisted"), times=2)
    await desk.fast_forward(minutes=1)
    await desk.does("vera", Reply("And it stays so."))
    desk.expect_message(f"{LENA}#a1", MAIL, containing="And it stays so.")
    desk.expect_quiet()
    await desk.fast_forward(minutes=4)
    desk.expect_quiet()
    await desk.fast_forward(minutes=2)
    for colleague in (MAX, ZOE):
        desk.expect_message(colleague, MAIL, containing="It runs again.")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("error", "flagged"),
    [
        pytest.param(AddressError("550 5.1.1 no such person"), [f"email:{MAX}"], id="nobody there"),
        pytest.param(PermanentError("550 5.7.1 not from you"), [], id="a policy of theirs"),
    ],
)
async def test_refused_for_good_it_is_told_once(desk: Story, error: DeliveryError, flagged: list[str]) -> None:
    await vera_replies(desk, not_taken(MAX))
    desk.channels[MAIL].fail_next(error)
    await desk.fast_forward(minutes=1)
    desk.expect_ping("vera", containing=f"on T-1 to {MAX} did not arrive: {error}")
    assert await failing(desk) == flagged
    assert [line.state for line in await desk.lines() if line.kind == "reply"] == ["sent"]
    await desk.fast_forward(days=6)
    desk.forget()
    assert sent_to(desk, MAX) == []
    desk.expect_quiet()


@pytest.mark.parametrize(("outcome", "flagged"), [("gone", [f"email:{MAX}"]), ("refused", [])])
async def test_refused_for_good_with_the_reply_it_is_not_tried_again(
    desk: Story, outcome: Outcome, flagged: list[str]
) -> None:
    await vera_replies(desk, not_taken(MAX, outcome, "550 no"))
    desk.expect_ping("vera", containing=f"on T-1 to {MAX} did not arrive: 550 no")
    assert await failing(desk) == flagged
    await desk.fast_forward(minutes=30)
    assert sent_to(desk, MAX) == []
    desk.expect_quiet()


async def test_after_five_days_it_is_given_up_told_and_flagged(desk: Story) -> None:
    await vera_replies(desk, not_taken(MAX))
    desk.channels[MAIL].fail_next(TemporaryError("450 4.2.0 greylisted", retry_after=timedelta(days=1)), times=20)
    await desk.go_to(NOON + timedelta(days=5))
    assert not [one for one in desk.seen("vera") if "did not arrive" in one.text]
    desk.forget()
    await desk.go_to(NOON + timedelta(days=5, hours=2))
    desk.expect_ping("vera", containing=f"to {MAX} did not arrive: given up after 5 days: 450 4.2.0 greylisted")
    assert await failing(desk) == [f"email:{MAX}"]
    assert sent_to(desk, MAX) == []


async def test_it_goes_with_the_words_that_the_reply_has_by_then(desk: Story) -> None:
    await vera_replies(desk, not_taken(MAX))
    await desk.database.write(
        lambda conn: conn.exec_driver_sql("UPDATE message SET text = 'It walks again.' WHERE kind = 'reply'")
    )
    await desk.fast_forward(minutes=1)
    desk.expect_message(MAX, MAIL, containing="It walks again.")
    desk.expect_quiet()


async def test_whoever_is_the_clients_no_longer_gets_it_no_more(desk: Story) -> None:
    await vera_replies(desk, not_taken(MAX))
    await desk.apply(document(story_desk()))
    await desk.fast_forward(minutes=10)
    assert sent_to(desk, MAX) == []
    assert [one.error for one in await desk.outbox("dropped")] == ["whoever it is for takes part no longer"]
    desk.forget()
    desk.expect_quiet()


async def test_killed_before_the_receipt_was_kept_each_gets_it_at_most_twice(desk: Story) -> None:
    await lena_writes_to_us_and(desk, MAX)
    desk.forget()
    mail = desk.channels[MAIL]
    mail.takes_no_copies(not_taken(MAX))
    shown = mail.falls_silent = asyncio.Event()
    await desk.desk.commands.perform(PersonId("vera"), TicketId(1), Reply("It runs again."), key="a")
    await desk.desk.sender.once()
    await shown.wait()
    await desk.dies()
    mail.falls_silent = None
    mail.takes_no_copies(not_taken(MAX))
    await desk.settle()
    assert copies(desk, f"{LENA}#a1") == [[MAX], [MAX]]
    await desk.fast_forward(minutes=10)
    assert len(sent_to(desk, MAX)) == 1
    desk.expect_alert("vera", containing="may not have reached Acme")


async def test_killed_while_it_goes_it_goes_at_most_once_more(desk: Story) -> None:
    await vera_replies(desk, not_taken(MAX))
    mail = desk.channels[MAIL]
    shown = mail.falls_silent = asyncio.Event()
    desk.time.at = later(desk.time.at, timedelta(minutes=1))
    await desk.desk.sender.once()
    await shown.wait()
    await desk.dies()
    mail.falls_silent = None
    await desk.fast_forward(minutes=10)
    assert [one.text for one in sent_to(desk, MAX)] == ["It runs again."] * 2
    desk.forget()
    desk.expect_quiet()
