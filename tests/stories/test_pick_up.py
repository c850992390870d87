"""Whoever is given a ticket picks it up, or it goes to the next one: each way that ends, and nobody hears it twice."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.tickets import command as c
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.clock import State
from tests.builders import story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

ASKING = ('pick_up = "never"\n', 'pick_up = "15m"\n')
DESK = story_desk(ASKING)
#: 18:50 at +03:00, ten minutes before the office closes, and 18:30 on the day after next.
LATE = datetime(2026, 3, 3, 15, 50, tzinfo=UTC)
OPENING = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)

DEEDS = [
    pytest.param(c.Take(), id="takes it"),
    pytest.param(c.Reply("Looking"), id="answers"),
    pytest.param(c.Acknowledge(), id="acknowledges"),
    pytest.param(c.AskDetails("Which run?"), id="asks for details"),
    pytest.param(c.WaitThirdParty("ZD-1"), id="waits for somebody else"),
    pytest.param(c.AddNote("A known one"), id="notes something down"),
    pytest.param(c.Resolve("Done"), id="resolves it"),
]


@pytest.fixture
async def story(make_desk: MakeStory) -> Story:
    return await make_desk(DESK)


async def asked(story: Story) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()


def expect_passed(story: Story, former: str, to: str, *, has_card: bool = False) -> None:
    """Both hear of it, and nobody else: the client is owed the same as before."""
    seen = story.expect_edit if has_card else story.expect_card
    assert "Not picked up by" in seen(to, containing="T-1 · Acme")
    story.expect_ping(to, containing="T-1 (Acme) is yours now")
    story.expect_ping(former, containing="T-1 (Acme) went on to")


async def test_who_does_not_react_is_passed_over_until_nobody_is_left_and_the_lead_hears_of_it(story: Story) -> None:
    await asked(story)
    await story.fast_forward(minutes=14, seconds=59)
    story.expect_quiet()
    await story.fast_forward(seconds=2)
    expect_passed(story, "vera", "oleg")
    assert ((await story.ticket()).assignee, (await story.ticket()).rule) == ("oleg", "backup")
    story.expect_quiet()

    await story.fast_forward(minutes=15)
    expect_passed(story, "oleg", "mira")
    assert (await story.ticket()).passed_over == ("vera", "oleg")
    story.expect_quiet()

    await story.fast_forward(minutes=15)
    told = story.expect_alert("dana", containing="T-1 (Acme): Mira Solano has not picked it up for 15 min")
    assert "nobody else is there" in told
    assert (await story.ticket()).assignee == "mira"
    assert (await story.events())[-1] == "not_picked_up"
    story.expect_quiet()

    await story.fast_forward(minutes=2)
    story.expect_quiet()


@pytest.mark.parametrize("deed", DEEDS)
async def test_whoever_does_something_about_it_keeps_it(story: Story, deed: c.Command) -> None:
    await asked(story)
    await story.fast_forward(minutes=10)
    await story.does("vera", deed)
    story.forget()
    await story.fast_forward(minutes=15)
    assert (await story.ticket()).assignee == "vera"
    assert (await story.clock("pick_up")).state in {State.MET, State.CANCELLED}
    story.expect_quiet()


async def test_whoever_it_was_handed_to_is_passed_over_as_well(story: Story) -> None:
    await asked(story)
    await story.does("vera", c.HandOver(PersonId("tara")))
    story.forget()
    await story.fast_forward(minutes=14)
    assert (await story.ticket()).assignee == "tara"
    await story.fast_forward(minutes=2)
    expect_passed(story, "tara", "vera", has_card=True)
    story.expect_quiet()


async def test_an_answer_of_somebody_else_counts_for_whoever_has_it(story: Story) -> None:
    await asked(story)
    await story.does("mira", c.Reply("I know this one"))
    story.forget()
    await story.fast_forward(minutes=20)
    assert (await story.ticket()).assignee == "vera"
    story.expect_quiet()


async def test_what_the_client_adds_gives_nobody_more_time(story: Story) -> None:
    await asked(story)
    await story.fast_forward(minutes=10)
    await story.receives(sender="lena", text="It still fails")
    story.forget()
    await story.fast_forward(minutes=6)
    expect_passed(story, "vera", "oleg")
    await story.receives(sender="lena", text="Is anybody there?")
    story.expect_ping("oleg", containing="Lena wrote on T-1")
    assert (await story.ticket()).assignee == "oleg"
    story.expect_quiet()


async def test_whoever_was_passed_over_may_take_it_back_and_is_asked_in_the_next_round(story: Story) -> None:
    await asked(story)
    await story.fast_forward(minutes=16)
    await story.does("oleg", c.HandOver(PersonId("vera")))
    await story.does("vera", c.Reply("Sorry, here I am"))
    await story.does("vera", c.Resolve("Done"))
    assert (await story.ticket()).passed_over == ()
    await story.fast_forward(hours=2)
    await story.receives(sender="lena", text="It fails again")
    story.forget()
    await story.fast_forward(minutes=16)
    expect_passed(story, "vera", "oleg", has_card=True)
    story.expect_quiet()


async def test_nobody_is_asked_to_pick_up_what_needs_no_answer(story: Story) -> None:
    await asked(story)
    await story.does("vera", c.Reply("Here you are"))
    await story.does("vera", c.Resolve("Done"))
    await story.fast_forward(hours=1)
    await story.receives(sender="lena", text="It all works again and everybody here is happy")
    await story.does("dana", c.NeedsNoAnswer())
    story.forget()
    await story.fast_forward(minutes=20)
    assert (await story.ticket()).assignee == "vera"
    story.expect_quiet()


async def test_what_matters_more_than_it_did_is_picked_up_sooner(story: Story) -> None:
    await asked(story)
    await story.fast_forward(minutes=1)
    await story.receives(sender="lena", text="Everything is down")
    story.forget()
    # A quarter of an hour is promised now: half of it to vera, so that somebody else can keep it.
    await story.fast_forward(minutes=7)
    story.expect_quiet()
    await story.fast_forward(seconds=30)
    expect_passed(story, "vera", "oleg")
    await story.does("dana", c.SetUrgency("low"))
    await story.fast_forward(minutes=7)
    assert (await story.ticket()).assignee == "oleg"


async def test_the_time_stands_still_out_of_hours(make_desk: MakeStory) -> None:
    story = await make_desk(DESK, start=LATE)
    await asked(story)
    await story.go_to(OPENING)
    story.forget()
    assert (await story.ticket()).assignee == "vera"
    await story.fast_forward(minutes=4)
    story.expect_quiet()
    await story.fast_forward(minutes=2)
    expect_passed(story, "vera", "oleg")
    story.expect_quiet()


async def test_what_waited_for_a_shift_is_picked_up_from_its_beginning(make_desk: MakeStory) -> None:
    story = await make_desk(DESK, start=datetime(2026, 3, 3, 17, 0, tzinfo=UTC))
    await asked(story)
    await story.go_to(OPENING)
    story.expect_card("vera", containing="T-1 · Acme")
    story.expect_quiet()
    await story.fast_forward(minutes=16)
    expect_passed(story, "vera", "oleg")
    story.expect_quiet()


async def test_a_promise_of_real_time_asks_nobody_at_night(make_desk: MakeStory) -> None:
    round_the_clock = (
        'first_response = { within = "1h", quote',
        'first_response = { within = "24h", unit = "wall", quote',
    )
    story = await make_desk(story_desk(ASKING, round_the_clock), start=LATE)
    await asked(story)
    await story.go_to(OPENING)
    story.forget()
    assert (await story.ticket()).assignee == "vera"
    await story.fast_forward(minutes=6)
    expect_passed(story, "vera", "oleg")
    story.expect_quiet()


async def test_a_process_that_dies_or_sleeps_in_between_passes_it_over_once(story: Story) -> None:
    await asked(story)
    await story.dies()
    await story.sleep_until(datetime(2026, 3, 3, 9, 40, tzinfo=UTC))
    expect_passed(story, "vera", "oleg")
    await story.dies()
    await story.settle()
    story.expect_quiet()
    await story.fast_forward(minutes=14)
    story.forget()
    assert (await story.ticket()).assignee == "oleg"


async def test_leave_hands_it_on_and_the_stand_in_has_their_own_time(story: Story) -> None:
    await asked(story)
    await story.fast_forward(minutes=10)
    await story.desk.leaving.answer(PersonId("vera"), "away until friday", key="away-1")
    await story.settle()
    story.forget()
    assert (await story.ticket()).assignee == "oleg"
    await story.fast_forward(minutes=14)
    story.expect_quiet()
    await story.fast_forward(minutes=2)
    expect_passed(story, "oleg", "mira")
    story.expect_quiet()


async def test_two_tickets_that_become_one_are_picked_up_once(story: Story) -> None:
    await asked(story)
    await story.receives(sender="lena", text="Payroll failed again", address="-1001234")
    story.forget()
    await story.does("vera", c.Merge(TicketId(1)), ticket=2)
    story.forget()
    await story.fast_forward(minutes=30)
    story.expect_quiet()
    assert (await story.ticket()).assignee == "vera"


async def test_the_policy_may_say_how_long(make_desk: MakeStory) -> None:
    cell = ('next_response = { within = "1h" }', 'next_response = { within = "1h" }\npick_up = { within = "5m" }')
    story = await make_desk(story_desk(cell))
    await asked(story)
    await story.fast_forward(minutes=6)
    expect_passed(story, "vera", "oleg")
    story.expect_quiet()


async def test_of_two_who_claim_it_in_the_same_second_one_has_it_and_the_other_is_told(make_desk: MakeStory) -> None:
    story = await make_desk(DESK, start=datetime(2026, 3, 3, 17, 0, tzinfo=UTC))
    await asked(story)
    press = story.desk.commands.perform
    first, second = await asyncio.gather(
        press(PersonId("mira"), TicketId(1), c.Take(), key="mira-1"),
        press(PersonId("oleg"), TicketId(1), c.Take(), key="oleg-1"),
    )
    await story.settle()
    assert (first.is_refused, second.is_refused) == (False, True)
    assert second.text == "Mira Solano was faster and has it already."
    story.expect_card("mira", containing="T-1 · Acme")
    assert (await story.ticket()).assignee == "mira"
    story.expect_quiet()
