"""A high load: what is promised meanwhile, what becomes of promises that run, and who is told."""

from datetime import timedelta

import pytest

from bot.store import high_load
from bot.store.driver.connection import Connection
from bot.tickets.care.decide_load import is_high
from bot.tickets.command import Reply, Resolve, SetUrgency
from routing.people import LineId, PersonId
from sla.clock import State
from sla.duration import instant
from sla.explain import explain
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgres")

MEDIUM = 'first_response = { within = "1h", quote = "within 1 hour" }'
EASED = MEDIUM.replace("1h", "1h", 1).replace('within = "1h"', 'within = "1h", high_load = "3h"')
LOADED = story_desk((MEDIUM, EASED))
MANAGERS, DANA = LineId("managers"), PersonId("dana")
HOUR = timedelta(hours=1)


async def declares(story: Story, *, is_high: bool, line: LineId = MANAGERS) -> int:
    """Dana says so; how many tickets have a promise that moved."""
    moved = await story.desk.declare_load(DANA, [line], is_high=is_high)
    await story.settle()
    return moved


async def said(story: Story) -> dict[LineId, high_load.Declared]:
    """What was last said of each line."""
    return await story.database.read(high_load.declared)


async def test_who_writes_during_a_high_load_is_promised_the_longer_time_and_told_why(make_desk: MakeStory) -> None:
    story = await make_desk(LOADED)
    await declares(story, is_high=True)
    await story.receives(sender="lena", text="Payroll failed")
    receipt = story.expect_message("lena", containing="Vera answers by 12:00 (your time).")
    assert "more requests than usual" in receipt
    assert (await story.clock("first_response")).due_at == instant(NOON + 3 * HOUR)
    await story.receives(sender="lena", text="And the export")
    story.expect_nothing("lena")


async def test_a_promise_that_eases_nothing_says_nothing_of_the_load(make_desk: MakeStory) -> None:
    story = await make_desk(LOADED)
    await declares(story, is_high=True)
    await story.receives(sender="lena", text="Payroll is down")
    assert "more requests" not in story.expect_message("lena", containing="we have it (T-1)")
    assert (await story.clock("first_response")).target_ms == 15 * 60_000


async def test_what_is_promised_after_an_answer_is_eased_by_a_high_load_too(make_desk: MakeStory) -> None:
    story = await make_desk(story_desk((MEDIUM, f'{MEDIUM}\nfollow_up = {{ within = "2h", high_load = "5h" }}')))
    await story.receives(sender="lena", text="Payroll failed")
    await declares(story, is_high=True)
    await story.does("vera", Reply("We look into it"))
    await declares(story, is_high=False)
    await story.does("vera", Reply("Still at it"))
    clocks = (await story.page()).facts.clocks
    assert [one.target_ms // 3_600_000 for one in clocks if one.metric == "follow_up"] == [5, 2]


async def test_promises_that_run_get_the_longer_time_and_the_history_says_why(make_desk: MakeStory) -> None:
    story = await make_desk(LOADED)
    await story.receives(sender="lena", text="Payroll failed")
    await story.receives(sender="bill", text="Export failed")
    await story.does("mira", Reply("Fixed"), ticket=2)
    await story.go_to(NOON + timedelta(minutes=20))
    story.forget()
    assert await declares(story, is_high=True) == 1
    # They were told an earlier moment; whoever has an answer was not.
    story.expect_message("lena", containing="our answer to T-1 takes longer: by 12:00 at the latest (your time)")
    story.expect_nothing("bill")
    await declares(story, is_high=False)
    await declares(story, is_high=True)
    clock = await story.clock("first_response")
    assert clock.due_at == instant(NOON + 3 * HOUR)
    page = await story.page()
    event = page.events[-1]
    assert (event.what, event.why) == ("load_was_high", "dana declared it")
    policy = page.facts.pinned.policies["premium"]
    told = explain(clock, policy, page.facts.calendars["office"]).lines()
    assert "a high load was declared, for which this longer time is promised" in told
    story.expect_quiet()
    await story.go_to(NOON + timedelta(minutes=89))
    story.expect_quiet()


async def test_the_end_of_a_high_load_tightens_no_promise_that_runs(make_desk: MakeStory) -> None:
    story = await make_desk(LOADED)
    await declares(story, is_high=True)
    await story.receives(sender="lena", text="Payroll failed")
    assert await declares(story, is_high=False) == 0
    await story.does("vera", SetUrgency("medium"))
    assert (await story.clock("first_response")).due_at == instant(NOON + 3 * HOUR)
    await story.receives(sender="bill", text="Export failed")
    assert (await story.clock("first_response", 2)).due_at == instant(NOON + HOUR)


async def test_a_promise_that_is_broken_stays_broken(make_desk: MakeStory) -> None:
    story = await make_desk(LOADED)
    await story.receives(sender="lena", text="Payroll failed")
    await story.go_to(NOON + timedelta(minutes=61))
    await declares(story, is_high=True)
    clock = await story.clock("first_response")
    assert (clock.state, clock.due_at) == (State.BREACHED, instant(NOON + HOUR))


async def test_only_the_line_that_is_named_is_eased(make_desk: MakeStory) -> None:
    story = await make_desk(LOADED)
    await declares(story, is_high=True, line=LineId("second"))
    await story.receives(sender="lena", text="Payroll failed")
    assert (await story.clock("first_response")).due_at == instant(NOON + HOUR)


async def test_said_twice_it_is_so_once_and_the_audit_trail_keeps_who_said_it(make_desk: MakeStory) -> None:
    story = await make_desk(LOADED)
    await story.receives(sender="lena", text="Payroll failed")
    assert [await declares(story, is_high=True) for _ in range(2)] == [1, 0]
    assert [(one.line, one.is_high, one.by) for one in (await said(story)).values()] == [("managers", True, "dana")]
    assert (await story.events()).count("load_was_high") == 1


async def test_a_process_that_dies_in_the_middle_has_declared_nothing(make_desk: MakeStory) -> None:
    story = await make_desk(LOADED)
    await story.receives(sender="lena", text="Payroll failed")

    def dies(conn: Connection) -> None:
        declare = story.desk.high_load.declare
        assert declare(conn, [MANAGERS], is_now=True, by="dana", at=story.time.at, why="dana declared it") == 1
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await story.database.write(dies)
    await story.dies()
    assert (await story.clock("first_response")).due_at == instant(NOON + HOUR)
    assert await said(story) == {}


MEASURED = LOADED + "[load]\nhigh_when = 1\n"


async def test_the_desk_measures_the_load_by_itself(make_desk: MakeStory) -> None:
    story = await make_desk(MEASURED)
    for place in range(2):
        await story.receives(sender=str(5000 + place), text="Export failed")
    await story.fast_forward(minutes=2)
    assert (await story.clock("first_response")).due_at == instant(NOON + 3 * HOUR)
    assert "load_was_high" in await story.events()
    assert [(one.is_high, one.by) for one in (await said(story)).values()] == [(True, "desk")]
    for number in (1, 2):
        await story.does("mira", Resolve(), ticket=number)
    await story.fast_forward(minutes=2)
    assert [(one.is_high, one.by) for one in (await said(story)).values()] == [(False, "desk")]


async def test_a_measure_that_is_taken_out_of_the_desk_takes_its_high_load_along(make_desk: MakeStory) -> None:
    story = await make_desk(MEASURED)
    for place in range(2):
        await story.receives(sender=str(5000 + place), text="Export failed")
    await story.fast_forward(minutes=2)
    await story.apply(document(LOADED))
    await story.settle()
    assert [one.is_high for one in (await said(story)).values()] == [False]
    await story.fast_forward(minutes=10)
    assert [one.is_high for one in (await said(story)).values()] == [False]


async def test_what_a_lead_says_against_the_measure_stands(make_desk: MakeStory) -> None:
    story = await make_desk(MEASURED)
    for place in range(2):
        await story.receives(sender=str(5000 + place), text="Export failed")
    await story.fast_forward(minutes=2)
    await declares(story, is_high=False)
    await story.fast_forward(minutes=10)
    assert not (await said(story))[MANAGERS].is_high
    await story.receives(sender="lena", text="Payroll failed")
    assert (await story.clock("first_response", 3)).target_ms == 60 * 60_000


async def test_the_measure_counts_who_is_there_and_what_waits(make_desk: MakeStory) -> None:
    revision = (await make_desk(MEASURED.replace("high_when = 1", "high_when = 4"))).desk.revisions.current
    noon, night = instant(NOON), instant(NOON + 12 * HOUR)
    mine = {PersonId("oleg"): 5, PersonId("vera"): 90}

    def measured(waiting: int, at: int = noon, *, was_high: bool = False) -> bool:
        return is_high(revision, MANAGERS, mine, waiting, at=at, was_high=was_high)  # type: ignore[arg-type] # an instant

    assert [measured(2), measured(3)] == [False, True]
    assert [measured(1, was_high=True), measured(0, was_high=True)] == [True, False]
    assert not measured(50, night)
