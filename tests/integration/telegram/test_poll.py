"""Updates that we ask for: on disk before they are confirmed, by one process, and nothing lost that can be kept."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import pytest
import structlog

from adapters.errors import InboundError, MalformedError, PermanentError
from adapters.telegram.convert import ALLOWED_UPDATES, inbound_from_raw
from adapters.telegram.web import Web
from tests.integration.telegram.bot_calls import calls_of
from tests.integration.telegram.ways_in import WayIn, away, config_of, way_in
from tests.peers.telegram_server import Fault, TelegramServer


@pytest.fixture
async def poll(telegram: TelegramServer) -> AsyncIterator[WayIn]:
    async with way_in(telegram) as found:
        yield found


async def test_an_update_is_kept_and_confirmed_only_then(telegram: TelegramServer, poll: WayIn) -> None:
    pending: list[list[int]] = []
    poll.journal.seen = lambda: pending.append(telegram.pending)
    said = telegram.person("Lena").says("Payroll failed")
    async with poll.running():
        await telegram.taken()
    assert pending == [[said.update_id]]
    assert poll.journal.texts == ["Payroll failed"]
    assert said.update_id is not None
    assert poll.journal.cursor == (f"{telegram.bot_id}:{said.update_id + 1}", poll.clock.now())
    (raw,) = poll.journal.kept
    assert (raw.key, raw.lane) == (f"telegram:desk:{telegram.bot_id}:{said.update_id}", "telegram:desk:1001")


async def test_every_kind_is_asked_for_by_name_and_the_first_answer_comes_at_once(
    telegram: TelegramServer, poll: WayIn
) -> None:
    async with poll.running():
        await poll.until_health(lambda words: words == "reads updates")
        await telegram.until(lambda: telegram.line.is_polled)
        assert poll.pipe.health().is_up
        assert poll.pipe.health().detail == "reads updates"
    first = telegram.asked("getUpdates")[0].arguments
    assert first == {"limit": "100", "timeout": "0", "allowed_updates": list(ALLOWED_UPDATES)}


async def test_a_batch_and_its_cursor_are_one_commit(telegram: TelegramServer, poll: WayIn) -> None:
    lena = telegram.person("Lena")
    numbers = [lena.says(f"line {line}").update_id for line in range(150)]
    async with poll.running():
        await telegram.taken()
    assert poll.journal.texts == [f"line {line}" for line in range(150)]
    assert [len(names) for names, _ in poll.journal.commits] == [100, 50]
    assert numbers[99] is not None
    assert poll.journal.commits[0][1] == f"{telegram.bot_id}:{numbers[99] + 1}"


async def test_after_a_crash_before_confirming_it_comes_again_and_counts_once(
    telegram: TelegramServer, poll: WayIn
) -> None:
    said = telegram.person("Lena").says("Payroll failed")
    assert said.update_id is not None
    async with poll.running():
        await telegram.taken()
    telegram.repeats(said.update_id)
    async with poll.running():
        await telegram.taken()
    assert poll.journal.texts == ["Payroll failed"]
    assert len(poll.journal.commits) == 2


async def test_while_the_desk_is_away_updates_wait_with_telegram(telegram: TelegramServer, poll: WayIn) -> None:
    said = telegram.person("Lena").says("Payroll failed")
    poll.journal.failures += [away() for _ in range(4)]
    with structlog.testing.capture_logs() as logged:
        async with poll.running():
            await poll.journal.until(lambda: bool(poll.journal.kept))
            await telegram.taken()
    assert poll.journal.texts == ["Payroll failed"]
    assert [raw.external_id for raw in poll.journal.kept] == [f"{telegram.bot_id}:{said.update_id}"]
    told = [line["event"] for line in logged if line["log_level"] == "warning"]
    assert told.count("the desk is away: its updates wait with Telegram") == 1


async def test_a_journal_that_fails_in_another_way_is_tried_again_as_well(
    telegram: TelegramServer, poll: WayIn
) -> None:
    telegram.person("Lena").says("Payroll failed")
    async with poll.running():
        await poll.until_health(lambda words: words == "reads updates")
        await telegram.taken()
        poll.journal.failures += [OSError("disk full"), OSError("disk full")]
        telegram.person("Otto").says("Down")
        await telegram.taken()
    assert poll.journal.texts == ["Payroll failed", "Down"]


async def test_an_update_that_cannot_be_read_stalls_nothing(telegram: TelegramServer, poll: WayIn) -> None:
    lena = telegram.person("Lena")
    lena.says("before")
    telegram.allows("result of getUpdates")
    telegram.offers({"message": {"message_id": "five"}})
    lena.says("after")
    async with poll.running():
        await telegram.taken()
    assert poll.journal.texts == ["before", "after"]
    with pytest.raises(MalformedError):
        inbound_from_raw(poll.journal.kept[1])


async def test_a_press_is_asked_after_what_came_before_it_is_kept_and_before_it_is_confirmed(
    telegram: TelegramServer, poll: WayIn
) -> None:
    vera = telegram.person("Vera")
    vera.starts()
    async with calls_of(telegram) as bot:
        keyboard = {"inline_keyboard": [[{"text": "Take", "callback_data": "x" * 24}]]}
        shown = await bot.done("sendMessage", chat_id=vera.id, text="T-1", reply_markup=keyboard)
    told: list[tuple[int, int]] = []
    poll.presses.seen = lambda: told.append((len(poll.journal.kept), len(telegram.pending)))
    vera.says("before")
    vera.presses((vera.id, shown["message_id"]), "Take")
    vera.says("after")
    async with poll.running():
        await telegram.taken()
    assert told == [(3, 4)]  # /start, before and after are kept; nothing is confirmed
    (pressed,) = poll.presses.pressed
    assert pressed["data"] == "x" * 24
    (raws, held_back), (nothing, confirmed) = poll.journal.commits
    assert (len(raws), nothing) == (3, [])
    assert held_back is not None
    assert confirmed is not None
    assert held_back < confirmed


async def test_a_press_while_the_desk_is_away_is_asked_again_until_it_is_back(
    telegram: TelegramServer, poll: WayIn
) -> None:
    vera = telegram.person("Vera")
    vera.starts()
    async with calls_of(telegram) as bot:
        keyboard = {"inline_keyboard": [[{"text": "Take", "callback_data": "x" * 24}]]}
        shown = await bot.done("sendMessage", chat_id=vera.id, text="T-1", reply_markup=keyboard)
    vera.presses((vera.id, shown["message_id"]), "Take")
    poll.presses.failures += [away(), away()]
    async with poll.running():
        await telegram.taken()
    assert len(poll.presses.pressed) == 1


@pytest.mark.parametrize("failure", [MalformedError("no data"), KeyError("defect")])
async def test_a_press_that_cannot_be_answered_is_said_and_let_go(
    telegram: TelegramServer, poll: WayIn, failure: Exception
) -> None:
    telegram.allows("result of getUpdates")
    telegram.offers({"callback_query": {"id": "1", "from": {"id": 5}}})
    poll.presses.failures.append(failure)
    with structlog.testing.capture_logs() as logged:
        async with poll.running():
            await telegram.taken()
    assert [line["event"] for line in logged if line["log_level"] in {"warning", "error"}] != []
    assert poll.presses.pressed == []


async def test_what_telegram_may_have_dropped_is_told_with_the_batch_after_it(
    telegram: TelegramServer, poll: WayIn
) -> None:
    lena = telegram.person("Lena")
    lena.says("before")
    async with poll.running():
        await telegram.taken()
    since = poll.clock.now()
    poll.clock.passes(timedelta(hours=30))
    telegram.skips(37)
    lena.says("after")
    async with poll.running():
        await telegram.taken()
    (gap,) = poll.journal.gaps
    assert (gap.at_most, gap.since, gap.until) == (37, since, poll.clock.now())
    assert poll.journal.texts == ["before", "after"]
    assert len(poll.journal.commits[-1][0]) == 2


async def test_updates_that_waited_out_their_day_are_a_gap(telegram: TelegramServer, poll: WayIn) -> None:
    lena = telegram.person("Lena")
    lena.says("before")
    async with poll.running():
        await telegram.taken()
    for line in range(5):
        lena.says(f"lost {line}")
    poll.clock.passes(timedelta(hours=25))
    lena.says("after")
    async with poll.running():
        await telegram.taken()
    assert poll.journal.texts == ["before", "after"]
    assert [gap.at_most for gap in poll.journal.gaps] == [5]


async def test_after_a_week_of_silence_numbers_begin_anew_and_nothing_is_lost_or_claimed(
    telegram: TelegramServer, poll: WayIn
) -> None:
    lena = telegram.person("Lena")
    before = lena.says("long ago").update_id
    async with poll.running():
        await telegram.taken()
        poll.clock.passes(timedelta(days=7))
        asked = len(telegram.asked("getUpdates"))
        lena.says("again")
        await telegram.asked_for("getUpdates", count=asked + 1)
    after = lena.says("and again").update_id
    async with poll.running():
        await telegram.taken()
    assert before is not None
    assert after is not None
    assert after < before
    assert poll.journal.texts == ["long ago", "again", "and again"]
    assert poll.journal.gaps == []


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=500), id="it fails"),
        pytest.param(Fault(status=502), id="its gate fails"),
        pytest.param(Fault(cut="before"), id="the line is cut before"),
        pytest.param(Fault(cut="after"), id="the line is cut after"),
        pytest.param(Fault(status=429, retry_after=1), id="it asks for patience"),
    ],
)
async def test_whatever_befalls_the_question_it_is_asked_again(
    telegram: TelegramServer, poll: WayIn, fault: Fault
) -> None:
    telegram.person("Lena").says("Payroll failed")
    telegram.fail("getUpdates", fault, times=1 if fault.retry_after else 4)
    with structlog.testing.capture_logs() as logged:
        async with poll.running():
            await telegram.taken()
    assert poll.journal.texts == ["Payroll failed"]
    assert [line["event"] for line in logged].count("no updates come") == 1


async def test_a_second_reader_is_named_once_with_the_mend_and_not_fought(
    telegram: TelegramServer, poll: WayIn
) -> None:
    conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    telegram.fail("getUpdates", Fault(status=409, description=conflict), times=3)
    with structlog.testing.capture_logs() as logged:
        async with poll.running():
            await poll.until_health(lambda words: "another program reads" in words)
            assert not poll.pipe.health().is_up
            await telegram.asked_for("getUpdates", count=4)
            await poll.until_health(lambda words: words == "reads updates")
    (line,) = [one for one in logged if one["event"] == "no updates come"]
    assert "TELEGRAM_BOT_TOKEN" in line["reason"]
    assert telegram.asked("deleteWebhook") == []


async def test_a_webhook_of_somebody_else_is_named_and_left_alone(telegram: TelegramServer, poll: WayIn) -> None:
    async with calls_of(telegram) as bot:
        await bot.done("setWebhook", url="https://elsewhere.example/hook")
        async with poll.running():
            await poll.until_health(lambda words: "a webhook is set" in words)
            assert "TELEGRAM_MODE=webhook" in poll.pipe.health().detail
        assert telegram.line.webhook["url"] == "https://elsewhere.example/hook"


async def test_a_revoked_token_is_said_and_never_shown(
    telegram: TelegramServer, poll: WayIn, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.is_revoked = True
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logged:
        async with poll.running():
            await poll.until_health(lambda words: "no longer valid" in words)
        calls = Web(config_of(telegram))
        with suppress(PermanentError):
            await calls.call("sendMessage", {"chat_id": 1, "text": "x"})
        await calls.close()
    assert not poll.pipe.health().is_up
    secret = telegram.token.partition(":")[2]
    assert secret not in f"{logged}{caplog.text}{config_of(telegram)!r}"


async def test_only_whoever_has_the_turn_reads(telegram: TelegramServer, poll: WayIn) -> None:
    poll.turn.is_ours.clear()
    telegram.person("Lena").says("Payroll failed")
    async with poll.running():
        await telegram.asked_for("getMe", count=1)
        await poll.until_health(lambda words: words.startswith("another process"))
        assert poll.pipe.health().is_up  # it can send
        assert telegram.asked("getUpdates") == []
        poll.turn.is_ours.set()
        await telegram.taken()
    assert poll.journal.texts == ["Payroll failed"]


async def test_a_turn_that_is_lost_ends_the_reading_at_once(telegram: TelegramServer, poll: WayIn) -> None:
    async with poll.running():
        await poll.until_health(lambda words: words == "reads updates")
        poll.turn.lose()
        await poll.until_health(lambda words: words.startswith("another process"))
        telegram.person("Lena").says("for the other")
        await asyncio.sleep(0)
        assert poll.journal.kept == []
        poll.turn.is_ours.set()
        await telegram.taken()
    assert poll.turn.epoch == 2


async def test_the_bots_name_is_kept_and_commands_to_it_are_understood(telegram: TelegramServer, poll: WayIn) -> None:
    async with poll.running():
        await telegram.asked_for("getUpdates", count=1)
    assert poll.pipe.username == poll.journal.username == telegram.bot_username


async def test_what_cannot_be_read_is_never_a_surprise(telegram: TelegramServer, poll: WayIn) -> None:
    lena = telegram.person("Lena")
    said = lena.says("a")
    async with poll.running():
        await telegram.taken()  # from here on Telegram knows which kinds to bring
        lena.edits(said, "b")
        lena.reacts(said, "👍")
        lena.blocks()
        lena.unblocks()
        await telegram.taken()
    for raw in poll.journal.kept:
        with suppress(InboundError):
            inbound_from_raw(raw)
    assert len(poll.journal.heard) == 5
