"""Giving a ticket to somebody else: by whoever has it or a lead, to a person or by the rules; all concerned hear it."""

from datetime import UTC, datetime

import pytest

from bot.tickets.command import HandOver, Reply, Take
from routing.people import PersonId
from tests.builders import STORY_DESK, document, story_desk
from tests.harness import Story

MIRA = HandOver(PersonId("mira"), "She knows the bank")


async def opened(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()


async def test_whoever_has_it_gives_it_to_a_person(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", MIRA)
    desk.expect_message("lena", containing="Mira looks after T-1 from now on.")
    desk.expect_ping("mira", containing="Vera Kova handed T-1 (Acme) over to you\nShe knows the bank")
    assert not desk.mentions("mira", containing="T-1 · Acme")
    desk.expect_card("mira", containing="With Mira Solano (handed over)")
    desk.expect_edit("vera", containing="With Mira Solano (handed over)")
    desk.expect_quiet()


async def test_a_lead_gives_it_away_and_whoever_had_it_hears_so(desk: Story) -> None:
    await opened(desk)
    await desk.does("dana", MIRA)
    desk.expect_message("lena", containing="Mira looks after T-1")
    desk.expect_ping("mira", containing="Dana Orlyk handed T-1 (Acme) over to you")
    desk.expect_card("mira", containing="T-1 · Acme")
    desk.expect_ping("vera", containing="Dana Orlyk handed T-1 (Acme) over from you to Mira Solano")
    desk.expect_quiet()


async def test_others_may_not_give_away_what_is_not_theirs(desk: Story) -> None:
    await opened(desk)
    answer = await desk.does("oleg", MIRA)
    assert answer.is_refused
    assert "Only admin, head, lead may do this." in answer.text
    assert (await desk.ticket()).assignee == "vera"
    desk.expect_quiet()


async def test_the_rules_choose_when_no_person_is_named(desk: Story) -> None:
    await opened(desk)
    await desk.presses("vera", "Hand over", to="*")
    ticket = await desk.ticket()
    assert (ticket.assignee, ticket.rule) == ("oleg", "backup")
    desk.expect_message("lena", containing="Oleg looks after T-1")
    desk.expect_ping("oleg", containing="Vera Kova handed T-1")
    desk.expect_card("oleg", containing="T-1 · Acme")
    desk.expect_quiet()


async def test_where_nobody_else_is_there_it_stays_and_that_is_said(desk: Story) -> None:
    await opened(desk)
    await desk.go_to(datetime(2026, 3, 3, 16, 30, tzinfo=UTC))
    desk.forget()
    answer = await desk.does("vera", HandOver(None))
    assert answer.is_refused
    assert answer.text == "Nobody else is on shift, so it stays with Vera Kova."
    assert (await desk.ticket()).assignee == "vera"
    desk.expect_quiet()


async def test_nobody_hands_over_to_whom_the_desk_does_not_know_or_who_may_not_act(desk: Story) -> None:
    await opened(desk)
    for nobody in ("lena", "ines", "nobody"):
        assert (await desk.does("vera", HandOver(PersonId(nobody)))).is_refused
    assert (await desk.ticket()).assignee == "vera"
    desk.expect_quiet()


async def test_giving_it_to_whoever_has_it_does_nothing(desk: Story) -> None:
    await opened(desk)
    version = (await desk.ticket()).version
    await desk.does("dana", HandOver(PersonId("vera")))
    assert (await desk.ticket()).version == version
    desk.expect_quiet()


#: 22:00 at +03:00: nobody is there to whom it could be given.
NIGHT = datetime(2026, 3, 3, 19, 0, tzinfo=UTC)
VERA_GONE = (
    (STORY_DESK[STORY_DESK.index("[people.vera]") : STORY_DESK.index("[people.oleg]")], ""),
    ('manager = "vera"', 'manager = "oleg"'),
)


@pytest.mark.parametrize(
    "command", [pytest.param(Take(), id="takes it"), pytest.param(HandOver(PersonId("mira")), id="gives it away")]
)
async def test_what_somebody_had_who_left_the_desk_is_anybodys(desk: Story, command: Take | HandOver) -> None:
    await opened(desk)
    await desk.go_to(NIGHT)
    await desk.apply(document(story_desk(*VERA_GONE)))
    assert not (await desk.does("mira", command)).is_refused
    assert (await desk.ticket()).assignee == "mira"
    desk.forget()
    desk.expect_quiet()


async def test_whoever_answers_for_somebody_who_left_the_desk_has_it_from_then_on(desk: Story) -> None:
    await opened(desk)
    await desk.go_to(NIGHT)
    await desk.apply(document(story_desk(*VERA_GONE)))
    await desk.does("mira", Reply("Looking"))
    assert (await desk.ticket()).assignee == "mira"
    desk.forget()
    desk.expect_quiet()


async def test_a_client_who_goes_on_gets_somebody_who_is_still_there(desk: Story) -> None:
    await opened(desk)
    await desk.apply(document(story_desk(*VERA_GONE)))
    await desk.receives(sender="lena", text="And the export?")
    assert (await desk.ticket()).assignee == "oleg"
    desk.expect_card("oleg", containing="T-1 · Acme")
    desk.forget()
    desk.expect_quiet()


async def test_marks_go_to_whoever_has_it_now(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", MIRA)
    desk.forget()
    await desk.fast_forward(minutes=50)
    desk.expect_ping("mira", containing="left for the first response")
    desk.expect_quiet()
