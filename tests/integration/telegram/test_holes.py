"""What Telegram was to bring and did not: told once it is plain that it does not come, and only then."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import aiohttp
import pytest

from adapters.telegram.webhook import PATH, SECRET_HEADER
from tests.integration.telegram.ways_in import PATIENCE_S, QUICK, WayIn, way_in
from tests.peers.telegram_server import TelegramServer

SECRET = {SECRET_HEADER: "s3cret-of-the-test"}
SILENCE = timedelta(hours=30)
LONG_ENOUGH = timedelta(seconds=QUICK.holes_after_s)


@pytest.fixture
async def hook(telegram: TelegramServer) -> AsyncIterator[WayIn]:
    """A door that took update 99 and heard nothing since; it does not run yet."""
    async with way_in(telegram, is_webhook=True) as found:
        found.journal.cursor = (f"{telegram.bot_id}:100", found.clock.now())
        found.clock.passes(SILENCE)
        yield found


@pytest.fixture
async def other(telegram: TelegramServer, hook: WayIn) -> AsyncIterator[WayIn]:
    """The door of another process of the same desk."""
    async with way_in(telegram, is_webhook=True, journal=hook.journal) as found:
        yield found


async def brings(hook: WayIn, *numbers: int, press: Sequence[int] = ()) -> None:
    """Telegram brings these updates, one after the other, in this order."""
    await hook.until_health(lambda words: words == "Telegram brings updates")
    async with aiohttp.ClientSession() as http:
        for number in numbers:
            what = "callback_query" if number in press else "message"
            body = json.dumps({"update_id": number, what: {"id": "1"}}).encode()
            async with http.post(f"{hook.address}{PATH}", data=body, headers=SECRET) as answer:
                assert answer.status == 200


async def settled(hook: WayIn) -> list[int]:
    """How many each gap may have cost, once it has been waited for long enough."""
    async with asyncio.timeout(PATIENCE_S):
        while hook.journal.remembered:
            hook.clock.passes(LONG_ENOUGH)
            await asyncio.sleep(0.02)
    return [gap.at_most for gap in hook.journal.gaps]


async def test_what_does_not_come_after_a_silence_is_told(hook: WayIn) -> None:
    until = hook.clock.now()
    async with hook.running():
        await brings(hook, 137, 138)
        assert hook.journal.remembered
        assert await settled(hook) == [37]
        (gap,) = hook.journal.gaps
        assert (gap.since, gap.until) == (until - SILENCE, until)
        await brings(hook, 139)
    assert len(hook.journal.gaps) == 1


async def test_what_comes_out_of_order_is_no_gap(hook: WayIn) -> None:
    async with hook.running():
        await brings(hook, 104, 102, 107, 100, 101, 103, 106, 105, press=[101, 103])
        assert await settled(hook) == []


async def test_only_what_did_not_come_is_told_and_a_press_came(hook: WayIn) -> None:
    async with hook.running():
        await brings(hook, 104, 102, 107, 100, press=[102])
        assert await settled(hook) == [1, 1, 2]


@pytest.mark.parametrize("by", ["itself", "another"])
async def test_a_press_that_came_is_not_told_as_lost_by_the_next_process(
    telegram: TelegramServer, hook: WayIn, by: str
) -> None:
    async with way_in(telegram, is_webhook=True) as after:
        after.journal.cursor, after.journal.kept = hook.journal.cursor, hook.journal.kept
        async with hook.running():
            await brings(hook, 103)
            after.journal.remembered = hook.journal.remembered
            if by == "itself":
                await brings(hook, 101, press=[101])
        async with after.running():
            if by == "another":
                await brings(after, 101, press=[101])
            assert await settled(after) == [1, 1]


async def test_a_press_that_nobody_waits_for_is_not_kept_as_a_payload(hook: WayIn) -> None:
    async with hook.running():
        await brings(hook, 102, 103, press=[103])
        kept = [raw.external_id.rpartition(":")[2] for raw in hook.journal.kept]
    assert "103" not in kept
    assert "102" in kept


async def test_a_quiet_night_costs_no_number(hook: WayIn) -> None:
    async with hook.running():
        await brings(hook, 100, 101)
        hook.clock.passes(timedelta(hours=9))
        await brings(hook, 102)
    assert (hook.journal.gaps, hook.journal.remembered) == ([], set())


async def test_a_jump_while_updates_come_is_not_told(hook: WayIn) -> None:
    async with hook.running():
        await brings(hook, 100, 120)
    assert (hook.journal.gaps, hook.journal.remembered) == ([], set())


async def test_what_was_waited_for_when_the_process_died_is_told_by_the_next_one(
    telegram: TelegramServer, hook: WayIn
) -> None:
    async with hook.running():
        await brings(hook, 103)
        remembered = hook.journal.remembered
    async with way_in(telegram, is_webhook=True) as after:
        after.journal.kept = hook.journal.kept
        after.journal.cursor = hook.journal.cursor
        after.journal.remembered = remembered
        async with after.running():
            assert await settled(after) == [3]


async def test_each_process_keeps_what_it_noticed_and_forgets_nobody_elses(
    telegram: TelegramServer, hook: WayIn, other: WayIn
) -> None:
    before = hook.journal.cursor
    async with hook.running(), other.running():
        await brings(hook, 137)
        hook.journal.cursor = before  # the other asked at the same moment
        await brings(other, 140)
        assert len(hook.journal.remembered) == 2
        assert await settled(hook) == [37, 2]


async def test_what_a_process_waited_for_that_died_is_told_by_one_that_runs(hook: WayIn, other: WayIn) -> None:
    async with other.running():
        async with hook.running():
            await brings(hook, 103)
        assert hook.journal.remembered
        assert await settled(other) == [3]


async def test_what_others_took_meanwhile_is_not_told_as_lost(hook: WayIn, other: WayIn) -> None:
    async with hook.running(), other.running():
        await brings(hook, 137)
        await brings(other, 138, 139, 140, press=[139])
        await brings(hook, 141)
        assert await settled(hook) == [37]


async def test_how_far_we_are_never_goes_back_where_several_are_brought_updates(hook: WayIn, other: WayIn) -> None:
    async with hook.running(), other.running():
        await brings(hook, 100)
        await brings(other, 101, 103)
        await brings(hook, 102)
    assert hook.journal.cursor is not None
    assert hook.journal.cursor[0].endswith(":104")


async def test_after_a_week_all_of_several_count_anew(hook: WayIn, other: WayIn) -> None:
    async with hook.running(), other.running():
        await brings(hook, 100)
        await brings(other, 101)
        hook.clock.passes(timedelta(days=7))
        await brings(hook, 50)
        await brings(other, 51)
        hook.clock.passes(SILENCE)
        await brings(other, 53)
        assert await settled(hook) == [1]
    assert hook.journal.cursor is not None
    assert hook.journal.cursor[0].endswith(":54")


async def test_the_first_number_of_another_bot_is_no_gap(telegram: TelegramServer, hook: WayIn) -> None:
    hook.journal.cursor = ("999:100", hook.clock.now() - SILENCE)
    async with hook.running():
        await brings(hook, 740_000_001)
        assert not hook.journal.remembered
        hook.clock.passes(SILENCE)
        await brings(hook, 740_000_003)
        assert await settled(hook) == [1]


async def test_after_a_week_numbers_begin_anew_and_nothing_is_claimed(telegram: TelegramServer, hook: WayIn) -> None:
    hook.clock.passes(timedelta(days=7))
    async with hook.running():
        await brings(hook, 50, 51)
        hook.clock.passes(SILENCE)
        await brings(hook, 60)
        assert await settled(hook) == [8]
    assert hook.journal.cursor is not None
    assert hook.journal.cursor[0] == f"{telegram.bot_id}:61"
