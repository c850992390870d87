"""A mail goes to a real Exim, and whatever comes of it is told apart: sent, not now, never, nobody knows."""

import asyncio
from base64 import b64decode
from datetime import timedelta
from email import message_from_bytes

import pytest

from adapters.email.config import Server, Tls
from adapters.email.smtp import Smtp
from adapters.email.timings import Timings
from adapters.errors import AddressError, PermanentError, TemporaryError, UncertainError
from tests.peers.dovecot import Box
from tests.peers.exim import LARGEST, PASSWORD, USER, Exim
from tests.peers.relay import relay_to

FROM = "support+token@desk.test"
TIMINGS = Timings(connect_within_s=60, send_within_s=60)


def smtp(exim: Exim, tls: Tls = "none", *, port: int = 0, password: str = "", timings: Timings = TIMINGS) -> Smtp:
    port = port or (exim.tls_port if tls == "implicit" else exim.port)
    user = USER if password else ""
    server = Server("localhost", port, tls, user, password, ca_file=str(exim.certificate.chain))
    return Smtp(server, "desk.test", timings)


def mail(name: str, text: str = "We are on it.") -> bytes:
    return f"From: support@desk.test\r\nMessage-ID: <{name}@desk.test>\r\nSubject: Re: x\r\n\r\n{text}\r\n".encode()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_mail_is_handed_over_in_secret_by_whom_the_server_knows(exim: Exim, tls: Tls) -> None:
    to = f"lena.{tls}@acme.test"
    sender = smtp(exim, tls, password=PASSWORD)

    assert await sender.send(mail(tls, ".\r\n..dots"), FROM, [to]) == {}

    assert sender.trouble == ""
    (sent,) = await _arrived(exim, to)
    assert f"Return-path: <{FROM}>".encode() in sent
    assert b"(TLS" in sent
    assert b"\n.\n..dots\n" in sent


async def test_a_wrong_password_is_no_mails_fault(exim: Exim) -> None:
    sender = smtp(exim, "starttls", password="wrong")

    with pytest.raises(TemporaryError, match="mend SMTP_USER and SMTP_PASSWORD") as refused:
        await sender.send(mail("a"), FROM, ["lena@acme.test"])

    assert refused.value.retry_after is not None
    assert "refuses our login" in sender.trouble


async def test_after_a_wrong_password_nobody_knocks_again_for_five_minutes(exim: Exim) -> None:
    async with relay_to(exim.port) as relay:
        sender = smtp(exim, "starttls", port=relay.port, password="wrong")
        rests: list[timedelta | None] = []
        for _ in range(3):
            with pytest.raises(TemporaryError, match="refuses our login") as refused:
                await sender.send(mail("a"), FROM, ["lena@acme.test"])
            rests.append(refused.value.retry_after)
        assert relay.connections == 1
    assert [rest is not None and timedelta(minutes=4) < rest <= timedelta(minutes=5) for rest in rests] == [True] * 3


async def test_another_token_is_tried_at_once_and_the_refused_one_is_not() -> None:
    tokens, tried = ["stale"], list[str]()

    async def knows_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.desk.test\r\n")
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            answer = {"EHLO": "250-mx.desk.test\r\n250 AUTH XOAUTH2", "QUIT": "221 bye"}.get(verb, "250 OK")
            if verb == "AUTH":
                tried.append(b64decode(rest.split()[1]).decode().partition("Bearer ")[2].strip("\1"))
                answer = "235 welcome" if tried[-1] == "fresh" else "535 5.7.3 expired"
            writer.write(b"354 go on\r\n" if verb == "DATA" else f"{answer}\r\n".encode())
            while verb == "DATA" and (await reader.readline()).strip() != b".":
                pass
            writer.write(b"250 OK\r\n" if verb == "DATA" else b"")
        writer.close()

    async with await asyncio.start_server(knows_one, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        sender = Smtp(Server("127.0.0.1", port, "none", USER, token=lambda: tokens[-1]), "desk.test", TIMINGS)
        for _ in range(2):
            with pytest.raises(TemporaryError, match="mend SMTP_USER and MAIL_TOKEN_FILE"):
                await sender.send(mail("a"), FROM, ["lena@acme.test"])
        tokens.append("fresh")
        assert await sender.send(mail("a"), FROM, ["lena@acme.test"]) == {}

    assert tried == ["stale", "fresh"]
    assert sender.trouble == ""


async def test_a_copy_that_is_refused_is_named_and_goes_nowhere_without_the_mail(exim: Exim, box: Box) -> None:
    refused = await smtp(exim).send(mail("a"), FROM, [box.user], ["reject@desk.test"])
    assert set(refused) == {"reject@desk.test"}
    with pytest.raises(AddressError, match="nobody of that name here"):
        await smtp(exim).send(mail("b"), FROM, ["reject@desk.test"], [box.user])


async def test_no_password_is_told_to_a_server_that_cannot_prove_itself(exim: Exim) -> None:
    server = Server("localhost", exim.port, "starttls", USER, PASSWORD)
    async with relay_to(exim.port) as relay:
        sender = Smtp(Server("localhost", relay.port, "starttls", USER, PASSWORD), "desk.test", TIMINGS)
        with pytest.raises(TemporaryError, match="certificate"):
            await sender.send(mail("a"), FROM, ["lena@acme.test"])
        assert b"AUTH" not in relay.heard
    assert "name the authority that signed it in SMTP_CA_FILE" in sender.trouble
    assert PASSWORD not in repr(server)


async def test_a_server_without_starttls_gets_nothing(exim: Exim) -> None:
    sender = smtp(exim, "starttls", port=exim.tls_port, timings=Timings(connect_within_s=0.5))

    with pytest.raises(TemporaryError, match="cannot be reached"):
        await sender.send(mail("a"), FROM, ["lena@acme.test"])


@pytest.mark.parametrize(
    "answer", [None, b"454 not now", b"220 go\r\n235 welcome\r\n250 OK\r\n250 OK\r\n354 go\r\n250 OK"]
)
async def test_whoever_takes_the_secrecy_out_of_the_line_is_told_nothing(answer: bytes | None) -> None:
    """No offer of STARTTLS, a refusal, and answers in the clear that were put behind it for what we say later."""
    heard = bytearray()

    async def stands_in_between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.desk.test\r\n")
        while line := await reader.readline():
            heard.extend(line)
            offer = b"250-STARTTLS\r\n" if answer is not None else b""
            hello = b"250-mx.desk.test\r\n" + offer + b"250 AUTH PLAIN"
            says = {b"EHLO": hello, b"STAR": answer or b"502 no"}.get(line[:4].upper(), b"250 OK")
            writer.write(says + b"\r\n")
        writer.close()

    async with await asyncio.start_server(stands_in_between, "127.0.0.1", 0) as server:
        known = Server("localhost", server.sockets[0].getsockname()[1], "starttls", USER, PASSWORD)
        sender = Smtp(known, "desk.test", TIMINGS)
        with pytest.raises(TemporaryError, match="offers no TLS" if answer is None else "localhost"):
            await sender.send(mail("a"), FROM, ["lena@acme.test"])
    assert b"AUTH" not in heard
    assert b"MAIL" not in heard
    assert PASSWORD.encode() not in heard


@pytest.mark.parametrize(
    ("to", "outcome", "words"),
    [
        pytest.param("defer@desk.test", TemporaryError, "451 4.3.0 try again later", id="not now"),
        pytest.param("reject@desk.test", PermanentError, "550 5.1.1 nobody of that name here", id="nobody there"),
        pytest.param("defer.data@desk.test", TemporaryError, "451 4.3.1 no room", id="not now, after all of it"),
        pytest.param("reject.data@desk.test", PermanentError, "554 5.7.1 this looks like spam", id="never, after it"),
        pytest.param("lena@acme.test", PermanentError, "550", id="for others only with a password"),
        pytest.param("full@desk.test", TemporaryError, "their mail box is full: reach them another way", id="full"),
        pytest.param("over@desk.test", PermanentError, "their mail box is full: reach them", id="full for good"),
        pytest.param("noroom@desk.test", TemporaryError, "no room: make room there", id="no room at ours"),
    ],
)
async def test_a_refusal_says_whether_trying_again_can_help(
    exim: Exim, to: str, outcome: type[Exception], words: str
) -> None:
    with pytest.raises(outcome, match=words):
        await smtp(exim).send(mail("a"), FROM, [to])


async def test_a_server_without_room_is_a_trouble_until_it_takes_a_mail(exim: Exim, box: Box) -> None:
    sender = smtp(exim)
    for to in ("full@desk.test", "noroom@desk.test"):
        with pytest.raises(TemporaryError):
            await sender.send(mail("a"), FROM, [to])
        assert bool(sender.complaint) is (to == "noroom@desk.test")
    await sender.greet()
    assert "make room there" in sender.complaint
    await sender.send(mail("b"), FROM, [box.user])
    assert sender.complaint == ""


async def test_whoever_is_refused_among_others_is_named(exim: Exim, box: Box) -> None:
    refused = await smtp(exim).send(mail("a"), FROM, ["reject@desk.test", box.user, "defer@desk.test"])

    assert set(refused) == {"reject@desk.test", "defer@desk.test"}
    assert "nobody of that name here" in str(refused["reject@desk.test"])
    assert [type(one) for one in refused.values()] == [AddressError, TemporaryError]


async def test_when_all_are_refused_one_who_may_be_there_later_is_tried_again(exim: Exim) -> None:
    with pytest.raises(TemporaryError, match="451"):
        await smtp(exim).send(mail("a"), FROM, ["reject@desk.test", "defer@desk.test"])


async def test_a_mail_that_is_too_large_is_not_even_begun(exim: Exim, box: Box) -> None:
    async with relay_to(exim.port) as relay:
        with pytest.raises(PermanentError, match="larger"):
            await smtp(exim, port=relay.port).send(mail("a", "x" * LARGEST), FROM, [box.user])
        assert b"MAIL FROM" not in relay.heard


async def test_an_address_in_letters_of_its_own_is_sent_where_the_server_can(exim: Exim) -> None:
    sender = smtp(exim, "starttls", password=PASSWORD)

    assert await sender.send(mail("utf8"), FROM, ["лена@acme.test"]) == {}


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        pytest.param(b"220 ", TemporaryError, id="at the greeting"),
        pytest.param(b"SIZE", TemporaryError, id="at the hello"),
        pytest.param(b"250 OK", TemporaryError, id="at the sender"),
        pytest.param(b"250 Accepted", TemporaryError, id="at the recipient"),
        pytest.param(b"250 OK id=", UncertainError, id="when it was taken"),
    ],
)
async def test_a_line_that_breaks_says_whether_the_mail_may_have_arrived(
    exim: Exim, box: Box, words: bytes, outcome: type[Exception]
) -> None:
    async with relay_to(exim.port) as relay:
        relay.cut_before = words
        with pytest.raises(outcome):
            await smtp(exim, port=relay.port).send(mail("a"), FROM, [box.user])


async def test_a_mail_that_was_taken_and_dropped_comes_once_more_under_the_same_name(exim: Exim, box: Box) -> None:
    async with relay_to(exim.port) as relay:
        relay.cut_before = b"250 OK id="
        sender = smtp(exim, port=relay.port)
        with pytest.raises(UncertainError):
            await sender.send(mail("twice"), FROM, [box.user])
        assert await sender.send(mail("twice"), FROM, [box.user]) == {}

    async with asyncio.timeout(60):
        while box.count() < 2:  # noqa: ASYNC110 - a folder tells nobody
            await asyncio.sleep(0.02)
    assert {message_from_bytes(one)["Message-ID"] for one in box.mails()} == {"<twice@desk.test>"}
    assert box.count() == 2


async def test_a_server_that_falls_silent_is_given_up(exim: Exim, box: Box) -> None:
    async with relay_to(exim.port) as relay:
        relay.stalls = True
        sender = smtp(exim, port=relay.port, timings=Timings(connect_within_s=0.3))
        with pytest.raises(TemporaryError, match="cannot be reached"):
            await sender.send(mail("a"), FROM, [box.user])
        relay.refuses = True
        with pytest.raises(TemporaryError, match="cannot be reached"):
            await sender.send(mail("a"), FROM, [box.user])


async def _arrived(exim: Exim, address: str, *, count: int = 1) -> list[bytes]:
    """What came for an address, once so many did."""
    async with asyncio.timeout(60):
        while len(found := exim.outside(address)) < count:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)
    return found
