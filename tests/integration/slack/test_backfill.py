"""What was said while nobody could tell us is read back: once, in its order, with the moments it was said at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import pytest
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import DeskAwayError
from adapters.message import InboundEdit, InboundMessage
from adapters.port import Answer, Press
from adapters.slack.adapter import SlackAdapter
from adapters.slack.convert import inbound_from_raw
from adapters.slack.ids import moment_from_ts
from adapters.slack.readers import UNKNOWN
from adapters.slack.timings import Timings
from adapters.slack.whereabouts import place_from_raw
from tests.integration.slack.conftest import KeptJournal, KeptPast, Piped, eventually, piped, texts, wall
from tests.peers.slack_adapter import QUICK, adapter_for
from tests.peers.slack_api import Fault
from tests.peers.slack_emulator import TEAM
from tests.peers.slack_front import Said, SlackFront

#: The outage: it began ten minutes ago.
MINUTE = timedelta(minutes=1)


def left_at(moment: datetime) -> KeptPast:
    return KeptPast(at=f"{moment.timestamp():.6f}")


@asynccontextmanager
async def caught_up(slack: SlackFront, past: KeptPast, *, timings: Timings = QUICK) -> AsyncIterator[Piped]:
    """A start after an outage, once everything was read back."""
    async with piped(slack, past=past, timings=timings) as found, found.running():
        await found.journal.until(lambda: bool(found.journal.cursors))
        yield found


@asynccontextmanager
async def listening(adapter: SlackAdapter, journal: KeptJournal) -> AsyncIterator[None]:
    """The whole channel, and not its pipe alone."""

    async def ask(_press: Press) -> Answer:
        return Answer()

    run = asyncio.create_task(adapter.run(journal, ask))
    try:
        yield
    finally:
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run
        await adapter.close()


async def test_an_outage_of_ten_minutes_is_read_back_once_in_order_with_its_moments(slack: SlackFront) -> None:
    now = wall().replace(microsecond=0)
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    taras = await slack.person("U0TARAS", "Taras", team="T0GLOBEX")
    acme = await slack.channel("C0ACME", members=[lena])
    globex = await slack.channel("G0GLOBEX", members=[taras], is_private=True)
    dm = await slack.dm(taras)

    said: list[Said] = []
    for minute in range(10, 0, -1):
        at = now - minute * MINUTE
        said.append(await slack.says(lena, acme, f"acme {minute}", at=at, is_told=False))
        said.append(await slack.says(taras, globex, f"globex {minute}", at=at, is_told=False))
        said.append(await slack.says(taras, dm, f"direct {minute}", at=at, is_told=False))

    async with caught_up(slack, left_at(now - 10 * MINUTE)) as found:
        for raw in found.journal.kept:
            assert raw.received_at >= now
        read = [one for raw in found.journal.kept for one in inbound_from_raw(raw)]
    for channel in (acme, globex, dm):
        wanted = [one for one in said if one.channel == channel]
        got = [one for one in read if one.external_id.startswith(channel)]
        assert [one.external_id for one in got] == [one.external_id for one in wanted]
        assert [one.at for one in got] == [moment_from_ts(one.ts) for one in wanted]
    assert len(read) == len(said) == 30


async def test_before_the_first_start_there_is_nothing_to_read(slack: SlackFront) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    await slack.says(lena, await slack.channel("C0ACME", members=[lena]), "long ago", is_told=False)
    began = wall()
    async with caught_up(slack, KeptPast()) as found:
        assert found.journal.kept == []
        assert moment_from_ts(found.journal.cursors[0]) >= began
        assert slack.api.asked("conversations.history") == []


async def test_threads_are_read_back_the_new_the_old_the_forgotten_and_the_shared(slack: SlackFront) -> None:
    now = wall()
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    buried = await slack.says(lena, acme, "buried", at=now - timedelta(days=41), is_told=False)
    ancient = await slack.says(lena, acme, "ancient", at=now - timedelta(days=40), is_told=False)
    forgotten = await slack.says(lena, acme, "forgotten", at=now - timedelta(days=29), is_told=False)
    silent = await slack.says(lena, acme, "silent", at=now - timedelta(days=8), is_told=False)
    await slack.says(lena, acme, "under silent", thread=silent.ts, at=now - timedelta(days=7), is_told=False)
    recent = await slack.says(lena, acme, "recent", at=now - timedelta(hours=5), is_told=False)
    for root, minute in ((ancient, 9), (recent, 8), (forgotten, 7), (buried, 7)):
        text = f"under {root.message['text']}"
        await slack.says(lena, acme, text, thread=root.ts, at=now - minute * MINUTE, is_told=False)
    await slack.says(lena, acme, "to all", thread=recent.ts, is_broadcast=True, at=now - 6 * MINUTE, is_told=False)

    past = left_at(now - 5 * MINUTE)
    past.open_threads = [ancient.external_id, recent.external_id, silent.external_id, "C0NOWHERE:1.000001", "nonsense"]
    async with caught_up(slack, past) as found:
        assert texts(found) == ["under ancient", "under recent", "under forgotten", "to all"]
    asked = [call.arguments["ts"] for call in slack.api.asked("conversations.replies")]
    threads = sorted([ancient.ts, forgotten.ts, recent.ts])
    assert sorted(asked) == threads, "each thread once, and none in which nothing is new, however much is said in it"
    assert len(slack.api.asked("conversations.history")) == 1


async def test_an_old_thread_that_nobody_works_on_is_not_asked_for_and_costs_nothing(slack: SlackFront) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    roots = []
    for days in range(2, 60):
        at = wall() - timedelta(days=days)
        roots.append(await slack.says(lena, acme, f"{days} days ago", at=at, is_told=False))
        await slack.says(lena, acme, "thanks", thread=roots[-1].ts, at=at, is_told=False)
    past = left_at(wall() - MINUTE)
    past.open_threads = [roots[-1].external_id]
    async with caught_up(slack, past) as found:
        assert texts(found) == []
    asked = [call.arguments["ts"] for call in slack.api.asked("conversations.replies")]
    assert asked == [roots[-1].ts], "the one of an open ticket"
    assert len(slack.api.asked("conversations.history")) == 1


async def test_a_reply_of_ours_under_a_card_is_read_back(slack: SlackFront) -> None:
    vera = await slack.person("U0VERA", "Vera")
    client = AsyncWebClient(slack.bot_token, base_url=f"{slack.api_url}/", retry_handlers=[])
    dm = (await client.conversations_open(users=[vera]))["channel"]["id"]
    card = (await client.chat_postMessage(channel=dm, text="T-1 Acme"))["ts"]
    await slack.says(vera, dm, "It is mended.", thread=card, is_told=False)
    async with caught_up(slack, left_at(wall() - MINUTE)) as found:
        assert texts(found) == ["It is mended."]


async def test_a_new_wording_is_read_back_also_of_what_we_had(slack: SlackFront) -> None:
    now = wall()
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    said = await slack.says(lena, acme, "Payrol failed", at=now - timedelta(hours=2), is_told=False)
    await slack.edits(said, "Payroll failed", is_told=False)
    async with caught_up(slack, left_at(now - MINUTE)) as found:
        (edit,) = [one for raw in found.journal.kept for one in inbound_from_raw(raw)]
    assert isinstance(edit, InboundEdit)
    assert (edit.external_id, edit.text) == (said.external_id, "Payroll failed")


async def test_a_thread_in_which_only_we_spoke_is_not_asked_for(slack: SlackFront) -> None:
    vera = await slack.person("U0VERA", "Vera")
    client = AsyncWebClient(slack.bot_token, base_url=f"{slack.api_url}/", retry_handlers=[])
    dm = (await client.conversations_open(users=[vera]))["channel"]["id"]
    cards = [str((await client.chat_postMessage(channel=dm, text=f"T-{one} Acme"))["ts"]) for one in (1, 2)]
    for card in cards:
        await client.chat_postMessage(channel=dm, text="Lena wrote", thread_ts=card)
    await slack.says(vera, dm, "It is mended.", thread=cards[1], is_told=False)
    async with caught_up(slack, left_at(wall() - MINUTE)) as found:
        assert texts(found) == ["It is mended."]
    assert [call.arguments["ts"] for call in slack.api.asked("conversations.replies")] == [cards[1]]


async def test_the_look_of_every_hour_asks_for_no_thread_in_which_nothing_is_new(slack: SlackFront) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    root = await slack.says(lena, acme, "root", at=wall() - timedelta(hours=3), is_told=False)
    await slack.says(lena, acme, "reply", thread=root.ts, at=wall() - timedelta(hours=2), is_told=False)
    timings = Timings(retry_first_s=0.02, tick_every_s=0.02, sweep_every_s=0.1, ping_every_s=60)
    async with caught_up(slack, left_at(wall() - MINUTE), timings=timings) as found:
        first = len(slack.api.asked("users.conversations"))
        await found.journal.until(lambda: len(slack.api.asked("users.conversations")) > first + 1)
    assert len(slack.api.asked("conversations.history")) > len(slack.api.asked("conversations.replies"))


async def test_a_new_wording_of_a_reply_is_read_back_and_once(slack: SlackFront) -> None:
    now = wall()
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    roots = {}
    for name, age in (("young", timedelta(hours=2)), ("old", timedelta(days=45))):
        root = roots[name] = await slack.says(lena, acme, f"{name} root", at=now - age, is_told=False)
        said = await slack.says(lena, acme, name, thread=root.ts, at=now - timedelta(hours=1), is_told=False)
        await slack.says(lena, acme, "nobody touched it", thread=root.ts, at=now - timedelta(hours=1), is_told=False)
        await slack.edits(said, f"{name}, reworded", is_told=False)
    past = left_at(now - MINUTE)
    past.open_threads = [roots["old"].external_id]
    timings = Timings(retry_first_s=0.02, tick_every_s=0.02, sweep_every_s=0.1, ping_every_s=60)
    async with caught_up(slack, past, timings=timings) as found:
        reads = len(slack.api.asked("users.conversations"))
        await found.journal.until(lambda: len(slack.api.asked("users.conversations")) > reads + 1)
        read = [one for raw in found.journal.kept for one in inbound_from_raw(raw)]
    edits = [one.text for one in read if isinstance(one, InboundEdit)]
    assert sorted(edits) == ["old, reworded", "young, reworded"]
    assert len(read) == 2


async def test_long_histories_are_read_page_by_page(slack: SlackFront) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    for number in range(230):
        await slack.says(lena, acme, str(number), is_told=False)
    async with caught_up(slack, left_at(wall() - 10 * MINUTE)) as found:
        assert texts(found) == [str(number) for number in range(230)]
    assert len(slack.api.asked("conversations.history")) == 2


async def test_patience_is_kept_and_a_failing_slack_asked_again(slack: SlackFront) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    said = await slack.says(lena, acme, "meanwhile", is_told=False)
    slack.api.fail("conversations.history", Fault(retry_after=1))
    slack.api.fail("conversations.history", Fault(status=500))
    slack.api.fail("conversations.history", Fault(cut="after"))
    slack.api.fail("users.conversations", Fault(error="internal_error"))
    async with caught_up(slack, left_at(wall() - MINUTE)) as found:
        assert [raw.external_id for raw in found.journal.kept] == [said.external_id]
    assert len(slack.api.asked("conversations.history")) == 4


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived"])
async def test_a_place_that_cannot_be_read_holds_up_no_other(slack: SlackFront, code: str) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    for name in ("C0FIRST", "C0SECOND"):
        await slack.says(lena, await slack.channel(name, members=[lena]), name, is_told=False)
    slack.api.fail("conversations.history", Fault(error=code), channel="C0FIRST")
    async with caught_up(slack, left_at(wall() - MINUTE)) as found:
        assert texts(found) == ["C0SECOND"]


async def test_a_missing_permission_is_said_in_words_and_the_cursor_stays(slack: SlackFront) -> None:
    slack.api.fail("users.conversations", Fault(error="missing_scope"), times=100)
    async with piped(slack, past=left_at(wall() - MINUTE)) as found, found.running():
        await eventually(lambda: "cannot read back" in found.pipe.health().detail)
        assert "permission" in found.pipe.health().detail
        assert found.pipe.health().is_up, "what is said now is heard"
        assert found.journal.cursors == []


async def test_the_cursor_moves_when_everything_before_it_is_kept_and_not_before(slack: SlackFront) -> None:
    left = wall() - 10 * MINUTE
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    for name in ("C0FIRST", "C0SECOND"):
        await slack.says(lena, await slack.channel(name, members=[lena]), name, is_told=False)
    async with piped(slack, past=left_at(left)) as found:
        found.journal.failures += [DeskAwayError("locked")] * 3
        with structlog.testing.capture_logs() as logged:
            async with found.running():
                await found.journal.until(lambda: len(found.journal.failures) < 3)
                assert found.journal.cursors == []
                await found.journal.until(lambda: bool(found.journal.cursors))
        assert sorted(texts(found)) == ["C0FIRST", "C0SECOND"]
    assert "what was missed cannot be kept now" in {line["event"] for line in logged}
    assert all("exc_info" not in line for line in logged)


async def test_a_defect_in_reading_back_ends_nothing_else(slack: SlackFront) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    await slack.says(lena, acme, "meanwhile", is_told=False)
    async with piped(slack, past=left_at(wall() - MINUTE)) as found:
        found.journal.failures.append(OSError("nobody foresaw this"))
        with structlog.testing.capture_logs() as logged:
            async with found.running():
                await found.journal.until(lambda: texts(found) == ["meanwhile"])
    (said,) = [line for line in logged if line["log_level"] == "error"]
    assert said["event"] == "what was missed could not be read back"


async def test_slack_is_not_asked_for_what_nobody_can_keep(slack: SlackFront) -> None:
    async with piped(slack, past=left_at(wall() - MINUTE)) as found:
        found.journal.is_away = True
        async with found.running():
            await found.journal.until(lambda: found.journal.calls > 3)
            assert slack.api.asked("conversations.history") == slack.api.asked("users.conversations") == []
            found.journal.is_away = False
            await found.journal.until(lambda: bool(found.journal.cursors))
    assert slack.api.asked("users.conversations")


async def test_the_whole_channel_asks_slack_for_nothing_either_while_the_desk_is_away(slack: SlackFront) -> None:
    journal = KeptJournal(is_away=True)
    async with listening(adapter_for(slack, past=left_at(wall() - MINUTE)), journal):
        await journal.until(lambda: journal.calls > 3)
        assert slack.api.asked("users.conversations") == []


async def test_what_we_uploaded_ourselves_is_not_read_back_as_somebody_elses_words(slack: SlackFront) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    client = AsyncWebClient(slack.bot_token, base_url=f"{slack.api_url}/", retry_handlers=[])
    slack.api.bare.add((await client.chat_postMessage(channel=acme, text="fix.pdf"))["ts"])
    said = await slack.says(lena, acme, "Thank you", is_told=False)
    assert ["bot_id" in one for one in await slack.shown(acme)] == [False, False]

    journal = KeptJournal()
    async with listening(adapter_for(slack, past=left_at(wall() - MINUTE)), journal):
        await journal.until(lambda: bool(journal.cursors))
    assert [raw.external_id for raw in journal.kept] == [said.external_id]


async def test_over_http_no_moment_is_reached_that_was_not_read_until(slack: SlackFront) -> None:
    timings = Timings(retry_first_s=0.02, tick_every_s=0.02, sweep_every_s=0.2)
    async with piped(slack, is_http=True, past=left_at(wall()), timings=timings) as found, found.running():
        await found.journal.until(lambda: len(found.journal.cursors) > 3)
        moved, read = len(found.journal.cursors), len(slack.api.asked("users.conversations"))
    assert moved <= read, "each time everything was looked through, and never in between"


async def test_a_moment_that_was_reached_is_kept_while_all_is_well(slack: SlackFront, sockets: Piped) -> None:
    begun_at = wall()
    await sockets.journal.until(
        lambda: len(sockets.journal.cursors) > 3 and moment_from_ts(sockets.journal.cursors[-1]) > begun_at
    )
    moments = [moment_from_ts(cursor) for cursor in sockets.journal.cursors]
    assert moments == sorted(moments)


async def test_no_moment_is_reached_while_nobody_can_tell_us(slack: SlackFront, sockets: Piped) -> None:
    await sockets.journal.until(lambda: bool(sockets.journal.cursors))
    slack.api.fail("apps.connections.open", Fault(status=503), times=10_000)
    for socket in list(slack.line.sockets):
        socket.cut()
    await eventually(lambda: not sockets.pipe.health().is_up)
    reached = len(sockets.journal.cursors)
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    said = await slack.says(lena, acme, "meanwhile")
    assert len(sockets.journal.cursors) <= reached + 1

    slack.api.mend()
    await sockets.journal.until(lambda: bool(sockets.journal.kept))
    assert [raw.external_id for raw in sockets.journal.kept] == [said.external_id]
    assert said.told.attempts == 0


async def test_everything_is_looked_through_now_and_then(slack: SlackFront) -> None:
    timings = Timings(retry_first_s=0.02, tick_every_s=0.02, sweep_every_s=0.1, ping_every_s=60)
    async with caught_up(slack, left_at(wall()), timings=timings) as found:
        lena = await slack.person("U0LENA", "Lena", team="T0ACME")
        acme = await slack.channel("C0ACME", members=[lena])
        said = await slack.says(lena, acme, "Slack told nobody", is_told=False)
        await found.journal.until(lambda: bool(found.journal.kept))
        assert [raw.external_id for raw in found.journal.kept] == [said.external_id]


async def test_what_came_live_and_is_read_back_has_one_name_as_a_message(slack: SlackFront, sockets: Piped) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    said = await slack.says(lena, acme, "Payroll failed")
    await said.told.settled()
    for socket in list(slack.line.sockets):
        socket.cut()
    await sockets.journal.until(lambda: len(sockets.journal.kept) == 2)
    live, back = [one for raw in sockets.journal.kept for one in inbound_from_raw(raw)]
    assert isinstance(live, InboundMessage)
    assert isinstance(back, InboundMessage)
    assert (live.conversation, live.external_id, live.at, live.sender) == (
        back.conversation,
        back.external_id,
        back.at,
        back.sender,
    )
    assert len({raw.lane for raw in sockets.journal.kept}) == 1


async def test_reading_back_ends_with_the_channel(slack: SlackFront) -> None:
    slack.api.fail("users.conversations", Fault(retry_after=3_000), times=100)
    async with piped(slack, past=left_at(wall() - MINUTE)) as found:
        async with found.running():
            await eventually(lambda: "reading back" in found.pipe.health().detail)
        assert not found.pipe.health().is_up
        assert len(asyncio.all_tasks()) < 20


async def test_a_channel_that_others_read_since_is_noticed_after_an_outage_and_once(slack: SlackFront) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    past = left_at(wall() - MINUTE)
    async with caught_up(slack, past) as found:
        assert not found.journal.kept  # the first look learns

    slack.api.channels[acme] |= {"is_ext_shared": True, "shared_team_ids": ["T0TEAM", "T0OTHER"]}
    async with caught_up(slack, past) as found:
        (news,) = [place_from_raw(raw) for raw in found.journal.kept]
    assert news is not None
    assert (news.change, news.conversation.place) == ("shared", f"{TEAM}/{acme}")

    async with caught_up(slack, past) as found:
        assert not found.journal.kept


async def test_what_slack_told_by_itself_is_no_news_a_second_time(slack: SlackFront) -> None:
    lena = await slack.person("U0LENA", "Lena", team="T0ACME")
    acme = await slack.channel("C0ACME", members=[lena])
    past = left_at(wall() - MINUTE)
    async with caught_up(slack, past) as found:
        before = past.known_readers[acme]
        slack.api.channels[acme] |= {"is_ext_shared": True, "shared_team_ids": ["T0TEAM", "T0OTHER"]}
        await slack.tells({"type": "channel_shared", "channel": acme, "event_ts": "1774604200.000000"})
        await found.journal.until(lambda: past.known_readers[acme] not in {before, UNKNOWN})
        (told,) = found.journal.kept
    assert place_from_raw(told) is not None

    async with caught_up(slack, past) as found:
        assert not found.journal.kept


async def test_that_we_are_out_of_a_channel_and_in_again_is_noticed_after_an_outage_and_once(slack: SlackFront) -> None:
    acme = await slack.channel("C0ACME", members=[await slack.person("U0LENA", "Lena", team="T0ACME")])
    past = left_at(wall() - MINUTE)
    async with caught_up(slack, past) as found:
        assert not found.journal.kept  # the first look learns

    for is_member, change in ((False, "left"), (True, "joined")):
        slack.api.channels[acme]["is_member"] = is_member
        async with caught_up(slack, past) as found:
            (news,) = [place_from_raw(raw) for raw in found.journal.kept]
        assert news is not None
        assert (news.change, news.conversation.place) == (change, f"{TEAM}/{acme}")
        async with caught_up(slack, past) as found:
            assert not found.journal.kept
