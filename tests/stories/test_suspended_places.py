"""A client's channel that others read than before is nobody's until an admin has looked at it."""

import pytest

from adapters.message import Channel
from bot.store import audit
from bot.store.channels import suspended
from bot.tickets.command import Reply
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
SLACK = Channel.SLACK
PLACE, ALERTS = "T1/C1", "T1/C0ALERTS"
IN_SLACK = ("channels = { telegram = [-1001234] }", f'channels = {{ slack = ["{PLACE}"] }}')
WITH_ALERTS = ('public_plan = "public"', f'public_plan = "public"\nalerts = {{ slack = "{ALERTS}" }}')
TITLE = "Acme: others than before may read their channel on Slack (T1/C1)."
MEND = f"maitred place confirm slack {PLACE}"


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    return await make_desk(story_desk(IN_SLACK))


async def says(desk: Story, text: str, *, ts: str, thread: str | None = None, sender: str = "T2/U9") -> None:
    """Somebody writes in Acme's channel: at its top, or in a thread of it."""
    under = None if thread is None else f"C1:{thread}"
    await desk.channels[SLACK].says(
        f"{PLACE}#{thread or ts}", text, sender=sender, name=sender, external_id=f"C1:{ts}", reply_to=under
    )
    await desk.settle()


async def is_shared(desk: Story, place: str = PLACE) -> None:
    await desk.channels[SLACK].becomes(place, "shared")
    await desk.settle()


async def confirmed(desk: Story, place: str = PLACE) -> bool:
    """An admin confirms it in another process; the desk notices within a second."""
    at = desk.time.at
    found = await desk.database.write(lambda conn: suspended.confirm(conn, SLACK, place, at=at))
    await desk.desk.refresh()
    return found


def told(desk: Story, thread: str) -> list[str]:
    return [one.text for one in desk.channels[SLACK].messages(f"{PLACE}#{thread}")]


async def serves(desk: Story, number: int) -> tuple[str | None, str, bool]:
    ticket = await desk.ticket(number)
    return ticket.client, ticket.plan, ticket.is_verified


AS_ACME = ("acme", "premium", True)
AS_STRANGERS = (None, "public", False)


async def test_admins_hear_what_to_do_and_the_clients_manager_hears_who_reads_along(desk: Story) -> None:
    await is_shared(desk)
    assert MEND in desk.expect_alert("dana", containing=TITLE)
    assert MEND not in desk.expect_alert("vera", containing=TITLE)
    (deed, *_) = await desk.database.read(lambda conn: audit.latest(conn, count=1))
    assert (deed.actor, deed.action, deed.subject) == ("slack", "suspended", f"place:slack:{PLACE}")
    desk.expect_quiet()


async def test_until_then_whoever_writes_there_is_a_stranger(desk: Story) -> None:
    await is_shared(desk)
    desk.forget()
    await says(desk, "Payroll failed", ts="1.0", sender="T9/U77")
    assert await serves(desk, 1) == AS_STRANGERS
    assert "Vera" not in told(desk, "1.0")[0]
    desk.forget()
    desk.expect_quiet()


async def test_nor_is_somebody_believed_there_whom_the_directory_knows(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_SLACK))
    lena = desk.identity("lena", SLACK).address
    await is_shared(desk)
    await says(desk, "Payroll failed", ts="1.0", sender=lena)
    assert await serves(desk, 1) == AS_STRANGERS
    await desk.receives(SLACK, sender="lena", text="And this is for you alone")
    assert await serves(desk, 2) == AS_ACME


async def test_a_thread_of_the_clients_is_not_gone_on_with_nor_told_of(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    await is_shared(desk)
    desk.forget()
    await says(desk, "!status", ts="2.0", thread="1.0", sender="T9/U77")
    assert "Payroll failed" not in told(desk, "1.0")[-1]
    await says(desk, "What is this about?", ts="3.0", thread="1.0", sender="T9/U77")
    await says(desk, "Hello?", ts="4.0", thread="1.0", sender="T9/U77")
    assert [line.text for line in await desk.lines(1) if line.direction == "in"] == ["Payroll failed"]
    assert await serves(desk, 2) == AS_STRANGERS
    heard = [line.text for line in await desk.lines(2) if line.direction == "in"]
    assert heard == ["What is this about?", "Hello?"]
    assert not await desk.is_there(3)


async def test_one_of_ours_still_answers_there(desk: Story) -> None:
    await says(desk, "Payroll failed", ts="1.0")
    await is_shared(desk)
    await says(desk, "Looking at it", ts="2.0", thread="1.0", sender="T1/U1")
    assert (await desk.clock("first_response")).state == "met"
    await desk.does("vera", Reply("By noon"))
    assert told(desk, "1.0")[-1] == "By noon"


async def test_confirmed_it_is_the_clients_again(desk: Story) -> None:
    await is_shared(desk)
    assert await confirmed(desk)
    await says(desk, "Payroll failed", ts="1.0", sender="T9/U77")
    assert await serves(desk, 1) == AS_ACME
    assert not await confirmed(desk)


async def test_shared_once_more_it_is_looked_at_once_more(desk: Story) -> None:
    await is_shared(desk)
    await confirmed(desk)
    await desk.fast_forward(minutes=1)
    desk.forget()
    await is_shared(desk)
    desk.expect_alert("dana", containing=TITLE)
    await says(desk, "Payroll failed", ts="1.0")
    assert await serves(desk, 1) == AS_STRANGERS


async def test_told_twice_by_slack_it_is_told_once_by_us(desk: Story) -> None:
    slack = desk.channels[SLACK]
    raw = await slack.becomes(PLACE, "shared")
    await desk.settle()
    await confirmed(desk)
    desk.forget()
    await slack.redelivers(raw)
    await desk.settle()
    desk.expect_quiet()
    await says(desk, "Payroll failed", ts="1.0")
    assert await serves(desk, 1) == AS_ACME


async def test_a_restart_and_another_edit_of_the_desk_change_nothing_about_it(desk: Story) -> None:
    await is_shared(desk)
    await desk.dies()
    await desk.apply(document(story_desk(IN_SLACK, ('name = "Acme"', 'name = "Acme Ltd"'))))
    await says(desk, "Payroll failed", ts="1.0")
    assert await serves(desk, 1) == AS_STRANGERS
    await confirmed(desk)
    await says(desk, "The export hangs", ts="900.0", sender="T2/U10")
    assert await serves(desk, 2) == AS_ACME


async def test_taken_out_of_the_directory_and_written_again_it_needs_no_confirming(desk: Story) -> None:
    await is_shared(desk)
    await desk.apply(document(story_desk()))
    await desk.apply(document(story_desk(IN_SLACK)))
    await says(desk, "Payroll failed", ts="1.0")
    assert await serves(desk, 1) == AS_ACME


async def test_a_channel_that_is_nobodys_is_shared_without_a_word(desk: Story) -> None:
    await is_shared(desk, "T1/C7")
    desk.expect_quiet()


async def test_a_place_of_our_own_is_left_until_it_is_confirmed(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_SLACK, WITH_ALERTS))
    await is_shared(desk, ALERTS)
    assert f"maitred place confirm slack {ALERTS}" in desk.expect_alert("dana", containing="Our own place on Slack")
    await says(desk, "Payroll failed", ts="1.0")
    await desk.fast_forward(minutes=61)
    assert not desk.channels[SLACK].shown(ALERTS)
    desk.expect_alert("dana", containing="first response is overdue")
    assert await confirmed(desk, ALERTS)
    await says(desk, "The export hangs", ts="9000.0")
    await desk.fast_forward(minutes=61)
    assert desk.channels[SLACK].shown(ALERTS)
