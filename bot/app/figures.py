"""The figures nobody else knows: what waits, how channels are, how late the loop turns. Set every few seconds."""

import asyncio
from collections import Counter
from typing import Final

from bot import metrics
from bot.app.lag import watch_lag
from bot.desk.desk import Desk
from bot.store import journal
from bot.store.delivery import outbox
from bot.store.driver.connection import Connection
from bot.store.errors import StoreUnavailableError
from sla.duration import Instant

EVERY_SECONDS: Final = 5.0


async def keep_figures(desk: Desk) -> None:
    """Set the gauges until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(watch_lag(), name="lag")
        group.create_task(_keep_waiting(desk), name="waiting")


async def _keep_waiting(desk: Desk) -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        for channel, adapter in desk.adapters.items():
            metrics.CHANNEL_UP.labels(channel=channel.value).set(int(adapter.health().is_up))
        try:
            await desk.database.read(lambda conn: _set_waiting(conn, desk.now()))
        except StoreUnavailableError:
            continue  # /readyz says so; the next round tries again


def _set_waiting(conn: Connection, now: Instant) -> None:
    oldest = journal.oldest_unprocessed(conn)
    metrics.INBOX_OLDEST.set((now - oldest) / 1000 if oldest is not None else 0)
    metrics.INBOX_DEAD.set(journal.counts(conn)[1])
    waiting = outbox.counts(conn)
    by_channel: Counter[str] = Counter()
    for (channel, _), (count, _) in waiting.items():
        by_channel[channel] += count
    for channel, count in by_channel.items():
        metrics.OUTBOX_PENDING.labels(channel=channel).set(count)
    since = min((created for _, created in waiting.values()), default=now)
    metrics.OUTBOX_OLDEST.set((now - since) / 1000)
