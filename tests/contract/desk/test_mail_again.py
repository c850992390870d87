"""Mails that are read at last, passed on by our own people, or forged by the thousand."""

from collections.abc import Mapping

import pytest

from adapters.email.letters import Sender
from adapters.email.memory import Known
from adapters.email.posting import Posting
from adapters.message import Conversation, Identity, OutboundMessage
from bot.store import journal
from bot.store.channels import mail_threads
from bot.store.delivery import outbox
from bot.tickets.command import Reply, Resolve, SetUrgency
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from tests.contract.desk.mail_home import FORGED, PROVEN, SIGNER, Home, mail

OUR_OWN = "Authentication-Results: mx.desk.test; dmarc=pass header.from=desk.test\r\n"
#: Four times as many as may be answered in an hour.
MANY = 240
PASSED_ON = """Can you take this one? He is furious.

---------- Forwarded message ---------
From: {author}
Date: Tue, 3 Mar 2026 at 08:00
Subject: Payroll failed
To: <vera@desk.test>

Nobody was paid."""


def passed_on(
    author: str, *, check: str = OUR_OWN, by: str = "Vera <vera@desk.test>", name: str = "f@desk.test"
) -> bytes:
    words = PASSED_ON.format(author=author).replace("\n", "\r\n")
    return mail(words, check=check, author=by, name=name, subject="Fwd: Payroll failed")


async def retry(home: Home) -> None:
    """An admin has every dead letter read again."""
    dead = await home.database.read(lambda conn: journal.listing(conn, states=["dead"], count=10))
    await home.database.write(lambda conn: journal.retry(conn, [one.id for one in dead]))
    home.desk.intake.look_again()
    await home.settle()


async def events(home: Home, number: int = 1) -> list[str]:
    return [one.what for one in (await home.page(number)).events]


async def stumbles_over(home: Home, *mails: bytes) -> None:
    home.channel.stumbles = True
    await home.receives(*mails)
    home.channel.stumbles = False


async def test_what_can_be_read_at_last_takes_the_place_of_its_stub(home: Home) -> None:
    await stumbles_over(home, mail("Nobody was paid."))
    (stub,) = await home.said(1)
    assert "could not be read" in stub
    assert (await home.page(1)).ticket.is_unreadable

    await retry(home)
    await retry(home)
    page = await home.page(1)
    assert await home.said(1) == ["Payroll failed\n\nNobody was paid."]
    assert await home.count() == 1
    assert not page.ticket.is_unreadable
    assert [one.text for versions in page.versions.values() for one in versions] == [stub]
    assert (await events(home)).count("read_after_all") == 1
    assert [state for state, _ in await home.kept()] == ["done"]
    told = [one.text for one in home.channel.cards("vera@desk.test") if "can be read now" in one.text]
    assert len(told) == 1


async def test_the_files_of_what_can_be_read_at_last_are_kept(home: Home) -> None:
    body = "--b\r\n\r\nSee it.\r\n--b\r\nContent-Disposition: attachment; filename=x.csv\r\n\r\na,b\r\n--b--\r\n"
    more = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    await stumbles_over(home, mail(body, more=more))
    await retry(home)
    (file,) = (await home.page(1)).lines[0].attachments
    assert await home.files.read(file.digest or "") == b"a,b"


async def test_a_stub_is_mended_on_a_ticket_that_is_over_and_opens_no_other(home: Home) -> None:
    await stumbles_over(home, mail("Nobody was paid."))
    await home.desk.commands.perform(PersonId("vera"), TicketId(1), Resolve("Please send it again"), key="r")
    await retry(home)
    assert await home.said(1) == ["Payroll failed\n\nNobody was paid."]
    assert not (await home.page(1)).ticket.status.is_open
    assert await home.count() == 1


async def test_what_is_read_at_last_is_judged_as_any_message(home: Home) -> None:
    """The stub's own words say nothing; the client's make it urgent, and what is promised is due sooner."""
    await stumbles_over(home, mail("Our webhook is down."))
    before = await home.page(1)
    assert (before.ticket.urgency, before.ticket.kind) == ("medium", None)

    await retry(home)
    await retry(home)

    page = await home.page(1)
    assert (page.ticket.urgency, page.ticket.kind) == ("critical", "integration")
    due, was_due = ([one.due_at for one in found.facts.clocks if one.due_at] for found in (page, before))
    assert min(due) < min(was_due)
    assert (await events(home)).count("urgency_raised") == 1
    told = [one.text for one in home.channel.cards("vera@desk.test") if "T-1 is critical now" in one.text]
    assert len(told) == 1


async def test_what_one_of_us_has_judged_meanwhile_stands(home: Home) -> None:
    await stumbles_over(home, mail("Payroll is down."))
    await home.desk.commands.perform(PersonId("vera"), TicketId(1), SetUrgency("low"), key="u")
    await retry(home)
    assert (await home.page(1)).ticket.urgency == "low"


async def test_what_is_still_unreadable_stays_one_stub_and_one_dead_letter(home: Home) -> None:
    await stumbles_over(home, mail("Nobody was paid."))
    home.channel.stumbles = True
    await retry(home)
    assert await home.count() == 1
    assert len(await home.said(1)) == 1
    assert [state for state, _ in await home.kept()] == ["dead"]


async def test_a_mail_that_our_own_person_passes_on_is_the_clients(home: Home) -> None:
    await home.receives(passed_on("Lena Moro <lena@acme.test>"))
    await home.receives(passed_on("Lena Moro <lena@acme.test>"))
    page = await home.page(1)
    assert page.facts.speaker.client == "acme"
    assert page.ticket.is_verified
    assert await home.said(1) == ["Payroll failed\n\nNobody was paid."]
    assert [(one.author, one.text) for one in page.notes] == [("vera", "Can you take this one? He is furious.")]
    assert (await events(home)).count("passed_on") == 1
    assert [one.passed_on_by for one in page.margins.values()] == ["vera"]
    assert page.facts.talk.conversation.place == "lena@acme.test"
    assert await home.count() == 1
    sent = [one.text for one in home.channel.sent if one.message.conversation.place == "lena@acme.test"]
    assert not any("furious" in text for text in sent)


async def test_whose_mail_is_passed_on_is_a_stranger_unless_they_are_known(home: Home) -> None:
    await home.receives(passed_on("Lena Moro <lena@acme.example>"))
    page = await home.page(1)
    assert page.facts.speaker.client is None
    assert not page.ticket.is_verified
    assert [one.doubt for one in page.margins.values()] == ["passed on by Vera Kova"]
    assert [one for one in home.channel.sent if one.message.conversation.place == "lena@acme.example"] == []
    await home.desk.commands.perform(PersonId("mira"), TicketId(1), Reply("We look into it"), key="a")
    await home.settle()
    (sent,) = [one for one in home.channel.sent if one.message.conversation.place == "lena@acme.example"]
    assert sent.text == "We look into it"


@pytest.mark.parametrize(
    "mails",
    [
        pytest.param(passed_on("Lena <lena@acme.test>", check=""), id="whoever forges our person"),
        pytest.param(passed_on("Lena <lena@acme.test>", check=PROVEN, by="Max <max@acme.test>"), id="somebody else"),
    ],
)
async def test_nobody_but_our_own_people_speaks_for_others(home: Home, mails: bytes) -> None:
    await home.receives(mails)
    page = await home.page(1)
    assert page.facts.speaker.client is None
    assert page.facts.talk.conversation.place != "lena@acme.test"


@pytest.mark.parametrize(
    "author",
    [
        pytest.param("Lena", id="of nobody"),
        pytest.param("Lena <lena@acme.test>, Max <max@acme.test>", id="of two"),
        pytest.param("Vera <vera@desk.test>", id="of our own"),
    ],
)
async def test_a_mail_that_is_passed_on_opens_nothing_and_is_told_to_whoever_did(home: Home, author: str) -> None:
    await home.receives(passed_on(author))
    assert await home.count() == 0
    told = [one.text for one in home.channel.sent]
    assert len(told) == 1
    assert [one.message.conversation.address for one in home.channel.sent] == ["vera@desk.test"]


async def test_our_answer_is_called_what_their_mail_is_called(home: Home) -> None:
    subject = "Payroll of March failed for all of the four hundred people in Lisbon, Porto and everywhere else we are"
    await home.receives(mail("Nobody was paid.", subject=subject))
    where = (await home.page(1)).facts.talk.conversation.key
    found = await home.database.read(lambda conn: mail_threads.thread_of(conn, where))
    assert found is not None
    assert found.subject == subject
    await home.receives(
        mail("Still not.", name="2@acme.test", more="References: <first@acme.test>\r\n", subject=f"Re: {subject}")
    )
    found = await home.database.read(lambda conn: mail_threads.thread_of(conn, where))
    assert found is not None
    assert found.subject == f"Re: {subject}"


class Memory:
    """What the desk knows of threads: that nobody in them is proven."""

    async def known(self, conversation: Conversation) -> Known | None:
        return Known(f"Cheap watches for {conversation.place}", f"<watches@{conversation.place}> 1", is_proven=False)

    async def read(self, _digest: str) -> bytes:
        raise FileNotFoundError


async def test_hundreds_of_forged_senders_get_few_mails_and_not_a_word_of_what_was_written(home: Home) -> None:
    most = home.desk.revisions.current.rules.auto_answers_per_hour
    mails = [
        mail(
            "Buy cheap watches at http://evil.test now",
            check=FORGED,
            author=f"Watches {number} <victim{number}@other.test>",
            name=f"watches{number}@evil.test",
            subject="Cheap watches",
        )
        for number in range(MANY)
    ]
    await home.receives(*mails)
    assert (await home.page(MANY)).ticket.id == MANY
    shown: Mapping[str, OutboundMessage] = {
        one.message.key: one.message
        for one in home.channel.sent
        if isinstance(one.message, OutboundMessage) and one.message.automatic
    }
    waiting = await home.database.read(lambda conn: outbox.listing(conn, states=["pending"], count=2 * MANY))
    assert not [one for one in waiting if one.channel == "email"]
    assert len(shown) == most
    posting = Posting(Sender("support@desk.test", "Desk", SIGNER), Memory(), Memory(), lambda name, _: name, str)
    for message in shown.values():
        letter = await posting.letter(message)
        assert b"watches" not in letter.content.lower()
        assert b"evil" not in letter.content
    assert {one.conversation.place for one in shown.values()} <= {f"victim{n}@other.test" for n in range(MANY)}
    assert not [one for one in shown.values() if Identity(one.conversation.channel, "evil") in one.copies]
