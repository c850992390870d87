"""The loops themselves, on real time: what is told, or frees a way, is followed at once and waits for no idle look."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.fake import FakeChannel
from adapters.message import Channel
from adapters.port import Limits, Raw
from bot.desk.applying import apply_document
from bot.desk.changes import IDLE_SECONDS
from bot.desk.desk import Desk
from bot.desk.sending.insistent import AGAIN_AFTER_SECONDS
from bot.now import Rehearsal, Timekeeper, wall_now
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from sla.duration import Instant, instant, moment
from tests.builders import STORY_DESK, document
from tests.harness import NOON
from tests.templates import new_sqlite

MESSAGES = 60
PATIENCE_S = 60
HOURS = 'week = { mon-fri = ["10:00-19:00"] }'
HOLIDAY = f'{HOURS}\ndays."2026-03-04" = []'
#: If each card waited for an idle look of the sender, they would take twice as long.
WITHIN_SECONDS = MESSAGES * IDLE_SECONDS / 2


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(new_sqlite(tmp_path / "maitred.db"))
    yield opened
    await opened.close()


def opening(number: int, at: datetime = NOON) -> Raw:
    """A message of somebody new, of which one and the same manager is shown a card."""
    payload = f"""{{"kind": "message", "chat": "{number}", "id": "m{number}", "from": "{number}", "name": "Ada",
        "text": "Payroll failed", "at": "{at.isoformat()}"}}"""
    return Raw(Channel.TELEGRAM, "desk", f"m{number}", payload.encode(), at, f"telegram:desk:{number}")


async def started(database: Database, at: Instant) -> Desk:
    """A desk of the moment `at`, its channels in memory; its loops stand."""
    time = Timekeeper(Rehearsal(at, 1.0, wall_now()))
    channels = {
        one: FakeChannel(one, now=lambda: moment(time.now()), limits=Limits(recognises_repeats=True), prefix=str(at))
        for one in (Channel.TELEGRAM, Channel.SLACK)
    }
    desk = Desk(database, channels, time)
    for one in channels.values():
        one.connect(desk.intake.journal, desk.press)
    await desk.prepare(is_alone=True)
    return desk


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[None]:
    """The loops of a desk, to their end."""
    loops = asyncio.create_task(desk.run())
    try:
        yield
    finally:
        loops.cancel()
        await asyncio.wait([loops])
        await desk.drain()


async def all_sent(desk: Desk, rows: int) -> None:
    """Return once so many rows of the outbox have gone out."""
    count = "SELECT count(*) FROM outbox WHERE state = 'sent'"
    async with desk.changes.watch() as bell:
        while await desk.database.read(lambda conn: conn.exec_driver_sql(count).scalar_one()) < rows:
            await bell.sleep()


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(recognises_repeats=True), id="a channel that bears anything"),
        pytest.param(Limits(), id="a channel that is sent to one by one"),
        pytest.param(
            Limits(per_conversation=timedelta(milliseconds=20), recognises_repeats=True),
            id="a channel that wants a rest in each conversation",
        ),
    ],
)
async def test_cards_for_one_person_follow_one_another(database: Database, limits: Limits) -> None:
    time = Timekeeper(Rehearsal(instant(NOON), 1.0, wall_now()))
    await apply_document(database, document(), at=time.now(), by="test")
    channels = {
        one: FakeChannel(one, now=lambda: moment(time.now()), limits=limits)
        for one in (Channel.TELEGRAM, Channel.SLACK)
    }
    desk = Desk(database, channels, time)
    for one in channels.values():
        one.connect(desk.intake.journal, desk.press)
    await desk.prepare(is_alone=True)
    async with running(desk), asyncio.timeout(WITHIN_SECONDS):
        await desk.intake.journal([opening(number) for number in range(MESSAGES)], None)
        await all_sent(desk, 2 * MESSAGES)  # words to each client, and the card


async def test_what_a_channel_took_is_never_said_again_however_its_receipt_fails_to_be_stored(
    database: Database,
) -> None:
    """No error that anybody foresaw: the table of receipts refuses them, and then takes them again."""
    time = Timekeeper(Rehearsal(instant(NOON), 1.0, wall_now()))
    await apply_document(database, document(), at=time.now(), by="test")
    telegram = FakeChannel(Channel.TELEGRAM, now=lambda: moment(time.now()), limits=Limits(), prefix="t")
    desk = Desk(database, {Channel.TELEGRAM: telegram}, time)
    telegram.connect(desk.intake.journal, desk.press)
    await desk.prepare(is_alone=True)
    refuse = "CREATE TRIGGER refuse BEFORE INSERT ON receipt BEGIN SELECT RAISE(ABORT, 'nobody foresaw this'); END"
    await database.write(lambda conn: conn.exec_driver_sql(refuse))
    async with running(desk), asyncio.timeout(PATIENCE_S):
        await desk.intake.journal([opening(1)], None)
        while not telegram.messages("1"):  # noqa: ASYNC110 - a channel in memory tells nobody
            await asyncio.sleep(0.01)
        await asyncio.sleep(2 * AGAIN_AFTER_SECONDS)
        assert len(telegram.messages("1")) == 1
        await database.write(lambda conn: conn.exec_driver_sql("DROP TRIGGER refuse"))
        await all_sent(desk, 1)
    assert len(telegram.messages("1")) == 1


async def test_hours_that_changed_while_nobody_ran_count_before_anybody_is_told(database: Database) -> None:
    """A holiday was written after the evening's message; by the hours of before, its promise broke this morning."""
    evening, morning = instant(NOON.replace(hour=15, minute=30)), instant(NOON + timedelta(days=1))
    await apply_document(database, document(STORY_DESK), at=evening, by="test")
    first = await started(database, evening)
    await first.intake.journal([opening(1001, moment(evening))], None)
    async with running(first), asyncio.timeout(PATIENCE_S):
        await all_sent(first, 2)
    await apply_document(database, document(STORY_DESK.replace(HOURS, HOLIDAY)), at=Instant(evening + 1), by="test")

    second = await started(database, morning)
    async with running(second), asyncio.timeout(PATIENCE_S):
        await all_sent(second, 3)  # the card, with its new moment
        await asyncio.sleep(2 * IDLE_SECONDS)

    said = await database.read(lambda conn: [row.what for row in conn.exec_driver_sql("SELECT what FROM event")])
    assert "recounted" in said
    assert "breached" not in said
