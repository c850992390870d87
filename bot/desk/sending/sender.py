"""The sender: takes rows of the outbox, paces them, hands each to its channel, and writes down what came of it.

    claimed ──> sent ──> settled with a receipt
       ├──> temporary  ──> postponed, no sooner than the channel asked
       ├──> permanent  ──> failed, whoever wrote it is told, our own people are told on their next channel
       └──> uncertain  ──> the channel is asked; only what it does not know is sent again, at most once, and marked
                           (as often as it takes where a channel shows a repeat once; then its author is told)

What a crash interrupted comes back as uncertain. Nothing is sent twice because of us without somebody having asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from adapters.card import Outbound, OutboundCard
from adapters.errors import AddressError, DeliveryError, MovedError, PermanentError, TemporaryError, UncertainError
from adapters.message import Channel, Conversation, OutboundMessage, Receipt, conversation_from_key
from adapters.port import Adapter
from bot import metrics
from bot.crashpoint import reach
from bot.desk.changes import Changes, seconds_until
from bot.desk.directory import Directory
from bot.desk.hearing import Adapters
from bot.desk.sending.after_all import AfterAll, Arrived, arrive
from bot.desk.sending.claims import CLAIM_FOR, Claimed, Claims
from bot.desk.sending.copies import Copies
from bot.desk.sending.dropped import Dropped
from bot.desk.sending.failures import Failures, last_try
from bot.desk.sending.insistent import Insistent
from bot.desk.sending.outgoing import outbound_from_row
from bot.desk.sending.pace import backoff
from bot.desk.sending.paces import Paces
from bot.desk.sending.taking import Taking
from bot.desk.whereabouts import Whereabouts
from bot.now import Timekeeper
from bot.store.delivery import outbox
from bot.store.delivery.copy_rows import name_of_copy
from bot.store.delivery.outbox import Outgoing, Put, Settled
from bot.store.delivery.sending import Background
from bot.store.delivery.told import COPY
from bot.store.driver.committer import Change, Committer
from bot.store.driver.connection import Connection
from bot.store.driver.database import Database
from bot.store.errors import StoreUnavailableError
from bot.store.revisions import Revisions
from sla.duration import Instant, instant

log = structlog.get_logger()

#: Sends under way at once, on all channels together.
IN_FLIGHT: Final = 256
#: How often claims of a replica that died are looked for while we run, in real seconds.
RECOVER_EVERY_SECONDS: Final = 15
#: A send that takes longer than this has an unknown end.
SEND_WITHIN: Final = timedelta(seconds=30)
#: Done twice these are the same as done once.
HARMLESS: Final = frozenset({"mark", "home", "edit", "invite", "keyboard"})
#: A row that fails in a way nobody foresaw is given up after so many tries, so that its lane goes on.
MOST_ATTEMPTS_AT_ERRORS: Final = 5
#: Words that were in doubt again and again, and did not arrive, are told to their author, while we go on.
ATTEMPTS_UNTOLD: Final = 6


class Sender:
    """Sends what the outbox holds; one per process."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        revisions: Revisions,
        directory: Directory,
        time: Timekeeper,
        *,
        adapters: Adapters,
        sent: Changes,
    ) -> None:
        self._database = database
        self._committer = committer
        self._adapters = adapters
        self._time = time
        self._sent = sent
        copies = Copies(revisions, directory, time.now)
        self._after_all = AfterAll(revisions, directory, time, copies)
        self._outcomes = Insistent(committer)
        self._failures = Failures(self._outcomes, revisions, directory, time, adapters, copies)
        self._whereabouts = Whereabouts(revisions, directory, adapters)
        self.claims = Claims(revisions, time, adapters)
        self._paces = Paces(adapters)
        self._tasks: set[asyncio.Task[None]] = set()
        self._taking = Taking(database, committer, self.claims, time, room=self._room, begin=self._begin)
        self.nudge = self._taking.nudge

    async def recover(self, *, is_alone: bool) -> None:
        """After a start: whatever a process that is gone was sending is uncertain. `is_alone` holds the file's lock."""
        count = await self._database.write(lambda conn: outbox.recover(conn, everything=is_alone))
        if count:
            log.warning("sends were interrupted and are checked now", count=count)

    async def once(self, *, is_told: bool = False) -> int:
        """Start sending what may be sent now; how many rows were taken. `drain` waits for their ends.

        Whoever `is_told` that there is something takes it without looking first.
        """
        return await self._taking.once(is_told=is_told)

    def _room(self) -> int:
        return IN_FLIGHT - len(self._tasks)

    def _begin(self, claimed: Claimed, now: Instant) -> None:
        for row in claimed.rows:
            self._start(row, partial(self._send, row, claimed.known, now))
        for row in claimed.doubtful:
            self._start(row, partial(self._resolve, row, claimed.known, now))

    async def drain(self) -> None:
        """Wait until every send that was started has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def run(self) -> None:
        """Send until cancelled."""
        self._taking.is_beside = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._send_on(), name="outbox")
                group.create_task(self._recover_on(), name="claims")
        finally:
            self._taking.is_beside = False

    async def _recover_on(self) -> None:
        """What a dead replica was sending is ours to check once its claim has run out."""
        while True:
            await asyncio.sleep(RECOVER_EVERY_SECONDS)
            try:
                await self.recover(is_alone=False)
            except StoreUnavailableError as error:
                log.warning("claims cannot be looked at", reason=str(error))

    async def _send_on(self) -> None:
        is_told = False
        while True:
            try:
                await self.once(is_told=is_told)
                is_told = await self.nudge.sleep(seconds_until(self.claims.next_look(), self._time))
            except StoreUnavailableError as error:
                log.warning("the sender waits for the database", reason=str(error))
                await asyncio.sleep(1)

    def _start(self, row: Outgoing, sending: Callable[[], Awaitable[bool]]) -> None:
        self.claims.begins(row)
        task = asyncio.create_task(self._ended(row, sending), name=f"send {row.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ended(self, row: Outgoing, sending: Callable[[], Awaitable[bool]]) -> None:
        is_settled = False
        try:
            is_settled = await sending()
        except StoreUnavailableError as error:
            # The claim runs out by itself, and then the row is uncertain and its channel is asked.
            log.warning("what came of a send could not be stored", outbox=row.id, reason=str(error))
        except Exception:
            log.exception("a row could not be sent", outbox=row.id, channel=row.channel)
            reason = "an unexpected error; the log has it"
            if row.attempts >= MOST_ATTEMPTS_AT_ERRORS:
                await self._failures.permanent(row, reason)
            else:
                until = backoff(row.attempts, at=self._time.now())
                await self._put_back(outbox.doubt, Put(row.id, reason, until))
        finally:
            self.claims.ended(row)
            self._taking.ended()
            self._sent.tell()
            if self.claims.outlook.is_ready or not is_settled:
                self.nudge.ring()

    async def _send(self, row: Outgoing, known: Background, now: Instant, *, is_repeat: bool = False) -> bool:
        """Send one row and write down what came of it; whether it is settled and nothing about it is left to do."""
        channel = Channel(row.channel)
        adapter = self._adapters.get(channel)
        if adapter is None:
            await self._failures.permanent(row, f"no {channel} channel is served here")
            return False
        ready_at = self._paces.ready_at(row, now=now)
        if ready_at > now:
            busy = "its place asked to be left alone"
            if not is_repeat and await self._failures.elsewhere(row, busy, until=ready_at, now=now):
                return False
            wait = outbox.doubt if is_repeat else outbox.rest  # what may have arrived stays marked as that
            await self._put_back(wait, Put(row.id, "paced", ready_at))
            return False
        outbound = outbound_from_row(row, known, now=now, limits=adapter.limits, is_repeat=is_repeat)
        if not isinstance(outbound, Dropped) and replaced_by(outbound) is not None and not adapter.limits.can_edit:
            outbound = Dropped("this channel cannot change what it shows")
        if isinstance(outbound, Dropped):
            await self._dropped(row, outbound)
            metrics.DELIVERIES.labels(channel=row.channel, result="dropped").inc()
            return False
        self._paces.took(row, at=now)
        try:
            receipt = await self._given(adapter, outbound)
        except DeliveryError as error:
            await self._not_sent(row, error, now, is_repeat=is_repeat)
            return False
        reach("sender.sent")
        return await self._settle(row, outbound, receipt)

    async def _dropped(self, row: Outgoing, dropped: Dropped) -> None:
        if dropped.is_told:
            await self._failures.permanent(row, dropped.reason)
        else:
            await self._outcomes.commit(outbox.drop, Put(row.id, dropped.reason))

    async def _given(self, adapter: Adapter, outbound: Outbound) -> Receipt:
        try:
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                shown = replaced_by(outbound)
                if shown is not None and isinstance(outbound, OutboundCard | OutboundMessage):
                    return await adapter.edit(shown, outbound)
                return await adapter.send(outbound)
        except TimeoutError as error:
            raise UncertainError("the channel did not answer in time") from error

    async def _settle(self, row: Outgoing, outbound: Outbound, receipt: Receipt) -> bool:
        settled = Settled(row.id, name_of_copy(row, receipt.external_id), instant(receipt.at))
        beside = outbound.copies if isinstance(outbound, OutboundMessage) else ()
        arrived = Arrived(row, settled, beside, receipt.untaken)
        # Tried before, it may have been given up in between, and what it answered with it; written in a thread of ours,
        # it is marked there; copies that were not taken with it are seen to.
        is_more = row.attempts > 1 or (row.what == "reply" and row.payload != "") or receipt.untaken != ()
        change = self._after_all.settle if is_more else arrive
        await self._outcomes.record(change, arrived, otherwise=arrive)
        metrics.DELIVERIES.labels(channel=row.channel, result="sent").inc()
        reach("sender.settled")
        return True

    async def _put_back(self, change: Change[Put, bool], put: Put) -> None:
        await self._outcomes.commit(change, put, within=CLAIM_FOR)  # later it may be somebody else's to send
        if put.not_before is not None:
            self.claims.returns(put.not_before)

    def _move(self, conn: Connection, moved: Sequence[tuple[Outgoing, Conversation]]) -> Sequence[None]:
        now = self._time.now()
        for row, to in moved:
            self._whereabouts.move(conn, conversation_from_key(row.lane), to, now=now)
        return [None] * len(moved)

    async def _not_sent(self, row: Outgoing, error: DeliveryError, now: Instant, *, is_repeat: bool) -> None:
        if isinstance(error, MovedError):
            # Its lane is another by now, and so is that of all that waits behind it.
            await self._outcomes.commit(self._move, (row, error.to))
            await self._put_back(outbox.doubt if is_repeat else outbox.rest, Put(row.id, str(error), now))
            return
        if isinstance(error, PermanentError):
            metrics.DELIVERIES.labels(channel=row.channel, result="failed").inc()
            await self._failures.permanent(row, str(error), is_address=isinstance(error, AddressError))
            return
        if isinstance(error, UncertainError) and is_repeat:
            # Words that may have arrived are said once more, not for ever.
            await self._outcomes.commit(outbox.drop, Put(row.id, "sent twice, and nobody knows whether it arrived"))
            return
        if isinstance(error, UncertainError):
            metrics.DELIVERIES.labels(channel=row.channel, result="uncertain").inc()
            log.warning("delivery uncertain", outbox=row.id, channel=row.channel, reason=str(error))
            await self._put_back(outbox.doubt, Put(row.id, str(error), self._paces.again_at(row, error, now)))
            return
        if await self._failures.given_up(row, str(error), now=now, is_repeat=is_repeat):
            return
        until = self._paces.again_at(row, error, now)
        metrics.DELIVERIES.labels(channel=row.channel, result="postponed").inc()
        log.warning("delivery postponed", outbox=row.id, channel=row.channel, attempt=row.attempts, reason=str(error))
        if not is_repeat:
            until = until if is_asked(error) else last_try(row, until, now=now)
            if await self._failures.elsewhere(row, str(error), until=until, now=now):
                return
        put_back = outbox.doubt if is_repeat else outbox.postpone  # what may have arrived stays marked as that
        await self._put_back(put_back, Put(row.id, str(error), until))
        await self._failures.temporary(row, str(error), now=now)

    async def _resolve(self, row: Outgoing, known: Background, now: Instant) -> bool:
        """Ask the channel about a send whose end nobody knows; send again only what may be sent again. As `_send`."""
        adapter = self._adapters.get(Channel(row.channel))
        if adapter is None:
            await self._failures.permanent(row, f"no {row.channel} channel is served here")
            return False
        outbound = outbound_from_row(row, known, now=now, limits=adapter.limits)
        if isinstance(outbound, Dropped):
            await self._dropped(row, outbound)
            return False
        try:
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                receipt = await adapter.reconcile(outbound)
        except PermanentError as error:
            await self._failures.permanent(row, str(error))
            return False
        except (DeliveryError, TimeoutError) as error:
            reason = str(error) or "the channel did not say in time whether it arrived"
            await self._put_back(
                outbox.doubt, Put(row.id, reason, self._paces.again_at(row, error, now, is_doubt=True))
            )
            await self._failures.temporary(row, reason, now=now)
            return False
        if receipt is not None:
            return await self._settle(row, outbound, receipt)
        if adapter.limits.never_doubles:
            if row.attempts > ATTEMPTS_UNTOLD:
                await self._failures.uncertain(row)
            return await self._send(row, known, now)  # shown once, whatever arrived before: nobody need hear of it
        await self._failures.uncertain(row)
        if self._is_worth_repeating(row):
            return await self._send(row, known, now, is_repeat=True)
        await self._outcomes.commit(outbox.drop, Put(row.id, "it may have arrived, and is not worth saying twice"))
        return False

    @staticmethod
    def _is_worth_repeating(row: Outgoing) -> bool:
        """Words to a client and alerts are; a reminder or a card is not: the card's next drawing says it all."""
        return row.message_id is not None or row.priority == 0 or row.what in {COPY, *HARMLESS}


def is_asked(error: DeliveryError) -> bool:
    """Whether the channel itself said when to come again."""
    return isinstance(error, TemporaryError | UncertainError) and error.retry_after is not None


def replaced_by(outbound: Outbound) -> str | None:
    """What the channel shows already that this takes the place of."""
    return outbound.replaces if isinstance(outbound, OutboundCard | OutboundMessage) else None
