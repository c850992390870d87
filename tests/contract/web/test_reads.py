"""What the board and the command line read, on both databases."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from adapters.message import Attachment, Channel, Untrusted
from bot.store.delivery.alerts import alerts_of
from bot.store.reading import queue, reads
from bot.store.reading.marks import mark
from bot.store.reading.queue import Among, Wanted
from bot.tickets import command as c
from routing.people import ClientId, PersonId
from sla.duration import Instant
from tests.contract.web.served import board_of_story
from tests.harness import Story

DIGEST = "a" * 64


@pytest.fixture(params=["sqlite", "postgresql"])
async def story(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Story]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    async with board_of_story(tmp_path, url=url) as board:
        yield board.story


async def numbers(story: Story, wanted: Wanted = Wanted()) -> list[int]:  # noqa: B008 - a value
    return [one.ticket.id for one in await story.desk.database.read(lambda conn: queue.tickets(conn, wanted))]


async def test_lists_by_time_left_person_client_and_state(story: Story) -> None:
    await story.receives(sender="lena", text="One")
    await story.fast_forward(minutes=30)
    await story.receives(Channel.EMAIL, sender="bill", text="[critical] Two")
    await story.receives(Channel.SLACK, sender="taras", text="Three")
    await story.receives(Channel.INAPP, sender="bill", text="Four")
    assert await numbers(story) == [2, 1, 3, 4]
    await story.does("mira", c.Resolve(), ticket=4)
    await story.does("oleg", c.AskDetails("Which?"), ticket=3)
    await story.fast_forward(minutes=31)
    assert await numbers(story) == [2, 1, 3], "what is late for longer comes first"
    assert await numbers(story, Wanted(among=Among.WAITING)) == [3]
    assert await numbers(story, Wanted(among=Among.LATELY)) == [4]
    assert await numbers(story, Wanted(among=Among.ALL)) == [2, 1, 3, 4]
    assert await numbers(story, Wanted(among=Among.ALL, limit=2)) == [2, 1]
    assert await numbers(story, Wanted(assignee=PersonId("vera"))) == [1]
    assert await numbers(story, Wanted(client=ClientId("initech"), among=Among.ALL)) == [2, 4]


async def test_a_list_knows_what_was_said_last_and_by_which_side(story: Story) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    (one,) = await story.desk.database.read(lambda conn: queue.tickets(conn, Wanted()))
    assert (one.contact, one.words, one.is_ours) == ("Lena", "Payroll failed", False)
    await story.does("vera", c.Reply("Looking"))
    (one,) = await story.desk.database.read(lambda conn: queue.tickets(conn, Wanted()))
    assert (one.words, one.is_ours, one.clocks) == ("Looking", True, ())


async def test_a_tally_counts_what_is_open_and_what_was_kept(story: Story) -> None:
    await story.receives(sender="lena", text="One")
    await story.receives(Channel.EMAIL, sender="bill", text="Two")
    await story.does("vera", c.Reply("Here"))
    tally = await story.desk.database.read(
        lambda conn: queue.tally(conn, person=PersonId("vera"), since=Instant(story.time.at - 3_600_000))
    )
    assert (tally.open, tally.mine, tally.waiting, tally.running, tally.unassigned) == (2, 1, 0, 1, 0)
    assert (tally.kept, tally.settled) == (1, 1)


async def test_a_page_brings_everything_around_a_ticket(story: Story) -> None:
    file = Attachment(Untrusted("report.pdf"), "application/pdf", 2048, DIGEST)
    await story.receives(sender="lena", text="Payroll failed", attachments=(file,))
    await story.does("oleg", c.AddNote("Again"))
    await story.does("vera", c.Reply("Looking"))
    await story.fast_forward(seconds=5)
    page = await story.page()
    assert [(line.direction, line.kind) for line in page.lines] == [
        ("in", "message"),
        ("out", "auto"),
        ("out", "reply"),
    ]
    assert page.lines[0].attachments == (file,)
    assert [note.text for note in page.notes] == ["Again"]
    assert [event.what for event in page.events] == ["opened", "assigned", "noted", "replied"]
    assert {delivery.state for delivery in page.deliveries.values()} == {"sent"}
    assert ("telegram:1001", True) in page.addresses
    assert [clock.metric for clock in page.facts.clocks] == ["first_response"]


async def test_a_conversation_is_followed_by_its_changes(story: Story) -> None:
    await story.receives(Channel.INAPP, sender="lena", text="One", address="user-17")
    key = story.channels[Channel.INAPP].conversation("user-17").key
    heads = await story.desk.database.read(lambda conn: reads.heads(conn, [key, "inapp:desk:nobody"]))
    lines = await story.desk.database.read(lambda conn: reads.lines_of_conversation(conn, key, 0))
    assert heads == {key: max(line.rev for line in lines)}
    await story.does("vera", c.Reply("Two"))
    await story.settle()
    after = await story.desk.database.read(lambda conn: reads.lines_of_conversation(conn, key, heads[key]))
    assert [line.text for line in after] == ["Two"]


async def test_a_file_belongs_to_the_conversation_it_was_sent_in(story: Story) -> None:
    file = Attachment(Untrusted("report.pdf"), "application/pdf", 2048, DIGEST)
    await story.receives(Channel.INAPP, sender="lena", text="One", attachments=(file,), address="user-17")
    inapp = story.channels[Channel.INAPP]
    own, other = (inapp.conversation(address).key for address in ("user-17", "user-37"))
    assert await story.desk.database.read(lambda conn: reads.may_read_file(conn, own, DIGEST))
    assert not await story.desk.database.read(lambda conn: reads.may_read_file(conn, other, DIGEST))
    assert await story.desk.database.read(lambda conn: reads.file_named(conn, DIGEST)) == file
    assert await story.desk.database.read(lambda conn: reads.file_named(conn, "b" * 64)) is None


async def test_alerts_are_the_latest_word_and_end_with_an_acknowledgement(story: Story) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    await story.fast_forward(minutes=61)

    async def told() -> list[tuple[bool, bool]]:
        found = await story.desk.database.read(lambda conn: alerts_of(conn, PersonId("dana")))
        return [(alert.is_alert, alert.is_pending) for alert in found]

    assert await told() == [(True, True), (True, False)]
    await story.does("dana", c.Acknowledge())
    assert await told() == [(True, False), (True, False)]


async def test_a_mark_moves_with_whatever_people_can_see(story: Story) -> None:
    seen = await story.desk.database.read(mark)
    assert await story.desk.database.read(mark) == seen
    await story.receives(sender="lena", text="One")
    assert await story.desk.database.read(mark) != seen


@pytest.mark.parametrize(
    ("query", "index"),
    [
        pytest.param(queue.broken, "ix_clock_settled", id="what is broken"),
        pytest.param(queue.running, "ix_ticket_queue", id="what is due soonest"),
        pytest.param(queue.resting, "ix_ticket_queue", id="what rests"),
    ],
)
async def test_the_queue_reads_its_own_small_index(
    tmp_path: Path, query: Callable[[Wanted], object], index: str
) -> None:
    sql = str(query(Wanted())).replace(":limit", "10")
    async with board_of_story(tmp_path) as board:
        plan = await board.story.desk.database.read(
            lambda conn: " ".join(str(row) for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))
        )
    assert index in plan
