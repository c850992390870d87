"""Guests of the workspace and people of others, as Slack tells of them: they are refused, and it is written down."""

from pathlib import Path

import pytest

from tests.integration.slack.conftest import eventually
from tests.integration.slack.desks import ACME, DESK, LENA, LENAS_TEAM, VERA, people, prepared, working
from tests.integration.slack.test_desk import until_rows
from tests.peers.slack_emulator import TEAM
from tests.peers.slack_front import SlackFront
from tests.templates import new_sqlite

GUEST = "U0GUEST"
OUT = "SELECT actor FROM audit WHERE action = 'shut out' AND subject = 'person:vera'"
REFUSED = "SELECT actor FROM audit WHERE action = 'refused'"
WORDS = "This button is for the desk's own people."


async def refused(slack: SlackFront, user: str) -> str:
    """What somebody is answered who uses the command."""
    delivery = await (await slack.command(user, await slack.dm(user), "queue")).settled()
    return str(delivery.response["text"])


@pytest.fixture
async def url(slack: SlackFront, tmp_path: Path) -> str:
    await people(slack)
    return new_sqlite(tmp_path / "maitred.db")


@pytest.mark.parametrize("trait", ["is_restricted", "is_ultra_restricted", "is_stranger"])
async def test_a_guest_whom_the_desk_directory_names_is_refused(
    slack: SlackFront, url: str, tmp_path: Path, trait: str
) -> None:
    await prepared(url)
    slack.api.people[VERA][trait] = True
    async with working(slack, url, tmp_path / "files") as whole:
        await until_rows(whole, OUT, 1)
        assert await refused(slack, VERA) == WORDS
        assert await whole.rows(REFUSED) == [(f"slack:{TEAM}/{VERA}",)]


async def test_somebody_of_another_workspace_whom_the_desk_directory_names_is_refused(
    slack: SlackFront, url: str, tmp_path: Path
) -> None:
    slack.api.people[VERA]["team_id"] = LENAS_TEAM
    await prepared(url, DESK.replace(f'slack = "{TEAM}/{VERA}"', f'slack = "{LENAS_TEAM}/{VERA}"'))
    async with working(slack, url, tmp_path / "files") as whole:
        await until_rows(whole, OUT, 1)
        assert await refused(slack, VERA) == WORDS
        assert await whole.rows(REFUSED) == [(f"slack:{LENAS_TEAM}/{VERA}",)]


async def test_a_guest_whom_nobody_names_is_refused_and_is_heard_as_anybody(
    slack: SlackFront, url: str, tmp_path: Path
) -> None:
    await prepared(url)
    await slack.person(GUEST, "Gil", is_ultra_restricted=True)
    async with working(slack, url, tmp_path / "files") as whole:
        await slack.says(LENA, ACME, "Payroll failed")
        await until_rows(whole, "SELECT id FROM outbox WHERE what = 'card' AND state = 'sent'", 1)
        await (await slack.press(GUEST, await slack.dm(VERA), "Take")).settled()
        await until_rows(whole, REFUSED, 1)
        assert await refused(slack, GUEST) == WORDS
        assert await whole.rows(REFUSED) == [(f"slack:{TEAM}/{GUEST}",)] * 2
        await eventually(lambda: [one["user"] for one in slack.api.ephemerals] == [GUEST])
        assert await whole.rows(OUT) == []


async def test_whoever_becomes_a_guest_may_not_press_what_still_stands_before_them(
    slack: SlackFront, url: str, tmp_path: Path
) -> None:
    await prepared(url)
    async with working(slack, url, tmp_path / "files") as whole:
        await slack.says(LENA, ACME, "Payroll failed")
        await until_rows(whole, "SELECT id FROM outbox WHERE what = 'card' AND state = 'sent'", 1)
        user = {"id": VERA, "team_id": TEAM, "deleted": False, "is_restricted": True}
        await (await slack.tells({"type": "user_change", "user": user})).settled()
        await until_rows(whole, OUT, 1)
        await (await slack.press(VERA, await slack.dm(VERA), "Take")).settled()
        await until_rows(whole, REFUSED, 1)
        assert await whole.rows(REFUSED) == [(f"slack:{TEAM}/{VERA}",)]
        await eventually(lambda: VERA in [one["user"] for one in slack.api.ephemerals])


async def test_what_a_guest_writes_under_a_card_is_no_reply_though_slack_told_nobody_that_they_are_one(
    slack: SlackFront, url: str, tmp_path: Path
) -> None:
    await prepared(url)
    async with working(slack, url, tmp_path / "files") as whole:
        await slack.says(LENA, ACME, "Payroll failed")
        await until_rows(whole, "SELECT id FROM outbox WHERE what = 'card' AND state = 'sent'", 1)
        slack.api.people[VERA]["is_restricted"] = True
        dm = await slack.dm(VERA)
        card = next(one for one in await slack.shown(dm) if "bot_id" in one)
        await (await slack.says(VERA, dm, "We are on it", thread=card["ts"])).told.settled()
        await until_rows(whole, OUT, 1)
        await until_rows(whole, REFUSED, 1)
        assert await whole.rows("SELECT id FROM message WHERE kind = 'reply'") == []
