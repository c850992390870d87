"""What a mail server may say that Exim never says to us: each answer is told for what it is about."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from adapters.email.config import Server
from adapters.email.smtp import Smtp
from adapters.email.timings import Timings
from adapters.errors import AddressError, DeliveryError, PermanentError, TemporaryError, UncertainError

LENA, COPY, FROM = "lena@acme.test", "max@acme.test", "support+token@desk.test"
MAIL = b"From: support@desk.test\r\nSubject: Re: x\r\n\r\nWe are on it.\r\n"
#: Everything is taken; `RCPT max@acme.test` is before `RCPT`, and END what is said after the mail.
GLADLY = {"EHLO": "250-mx.desk.test\r\n250 AUTH PLAIN", "AUTH": "235 welcome", "DATA": "354 go", "END": "250 taken"}


@asynccontextmanager
async def server(says: Mapping[str, str | None], user: str = "") -> AsyncIterator[Smtp]:
    """Who sends through a server that answers so; None hangs up, and so does a 421."""
    answers = {**GLADLY, **says}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.desk.test\r\n")
        is_mail = False
        while read := await reader.readline():
            line = read.decode().rstrip()
            if is_mail and line != ".":
                continue
            verb, to = ("END", "") if is_mail else (line[:4].upper(), line.partition("<")[2].partition(">")[0])
            answer = answers.get(f"{verb} {to}", answers.get(verb, "250 OK"))
            is_mail = verb == "DATA" and answer == GLADLY["DATA"]
            if answer is not None:
                writer.write(f"{answer}\r\n".encode())
            if answer is None or answer.startswith("421"):
                break
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        known = Server("127.0.0.1", listening.sockets[0].getsockname()[1], "none", user, "secret" if user else "")
        yield Smtp(known, "desk.test", Timings(connect_within_s=60, send_within_s=60))


async def outcome(sender: Smtp) -> DeliveryError:
    with pytest.raises(DeliveryError) as refused:
        await sender.send(MAIL, FROM, [LENA], [COPY])
    return refused.value


@pytest.mark.parametrize(
    ("says", "what"),
    [
        pytest.param({f"RCPT {COPY}": "421 4.7.0 too many"}, TemporaryError, id="it goes away at the copy"),
        pytest.param({f"RCPT {COPY}": None}, TemporaryError, id="it hangs up at the copy"),
        pytest.param({f"RCPT {LENA}": "421 4.3.2 shutting down"}, TemporaryError, id="it goes away at the address"),
        pytest.param({"DATA": "421 4.3.2 shutting down"}, TemporaryError, id="it goes away before the mail"),
        pytest.param({"DATA": None}, UncertainError, id="it hangs up as the mail begins, which nobody tells us"),
        pytest.param({"END": None}, UncertainError, id="it hangs up after the mail"),
    ],
)
async def test_only_a_mail_that_was_told_whole_may_have_gone(
    says: Mapping[str, str | None], what: type[DeliveryError]
) -> None:
    async with server(says) as sender:
        assert type(await outcome(sender)) is what


@pytest.mark.parametrize(
    ("said", "what", "is_about_us"),
    [
        pytest.param("550 5.1.1 no such user", AddressError, False, id="nobody is there"),
        pytest.param("550 unknown", AddressError, False, id="a number alone"),
        pytest.param("550 5.2.1 account disabled", AddressError, False, id="closed"),
        pytest.param("552 5.2.2 over quota", PermanentError, False, id="full"),
        pytest.param("550 5.1.8 bad sender", PermanentError, False, id="our own address"),
        pytest.param("550 5.7.1 they take no mail from strangers", PermanentError, False, id="a policy of theirs"),
        pytest.param("550 5.7.1 Relaying denied", PermanentError, True, id="we may not send through it"),
        pytest.param(
            "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using Spamhaus",
            PermanentError,
            True,
            id="we are listed",
        ),
        pytest.param("550 5.4.5 Daily user sending limit exceeded", PermanentError, True, id="enough for today"),
        pytest.param("450 4.7.1 greylisted", TemporaryError, False, id="later"),
    ],
)
async def test_what_is_about_us_makes_no_address_a_dead_one(
    said: str, what: type[DeliveryError], *, is_about_us: bool
) -> None:
    async with server({f"RCPT {LENA}": said}) as sender:
        assert type(await outcome(sender)) is what
        assert ("this is about our own server" in sender.complaint) is is_about_us


async def test_a_complaint_stands_until_a_mail_has_gone() -> None:
    refused = {f"RCPT {COPY}": "550 5.7.1 Relaying denied"}
    async with server(refused) as sender:
        with pytest.raises(PermanentError):
            await sender.send(MAIL, FROM, [COPY])
        await sender.greet()
        assert "Relaying denied" in sender.complaint
        assert await sender.send(MAIL, FROM, [LENA]) == {}
        assert sender.complaint == ""


async def test_a_login_that_cannot_be_judged_now_is_no_wrong_password() -> None:
    async with server({"AUTH": "454 4.7.0 Temporary authentication failure"}, user="desk") as sender:
        refused = await outcome(sender)
        assert isinstance(refused, TemporaryError)
        assert refused.retry_after is None
        assert "SMTP_PASSWORD" not in sender.trouble
        assert "454" in sender.trouble


async def test_a_server_that_asks_for_no_login_names_the_setting() -> None:
    async with server({"EHLO": "250 mx.desk.test"}, user="desk") as sender:
        assert "mend SMTP_TLS or SMTP_USER" in str(await outcome(sender))


async def test_a_domain_in_letters_of_its_own_is_called_as_servers_know_it() -> None:
    there = {"RCPT": "550 5.1.1 no such user", "RCPT lena@xn--mller-kva.test": "250 OK"}
    async with server(there) as sender:
        assert await sender.send(MAIL, FROM, ["lena@müller.test"]) == {}
