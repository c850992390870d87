"""Somebody is away: tickets go to whoever stands in, clients hear of the right person, and all of it comes back."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from adapters.port import Answer
from bot.app.simulation.stepping import Stepping
from bot.store import alarms, audit
from bot.store.people import absences
from bot.tickets.command import HandOver, Reply, Resolve
from routing.people import PersonId
from sla.duration import instant
from tests.builders import STORY_DESK, document, story_desk
from tests.harness import NOON, Story, new_desk
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
SLACK = Channel.SLACK
VERA, OLEG, MIRA, DANA = "T1/U1", "T1/U2", "T1/U3", "T1/U5"
HOUR = timedelta(hours=1)


async def says(desk: Story, text: str, *, by: str = VERA, key: str | None = None) -> Answer:
    answer = await desk.channels[SLACK].command(by, "desk", text, key=key)
    await desk.settle()
    return answer


async def opened(desk: Story, *texts: str) -> None:
    """Acme asks, on a channel of its own each time, and Vera has the tickets."""
    for channel, text in zip((Channel.TELEGRAM, Channel.EMAIL, Channel.INAPP), texts, strict=False):
        await desk.receives(channel, sender="lena", text=text)
    desk.forget()


async def alive(desk: Story) -> list[absences.Leave]:
    return await desk.database.read(absences.alive)


# Leaving and coming back


async def test_whoever_leaves_hands_their_tickets_to_the_one_who_stands_in_with_one_digest(desk: Story) -> None:
    await opened(desk, "Payroll failed", "Export failed", "Login failed")
    await desk.does("vera", Reply("Looking into it"), ticket=2)
    desk.forget()
    answer = await says(desk, "away until thursday")
    assert answer.text == "Vera Kova is away and back Thursday 10:00. Oleg Hnatiuk stands in."
    digest = desk.expect_ping("oleg", containing="3 tickets are yours meanwhile")
    assert "Vera Kova is away and back Thursday 10:00." in digest
    assert [f"T-{number} · " in digest for number in (1, 2, 3)] == [True] * 3
    assert not desk.mentions("oleg", containing="T-1 · Acme: Payroll failed")
    for number in (1, 2, 3):
        desk.expect_card("oleg", containing=f"T-{number} · Acme")
        ticket = await desk.ticket(number)
        assert (ticket.assignee, ticket.rule) == ("oleg", "backup")
    # Whoever waits for an answer hears who gives it; a client who has one hears nothing.
    desk.expect_message("lena", containing="Oleg looks after T-1 from now on.")
    desk.expect_message("lena", Channel.INAPP, containing="Oleg looks after T-3 from now on.")
    desk.expect_quiet()


async def test_a_client_who_writes_meanwhile_is_told_the_name_of_the_cover(desk: Story) -> None:
    await says(desk, "away until thursday")
    desk.expect_ping("oleg", containing="Oleg Hnatiuk stands in. You stand in.")
    await desk.receives(sender="lena", text="Payroll failed")
    assert "Vera" not in desk.expect_message("lena", containing="Oleg answers by")
    desk.expect_card("oleg", containing="T-1 · Acme")
    desk.expect_quiet()


async def test_at_night_a_client_is_promised_the_one_who_will_be_there(make_desk: MakeStory) -> None:
    desk = await make_desk(start=NOON - timedelta(hours=15))
    await says(desk, "away until friday")
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Oleg is back tomorrow 07:00")
    desk.expect_quiet()
    await desk.go_to(NOON - timedelta(hours=2))
    desk.expect_card("oleg", containing="T-1 · Acme")
    desk.expect_ping("oleg", containing="You stand in.")
    desk.expect_quiet()


async def test_on_return_they_read_what_happened_and_have_again_what_is_left(desk: Story) -> None:
    await opened(desk, "Payroll failed", "Export failed", "Login failed")
    await says(desk, "away until thursday")
    await desk.does("oleg", Resolve("Fixed"), ticket=1)
    await desk.does("dana", HandOver(PersonId("mira")), ticket=2)
    await desk.does("oleg", Reply("Which page?"), ticket=3)
    desk.forget()
    await desk.go_to(NOON + 2 * timedelta(days=1) - 2 * HOUR)
    digest = desk.expect_ping("vera", containing="Welcome back. 3 tickets moved on")
    assert "T-1 · Payroll failed: done" in digest
    assert "T-2 · Export failed: Mira Solano goes on with it" in digest
    assert "T-3 · Login failed: yours again" in digest
    assert "T-3 · Login failed" in desk.expect_ping("oleg", containing="Vera Kova is back and has 1 ticket again")
    assert [(await desk.ticket(number)).assignee for number in (2, 3)] == ["mira", "vera"]
    assert (await desk.ticket(3)).rule == "came_back"
    desk.expect_nothing("lena", Channel.INAPP)
    assert await alive(desk) == []
    assert not [one for one in await _owners(desk) if one.startswith("absence:")]


#: Mira comes an hour after the others.
MIRA_LATER = (
    'name = "Mira Solano"\nroles = ["manager"]\ncalendar = "office"',
    'name = "Mira Solano"\nroles = ["manager"]\ncalendar = "later"',
)
LATER_HOURS = """
[calendars.later]
zone = "fixed:+03:00"
week = { mon-fri = ["11:00-20:00"] }
"""


async def test_whoever_stood_in_and_is_not_there_yet_is_told_once_they_are(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(MIRA_LATER, more=LATER_HOURS))
    await opened(desk, "Payroll failed")
    await says(desk, "away until thursday backup mira")
    await desk.does("mira", Reply("Which month?"))
    desk.forget()
    await desk.go_to(NOON + 2 * timedelta(days=1) - 2 * HOUR)
    assert (await desk.ticket()).assignee == "vera"
    desk.expect_ping("vera", containing="T-1 · Payroll failed: yours again")
    assert [one.text for one in desk.seen("mira") if not one.is_edit] == []
    await desk.fast_forward(hours=1)
    desk.expect_ping("mira", containing="1 ticket of yours went to others while you were away\nT-1 · Payroll failed")
    await desk.fast_forward(hours=3)
    assert [one.text for one in desk.seen("mira") if not one.is_edit] == []


async def test_back_sooner_than_said_ends_it_at_once_and_only_once(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    await says(desk, "away until friday backup mira")
    assert (await desk.ticket()).assignee == "mira"
    desk.forget()
    assert (await says(desk, "back")).text == "Vera Kova is there again."
    desk.expect_ping("vera", containing="T-1 · Payroll failed: yours again")
    desk.expect_ping("mira", containing="Vera Kova is back and has 1 ticket again")
    desk.expect_message("lena", containing="Vera looks after T-1 from now on.")
    desk.expect_quiet()
    answer = await says(desk, "back")
    assert answer.is_refused
    assert answer.text == "Vera Kova is not away; nothing was changed."
    desk.expect_quiet()


# What is said, and what is refused


async def test_leave_without_an_end_lasts_until_they_are_back(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    answer = await says(desk, "away")
    assert answer.text == "Vera Kova is away; nobody knows until when. Oleg Hnatiuk stands in."
    desk.forget()
    await desk.fast_forward(days=20)
    desk.forget()
    assert (await says(desk, "queue")).text.splitlines()[-2:] == ["Away, end open", "Oleg Hnatiuk stands in for you."]
    assert "You stand in for Vera Kova." in (await says(desk, "queue", by=OLEG)).text
    assert (await says(desk, "absences", by=MIRA)).text == (
        "#1 Vera Kova is away; nobody knows until when. Oleg Hnatiuk stands in."
    )
    await says(desk, "back")
    desk.expect_ping("vera", containing="T-1 · Payroll failed: yours again")
    assert (await says(desk, "absences", by=MIRA)).text == "Nobody is away."


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        pytest.param("away until 2026-01-05", "'2026-01-05' has passed", id="it is over already"),
        pytest.param("away until 11:00", "'11:00' has passed today", id="earlier today"),
        pytest.param("away from friday until wednesday", "would end before it begins", id="the wrong way round"),
        pytest.param("away until 2028-01-05", "more than a year away", id="for years"),
        pytest.param("away until the cows come home", "is no moment", id="no moment"),
        pytest.param("away until friday backup vera", "Vera Kova cannot stand in", id="for oneself"),
        pytest.param("away until friday backup ines", "Ines Prado cannot stand in", id="by somebody who answers none"),
        pytest.param("away until friday backup nobody", "Nobody here is called nobody. Known are", id="by nobody"),
        pytest.param("away for oleg until friday", "Only admin, head, lead may do this.", id="for somebody else"),
        pytest.param("back 7", "There is no absence 7", id="from an absence that is none"),
        pytest.param("back to work", "There is no absence to work", id="with words"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(desk: Story, text: str, refusal: str) -> None:
    answer = await says(desk, text)
    assert answer.is_refused
    assert refusal in answer.text
    assert await alive(desk) == []
    desk.expect_quiet()


async def test_leave_that_began_before_it_was_said_counts_from_then_on(desk: Story) -> None:
    await says(desk, "away from 2026-03-02 until friday")
    (leave,) = await alive(desk)
    assert (leave.since, leave.until) == (instant(NOON), instant(NOON + timedelta(days=2, hours=12)))


async def test_a_lead_says_it_for_whoever_cannot_and_the_trail_has_who_it_was(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    assert "Vera Kova is away and back tomorrow" in (await says(desk, "away for vera until tomorrow", by=DANA)).text
    assert (await desk.ticket()).assignee == "oleg"
    assert (await says(desk, "back for Vera Kova", by=DANA)).text == "Vera Kova is there again."
    deeds = await desk.database.read(lambda conn: audit.latest(conn, count=2))
    assert [(one.actor, one.action, one.subject) for one in deeds] == [
        ("dana", "back", "person:vera"),
        ("dana", "away", "person:vera"),
    ]


async def test_somebody_who_answers_nobody_takes_no_leave_here(desk: Story) -> None:
    answer = await says(desk, "away", by="T1/U6")
    assert answer.is_refused
    assert await alive(desk) == []


async def test_a_stranger_sends_nobody_away(desk: Story) -> None:
    answer = await says(desk, "away for vera", by="T2/U9")
    assert answer.is_refused
    assert await alive(desk) == []


async def test_away_while_away_moves_the_end_and_hands_nothing_back_in_between(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    await says(desk, "away until tomorrow")
    desk.forget()
    await says(desk, "away until friday")
    assert [one.until for one in await alive(desk)] == [instant(NOON + timedelta(days=2, hours=12))]
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(days=1))
    assert (await desk.ticket()).assignee == "oleg"
    desk.expect_nothing("vera", SLACK)


async def test_a_press_that_comes_twice_is_answered_twice_and_done_once(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    answers = [await says(desk, "away 2h", key="k-1") for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(await alive(desk)) == 1
    desk.expect_ping("oleg", containing="1 ticket is yours meanwhile")
    desk.expect_card("oleg", containing="T-1")
    desk.expect_message("lena", containing="Oleg looks after T-1")
    desk.expect_quiet()


async def test_leave_that_is_planned_begins_by_itself_and_can_be_called_off(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    answer = await says(desk, "away from thursday until friday")
    assert answer.text == "Vera Kova will be away from Thursday 00:00 and back Friday 10:00. Oleg Hnatiuk stands in."
    await says(desk, "away from 2026-03-10 until 2026-03-12")
    assert (await desk.ticket()).assignee == "vera"
    desk.expect_quiet()
    assert (await says(desk, "back 2")).text == "Vera Kova is there again."
    desk.expect_quiet()
    await desk.does("vera", Reply("Fixed?"))
    desk.forget()
    await desk.go_to(NOON + timedelta(days=2) - 3 * HOUR)
    assert (await desk.ticket()).assignee == "vera"  # nobody is there yet who could take it
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(days=2))
    assert (await desk.ticket()).assignee == "oleg"
    desk.expect_ping("oleg", containing="1 ticket is yours meanwhile")
    desk.expect_card("oleg", containing="T-1")
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(days=3))
    desk.expect_ping("vera", containing="T-1 · Payroll failed: yours again")
    desk.expect_ping("oleg", containing="1 ticket again")
    desk.expect_quiet()


# Whoever stands in is away too


async def test_where_the_stand_in_is_away_as_well_the_line_answers_and_that_is_said(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    await says(desk, "away until friday backup vera", by=OLEG)
    answer = await says(desk, "away until friday backup oleg")
    assert answer.text.endswith("Oleg Hnatiuk would stand in and is away as well: the line answers.")
    assert (await desk.ticket()).assignee == "mira"
    assert (await desk.ticket()).rule == "least_loaded"
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="taras", text="Export failed")
    assert (await desk.ticket(2)).assignee == "mira"


async def test_who_stood_in_takes_nothing_from_whoever_is_back_already(make_desk: MakeStory) -> None:
    both = STORY_DESK.replace('name = "Oleg Hnatiuk"\n', 'name = "Oleg Hnatiuk"\nbackup = "vera"\n')
    desk = await make_desk(both)
    await opened(desk, "Payroll failed")
    await desk.does("vera", Reply("Looking"))
    await says(desk, "away until thursday")
    await says(desk, "away until friday", by=OLEG)
    assert (await desk.ticket()).assignee == "mira"
    desk.forget()
    await says(desk, "back")
    said = "Oleg Hnatiuk is away and back Friday 10:00. Vera Kova stands in. You stand in."
    desk.expect_ping("vera", containing=said)
    desk.expect_ping("vera", containing="T-1 · Payroll failed: yours again")
    desk.forget()
    await desk.go_to(NOON + timedelta(days=3))
    assert (await desk.ticket()).assignee == "vera"
    assert "Vera Kova goes on with it" in desk.expect_ping("oleg", containing="Welcome back. 1 ticket moved on")
    desk.expect_quiet()


async def test_whoever_had_it_first_has_it_again_though_the_stand_in_was_back_before(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    await says(desk, "away until friday")
    await says(desk, "away until thursday", by=OLEG)
    await desk.go_to(NOON + timedelta(days=2))
    assert ((await desk.ticket()).assignee, (await desk.ticket()).rule) == ("oleg", "came_back")
    await desk.go_to(NOON + timedelta(days=3))
    assert (await desk.ticket()).assignee == "vera"


async def test_where_everybody_is_away_tickets_stay_until_somebody_comes(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    for who in (OLEG, MIRA):
        await says(desk, "away until wednesday", by=who)
    await says(desk, "away until friday")
    assert (await desk.ticket()).assignee == "vera"
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=2))
    # Nobody is called from leave: the lead hears of it.
    desk.expect_nothing("vera", SLACK)
    desk.expect_alert("dana", containing="Last call for T-1")
    desk.expect_alert("dana", containing="first response is overdue")
    desk.forget()
    await desk.go_to(NOON + timedelta(days=1))
    assert (await desk.ticket()).assignee == "oleg"
    desk.expect_ping("oleg", containing="1 ticket is yours meanwhile")
    desk.expect_nothing("vera", SLACK)


async def test_what_nobody_could_take_from_leave_without_an_end_goes_to_whoever_is_back_first(desk: Story) -> None:
    for who in (OLEG, MIRA):
        await says(desk, "away", by=who)
    await opened(desk, "Payroll failed")
    await says(desk, "away")
    assert (await desk.ticket()).assignee == "vera"
    desk.forget()
    await desk.fast_forward(minutes=50)
    # Nobody is called from leave: the lead hears of it, before it is too late.
    desk.expect_alert("dana", containing="12 min left")
    desk.expect_nothing("vera", SLACK)
    await says(desk, "back", by=MIRA)
    assert (await desk.ticket()).assignee == "mira"
    desk.expect_ping("mira", containing="1 ticket is yours meanwhile")
    desk.expect_card("mira", containing="T-1 · Acme")
    desk.expect_message("lena", containing="Mira looks after T-1 from now on")
    desk.expect_quiet()


async def test_who_has_left_the_desk_for_good_is_no_longer_away(desk: Story) -> None:
    await says(desk, "away until friday", by=MIRA)
    desk.forget()
    gone = STORY_DESK.replace('people = ["oleg", "mira"]', 'people = ["oleg"]').replace('backup = "mira"\n', "")
    start, end = gone.index("[people.mira]"), gone.index("[people.tara]")
    await desk.apply(document(gone[:start] + gone[end:]))
    await desk.go_to(NOON + timedelta(days=4))
    assert await alive(desk) == []
    desk.expect_quiet()


# Crashes and replicas


async def test_a_process_that_dies_right_after_it_was_said_hands_on_after_its_start(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    await desk.channels[SLACK].command(VERA, "desk", "away until friday")
    await desk.dies()
    await desk.settle()
    assert (await desk.ticket()).assignee == "oleg"
    desk.expect_ping("oleg", containing="1 ticket is yours meanwhile")
    desk.expect_card("oleg", containing="T-1")
    desk.expect_message("lena", containing="Oleg looks after T-1")
    desk.expect_quiet()


async def test_a_downtime_over_the_whole_of_it_says_nothing_that_is_past(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    await says(desk, "away from 15:00 until 16:00")
    await desk.does("vera", Reply("Done?"))
    desk.forget()
    await desk.sleep_until(NOON + 5 * HOUR)
    assert (await desk.ticket()).assignee == "vera"
    assert await alive(desk) == []
    desk.expect_quiet()


async def test_another_replica_notices_and_between_them_everything_is_told_once(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    other = new_desk(desk.database, {}, desk.time)
    await other.prepare(is_alone=False)
    answer = await other.leaving.answer(PersonId("vera"), "away until thursday", key="elsewhere")
    assert answer is not None
    # Ours has not noticed yet, and what it gives to Vera in that moment goes on to Oleg all the same.
    await desk.receives(Channel.EMAIL, sender="lena", text="Export failed")
    await desk.settle()
    await Stepping(other, desk.time).settle()
    await desk.fast_forward(seconds=10)
    assert [(await desk.ticket(number)).assignee for number in (1, 2)] == ["oleg", "oleg"]
    await desk.desk.refresh()
    assert desk.desk.revisions.current.absences == other.revisions.current.absences
    desk.forget()
    await desk.go_to(NOON + timedelta(days=2))
    await Stepping(other, desk.time).settle()
    desk.expect_ping("vera", containing="Welcome back. 2 tickets moved on")
    desk.expect_ping("oleg", containing="2 tickets again")
    await other.drain()


async def test_what_waited_on_return_is_told_once_and_not_again_as_the_shift_begins(desk: Story) -> None:
    await opened(desk, "Payroll failed")
    await desk.go_to(NOON + 8 * HOUR)
    await says(desk, "away until thursday")
    await desk.receives(sender="lena", text="Any news?")
    desk.forget()
    await desk.go_to(NOON + timedelta(days=2))
    digest = desk.expect_ping("vera", containing="Welcome back. 1 ticket")
    assert "T-1 · Payroll failed" in digest
    assert "tickets waited for you" not in "".join(one.text for one in desk.seen("vera"))


async def _owners(desk: Story) -> list[str]:
    found = await desk.database.read(lambda conn: alarms.peek(conn, now=instant(NOON + timedelta(days=400)), count=99))
    return [one.owner for one in found]
