"""Events and presses over HTTP: the doors open for Slack alone, and say yes only to what is kept."""

import asyncio
import gzip
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import structlog

from adapters.errors import DeskAwayError, MalformedError
from adapters.slack.doors import LARGEST_BODY
from adapters.slack.held_back import held_back_from_raw
from tests.integration.slack.conftest import PATIENCE_S, Piped, eventually, piped, texts, wall
from tests.peers.slack_adapter import QUICK
from tests.peers.slack_emulator import APP
from tests.peers.slack_front import SlackFront
from tests.peers.slack_payloads import body_of, event_payload, signed_headers

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
EVENT = json.dumps(event_payload({"type": "message", "channel": "C1"}, event_id="Ev0001")).encode()
FIVE_MINUTES_S = 300


async def knock(
    doors: Piped, body: bytes, headers: Mapping[str, str], *, door: str = "/slack/events"
) -> tuple[int, str, list[Any]]:
    """One request; its status, its body, and what was logged."""
    with structlog.testing.capture_logs() as logged:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{doors.address}{door}", data=BytesIO(body), headers=dict(headers)) as answer,
        ):
            return answer.status, await answer.text(), list(logged)


def signed(slack: SlackFront, body: bytes = EVENT, *, at: float | None = None) -> dict[str, str]:
    return signed_headers(slack.signing_secret, body, JSON, at=at)


def head_of(headers: Mapping[str, str]) -> bytes:
    """A request up to its body's own headers, as no library would write it."""
    lines = ["POST /slack/events HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in lines).encode()


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the web server itself found wrong with us."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


async def test_an_event_is_kept_before_it_is_answered(slack: SlackFront, doors: Piped) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    said = await slack.says(lena, acme, "Payroll failed")
    assert said.told.statuses == [200]
    assert texts(doors) == ["Payroll failed"]
    assert "HTTP" in doors.pipe.health().detail


async def test_a_retry_has_the_name_it_had_before(slack: SlackFront, doors: Piped) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    said = await slack.says(lena, await slack.channel("C0ACME", members=[lena]), "Payroll failed")
    for _ in range(3):
        await slack.line.redelivers(said.told)
    assert said.told.statuses == [200] * 4
    assert texts(doors) == ["Payroll failed"]


async def test_while_the_desk_is_away_slack_is_told_to_come_again(slack: SlackFront, doors: Piped) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    doors.journal.failures.append(DeskAwayError("locked"))
    said = await slack.says(lena, acme, "Payroll failed")
    assert said.told.statuses == [503]
    await slack.line.redelivers(said.told)
    assert said.told.statuses == [503, 200]


async def test_what_the_retries_of_slack_did_not_bring_is_read_back(slack: SlackFront) -> None:
    async with piped(slack, is_http=True) as found, found.running():
        await found.journal.until(lambda: bool(found.journal.cursors))
        lena = await slack.person("U0LENA", "Lena", team="T0ACME")
        acme = await slack.channel("C0ACME", members=[lena])
        found.journal.failures.append(DeskAwayError("locked"))
        said = await slack.says(lena, acme, "Payroll failed")
        assert said.told.statuses == [503]
        await found.journal.until(lambda: texts(found) == ["Payroll failed"])


async def test_a_press_a_form_and_a_command_are_answered(slack: SlackFront, doors: Piped) -> None:
    vera = await slack.person("U0VERA", "Vera")
    used = await slack.command(vera, await slack.dm(vera), "queue")
    assert used.response == {"text": "Taken."}
    doors.presses.body = {}
    said = await slack.says(vera, await slack.dm(vera), "look at this", is_told=False)
    chosen = await slack.shortcut(vera, said)
    assert (chosen.statuses, chosen.response) == ([200], None)
    assert [one.get("command") or one["type"] for one in doors.presses.pressed] == ["/desk", "message_action"]


async def test_a_press_while_the_desk_is_away_is_refused_and_one_we_cannot_read_too(
    slack: SlackFront, doors: Piped
) -> None:
    vera = await slack.person("U0VERA", "Vera")
    dm = await slack.dm(vera)
    doors.presses.failures += [DeskAwayError("locked"), MalformedError("no action")]
    assert (await slack.command(vera, dm, "queue")).statuses == [503]
    assert (await slack.command(vera, dm, "queue")).statuses == [400]


@pytest.mark.parametrize(
    "instead",
    [
        pytest.param({"X-Slack-Signature": f"v0={'0' * 64}"}, id="a forged signature"),
        pytest.param({"X-Slack-Signature": ""}, id="no signature"),
        pytest.param({"X-Slack-Signature": "v0=\u00e9\u00e9"}, id="a signature beyond ASCII"),
        pytest.param({"X-Slack-Signature": f"v1={'0' * 64}"}, id="another version"),
        pytest.param({"X-Slack-Request-Timestamp": ""}, id="no moment"),
        pytest.param({"X-Slack-Request-Timestamp": "now"}, id="a moment in words"),
        pytest.param({"X-Slack-Request-Timestamp": "1" * 400}, id="a moment of 400 digits"),
        pytest.param({"X-Slack-Request-Timestamp": "-1"}, id="a moment before time"),
        pytest.param({"X-Slack-Request-Timestamp": "1.5"}, id="a moment in parts"),
        pytest.param({"X-Slack-Request-Timestamp": "\u0661\u0662"}, id="digits of another alphabet"),
        pytest.param({"X-Slack-Request-Timestamp": "1700000000"}, id="another moment than was signed"),
    ],
)
@pytest.mark.parametrize("door", ["/slack/events", "/slack/interactions"])
async def test_whoever_is_not_slack_is_refused_with_one_line(
    slack: SlackFront, doors: Piped, instead: dict[str, str], door: str
) -> None:
    before = doors.journal.kept[:]
    status, text, logged = await knock(doors, EVENT, {**signed(slack), **instead}, door=door)
    assert (status, text) == (401, "")
    (line,) = [one for one in logged if one["log_level"] != "info"]
    assert line["event"] == "a request at Slack's door was refused"
    assert (line["status"], line["door"]) == (401, door)
    assert "exc_info" not in line
    assert doors.journal.kept == before
    assert doors.presses.pressed == []


@pytest.mark.parametrize(
    "age", [pytest.param(FIVE_MINUTES_S + 5, id="old"), pytest.param(-FIVE_MINUTES_S - 5, id="ahead")]
)
async def test_a_request_of_another_time_is_refused(slack: SlackFront, doors: Piped, age: int) -> None:
    status, _, logged = await knock(doors, EVENT, signed(slack, at=wall().timestamp() - age))
    assert status == 401
    assert [line["reason"] for line in logged] == ["the signature is wrong or old"]


async def test_a_replay_within_the_window_has_no_second_effect(slack: SlackFront, doors: Piped) -> None:
    headers = signed(slack)
    for _ in range(3):
        assert (await knock(doors, EVENT, headers))[0] == 200
    assert [raw.external_id for raw in doors.journal.kept] == ["Ev0001"]


async def test_a_body_that_was_changed_on_the_way_is_refused(slack: SlackFront, doors: Piped) -> None:
    assert (await knock(doors, EVENT.replace(b"C1", b"C2"), signed(slack)))[0] == 401
    assert doors.journal.kept == []


@pytest.mark.parametrize("is_signed", [True, False])
async def test_a_body_that_is_too_large_is_refused_unread(slack: SlackFront, doors: Piped, *, is_signed: bool) -> None:
    body = b'{"a": "' + b"x" * LARGEST_BODY + b'"}'
    headers = signed(slack, body) if is_signed else signed(slack)
    status, _, logged = await knock(doors, body, headers)
    assert status == 413
    assert [line["event"] for line in logged] == ["a request at Slack's door was refused"]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        pytest.param("gzip", b"not gzip at all", id="nonsense for gzip"),
        pytest.param("deflate", b"\xff\xff\xffnonsense", id="nonsense for deflate"),
        pytest.param("gzip", gzip.compress(b"x" * 2**25), id="very much in very little"),
        pytest.param("novel", EVENT, id="a coding nobody knows"),
    ],
)
async def test_nothing_is_unpacked_for_anybody(
    slack: SlackFront, doors: Piped, caplog: pytest.LogCaptureFixture, coding: str, body: bytes
) -> None:
    status, text, logged = await knock(doors, body, {**signed(slack), "Content-Encoding": coding})
    assert (status, text) == (401, "")
    assert [line["event"] for line in logged] == ["a request at Slack's door was refused"]
    assert errors_in(caplog) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"Content-Length: 1000\r\n\r\n{", id="shorter than promised"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc", id="in the middle of a piece"),
    ],
)
async def test_a_body_that_breaks_off_is_no_error_of_ours(
    slack: SlackFront, doors: Piped, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    with structlog.testing.capture_logs() as logged:
        _, writer = await asyncio.open_connection("127.0.0.1", int(doors.address.rpartition(":")[2]))
        writer.write(head_of(signed(slack)) + body)
        await writer.drain()
        writer.close()
        await eventually(lambda: bool(logged))
    assert [line["event"] for line in logged] == ["a request at Slack's door was refused"]
    assert errors_in(caplog) == []


async def test_a_body_that_does_not_come_is_waited_for_no_longer_than_slack_waits(
    slack: SlackFront, caplog: pytest.LogCaptureFixture
) -> None:
    async with piped(slack, is_http=True, timings=replace(QUICK, answer_within_s=0.2)) as found, found.running():
        reader, writer = await asyncio.open_connection("127.0.0.1", int(found.address.rpartition(":")[2]))
        writer.write(head_of(signed(slack)) + b"Content-Length: 1000\r\n\r\n{")
        async with asyncio.timeout(PATIENCE_S):
            answered = await reader.read()
        writer.close()
    assert answered.startswith(b"HTTP/1.1 408")
    assert errors_in(caplog) == []


async def test_a_body_that_is_no_text_is_refused(slack: SlackFront, doors: Piped) -> None:
    assert (await knock(doors, b"\xff\xfe\x00", signed(slack)))[0] == 401


async def test_signed_nonsense_is_kept_for_a_person_to_look_at(slack: SlackFront, doors: Piped) -> None:
    for body in (b"{broken", b"[]", b"12", b'{"type": "event_callback"}', b"[" * 100_000):
        assert (await knock(doors, body, signed(slack, body)))[0] == 200
    assert len(doors.journal.kept) == 5
    assert all(raw.external_id.startswith("frame:") for raw in doors.journal.kept)
    for body in (b"", b"payload=%7B", b"payload=[]", b"a=1", b"&".join(b"a=1" for _ in range(500))):
        headers = {**signed_headers(slack.signing_secret, body, FORM)}
        assert (await knock(doors, body, headers, door="/slack/interactions"))[0] == 400
    assert doors.presses.pressed == []


async def test_the_address_is_vouched_for_only_when_slack_asks(slack: SlackFront, doors: Piped) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB"}).encode()
    assert (await knock(doors, body, signed(slack, body)))[:2] == (200, "3eZbrw1aB")
    assert (await knock(doors, body, {"Content-Type": JSON}))[:2] == (401, "")
    half = b'{"type": "url_verification", "challenge": "\\ud800"}'
    assert (await knock(doors, half, signed(slack, half)))[:2] == (200, "?")
    assert doors.journal.kept == []


async def test_a_check_of_the_certificate_is_answered_only_when_it_is_signed(slack: SlackFront, doors: Piped) -> None:
    body = urlencode({"ssl_check": "1", "token": "x"}).encode()
    door = "/slack/interactions"
    assert (await knock(doors, body, {"Content-Type": FORM}, door=door))[0] == 401
    assert (await knock(doors, body, signed_headers(slack.signing_secret, body, FORM), door=door))[0] == 200
    assert doors.presses.pressed == []


async def test_nobody_is_answered_before_the_channel_runs(slack: SlackFront) -> None:
    async with piped(slack, is_http=True) as found:
        assert (await knock(found, EVENT, signed(slack)))[0] == 503
        async with found.running():
            assert (await knock(found, EVENT, signed(slack)))[0] == 200
        assert (await knock(found, EVENT, signed(slack)))[0] == 503
        assert not found.pipe.health().is_up


async def test_events_that_slack_holds_back_are_read_back(slack: SlackFront, doors: Piped) -> None:
    await doors.journal.until(lambda: bool(doors.journal.cursors))
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    await slack.says(lena, acme, "held back", is_told=False)
    limited = {"type": "app_rate_limited", "team_id": slack.team, "minute_rate_limited": 1, "api_app_id": APP}
    body, _ = body_of("events_api", limited)
    with structlog.testing.capture_logs() as logged:
        assert (await knock(doors, body, signed(slack, body)))[0] == 200
        await doors.journal.until(lambda: texts(doors) == ["held back"])
        await eventually(lambda: bool(logged))
    assert [raw.external_id for raw in doors.journal.kept if raw.external_id.startswith("frame:")] == []
    (kept,) = [raw for raw in doors.journal.kept if held_back_from_raw(raw) is not None]
    assert kept.external_id == "held_back:1970-01-01T00:00Z"
    news = held_back_from_raw(kept)
    assert news is not None
    assert (news.at_most, news.since) == (0, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
