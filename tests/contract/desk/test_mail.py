"""Mails at the desk, from their bytes to tickets: who is believed, what joins which ticket, and what never becomes one.

The mails are read where the test stands; that the child reads them in the same way is told by its own tests.
"""

from datetime import timedelta

import pytest

from adapters.email.threading import thread_from_root
from sla.duration import instant
from tests.contract.desk.mail_home import FORGED, PROVEN, SIGNER, Home, mail
from tests.harness import NOON
from tests.unit.email.bombs import nested_parts


async def test_a_clients_mail_is_their_ticket_and_its_clock_starts_when_it_came(home: Home) -> None:
    await home.receives(mail("Nobody was paid."), minutes_ago=30)
    page = await home.page(1)
    assert page.facts.speaker.client == "acme"
    assert page.facts.speaker.is_verified
    assert await home.said(1) == ["Payroll failed\n\nNobody was paid."]
    assert page.ticket.assignee == "vera"
    assert page.lines[0].at == instant(NOON - timedelta(minutes=30))


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(mail("Where is my money?", check=FORGED), id="that our server says is forged"),
        pytest.param(mail("Where is my money?", check=""), id="that nobody checked"),
        pytest.param(mail("Where is my money?", check=FORGED + PROVEN), id="that brought its own proof"),
        pytest.param(
            mail("Where is my money?", author='"lena@acme.test" <evil@evil.test>'),
            id="that shows her address as a name",
        ),
        pytest.param(mail("Where is my money?", more="From: evil@evil.test\r\n"), id="of two senders"),
    ],
)
async def test_a_mail_in_a_clients_name_gets_nothing_of_the_clients(home: Home, forged: bytes) -> None:
    await home.receives(forged)
    page = await home.page(1)
    assert page.facts.speaker.client is None
    assert not page.facts.speaker.is_verified
    assert page.ticket.assignee != "vera"


async def test_a_forged_answer_never_joins_a_clients_ticket(home: Home) -> None:
    await home.receives(mail("Nobody was paid."))
    ours = SIGNER.message_id("lena@acme.test", thread_from_root("first@acme.test"), "out:1")
    more = f"In-Reply-To: <{ours}@desk.test>\r\nReferences: <first@acme.test> <{ours}@desk.test>\r\n"
    await home.receives(mail("Send it to me.", check=FORGED, name="forged@evil.test", more=more))
    assert await home.said(1) == ["Payroll failed\n\nNobody was paid."]
    assert await home.said(2) == ["Send it to me."]
    assert (await home.page(2)).facts.speaker.client is None


async def test_an_answer_joins_its_ticket_by_its_thread_or_by_the_token_it_was_sent_to(home: Home) -> None:
    thread = thread_from_root("first@acme.test")
    ours = SIGNER.message_id("lena@acme.test", thread, "out:1")
    token = f"support+{SIGNER.reply_token('lena@acme.test', thread)}@desk.test"
    await home.receives(mail("Nobody was paid."))
    await home.receives(mail("Still not.", name="2@acme.test", more="References: <first@acme.test>\r\n"))
    await home.receives(mail("And now?", name="3@acme.test", more=f"In-Reply-To: <{ours}@desk.test>\r\n"))
    await home.receives(mail("From the train.", name="4@acme.test", to=token, check="", subject="Re: x"))
    assert (await home.said(1))[1:] == ["Still not.", "And now?", "Re: x\n\nFrom the train."]
    assert await home.count() == 1


def stamped(result: str) -> str:
    """What our mail server writes on top of a mail that it took in."""
    return f"Authentication-Results: mx.desk.test; {result}\r\n"


REPLY_TO_LENA = "Reply-To: lena@acme.test\r\n"
REFUTED = {
    "refused by their domain's own policy": {"check": stamped("dmarc=fail header.from=acme.test")},
    "checked for another domain": {"check": stamped("dmarc=pass header.from=evil.test")},
    "a check that cannot be read": {"check": stamped("dmarc pass")},
    "a mail that cannot be checked": {"check": stamped("dmarc=permerror header.from=acme.test")},
    "two senders": {"author": "Lena <lena@acme.test>, Eve <eve@evil.test>"},
    "nobody in From": {"author": "", "more": REPLY_TO_LENA},
    "our own name, for her": {
        "author": "support@desk.test",
        "more": REPLY_TO_LENA,
        "check": stamped("dmarc=fail header.from=desk.test"),
    },
}


@pytest.mark.parametrize("forged", REFUTED.values(), ids=REFUTED)
async def test_an_address_of_ours_that_others_read_too_proves_nobody_whom_the_mail_server_refutes(
    home: Home, forged: dict[str, str]
) -> None:
    """Whoever was in copy of a mail to Lena knows the address that answers to it go to."""
    token = f"support+{SIGNER.reply_token('lena@acme.test', thread_from_root('first@acme.test'))}@desk.test"
    await home.receives(mail("Nobody was paid."))
    await home.receives(mail("Pay Eve.", name="2@acme.test", to=token, **forged))
    assert await home.said(1) == ["Payroll failed\n\nNobody was paid."]


@pytest.mark.parametrize("check", ["", stamped("dmarc=none header.from=acme.test"), stamped("dmarc=temperror")])
async def test_an_address_of_ours_proves_whom_nobody_checked(home: Home, check: str) -> None:
    token = f"support+{SIGNER.reply_token('lena@acme.test', thread_from_root('first@acme.test'))}@desk.test"
    await home.receives(mail("Nobody was paid."))
    await home.receives(mail("Still not.", name="2@acme.test", to=token, check=check))
    assert (await home.said(1))[1:] == ["Payroll failed\n\nStill not."]


async def test_the_subject_alone_joins_nothing(home: Home) -> None:
    await home.receives(mail("Nobody was paid."))
    await home.receives(
        mail("It also rains.", author="Max <max@acme.test>", name="2@acme.test", subject="Re: Payroll failed")
    )
    assert await home.count() == 2


async def test_machines_lists_and_receipts_open_no_ticket(home: Home) -> None:
    await home.receives(
        mail("I am away.", more="Auto-Submitted: auto-replied\r\n", name="1@acme.test"),
        mail("Buy now.", more="Precedence: bulk\r\n", name="2@acme.test"),
        mail("Soup.", more="List-Id: <cooks.example>\r\n", name="3@acme.test"),
        mail("Hello, me.", author="support@desk.test", name="4@desk.test"),
    )
    assert await home.count() == 0
    assert {state for state, _ in await home.kept()} == {"parked"}


@pytest.mark.parametrize("method", ["REPLY", "COUNTER"])
async def test_what_a_client_says_beside_the_answer_of_their_calendar_is_heard_once(home: Home, method: str) -> None:
    words = "I cannot. Our shop is down, call me NOW."
    await home.receives(*(declined(text, method, name) for text, name in ((words, "1"), (words, "1"), ("", "2"))))

    assert await home.count() == 1
    assert await home.said(1) == [f"Declined: call\n\n{words}"]
    assert [state for state, _ in await home.kept()].count("parked") == 1


def declined(words: str, method: str, name: str) -> bytes:
    """A calendar's answer to an invitation that is not ours."""
    lines = [
        *("--b", "Content-Type: text/plain", "", words, "--b", f"Content-Type: text/calendar; method={method}", ""),
        *("BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", "UID:u9@else.test"),
        *("ATTENDEE;PARTSTAT=DECLINED:mailto:lena@acme.test", "END:VEVENT", "END:VCALENDAR", "--b--"),
    ]
    more = "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n"
    return mail("\r\n".join(lines), name=f"{name}@acme.test", subject="Declined: call", more=more)


async def test_a_mail_that_names_nobody_is_a_ticket_and_no_machine_writes_to_nobody(home: Home) -> None:
    await home.receives(b"Subject: Wages\r\n\r\nNobody was paid.\r\n", b"From: hidden:;\r\nSubject: Two\r\n\r\nx\r\n")
    assert await home.count() == 2
    assert [one for one in home.channel.sent if "invalid" in one.message.conversation.address] == []


async def test_the_same_mail_in_two_mailboxes_is_one_message_and_two_mails_of_one_name_are_two(home: Home) -> None:
    copy = b"Received: from another mailbox\r\n"
    await home.receives(mail("One.", name="same@acme.test"))
    await home.receives(copy + mail("One.", name="same@acme.test"), mail("Two.", name="same@acme.test"))
    await home.receives(mail("Three.", name=None))
    await home.receives(mail("Three, again.", name=None))
    said = [text for number in range(1, await home.count() + 1) for text in await home.said(number)]
    assert sorted(text.rpartition("\n")[2] for text in said) == ["One.", "Three, again.", "Three.", "Two."]


async def test_a_mail_that_cannot_be_read_is_a_dead_letter_and_a_ticket_and_harms_no_other(home: Home) -> None:
    good = [mail(f"Mail {n}.", author=f"p{n}@other.test", check="", name=f"{n}@other.test") for n in range(20)]
    poison = PROVEN.encode() + nested_parts(1_000)
    await home.receives(*good[:10], poison, *good[10:])
    states = [state for state, _ in await home.kept()]
    assert (states.count("done"), states.count("dead")) == (20, 1)
    assert await home.count() == 21
    said = [(await home.page(number), await home.said(number)) for number in range(1, 22)]
    (stub,) = [page for page, words in said if "could not be read" in words[0]]
    assert stub.facts.speaker.client == "acme"


async def test_a_file_in_a_mail_is_kept(home: Home) -> None:
    body = "--b\r\n\r\nSee it.\r\n--b\r\nContent-Disposition: attachment; filename=../x.csv\r\n\r\na,b\r\n--b--\r\n"
    await home.receives(mail(body, more="MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"))
    (file,) = (await home.page(1)).lines[0].attachments
    assert file.name == "x.csv"
    assert await home.files.read(file.digest or "") == b"a,b"


async def test_words_that_clients_may_say_in_the_subject_are_heard(home: Home) -> None:
    await home.receives(mail("Nobody was paid."))
    await home.receives(mail("", subject="/status", name="2@acme.test", more=""))
    assert await home.said(1) == ["Payroll failed\n\nNobody was paid."]
