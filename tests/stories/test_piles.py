"""So many promises break at once that nobody could read them one by one: each person hears once, the worst on top."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.desk.ticker import BATCH
from bot.tickets.command import Reply, Resolve
from sla.clock import State
from tests.harness import NOON, Seen, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgres")

FRIDAY = NOON + timedelta(days=3)


async def written(story: Story, texts: list[str], *, first: int = 5000) -> None:
    """People nobody knows write, each in a conversation of their own; Oleg and Mira share the tickets."""
    for place, text in enumerate(texts, first):
        await story.arrives(sender=str(place), text=text)
    await story.settle()
    story.forget()


def told(story: Story, person: str) -> list[Seen]:
    """What somebody was told as a message of its own."""
    return [one for one in story.seen(person) if not one.is_edit]


async def test_after_three_days_each_person_hears_once_and_of_the_few_critical_ones(make_desk: MakeStory) -> None:
    story = await make_desk()
    await written(story, ["Export failed"] * 98 + ["Payroll is down"] * 2)
    await story.does("mira", Reply("Fixed"), ticket=1)
    await story.does("oleg", Resolve("Fixed"), ticket=2)
    story.forget()
    await story.sleep_until(FRIDAY)

    for person, count in (("oleg", 48), ("mira", 48), ("dana", 96)):
        seen = told(story, person)
        digest = story.expect_alert(person, containing=f"{count} promises need you; the most pressing:")
        assert (len(digest.splitlines()), digest.splitlines()[-1]) == (12, f"and {count - 10} more")
        assert "overdue since March 3, 13:00, noticed 12:00" in digest
        grave = [one for one in seen if "promises need you" not in one.text]
        assert len(grave) == (2 if person == "dana" else 1)
        assert all("T-99 " in one.text or "T-100 " in one.text for one in grave)
        assert all("T-1 " not in one.text and "T-2 " not in one.text for one in seen)
    assert (await story.clock("first_response", 50)).breached_at == (await story.clock("first_response", 50)).due_at
    story.forget()
    await story.fast_forward(days=1)
    story.expect_quiet()


@pytest.mark.parametrize("count", [pytest.param(BATCH, id="exactly"), pytest.param(BATCH + 1, id="one more than")])
async def test_as_many_as_are_looked_at_together_are_one_digest_too(make_desk: MakeStory, count: int) -> None:
    story = await make_desk()
    await story.go_to(FRIDAY + timedelta(days=1))
    await written(story, ["Export failed"] * count)
    await story.sleep_until(FRIDAY + timedelta(days=3, hours=8))

    clocks = [await story.clock("first_response", number) for number in range(1, count + 1)]
    assert {(one.state, one.breached_at) for one in clocks} == {(State.BREACHED, clocks[0].due_at)}
    story.expect_alert("dana", containing=f"{count} promises need you")
    story.expect_nothing("dana")
    story.forget()
    await story.fast_forward(hours=1)
    story.expect_nothing("dana")


async def test_many_critical_ones_stand_on_top_of_the_digest(make_desk: MakeStory) -> None:
    story = await make_desk()
    await written(story, ["Export failed"] * 10 + ["Payroll is down"] * 10)
    await story.sleep_until(FRIDAY)
    digest = story.expect_alert("dana", containing="20 promises need you")
    lines = digest.splitlines()[1:]
    assert [line.split()[0] for line in lines[:-1]] == [f"T-{number}" for number in range(11, 21)]
    assert lines[-1] == "and 10 more"
    assert len(told(story, "dana")) == 0


async def test_three_at_once_are_told_one_by_one(make_desk: MakeStory) -> None:
    story = await make_desk()
    await written(story, ["Export failed"] * 3)
    await story.sleep_until(FRIDAY)
    assert [one.text.split()[0] for one in told(story, "dana")] == ["T-1", "T-2", "T-3"]
    assert await story.outbox("dropped") == []


async def test_what_falls_due_at_one_closing_is_one_digest(make_desk: MakeStory) -> None:
    story = await make_desk()
    await written(story, ["Export failed"] * 8)
    await story.go_to(NOON + timedelta(minutes=59, seconds=59))
    story.forget()
    await story.go_to(NOON + timedelta(minutes=61))
    story.expect_alert("dana", containing="8 promises need you")
    for person in ("oleg", "mira"):
        story.expect_alert(person, containing="4 promises need you")
    story.expect_quiet()


async def test_what_is_answered_before_it_is_told_is_told_to_nobody(make_desk: MakeStory) -> None:
    story = await make_desk()
    await written(story, ["Export failed"] * 70)
    story.time.at += 3 * 86_400_000  # type: ignore[assignment] # down for three days; then one batch, and no more
    await story.desk.ticker.once()
    held = [row for row in await story.outbox("pending") if row.what == "ping"]
    assert held
    assert all(row.not_before > row.created_at for row in held)
    first = held[-1].ticket_id or 0
    await story.does("mira", Reply("Fixed"), ticket=first)
    dropped = [row for row in await story.outbox("dropped") if row.ticket_id == first]
    assert {row.error for row in dropped} == {"the client has been answered"}
    story.expect_alert("dana", containing="69 promises need you")


async def test_a_process_that_dies_in_the_middle_leaves_nothing_untold(make_desk: MakeStory) -> None:
    story = await make_desk()
    await written(story, ["Export failed"] * 70)
    story.time.at += 3 * 86_400_000  # type: ignore[assignment] # down for three days; then one batch, and it is killed
    await story.desk.ticker.once()
    await story.dies()
    await story.settle()
    story.expect_alert("dana", containing="70 promises need you")
    assert told(story, "dana") == []


async def test_an_alert_that_nobody_gathers_leaves_by_itself(make_desk: MakeStory) -> None:
    story = await make_desk()
    await written(story, ["Export failed"] * 70)
    story.time.at += 3 * 86_400_000  # type: ignore[assignment] # as above; the next process sends and does not tick
    await story.desk.ticker.once()
    story.time.at += 61_000  # type: ignore[assignment]
    while await story.desk.sender.once():
        await story.desk.sender.drain()
    assert told(story, "dana")
    assert Channel.SLACK in {one.channel for one in told(story, "dana")}
