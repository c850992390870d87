"""The journal: kept once whatever is redelivered, decided in the order of each lane, never thrown away."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from adapters.message import Channel
from adapters.port import Cursor, Fence, Raw
from bot.store import journal, leases
from bot.store.driver.committer import Committer
from bot.store.driver.database import Database
from bot.store.driver.engine import open_database
from bot.store.errors import LeaseLostError
from sla.duration import Instant, later
from tests.contract.store.rows import AT, raw

NOW = Instant(1_000)


async def keep(database: Database, *raws: Raw, cursor: Cursor | None = None) -> Sequence[tuple[int, str]]:
    (kept,) = await database.write(lambda conn: journal.keep(conn, [(raws, cursor, NOW)]))
    return kept


async def listed(database: Database, *states: str) -> list[str]:
    rows = await database.read(lambda conn: journal.listing(conn, states=states, count=10))
    return [row.external_id for row in rows]


async def test_a_payload_is_kept_as_it_came(database: Database) -> None:
    payload = bytes(range(256))

    ((number, lane),) = await keep(database, raw("m1", lane="inapp:desk:7", payload=payload))

    kept = await database.read(lambda conn: journal.show(conn, number))
    assert kept is not None
    assert lane == kept.lane == "inapp:desk:7"
    assert (kept.payload, kept.state, kept.key) == (payload, "new", "inapp:desk:m1")
    assert kept.received_at == int(AT.timestamp() * 1000)


async def test_a_redelivery_is_recognised_by_its_key(database: Database) -> None:
    first = await keep(database, raw("m1"), raw("m2"))
    again = await keep(database, raw("m2", payload=b"changed"), raw("m3"), raw("m3"))

    assert len(first) == 2
    assert len(again) == 1
    assert await listed(database, "new") == ["m3", "m2", "m1"]


async def test_deliveries_of_one_batch_each_learn_what_was_new(committer: Committer) -> None:
    deliveries = [(raw("m1"),), (raw("m1"), raw("m2")), (), (raw("m2"),)]

    kept = await asyncio.gather(*(committer.commit(journal.keep, (one, None, NOW)) for one in deliveries))

    assert [len(one) for one in kept] == [1, 1, 0, 0]


async def test_the_cursor_moves_with_its_payloads(database: Database) -> None:
    await keep(database, raw("m1"), cursor=Cursor(Channel.INAPP, "desk", "41"))
    await keep(database, cursor=Cursor(Channel.INAPP, "desk", "42"))

    assert await database.read(lambda conn: journal.cursor_of(conn, "inapp", "desk")) == "42"
    assert await database.read(lambda conn: journal.cursor_of(conn, "telegram", "desk")) is None


async def test_what_is_new_is_found_in_its_order(database: Database) -> None:
    kept = await keep(database, raw("m1", lane="a"), raw("m2", lane="b"), raw("m3", lane="a"))
    ids = [number for number, _ in kept]

    assert await database.read(lambda conn: journal.fresh(conn, after=0, count=2)) == list(kept[:2])
    assert await database.read(lambda conn: journal.fresh(conn, after=ids[1], count=9)) == [kept[2]]
    assert await database.read(journal.oldest_unprocessed) == int(AT.timestamp() * 1000)

    await database.write(lambda conn: journal.done(conn, ids))

    assert await database.read(lambda conn: journal.fresh(conn, after=0, count=9)) == []
    assert await database.read(journal.oldest_unprocessed) is None


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        pytest.param(["m1"], ["m1"], id="the first of a lane"),
        pytest.param(["m2"], [], id="the second before the first"),
        pytest.param(["m1", "m2"], ["m1", "m2"], id="both in order"),
        pytest.param(["m2", "m3"], ["m3"], id="another lane meanwhile"),
        pytest.param(["m4", "m5"], ["m4", "m5"], id="payloads of no lane"),
        pytest.param([], [], id="nothing"),
    ],
)
async def test_a_lane_is_claimed_in_its_order(database: Database, asked: list[str], given: list[str]) -> None:
    lanes = {"m1": "a", "m2": "a", "m3": "b", "m4": "", "m5": ""}
    kept = await keep(database, *(raw(name, lane=lane) for name, lane in lanes.items()))
    number = dict(zip(lanes, (number for number, _ in kept), strict=True))

    claimed = await database.write(lambda conn: journal.claim(conn, [number[name] for name in asked]))

    assert [one.external_id for one in claimed] == given


async def test_what_is_decided_is_not_claimed_again(database: Database) -> None:
    ((number, _),) = await keep(database, raw("m1", lane="a"))
    await database.write(lambda conn: journal.done(conn, [number]))

    assert await database.write(lambda conn: journal.claim(conn, [number])) == []


async def test_what_cannot_be_read_is_put_aside_and_everything_behind_it_flows(database: Database) -> None:
    kept = await keep(database, raw("m1", lane="a"), raw("m2", lane="a"), raw("m3", lane="a"))
    poison, unknown, good = (number for number, _ in kept)

    def put_aside(conn: Connection) -> None:
        journal.end(conn, {poison: ("dead", "not JSON"), unknown: ("parked", "a poll")})

    await database.write(put_aside)

    claimed = await database.write(lambda conn: journal.claim(conn, [good]))
    assert [one.id for one in claimed] == [good]
    assert await listed(database, "dead") == ["m1"]
    assert await listed(database, "dead", "parked") == ["m2", "m1"]
    assert await database.read(journal.counts) == (1, 1)


async def test_a_dead_letter_can_be_tried_again_or_closed_and_is_never_deleted(database: Database) -> None:
    kept = await keep(database, raw("m1"), raw("m2"), raw("m3"))
    first, second, third = (number for number, _ in kept)

    def change(conn: Connection) -> tuple[int, int]:
        journal.end(conn, dict.fromkeys((first, second), ("dead", "not JSON")))
        journal.done(conn, [third])
        return journal.retry(conn, [first, third]), journal.discard(conn, [second, third], reason="noise")

    assert await database.write(change) == (1, 1)

    discarded = await database.read(lambda conn: journal.show(conn, second))
    assert discarded is not None
    assert (discarded.state, discarded.reason, discarded.payload) == ("discarded", "noise", b"{}")
    assert await listed(database, "new") == ["m1"]
    assert await listed(database, "done") == ["m3"]


async def keep_decided(database: Database, *raws: Raw, most: int = 9) -> tuple[list[str], list[str]]:
    """By their external ids: what is new, and of it what is decided as it is kept."""
    (kept,), taken = await database.write(lambda conn: journal.keep_decided(conn, [(raws, None, NOW)], most=most))
    names = {number: one.external_id for number, one in taken}
    shown = [await database.read(partial(journal.show, number=number)) for number, _ in kept]
    assert [one.state for one in shown if one] == ["done" if number in names else "new" for number, _ in kept]
    return [one.external_id for one in shown if one], list(names.values())


async def test_what_has_nothing_in_front_of_it_is_kept_as_decided(database: Database) -> None:
    lanes = {"m1": "a", "m2": "a", "m3": "b", "m4": "", "m5": ""}

    new, decided = await keep_decided(database, *(raw(name, lane=lane) for name, lane in lanes.items()))

    assert new == ["m1", "m2", "m3", "m4", "m5"]
    assert decided == ["m1", "m3", "m4", "m5"]
    assert await listed(database, "new") == ["m2"]


async def test_nothing_is_decided_before_what_waits_in_its_lane(database: Database) -> None:
    ((first, _),) = await keep(database, raw("m1", lane="a"))

    assert await keep_decided(database, raw("m2", lane="a"), raw("m3", lane="b")) == (["m2", "m3"], ["m3"])

    await database.write(lambda conn: journal.end(conn, {first: ("dead", "not JSON")}))
    assert await keep_decided(database, raw("m4", lane="a")) == (["m4"], [])
    assert await listed(database, "new") == ["m4", "m2"]


async def test_what_came_before_is_not_decided_again(database: Database) -> None:
    assert await keep_decided(database, raw("m1"), raw("m1")) == (["m1"], ["m1"])
    assert await keep_decided(database, raw("m1"), raw("m2")) == (["m2"], ["m2"])


async def test_no_more_is_decided_at_once_than_a_batch_holds(database: Database) -> None:
    assert await keep_decided(database, raw("m1"), raw("m2"), raw("m3"), most=2) == (["m1", "m2", "m3"], ["m1", "m2"])


async def test_what_could_not_be_decided_is_left_as_what_it_became(database: Database) -> None:
    def hear(conn: Connection) -> None:
        _, taken = journal.keep_decided(conn, [((raw("m1"), raw("m2"), raw("m3")), None, NOW)], most=9)
        (first, _), (second, _), _ = taken
        journal.leave(conn, {first: ("dead", "not JSON"), second: ("new", journal.BEHIND)})

    await database.write(hear)

    assert await listed(database, "dead") == ["m1"]
    assert await listed(database, "new") == ["m2"]
    assert await listed(database, "done") == ["m3"]


async def test_two_claimers_never_decide_one_lane_out_of_order(database_url: str) -> None:
    """Each replica takes whatever it may; the order in which payloads are decided must be that of each lane."""
    replicas = [await open_database(database_url) for _ in range(2)]
    names = [(f"m{n}", f"lane {n % 3}") for n in range(60)]
    kept = await keep(replicas[0], *(raw(name, lane=lane) for name, lane in names))
    ids = [number for number, _ in kept]
    decided: list[int] = []

    async def work(database: Database) -> None:
        while await database.read(lambda conn: journal.fresh(conn, after=0, count=1)):
            wanted = [n for n, _ in await database.read(lambda conn: journal.fresh(conn, after=0, count=7))]
            await database.write(partial(decide, wanted=wanted))

    def decide(conn: Connection, wanted: Sequence[int]) -> None:
        claimed = [one.id for one in journal.claim(conn, wanted)]
        journal.done(conn, claimed)
        decided.extend(claimed)

    await asyncio.gather(*(work(one) for one in replicas))

    assert sorted(decided) == ids
    for lane in range(3):
        of_lane = [number for number in decided if ids.index(number) % 3 == lane]
        assert of_lane == sorted(of_lane)
    for one in replicas:
        await one.close()


async def test_a_cursor_is_kept_only_while_its_fence_is_held(database: Database, committer: Committer) -> None:
    name, hold_for = "telegram:1", timedelta(minutes=1)
    epoch = await database.write(lambda conn: leases.acquire(conn, name, owner="first", lease_for=hold_for))
    assert epoch is not None

    def cursor(value: str, held: int) -> Cursor:
        return Cursor(Channel.TELEGRAM, "desk", value, Fence(name, held))

    await committer.commit(journal.keep, ([raw("m1")], cursor("1:2", epoch), NOW))
    late = ([raw("m2")], cursor("1:3", epoch - 1), NOW)
    beside = ([raw("m3")], None, NOW)
    lost, kept = await committer.commit_all(journal.keep, [late, beside])

    assert isinstance(lost, LeaseLostError)
    assert not isinstance(kept, BaseException)
    assert await listed(database, "new") == ["m3", "m1"]
    assert await database.read(lambda conn: journal.last_read(conn, Channel.TELEGRAM, "desk")) == ("1:2", NOW)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param("1:7", "1:9", id="behind what another process kept"),
        pytest.param("1:10", "1:10", id="further, though its letters come before"),
        pytest.param("2:3", "2:3", id="of another bot"),
    ],
)
async def test_a_cursor_that_several_move_does_not_go_back(database: Database, value: str, kept: str) -> None:
    def cursor(value: str) -> Cursor:
        return Cursor(Channel.TELEGRAM, "desk", value, rests_for=timedelta(days=7))

    await keep(database, cursor=cursor("1:9"))
    await keep(database, raw("m1"), cursor=cursor(value))
    assert await database.read(lambda conn: journal.cursor_of(conn, Channel.TELEGRAM, "desk")) == kept


async def test_a_cursor_that_several_move_begins_anew_after_its_rest(database: Database) -> None:
    async def moved(value: str, now: Instant) -> str | None:
        at = Cursor(Channel.TELEGRAM, "desk", value, rests_for=timedelta(days=7))
        await database.write(lambda conn: journal.keep(conn, [((), at, now)]))
        return await database.read(lambda conn: journal.cursor_of(conn, Channel.TELEGRAM, "desk"))

    assert await moved("1:9", NOW) == "1:9"
    assert await moved("1:3", later(NOW, timedelta(days=7))) == "1:3"
    assert await moved("1:2", later(NOW, timedelta(days=7, seconds=1))) == "1:3"


async def test_deliveries_of_one_batch_keep_the_highest(database: Database) -> None:
    def one(value: str) -> journal.Delivery:
        return (), Cursor(Channel.TELEGRAM, "desk", value, rests_for=timedelta(days=7)), NOW

    await database.write(lambda conn: journal.keep(conn, [one("1:8"), one("1:9"), one("1:7")]))
    assert await database.read(lambda conn: journal.cursor_of(conn, Channel.TELEGRAM, "desk")) == "1:9"


async def test_a_channel_that_was_never_read_has_no_last_reading(database: Database) -> None:
    assert await database.read(lambda conn: journal.last_read(conn, Channel.TELEGRAM, "desk")) is None
