"""One call of the Bot API has one of four ends, and the token is in none of them."""

import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.errors import DeliveryError, TemporaryError, UncertainError
from adapters.telegram.refusals import RefusedError
from adapters.telegram.web import Web
from tests.integration.telegram.ways_in import config_of
from tests.peers.telegram_server import Fault, TelegramServer


@pytest.fixture
async def web(telegram: TelegramServer) -> AsyncIterator[Web]:
    made = Web(config_of(telegram))
    yield made
    await made.close()


async def failure_of(web: Web, method: str = "sendMessage", *, timeout_s: float = 60) -> DeliveryError:
    arguments = {"chat_id": 1001, "text": "hello"} if method == "sendMessage" else {}
    with pytest.raises(DeliveryError) as raised:
        await web.call(method, arguments, timeout_s=timeout_s)
    return raised.value


async def test_a_call_gives_its_result_and_leaves_out_what_is_none(telegram: TelegramServer, web: Web) -> None:
    lena = telegram.person("Lena")
    lena.starts()
    shown = await web.call("sendMessage", {"chat_id": lena.id, "text": "hé 👋", "parse_mode": None})
    assert telegram.shown(lena)[-1].message_id == shown["message_id"]
    assert telegram.shown(lena)[-1].text == "hé 👋"
    assert "parse_mode" not in telegram.asked("sendMessage")[0].arguments


async def test_files_go_beside_a_call_by_their_names(telegram: TelegramServer, web: Web) -> None:
    lena = telegram.person("Lena")
    lena.starts()
    await web.call("sendDocument", {"chat_id": lena.id}, files={"document": ("a.txt", b"abc")})
    shown = telegram.shown(lena)[-1]
    assert (shown.file, shown.file_name) == (b"abc", "a.txt")
    media = [{"type": "document", "media": "attach://one"}, {"type": "document", "media": "attach://two"}]
    files = {"one": ("1.txt", b"1"), "two": ("2.txt", b"2")}
    await web.call("sendMediaGroup", {"chat_id": lena.id, "media": media}, files=files)
    assert [one.file for one in telegram.shown(lena)[-2:]] == [b"1", b"2"]


@pytest.mark.parametrize(
    ("fault", "said", "asked"),
    [
        pytest.param(Fault(cut="before"), UncertainError, TemporaryError, id="the line is cut before the work"),
        pytest.param(Fault(cut="after"), UncertainError, TemporaryError, id="the line is cut after the work"),
        pytest.param(Fault(hangs=True), UncertainError, TemporaryError, id="no answer comes"),
        pytest.param(
            Fault(status=500, description="Internal Server Error"),
            TemporaryError,
            TemporaryError,
            id="Telegram says that it failed",
        ),
        pytest.param(Fault(status=502), UncertainError, TemporaryError, id="the gate before it failed"),
        pytest.param(Fault(status=429, retry_after=7), TemporaryError, TemporaryError, id="Telegram asks for patience"),
        pytest.param(Fault(status=400, description="Bad Request: no"), RefusedError, RefusedError, id="refused"),
    ],
)
async def test_what_may_have_happened_decides_how_a_call_ends(
    telegram: TelegramServer, web: Web, fault: Fault, said: type[Exception], asked: type[Exception]
) -> None:
    telegram.person("Lena", id=1001).starts()
    telegram.fail("*", fault, times=2)
    timeout_s = 3 if fault.hangs else 60
    assert type(await failure_of(web, timeout_s=timeout_s)) is said
    assert type(await failure_of(web, "getMyCommands", timeout_s=timeout_s)) is asked


async def test_where_nobody_answers_nothing_was_said(telegram: TelegramServer, web: Web) -> None:
    await telegram.stop()
    assert isinstance(await failure_of(web), TemporaryError)


async def test_the_pause_that_telegram_asks_for_is_told(telegram: TelegramServer, web: Web) -> None:
    telegram.fail("sendMessage", Fault(status=429, retry_after=7))
    error = await failure_of(web)
    assert isinstance(error, TemporaryError)
    assert error.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=400, description="Bad Request: no"), id="refused"),
        pytest.param(Fault(cut="after"), id="cut"),
        pytest.param(Fault(hangs=True), id="no answer"),
    ],
)
async def test_the_token_is_in_no_error_and_in_no_log(
    telegram: TelegramServer, web: Web, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    secret = telegram.token.partition(":")[2]
    telegram.fail("sendMessage", fault)
    with caplog.at_level(logging.DEBUG, logger="adapters"):
        error = await failure_of(web, timeout_s=3 if fault.hangs else 60)
    shown = "".join(traceback.format_exception(error))
    assert secret not in f"{shown}{error!r}{web!r}{config_of(telegram)!r}{caplog.text}"
    nowhere = Web(replace(config_of(telegram), api_url="http://127.0.0.1:1"))
    with pytest.raises(TemporaryError) as raised:
        [chunk async for chunk in nowhere.fetch("documents/1.txt")]
    assert secret not in "".join(traceback.format_exception(raised.value))
    await nowhere.close()
