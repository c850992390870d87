"""Whoever came first goes first, lane by lane."""

import asyncio

from adapters.slack.turns import Turns


async def test_who_came_later_does_not_overtake_in_its_lane_and_other_lanes_do_not_wait() -> None:
    turns, gate, order = Turns(), asyncio.Event(), list[str]()

    async def go(name: str, lane: str, *, is_held_up: bool = False) -> None:
        async with turns.turn(lane):
            if is_held_up:
                await gate.wait()
            order.append(name)

    held_up = asyncio.create_task(go("first", "a", is_held_up=True))
    behind = [asyncio.create_task(go(name, "a")) for name in ("second", "third")]
    await asyncio.gather(go("elsewhere", "b"), go("nowhere", ""))
    assert order == ["elsewhere", "nowhere"]

    gate.set()
    await asyncio.gather(held_up, *behind)
    assert order[2:] == ["first", "second", "third"]


async def test_who_gives_up_holds_nobody_up_and_lets_nobody_overtake() -> None:
    turns, gate, order = Turns(), asyncio.Event(), list[int]()

    async def go(number: int) -> None:
        async with turns.turn("a"):
            await gate.wait()
            order.append(number)

    tasks = [asyncio.create_task(go(number)) for number in range(5)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    tasks[2].cancel()
    await asyncio.wait(tasks[1:3])
    assert order == []
    gate.set()
    await asyncio.wait(tasks)
    assert order == [0, 3, 4]

    async with asyncio.timeout(60), turns.turn("a"):
        order.append(9)
    assert order[-1] == 9
