"""The email channel: one address of ours, read over IMAP and sent from over SMTP.

    IMAP folder   --mail as it came-->  journal (commit)  -->  the child reads it  -->  a message in our words
    outbox        --words, card-->      a mail            -->  SMTP

A mail that was sent cannot be changed or taken back, nor can anybody be asked whether it arrived, so `reconcile` never
knows; the same mail sent again carries the same Message-ID and Date.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.card import Outbound, OutboundCard
from adapters.email import reading
from adapters.email.child import Reader
from adapters.email.classify import Ourselves
from adapters.email.config import LIMITS, Config
from adapters.email.convert import inbound_from_raw
from adapters.email.door import Door
from adapters.email.fetching import Fetching, Past
from adapters.email.ids import domain_of
from adapters.email.letters import Sender
from adapters.email.memory import Threads
from adapters.email.pacing import Pace, wait_for_turn
from adapters.email.posting import KeptFiles, NameOf, Posting, Say
from adapters.email.refusals import untaken_from_refusal
from adapters.email.smtp import Smtp
from adapters.email.timings import Timings
from adapters.errors import PermanentError
from adapters.message import Channel, Inbound, OutboundMessage, Receipt
from adapters.port import Ask, Health, Journal, KeepFile, Limits, Raw, Route, Turn


class EmailAdapter:
    """One address. `turn` gives the right to read a folder, by the folder's name."""

    def __init__(
        self,
        config: Config,
        ourselves: Ourselves,
        files: KeptFiles,
        threads: Threads,
        now: Callable[[], datetime],
        *,
        say: Say,
        name_of: NameOf,
        turn: Callable[[str], Turn],
        past: Past,
        pace: Pace,
        timings: Timings | None = None,
    ) -> None:
        timings = timings or Timings()
        self._config = config
        self._ourselves = ourselves
        self._now = now
        self._pace = pace
        self._posting = Posting(
            Sender(config.address, config.name, ourselves.signer, config.has_plus), threads, files, say, name_of
        )
        self._smtp = Smtp(config.smtp, domain_of(config.address), timings) if config.smtp is not None else None
        self._folders: Sequence[Fetching] = ()
        if (imap := config.imap) is not None:
            door = Door(timings, imap.secret)
            self._folders = [
                Fetching(config, imap, name, turn(name), past, now, timings, door) for name in config.mailboxes
            ]
        self._reader = Reader()
        self._is_running = False

    @property
    def channel(self) -> Channel:
        return Channel.EMAIL

    @property
    def limits(self) -> Limits:
        return replace(LIMITS, per_second=self._config.per_minute / 60)

    @property
    def routes(self) -> Sequence[Route]:
        return ()

    async def run(self, journal: Journal, _ask: Ask) -> None:
        """Read every folder until cancelled."""
        self._is_running = True
        try:
            async with asyncio.TaskGroup() as group:
                for folder in self._folders:
                    group.create_task(folder.run(journal), name="mail folder")
                if self._smtp is not None:
                    group.create_task(self._smtp.watch(), name="mail server")
                await asyncio.Event().wait()
        finally:
            self._is_running = False
            await self._reader.close()

    def convert(self, raw: Raw) -> Sequence[Inbound]:
        return inbound_from_raw(raw, self._ourselves)

    async def completed(self, raw: Raw, keep: KeepFile, *, is_last: bool) -> Raw:
        return await reading.completed(raw, keep, self._reader, is_last=is_last)

    async def send(self, message: Outbound) -> Receipt:
        if not isinstance(message, OutboundMessage | OutboundCard):
            raise PermanentError("a mail shows no signs and no pages")
        if self._smtp is None:
            raise PermanentError("no mail server sends for us: set SMTP_HOST")
        letter = await self._posting.letter(message)
        alone = message.sent_to if isinstance(message, OutboundMessage) else None
        to, copies = (letter.to, letter.copies) if alone is None else (alone.address, ())
        await wait_for_turn(self._pace)
        refused = await self._smtp.send(letter.content, letter.envelope_from, [to], copies)
        return Receipt(letter.name, self._now(), tuple(untaken_from_refusal(*one) for one in refused.items()))

    async def close(self) -> None:
        """End the child that a mail read late may have had."""
        await self._reader.close()

    async def edit(self, _external_id: str, _message: OutboundMessage | OutboundCard) -> Receipt:
        raise PermanentError("a mail that was sent cannot be changed")

    async def reconcile(self, _message: Outbound) -> Receipt | None:
        return None

    def health(self) -> Health:
        """Up while every folder is read; a mail server that takes nothing from us is named too."""
        if not self._is_running:
            return Health(is_up=False, detail="not running")
        folders = [folder.health() for folder in self._folders]
        sending = self._smtp.trouble if self._smtp is not None else "nothing can be sent: SMTP_HOST is not set"
        words = [one.detail for one in folders] or ["nothing is read: IMAP_HOST is not set"]
        since = max((one.since for one in folders if one.since is not None), default=None)
        is_up = all(one.is_up for one in folders) and not (self._smtp is not None and self._smtp.trouble)
        complaint = self._smtp.complaint if self._smtp is not None else ""
        trouble = "; ".join(one for one in (*(folder.trouble for folder in folders), complaint) if one)
        return Health(is_up, "; ".join([*words, *([sending] if sending else [])]), since, trouble)
