"""Tickets given to people who are not there, and two people who want one: each hears it once, and in their own time."""

from datetime import UTC, datetime, timedelta

from adapters.message import Channel
from bot.tickets.command import HandOver, Reply, Take
from routing.people import PersonId
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_absences import OLEG, says

DATABASES = ("sqlite", "postgresql")
TO_OLEG = HandOver(PersonId("oleg"), "You know the bank")
#: Tuesday, 18:30 and 10:00 on Wednesday at +03:00; Vera and Oleg are there from 10 to 19, Dana from 9 to 21.
EVENING = datetime(2026, 3, 3, 15, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)


async def opened(make_desk: MakeStory) -> Story:
    story = await make_desk(start=EVENING)
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()
    return story


async def test_whoever_is_on_leave_is_given_nothing(make_desk: MakeStory) -> None:
    story = await opened(make_desk)
    await says(story, "away until 2026-03-20", by=OLEG)
    answer = await story.does("vera", TO_OLEG)
    assert answer.is_refused
    assert "Oleg Hnatiuk is on leave and back March 20, 10:00; nothing was changed." in answer.text
    assert (await story.ticket()).assignee == "vera"
    await says(story, "back", by=OLEG)
    await says(story, "away", by=OLEG)
    assert "on leave without an end" in (await story.does("vera", TO_OLEG)).text
    story.expect_quiet()


async def test_whoever_is_not_there_reads_of_it_as_they_come(make_desk: MakeStory) -> None:
    story = await opened(make_desk)
    await story.go_to(EVENING + timedelta(hours=1))
    story.forget()
    answer = await story.does("dana", TO_OLEG)
    assert answer.text == "Done. Oleg Hnatiuk is not there now and reads of it tomorrow 10:00."
    story.expect_message("lena", containing="Oleg looks after T-1 from now on and is back tomorrow 07:00 (your time).")
    story.expect_card("oleg", containing="T-1 · Acme")
    await story.receives(sender="lena", text="Any news?")
    story.expect_nothing("lena", Channel.TELEGRAM)
    story.forget()
    await story.go_to(MORNING - timedelta(seconds=1))
    story.expect_quiet()
    await story.go_to(MORNING + timedelta(seconds=1))
    story.expect_ping("oleg", containing="T-1 · Payroll failed")
    news = story.expect_ping("vera", containing="1 ticket of yours went to others while you were away")
    assert "T-1 · Payroll failed (Oleg Hnatiuk)" in news
    story.forget()
    await story.go_to(MORNING + timedelta(minutes=10))
    story.expect_quiet()


async def test_what_is_given_on_before_they_come_is_not_told(make_desk: MakeStory) -> None:
    story = await opened(make_desk)
    await story.go_to(EVENING + timedelta(hours=1))
    await story.does("dana", TO_OLEG)
    await story.does("dana", HandOver(PersonId("mira")))
    story.forget()
    await story.go_to(MORNING + timedelta(seconds=1))
    assert not story.mentions("oleg", containing="T-1")
    story.expect_ping("mira", containing="T-1 · Payroll failed")


async def test_what_is_answered_already_is_told_as_they_come_as_well(make_desk: MakeStory) -> None:
    story = await opened(make_desk)
    await story.does("vera", Reply("Looking into it"))
    await story.go_to(EVENING + timedelta(hours=1))
    await story.does("dana", TO_OLEG)
    story.forget()
    await story.go_to(MORNING + timedelta(seconds=1))
    story.expect_ping("oleg", containing="T-1 · Payroll failed")
    await story.go_to(MORNING + timedelta(days=1, seconds=1))
    assert not story.mentions("oleg", containing="T-1 · Payroll failed")


async def test_a_lead_who_takes_a_ticket_tells_whoever_had_it(make_desk: MakeStory) -> None:
    story = await opened(make_desk)
    await story.does("vera", Take())
    story.forget()
    await story.does("dana", Take())
    story.expect_ping("vera", containing="Dana Orlyk took T-1 (Acme) over from you")
    assert (await story.ticket()).assignee == "dana"
    await story.does("dana", Take())
    story.expect_nothing("vera", Channel.SLACK)


async def test_two_who_press_take_at_once_both_know_who_has_it(make_desk: MakeStory) -> None:
    story = await make_desk(start=EVENING)
    await says(story, "away until thursday")
    await says(story, "away until thursday", by=OLEG)
    await says(story, "away until thursday", by="T1/U3")
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()
    first = await story.does("tara", Take())
    second = await story.does("dana", Take())
    assert [first.text, second.text] == ["Done.", "Done."]
    story.expect_ping("tara", containing="Dana Orlyk took T-1 (Acme) over from you")
    third = await story.does("tara", Take())
    assert third.text == "Dana Orlyk was faster and has it already."
