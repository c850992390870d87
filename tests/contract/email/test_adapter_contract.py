"""The email channel owes the desk what every channel does: over a real Dovecot and a real Exim."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from adapters.card import Outbound
from adapters.email import ids
from adapters.email.adapter import EmailAdapter
from adapters.email.classify import Ourselves
from adapters.email.config import Config, Server
from adapters.email.convert import payload_from_letter
from adapters.email.envelope import Envelope, mail_name, opened, sealed
from adapters.email.memory import Known
from adapters.email.parse import letter_from_bytes
from adapters.email.threading import Signer, thread_from_root
from adapters.email.timings import Timings
from adapters.errors import MalformedError, UncertainError
from adapters.message import Channel, Conversation, Inbound, InboundMessage, Receipt
from adapters.port import Raw
from tests.contract.adapter_contract import AdapterContract
from tests.contract.peer import AT, RecordingJournal, listening, reply
from tests.integration.email.reading import OurTurn, at_once
from tests.peers.dovecot import Box
from tests.peers.exim import PASSWORD, USER, Exim

ROOT = "root@acme.test"
QUICK = Timings(retry_first_s=0.02, retry_longest_s=0.1)


class Read(EmailAdapter):
    """Reads a mail where it stands, so that the suite needs no step between keeping and understanding."""

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        return super().convert(read(raw))


def read(raw: Raw) -> Raw:
    if raw.payload.startswith(b"{"):
        return raw
    envelope = opened(raw.payload)
    letter, _ = letter_from_bytes(envelope.mail)
    return replace(raw, payload=payload_from_letter(letter, envelope.at, envelope.note))


class NoFiles:
    async def read(self, digest: str) -> bytes:
        raise FileNotFoundError(digest)


class Memory:
    """A desk that keeps how far it was read, when its journal did."""

    def __init__(self) -> None:
        self.journaled: dict[str, str] = {}

    async def cursor(self, mailbox: str) -> str | None:
        return self.journaled.get(mailbox)

    async def known(self, conversation: Conversation) -> Known | None:
        return Known("Wages", f"{ROOT} 12345678", is_proven=True)


class MailPeer:
    """Lena, who writes mails in one thread."""

    def __init__(self, box: Box, exim: Exim) -> None:
        self._box, self._exim = box, exim
        self._lena = f"lena.{box.user.partition('@')[0]}@acme.test"
        self._said: dict[str, bytes] = {}
        self._sent = 0
        certificates = str(exim.certificate.chain)
        config = Config(
            box.user,
            imap=Server("127.0.0.1", box.server.imap, "none", box.user, box.password),
            smtp=Server("localhost", exim.port, "starttls", USER, PASSWORD, ca_file=certificates),
            processed="Processed",
        )
        ourselves = Ourselves((box.user,), frozenset({"mx.desk.test"}), Signer(b"k" * 32))
        memory = Memory()
        self.adapter = Read(
            config,
            ourselves,
            NoFiles(),
            memory,
            lambda: AT,
            say=lambda _name, _language: "",
            name_of=str,
            turn=lambda _mailbox: OurTurn(),
            past=memory,
            pace=at_once,
            timings=QUICK,
        )

    @property
    def conversation(self) -> Conversation:
        return ids.conversation(self._lena, thread_from_root(ROOT))

    def mail(self, text: str, number: int, **headers: str) -> bytes:
        mail = EmailMessage()
        mail["Authentication-Results"] = "mx.desk.test; dmarc=pass header.from=acme.test"
        mail["From"] = f"Lena <{self._lena}>"
        mail["To"] = self._box.user
        mail["Subject"] = "Wages"
        mail["Message-ID"] = f"<{number}.{self._lena}>"
        mail["References"] = f"<{ROOT}>"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        return mail.as_bytes()

    async def says(self, text: str) -> str:
        number = len(self._said)
        self._said[str(number)] = self.mail(text, number)
        self._box.receives(self._said[str(number)])
        return str(number)

    async def redelivers(self, said: str) -> None:
        if self.is_acknowledged(said):
            self._box.receives(self._said[said])

    def is_acknowledged(self, said: str) -> bool:
        return self._said[said] not in self._box.mails()

    async def acknowledged(self, said: str) -> None:
        while not self.is_acknowledged(said):  # noqa: ASYNC110 - a folder tells nobody
            await asyncio.sleep(0.01)

    def _raw(self, mail: bytes) -> Raw:
        return Raw(Channel.EMAIL, "desk", mail_name(mail), sealed(Envelope(AT, "INBOX", mail)), AT)

    def samples(self) -> Mapping[type[Inbound], Raw]:
        return {InboundMessage: read(self._raw(self.mail("Payroll failed", 0)))}

    def unreadable(self) -> Sequence[Raw]:
        raw = self._raw(b"")
        return [replace(raw, payload=payload) for payload in (b"{", b"{}", b'{"at": "now", "letter": {}}', b"{[]}")]

    def unsupported(self) -> Sequence[Raw]:
        return [
            read(self._raw(self.mail("I am away", 1, Auto_Submitted="auto-replied"))),
            read(self._raw(self.mail("News", 2, Precedence="bulk", List_Id="<news.acme.test>"))),
        ]

    async def send(self, message: Outbound) -> Receipt:
        try:
            receipt = await self.adapter.send(message)
        except UncertainError:
            self._sent += 1
            raise
        self._sent += 1
        return receipt

    async def shown(self) -> Sequence[str]:
        async with asyncio.timeout(60):
            while len(mails := self._exim.outside(self._lena)) < self._sent:  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.01)
        bodies = [message_from_bytes(one, policy=default).get_body(("plain",)) for one in mails]
        return [body.get_content().replace("\r\n", "\n").rstrip("\n") for body in bodies if body is not None]


class TestEmail(AdapterContract):
    @pytest.fixture
    async def peer(self, box: Box, exim: Exim) -> AsyncIterator[MailPeer]:
        box.make("Processed")
        peer = MailPeer(box, exim)
        yield peer
        await peer.adapter.close()
        for _ in range(5):
            await asyncio.sleep(0)

    async def test_the_same_send_again_is_one_message_where_the_channel_recognises_repeats(
        self,
        peer: MailPeer,  # type: ignore[override] # a peer of its own
    ) -> None:
        """A mail sent twice may be seen twice, under one name, by which a mail program knows it."""
        async with listening(peer, RecordingJournal()):
            first = await peer.send(reply(peer))
            again = await peer.send(reply(peer))
            assert len(await peer.shown()) == 2
        assert first.external_id == again.external_id
        assert not peer.adapter.limits.recognises_repeats

    async def test_a_mail_cannot_be_changed(self, peer: MailPeer) -> None:
        assert not peer.adapter.limits.can_edit

    async def test_the_moment_of_a_message_is_the_servers(self, peer: MailPeer) -> None:
        (raw,) = peer.samples().values()
        (message,) = peer.adapter.convert(replace(raw, received_at=AT + timedelta(days=1)))
        assert isinstance(message, InboundMessage)
        assert message.at == AT


def test_a_payload_that_is_no_mail_of_ours_is_malformed() -> None:
    with pytest.raises(MalformedError):
        opened(b"From: lena@acme.test\r\n\r\nhello")
