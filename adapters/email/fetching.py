"""Mail from one folder into the journal, from where the last commit stands, so that nothing is lost or asked twice.

    connect ─> open the folder ─> numbers above the cursor ─> sizes ─> mails, a bunch at a time ─> journal (commit)
       ^                                   ^                                                            │
       │                                   └──── IDLE or a pause <──── move what is kept elsewhere <────┘
       └──── a pause, longer each time <──── whatever went wrong

Which mails were read is never asked of the server's flags: people read the folder too. The cursor is a number that
holds while the folder's UIDVALIDITY does; when that changes everything is read again, and the journal knows what it
has. A mail that the server cannot give, alone and time after time, is told to the journal as just that, so that it
stops nothing behind it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog

from adapters.email.answers import Fetched, Listed
from adapters.email.backoff import Backoff
from adapters.email.config import Config, Server
from adapters.email.door import Door
from adapters.email.envelope import Envelope, mail_name, sealed
from adapters.email.imap import MOST, Connection, LoginRefusedError, LostError, SaidNoError, connected
from adapters.email.lanes import lane_of
from adapters.email.listing import listed
from adapters.email.room import warning_of
from adapters.email.timings import Timings
from adapters.errors import ChannelError, DeskAwayError, TurnLostError
from adapters.message import Channel
from adapters.port import Cursor, Fence, Health, Journal, Raw, Turn

log = structlog.get_logger()

#: What is held in memory at once, unless a single mail is larger.
BUNCH_BYTES: Final = 8 * 2**20
#: How much of a mail that is too large is fetched: its headers and text stand at the beginning.
BEGINNING_BYTES: Final = 256 * 2**10
#: So often a mail may break the connection before it is left behind.
PATIENCE: Final = 5


class Past(Protocol):
    """How far each folder was read."""

    async def cursor(self, mailbox: str) -> str | None:
        """The folder's cursor as it was last journaled, None at the very beginning. Raises DeskAwayError."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything up to the number `uid` is kept, while the folder's `validity` is this."""

    mailbox: str
    validity: int
    uid: int

    def __str__(self) -> str:
        return f"{self.mailbox}:{self.validity}:{self.uid}"


def mark_from_text(value: str) -> Mark | None:
    """Undo `str(Mark)`; a folder's name may hold colons. None for what is no mark: then everything is read."""
    mailbox, _, numbers = value.rpartition(":")
    mailbox, _, validity = mailbox.rpartition(":")
    if not (validity.isdecimal() and numbers.isdecimal()):
        return None
    return Mark(mailbox, int(validity), int(numbers))


class Fetching:
    """One folder."""

    def __init__(
        self,
        config: Config,
        server: Server,
        mailbox: str,
        turn: Turn,
        past: Past,
        now: Callable[[], datetime],
        timings: Timings,
        door: Door | None = None,
    ) -> None:
        """`door` is that of all folders there."""
        self.trouble = ""
        self._door = door or Door(timings, server.secret)
        self._config = config
        self._server = server
        self._mailbox = mailbox
        self._turn = turn
        self._past = past
        self._now = now
        self._timings = timings
        self._lost = Backoff(timings.retry_first_s, timings.retry_longest_s)
        self._unopened = Backoff(timings.unopened_first_s, timings.unopened_longest_s)
        self._waits = False
        self._since: datetime | None = None
        self._is_open = False
        self._unmoved = ""
        self._crowded = ""
        self._room_known_at: float | None = None
        #: How often each mail broke the connection; up to the number `_alone_until` each is fetched for itself.
        self._broke: Counter[int] = Counter()
        self._alone_until = 0

    async def run(self, journal: Journal) -> None:
        """Read until cancelled."""
        while True:
            pause_s = 0.0
            try:
                self._waits = True
                async with self._turn.held() as fence:
                    self._waits = False
                    await self._read(journal, fence)
            except TurnLostError:
                continue
            except DeskAwayError as error:
                log.warning("mail cannot be kept now", channel="email", mailbox=self._mailbox, reason=str(error))
                pause_s = self._lost.pause_s()
            except LoginRefusedError as error:
                mend = f"mend IMAP_USER and {'MAIL_TOKEN_FILE' if self._server.token else 'IMAP_PASSWORD'}"
                self._failed(f"{self._server.host} refuses our login ({error}): {mend}", is_final=True)
            except SaidNoError as error:
                mend = "make it there, or mend IMAP_MAILBOX"
                self._failed(f"{self._mailbox} cannot be opened ({error}): {mend}", is_final=True)
                pause_s = self._unopened.pause_s()
            except (ChannelError, OSError) as error:
                self._failed(f"no mail from {self._server.host}: {error}")
                pause_s = self._lost.pause_s()
            except Exception:  # supervised: one folder harms no other, and the mail is still there
                log.exception("mail cannot be read", channel="email", mailbox=self._mailbox)
                self.trouble = "an unexpected error; the log has it"
                pause_s = self._lost.pause_s()
            await asyncio.sleep(pause_s)

    def health(self) -> Health:
        """How reading goes, in words."""
        if self._is_open:
            troubles = "; ".join(one for one in (self._unmoved, self._crowded) if one)
            words = f"{self._mailbox}: {troubles or 'listens'}"
            return Health(is_up=True, detail=words, since=self._since, trouble=words if troubles else "")
        if self._waits:
            return Health(is_up=True, detail=f"{self._mailbox}: another process reads it", since=self._since)
        return Health(is_up=False, detail=f"{self._mailbox}: {self.trouble or 'not connected'}", since=self._since)

    async def _read(self, journal: Journal, fence: Fence) -> None:
        """One connection, until it ends or something goes wrong."""
        last = mark_from_text(await self._past.cursor(self._mailbox) or "")
        connection = await self._door.enter(lambda: connected(self._server, self._timings))
        try:
            opened = await connection.open_folder(self._mailbox)
            mark = Mark(self._mailbox, opened.validity, 0)
            if last is not None and last.validity == opened.validity:
                mark = Mark(self._mailbox, opened.validity, last.uid)
            elif last is not None:
                log.warning("the folder was made anew and is read from its beginning", mailbox=self._mailbox)
            self._is_open, self.trouble, self._since = True, "", self._now()
            while True:
                try:
                    mark = await self._look(connection, mark, journal, fence)
                except SaidNoError as error:
                    raise LostError(f"{self._mailbox} is there and cannot be read: {error}") from error
                self._lost.over()
                self._unopened.over()
                await self._tidy(connection, mark)
                await self._measure(connection)
                if not connection.has_news:
                    await connection.rest()
        finally:
            self._is_open = False
            await connection.close()

    async def _look(self, connection: Connection, mark: Mark, journal: Journal, fence: Fence) -> Mark:
        """Keep everything above the mark; gives the new one."""
        uids = await connection.uids(after=mark.uid)
        for start in range(0, len(uids), MOST):
            some = uids[start : start + MOST]
            there = await listed(connection, some)
            for bunch in self._bunches(some, there):
                raws = await self._raws(connection, mark.validity, bunch, there)
                mark = Mark(mark.mailbox, mark.validity, bunch[-1])
                account = f"{self._config.account}/{self._mailbox}"
                await journal(raws, Cursor(Channel.EMAIL, account, str(mark), fence))
        return mark

    def _bunches(self, uids: Sequence[int], there: dict[int, Listed]) -> Iterator[Sequence[int]]:
        """The same numbers in portions that fit into memory; those above the limit, or of no known size, alone."""
        bunch: list[int] = []
        size = 0
        for uid in uids:
            told = there[uid].size if uid in there else 0
            own = told or 0
            is_alone = told is None or own > self._config.largest or uid <= self._alone_until
            if bunch and (is_alone or size + own > BUNCH_BYTES):
                yield bunch
                bunch, size = [], 0
            bunch.append(uid)
            size += own
            if is_alone:
                yield bunch
                bunch, size = [], 0
        if bunch:
            yield bunch

    async def _raws(
        self, connection: Connection, validity: int, bunch: Sequence[int], there: dict[int, Listed]
    ) -> list[Raw]:
        asked = [uid for uid in bunch if uid in there]
        if not asked:  # deleted between two answers
            return []
        first, is_alone = asked[0], len(bunch) == 1
        if is_alone and self._broke[first] >= PATIENCE:
            return [await self._left_behind(connection, validity, there[first])]
        size, largest = there[first].size, self._config.largest
        try:
            if size is None:
                found = await connection.beginning(first, largest)
            elif size > largest:
                found = await connection.beginning(first, BEGINNING_BYTES)
            else:
                found = await connection.mails(asked)
            if {one.uid for one in found} < set(asked) and await self._is_short(connection, asked, found):
                raise LostError("the server left out a mail that is there")
        except (LostError, SaidNoError) as error:
            if is_alone:
                self._broke[first] += 1
            else:
                self._alone_until = bunch[-1]
            connection.discard()
            raise LostError(f"a mail could not be fetched: {error}") from error
        self._broke.clear()
        is_cut = (size or 0) > largest or (size is None and any(len(one.mail) >= largest for one in found))
        note = f"larger than {largest // 2**20} MB: only its beginning was fetched" if is_cut else ""
        return [self._raw(one, note) for one in sorted(found, key=lambda one: one.uid)]

    async def _left_behind(self, connection: Connection, validity: int, one: Listed) -> Raw:
        """Its headers alone, if these can be had: they say who is to be answered all the same."""
        uid = one.uid
        log.error("a mail cannot be fetched and is left behind", channel="email", mailbox=self._mailbox, uid=uid)
        head = b""
        if self._broke[uid] == PATIENCE:
            self._broke[uid] += 1  # without them the next time, unless they come
            head = b"".join(found.mail for found in await connection.headers(uid))
            self._broke[uid] = PATIENCE
        reason = f"the mail server could not give this mail: number {uid} in {self._mailbox}"
        envelope = Envelope(one.at or self._now(), self._mailbox, head, unreadable=reason)
        return self._sealed(envelope, f"{self._mailbox}:{validity}:{uid}")

    async def _is_short(self, connection: Connection, asked: Sequence[int], found: Sequence[Fetched]) -> bool:
        """Is a mail still there that was asked for and did not come?"""
        left_out = set(asked) - {one.uid for one in found}
        return bool(await connection.still_there(sorted(left_out)))

    def _raw(self, fetched: Fetched, note: str = "") -> Raw:
        return self._sealed(
            Envelope(fetched.at or self._now(), self._mailbox, fetched.mail, note), mail_name(fetched.mail)
        )

    def _sealed(self, envelope: Envelope, name: str) -> Raw:
        lane = lane_of(envelope.mail)
        return Raw(Channel.EMAIL, self._config.account, name, sealed(envelope), self._now(), lane)

    async def _tidy(self, connection: Connection, mark: Mark) -> None:
        """Put what is kept where it was asked to go. What cannot be moved stays, and is tried again the next time."""
        folder = self._config.processed
        if folder is None or not mark.uid:
            return
        uids = await connection.remaining(until=mark.uid)
        words = ""
        try:
            for start in range(0, len(uids), MOST):
                await connection.move(uids[start : start + MOST], folder)
        except SaidNoError as error:
            mend = "make room in the mail box" if _is_full(str(error)) else "make that folder, or remove IMAP_PROCESSED"
            words = f"mail cannot be moved to {folder} ({error}): {mend}"
        if _kind(words) != _kind(self._unmoved) and words:
            log.error("mail stays where it is", channel="email", mailbox=self._mailbox, reason=words)
        self._unmoved = words

    async def _measure(self, connection: Connection) -> None:
        """Whether the mail box is about to be full, which only its owner can mend: asked now and then."""
        now = asyncio.get_running_loop().time()
        if self._room_known_at is not None and now - self._room_known_at < self._timings.room_every_s:
            return
        words = warning_of(await connection.room(self._mailbox))
        self._room_known_at = now
        if words and not self._crowded:
            log.error("the mail box has little room", channel="email", mailbox=self._mailbox, reason=words)
        self._crowded = words

    def _failed(self, reason: str, *, is_final: bool = False) -> None:
        if _kind(reason) != _kind(self.trouble):  # once for each trouble, not for each try
            say = log.error if is_final else log.warning
            say("no mail is read", channel="email", mailbox=self._mailbox, reason=reason)
        self.trouble = reason


def _is_full(words: str) -> bool:
    """Does a server say that there is no room (RFC 5530)?"""
    return "[OVERQUOTA]" in words.upper() or "quota" in words.lower()


def _kind(reason: str) -> str:
    """What servers say without what differs each time: how long it took, the time of day."""
    return "".join(letter for letter in reason if not letter.isdigit())
