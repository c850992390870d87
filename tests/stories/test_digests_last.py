"""Alerts leave before edits, edits before digests; and a digest leaves all the same where there is always more."""

from datetime import UTC, datetime, timedelta

from adapters.errors import TemporaryError
from adapters.message import Channel
from bot.tickets.command import Reply
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

SLACK = Channel.SLACK
MORNING = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)


async def one_card_and_a_night(make_desk: MakeStory) -> Story:
    """Oleg has a card since yesterday, and two tickets wait for his shift."""
    desk = await make_desk(start=NOON)
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.does("oleg", Reply("Try again, please"))
    await desk.go_to(MORNING - timedelta(hours=10))
    await desk.receives(Channel.EMAIL, sender="taras", text="The export hangs")
    await desk.receives(Channel.INAPP, sender="taras", text="The login is slow")
    await desk.go_to(MORNING - timedelta(seconds=5))
    desk.forget()
    return desk


async def test_a_digest_leaves_after_what_changes_on_cards(make_desk: MakeStory) -> None:
    desk = await one_card_and_a_night(make_desk)
    desk.channels[SLACK].fail_next(TemporaryError("slow down", retry_after=timedelta(seconds=20)))
    await desk.go_to(MORNING)
    await desk.receives(sender="taras", text="It fails again")
    desk.expect_nothing("oleg", SLACK)
    await desk.fast_forward(seconds=25)

    seen = desk.seen("oleg")
    beginnings = [
        "Taras wrote on T-1",
        "T-2 · Globex",
        "T-3 · Globex",
        "Taras\n",
        "T-1 · Globex",
        "2 tickets waited for you",
    ]
    assert [one.text[: len(words)] for one, words in zip(seen, beginnings, strict=True)] == beginnings
    assert [one.is_edit for one in seen] == [False, False, False, False, True, False]
    desk.forget()
    await desk.fast_forward(minutes=5)
    desk.expect_quiet()


async def test_a_digest_behind_an_edit_that_has_to_wait_leaves_within_two_minutes(make_desk: MakeStory) -> None:
    desk = await one_card_and_a_night(make_desk)
    busy = TemporaryError("as many edits as it bears", retry_after=timedelta(hours=1), is_alone=True)
    desk.channels[SLACK].fail_next(busy)
    await desk.receives(sender="taras", text="Well?")  # the card stands, and cannot be drawn anew for an hour
    await desk.go_to(MORNING)
    assert not [one for one in desk.seen("oleg") if "tickets waited for you" in one.text]
    await desk.fast_forward(minutes=2)
    desk.expect_ping("oleg", containing="3 tickets waited for you")
    assert not [one for one in desk.seen("oleg") if one.is_edit and "T-1 · Globex" in one.text]
    desk.forget()
    await desk.fast_forward(minutes=2)
    desk.expect_quiet()
