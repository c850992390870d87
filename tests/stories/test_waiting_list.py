"""Nobody is on shift: the client hears when somebody will be, and the opening brings each person one digest."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.store.driver.bulk import insert_many
from bot.store.driver.connection import Connection
from bot.store.driver.ids import take
from bot.store.facts import AT_ONCE
from bot.store.tables import schema
from bot.tickets.command import AddNote, Reply, Resolve
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_routing import MIRA_AWAY

DATABASES = ("sqlite", "postgresql")

EVENING = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)


async def test_a_client_who_writes_at_night_is_told_when_we_are_back(make_desk: MakeStory) -> None:
    desk = await make_desk(start=EVENING)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Vera is back tomorrow 07:00 and answers by tomorrow 08:00 (your time)")
    desk.expect_quiet()
    assert (await desk.ticket()).rule == "waiting_list"
    await desk.go_to(MORNING)
    card = desk.expect_card("vera", containing="T-1 · Acme: Payroll failed")
    assert "1 h left" in card
    desk.expect_quiet()


async def test_a_manager_finds_the_night_in_one_digest_and_quiet_cards(make_desk: MakeStory) -> None:
    desk = await make_desk(start=EVENING)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="7001", address="-1001234", text="And the export too")
    desk.forget()
    await desk.go_to(MORNING)
    digest = desk.expect_ping("vera", containing="2 tickets waited for you")
    assert "T-1 · Payroll failed" in digest
    assert "T-2 · And the export too" in digest
    assert not desk.mentions("vera", containing="T-1 · Acme: Payroll failed")
    assert not desk.mentions("vera", containing="T-2 · Acme: And the export too")
    desk.expect_card("vera", containing="T-1 · Acme")
    desk.expect_card("vera", containing="T-2 · Acme")
    desk.expect_quiet()


async def test_the_opening_shares_the_list_out_and_respects_capacity(make_desk: MakeStory) -> None:
    full = ('identities = { slack = "T1/U3" }', 'identities = { slack = "T1/U3" }\ncapacity = 1')
    desk = await make_desk(story_desk(full), start=EVENING)
    for sender in ("bill", "5001", "5002", "5003"):
        await desk.receives(sender=sender, text=f"From {sender}")
    desk.forget()
    await desk.go_to(MORNING)
    assert [(await desk.ticket(number)).assignee for number in (1, 2, 3, 4)] == ["mira", "oleg", "oleg", "oleg"]
    desk.expect_card("mira", containing="T-1")
    desk.expect_ping("oleg", containing="3 tickets waited for you")
    for number in (2, 3, 4):
        desk.expect_card("oleg", containing=f"T-{number} · 500{number - 1}: From")
    desk.expect_quiet()


async def test_a_ticket_waits_for_room_and_then_goes_to_whoever_has_it(make_desk: MakeStory) -> None:
    small = (('identities = { slack = "T1/U2" }', 'identities = { slack = "T1/U2" }\ncapacity = 1'),)
    desk = await make_desk(story_desk(*small, MIRA_AWAY, more=MIRA_LATE))
    await desk.receives(sender="bill", text="First")
    await desk.receives(sender="5001", text="Second")
    assert (await desk.ticket(2)).assignee is None
    # Somebody is there: no moment is told at which we are back.
    assert "We answer by" in desk.expect_message("5001", containing="we have it (T-2)")
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.does("oleg", Resolve("Done"), ticket=1)
    desk.expect_message("bill", containing="Done")
    desk.expect_message("bill", containing="T-1 is resolved")
    await desk.fast_forward(minutes=1)
    desk.expect_card("oleg", containing="T-2 · 5001: Second")
    desk.expect_quiet()


MIRA_LATE = """
[calendars.vera]
zone = "fixed:+03:00"
week = { mon-fri = ["18:00-19:00"] }
"""


async def test_each_waits_for_the_shift_of_their_own(make_desk: MakeStory) -> None:
    """Globex waits for Oleg at ten; that Acme's Vera comes later must not keep him from it, nor the other way."""
    late = '[calendars.late]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["14:00-20:00"] }\n'
    vera_late = ('calendar = "office"\nbackup = "oleg"', 'calendar = "late"')
    mira_late = (MIRA_AWAY[0], MIRA_AWAY[1].replace('"vera"', '"late"'))
    line = ('people = ["oleg", "mira"]', 'people = ["mira"]')
    desk = await make_desk(story_desk(vera_late, mira_late, line, more=late), start=EVENING)
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.receives(sender="lena", text="Export failed")
    desk.forget()
    await desk.go_to(MORNING)
    desk.expect_card("oleg", containing="T-1")
    desk.expect_quiet()
    await desk.go_to(datetime(2026, 3, 3, 11, 0, tzinfo=UTC))
    assert (await desk.ticket(2)).assignee == "vera"


LATE = '[calendars.late]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["14:00-20:00"] }\n'
MOVED = (
    (
        'name = "Premium"\npolicy = "premium"\nline = "managers"',
        'name = "Premium"\npolicy = "premium"\nline = "second"',
    ),
    ('roles = ["senior"]\ncalendar = "office"', 'roles = ["senior"]\ncalendar = "late"'),
)


@pytest.mark.parametrize("is_touched", [False, True], ids=["as they are", "also if somebody notes something"])
async def test_tickets_wait_on_when_their_plan_goes_to_another_line(make_desk: MakeStory, *, is_touched: bool) -> None:
    desk = await make_desk(start=EVENING)
    await desk.receives(sender="bill", text="Payroll failed")
    await desk.apply(document(story_desk(*MOVED, more=LATE)))
    if is_touched:
        await desk.does("dana", AddNote("For tomorrow"))
    desk.forget()
    await desk.go_to(MORNING)
    assert (await desk.ticket()).assignee is None
    await desk.go_to(datetime(2026, 3, 3, 11, 0, tzinfo=UTC))
    assert (await desk.ticket()).assignee == "tara"
    desk.forget()
    desk.expect_quiet()


async def test_a_client_who_goes_on_at_night_hears_it_once_and_the_manager_in_the_morning(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking"))
    desk.forget()
    await desk.go_to(datetime(2026, 3, 3, 18, 0, tzinfo=UTC))
    await desk.receives(sender="lena", text="It fails again")
    desk.expect_message("lena", containing="added it to T-1. We are back tomorrow 07:00 (your time)")
    await desk.fast_forward(hours=1)
    await desk.receives(sender="lena", text="And again")
    desk.expect_quiet()
    await desk.go_to(datetime(2026, 3, 4, 7, 0, tzinfo=UTC))
    desk.expect_ping("vera", containing="1 ticket waited for you\nT-1 · Payroll failed")
    desk.expect_quiet()
    assert (await desk.ticket()).assignee == "vera"


async def test_what_a_lead_answered_at_night_is_not_in_the_morning_digest(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking"))
    await desk.go_to(datetime(2026, 3, 3, 17, 0, tzinfo=UTC))
    await desk.receives(sender="lena", text="It fails again")
    await desk.does("dana", Reply("It runs again"))
    desk.forget()
    await desk.go_to(datetime(2026, 3, 4, 8, 30, tzinfo=UTC))
    desk.expect_quiet()


async def test_the_next_closing_is_told_again(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking"))
    for day in (3, 4):
        await desk.go_to(datetime(2026, 3, day, 18, 0, tzinfo=UTC))
        desk.forget()
        await desk.receives(sender="lena", text="It fails again")
        desk.expect_message("lena", containing="We are back tomorrow 07:00")
        desk.expect_quiet()


async def test_whoever_waits_behind_a_long_list_that_nobody_can_take_is_given_away(make_desk: MakeStory) -> None:
    """More wait for the line than one transaction looks at; Lena, behind them, waits for Vera, who is there at ten."""
    mira_late = (MIRA_AWAY[0], MIRA_AWAY[1].replace('"vera"', '"late"'))
    line = ('people = ["oleg", "mira"]', 'people = ["mira"]')
    desk = await make_desk(story_desk(mira_late, line, more=LATE), start=EVENING)
    await desk.receives(sender="5001", text="Hello")
    await desk.database.write(many_more)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.go_to(MORNING)
    desk.expect_card("vera", containing="Acme: Payroll failed")
    assert ((await desk.ticket(1)).assignee, (await desk.ticket(AT_ONCE + 11)).assignee) == (None, "vera")
    desk.expect_quiet()


def many_more(conn: Connection) -> None:
    """Tickets like the first one, for which nobody is there either."""
    (first,) = conn.execute(select(schema.ticket)).mappings()
    fresh = take(conn, schema.ticket, AT_ONCE + 9)
    insert_many(conn, schema.ticket, [{**first, "id": number, "is_current": 0} for number in fresh])
