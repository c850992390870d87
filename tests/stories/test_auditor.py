"""The auditor: what stands still is named, and somebody hears of it once; of a healthy desk nobody hears a word."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import text

from adapters.errors import PermanentError
from adapters.message import Channel
from adapters.port import Health
from bot.desk.care.auditor import Auditor
from bot.now import Timekeeper
from bot.store.driver.database_time import database_now
from bot.tickets.command import Acknowledge, AddNote, AskDetails, Reply, Resolve
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
DANA = ('identities = { slack = "T1/U5" }', 'identities = { slack = "T1/U5", telegram = 2005 }')


@dataclass
class Held:
    """A dead-man's switch that counts how often it was held down."""

    times: int = 0
    breaks: bool = False
    pressed: asyncio.Event = field(default_factory=asyncio.Event)

    async def down(self) -> None:
        self.times += 1
        self.pressed.set()
        if self.breaks:
            raise RuntimeError("a defect of ours")


def auditor_of(desk: Story, held: Held | None = None, *, name: str = "one") -> Auditor:
    inner = desk.desk
    return Auditor(
        desk.database,
        inner.revisions,
        inner.directory,
        desk.channels,
        Timekeeper(wall=desk.time.now),
        name=name,
        hold_down=held.down if held is not None else None,
        every_s=0.01,
    )


async def twice(auditor: Auditor) -> Sequence[str]:
    """Two looks, as a minute apart; what stood still between them."""
    await auditor.look()
    return [f"{one.check}: {one.subject}" for one in await auditor.look()]


async def run(desk: Story, *statements: str) -> None:
    """What no code of ours would do to the tables; `{now}` is the desk's time, `{clock}` the database's."""
    now = desk.time.at

    def change(conn: object) -> None:
        clock = database_now(conn)  # type: ignore[arg-type]  # a Connection
        for one in statements:
            conn.execute(text(one.format(now=now, clock=clock).replace('":', '"\\:')))  # type: ignore[attr-defined]

    await desk.database.write(change)


#: What is planted, how it is named, what mends it.
PLANTED = [
    pytest.param(
        "INSERT INTO inbound (id, key, channel, account, external_id, lane, payload, received_at, state, reason) "
        "SELECT 900, 'lost', channel, account, 'lost', 'x', payload, {now}, 'new', '' FROM inbound WHERE id = 1",
        "journal: inbox 900",
        "UPDATE inbound SET state = 'done' WHERE id = 900",
        id="a payload that nobody decides",
    ),
    pytest.param(
        "INSERT INTO alarm (owner, due_at) VALUES ('shift:nobody', {now} - 5000)",
        "alarm: shift:nobody ({late})",
        "DELETE FROM alarm WHERE owner = 'shift:nobody'",
        id="an alarm that does not fire",
    ),
    pytest.param(
        "DELETE FROM alarm WHERE owner = 'promises:1'",
        "promise: T-1",
        "UPDATE ticket SET next_due = NULL WHERE id = 1",
        id="a promise without an alarm",
    ),
    pytest.param(
        "UPDATE alarm SET due_at = due_at + 86400000 WHERE owner = 'promises:1'",
        "promise: T-1",
        "UPDATE alarm SET due_at = due_at - 86400000 WHERE owner = 'promises:1'",
        id="an alarm that would come too late",
    ),
    pytest.param(
        "UPDATE outbox SET state = 'sending', claimed_until = {clock} - 5000 WHERE id = 1",
        "sending: outbox 1",
        "UPDATE outbox SET state = 'sent' WHERE id = 1",
        id="a send that never ends",
    ),
    pytest.param(
        "UPDATE outbox SET state = 'pending', what = 'ping', priority = 0, created_at = {now} - 700000, "
        "not_before = {now} + 900000 WHERE id = 1",
        "alert: outbox 1",
        "UPDATE outbox SET state = 'sent', what = 'auto', priority = 1 WHERE id = 1",
        id="an alert that does not go out",
    ),
    pytest.param(
        "UPDATE outbox SET state = 'failed', what = 'ping', priority = 0 WHERE id = 1",
        "alert: outbox 1",
        "UPDATE outbox SET state = 'discarded' WHERE id = 1",
        id="an alert that nobody could be given",
    ),
]


@pytest.mark.parametrize(("statement", "name", "mend"), PLANTED)
async def test_what_stands_still_is_named_and_told_once_and_again_when_it_is_mended(
    make_desk: MakeStory, statement: str, name: str, mend: str
) -> None:
    desk, held = await make_desk(story_desk(DANA)), Held()
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    desk.forget()
    auditor = auditor_of(desk, held)
    await run(desk, statement)
    assert await twice(auditor) == [name.format(late=desk.time.at - 5000)]
    assert not auditor.health().is_up
    assert name.partition(": ")[2].partition(" (")[0] in auditor.health().detail
    assert held.times == 1  # the first look believes nothing yet
    desk.expect_alert("dana", containing="something stands still")
    await auditor.look()
    desk.expect_quiet()
    await run(desk, mend)
    await auditor.look()
    assert auditor.health().is_up
    assert held.times == 2
    desk.expect_ping("dana", containing="All is well again")
    await auditor.look()
    desk.expect_quiet()


async def test_what_only_waits_a_moment_is_nothing(desk: Story) -> None:
    auditor = auditor_of(desk)
    await desk.arrives(Channel.INAPP, sender="lena", text="Payroll failed")
    await auditor.look()
    await desk.settle()
    assert list(await auditor.look()) == []
    desk.forget()
    await auditor.look()
    desk.expect_quiet()


async def test_a_busy_desk_with_broken_promises_is_well_and_nobody_hears_of_the_auditor(desk: Story) -> None:
    held = Held()
    auditor = auditor_of(desk, held)
    looks = 0
    for hour in range(14):
        channel = (Channel.TELEGRAM, Channel.EMAIL, Channel.INAPP)[hour % 3]
        await desk.receives(channel, sender=("lena", "taras", "bill")[hour // 3 % 3], text=f"Export {hour} failed")
        number = hour // 2 + 1
        if hour % 2 and await desk.is_there(number):
            commands = (Reply("Looking"), AskDetails("Which page?"), AddNote("Known"), Resolve("Fixed"))
            await desk.does("vera", commands[hour // 2 % 4], ticket=number)
        await desk.fast_forward(minutes=47)
        for one in [one for one in range(1, 15) if await desk.is_there(one)]:
            if (await desk.ticket(one)).ladder is not None:
                await desk.does("dana", Acknowledge(), ticket=one)
        assert list(await auditor.look()) == []
        looks += 1
    assert held.times == looks
    said = [one.text for person in ("dana",) for one in desk.seen(person)]
    assert any("overdue" in one for one in said)
    assert not [one for one in said if "stands still" in one or "All is well" in one]


async def test_a_breach_that_nobody_was_told_of_is_found(desk: Story) -> None:
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=70)
    auditor = auditor_of(desk)
    assert await twice(auditor) == []
    await run(desk, "UPDATE outbox SET ticket_id = NULL WHERE what = 'ping'", "DELETE FROM alarm WHERE ticket_id = 1")
    assert await twice(auditor) == ["breach: T-1"]


async def test_a_ladder_that_does_not_go_on_is_found(make_desk: MakeStory) -> None:
    steps = (
        'steps = [{ after = "0m", tell = "lead" }]',
        'steps = [{ after = "0m", tell = "lead" }, { after = "30m", tell = "executive" }]',
    )
    desk = await make_desk(story_desk(steps))
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=70)
    auditor = auditor_of(desk)
    assert await twice(auditor) == []
    await run(desk, "DELETE FROM alarm WHERE owner = 'promises:1'")
    assert await twice(auditor) == ["ladder: T-1"]


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        pytest.param(
            "UPDATE clock SET due_at = due_at + 60000 WHERE ticket_id = 1",
            "refold: T-1 first_response: its row and its value say different things",
            id="a row that is not its value",
        ),
        pytest.param(
            """UPDATE clock SET value = replace(value, '"need_ms":', '"wall_ms":7,"need_ms":') WHERE ticket_id = 1""",
            "refold: T-1 first_response: it has used another time than its pauses leave",
            id="time that nobody used",
        ),
        pytest.param(
            """UPDATE clock SET value = replace(value, '"need_ms":3600000', '"need_ms":7200000') WHERE ticket_id = 1""",
            "refold: T-1 first_response: it is kept as due 3600 s away from when it is",
            id="another moment than its hours give",
        ),
        pytest.param(
            "UPDATE ticket SET next_due = next_due + 1 WHERE id = 1",
            "refold: T-1 first_response: its ticket is listed by a later promise",
            id="a ticket that is listed too late",
        ),
    ],
)
async def test_once_a_day_promises_are_counted_anew_from_what_happened(desk: Story, statement: str, name: str) -> None:
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    desk.forget()
    auditor = auditor_of(desk)
    assert await twice(auditor) == []
    await run(desk, statement)
    assert await twice(auditor) == []  # today was counted already
    desk.time.at = type(desk.time.at)(desk.time.at + 86_400_000 // 24 * 16)
    await auditor.look()
    found = [f"{one.check}: {one.subject}" for one in await auditor.look()]
    assert name in found


async def test_an_answer_that_no_clock_heard_of_is_found(desk: Story) -> None:
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=5)
    await desk.does("vera", AskDetails("Which page?"))
    await run(
        desk,
        "UPDATE clock SET state = 'running' WHERE ticket_id = 1 AND metric = 'first_response'",
        "UPDATE message SET reply_kind = 'answer' WHERE direction = 'out' AND kind = 'reply'",
    )
    assert "answered: T-1" in await twice(auditor_of(desk))


async def test_an_admin_hears_of_a_stuck_channel_on_another_one(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(DANA))
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    desk.forget()
    await run(desk, "UPDATE outbox SET state = 'sending', claimed_until = {clock} - 5000 WHERE channel = 'slack'")
    assert await twice(auditor_of(desk))
    assert [(one.channel, one.is_mention) for one in desk.seen("dana")] == [(Channel.TELEGRAM, True)]


async def test_an_admin_whom_no_channel_takes_finds_it_on_the_board(desk: Story) -> None:
    await run(desk, "INSERT INTO alarm (owner, due_at) VALUES ('shift:nobody', {now} - 5000)")
    desk.channels[Channel.SLACK].fail_next(PermanentError("the workspace is gone"))
    auditor = auditor_of(desk)
    await auditor.look()
    await auditor.look()
    rows = [one for one in await desk.outbox("pending") if one.person == "dana"]
    assert [one.key for one in rows] == ["audit:1:dana"]


async def test_of_two_replicas_one_tells_and_a_restart_repeats_nothing(desk: Story) -> None:
    one, other = auditor_of(desk), auditor_of(desk, name="other")
    await run(desk, "INSERT INTO alarm (owner, due_at) VALUES ('shift:nobody', {now} - 5000)")
    await one.look()
    await other.look()
    await asyncio.gather(one.look(), other.look())
    desk.expect_alert("dana", containing="Alarms are due and did not fire: shift:nobody")
    fresh = auditor_of(desk, name="third")
    assert await twice(fresh)
    desk.expect_quiet()


async def test_more_trouble_is_told_alone_and_all_of_it_must_end(desk: Story) -> None:
    auditor = auditor_of(desk)
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    desk.forget()
    await run(desk, "INSERT INTO alarm (owner, due_at) VALUES ('shift:nobody', {now} - 5000)")
    await twice(auditor)
    desk.expect_alert("dana", containing="shift:nobody")
    await run(desk, "UPDATE outbox SET state = 'sending', claimed_until = {clock} - 5000 WHERE id = 1")
    await twice(auditor)
    assert "shift:nobody" not in desk.expect_alert("dana", containing="Begun to send and never ended: outbox 1")
    await run(desk, "DELETE FROM alarm WHERE owner = 'shift:nobody'")
    await twice(auditor)
    desk.expect_quiet()
    await run(desk, "UPDATE outbox SET state = 'sent' WHERE id = 1")
    await twice(auditor)
    desk.expect_ping("dana", containing="All is well again")
    desk.expect_quiet()


async def test_without_a_database_each_admin_hears_once_on_a_path_that_needs_none(desk: Story) -> None:
    held = Held()
    auditor = auditor_of(desk, held)
    desk.database.is_away = True
    assert await twice(auditor) == ["store: "]
    await auditor.look()
    assert "The database cannot be read." in desk.expect_alert("dana", containing="something stands still")
    desk.expect_quiet()
    assert held.times == 0, "who cannot look does not say that all is well"
    assert auditor.health() == Health(is_up=False, detail="The database cannot be read.")
    desk.database.is_away = False
    await auditor.look()
    assert auditor.health().is_up
    assert held.times == 1
    desk.expect_ping("dana", containing="All is well again")
    await auditor.look()
    desk.expect_quiet()


async def test_a_database_that_is_away_for_one_look_is_told_to_nobody(desk: Story) -> None:
    held = Held()
    auditor = auditor_of(desk, held)
    desk.database.is_away = True
    await auditor.look()
    desk.database.is_away = False
    await auditor.look()
    assert held.times == 1
    desk.expect_quiet()


async def test_what_stands_still_as_the_database_is_back_is_told_before_the_end_of_all_of_it(desk: Story) -> None:
    auditor = auditor_of(desk)
    desk.database.is_away = True
    await twice(auditor)
    desk.expect_alert("dana", containing="something stands still")
    desk.database.is_away = False
    await run(desk, "INSERT INTO alarm (owner, due_at) VALUES ('shift:nobody', {now} - 5000)")
    await auditor.look()
    desk.expect_quiet()
    await auditor.look()
    assert "shift:nobody" in desk.expect_alert("dana", containing="something stands still")
    await run(desk, "DELETE FROM alarm WHERE owner = 'shift:nobody'")
    await auditor.look()
    desk.expect_ping("dana", containing="All is well again")
    await auditor.look()
    desk.expect_quiet()


async def test_what_goes_wrong_in_the_auditor_does_not_end_it(desk: Story) -> None:
    held = Held(breaks=True)
    running = asyncio.create_task(auditor_of(desk, held).run())
    for _ in range(2):
        async with asyncio.timeout(60):
            await held.pressed.wait()
        held.pressed.clear()
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_who_is_no_admin_hears_nothing_and_times_do_not_matter(make_desk: MakeStory) -> None:
    desk = await make_desk(start=NOON + timedelta(hours=14))
    await run(desk, "INSERT INTO alarm (owner, due_at) VALUES ('shift:nobody', {now} - 5000)")
    await twice(auditor_of(desk))
    desk.expect_alert("dana", containing="something stands still")
    desk.expect_quiet()


async def test_how_soon_somebody_picks_it_up_lists_no_ticket(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(('pick_up = "never"', 'pick_up = "15m"')))
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    assert (await desk.clock("pick_up")).state == "running"
    assert await twice(auditor_of(desk)) == []


async def test_what_was_told_before_words_were_split_off_is_not_missed(desk: Story) -> None:
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=70)
    auditor = auditor_of(desk)
    await run(desk, "UPDATE outbox SET ticket_id = NULL WHERE what = 'ping'", "DELETE FROM alarm WHERE ticket_id = 1")
    assert await twice(auditor) == ["breach: T-1"]
    await run(
        desk,
        "UPDATE event SET what = 'split_off', at = {now} WHERE id = (SELECT max(id) FROM event WHERE ticket_id = 1)",
    )
    assert await auditor.look() == []


async def test_what_the_daily_count_found_is_told_once_by_replicas_and_after_a_restart(desk: Story) -> None:
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    desk.forget()
    one, other = auditor_of(desk), auditor_of(desk, name="other")
    await run(desk, "UPDATE ticket SET next_due = next_due + 1 WHERE id = 1")
    for _ in range(3):
        await one.look()
        await other.look()
    desk.expect_alert("dana", containing="something stands still")
    assert await twice(auditor_of(desk, name="third"))
    desk.expect_quiet()
    await run(desk, "UPDATE ticket SET next_due = next_due - 1 WHERE id = 1")
    for _ in range(2):
        await one.look()
        await other.look()
    desk.expect_ping("dana", containing="All is well again")
    desk.expect_quiet()


async def test_files_may_be_fetched_for_minutes_and_what_waits_behind_them_as_long(desk: Story) -> None:
    await desk.receives(Channel.INAPP, sender="lena", text="Payroll failed")
    desk.forget()
    kept = (
        "INSERT INTO inbound (id, key, channel, account, external_id, lane, payload, received_at, state, reason) "
        "SELECT {}, 'k{}', channel, account, 'k{}', 'x', payload, received_at, 'new', '{}' FROM inbound WHERE id = 1"
    )
    await run(desk, kept.format(900, 900, 900, "its files are being fetched"), kept.format(901, 901, 901, ""))
    auditor = auditor_of(desk)
    for _ in range(4):
        assert list(await auditor.look()) == []
    assert [one.subject for one in await auditor.look()] == ["inbox 900", "inbox 901"]
