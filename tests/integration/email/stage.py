"""The mail of a story, for real: the adapter reads a Dovecot's folder and sends through an Exim.

What somebody says becomes a mail with headers, in the folder at the story's moment; whoever was written to before
answers the last mail they got, as people do. An address with a name behind a # (`lena@acme.test#a1`) is a thread of its
own: its first mail begins it, the next ones answer the last mail of it. What comes back is a report as mail servers
write it. What is sent is looked at where Exim delivered it. Mails are read where
the test stands; that the child reads them in the same way is told by its own tests.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

from adapters.card import Outbound, OutboundCard
from adapters.email import ids
from adapters.email.adapter import EmailAdapter
from adapters.email.classify import Ourselves
from adapters.email.config import Config, Server
from adapters.email.convert import inbound_from_raw, payload_from_letter
from adapters.email.drawing import text_from_card
from adapters.email.envelope import mail_name, opened
from adapters.email.headers import canonical_id
from adapters.email.memory import Known
from adapters.email.parse import letter_from_bytes
from adapters.email.threading import Signer, thread_from_root, thread_of_doubt
from adapters.email.timings import Timings
from adapters.errors import DeliveryError, TemporaryError
from adapters.message import Attachment, Channel, Conversation, Identity, Inbound, OutboundMessage, Receipt, Vouched
from adapters.port import Ask, Cursor, Journal, Raw
from bot.store.channels import mail_threads
from bot.tickets.texts import Texts
from tests.integration.email.reading import OurTurn, at_once
from tests.integration.email.returns import report
from tests.peers.dovecot import Box
from tests.peers.exim import PASSWORD, USER, Exim
from tests.story_parts import Stage, StoryDatabase

PATIENCE_S = 60
#: The folder is looked at again at once: a story waits for its own mail and for nothing else.
QUICK = Timings(idle_for_s=0.03, poll_every_s=0.03, retry_first_s=0.02, retry_longest_s=0.1)
UNPROVEN = " (unverified)"
OUTSIDE = {"pass": "dmarc=pass", "fail": "dmarc=fail"}
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)


class MailStage(Stage):
    """Mail, as a story sees the channel in memory."""

    def __init__(self, box: Box, exim: Exim, database: StoryDatabase, *, now: Callable[[], datetime]) -> None:
        self._box, self._exim, self._database = box, exim, database
        certificates = str(exim.certificate.chain)
        config = Config(
            box.user,
            imap=Server("127.0.0.1", box.server.imap, "none", box.user, box.password),
            smtp=Server("localhost", exim.port, "starttls", USER, PASSWORD, ca_file=certificates),
            per_minute=60_000,
        )
        self._ourselves = Ourselves((box.user,), frozenset({"mx.desk.test"}), Signer(box.user.encode()))
        self._adapter = EmailAdapter(
            config,
            self._ourselves,
            _NoFiles(),
            self,
            now,
            say=lambda name, language: Texts(language or "en")(f"email_{name}"),
            name_of=str.title,
            turn=lambda _mailbox: OurTurn(),
            past=self,
            pace=at_once,
            timings=QUICK,
        )
        super().__init__(Channel.EMAIL, now=now, limits=self._adapter.limits)
        self._planned: list[DeliveryError] = []
        self._book = asyncio.Lock()
        self._name: str | None = None
        self._sent: dict[str, EmailMessage] = {}
        #: The last mail that each address got, or each thread of it with a name, by its name.
        self._latest: dict[str, str] = {}
        #: What a story calls a thread, by the name that the desk has for it.
        self._threads: dict[str, str] = {}
        self._seen: set[Path] = set()
        self._heard: list[Raw] = []
        self._news = asyncio.Condition()
        self._run: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self._run is not None:
            self._run.cancel()
            with suppress(asyncio.CancelledError):
                await self._run
        await self._adapter.close()

    # ---- what the adapter asks the desk

    async def cursor(self, _mailbox: str) -> str | None:
        return None

    async def known(self, conversation: Conversation) -> Known | None:
        found = await self._database.read(lambda conn: mail_threads.thread_of(conn, conversation.key))
        return Known(found.subject, found.last, found.is_verified, found.language) if found is not None else None

    # ---- the channel, as the desk sees it

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        envelope = opened(raw.payload)
        letter, _ = letter_from_bytes(envelope.mail)
        return inbound_from_raw(replace(raw, payload=payload_from_letter(letter, envelope.at)), self._ourselves)

    async def send(self, message: Outbound) -> Receipt:
        assert isinstance(message, OutboundCard | OutboundMessage)
        if self._planned:
            raise self._planned.pop(0)
        if self._faults.is_down:
            raise TemporaryError("the channel is down")
        receipt = await self._adapter.send(message)
        address, thread = ids.address_and_thread(message.conversation.address)
        address = self._threads.get(thread, address)
        mail = await self._delivered(receipt.external_id)
        _compare(message, mail)
        self._sent[receipt.external_id], self._latest[address] = mail, receipt.external_id
        name = address.partition("#")[1:]
        for one in message.copies if isinstance(message, OutboundMessage) else ():
            self._latest["".join((one.address, *name))] = receipt.external_id
        is_copy = isinstance(message, OutboundMessage) and message.sent_to is not None
        async with self._book:
            self._name = None if is_copy else receipt.external_id
            shown = await super().send(replace(message, conversation=self.conversation(address)))
        return replace(shown, untaken=receipt.untaken)

    def fail_next(self, error: DeliveryError, times: int = 1) -> None:
        self._planned += [error] * times

    def connect(self, journal: Journal, ask: Ask) -> None:
        super().connect(journal, ask)
        if self._run is None:
            self._run = asyncio.create_task(self._adapter.run(self._keep, ask))

    # ---- the people at the other end

    async def says(
        self,
        address: str,
        text: str,
        *,
        sender: str | None = None,
        name: str | None = None,
        at: datetime | None = None,
        attachments: tuple[Attachment, ...] = (),
        external_id: str | None = None,
        reply_to: str | None = None,
        vouched: Vouched | None = None,
        language: str | None = None,
        zone: str | None = None,
        album: str | None = None,
        doubt: str = "",
        is_inward: bool = False,
        beside: tuple[Identity, ...] = (),
        subject: str = "",
        **more: object,
    ) -> Raw:
        unheard = (attachments, vouched, zone, album, more)
        assert unheard == ((), None, None, None, {}), "a mail of a story has words alone"
        who, claim, _ = (sender or address).partition(UNPROVEN)
        where = who.partition("#")[0]
        answered = reply_to or self._latest.get(address if address.startswith(f"{where}#") else where)
        mail = EmailMessage()
        verdict = "fail" if claim or (doubt and not is_inward) else "pass"
        mail["Authentication-Results"] = f"mx.desk.test; {OUTSIDE[verdict]} header.from={where.rpartition('@')[2]}"
        mail["From"] = f"{name or where.partition('@')[0]} <{where}>"
        name = f"{external_id or self._next_id('in')}.{where}"
        mail["Message-ID"] = f"<{name}>"
        if beside:
            mail["Cc"] = ", ".join(one.address for one in beside)
        if language is not None:
            mail["Content-Language"] = language
        if answered is not None and (sent := self._sent.get(answered)) is not None:
            mail["To"] = str(sent["Reply-To"])
            mail["In-Reply-To"] = f"<{answered}>"
            mail["References"] = f"{sent['References'] or ''} <{answered}>".strip()
            mail["Subject"] = f"Re: {sent['Subject']}"
        else:
            if "#" in address:
                thread = thread_from_root if verdict == "pass" else thread_of_doubt
                self._threads[thread(canonical_id(name))] = address
            mail["To"] = self._box.user
            mail["Subject"] = subject or " ".join(text.partition("\n")[0].split())[:200]
        mail.set_content(text)
        return await self._posted(mail.as_bytes(policy=SMTP), at or self._now())

    async def notices(
        self,
        address: str,
        external_id: str,
        state: str,
        reason: str = "",
        *,
        at: datetime | None = None,
        to: str | None = None,
        is_address: bool = True,
    ) -> Raw:
        """A mail server's report; whether it is about the address stands in its reason."""
        sent = self._sent.get(external_id, EmailMessage())
        original = {"Message-ID": f"<{external_id}>"} | {one: str(sent[one]) for one in ("To", "Cc") if sent[one]}
        name, reader = f"{self._next_id('in')}.mx@acme.test", to or address.partition("#")[0]
        written = report(self._box.user, name, reader, state, reason, original)
        return await self._posted(written, at or self._now())

    async def _posted(self, mail: bytes, at: datetime) -> Raw:
        """Until the adapter has handed it to the desk; also one that it knows already."""
        wanted = mail_name(mail)
        before = sum(raw.external_id == wanted for raw in self._heard)
        self._box.receives(mail, at=at)

        def came() -> Raw | None:
            found = [raw for raw in self._heard if raw.external_id == wanted]
            return found[-1] if len(found) > before else None

        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: came() is not None)
        raw = came()
        assert raw is not None
        return raw

    async def _keep(self, raws: Sequence[Raw], cursor: Cursor | None) -> None:
        assert self._journal is not None
        # Nobody else reads in a story, so no turn of anybody's is in its store.
        await self._journal(raws, replace(cursor, fence=None) if cursor is not None else None)
        async with self._news:
            self._heard += raws
            self._news.notify_all()

    def _next_id(self, kind: str) -> str:
        name, self._name = self._name, None
        return name if name is not None and kind == "out" else super()._next_id(kind)

    # ---- what the mail servers delivered

    async def _delivered(self, name: str) -> EmailMessage:
        async with asyncio.timeout(PATIENCE_S):
            while (found := self._look().get(name)) is None:  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.005)
        mail = message_from_bytes(found, policy=default)
        assert isinstance(mail, EmailMessage)
        return mail

    def _look(self) -> Mapping[str, bytes]:
        """What came since the last look, by its Message-ID, outside and in the boxes of our own people."""
        boxes = self._box.server.folder / "mail"
        places = [*(self._exim.folder / "outside/new").glob("*"), *boxes.glob("*@desk.test/new/*")]
        fresh = [one for one in places if one not in self._seen]
        self._seen.update(fresh)
        contents = [one.read_bytes() for one in fresh]
        return {found[1].decode(): one for one in contents if (found := _MESSAGE_ID.search(one)) is not None}


class _NoFiles:
    async def read(self, digest: str) -> bytes:
        raise FileNotFoundError(digest)


def _compare(message: OutboundCard | OutboundMessage, mail: EmailMessage) -> None:
    """Every word of it stands in what arrived, which has both parts, and tells machines whether one of them wrote."""
    text = message.text if isinstance(message, OutboundMessage) else text_from_card(message.card)
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    for word in text.split():
        assert word in plain.get_content()
    is_automatic = isinstance(message, OutboundCard) or message.automatic
    assert (mail["Auto-Submitted"] is not None) is is_automatic
