"""Who gets a ticket: each rule wins where it should and yields where it must, and the reason is kept."""

from datetime import UTC, datetime

import pytest

from bot.tickets.command import HandOver, Reply, Resolve
from routing.people import PersonId
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

#: Vera is on leave on the Tuesday of the story and comes back on Wednesday.
LEAVE = """
[calendars.vera]
zone = "fixed:+03:00"
week = { mon-fri = ["10:00-19:00"] }
days."2026-03-03" = []
"""
VERA_AWAY = (
    'name = "Vera Kova"\nroles = ["manager"]\ncalendar = "office"',
    'name = "Vera Kova"\nroles = ["manager"]\ncalendar = "vera"',
)
OLEG_AWAY = (
    'name = "Oleg Hnatiuk"\nroles = ["manager"]\ncalendar = "office"',
    'name = "Oleg Hnatiuk"\nroles = ["manager"]\ncalendar = "vera"',
)
MIRA_AWAY = (
    'name = "Mira Solano"\nroles = ["manager"]\ncalendar = "office"',
    'name = "Mira Solano"\nroles = ["manager"]\ncalendar = "vera"',
)
TARA_AWAY = (
    'name = "Tara Lindt"\nroles = ["senior"]\ncalendar = "office"',
    'name = "Tara Lindt"\nroles = ["senior"]\ncalendar = "vera"',
)
#: The plan of Initech, which has no manager of its own, buys senior people.
SENIOR = ('name = "Premium"\n', 'name = "Premium"\nsenior = true\n')


async def given(desk: Story, number: int = 1) -> tuple[str | None, str]:
    ticket = await desk.ticket(number)
    return ticket.assignee, ticket.rule


async def test_whoever_has_the_ticket_keeps_it_when_the_client_goes_on(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", HandOver(PersonId("mira")))
    await desk.fast_forward(minutes=10)
    desk.forget()
    await desk.receives(sender="lena", text="It still fails")
    desk.expect_ping("mira", containing="Lena wrote on T-1")
    assert await given(desk) == ("mira", "handed_over")
    desk.expect_quiet()


async def test_whoever_has_the_ticket_yields_to_the_manager_once_their_day_is_over(make_desk: MakeStory) -> None:
    early = '[calendars.early]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["08:00-13:00"] }\n'
    desk = await make_desk(story_desk((MIRA_AWAY[0], MIRA_AWAY[1].replace('"vera"', '"early"')), more=early))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", HandOver(PersonId("mira")))
    await desk.does("mira", Reply("On it"))
    desk.forget()
    await desk.fast_forward(hours=2)
    await desk.receives(sender="lena", text="It still fails")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    assert await given(desk) == ("vera", "own_manager")
    desk.expect_quiet()


async def test_the_clients_own_manager_gets_the_ticket(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Vera answers by")
    desk.expect_card("vera", containing="With Vera Kova (the client's own manager)")
    assert await given(desk) == ("vera", "own_manager")
    desk.expect_quiet()


async def test_a_manager_on_leave_yields_to_their_backup(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(VERA_AWAY, more=LEAVE))
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Oleg answers by")
    desk.expect_card("oleg", containing="stands in for the manager")
    assert await given(desk) == ("oleg", "backup")
    desk.expect_quiet()


async def test_the_clients_own_backup_comes_before_the_managers(make_desk: MakeStory) -> None:
    desk = await make_desk(
        story_desk(VERA_AWAY, ('manager = "vera"\nzone', 'manager = "vera"\nbackup = "tara"\nzone'), more=LEAVE)
    )
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Tara answers by")
    desk.expect_card("tara", containing="stands in for the manager")
    assert await given(desk) == ("tara", "backup")
    desk.expect_quiet()


async def test_a_backup_on_leave_too_yields_to_the_line(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(VERA_AWAY, OLEG_AWAY, more=LEAVE))
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Mira answers by")
    desk.expect_card("mira", containing="fewest open tickets on the line")
    assert await given(desk) == ("mira", "least_loaded")
    desk.expect_quiet()


async def test_work_of_the_second_line_goes_there(desk: Story) -> None:
    await desk.receives(sender="bill", text="Your webhook sends nothing")
    desk.expect_message("bill", containing="Tara answers by")
    desk.expect_card("tara", containing="second line")
    assert await given(desk) == ("tara", "second_line")
    desk.expect_quiet()


async def test_the_second_line_yields_where_the_client_has_a_manager(desk: Story) -> None:
    await desk.receives(sender="lena", text="Your webhook sends nothing")
    desk.expect_message("lena", containing="Vera answers by")
    desk.expect_card("vera", containing="own manager")
    assert await given(desk) == ("vera", "own_manager")
    desk.expect_quiet()


async def test_a_second_line_on_leave_yields_to_the_first(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(TARA_AWAY, more=LEAVE))
    await desk.receives(sender="bill", text="Your webhook sends nothing")
    desk.expect_message("bill", containing="Mira answers by")
    desk.expect_card("mira", containing="fewest open tickets")
    assert await given(desk) == ("mira", "least_loaded")
    desk.expect_quiet()


async def test_a_plan_that_buys_senior_people_gets_them(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(SENIOR))
    await desk.receives(sender="bill", text="Payroll failed")
    desk.expect_message("bill", containing="Tara answers by")
    desk.expect_card("tara", containing="second line")
    assert await given(desk) == ("tara", "second_line")
    desk.expect_quiet()


async def test_senior_people_on_leave_yield_to_the_line(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(SENIOR, TARA_AWAY, more=LEAVE))
    await desk.receives(sender="bill", text="Payroll failed")
    desk.expect_message("bill", containing="Mira answers by")
    desk.expect_card("mira", containing="fewest open tickets")
    desk.expect_quiet()


async def test_the_least_loaded_of_the_line_gets_the_ticket_and_ties_go_by_name(desk: Story) -> None:
    await desk.receives(sender="bill", text="First")
    await desk.receives(sender="5001", text="Second")
    await desk.receives(sender="5002", text="Third")
    assert [await given(desk, number) for number in (1, 2, 3)] == [
        ("mira", "least_loaded"),
        ("oleg", "least_loaded"),
        ("mira", "least_loaded"),
    ]
    await desk.does("mira", Resolve("Done"), ticket=1)
    await desk.does("mira", Resolve("Done"), ticket=3)
    await desk.receives(sender="5003", text="Fourth")
    assert await given(desk, 4) == ("mira", "least_loaded")
    desk.forget()
    await desk.fast_forward(minutes=20)
    desk.expect_quiet()


async def test_messages_that_come_together_are_spread_over_the_line(desk: Story) -> None:
    for sender in ("5001", "5002", "5003", "5004"):
        await desk.arrives(sender=sender, text="Payroll failed")
    await desk.settle()
    who = sorted([(await given(desk, number))[0] or "" for number in (1, 2, 3, 4)])
    assert who == ["mira", "mira", "oleg", "oleg"]
    desk.forget()
    await desk.fast_forward(minutes=20)
    desk.expect_quiet()


async def test_a_person_who_has_no_room_is_passed_over(make_desk: MakeStory) -> None:
    full = ('identities = { slack = "T1/U3" }', 'identities = { slack = "T1/U3" }\ncapacity = 1')
    desk = await make_desk(story_desk(full))
    for sender in ("bill", "5001", "5002"):
        await desk.receives(sender=sender, text="Payroll failed")
    assert [(await given(desk, number))[0] for number in (1, 2, 3)] == ["mira", "oleg", "oleg"]
    desk.forget()
    await desk.fast_forward(minutes=20)
    desk.expect_quiet()


async def test_somebody_who_left_the_desk_keeps_no_ticket(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("On it"))
    await desk.fast_forward(minutes=10)
    desk.forget()
    start = story_desk().index("[people.vera]")
    without = story_desk().replace(story_desk()[start : story_desk().index("[people.oleg]")], "")
    await desk.apply(document(without.replace('manager = "vera"\n', "")))
    await desk.receives(sender="lena", text="It fails again")
    desk.expect_card("mira", containing="T-1 · Acme: Payroll failed")
    desk.expect_alert("dana", containing="vera is no longer in the desk directory: 1 ticket went on")
    assert "> It fails again" in desk.expect_ping("mira", containing="Lena wrote on T-1")
    assert await given(desk) == ("mira", "least_loaded")
    desk.expect_quiet()


async def test_a_plan_that_is_gone_leaves_its_tickets_on_the_public_one(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    desk.forget()
    start, end = story_desk().index("[plans.strict]"), story_desk().index("[plans.public]")
    without = story_desk().replace(story_desk()[start:end], "").replace('plan = "strict"', 'plan = "premium"')
    await desk.apply(document(without))
    await desk.fast_forward(minutes=10)
    await desk.receives(sender="taras", text="It still fails")
    desk.expect_ping("oleg", containing="Taras wrote on T-1")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("start", "who"),
    [
        pytest.param(datetime(2026, 3, 3, 6, 59, 59, tzinfo=UTC), None, id="a second before the shift"),
        pytest.param(datetime(2026, 3, 3, 7, 0, tzinfo=UTC), "vera", id="as the shift begins"),
        pytest.param(datetime(2026, 3, 3, 15, 59, 59, tzinfo=UTC), "vera", id="in its last second"),
        pytest.param(datetime(2026, 3, 3, 16, 0, tzinfo=UTC), None, id="as it ends"),
        pytest.param(datetime(2026, 3, 7, 9, 0, tzinfo=UTC), None, id="on a Saturday"),
    ],
)
async def test_a_manager_is_there_from_the_first_second_to_before_the_last(
    make_desk: MakeStory, start: datetime, who: str | None
) -> None:
    desk = await make_desk(start=start)
    await desk.receives(sender="lena", text="Payroll failed")
    assert (await given(desk))[0] == who
    desk.forget()
    desk.expect_quiet()
