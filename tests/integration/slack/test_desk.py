"""Slack and whole desks: however often, however late and to whichever replica something comes, it is one message."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.slack.ids import moment_from_ts
from adapters.slack.timings import Timings
from bot.app.channels.slack_past import StoredPast
from sla.duration import Instant, instant, moment
from tests.integration.slack.conftest import eventually, wall
from tests.integration.slack.desks import LENA, PATIENT, VERA, WholeDesk, people, prepared, working
from tests.peers.slack_front import Said, SlackFront
from tests.templates import new_sqlite

MESSAGES = "SELECT text, at, external_id FROM message WHERE direction = 'in' ORDER BY id"
TICKETS = "SELECT id, opened_at FROM ticket ORDER BY id"
CLOCKS = "SELECT started_at FROM clock ORDER BY ticket_id"


def at(said: Said) -> datetime:
    """When it was said, as exactly as the desk counts."""
    return moment(instant(moment_from_ts(said.ts)))


async def until_rows(desk: WholeDesk, sql: str, count: int) -> None:
    """Wait until a query finds so many rows."""
    async with asyncio.timeout(60), desk.desk.changes.watch() as bell:
        while len(await desk.rows(sql)) < count:
            await bell.sleep()


async def put_away(desk: WholeDesk, status: str, resolved_at: datetime) -> None:
    """Every ticket, as if it had been resolved then."""
    change = f"UPDATE ticket SET status = '{status}', is_current = 0, resolved_at = {instant(resolved_at)}"  # noqa: S608
    await desk.desk.database.write(lambda conn: conn.exec_driver_sql(change))


@pytest.fixture
async def sqlite_url(tmp_path: Path) -> str:
    url = new_sqlite(tmp_path / "maitred.db")
    await prepared(url)
    return url


async def test_one_event_delivered_four_times_to_two_replicas_is_one_message(
    slack: SlackFront, database_url_factory: Callable[..., str], postgres_template: str, tmp_path: Path
) -> None:
    acme = await people(slack)
    postgres_url = database_url_factory(postgres_template)
    await prepared(postgres_url)
    patient = Timings(answer_within_s=30)
    async with (
        working(slack, postgres_url, tmp_path, is_http=True, timings=patient) as first,
        working(slack, postgres_url, tmp_path, is_http=True, timings=patient) as second,
    ):
        said = await slack.says(LENA, acme, "Payroll failed", is_told=False)
        told = await slack.line.deliver("events_api", dict(slack.event_of(said)))
        assert told.attempts == 0
        await asyncio.gather(*(slack.line.redelivers(told, to=one.address) for one in (first, second)))
        await asyncio.gather(*(slack.line.redelivers(told, to=one.address) for one in (second, first)))
        assert told.statuses == [200] * 4

        await until_rows(first, TICKETS, 1)
        dm = await slack.dm(VERA)
        shown: list[str] = []
        async with asyncio.timeout(60):
            while not shown:
                shown = [message["text"] for message in await slack.shown(dm)]
        assert len(await first.rows(MESSAGES)) == 1
        assert len(await second.rows(TICKETS)) == 1
        assert len(shown) == 1, "one card"
        states = await first.rows("SELECT state FROM inbound WHERE external_id LIKE 'Ev%'")
        assert {state for (state,) in states} <= {"done", "new", "parked"}

        pressed = await slack.press(VERA, dm, "Resolve")
        assert pressed.attempts == 0
        both = (first, second, second, first)
        await asyncio.gather(*(slack.line.redelivers(pressed, to=one.address) for one in both))
        assert pressed.statuses == [200] * 4
        assert await first.rows("SELECT what, by FROM event WHERE what = 'resolved'") == [("resolved", "vera")]


async def test_an_outage_is_read_back_into_tickets_with_the_moments_things_were_said_at(
    slack: SlackFront, sqlite_url: str, tmp_path: Path
) -> None:
    acme = await people(slack)
    async with working(slack, sqlite_url, tmp_path) as desk:
        await until_rows(desk, "SELECT value FROM cursor", 1)
    now = wall().replace(microsecond=0)
    ago = [timedelta(minutes=minute) for minute in (9, 6, 3)]
    said = [await slack.says(LENA, acme, f"No {place}", at=now - back, is_told=False) for place, back in enumerate(ago)]
    answered = await slack.says(VERA, acme, "On it", thread=said[0].ts, at=now - timedelta(minutes=2), is_told=False)

    async with working(slack, sqlite_url, tmp_path) as desk:
        await until_rows(desk, MESSAGES, 3)
        found = [(text, moment(Instant(when)), name) for text, when, name in await desk.rows(MESSAGES)]
        tickets = [moment(Instant(when)) for _, when in await desk.rows(TICKETS)]
        clocks = [moment(Instant(when)) for (when,) in await desk.rows(CLOCKS)]
        await until_rows(desk, "SELECT id FROM message WHERE direction = 'out' AND kind = 'reply'", 1)
        ((replied_at,),) = await desk.rows("SELECT at FROM message WHERE direction = 'out' AND kind = 'reply'")
    assert found == [(f"No {place}", at(one), one.external_id) for place, one in enumerate(said)]
    assert tickets[0] == min(clocks) == at(said[0])
    assert moment(Instant(replied_at)) == at(answered)
    assert len(await _again(slack, sqlite_url, tmp_path)) == 3, "a further start finds nothing new"


async def test_while_the_database_is_locked_nothing_is_acknowledged_and_afterwards_nothing_is_missing(
    slack: SlackFront, sqlite_url: str, tmp_path: Path
) -> None:
    acme = await people(slack)
    timings = Timings(answer_within_s=1, retry_first_s=0.02)
    async with working(slack, sqlite_url, tmp_path, timings=timings) as desk:
        locker = sqlite3.connect(tmp_path / "maitred.db", isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")
        said = [await slack.says(LENA, acme, f"No {number}") for number in range(3)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await said[0].told.acknowledged.wait()
        assert not any(one.told.is_acknowledged for one in said)

        locker.execute("ROLLBACK")
        locker.close()
        await until_rows(desk, MESSAGES, 3)
        for one in said:
            await slack.line.insists(one.told)
        assert [text for text, _, _ in await desk.rows(MESSAGES)] == ["No 0", "No 1", "No 2"]


async def test_a_reply_in_an_old_thread_reopens_its_ticket_although_nobody_could_tell_us(
    slack: SlackFront, sqlite_url: str, tmp_path: Path
) -> None:
    acme = await people(slack)
    now = wall().replace(microsecond=0)
    # No first message is so young that it is looked at in any case.
    timings = replace(PATIENT, edits_back_s=1, threads_back_s=1)
    async with working(slack, sqlite_url, tmp_path, timings=timings) as desk:
        said = await slack.says(LENA, acme, "Payroll failed", at=now - timedelta(minutes=30))
        await until_rows(desk, TICKETS, 1)
        await put_away(desk, "resolved", now)
    await slack.says(LENA, acme, "It failed again!", thread=said.ts, is_told=False)

    async with working(slack, sqlite_url, tmp_path, timings=timings) as desk:
        await until_rows(desk, MESSAGES, 2)
        assert await desk.rows("SELECT status FROM ticket") == [("open",)]


async def test_the_threads_of_tickets_open_and_lately_resolved_are_those_in_which_something_may_yet_be_said(
    slack: SlackFront, sqlite_url: str, tmp_path: Path
) -> None:
    acme = await people(slack)
    async with working(slack, sqlite_url, tmp_path) as desk:
        past = StoredPast(desk.desk)
        assert await past.threads() == []
        said = await slack.says(LENA, acme, "Payroll failed")
        card = "SELECT id FROM outbox WHERE what = 'card' AND state = 'sent'"
        await until_rows(desk, card, 1)
        (shown,) = await slack.shown(dm := await slack.dm(VERA))
        assert sorted(await past.threads()) == sorted([said.external_id, f"{dm}:{shown['ts']}"])

        # A card as long as a word may reopen, three working days and a week; the client's own thread for a month.
        for ago, names in ((timedelta(days=12), 2), (timedelta(days=14), 1), (timedelta(days=31), 0)):
            await put_away(desk, "closed", wall() - ago)
            assert len(await past.threads()) == names
        assert (await past.cursor()) is not None


async def _again(slack: SlackFront, url: str, folder: Path) -> list[str]:
    async with working(slack, url, folder) as desk:
        await eventually(lambda: bool(slack.api.asked("users.conversations")))
        return [text for text, _, _ in await desk.rows(MESSAGES)]
