"""Updates that Telegram brings: the door opens for Telegram alone, and says yes only to what is kept."""

import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiohttp
import pytest
import structlog

from adapters.errors import MalformedError
from adapters.telegram.convert import ALLOWED_UPDATES
from adapters.telegram.webhook import LARGEST_BODY, PATH, SECRET_HEADER
from tests.integration.telegram.bot_calls import calls_of
from tests.integration.telegram.ways_in import WayIn, away, way_in
from tests.peers.telegram_server import Fault, TelegramServer

SECRET = {SECRET_HEADER: "s3cret-of-the-test"}
UPDATE = json.dumps({"update_id": 5, "message": {"x": 1}}).encode()


@pytest.fixture
async def hook(telegram: TelegramServer) -> AsyncIterator[WayIn]:
    """Running, and Telegram knows where to come to."""
    async with way_in(telegram, is_webhook=True) as found, found.running():
        await found.until_health(lambda words: words == "Telegram brings updates")
        yield found


async def knock(hook: WayIn, body: bytes, headers: dict[str, str]) -> tuple[int, str, list[Any]]:
    """One request; its status, its body, and what was logged."""
    with structlog.testing.capture_logs() as logged:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{hook.address}{PATH}", data=BytesIO(body), headers=headers) as answer,
        ):
            return answer.status, await answer.text(), list(logged)


async def test_the_address_is_set_at_the_start_with_its_secret_and_every_kind_by_name(
    telegram: TelegramServer, hook: WayIn
) -> None:
    (call,) = telegram.asked("setWebhook")
    assert call.arguments == {
        "url": f"https://desk.example{PATH}",
        "secret_token": SECRET[SECRET_HEADER],
        "allowed_updates": list(ALLOWED_UPDATES),
    }
    assert hook.pipe.health().is_up


async def test_an_update_is_kept_before_it_is_answered(telegram: TelegramServer, hook: WayIn) -> None:
    said = telegram.person("Lena").says("Payroll failed")
    await telegram.taken()
    assert hook.journal.texts == ["Payroll failed"]
    assert [(one.update_id, one.status) for one in telegram.hooked] == [(said.update_id, 200)]
    (raw,) = hook.journal.kept
    assert raw.key == f"telegram:desk:{telegram.bot_id}:{said.update_id}"
    assert raw.lane == "telegram:desk:1001"
    assert telegram.asked("getUpdates") == []


async def test_how_far_we_are_is_kept_for_the_day_updates_are_asked_for(telegram: TelegramServer, hook: WayIn) -> None:
    lena = telegram.person("Lena")
    numbers = [lena.says(f"line {line}").update_id or 0 for line in range(3)]
    await telegram.taken()
    assert hook.journal.cursor is not None
    assert hook.journal.cursor[0] == f"{telegram.bot_id}:{numbers[-1] + 1}"


async def test_while_the_desk_is_away_telegram_is_told_to_come_again(telegram: TelegramServer, hook: WayIn) -> None:
    hook.journal.failures += [away(), away()]
    with structlog.testing.capture_logs() as logged:
        telegram.person("Lena").says("Payroll failed")
        await telegram.taken()
    assert [one.status for one in telegram.hooked] == [503, 503, 200]
    assert hook.journal.texts == ["Payroll failed"]
    assert [line["event"] for line in logged] == [
        "the desk is away: Telegram comes again",
        "the desk is back: updates are kept again",
    ]


async def test_what_telegram_brings_twice_counts_once(telegram: TelegramServer, hook: WayIn) -> None:
    said = telegram.person("Lena").says("Payroll failed")
    await telegram.taken()
    assert said.update_id is not None
    telegram.repeats(said.update_id)
    await telegram.taken()
    assert [one.status for one in telegram.hooked] == [200, 200]
    assert hook.journal.texts == ["Payroll failed"]


async def test_a_press_is_decided_before_it_is_answered(telegram: TelegramServer, hook: WayIn) -> None:
    vera = telegram.person("Vera")
    vera.starts()
    async with calls_of(telegram) as bot:
        keyboard = {"inline_keyboard": [[{"text": "Take", "callback_data": "x" * 24}]]}
        shown = await bot.done("sendMessage", chat_id=vera.id, text="T-1", reply_markup=keyboard)
    await telegram.taken()
    hook.presses.failures.append(away())
    vera.presses((vera.id, shown["message_id"]), "Take")
    await telegram.taken()
    assert [one.status for one in telegram.hooked] == [200, 503, 200]
    assert [one["data"] for one in hook.presses.pressed] == ["x" * 24]
    assert len(hook.journal.kept) == 1


async def test_a_press_that_cannot_be_read_is_let_go(telegram: TelegramServer, hook: WayIn) -> None:
    hook.presses.failures.append(MalformedError("no data"))
    telegram.offers({"callback_query": {"id": "1", "from": {"id": 5}}})
    await telegram.taken()
    assert [one.status for one in telegram.hooked] == [200]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no secret"),
        pytest.param({SECRET_HEADER: ""}, id="an empty one"),
        pytest.param({SECRET_HEADER: "s3cret-of-the-tesu"}, id="another"),
        pytest.param({SECRET_HEADER: "s3cret-of-the-test-and-more"}, id="a longer one"),
        pytest.param({SECRET_HEADER: "s3cr\u00e9t-of-the-test"}, id="letters beyond ASCII"),
    ],
)
async def test_whoever_does_not_know_the_secret_is_refused_with_one_line(
    telegram: TelegramServer, hook: WayIn, headers: dict[str, str]
) -> None:
    status, text, logged = await knock(hook, UPDATE, headers)
    assert (status, text) == (401, "")
    (line,) = [one for one in logged if one["log_level"] != "info"]
    assert (line["event"], line["status"]) == ("a request at Telegram's door was refused", 401)
    assert "s3cr" not in str(line)
    assert hook.journal.kept == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"{}", id="no number"),
        pytest.param(b'{"update_id": true}', id="a number that is a yes"),
        pytest.param(b'{"update_id": -5}', id="a number below zero"),
        pytest.param(b'{"update_id":5,"message":' + b'{"a":' * 70 + b"1" + b"}" * 71, id="nested deeper than any"),
        pytest.param(b'{"update_id":5,"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nested without end"),
        pytest.param(b'{"update_id":5,"message":' + b"9" * 5_000 + b"}", id="a number without end"),
    ],
)
async def test_what_is_no_update_is_refused_with_one_line(telegram: TelegramServer, hook: WayIn, body: bytes) -> None:
    status, _, logged = await knock(hook, body, SECRET)
    assert status == 400
    assert [line["event"] for line in logged] == ["a request at Telegram's door was refused"]
    assert hook.journal.kept == []


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_body_that_is_too_large_is_refused_unread(
    telegram: TelegramServer, hook: WayIn, *, is_known: bool
) -> None:
    body = b'{"update_id":5,"a":"' + b"x" * LARGEST_BODY + b'"}'
    try:
        status, _, logged = await knock(hook, body, SECRET if is_known else {})
    except aiohttp.ClientError:  # shown out while it was still talking
        return
    assert status == (413 if is_known else 401)
    assert len([line for line in logged if line["log_level"] != "info"]) == 1


async def test_nothing_is_unpacked_for_anybody(telegram: TelegramServer, hook: WayIn) -> None:
    status, _, logged = await knock(hook, b"not gzip at all", {**SECRET, "Content-Encoding": "gzip"})
    assert status == 400
    assert [line["event"] for line in logged] == ["a request at Telegram's door was refused"]


async def test_an_update_of_a_kind_we_do_not_know_is_kept(telegram: TelegramServer, hook: WayIn) -> None:
    assert (await knock(hook, UPDATE, SECRET))[0] == 200
    assert [raw.payload for raw in hook.journal.kept] == [UPDATE]


async def test_while_the_channel_does_not_run_the_door_is_shut(telegram: TelegramServer) -> None:
    async with way_in(telegram, is_webhook=True) as found:
        assert (await knock(found, UPDATE, SECRET))[0] == 503
        assert found.journal.kept == []


async def test_an_address_that_somebody_changed_is_set_again_and_said(telegram: TelegramServer, hook: WayIn) -> None:
    with structlog.testing.capture_logs() as logged:
        async with calls_of(telegram) as bot:
            await bot.done("setWebhook", url="https://elsewhere.example/hook")
        await telegram.until(lambda: telegram.line.webhook["url"].startswith("https://desk.example"))
    assert "somebody changed where Telegram brings updates; it is set again" in [one["event"] for one in logged]


async def test_an_address_that_stays_is_not_set_again(telegram: TelegramServer, hook: WayIn) -> None:
    await telegram.asked_for("getWebhookInfo", count=5)
    assert len(telegram.asked("setWebhook")) == 1


async def test_what_telegram_could_not_bring_is_told_in_health(telegram: TelegramServer, hook: WayIn) -> None:
    hook.journal.failures += [OSError("disk full")]
    telegram.person("Lena").says("Payroll failed")
    await hook.until_health(lambda words: "could not bring updates lately" in words)
    assert "500" in hook.pipe.health().detail
    await telegram.taken()
    assert hook.journal.texts == ["Payroll failed"]


async def test_an_address_that_telegram_refuses_is_said_once_and_tried_again(telegram: TelegramServer) -> None:
    telegram.fail("setWebhook", Fault(status=400, description="Bad Request: bad webhook: cannot resolve"), times=3)
    with structlog.testing.capture_logs() as logged:
        async with way_in(telegram, is_webhook=True) as found, found.running():
            await found.until_health(lambda words: "bad webhook" in words)
            assert not found.pipe.health().is_up
            await found.until_health(lambda words: words == "Telegram brings updates")
    said = [line["event"] for line in logged]
    assert said.count("Telegram cannot be told where to bring updates") == 1
