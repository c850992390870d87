"""Whoever is known on one channel becomes known on another by a code: asked for here, written there, good once."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from adapters.errors import TemporaryError
from adapters.message import Channel, Identity, Vouched
from adapters.port import Answer, Press
from bot.app.channels.transcript import StoredTranscript
from bot.desk.people.proving import Proving
from bot.store import audit
from bot.tickets.command import LinkChannel, Reply
from sla.duration import moment
from tests.harness import Story

DATABASES = ("sqlite", "postgresql")
EMAIL, INAPP, SLACK, TELEGRAM = Channel.EMAIL, Channel.INAPP, Channel.SLACK, Channel.TELEGRAM
GROUP = "-1001234"
KNOWN = "from now on you are known here as Acme"
REFUSED = "This link is not valid any more."


def code_in(text: str) -> str:
    """The code that a message carries."""
    found = re.search(r"[/!]link ([\w-]{22})", text)
    assert found, f"no code in {text!r}"
    return found[1]


async def a_code(desk: Story, channel: Channel = TELEGRAM, word: str = "/link") -> str:
    """Lena asks for a code on a channel where she is known."""
    await desk.receives(channel, sender="lena", text=word)
    return code_in(desk.expect_message("lena", channel, containing="With this code you are known as Acme"))


async def stored(desk: Story) -> str:
    """Everything that the database holds but the journal, where all stands as it came in."""
    tables = ("message", "outbox", "event", "audit", "setting", "link_token", "press", "receipt")

    def read(conn: Connection) -> str:
        return "\n".join(str(row) for name in tables for row in conn.exec_driver_sql(f"SELECT * FROM {name}"))  # noqa: S608

    return await desk.database.read(read)


@pytest.mark.parametrize(
    ("channel", "address", "sign"),
    [
        pytest.param(SLACK, "T9/U77", "!", id="on Slack"),
        pytest.param(EMAIL, "lena.moro@home.test", "", id="by mail, the plain word"),
        pytest.param(EMAIL, "lena.moro@home.test", "/", id="by mail, with a slash"),
        pytest.param(INAPP, "visitor-5", "/", id="in the widget"),
    ],
)
async def test_a_code_asked_for_here_makes_its_contact_known_there(
    desk: Story, channel: Channel, address: str, sign: str
) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    code = await a_code(desk)
    assert code not in await stored(desk)
    await desk.receives(channel, sender=address, text=f"{sign}link {code}")
    desk.expect_message(address, channel, containing="known here as Acme. We go on with T-1 here")
    assert code not in await stored(desk)
    await desk.receives(channel, sender=address, text="It was March")
    assert [line.channel for line in await desk.lines() if line.direction == "in"] == [TELEGRAM, channel]
    assert not await desk.is_there(2)
    desk.forget()
    await desk.does("vera", Reply("Thank you"))
    desk.expect_message(address, channel, containing="Thank you")
    desk.expect_quiet()


@pytest.mark.parametrize("before", ["", "/language es"], ids=["for the first time", "instead of another one"])
async def test_the_language_that_somebody_asked_for_before_they_were_linked_is_theirs_on_every_channel(
    desk: Story, before: str
) -> None:
    if before:
        await desk.receives(sender="lena", text=before)
        await desk.fast_forward(minutes=1)
    desk.forget()
    await desk.receives(SLACK, sender="T9/U77", text="!language de")
    desk.expect_message("T9/U77", SLACK, containing="Ab jetzt schreiben wir Ihnen auf Deutsch")
    await desk.receives(sender="lena", text="/link")
    await desk.receives(SLACK, sender="T9/U77", text=f"!link {code_in(desk.seen('lena')[-1].text)}")
    desk.forget()
    await desk.dies()
    for channel, sender, word in ((SLACK, "T9/U77", "!status"), (TELEGRAM, "lena", "/status")):
        await desk.receives(channel, sender=sender, text=word)
        desk.expect_message(sender, channel, containing="Sie haben kein offenes Anliegen")
    await desk.fast_forward(minutes=1)
    who = Identity(SLACK, "T9/U77")
    proving = Proving(desk.desk.revisions, desk.desk.directory.whereto)
    assert await desk.database.write(lambda conn: proving.unlink(conn, who, "dana", desk.time.at))
    own = "No tiene ninguna solicitud" if before else "You have no open ticket"
    for channel, sender, said in ((SLACK, "T9/U77", "Sie haben kein offenes"), (TELEGRAM, "lena", own)):
        await desk.receives(channel, sender=sender, text="!status" if channel is SLACK else "/status")
        desk.expect_message(sender, channel, containing=said)
    desk.expect_quiet()


async def test_a_language_that_was_asked_for_later_where_somebody_is_known_stays(desk: Story) -> None:
    await desk.receives(SLACK, sender="T9/U77", text="!language de")
    await desk.fast_forward(minutes=1)
    await desk.receives(sender="lena", text="/language es")
    desk.forget()
    await desk.receives(sender="lena", text="/link")
    await desk.receives(SLACK, sender="T9/U77", text=f"!link {code_in(desk.seen('lena')[-1].text)}")
    desk.forget()
    await desk.receives(SLACK, sender="T9/U77", text="!status")
    desk.expect_message("T9/U77", SLACK, containing="No tiene ninguna solicitud abierta")
    desk.expect_quiet()


async def test_two_identities_of_one_contact_share_their_tickets(desk: Story) -> None:
    code = await a_code(desk)
    await desk.receives(sender="5001", text=f"/link {code}")
    desk.expect_message("5001", containing=KNOWN)
    await desk.receives(sender="5001", text="The export is slow")
    await desk.receives(EMAIL, sender="lena", text="And payroll failed")
    assert (await desk.ticket(1)).contact == (await desk.ticket(2)).contact
    assert [one.id for one in (await desk.page(1)).related] == [2]
    deeds = await desk.database.read(lambda conn: audit.latest(conn, count=9))
    assert {"linked", "made a link"} <= {one.action for one in deeds}
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize("wrong", ["used", "late", "on another channel", "in a group"])
async def test_a_code_that_is_not_good_gets_one_line_and_does_nothing(desk: Story, wrong: str) -> None:
    code = await a_code(desk, word="/link slack" if wrong == "on another channel" else "/link")
    if wrong == "used":
        await desk.receives(sender="5002", text=f"/link {code}")
    elif wrong == "late":
        await desk.fast_forward(minutes=15)
    desk.forget()
    where = GROUP if wrong == "in a group" else "5001"
    await desk.receives(sender="5001", address=where, text=f"/link {code}")
    desk.expect_message(where, containing=REFUSED)
    await desk.receives(sender="5001", text="Payroll failed")
    assert (await desk.ticket()).client is None
    desk.forget()
    desk.expect_quiet()


async def test_the_same_asking_twice_is_one_message_with_one_code(desk: Story) -> None:
    raw = await desk.channels[TELEGRAM].says("1001", "/link", sender="1001", external_id="1001:9")
    await desk.channels[TELEGRAM].receives(raw.payload, external_id="another name", address="1001")
    await desk.settle()
    desk.expect_message("lena", containing="With this code")
    desk.expect_quiet()


async def test_what_stands_below_a_code_is_a_message_once_however_often_it_comes(desk: Story) -> None:
    email, address = desk.channels[EMAIL], "lena.moro@home.test"
    code = await a_code(desk)
    raw = await email.says(address, f"link {code}\n\nPayroll failed", sender=address, external_id="mail-1")
    await desk.settle()
    await email.receives(raw.payload, external_id="another name", address=address)
    await desk.settle()
    assert ((await desk.ticket()).client, [line.text for line in await desk.lines() if line.direction == "in"]) == (
        "acme",
        ["Payroll failed"],
    )
    assert code not in await stored(desk)
    assert not await desk.is_there(2)
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize("word", ["Authentifizierungsfehler", "Kontosynchronisierungs", "SYSTEMWIEDERHERSTELLUN"])
async def test_a_mail_that_begins_with_link_and_a_long_word_is_a_mail(desk: Story, word: str) -> None:
    await desk.receives(EMAIL, sender="lena", text=f"Link {word}\n\nPayroll failed")
    assert "Payroll failed" in (await desk.lines())[0].text
    desk.forget()
    desk.expect_quiet()


async def test_a_code_that_is_sent_again_later_is_a_fresh_one_with_its_whole_time(desk: Story) -> None:
    desk.channels[TELEGRAM].fail_next(TemporaryError("away", retry_after=timedelta(minutes=6)))
    await desk.receives(sender="lena", text="/link")
    desk.expect_nothing("lena")
    await desk.dies()
    await desk.fast_forward(minutes=6)
    code = code_in(desk.expect_message("lena", containing="With this code"))
    await desk.fast_forward(minutes=14)
    await desk.receives(sender="5001", text=f"/link {code}")
    desk.expect_message("5001", containing=KNOWN)
    desk.expect_quiet()


async def test_nobody_is_given_a_code_where_others_read_or_before_they_are_known(desk: Story) -> None:
    await desk.receives(sender="lena", address=GROUP, text="/link")
    desk.expect_message(GROUP, containing="Others read here too.")
    await desk.receives(sender="5001", text="/link")
    desk.expect_message("5001", containing="We do not know yet who you are here.")
    await desk.receives(sender="5001", text="/link to the manual is broken")
    assert "/link to the manual is broken" in [line.text for line in await desk.lines()]
    desk.forget()
    desk.expect_quiet()


async def test_asking_has_a_bound_an_hour(desk: Story) -> None:
    for _ in range(5):
        await desk.receives(sender="lena", text="/link")
    desk.forget()
    await desk.receives(sender="lena", text="/link")
    desk.expect_message("lena", containing="often enough for now")
    await desk.fast_forward(hours=1)
    await a_code(desk)
    desk.expect_quiet()


async def test_a_code_by_mail_proves_that_somebody_has_that_mailbox(desk: Story) -> None:
    await desk.receives(sender="5001", text="/link Lena@acme.test")
    desk.expect_message("5001", containing="If we know this address")
    mail = desk.expect_message("lena", EMAIL, containing="Somebody on Telegram says that they are you at Acme.")
    assert "If it was not you, do nothing" in mail
    await desk.receives(sender="5001", text=f"/link {code_in(mail)}")
    desk.expect_message("5001", containing=KNOWN)
    desk.expect_quiet()


async def test_an_address_that_nobody_knows_is_told_nothing_and_nobody_learns_of_it(desk: Story) -> None:
    await desk.receives(sender="5001", text="/link somebody@else.test")
    desk.expect_message("5001", containing="If we know this address")
    desk.expect_quiet()


async def test_a_mailbox_is_not_filled_from_many_accounts(desk: Story) -> None:
    for number in range(7):
        await desk.receives(sender=str(6000 + number), text="/link lena@acme.test")
    assert len(desk.channels[EMAIL].messages("lena@acme.test")) == 5
    desk.forget()
    desk.expect_quiet()


async def test_a_mail_whose_sender_is_in_doubt_redeems_nothing(desk: Story) -> None:
    code = await a_code(desk)
    await desk.receives(EMAIL, sender="boss@acme.test", text=f"/link {code}", doubt="nothing proves it")
    desk.expect_message("boss@acme.test", EMAIL, containing=REFUSED)
    await desk.receives(sender="5001", text=f"/link {code}")
    desk.expect_message("5001", containing=KNOWN)
    desk.expect_quiet()


async def test_the_window_shows_no_code_and_mails_it_where_the_address_is_known(desk: Story) -> None:
    await desk.receives(INAPP, sender="lena", text="/link telegram")
    desk.expect_message("lena", INAPP, containing="a mail with a code is on its way")
    code = code_in(desk.expect_message("lena", EMAIL, containing="With this code"))
    await desk.receives(sender="5001", text=f"/start {code}")
    desk.expect_message("5001", containing=KNOWN)
    await desk.receives(INAPP, sender="user-99", text="/link", vouched=Vouched(client="acme"))
    desk.expect_message("user-99", INAPP, containing="A code is not shown here.")
    desk.expect_quiet()


async def test_our_own_people_are_linked_to_nobody(desk: Story) -> None:
    code = await a_code(desk)
    await desk.receives(sender="vera", text=f"/link {code}")
    assert (
        await desk.database.read(lambda conn: [one for one in audit.latest(conn, count=9) if one.action == "linked"])
        == []
    )
    desk.forget()
    desk.expect_quiet()


async def test_our_people_offer_another_channel_and_the_code_goes_to_the_client_alone(desk: Story) -> None:
    await desk.receives(EMAIL, sender="lena", text="Payroll failed")
    desk.forget()
    answer = await desk.does("vera", LinkChannel("telegram"), key="once")
    assert answer.text == "Lena gets a code on email, good for 15 minutes."
    assert (await desk.does("vera", LinkChannel("telegram"), key="once")).text == answer.text
    code = code_in(desk.expect_message("lena", EMAIL, containing="With this code you are known as Acme"))
    assert code not in await stored(desk)
    await desk.receives(sender="5001", text=f"/start {code}")
    desk.expect_message("5001", containing="We go on with T-1 here")
    assert "invited" in await desk.events()
    desk.expect_quiet()


async def test_no_code_is_offered_for_whom_nobody_knows_or_to_where_others_read(desk: Story) -> None:
    await desk.receives(sender="5001", text="Payroll failed")
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    desk.forget()
    for ticket in (1, 2):
        answer = await desk.does("vera", LinkChannel("email"), ticket=ticket)
        assert (answer.is_refused, "maitred link" in answer.text) == (True, True)
    assert (await desk.does("vera", LinkChannel("pigeon"))).is_refused
    assert (await desk.does("ines", LinkChannel("email"))).is_refused
    desk.expect_quiet()


async def confirms(desk: Story, code: str = "", *, key: str, value: str = "", who: str = "visitor-5") -> Answer:
    """Somebody on our page opens the form for a code, or sends it with one."""
    identity, fields = desk.identity(who, INAPP), {"code": code} if code else {}
    where = desk.channels[INAPP].conversation(identity.address)
    at = moment(desk.time.now())
    answer = await desk.desk.press(Press(key, identity, "client.link", value, at, fields, where, language="de"))
    await desk.settle()
    return answer


async def test_in_the_widget_a_code_is_confirmed_without_a_word(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    code = await a_code(desk)
    transcript, who = StoredTranscript(desk.desk), desk.identity("visitor-5", INAPP)
    (button,) = (await transcript.greeting(who, None, None, None)).buttons
    assert (button.action, button.label) == ("client.link", "I have a code")
    form = (await confirms(desk, value=code, key="open")).form
    assert form is not None
    assert (form.title, form.submit, form.inputs[0].initial) == ("Ich habe einen Code", "Bestätigen", code)
    for _ in range(2):
        answer = await confirms(desk, f" /link {code} ", key="confirm")
        assert (answer.text, answer.errors, answer.is_refused) == ("", {}, False)
    desk.expect_message("visitor-5", INAPP, containing="Acme")
    assert code not in await stored(desk)
    assert (await transcript.greeting(who, None, None, None)).buttons == ()
    desk.forget()
    await desk.receives(INAPP, sender="visitor-5", text="Any news?")
    assert [line.text for line in await desk.lines() if line.direction == "in"] == ["Payroll failed", "Any news?"]


async def test_in_the_widget_a_wrong_code_stays_in_its_form_and_counts(desk: Story) -> None:
    code = await a_code(desk)
    for attempt in range(5):
        for _ in range(2):  # each is sent twice, and counts once
            answer = await confirms(desk, "AbCdEfGhIjKlMnOpQrStU1", key=f"try-{attempt}")
            assert answer.is_refused
            assert list(answer.errors) == ["code"]
    assert (await confirms(desk, code, key="late")).errors
    desk.expect_nothing("visitor-5", INAPP)
    await desk.fast_forward(minutes=61)
    desk.forget()
    code = await a_code(desk)
    assert not (await confirms(desk, code, key="later")).is_refused
    desk.expect_message("visitor-5", INAPP, containing="Acme")
    desk.expect_quiet()
