"""What clients said in a gap reaches a whole desk, wherever they said it and however late it is read back."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.slack.ids import moment_from_ts
from sla.duration import instant
from tests.integration.slack.conftest import eventually, wall
from tests.integration.slack.desks import LENA, PATIENT, VERA, WholeDesk, people, prepared, working
from tests.integration.slack.test_desk import MESSAGES, TICKETS, put_away, until_rows
from tests.peers.slack_api import Fault
from tests.peers.slack_front import SlackFront
from tests.templates import new_sqlite

MINUTE = timedelta(minutes=1)
#: No first message of a thread is so young that it is looked at in any case: what is found, the desk knew of.
KNOWN_ALONE = replace(PATIENT, edits_back_s=1, threads_back_s=1)


@pytest.fixture
async def sqlite_url(tmp_path: Path) -> str:
    url = new_sqlite(tmp_path / "maitred.db")
    await prepared(url)
    return url


async def texts(desk: WholeDesk) -> list[str]:
    return [text for text, _, _ in await desk.rows(MESSAGES)]


async def test_a_reply_under_the_second_message_of_a_burst_is_read_back(
    slack: SlackFront, sqlite_url: str, tmp_path: Path
) -> None:
    acme = await people(slack)
    now = wall().replace(microsecond=0)
    async with working(slack, sqlite_url, tmp_path, timings=KNOWN_ALONE) as desk:
        await slack.says(LENA, acme, "Hello", at=now - 31 * MINUTE)
        await until_rows(desk, MESSAGES, 1)
        second = await slack.says(LENA, acme, "Payroll failed", at=now - 30 * MINUTE)
        await until_rows(desk, MESSAGES, 2)
    await slack.says(LENA, acme, "Any news?", thread=second.ts, is_told=False)

    async with working(slack, sqlite_url, tmp_path, timings=KNOWN_ALONE) as desk:
        await until_rows(desk, MESSAGES, 3)
        assert await texts(desk) == ["Hello", "Payroll failed", "Any news?"]
        assert len(await desk.rows(TICKETS)) == 1


async def test_a_reply_under_an_announcement_of_ours_that_is_on_no_ticket_is_read_back(
    slack: SlackFront, sqlite_url: str, tmp_path: Path
) -> None:
    acme = await people(slack)
    told = await slack.says(VERA, acme, "Release tonight", at=wall() - timedelta(days=3), is_told=False)
    async with working(slack, sqlite_url, tmp_path, timings=PATIENT) as desk:
        await until_rows(desk, "SELECT value FROM cursor", 1)
    await slack.says(LENA, acme, "It broke payroll!", thread=told.ts, is_told=False)

    async with working(slack, sqlite_url, tmp_path, timings=PATIENT) as desk:
        await until_rows(desk, TICKETS, 1)
        assert await texts(desk) == ["It broke payroll!"]


async def test_words_in_a_thread_that_was_resolved_long_ago_are_read_back_as_a_new_ticket(
    slack: SlackFront, sqlite_url: str, tmp_path: Path
) -> None:
    acme = await people(slack)
    now = wall().replace(microsecond=0)
    async with working(slack, sqlite_url, tmp_path, timings=KNOWN_ALONE) as desk:
        root = await slack.says(LENA, acme, "Payroll failed", at=now - timedelta(days=50))
        await until_rows(desk, TICKETS, 1)
        await put_away(desk, "closed", now - timedelta(days=25))
    await slack.says(LENA, acme, "It happens again", thread=root.ts, is_told=False)

    for _ in range(2):
        async with working(slack, sqlite_url, tmp_path, timings=KNOWN_ALONE) as desk:
            await until_rows(desk, TICKETS, 2)
            assert await texts(desk) == ["Payroll failed", "It happens again"]


@pytest.mark.parametrize("is_told", [True, False], ids=["also as it happened", "in the gap alone"])
async def test_a_new_wording_of_a_reply_is_one_version_however_often_it_is_heard(
    slack: SlackFront, sqlite_url: str, tmp_path: Path, *, is_told: bool
) -> None:
    acme = await people(slack)
    now = wall().replace(microsecond=0)
    versions = "SELECT text FROM message_version ORDER BY version"
    async with working(slack, sqlite_url, tmp_path, timings=PATIENT) as desk:
        root = await slack.says(LENA, acme, "Payroll failed", at=now - 31 * MINUTE)
        await until_rows(desk, MESSAGES, 1)
        said = await slack.says(LENA, acme, "Since Mondey", thread=root.ts, at=now - 30 * MINUTE)
        await until_rows(desk, MESSAGES, 2)
        if is_told:
            await slack.edits(said, "Since Monday")
            await until_rows(desk, versions, 1)
    if not is_told:
        await slack.edits(said, "Since Monday", is_told=False)

    for _ in range(2):
        asked = len(slack.api.asked("conversations.replies"))
        async with working(slack, sqlite_url, tmp_path, timings=PATIENT) as desk:
            await until_rows(desk, versions, 1)
            await eventually(lambda: len(slack.api.asked("conversations.replies")) > asked)  # noqa: B023 - awaited here
            assert await texts(desk) == ["Payroll failed", "Since Monday"]
            assert await desk.rows(versions) == [("Since Mondey",)]


async def test_words_that_are_heard_before_those_of_the_outage_do_not_decide_when_it_began(
    slack: SlackFront, sqlite_url: str, tmp_path: Path
) -> None:
    await people(slack)
    async with working(slack, sqlite_url, tmp_path, timings=PATIENT) as desk:
        await until_rows(desk, "SELECT value FROM cursor", 1)
    dm = await slack.dm(LENA)
    first = await slack.says(LENA, dm, "Payroll fails", at=wall() - 9 * MINUTE, is_told=False)
    slack.api.fail("conversations.history", Fault(retry_after=1))

    async with working(slack, sqlite_url, tmp_path, timings=PATIENT) as desk:
        await slack.says(LENA, dm, "Anybody there?")
        await until_rows(desk, MESSAGES, 2)
        assert await texts(desk) == ["Anybody there?", "Payroll fails"]
        began = instant(moment_from_ts(first.ts))
        assert await desk.rows("SELECT opened_at FROM ticket") == [(began,)]
        clocks = await desk.rows("SELECT metric, started_at FROM clock WHERE metric <> 'pick_up'")
        assert clocks == [("first_response", began)]


@pytest.mark.parametrize("author", [LENA, VERA], ids=["a client's", "one of ours'"])
async def test_a_file_of_a_message_that_is_known_is_not_fetched_again_as_it_is_read_back(
    slack: SlackFront, sqlite_url: str, tmp_path: Path, author: str
) -> None:
    acme = await people(slack)
    files = "SELECT id, digest, note FROM attachment"
    async with working(slack, sqlite_url, tmp_path, timings=PATIENT) as desk:
        root = await slack.says(LENA, acme, "Payroll failed")
        await until_rows(desk, "SELECT id FROM message WHERE direction = 'out' AND state = 'sent'", 1)
        await slack.shares(author, acme, "log.csv", b"a;b\n" * 100, text="the log", thread=root.ts)
        await until_rows(desk, files, 1)

    read_back = "SELECT completed IS NULL FROM inbound WHERE external_id LIKE 'C0ACME:%' AND state = 'done'"
    async with working(slack, sqlite_url, tmp_path, timings=PATIENT) as desk:
        await until_rows(desk, read_back, 2)
        assert [tuple(row) for row in await desk.rows(read_back)] == [(1,), (1,)]
        ((_, digest, note),) = await desk.rows(files)
        assert (bool(digest), note) == (True, "")
