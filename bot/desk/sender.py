"""The sender: takes rows of the outbox, paces them, hands each to its channel, and writes down what came of it.

    claimed ──> sent ──> settled with a receipt
       ├──> temporary  ──> postponed, no sooner than the channel asked
       ├──> permanent  ──> failed, whoever wrote it is told, our own people are told on their next channel
       └──> uncertain  ──> the channel is asked; only what it does not know is sent again, at most once, and marked

What a crash interrupted comes back as uncertain. Nothing is sent twice because of us without somebody having asked.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import structlog

from adapters.card import OutboundCard
from adapters.errors import DeliveryError, PermanentError, TemporaryError, UncertainError
from adapters.message import Channel, Receipt
from adapters.port import Adapter
from bot import metrics
from bot.crashpoint import reach
from bot.desk.changes import Changes, Nudge, seconds_until
from bot.desk.directory import Directory
from bot.desk.failures import Failures
from bot.desk.hearing import Adapters
from bot.desk.outgoing import Dropped, Outbound, outbound_from_row
from bot.desk.pace import Pace, backoff
from bot.now import Timekeeper
from bot.store import outbox
from bot.store.committer import Committer
from bot.store.connection import Connection
from bot.store.engine import Database
from bot.store.errors import StoreUnavailableError
from bot.store.outbox import Outgoing, Put, Settled
from bot.store.revisions import Revisions
from bot.store.sending import Background, background
from sla.duration import Instant, instant, later

log = structlog.get_logger()

BATCH: Final = 64
#: Sends under way at once, in all and on one channel: a channel that hangs holds up nobody but itself. A channel that
#: does not recognise repeats is sent to one by one: a crash leaves one send in doubt then, and repeats no more than it.
IN_FLIGHT: Final = 256
PER_CHANNEL: Final = 64
CLAIM_FOR: Final = timedelta(seconds=60)
#: How often claims of a replica that died are looked for while we run, in real seconds.
RECOVER_EVERY_SECONDS: Final = 15
#: A send that takes longer than this has an unknown end.
SEND_WITHIN: Final = timedelta(seconds=30)

Claimed = tuple[Sequence[Outgoing], Sequence[Outgoing], Background]

#: A row that fails in a way nobody foresaw is given up after so many tries, so that its lane goes on.
MOST_ATTEMPTS_AT_ERRORS: Final = 5


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
        self.nudge = Nudge()
        self.owner = uuid4().hex
        self._database = database
        self._committer = committer
        self._adapters = adapters
        self._revisions = revisions
        self._time = time
        self._sent = sent
        self._failures = Failures(committer, revisions, directory, time)
        self._paces: dict[Channel, Pace] = {}
        self._busy: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def recover(self, *, is_alone: bool) -> None:
        """After a start: whatever a process that is gone was sending is uncertain. `is_alone` holds the file's lock."""
        count = await self._database.write(lambda conn: outbox.recover(conn, everything=is_alone))
        if count:
            log.warning("sends were interrupted and are checked now", count=count)

    async def once(self) -> int:
        """Start sending what may be sent now; how many rows were taken. `drain` waits for their ends."""
        now = self._time.now()
        room = IN_FLIGHT - len(self._tasks)
        if room <= 0 or not await self._database.read(lambda conn: outbox.is_any_ready(conn, now=now)):
            return 0
        claiming = asyncio.ensure_future(self._committer.commit(self._claim, min(room, BATCH)))
        try:
            return self._begin(await asyncio.shield(claiming), now)
        except asyncio.CancelledError:
            self._begin(await claiming, now)  # what became ours meanwhile is sent: `drain` waits for it
            raise

    def _begin(self, claimed: Claimed, now: Instant) -> int:
        reach("sender.claimed")
        rows, doubtful, known = claimed
        for row in rows:
            self._start(row, self._send(row, known, now))
        for row in doubtful:
            self._start(row, self._resolve(row, known, now))
        return len(rows) + len(doubtful)

    async def drain(self) -> None:
        """Wait until every send that was started has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_on(), name="outbox")
            group.create_task(self._recover_on(), name="claims")

    async def _recover_on(self) -> None:
        """What a dead replica was sending is ours to check once its claim has run out."""
        while True:
            await asyncio.sleep(RECOVER_EVERY_SECONDS)
            try:
                await self.recover(is_alone=False)
            except StoreUnavailableError as error:
                log.warning("claims cannot be looked at", reason=str(error))

    async def _send_on(self) -> None:
        while True:
            try:
                if not await self.once():
                    ready_at = await self._database.read(outbox.next_ready)
                    await self.nudge.sleep(seconds_until(ready_at, self._time))
            except StoreUnavailableError as error:
                log.warning("the sender waits for the database", reason=str(error))
                await asyncio.sleep(1)

    def _claim(self, conn: Connection, counts: Sequence[int]) -> Sequence[Claimed]:
        """A Change: take rows and read what they need, in the transaction that makes them ours."""
        return [self._claim_one(conn, count) for count in counts]

    def _claim_one(self, conn: Connection, count: int) -> Claimed:
        now = self._time.now()
        under_way = Counter(self._busy.values())
        one_by_one = {one for one, adapter in self._adapters.items() if not adapter.limits.recognises_repeats}
        held: set[str] = {*one_by_one, *(channel for channel, number in under_way.items() if number >= PER_CHANNEL)}
        turns: list[tuple[Collection[str], int]] = [
            (held, count),
            *((set(Channel) - {one}, 1) for one in one_by_one if not under_way[one]),
        ]
        rows: list[Outgoing] = []
        doubtful: list[Outgoing] = []
        mine: dict[str, Any] = {"now": now, "owner": self.owner, "claim_for": CLAIM_FOR, "busy": self._busy}
        for others, most in turns:
            asked = outbox.claim_uncertain(conn, **mine, held=others, count=most)
            doubtful += asked
            rows += outbox.claim(conn, **mine, held=others, count=most - len(asked))
        return rows, doubtful, background(conn, self._revisions, [*rows, *doubtful], now=now)

    def _start(self, row: Outgoing, sending: Coroutine[Any, Any, None]) -> None:
        self._busy[row.lane] = row.channel
        task = asyncio.create_task(self._ended(row, sending), name=f"send {row.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ended(self, row: Outgoing, sending: Coroutine[Any, Any, None]) -> None:
        try:
            await sending
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
                await self._committer.commit(outbox.doubt, Put(row.id, reason, until))
        finally:
            self._busy.pop(row.lane, None)
            self._sent.tell()
            self.nudge.ring()

    async def _send(self, row: Outgoing, known: Background, now: Instant, *, is_repeat: bool = False) -> None:
        channel = Channel(row.channel)
        adapter = self._adapters.get(channel)
        if adapter is None:
            await self._failures.permanent(row, f"no {channel} channel is served here")
            return
        pace = self._paces.setdefault(channel, Pace(adapter.limits))
        ready_at = pace.ready_at(row.lane, now=now)
        if ready_at > now:
            wait = outbox.doubt if is_repeat else outbox.rest  # what may have arrived stays marked as that
            await self._committer.commit(wait, Put(row.id, "paced", ready_at))
            return
        outbound = outbound_from_row(row, known, now=now, is_repeat=is_repeat)
        if isinstance(outbound, OutboundCard) and outbound.replaces is not None and not adapter.limits.can_edit:
            outbound = Dropped("this channel cannot change what it shows")
        if isinstance(outbound, Dropped):
            await self._committer.commit(outbox.drop, Put(row.id, outbound.reason))
            metrics.DELIVERIES.labels(channel=row.channel, result="dropped").inc()
            return
        pace.took(row.lane, at=now)
        try:
            receipt = await self._given(adapter, outbound)
        except DeliveryError as error:
            await self._not_sent(row, error, now, is_repeat=is_repeat)
            return
        reach("sender.sent")
        await self._settle(row, receipt)

    async def _given(self, adapter: Adapter, outbound: Outbound) -> Receipt:
        try:
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                if isinstance(outbound, OutboundCard) and outbound.replaces is not None:
                    return await adapter.edit(outbound.replaces, outbound)
                return await adapter.send(outbound)
        except TimeoutError as error:
            raise UncertainError("the channel did not answer in time") from error

    async def _settle(self, row: Outgoing, receipt: Receipt) -> None:
        await self._committer.commit(outbox.settle, Settled(row.id, receipt.external_id, instant(receipt.at)))
        metrics.DELIVERIES.labels(channel=row.channel, result="sent").inc()
        reach("sender.settled")

    async def _not_sent(self, row: Outgoing, error: DeliveryError, now: Instant, *, is_repeat: bool) -> None:
        if isinstance(error, PermanentError):
            metrics.DELIVERIES.labels(channel=row.channel, result="failed").inc()
            await self._failures.permanent(row, str(error))
            return
        if isinstance(error, UncertainError) and is_repeat:
            # Words that may have arrived are said once more, not for ever.
            await self._committer.commit(outbox.drop, Put(row.id, "sent twice, and nobody knows whether it arrived"))
            return
        if isinstance(error, UncertainError):
            metrics.DELIVERIES.labels(channel=row.channel, result="uncertain").inc()
            log.warning("delivery uncertain", outbox=row.id, channel=row.channel, reason=str(error))
            await self._committer.commit(outbox.doubt, Put(row.id, str(error), backoff(1, at=now)))
            return
        until = backoff(row.attempts, at=now)
        if isinstance(error, TemporaryError) and error.retry_after is not None:
            until = later(now, error.retry_after)
            self._paces[Channel(row.channel)].hold(row.lane, until=until)
        metrics.DELIVERIES.labels(channel=row.channel, result="postponed").inc()
        log.warning("delivery postponed", outbox=row.id, channel=row.channel, attempt=row.attempts, reason=str(error))
        put_back = outbox.doubt if is_repeat else outbox.postpone  # what may have arrived stays marked as that
        await self._committer.commit(put_back, Put(row.id, str(error), until))
        await self._failures.temporary(row, str(error), now=now)

    async def _resolve(self, row: Outgoing, known: Background, now: Instant) -> None:
        """Ask the channel about a send whose end nobody knows; send again only what may be sent again."""
        adapter = self._adapters.get(Channel(row.channel))
        if adapter is None:
            await self._failures.permanent(row, f"no {row.channel} channel is served here")
            return
        outbound = outbound_from_row(row, known, now=now)
        if isinstance(outbound, Dropped):
            await self._committer.commit(outbox.drop, Put(row.id, outbound.reason))
            return
        try:
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                receipt = await adapter.reconcile(outbound)
        except PermanentError as error:
            await self._failures.permanent(row, str(error))
            return
        except (DeliveryError, TimeoutError) as error:
            reason = str(error) or "the channel did not say in time whether it arrived"
            await self._committer.commit(outbox.doubt, Put(row.id, reason, backoff(row.attempts, at=now)))
            return
        if receipt is not None:
            await self._settle(row, receipt)
            return
        if adapter.limits.recognises_repeats:
            await self._send(row, known, now)  # shown once, whatever arrived before: nobody need hear of it
            return
        await self._failures.uncertain(row)
        if self._is_worth_repeating(row):
            await self._send(row, known, now, is_repeat=True)
        else:
            await self._committer.commit(outbox.drop, Put(row.id, "it may have arrived, and is not worth saying twice"))

    @staticmethod
    def _is_worth_repeating(row: Outgoing) -> bool:
        """Words to a client and alerts are; a reminder or a card is not: the card's next drawing says it all."""
        return row.message_id is not None or row.priority == 0
