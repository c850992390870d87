"""Who is there when: the hours of people, of channels and of the line that answers out of hours; nobody is woken."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from adapters.message import Channel
from bot.desk.people.shift_ends import AT_ONCE
from bot.desk.ticker import BATCH
from bot.store.driver.bulk import insert_many
from bot.store.driver.ids import take
from bot.store.tables import schema
from bot.tickets.command import Command, HandOver, Reply, Resolve, Take
from routing.people import PersonId
from tests.builders import document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

#: 22:00, 10:00 and 09:30 at +03:00, and the evening before at 18:50.
NIGHT = datetime(2026, 3, 3, 19, 0, tzinfo=UTC)
OPENING = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
LATE = datetime(2026, 3, 3, 15, 50, tzinfo=UTC)
CLOSING = datetime(2026, 3, 3, 16, 0, tzinfo=UTC)
AFTERNOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 3, 7, 9, 0, tzinfo=UTC)

PREMIUM = '[plans.premium]\nname = "Premium"\n'
NINA = """
[calendars.always]
zone = "fixed:+03:00"
week = { mon-sun = ["00:00-24:00"] }
[lines.night]
people = ["nina"]
calendar = "always"
[people.nina]
name = "Nina Roth"
roles = ["senior"]
calendar = "always"
identities = { slack = "T1/U8" }
"""
AROUND_THE_CLOCK = story_desk((PREMIUM, f'{PREMIUM}off_hours_line = "night"\n'), more=NINA)
#: One of the line a week is on duty.
TURNS = 'calendar = "office"\nturns_from = 2026-03-02'
#: Mira of the line stays until 21:00, and chats are covered as long.
MIRA_LATE = (
    'name = "Mira Solano"\nroles = ["manager"]\ncalendar = "office"',
    'name = "Mira Solano"\nroles = ["manager"]\ncalendar = "long"',
)


async def test_a_line_answers_at_night_and_the_manager_reads_of_it_in_the_morning(make_desk: MakeStory) -> None:
    desk = await make_desk(AROUND_THE_CLOCK, start=NIGHT)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Nina answers by")
    desk.expect_card("nina", containing="With Nina Roth (the line that answers out of hours)")
    await desk.receives(sender="lena", text="All of it")
    await desk.does("nina", Reply("Restarted"))
    desk.expect_message("lena", containing="Restarted")
    await desk.receives(sender="lena", text="Export hangs", address="-1001234")
    desk.expect_message("-1001234", containing="Nina answers by")
    desk.expect_card("nina", containing="T-2 · Acme: Export hangs")
    await desk.does("nina", Resolve("Done"), ticket=1)
    desk.expect_message("lena", containing="Done")
    desk.expect_message("lena", containing="T-1 is resolved")
    desk.expect_quiet()

    await desk.go_to(OPENING)
    digest = desk.expect_ping("vera", containing="1 ticket of yours went to others while you were away")
    assert "T-1 · Payroll failed (Nina Roth): Resolved" in digest
    assert "1 ticket waited for you\nT-2 · Export hangs\n" in digest
    assert ((await desk.ticket(2)).assignee, (await desk.ticket(2)).rule) == ("vera", "own_manager")
    desk.expect_card("vera", containing="T-2 · Acme: Export hangs")
    desk.expect_message("-1001234", containing="Vera looks after T-2 from now on")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("text", "command", "whose"),
    [
        pytest.param("Payroll is down", Take(), "nina", id="urgent and picked up"),
        pytest.param("Payroll is down", Reply("Restarting it"), "nina", id="urgent and being answered"),
        pytest.param("Payroll is down", None, "vera", id="urgent and not looked at"),
        pytest.param("Payroll failed", Take(), "vera", id="picked up and not urgent"),
        pytest.param("Payroll failed", HandOver(PersonId("nina")), "nina", id="given to her on purpose"),
    ],
)
async def test_what_is_urgent_and_in_hand_stays_with_whoever_is_on_duty(
    make_desk: MakeStory, text: str, command: Command | None, whose: str
) -> None:
    desk = await make_desk(
        story_desk((PREMIUM, f'{PREMIUM}off_hours_line = "night"\n'), ('"never"', '"24h"'), more=NINA), start=NIGHT
    )
    await desk.receives(sender="lena", text=text)
    if isinstance(command, HandOver):
        await desk.does("dana", HandOver(PersonId("oleg")))
    if command is not None:
        await desk.does("dana" if isinstance(command, HandOver) else "nina", command)
    await desk.go_to(OPENING - timedelta(minutes=1))
    assert (await desk.ticket()).assignee == "nina"
    await desk.go_to(OPENING)
    assert (await desk.ticket()).assignee == whose
    desk.forget()
    desk.expect_quiet()


async def test_a_line_with_somebody_who_never_goes_home_gives_it_back_as_well(make_desk: MakeStory) -> None:
    line = ('people = ["oleg", "mira"]\ncalendar = "office"', 'people = ["nina"]\ncalendar = "always"')
    desk = await make_desk(story_desk(line, more=NINA), start=NIGHT)
    await desk.receives(sender="lena", text="Payroll failed")
    assert ((await desk.ticket()).assignee, (await desk.ticket()).rule) == ("nina", "least_loaded")
    desk.forget()
    await desk.go_to(OPENING)
    desk.expect_card("vera", containing="T-1 · Acme: Payroll failed")
    desk.expect_message("lena", containing="Vera looks after T-1 from now on")
    desk.expect_quiet()


async def test_what_waited_and_what_others_answered_are_told_together(make_desk: MakeStory) -> None:
    desk = await make_desk(AROUND_THE_CLOCK, start=datetime(2026, 3, 3, 12, 0, tzinfo=UTC))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking"))
    await desk.does("vera", Resolve("Done"))
    await desk.go_to(NIGHT)
    await desk.receives(sender="lena", text="It is back")
    desk.forget()
    assert (await desk.ticket()).assignee == "nina"
    await desk.does("vera", Reply("I am here by chance"))
    desk.forget()
    await desk.go_to(OPENING)
    assert "T-1 · Payroll failed" in desk.expect_ping("vera", containing="1 ticket waited for you")
    desk.expect_quiet()


async def _leaves(desk: Story, text: str) -> None:
    await desk.desk.leaving.answer(PersonId("vera"), text, key=text)
    await desk.settle()
    desk.forget()


@pytest.mark.parametrize(
    ("away", "returns"),
    [pytest.param("away until friday", "", id="till then"), pytest.param("away", "back", id="nobody knew till when")],
)
async def test_what_others_answered_is_read_after_leave_and_not_during_it(
    make_desk: MakeStory, away: str, returns: str
) -> None:
    desk = await make_desk(AROUND_THE_CLOCK, start=NIGHT)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("nina", Reply("Restarted"))
    await _leaves(desk, away)
    await desk.dies()
    await desk.go_to(OPENING + timedelta(days=1))
    desk.expect_nothing("vera", Channel.SLACK)
    desk.forget()
    if returns:
        await desk.desk.leaving.answer(PersonId("vera"), returns, key=returns)
    await desk.go_to(OPENING + timedelta(days=2))
    desk.expect_card("vera", containing="T-1 · Acme: Payroll failed")
    desk.expect_quiet()


async def test_more_than_one_batch_of_a_night_is_one_digest_in_the_morning(make_desk: MakeStory) -> None:
    desk = await make_desk(AROUND_THE_CLOCK, start=NIGHT)
    for one in range(BATCH + 1):
        await desk.arrives(Channel.EMAIL, sender="lena", text=f"Export {one} hangs", address=f"thread-{one}")
    await desk.settle()
    desk.forget()
    await desk.go_to(OPENING)
    digest = desk.expect_ping("vera", containing=f"{BATCH + 1} tickets waited for you").splitlines()
    assert (len([line for line in digest if " · " in line]), f"and {BATCH + 1 - 10} more" in digest) == (10, True)
    for one in range(BATCH + 1):
        desk.expect_card("vera", containing=f"T-{one + 1} · Acme")
        desk.expect_message(f"thread-{one}", Channel.EMAIL, containing=f"Vera looks after T-{one + 1} from now on")
    desk.expect_quiet()


async def test_what_was_handed_over_before_a_shift_is_asked_about_as_it_ends(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(MIRA_LATE), start=OPENING - timedelta(minutes=30))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("dana", HandOver(PersonId("oleg")))
    await desk.go_to(CLOSING + timedelta(hours=23, minutes=59))
    assert (await desk.ticket()).assignee == "oleg"
    desk.forget()
    await desk.go_to(CLOSING + timedelta(days=1))
    assert ((await desk.ticket()).assignee, (await desk.ticket()).rule) == ("mira", "least_loaded")
    # She had it before, so her card is no news to her.
    desk.expect_ping("mira", containing="1 ticket waited for you")
    desk.expect_message("lena", containing="Mira looks after T-1 from now on")
    desk.expect_quiet()


async def test_a_client_is_told_when_the_one_comes_whose_week_it_is(make_desk: MakeStory) -> None:
    turns = ('people = ["oleg", "mira"]\ncalendar = "office"', f'people = ["mira", "oleg"]\n{TURNS}')
    afternoons = '\n[calendars.noon]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["10:30-19:00"] }\n'
    mira = (MIRA_LATE[0], MIRA_LATE[1].replace("long", "noon"))
    desk = await make_desk(story_desk(turns, mira, more=afternoons), start=OPENING - timedelta(hours=2))
    await desk.receives(sender="bill", text="Payroll failed")
    # 10:30 at +03:00, where Oleg would be there from 10:00 on.
    desk.expect_message("bill", containing="We are back tomorrow 01:30")
    await desk.go_to(OPENING + timedelta(minutes=29))
    desk.expect_nothing("oleg", Channel.SLACK)
    desk.forget()
    await desk.go_to(OPENING + timedelta(minutes=30))
    desk.expect_card("mira", containing="T-1 · Initech")
    desk.expect_quiet()


async def test_who_does_not_answer_before_they_go_leaves_it_to_whoever_stays(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(MIRA_LATE), start=LATE)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.fast_forward(minutes=9)
    desk.expect_quiet()
    await desk.go_to(CLOSING)
    desk.expect_card("mira", containing="T-1 · Acme: Payroll failed")
    desk.expect_message("lena", containing="Mira looks after T-1 from now on")
    assert ((await desk.ticket()).assignee, (await desk.ticket()).rule) == ("mira", "least_loaded")
    desk.expect_quiet()


async def test_what_is_answered_stays_with_whoever_goes(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(MIRA_LATE), start=LATE)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking"))
    desk.forget()
    await desk.go_to(NIGHT)
    assert (await desk.ticket()).assignee == "vera"
    desk.expect_quiet()


async def test_several_that_change_hands_as_a_shift_ends_are_one_digest(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(MIRA_LATE), start=LATE)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="lena", text="Export hangs", address="-1001234")
    desk.forget()
    await desk.dies()
    await desk.go_to(CLOSING)
    assert "T-2 · Export hangs" in desk.expect_ping("mira", containing="2 tickets waited for you\nT-1 · Payroll failed")
    desk.expect_message("lena", containing="Mira looks after T-1")
    desk.expect_message("-1001234", containing="Mira looks after T-2")
    desk.expect_card("mira", containing="T-1")
    desk.expect_card("mira", containing="T-2")
    await desk.dies()
    await desk.go_to(NIGHT)
    desk.expect_quiet()


async def test_whoever_has_very_many_tickets_goes_home_and_none_is_forgotten(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(MIRA_LATE), start=LATE)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.database.write(many_more)
    await desk.receives(sender="lena", text="Export hangs", address="-1001234")
    desk.forget()
    last = AT_ONCE + 11
    await desk.go_to(CLOSING)
    assert [(await desk.ticket(one)).assignee for one in (1, 2, last)] == ["mira", "vera", "mira"]
    desk.expect_card("mira", containing="T-1 ")
    desk.expect_message("lena", containing="Mira looks after T-1 ")
    desk.expect_card("mira", containing=f"T-{last}")
    desk.expect_message("-1001234", containing=f"Mira looks after T-{last}")
    await desk.dies()
    await desk.go_to(NIGHT)
    desk.expect_quiet()


def many_more(conn: Connection) -> None:
    """More tickets of whoever has the first one than are asked about at once; nobody waits on them."""
    (first,) = conn.execute(select(schema.ticket)).mappings()
    fresh = take(conn, schema.ticket, AT_ONCE + 9)
    insert_many(conn, schema.ticket, [{**first, "id": number, "is_current": 0} for number in fresh])


async def test_a_shift_that_is_longer_by_the_new_desk_ends_later(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(MIRA_LATE), start=LATE)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    longer = ('week = { mon-fri = ["10:00-19:00"] }', 'week = { mon-fri = ["10:00-20:00"] }')
    await desk.apply(document(story_desk(MIRA_LATE, longer)))
    await desk.go_to(datetime(2026, 3, 3, 16, 30, tzinfo=UTC))
    assert (await desk.ticket()).assignee == "vera"
    desk.expect_quiet()
    await desk.go_to(datetime(2026, 3, 3, 17, 0, tzinfo=UTC))
    assert (await desk.ticket()).assignee == "mira"


@pytest.mark.parametrize(
    ("days", "start", "who"),
    [
        pytest.param('days."2026-03-07" = ["10:00-14:00"]', SATURDAY, "vera", id="an extra shift"),
        pytest.param('days."2026-03-03" = ["10:00-14:00"]', AFTERNOON, "oleg", id="half a day"),
        pytest.param('days."2026-03-03" = []', datetime(2026, 3, 3, 9, 0, tzinfo=UTC), "oleg", id="a day off"),
    ],
)
async def test_one_person_has_other_hours_on_one_date(
    make_desk: MakeStory, days: str, start: datetime, who: str
) -> None:
    own = ('calendar = "office"\nbackup = "oleg"', f'calendar = "office"\n{days}\nbackup = "oleg"')
    desk = await make_desk(story_desk(own), start=start)
    await desk.receives(sender="lena", text="Payroll failed")
    assert (await desk.ticket()).assignee == who


async def test_a_channel_is_answered_in_its_own_hours_and_the_client_is_told_when(make_desk: MakeStory) -> None:
    chats = (PREMIUM, f'{PREMIUM}coverage = {{ inapp = "office" }}\n')
    own = ('people = ["oleg", "mira"]', 'people = ["mira"]')
    desk = await make_desk(story_desk(chats, own, MIRA_LATE), start=datetime(2026, 3, 3, 16, 30, tzinfo=UTC))
    await desk.receives(sender="bill", text="Payroll failed")
    assert (await desk.ticket(1)).assignee == "mira"
    await desk.receives(Channel.INAPP, sender="bill", text="Is anybody there?")
    assert (await desk.ticket(2)).assignee is None
    desk.forget()
    await desk.go_to(OPENING)
    assert (await desk.ticket(2)).assignee == "mira"
    desk.expect_card("mira", containing="T-2 · Initech: Is anybody there?")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("start", "paged"),
    [
        pytest.param(datetime(2026, 3, 3, 20, 0, tzinfo=UTC), "mira", id="the first week"),
        pytest.param(datetime(2026, 3, 10, 20, 0, tzinfo=UTC), "oleg", id="the second week"),
    ],
)
async def test_whose_week_it_is_is_paged(make_desk: MakeStory, start: datetime, paged: str) -> None:
    oncall = """
[lines.oncall]
people = ["mira", "oleg"]
calendar = "office"
turns_from = 2026-03-02
[ladders.page]
steps = [{ after = "0m", tell = "oncall" }]
"""
    terms = 'calendar = "office"\nsatisfied_by = "human_reply"'
    ladder = (terms, f'off_hours_ladder = "page"\n{terms}')
    desk = await make_desk(story_desk(ladder, more=oncall), start=start)
    await desk.receives(sender="lena", text="Everything is down")
    desk.expect_alert(paged, containing="T-1")
    desk.expect_message("lena", containing="T-1")
    desk.expect_quiet()
