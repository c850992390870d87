"""Socket Mode: what Slack says on a socket is kept before it is acknowledged, and no silence goes unnoticed."""

import json
from dataclasses import replace

import pytest
import structlog

from adapters.errors import DeskAwayError, MalformedError, UnsupportedError
from adapters.slack.timings import Timings
from tests.integration.slack.conftest import KeptPast, Piped, eventually, piped, texts, wall
from tests.peers.slack_adapter import QUICK
from tests.peers.slack_api import Fault
from tests.peers.slack_emulator import APP
from tests.peers.slack_front import SlackFront


async def lena_in(slack: SlackFront) -> tuple[str, str]:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    return lena, await slack.channel("C0ACME", members=[lena])


async def test_two_sockets_are_open_and_health_says_so(slack: SlackFront, sockets: Piped) -> None:
    assert len(slack.line.sockets) == 2
    assert sockets.pipe.health().is_up
    assert "2 of 2 sockets" in sockets.pipe.health().detail


async def test_nothing_is_acknowledged_before_it_is_kept(slack: SlackFront, sockets: Piped) -> None:
    lena, acme = await lena_in(slack)
    sockets.journal.open.clear()
    before = sockets.journal.calls
    said = await slack.says(lena, acme, "Payroll failed")
    await sockets.journal.until(lambda: sockets.journal.calls > before)
    assert not said.told.is_acknowledged

    sockets.journal.open.set()
    await said.told.settled()
    assert texts(sockets) == ["Payroll failed"]


async def test_what_the_desk_could_not_keep_comes_again_under_the_same_name(slack: SlackFront, sockets: Piped) -> None:
    lena, acme = await lena_in(slack)
    sockets.journal.failures += [DeskAwayError("locked"), OSError("disk full")]
    said = await slack.says(lena, acme, "Payroll failed")
    await sockets.journal.until(lambda: len(sockets.journal.failures) == 1)
    await slack.line.redelivers(said.told)
    await sockets.journal.until(lambda: not sockets.journal.failures)
    assert not said.told.is_acknowledged

    await slack.line.redelivers(said.told)
    await said.told.settled()
    await slack.line.redelivers(said.told)
    await slack.line.deliver("events_api", dict(said.told.payload))
    assert [raw.external_id for raw in sockets.journal.kept].count(said.told.payload["event_id"]) == 1


async def test_what_is_kept_too_late_is_not_acknowledged(slack: SlackFront) -> None:
    timings = Timings(answer_within_s=0.05, retry_first_s=0.02, tick_every_s=0.05)
    async with piped(slack, timings=timings) as found, found.running():
        lena, acme = await lena_in(slack)
        found.journal.open.clear()
        with structlog.testing.capture_logs() as logged:
            said = await slack.says(lena, acme, "Payroll failed")
            await eventually(lambda: bool(logged))
        found.journal.open.set()
        await found.journal.until(lambda: bool(found.journal.kept))
        assert not said.told.is_acknowledged
    assert logged[0]["event"] == "the desk is away: Slack is not answered and comes again"


async def test_a_press_is_answered_in_its_acknowledgement(slack: SlackFront, sockets: Piped) -> None:
    vera = await slack.person("U0VERA", "Vera")
    used = await (await slack.command(vera, await slack.dm(vera), "queue")).settled()
    assert used.response == {"text": "Taken."}
    assert sockets.presses.pressed[0]["text"] == "queue"


async def test_a_press_while_the_desk_is_away_is_not_acknowledged(slack: SlackFront, sockets: Piped) -> None:
    vera = await slack.person("U0VERA", "Vera")
    dm = await slack.dm(vera)
    sockets.presses.failures.append(DeskAwayError("locked"))
    used = await slack.command(vera, dm, "queue")
    other = await (await slack.command(vera, dm, "help")).settled()
    assert other.is_acknowledged
    assert not used.is_acknowledged


async def test_a_press_we_do_not_serve_or_cannot_read_is_acknowledged_bare(slack: SlackFront, sockets: Piped) -> None:
    vera = await slack.person("U0VERA", "Vera")
    dm = await slack.dm(vera)
    for error in (UnsupportedError("a menu of Slack's own"), MalformedError("no action")):
        sockets.presses.failures.append(error)
        used = await (await slack.command(vera, dm, "queue")).settled()
        assert used.response is None


async def test_a_frame_that_is_no_envelope_is_kept_for_a_person_to_look_at(slack: SlackFront, sockets: Piped) -> None:
    for frame in ("nonsense", "[1]", json.dumps({"type": "novelty", "envelope_id": "e1", "payload": {"a": "\ud800"}})):
        await slack.line.sockets[0].ws.send_str(frame)
    await sockets.journal.until(lambda: len(sockets.journal.kept) == 3)
    assert all(raw.external_id.startswith("frame:") for raw in sockets.journal.kept)
    said = await slack.tells({"type": "channel_rename", "channel": {"id": "C1", "name": "x"}})
    await said.settled()


async def test_slack_may_ask_for_a_new_connection_and_nothing_is_lost(slack: SlackFront, sockets: Piped) -> None:
    lena, acme = await lena_in(slack)
    await slack.line.sockets[0].refresh("warning")
    await slack.line.sockets[0].refresh()
    said = await slack.says(lena, acme, "meanwhile")
    await slack.line.greeted(3)
    await slack.line.connected(2)
    await slack.line.redelivers(said.told)
    await said.told.settled()
    assert texts(sockets).count("meanwhile") == 1


async def test_a_connection_that_breaks_is_made_anew(slack: SlackFront, sockets: Piped) -> None:
    lena, acme = await lena_in(slack)
    for socket in list(slack.line.sockets):
        socket.cut()
    await slack.line.greeted(4)
    await slack.line.connected(2)
    said = await slack.says(lena, acme, "after all")
    await said.told.settled()


async def test_a_silent_connection_is_noticed_and_what_it_swallowed_is_read_back(slack: SlackFront) -> None:
    past = KeptPast(at=f"{wall().timestamp() - 60:.6f}")
    async with piped(slack, past=past, timings=replace(QUICK, ping_every_s=1)) as found, found.running():
        await slack.line.connected(2)
        lena, acme = await lena_in(slack)
        for socket in slack.line.sockets:
            socket.is_silent = True
        slack.line.stuck_at = "upgrade"  # until both are said: a new connection would hear them
        said = [await slack.says(lena, acme, text) for text in ("one", "two")]
        slack.line.stuck_at = ""

        await slack.line.greeted(4)
        await found.journal.until(lambda: len(found.journal.kept) == 2)
    assert not any(one.told.is_acknowledged for one in said)
    assert [raw.external_id for raw in found.journal.kept] == [one.external_id for one in said]


@pytest.mark.parametrize(
    "place", [pytest.param("upgrade", id="the request is not answered"), pytest.param("hello", id="it is not greeted")]
)
async def test_a_connection_that_stays_silent_from_the_start_is_given_up(slack: SlackFront, place: str) -> None:
    timings = replace(QUICK, connect_within_s=1)
    async with piped(slack, timings=timings) as found, found.running():
        await slack.line.connected(2)
        slack.line.stuck_at = place
        for socket in list(slack.line.sockets):
            socket.cut()
        before = slack.line.knocks
        await eventually(lambda: slack.line.knocks >= before + 5)
        assert not found.pipe.health().is_up
        assert "Slack cannot be reached" in found.pipe.health().detail

        slack.line.stuck_at = ""
        await eventually(lambda: "2 of 2 sockets" in found.pipe.health().detail)


async def test_slack_away_at_the_start_is_waited_for(slack: SlackFront) -> None:
    for fault in (Fault(status=500), Fault(retry_after=1), Fault(cut="before"), Fault(error="internal_error")):
        slack.api.fail("apps.connections.open", fault)
    async with piped(slack) as found, found.running():
        await slack.line.connected(2)
        assert found.pipe.health().is_up


async def test_a_refused_token_is_said_in_words(slack: SlackFront, sockets: Piped) -> None:
    slack.api.fail("apps.connections.open", Fault(error="invalid_auth"), times=1_000)
    with structlog.testing.capture_logs() as logged:
        for socket in list(slack.line.sockets):
            socket.cut()
        await eventually(lambda: "token" in sockets.pipe.health().detail)
    assert not sockets.pipe.health().is_up
    assert "0 of 2 sockets" in sockets.pipe.health().detail
    slack.api.mend()
    await slack.line.connected(2)
    said = [line for line in logged if line["event"] == "no connection to Slack"]
    assert 1 <= len(said) <= 2, "once for each socket, not for each try"


async def test_a_desk_that_is_away_is_told_once_and_that_it_is_back_once(slack: SlackFront, sockets: Piped) -> None:
    lena, acme = await lena_in(slack)
    with structlog.testing.capture_logs() as logged:
        sockets.journal.failures += [DeskAwayError("locked")] * 5
        for number in range(5):
            await slack.says(lena, acme, str(number))
        await sockets.journal.until(lambda: not sockets.journal.failures)
        for _ in range(2):
            await (await slack.says(lena, acme, "after")).told.settled()
    events = [line["event"] for line in logged if line["event"] != "read back from Slack"]
    assert events.count("the desk is away: Slack is not answered and comes again") == 1
    assert events.count("Slack is answered again") == 1


@pytest.mark.parametrize(
    ("event", "words"),
    [
        pytest.param({"type": "app_uninstalled"}, "removed from the workspace", id="the app was removed"),
        pytest.param({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}, "revoked", id="its token was revoked"),
    ],
)
async def test_an_app_that_hears_no_more_is_said_in_words_until_it_hears_again(
    slack: SlackFront, sockets: Piped, event: dict[str, object], words: str
) -> None:
    await (await slack.tells(event)).settled()
    await eventually(lambda: words in sockets.pipe.health().detail)
    assert not sockets.pipe.health().is_up
    await (await slack.tells({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}})).settled()
    await eventually(lambda: sockets.pipe.health().is_up)


async def test_what_slack_holds_back_later_in_that_minute_is_read_back_too(slack: SlackFront) -> None:
    timings = replace(QUICK, held_back_s=10)
    async with piped(slack, timings=timings) as found, found.running():
        await slack.line.connected(2)
        await found.journal.until(lambda: bool(found.journal.cursors))
        lena, acme = await lena_in(slack)
        before = len(slack.api.asked("conversations.history"))
        limited = {"type": "app_rate_limited", "team_id": slack.team, "minute_rate_limited": 1, "api_app_id": APP}
        await (await slack.line.deliver("events_api", limited)).settled()
        await eventually(lambda: len(slack.api.asked("conversations.history")) > before)
        moved = len(found.journal.cursors)
        await found.journal.until(lambda: len(found.journal.cursors) > moved)

        await slack.says(lena, acme, "later in that minute", is_told=False)
        await found.journal.until(lambda: texts(found) == ["later in that minute"])


async def test_socket_mode_switched_off_is_said_in_words(slack: SlackFront, sockets: Piped) -> None:
    await slack.line.sockets[0].refresh("link_disabled")
    await eventually(lambda: "switched off" in sockets.pipe.health().detail)
