"""Our app in our workspace: what is meant for another one is kept for people to see, and no more."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog

from adapters.errors import UnsupportedError
from adapters.port import Raw
from adapters.slack.install import hear_only_ours
from tests.integration.slack.conftest import Piped, eventually, piped, texts
from tests.peers.slack_emulator import APP, TEAM
from tests.peers.slack_front import SlackFront
from tests.peers.slack_payloads import command_payload, event_payload

SAID = {"type": "message", "user": "U0EVE", "text": "Let me in", "ts": "1774603800.123456", "channel": "C0ACME"}
ELSEWHERE = "T00000EVIL"


@pytest.fixture(params=["sockets", "http"])
async def heard(slack: SlackFront, request: pytest.FixtureRequest) -> AsyncIterator[Piped]:
    """A pipe that has asked Slack which workspace is ours."""
    async with piped(slack, is_http=request.param == "http") as found, found.running():
        if request.param == "sockets":
            await slack.line.connected(2)
        await eventually(lambda: found.pipe.install.team == TEAM)
        yield found


def event(*, team: str = TEAM, app: str = APP, **said: object) -> dict[str, Any]:
    payload = event_payload({**SAID, **said})
    grants = [{**payload["authorizations"][0], "team_id": team}]
    return {**payload, "api_app_id": app, "team_id": team, "context_team_id": team, "authorizations": grants}


def refusals(kept: list[Raw]) -> list[str]:
    found = []
    for raw in kept:
        try:
            hear_only_ours(raw)
        except UnsupportedError as error:
            found.append(str(error))
    return found


async def test_an_event_of_another_workspace_is_kept_refused_and_told_in_one_line(
    slack: SlackFront, heard: Piped
) -> None:
    with structlog.testing.capture_logs() as logged:
        await (await slack.line.deliver("events_api", event(team=ELSEWHERE))).settled()
        await eventually(lambda: bool(heard.journal.kept))
    words = f"it is for the workspace {ELSEWHERE}, and ours is {TEAM}"
    assert refusals(heard.journal.kept) == [words]
    lines = [one for one in logged if one["log_level"] != "debug"]
    assert [(one["event"], one["reason"]) for one in lines] == [("an event was refused", words)]


async def test_that_the_app_was_removed_from_another_workspace_ends_nothing_here(
    slack: SlackFront, heard: Piped
) -> None:
    await (await slack.line.deliver("events_api", event(team=ELSEWHERE, type="app_uninstalled"))).settled()
    await eventually(lambda: bool(heard.journal.kept))
    assert heard.pipe.health().is_up


async def test_one_of_our_own_workspace_is_heard(slack: SlackFront, heard: Piped) -> None:
    await (await slack.line.deliver("events_api", event(text="Payroll failed"))).settled()
    await heard.journal.until(lambda: texts(heard) == ["Payroll failed"])
    assert refusals(heard.journal.kept) == []


async def test_what_names_another_app_is_refused_where_our_token_names_ours(slack: SlackFront) -> None:
    async with piped(slack) as sockets, sockets.running():
        await slack.line.connected(2)
        await (await slack.line.deliver("events_api", event(app="A0EVIL"))).settled()
        await eventually(lambda: bool(sockets.journal.kept))
        words = f"it is for the app A0EVIL, and ours is {APP}"
        assert refusals(sockets.journal.kept) == [words]
        with structlog.testing.capture_logs() as logged:
            pressed = await _presses(slack, app="A0EVIL")
            assert pressed.response is None
        assert sockets.presses.pressed == []
        assert [one["reason"] for one in logged if one["event"] == "a press was refused"] == [words]
        assert (await _presses(slack, app=APP)).response == {"text": "Taken."}


async def _presses(slack: SlackFront, *, app: str) -> Any:  # noqa: ANN401 - a delivery, once it is settled
    said = command_payload(
        user="U0VERA", team=TEAM, channel="D0VERA", command="/desk", text="queue", trigger="1.2", response_url=""
    )
    return await (await slack.line.deliver("slash_commands", {**said, "api_app_id": app})).settled()
