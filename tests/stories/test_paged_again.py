"""Whoever is on call is called whenever nobody is at what is urgent: again, later in the day, and past who sleeps."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import GiveEta, HandOver, Reply, Resolve, SetUrgency, Take
from routing.people import PersonId
from sla.clock import State
from sla.duration import later
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_paging import FRIDAY, MONDAY, PAGED, SATURDAY

#: A plan with a line for the night, and pick-ups that count.
NIGHT = (
    PAGED.replace('[rules]\npick_up = "never"\n', "").replace(
        'name = "Premium"\npolicy = "premium"\nline = "managers"',
        'name = "Premium"\npolicy = "premium"\nline = "managers"\noff_hours_line = "night"',
    )
    + """
[calendars.always]
zone = "fixed:+03:00"
week = { mon-sun = ["00:00-24:00"] }
[lines.night]
people = ["nina"]
calendar = "always"
[people.nina]
name = "Nina Noc"
roles = ["manager"]
calendar = "always"
identities = { slack = "T1/U9" }
"""
)
#: Tuesday, two minutes before the office closes at 19:00.
CLOSING = datetime(2026, 3, 3, 15, 58, tzinfo=UTC)
TEN = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)


async def taken(make_desk: MakeStory) -> Story:
    """On Saturday Tara, who is on call, takes what is down and answers."""
    story = await make_desk(PAGED, start=SATURDAY)
    await story.receives(sender="lena", text="Payroll is down")
    await story.does("tara", Take())
    await story.does("tara", Reply("I have restarted it"))
    await story.fast_forward(minutes=20)
    story.forget()
    return story


async def test_whoever_took_it_out_of_hours_is_called_by_the_next_words_and_then_the_ladder(
    make_desk: MakeStory,
) -> None:
    story = await taken(make_desk)
    await story.receives(sender="lena", text="No, still the same error")
    story.expect_ping("tara", containing="Lena")
    story.expect_under("tara", containing="still the same")
    story.expect_edit("tara", containing="T-1")
    story.expect_quiet()
    # Within one thought nobody is called twice.
    await story.fast_forward(minutes=1)
    await story.receives(sender="lena", text="It says 500")
    story.expect_nothing("dana", Channel.SLACK)
    story.forget()
    await story.fast_forward(minutes=15)
    story.expect_alert("tara", containing="critical, and Tara Lindt, who has it, has not answered")
    story.expect_quiet()
    await story.fast_forward(minutes=15)
    story.expect_alert("dana", containing="critical, and Tara Lindt, who has it, has not answered")
    await story.go_to(MONDAY - timedelta(seconds=1))
    story.expect_quiet()


@pytest.mark.parametrize("by", [pytest.param("reply", id="an answer"), pytest.param("take", id="a press")])
async def test_an_answer_or_taking_it_again_keeps_the_others_asleep(make_desk: MakeStory, by: str) -> None:
    story = await taken(make_desk)
    await story.receives(sender="lena", text="No, still the same error")
    await story.does("tara", Reply("I look") if by == "reply" else Take())
    story.forget()
    await story.go_to(MONDAY - timedelta(seconds=1))
    story.expect_quiet()


async def test_their_turn_ends_with_their_next_shift(make_desk: MakeStory) -> None:
    """On Monday evening whoever is on call then is paged at once; that Tara took it on Saturday is over."""
    story = await taken(make_desk)
    await story.go_to(MONDAY + timedelta(hours=12))
    story.forget()
    await story.receives(sender="lena", text="It fails again")
    story.expect_message("lena", containing="T-1")
    story.expect_alert("tara", containing="critical, and Tara Lindt, who has it, is not on shift")
    story.expect_nothing("dana", Channel.SLACK)


async def test_what_was_resolved_on_saturday_and_is_down_again_pages_again(make_desk: MakeStory) -> None:
    story = await taken(make_desk)
    await story.does("tara", Resolve("It runs"))
    story.forget()
    await story.fast_forward(minutes=20)
    await story.receives(sender="lena", text="It is down again!!!")
    story.expect_message("lena", containing="we have called those who are on duty now")
    story.expect_alert("tara", containing="T-1 (Acme): critical")
    await story.fast_forward(minutes=16)
    story.expect_alert("dana", containing="T-1 (Acme): critical")


@pytest.mark.parametrize("is_resolved", [pytest.param(False, id="going on"), pytest.param(True, id="reopened")])
async def test_what_was_handed_over_by_day_is_paged_for_at_night(make_desk: MakeStory, *, is_resolved: bool) -> None:
    story = await make_desk(PAGED, start=FRIDAY)
    await story.receives(sender="lena", text="Payroll is down")
    await story.does("vera", HandOver(PersonId("mira")))
    await story.does("mira", Resolve("Restarted") if is_resolved else Reply("Restarted"))
    await story.go_to(SATURDAY)
    story.forget()
    await story.receives(sender="lena", text="It is down again, all of it!")
    story.expect_message("lena", containing="we have called those who are on duty now")
    story.expect_alert("tara", containing="critical, and Mira Solano, who has it, is not on shift")
    await story.fast_forward(minutes=16)
    story.expect_alert("dana", containing="critical")


async def test_a_page_handed_to_somebody_who_is_not_there_goes_on_until_they_have_it(make_desk: MakeStory) -> None:
    story = await make_desk(PAGED, start=SATURDAY)
    await story.receives(sender="lena", text="Payroll is down")
    await story.does("tara", HandOver(PersonId("vera")))
    story.forget()
    await story.fast_forward(minutes=16)
    story.expect_alert("dana", containing="critical, and Vera Kova, who has it, is not on shift")
    await story.does("vera", Take())
    story.forget()
    await story.go_to(MONDAY - timedelta(seconds=1))
    story.expect_quiet()


async def test_what_nobody_took_before_the_closing_is_paged_for_as_the_shift_ends(make_desk: MakeStory) -> None:
    story = await make_desk(PAGED, start=CLOSING)
    await story.receives(sender="lena", text="Payroll is down")
    story.forget()
    await story.go_to(CLOSING + timedelta(minutes=3))
    story.expect_alert("tara", containing="critical, and Vera Kova, who has it, is not on shift")
    story.expect_quiet()
    await story.dies()
    await story.go_to(CLOSING + timedelta(minutes=18))
    story.expect_alert("dana", containing="critical")
    await story.go_to(TEN - timedelta(seconds=1))
    story.expect_quiet()


async def test_what_broke_by_day_is_paged_for_at_night_though_nobody_is_left_on_call(make_desk: MakeStory) -> None:
    """Whoever is on call is on leave, and the ladder of the breach has been climbed: those who lead hear."""
    nobody_else = PAGED.replace(', { after = "15m", tell = "lead" }', "")
    story = await make_desk(nobody_else, start=CLOSING - timedelta(hours=2))
    await story.channels[Channel.SLACK].command("T1/U4", "desk", "away until friday")
    await story.receives(sender="lena", text="Payroll is down")
    await story.go_to(CLOSING)
    assert (await story.clock("first_response")).state is State.BREACHED
    story.forget()
    await story.go_to(CLOSING + timedelta(minutes=3))
    story.expect_alert("dana", containing="critical, and Vera Kova, who has it, is not on shift")
    await story.dies()
    await story.go_to(TEN - timedelta(seconds=1))
    story.expect_quiet()


async def test_what_is_answered_before_the_closing_pages_nobody(make_desk: MakeStory) -> None:
    story = await make_desk(PAGED, start=CLOSING)
    await story.receives(sender="lena", text="Payroll is down")
    await story.does("vera", Reply("I restart it"))
    story.forget()
    await story.go_to(TEN - timedelta(seconds=1))
    story.expect_quiet()


async def test_leave_that_leaves_urgent_words_with_nobody_pages(make_desk: MakeStory) -> None:
    story = await make_desk(PAGED, start=CLOSING - timedelta(hours=2))
    for one in ("T1/U2", "T1/U3"):
        await story.channels[Channel.SLACK].command(one, "desk", "away until friday")
    await story.receives(sender="lena", text="Payroll is down")
    story.forget()
    await story.channels[Channel.SLACK].command("T1/U1", "desk", "away until friday")
    await story.settle()
    story.expect_alert("tara", containing="critical, and Vera Kova, who has it, is not on shift")
    assert (await story.ticket()).assignee == "vera"
    await story.does("tara", Take())
    story.forget()
    await story.fast_forward(minutes=10)
    story.expect_nothing("dana", Channel.SLACK)


async def test_leave_that_leaves_what_is_answered_with_nobody_pages_nobody(make_desk: MakeStory) -> None:
    """A promise of theirs broke by day, and is with their lead; what the client says next pages."""
    story = await make_desk(PAGED, start=CLOSING - timedelta(hours=4))
    for one in ("T1/U2", "T1/U3"):
        await story.channels[Channel.SLACK].command(one, "desk", "away until friday")
    await story.receives(sender="lena", text="Payroll is down")
    await story.does("vera", GiveEta(later(story.time.at, timedelta(hours=1))))
    await story.fast_forward(hours=3)
    assert (await story.clock("eta")).state is State.BREACHED
    story.forget()
    await story.channels[Channel.SLACK].command("T1/U1", "desk", "away until friday")
    await story.settle()
    story.expect_nothing("tara", Channel.SLACK)
    await story.go_to(CLOSING + timedelta(hours=5))
    story.expect_nothing("tara", Channel.SLACK)
    await story.receives(sender="lena", text="It is down again")
    story.expect_alert("tara", containing="critical, and Vera Kova, who has it, is not on shift")


async def test_whoever_makes_it_critical_on_saturday_pages(make_desk: MakeStory) -> None:
    story = await make_desk(PAGED, start=SATURDAY)
    await story.receives(sender="lena", text="Payroll is wrong")
    story.forget()
    await story.does("dana", SetUrgency("critical"))
    story.expect_alert("tara", containing="critical outside working hours, and nobody has it yet")
    await story.does("dana", SetUrgency("high"))
    story.expect_nothing("tara", Channel.SLACK)
    await story.fast_forward(minutes=16)
    story.expect_alert("dana", containing="outside working hours")


async def test_a_line_of_the_night_that_does_not_react_is_passed_over_for_those_on_call(make_desk: MakeStory) -> None:
    story = await make_desk(NIGHT, start=SATURDAY)
    await story.receives(sender="lena", text="Payroll is down")
    story.expect_card("nina", containing="T-1")
    story.forget()
    # Half of the quarter of an hour that is owed.
    await story.fast_forward(minutes=8)
    story.expect_alert("tara", containing="critical, and Nina Noc, who has it, has not answered")
    story.expect_nothing("dana", Channel.SLACK)
    await story.fast_forward(minutes=15)
    story.expect_alert("dana", containing="critical, and Nina Noc, who has it, has not answered")
    await story.does("nina", Reply("I am here"))
    story.forget()
    await story.go_to(MONDAY - timedelta(seconds=1))
    story.expect_quiet()


async def test_a_line_of_the_night_that_reacts_lets_the_others_sleep(make_desk: MakeStory) -> None:
    story = await make_desk(NIGHT, start=SATURDAY)
    await story.receives(sender="lena", text="Payroll is down")
    await story.does("nina", Take())
    story.forget()
    await story.go_to(MONDAY - timedelta(minutes=1))
    story.expect_quiet()


async def test_by_day_a_page_says_that_nobody_is_free(make_desk: MakeStory) -> None:
    full = PAGED
    for name in ("Oleg Hnatiuk", "Mira Solano"):
        full = full.replace(f'name = "{name}"', f'name = "{name}"\ncapacity = 1')
    story = await make_desk(full)
    for one in range(3):
        await story.receives(sender=f"500{one}", text=f"Server {one} is down")
    story.expect_alert("tara", containing="T-3 (5002): critical, and nobody is free to take it")
