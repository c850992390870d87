"""A one-time link proves who somebody is on a channel; nothing else that a person says does."""

from datetime import timedelta

import pytest

from adapters.errors import TemporaryError
from adapters.message import Channel, Identity
from bot.desk.people.linking import subject_of
from bot.desk.people.proving import Proving
from bot.store import audit
from bot.store.calls.call_offers import Asker
from bot.store.calls.calls import of_ticket
from bot.store.people import tokens
from bot.tickets.calls.call import CallState
from bot.tickets.command import Reply, SamePerson, Take, TwoPeople
from bot.tickets.ticket import TicketId
from routing.people import ClientId
from sla.duration import later
from tests.builders import document, story_desk
from tests.harness import Story

DATABASES = ("sqlite", "postgresql")
LENA = Identity(Channel.EMAIL, "lena@acme.test")


async def made(desk: Story, *, channel: str = "telegram", contact: Identity | None = None, client: str = "acme") -> str:
    """A link as `maitred link` makes it."""
    return await desk.database.write(
        lambda conn: tokens.make_link(
            conn,
            purpose=f"link:{channel}",
            subject=subject_of(ClientId(client), contact),
            now=desk.time.at,
            expires_at=later(desk.time.at, timedelta(minutes=15)),
        )
    )


async def deeds(desk: Story, action: str) -> list[audit.Deed]:
    return [one for one in await desk.database.read(lambda conn: audit.latest(conn, count=50)) if one.action == action]


async def unlinked(desk: Story, address: str) -> bool:
    """What a link proved on Telegram is taken back, as `maitred unlink` does it."""
    proving, who = Proving(desk.desk.revisions, desk.desk.directory.whereto), Identity(Channel.TELEGRAM, address)
    done = await desk.database.write(lambda conn: proving.unlink(conn, who, "terminal", desk.time.at))
    await desk.settle()
    return done


async def said(desk: Story) -> list[str]:
    """Every line of every transcript."""
    rows = await desk.database.read(lambda conn: conn.exec_driver_sql("SELECT text FROM message").scalars().all())
    return list(rows)


async def test_whoever_opens_a_link_is_the_clients_from_then_on(desk: Story) -> None:
    token = await made(desk)
    await desk.receives(sender="5001", text=f"/start {token}")
    desk.expect_message("5001", containing="from now on you are known here as Acme")
    await desk.receives(sender="5001", text="Payroll failed")
    ticket = await desk.ticket()
    assert (ticket.client, ticket.plan, ticket.is_verified) == ("acme", "premium", True)
    (deed,) = await deeds(desk, "linked")
    assert (deed.actor, deed.subject) == ("telegram:5001", "client:acme")
    assert not [line for line in await said(desk) if token in line]
    desk.forget()
    desk.expect_quiet()


async def test_a_link_that_names_a_contact_joins_what_was_said_before(desk: Story) -> None:
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(sender="5001", text="I am Lena of Acme")
    desk.expect_card("mira", containing="not verified")
    desk.forget()
    await desk.receives(sender="5001", text=f"/start {await made(desk, contact=LENA)}")
    first, second = await desk.ticket(1), await desk.ticket(2)
    assert first.contact == second.contact
    assert (second.client, second.is_verified, second.plan) == ("acme", True, "public")
    assert "linked" in await desk.events(2)
    assert [one.id for one in (await desk.page(1)).related] == [2]
    await desk.receives(sender="5001", text="/new And the export")
    third = await desk.ticket(3)
    assert (third.contact, third.plan) == (first.contact, "premium")
    await desk.does("vera", Reply("Looking"), ticket=3)
    desk.expect_message("5001", containing="Looking")
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize("wrong", ["unknown", "used", "late", "foreign", "gone"])
async def test_a_token_that_is_not_valid_gets_one_polite_line_and_does_nothing(desk: Story, wrong: str) -> None:
    token = await made(desk, channel="slack" if wrong == "foreign" else "telegram", client="acme")
    if wrong == "unknown":
        token = "A" * 22
    elif wrong == "used":
        await desk.receives(sender="5002", text=f"/start {token}")
    elif wrong == "late":
        await desk.fast_forward(minutes=15)
    elif wrong == "gone":
        token = await made(desk, contact=Identity(Channel.EMAIL, "nobody@acme.test"))
    desk.forget()
    await desk.receives(sender="5001", text=f"/start {token}")
    desk.expect_message("5001", containing="This link is not valid any more.")
    await desk.receives(sender="5001", text="Payroll failed")
    assert (await desk.ticket()).client is None
    assert not [line for line in await said(desk) if token in line]
    desk.forget()
    desk.expect_quiet()


async def test_a_token_in_a_group_is_refused_and_stays_good_for_its_owner(desk: Story) -> None:
    token = await made(desk, client="initech")
    await desk.receives(sender="5001", address="-1001234", text=f"/start {token}")
    desk.expect_message("-1001234", containing="This link is not valid any more.")
    await desk.receives(sender="5001", text=f"/start {token}")
    desk.expect_message("5001", containing="known here as Initech")
    desk.expect_quiet()


async def test_five_wrong_tokens_an_hour_are_enough(desk: Story) -> None:
    for number in range(5):
        await desk.receives(sender="5001", text=f"/start wrong-{number}")
    token = await made(desk)
    desk.forget()
    await desk.receives(sender="5001", text=f"/start {token}")
    desk.expect_message("5001", containing="This link is not valid any more.")
    await desk.fast_forward(hours=1)
    await desk.receives(sender="5001", text=f"/start {await made(desk)}")
    desk.expect_message("5001", containing="known here as Acme")
    desk.expect_quiet()


async def test_the_same_start_twice_is_answered_once(desk: Story) -> None:
    token = await made(desk)
    telegram = desk.channels[Channel.TELEGRAM]
    raw = await telegram.says("5001", f"/start {token}", external_id="5001:9")
    await telegram.receives(raw.payload, external_id="another name", address="5001")
    await desk.settle()
    desk.expect_message("5001", containing="known here as Acme")
    desk.expect_quiet()


@pytest.mark.parametrize("contact", [None, LENA], ids=["the client", "the contact"])
async def test_what_a_link_proves_of_whoever_was_taken_for_another_stays_when_they_are_two(
    desk: Story, contact: Identity | None
) -> None:
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(sender="5001", text="The export is slow")
    await desk.does("dana", SamePerson(TicketId(1)), ticket=2)
    await desk.receives(sender="5001", text=f"/start {await made(desk, contact=contact)}")
    await desk.does("dana", TwoPeople(), ticket=2)
    first, second = await desk.ticket(1), await desk.ticket(2)
    assert first.contact != second.contact
    assert (second.client, second.is_verified) == ("acme", True)
    await desk.receives(sender="5001", text="/new And the login")
    third = await desk.ticket(3)
    assert (third.contact, third.client, third.plan) == (second.contact, "acme", "premium")
    assert await unlinked(desk, "5001")
    assert ((await desk.ticket(3)).client, (await desk.ticket(1)).client) == (None, "acme")
    desk.forget()
    desk.expect_quiet()


async def test_what_an_admin_wrote_stands_above_a_link(desk: Story) -> None:
    await desk.receives(sender="bill", text=f"/start {await made(desk, client='globex')}")
    desk.expect_message("bill", containing="This link is not valid any more.")
    await desk.receives(sender="bill", text="Payroll failed")
    assert (await desk.ticket()).client == "initech"
    desk.forget()
    desk.expect_quiet()


async def test_start_alone_is_greeted_and_opens_nothing(desk: Story) -> None:
    await desk.receives(sender="5001", text="/start")
    desk.expect_message("5001", containing="Hello, this is Story Desk.")
    assert not await desk.is_there(1)
    desk.expect_quiet()


async def test_whoever_links_before_anybody_answered_is_brought_to_their_own_manager(desk: Story) -> None:
    await desk.receives(sender="5001", text="Payroll failed")
    assert (await desk.ticket()).assignee == "mira"
    desk.forget()
    await desk.receives(sender="5001", text=f"/start {await made(desk)}")
    desk.expect_message("5001", containing="from now on you are known here as Acme")
    desk.expect_message("5001", containing="Vera looks after T-1 from now on.")
    desk.expect_card("vera", containing="T-1")
    ticket = await desk.ticket()
    assert (ticket.assignee, ticket.rule, ticket.plan) == ("vera", "own_manager", "public")
    desk.expect_edit("mira", containing="With Vera Kova")
    desk.expect_quiet()


@pytest.mark.parametrize("command", [pytest.param(Take(), id="taken"), pytest.param(Reply("On it"), id="answered")])
async def test_what_somebody_is_at_stays_with_them_as_its_contact_links(desk: Story, command: Take | Reply) -> None:
    await desk.receives(sender="5001", text="Payroll failed")
    await desk.does("oleg" if isinstance(command, Reply) else "dana", command)
    before = (await desk.ticket()).assignee
    desk.forget()
    await desk.receives(sender="5001", text=f"/start {await made(desk)}")
    ticket = await desk.ticket()
    assert (ticket.assignee, ticket.client) == (before, "acme")
    desk.expect_nothing("vera")


async def test_an_identity_that_is_unlinked_is_a_strangers_again(desk: Story) -> None:
    await desk.receives(sender="5001", text=f"/start {await made(desk)}")
    assert [await unlinked(desk, address) for address in ("5001", "1001", "5001")] == [True, False, False]
    assert [deed.subject for deed in await deeds(desk, "unlinked")] == ["identity:telegram:5001"]
    await desk.receives(sender="5001", text="Payroll failed")
    assert (await desk.ticket()).client is None
    desk.forget()
    desk.expect_quiet()


async def test_the_calls_of_whoever_is_unlinked_are_called_off(desk: Story) -> None:
    await desk.receives(sender="5001", text=f"/start {await made(desk, contact=LENA)}")
    await desk.receives(sender="5001", text="/call thursday 12:00")
    await desk.receives(sender="5001", text="1")
    await desk.receives(Channel.EMAIL, sender="lena", text="/call friday 12:00")
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    desk.forget()
    assert await unlinked(desk, "5001")
    desk.expect_message("5001", containing="Your call is off: Troubleshooting with Vera, Thursday 12:00")
    desk.expect_ping("vera", containing="is off, because 5001 no longer speaks for them")
    booked = await desk.database.read(lambda conn: [*of_ticket(conn, TicketId(1)), *of_ticket(conn, TicketId(2))])
    assert [one.state for one in booked] == [CallState.CANCELLED, CallState.CONFIRMED]


async def test_whoever_is_unlinked_is_told_nothing_more_of_what_followed_them(desk: Story) -> None:
    await desk.receives(sender="5001", text="I am Lena of Acme")
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(sender="5001", text=f"/start {await made(desk, contact=LENA)}")
    await desk.receives(sender="5001", text="T-2 was March")
    assert await unlinked(desk, "5001")
    first, second = await desk.ticket(1), await desk.ticket(2)
    assert (first.is_verified, second.is_verified, first.contact == second.contact) == (False, True, False)
    desk.forget()
    await desk.does("vera", Reply("For Lena alone"), ticket=2)
    desk.expect_message("lena", Channel.EMAIL, containing="For Lena alone")
    await desk.receives(sender="5001", text="What about T-2?")
    await desk.receives(sender="5001", text="And the rest?")
    assert {"What about T-2?", "And the rest?"}.isdisjoint(line.text for line in await desk.lines(2))
    desk.forget()
    desk.expect_quiet()


async def test_what_waits_to_be_said_to_whoever_is_unlinked_is_said_to_the_contact(desk: Story) -> None:
    for text in ("Payroll failed", "For all of us", "Since noon", "And the export"):
        await desk.receives(Channel.EMAIL, sender="lena", text=text)
    await desk.receives(sender="5001", text=f"/start {await made(desk, contact=LENA)}")
    await desk.receives(sender="5001", text="It was March")
    desk.forget()
    desk.channels[Channel.TELEGRAM].fail_next(TemporaryError("away", retry_after=timedelta(minutes=6)))
    await desk.does("vera", Reply("For Lena alone"))
    desk.expect_nothing("5001")
    assert await unlinked(desk, "5001")
    desk.expect_message("lena", Channel.EMAIL, containing="For Lena alone")
    assert "on email" in desk.expect_edit("vera", containing="Replies in this thread go to Lena")
    await desk.fast_forward(minutes=10)
    desk.expect_nothing("5001")
    assert ((await desk.lines())[-1].state, (await desk.events())[-1]) == ("sent", "two_people")


async def test_words_are_reworded_no_more_for_whoever_is_unlinked(desk: Story) -> None:
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(sender="5001", text=f"/start {await made(desk, contact=LENA)}")
    await desk.receives(sender="5001", text="It was March")
    written = await desk.writes("vera", "Looking", under=desk.card("vera"))
    desk.expect_message("5001", containing="Looking")
    desk.forget()
    desk.channels[Channel.TELEGRAM].fail_next(TemporaryError("away", retry_after=timedelta(minutes=6)))
    await desk.rewords("vera", written, "Looking at the account of Lena")
    assert await unlinked(desk, "5001")
    await desk.fast_forward(minutes=10)
    assert not [one for one in desk.channels[Channel.TELEGRAM].messages("5001") if "account of Lena" in one.text]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param([("telegram = 1001, email", "email")], id="from the desk directory"),
        pytest.param(
            [("telegram = 1001, email", "email"), ("telegram = 1003", "telegram = 1001")], id="to another client"
        ),
    ],
)
async def test_a_ticket_that_followed_to_an_address_goes_home_as_that_is_taken_from_its_contact(
    desk: Story, change: list[tuple[str, str]]
) -> None:
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(sender="lena", text="T-1 was March")
    desk.forget()
    desk.channels[Channel.TELEGRAM].fail_next(TemporaryError("away", retry_after=timedelta(minutes=6)))
    await desk.does("vera", Reply("For Lena alone"))
    await desk.apply(document(story_desk(*change)))
    await desk.fast_forward(minutes=10)
    desk.expect_message("lena", Channel.EMAIL, containing="For Lena alone")
    await desk.receives(sender="1001", text="T-1 again")
    assert "T-1 again" not in [line.text for line in await desk.lines(1)]
    await desk.does("vera", Reply("And for Lena alone"))
    desk.expect_message("lena", Channel.EMAIL, containing="And for Lena alone")
    assert not [one for one in desk.channels[Channel.TELEGRAM].messages("1001") if "alone" in one.text]


async def test_whoever_is_unlinked_in_the_middle_of_the_only_ticket_opens_one_of_their_own(desk: Story) -> None:
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    await desk.receives(sender="5001", text=f"/start {await made(desk, contact=LENA)}")
    await desk.receives(sender="5001", text="It was March")
    assert await unlinked(desk, "5001")
    await desk.receives(sender="5001", text="And April")
    assert ((await desk.ticket(2)).client, (await desk.ticket(1)).is_current) == (None, True)
    await desk.receives(Channel.EMAIL, sender="lena", text="And May")
    assert [line.text for line in await desk.lines(1) if line.direction == "in"][-2:] == ["It was March", "And May"]
    desk.forget()
    desk.expect_quiet()


async def test_a_booking_page_closes_with_the_link_that_opened_it(desk: Story) -> None:
    await desk.receives(sender="5001", text=f"/start {await made(desk, contact=LENA)}")
    await desk.receives(sender="5001", text="Payroll failed")
    ticket = await desk.ticket()
    asker = Asker(ticket.conversation, ticket.contact, ClientId("acme"))
    assert (await desk.desk.calls.offered(asker)).slots
    assert await unlinked(desk, "5001")
    offer = await desk.desk.calls.offered(asker)
    assert (offer.slots, offer.call) == ((), None)
    desk.forget()
    desk.expect_quiet()


async def test_what_was_said_in_a_clients_group_stays_that_clients_whoever_they_are_elsewhere(desk: Story) -> None:
    await desk.receives(sender="7001", address="-1001234", text="Payroll failed")
    taras = Identity(Channel.EMAIL, "taras@globex.test")
    await desk.receives(sender="7001", text=f"/start {await made(desk, contact=taras, client='globex')}")
    await desk.receives(Channel.EMAIL, sender="taras", text="What about T-1?")
    assert [(await desk.ticket(number)).client for number in (1, 2)] == ["acme", "globex"]
    assert [one.id for one in (await desk.page(2)).related] == []
    desk.forget()
    await desk.does("vera", Reply("For Acme alone"))
    desk.expect_message("-1001234", containing="For Acme alone")
    desk.expect_quiet()


async def test_what_a_link_proved_of_a_contact_ends_with_the_contact(desk: Story) -> None:
    await desk.receives(sender="5001", text=f"/start {await made(desk, contact=LENA)}")
    start = story_desk().index('contacts = [{ name = "Lena"')
    line = story_desk()[start : story_desk().index("\n", start)]
    await desk.apply(document(story_desk((line, ""))))
    await desk.receives(sender="5001", text="Payroll failed")
    assert (await desk.ticket()).client is None
    desk.forget()
    desk.expect_quiet()


async def test_a_link_of_another_client_takes_nobody_away_from_the_client_they_were_linked_to(desk: Story) -> None:
    await desk.receives(sender="5001", text=f"/start {await made(desk, contact=LENA)}")
    desk.forget()
    await desk.receives(sender="5001", text=f"/start {await made(desk, client='globex')}")
    desk.expect_message("5001", containing="link")
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    assert (await desk.ticket(1)).client == "acme"
    await desk.receives(sender="5001", text="/new And the export")
    assert (await desk.ticket(2)).client == "acme"


async def test_a_message_that_is_changed_into_a_code_keeps_the_code_out_and_links_nobody(desk: Story) -> None:
    token = await made(desk)
    raw = await desk.channels[Channel.TELEGRAM].says("5001", "Hello, the export hangs")
    await desk.settle()
    await desk.edits("5001", raw.external_id, f"/start {token}\nand the report")
    (line,) = [one for one in await desk.lines() if one.direction == "in"]
    assert line.text == "/start […]\nand the report"
    seen = [shown.text for fake in desk.channels.values() for shown in fake.sent]
    assert not [text for text in seen if token in text]
    assert (await desk.ticket()).client is None
    await desk.receives(sender="5001", text=f"/start {token}")
    desk.expect_message("5001", containing="Acme")


async def test_a_code_that_somebody_passes_on_is_kept_nowhere_and_stays_good(desk: Story) -> None:
    token = await made(desk)
    await desk.receives(sender="5002", text=f"[forwarded from Lena]\n/start {token}\nwhat is this? /start it")
    (line,) = [one for one in await desk.lines() if one.direction == "in"]
    assert line.text == "[forwarded from Lena]\n/start […]\nwhat is this? /start it"
    seen = [shown.text for fake in desk.channels.values() for shown in fake.sent]
    assert not [text for text in seen if token in text]
    await desk.receives(sender="5001", text=f"/start {token}")
    desk.expect_message("5001", containing="Acme")
