"""Whoever leaves us may do nothing here within the minute, wherever they still have a button, a window or a page."""

from datetime import timedelta

from adapters.message import Channel, Identity
from bot.desk.people.offboarding import Offboarding
from bot.store import audit
from bot.store.people import tokens
from bot.tickets.command import Reply, Take
from routing.people import PersonId
from sla.clock import State
from sla.duration import later
from tests.builders import story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
SLACK, TELEGRAM = Channel.SLACK, Channel.TELEGRAM
GROUP, VERA = "-1001234", PersonId("vera")
OUT = "The account of Vera Kova on Slack was closed"
NOT_OURS = "is for our own people"


async def closed(desk: Story) -> None:
    """Slack says that Vera's account was closed."""
    await desk.channels[SLACK].becomes("T1/U1", "closed", by="T1/U1")
    await desk.settle()
    await desk.desk.refresh()


async def noticed(desk: Story) -> bool:
    """The desk asks about everybody, as at each start."""
    is_whole = await desk.desk.closed_meanwhile.once()
    await desk.settle()
    await desk.desk.refresh()
    await desk.settle()
    return is_whole


async def test_an_account_that_was_closed_while_nobody_listened_is_noticed_at_the_start(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    desk.channels[SLACK].closed = frozenset({"T1/U1"})
    await desk.dies()
    desk.channels[SLACK].is_mute = True
    assert not await noticed(desk)  # it is asked again a minute later
    assert not await noticed(desk)
    assert desk.channels[TELEGRAM].asked_about == ("2001",), "once a day, whatever another channel does"
    desk.expect_quiet()
    desk.channels[SLACK].is_mute = False
    assert await noticed(desk)
    assert desk.channels[TELEGRAM].asked_about == ("2001",)
    desk.expect_alert("dana", containing=OUT)
    assert (await desk.ticket()).assignee == "oleg"
    desk.forget()
    await desk.dies()
    assert await noticed(desk)
    assert len(await deeds(desk, "shut out")) == 1
    desk.expect_quiet()


async def test_whoever_was_let_in_again_stays_in_until_their_account_is_closed_anew(desk: Story) -> None:
    await closed(desk)
    desk.channels[SLACK].closed = frozenset({"T1/U1"})
    out = Offboarding(desk.desk.revisions, desk.desk.directory)
    assert await desk.database.write(lambda conn: out.let_in(conn, VERA, by="dana", now=desk.time.at))
    await noticed(desk)
    assert VERA not in desk.desk.revisions.current.shut_out
    desk.channels[SLACK].closed = frozenset()
    await noticed(desk)
    desk.channels[SLACK].closed = frozenset({"T1/U1"})
    await noticed(desk)
    assert VERA in desk.desk.revisions.current.shut_out
    desk.forget()
    desk.expect_quiet()


async def deeds(desk: Story, action: str) -> list[audit.Deed]:
    return [one for one in await desk.database.read(lambda conn: audit.latest(conn, count=50)) if one.action == action]


async def test_a_closed_account_ends_rights_sessions_and_responsibility(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.database.write(
        lambda conn: tokens.open_session(
            conn, person="vera", now=desk.time.at, expires_at=later(desk.time.at, timedelta(hours=12))
        )
    )
    desk.forget()
    await closed(desk)
    await desk.fast_forward(seconds=30)
    assert "maitred let-in vera" in desk.expect_alert("dana", containing=OUT)
    assert (await desk.ticket()).assignee == "oleg"
    assert [one.particulars["sessions"] for one in await deeds(desk, "shut out")] == [1]
    desk.forget()
    answer = await desk.own.press("T1/U1", "ticket.take")
    assert answer.is_refused
    window = await desk.own.command("T1/U1", "desk", "queue")
    assert window.is_refused
    assert [one.actor for one in await deeds(desk, "refused")] == ["slack:T1/U1", "slack:T1/U1"]
    assert (await desk.does("vera", Take())).is_refused
    await desk.fast_forward(hours=20)
    assert not desk.seen("vera")
    desk.forget()
    desk.expect_quiet()


async def test_what_they_write_in_a_clients_group_is_no_answer_and_no_request(desk: Story) -> None:
    await desk.receives(sender="7001", address=GROUP, text="Payroll failed")
    await closed(desk)
    desk.forget()
    await desk.receives(sender="vera", address=GROUP, text="I still have the passwords")
    await desk.receives(sender="vera", text="/queue")
    assert (await desk.clock("first_response")).state is State.RUNNING
    assert len([line for line in await desk.lines() if line.kind != "auto"]) == 1
    assert not await desk.is_there(2)
    assert [one.particulars["where"] for one in await deeds(desk, "refused")] == [
        "telegram:desk:2001",
        "telegram:desk:-1001234",
    ]
    desk.expect_quiet()


async def test_heard_twice_it_is_told_once_and_survives_a_restart(desk: Story) -> None:
    await closed(desk)
    await desk.dies()
    await closed(desk)
    desk.expect_alert("dana", containing=OUT)
    desk.expect_ping("oleg", containing="You stand in.")
    assert len(await deeds(desk, "shut out")) == 1
    assert not desk.desk.revisions.current.people[VERA].roles
    desk.expect_quiet()


async def test_an_admin_lets_them_in_again(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await closed(desk)
    await desk.fast_forward(minutes=1)
    offboarding = Offboarding(desk.desk.revisions, desk.desk.directory)

    async def let_in() -> bool:
        return await desk.database.write(lambda conn: offboarding.let_in(conn, VERA, by="dana", now=desk.time.at))

    assert [await let_in(), await let_in()] == [True, False]
    await desk.desk.refresh()
    assert not (await desk.does("vera", Reply("Back, looking"))).is_refused
    desk.forget()
    await desk.receives(sender="lena", text="/new The export")
    assert (await desk.ticket(2)).assignee == "vera"
    desk.forget()
    desk.expect_quiet()


async def test_an_account_that_is_nobodys_of_ours_changes_nothing(desk: Story) -> None:
    await desk.channels[SLACK].becomes("T2/U9", "closed", by="T2/U9")
    await desk.settle()
    assert await deeds(desk, "shut out") == []
    await desk.receives(SLACK, sender="lena", text="Payroll failed")
    assert (await desk.ticket()).client == "acme"
    desk.forget()
    desk.expect_quiet()


async def test_a_lead_who_left_is_no_step_of_a_ladder_any_more(make_desk: MakeStory) -> None:
    second = """
[people.lea]
name = "Lea Brandt"
roles = ["lead", "admin"]
calendar = "long"
identities = { slack = "T1/U7" }
"""
    desk = await make_desk(story_desk(more=second))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.channels[SLACK].becomes("T1/U5", "closed", by="T1/U5")
    await desk.settle()
    await desk.desk.refresh()
    desk.forget()
    await desk.fast_forward(minutes=62)
    desk.expect_alert("lea", containing="first response is overdue")
    assert not desk.seen("dana")
    assert desk.identity("dana", SLACK) == Identity(SLACK, "T1/U5")
    desk.forget()
    desk.expect_quiet()


async def test_when_the_last_admin_is_gone_everybody_else_hears_of_it(desk: Story) -> None:
    await desk.channels[SLACK].becomes("T1/U5", "closed", by="T1/U5")
    await desk.settle()
    for person in ("vera", "oleg", "mira", "tara", "ines"):
        desk.expect_alert(person, containing="The account of Dana Orlyk on Slack was closed")
    desk.expect_quiet()
