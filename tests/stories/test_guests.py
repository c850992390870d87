"""Whoever has a guest's account, or one of another workspace, is nobody of ours, whatever the desk says (S7)."""

from datetime import timedelta

from adapters.message import Channel
from bot.desk.people.offboarding import Offboarding
from bot.store import audit
from bot.tickets.command import Take
from routing.people import PersonId
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
SLACK = Channel.SLACK
VERA = PersonId("vera")
OUT = "The account of Vera Kova on Slack is a guest's or of another workspace"
REFUSED = "is for the desk's own people"


async def asked(desk: Story) -> None:
    """The desk asks about everybody, as at each start, once a day, and where people came."""
    assert await desk.desk.closed_meanwhile.once()
    await desk.settle()
    await desk.desk.refresh()
    await desk.settle()


async def deeds(desk: Story, action: str) -> list[audit.Deed]:
    return [one for one in await desk.database.read(lambda conn: audit.latest(conn, count=50)) if one.action == action]


async def test_a_guest_in_the_desk_directory_is_refused_and_the_admins_hear_of_it_once(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    desk.channels[SLACK].guests = frozenset({"T1/U1"})
    await asked(desk)
    desk.expect_alert("dana", containing=OUT)
    assert (await desk.ticket()).assignee == "oleg"
    desk.forget()

    answer = await desk.presses("vera", "ticket.take")
    assert REFUSED in answer.text
    answer = await desk.channels[SLACK].command("T1/U1", "desk", "queue")
    assert REFUSED in answer.text
    await desk.channels[SLACK].says("T1/U1", "We are on it", reply_to=None)
    await desk.settle()
    assert [one.actor for one in await deeds(desk, "refused")] == ["slack:T1/U1"] * 3
    assert not await desk.is_there(2)
    await asked(desk)
    desk.expect_quiet()


async def test_an_account_that_becomes_a_guests_is_out_as_slack_says_it(desk: Story) -> None:
    for _ in range(2):
        await desk.channels[SLACK].becomes("T1/U1", "guest", by="T1/U1")
        await desk.settle()
    await desk.desk.refresh()
    desk.expect_alert("dana", containing=OUT)
    desk.expect_ping("oleg", containing="Vera Kova is away")
    assert len(await deeds(desk, "shut out")) == 1
    await desk.fast_forward(minutes=5)
    desk.expect_quiet()


async def test_a_guest_whom_an_admin_let_in_stays_in_until_the_account_is_closed(desk: Story) -> None:
    desk.channels[SLACK].guests = frozenset({"T1/U1"})
    await asked(desk)
    desk.forget()
    out = Offboarding(desk.desk.revisions, desk.desk.directory)
    assert await desk.database.write(lambda conn: out.let_in(conn, VERA, by="dana", now=desk.time.at))
    await desk.desk.refresh()
    await desk.receives(sender="lena", text="Payroll failed")
    await asked(desk)
    await desk.channels[SLACK].becomes("T1/U1", "guest", by="T1/U1")
    await desk.fast_forward(seconds=timedelta(minutes=2).total_seconds())
    await desk.does("vera", Take())
    assert (await desk.ticket()).assignee == "vera"
    desk.forget()

    desk.channels[SLACK].closed = frozenset({"T1/U1"})
    await asked(desk)
    desk.expect_alert("dana", containing="The account of Vera Kova on Slack was closed")


async def test_a_guest_who_is_no_person_of_the_desk_is_anybody(make_desk: MakeStory) -> None:
    desk = await make_desk()
    await desk.channels[SLACK].becomes("T1/U77", "guest", by="T1/U77")
    await desk.settle()
    assert await deeds(desk, "shut out") == []
    answer = await desk.channels[SLACK].command("T1/U77", "desk", "queue")
    assert REFUSED in answer.text
    assert [one.actor for one in await deeds(desk, "refused")] == ["slack:T1/U77"]
    desk.expect_quiet()


async def test_a_guest_whom_nobody_has_asked_about_yet_is_asked_about_as_they_press(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    desk.channels[SLACK].guests = frozenset({"T1/U1"})
    answer = await desk.presses("vera", "ticket.take")
    assert REFUSED in answer.text
    await desk.desk.refresh()
    await desk.settle()
    desk.expect_alert("dana", containing=OUT)
    assert (await desk.ticket()).assignee == "oleg"
    assert [one.actor for one in await deeds(desk, "refused")] == ["slack:T1/U1"]
    desk.forget()
    await asked(desk)
    desk.expect_quiet()


async def test_while_nobody_can_tell_whose_account_it_is_a_press_does_nothing_and_may_be_repeated(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    desk.channels[SLACK].is_mute = True
    for _ in range(2):
        answer = await desk.presses("vera", "ticket.take")
        assert "Nothing was done" in answer.text
    assert (await desk.ticket()).status == "new"
    desk.channels[SLACK].is_mute = False
    assert (await desk.presses("vera", "ticket.take")).text == "Done."
    desk.channels[SLACK].is_mute = True
    assert (await desk.presses("vera", "ticket.note", text="Bank is slow")).text == "Done."
    assert await deeds(desk, "refused") == []
    desk.forget()
    desk.expect_quiet()
