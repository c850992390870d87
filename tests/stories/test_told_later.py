"""By when we answer was said to a client, and it is later now: they hear the new moment, once, and only then."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import (
    Agree,
    AskDetails,
    Covered,
    HandOver,
    MarkSpam,
    Merge,
    NotCovered,
    NotSpam,
    Reapply,
    Reply,
    Resolve,
    Resume,
    SetUrgency,
    WaitThirdParty,
)
from bot.tickets.ticket import TicketId
from routing.people import PersonId
from sla.policy import Metric
from tests.builders import STORY_DESK, document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_absences import VERA, says

DATABASES = ("sqlite", "postgresql")

WEEK = 'week = { mon-fri = ["10:00-19:00"] }'
SLOWER = document(STORY_DESK.replace('first_response = { within = "1h"', 'first_response = { within = "3h"'))
QUICKER = document(STORY_DESK.replace('first_response = { within = "1h"', 'first_response = { within = "40m"'))
#: Shut half an hour after the story begins, with half an hour of the promise left.
SHORTER = document(STORY_DESK.replace(WEEK, 'week = { mon-fri = ["10:00-12:30"] }'))
#: Shut in the very moment.
SHUT = document(STORY_DESK.replace(WEEK, 'week = { mon-fri = ["10:00-11:59"] }'))


@pytest.fixture
async def told(desk: Story) -> Story:
    """Noon at +03:00: Lena, three hours behind, was told that Vera answers by ten."""
    await desk.desk.recount()
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Vera answers by 10:00 (your time)")
    desk.forget()
    return desk


async def test_what_matters_less_is_answered_later_and_its_client_hears_it_once(told: Story) -> None:
    await told.does("vera", SetUrgency("low"))
    told.expect_message("lena", containing="A change for T-1: we answer by 13:00 (your time).")
    await told.does("vera", SetUrgency("high"))
    await told.does("vera", SetUrgency("medium"))
    await told.does("vera", SetUrgency("low"))
    await told.fast_forward(minutes=20)
    told.expect_quiet()
    assert (await told.events()).count("due_told") == 1


async def test_what_matters_more_is_answered_sooner_and_they_will_see(told: Story) -> None:
    await told.does("vera", SetUrgency("high"))
    await told.does("vera", SetUrgency("medium"))
    told.expect_quiet()


async def test_it_is_said_in_the_clients_language_and_zone(desk: Story) -> None:
    await desk.receives(Channel.EMAIL, sender="taras", text="Export failed")
    desk.forget()
    await desk.does("oleg", SetUrgency("low"))
    desk.expect_message("taras", Channel.EMAIL, containing="Зміна щодо T-1: відповімо не пізніше ніж о 15:00")
    desk.expect_quiet()


async def test_shorter_hours_move_the_moment_and_the_client_hears_it_once(told: Story) -> None:
    await told.apply(SHORTER)
    await told.settle()
    told.expect_message("lena", containing="A change for T-1: we answer by tomorrow 07:30 (your time).")
    await told.apply(document(STORY_DESK))
    await told.apply(SHORTER)
    await told.settle()
    told.expect_quiet()


async def test_hours_that_send_us_home_at_once_say_both_in_one_message(told: Story) -> None:
    await told.apply(SHUT)
    await told.settle()
    told.expect_message("lena", containing="A change for T-1: we are back tomorrow 07:00 and answer by tomorrow 08:00")
    await told.desk.recount()
    await told.dies()
    await told.desk.recount()
    await told.settle()
    told.expect_nothing("lena", Channel.TELEGRAM)
    assert (await told.events()).count("put_off") == 1


async def test_killed_before_they_were_told_of_shorter_hours_they_hear_it_once(told: Story) -> None:
    await told.apply_unseen(SHORTER)
    await told.dies()
    await told.desk.recount()
    await told.dies()
    await told.desk.recount()
    await told.settle()
    told.expect_message("lena", containing="we answer by tomorrow 07:30")
    told.expect_nothing("lena", Channel.TELEGRAM)


async def test_a_ticket_that_is_promised_anew_says_a_later_moment_and_no_earlier_one(told: Story) -> None:
    await told.apply(QUICKER)
    await told.does("dana", Reapply())
    told.expect_quiet()
    await told.apply(SLOWER)
    await told.does("dana", Reapply())
    told.expect_message("lena", containing="A change for T-1: we answer by 12:00 (your time).")
    told.expect_quiet()


async def test_after_the_wait_for_somebody_else_they_hear_the_moment_that_counts_now(told: Story) -> None:
    await told.does("vera", WaitThirdParty("bank 4711"))
    await told.does("vera", SetUrgency("low"))
    await told.fast_forward(hours=1)
    told.expect_quiet()
    await told.does("vera", Resume())
    told.expect_message("lena", containing="A change for T-1: we answer by 14:00 (your time).")
    told.expect_quiet()


async def test_a_wait_that_moves_no_moment_says_nothing(told: Story) -> None:
    await told.does("vera", WaitThirdParty("bank 4711"))
    await told.does("vera", Resume())
    told.expect_quiet()


async def test_a_question_takes_back_what_was_said(desk: Story) -> None:
    await desk.receives(sender="taras", text="Export failed")
    await desk.does("oleg", AskDetails("Which one?"))
    await desk.fast_forward(minutes=20)
    desk.forget()
    await desk.receives(sender="taras", text="The third")
    await desk.does("oleg", SetUrgency("low"))
    desk.expect_nothing("taras")


async def test_whoever_has_an_answer_hears_nothing(told: Story) -> None:
    await told.does("vera", Reply("Looking"))
    await told.receives(sender="lena", text="And the export failed")
    told.forget()
    await told.does("vera", SetUrgency("low"))
    await told.apply(SHORTER)
    await told.settle()
    told.expect_nothing("lena", Channel.TELEGRAM)


async def test_what_is_over_hears_nothing(told: Story) -> None:
    await told.does("vera", Resolve("Done"))
    told.forget()
    await told.apply(SHORTER)
    await told.settle()
    told.expect_quiet()


async def test_what_is_broken_keeps_the_moment_that_was_said(told: Story) -> None:
    await told.fast_forward(minutes=61)
    told.forget()
    await told.does("vera", SetUrgency("low"))
    await told.fast_forward(minutes=30)
    told.expect_nothing("lena", Channel.TELEGRAM)


async def test_what_was_agreed_with_the_client_they_know(told: Story) -> None:
    await told.does("vera", Agree(Metric.FIRST_RESPONSE, timedelta(hours=5)))
    told.expect_quiet()
    await told.does("vera", SetUrgency("low"))
    told.expect_quiet()


async def test_what_is_covered_after_all_says_the_moment_once(told: Story) -> None:
    await told.does("vera", NotCovered("changes by others"))
    await told.fast_forward(minutes=20)
    told.forget()
    await told.does("vera", Covered())
    told.expect_message("lena", containing="We answer by 10:20")
    told.expect_nothing("lena", Channel.TELEGRAM)


async def test_what_was_no_spam_after_all_keeps_what_was_said(told: Story) -> None:
    await told.does("vera", MarkSpam())
    await told.fast_forward(minutes=20)
    await told.does("vera", NotSpam())
    told.expect_nothing("lena", Channel.TELEGRAM)
    await told.does("vera", SetUrgency("low"))
    told.expect_message("lena", containing="we answer by 13:00")


async def test_the_moment_that_louder_words_were_promised_is_put_right_too(told: Story) -> None:
    await told.receives(sender="lena", text="It is down now")
    told.expect_message("lena", containing="you hear from us by")
    told.forget()
    await told.does("vera", SetUrgency("medium"))
    told.expect_message("lena", containing="A change for T-1: we answer by 10:00 (your time).")
    told.expect_nothing("lena", Channel.TELEGRAM)


async def test_two_that_become_one_say_a_moment_only_where_it_is_later(told: Story) -> None:
    await told.receives(sender="lena", text="/new")
    await told.receives(sender="lena", text="Payroll is slow")
    told.forget()
    await told.does("vera", Merge(TicketId(1)), ticket=2)
    told.expect_message("lena", containing="T-2")
    told.expect_nothing("lena", Channel.TELEGRAM)


async def test_the_second_line_of_a_chat_is_promised_by_urgency_and_the_client_hears_that(make_desk: MakeStory) -> None:
    chat = '\n[policies.premium.targets.medium.channels.telegram]\nfirst_response = { within = "10m" }\n'
    story = await make_desk(story_desk(more=chat))
    await story.receives(sender="lena", text="Payroll failed")
    story.expect_message("lena", containing="Vera answers by 09:10")
    story.forget()
    await story.does("vera", HandOver(None, is_second_line=True))
    story.expect_message("lena", containing="A change for T-1: we answer by 10:00 (your time).")


async def test_leave_and_a_moment_that_moves_are_two_things_and_each_is_said_once(told: Story) -> None:
    await told.does("vera", SetUrgency("low"))
    told.expect_message("lena", containing="we answer by 13:00")
    await says(told, "away until friday", by=VERA)
    await told.fast_forward(minutes=10)
    said = [line for line in await told.events() if line in {"due_told", "put_off"}]
    assert said == ["due_told"]


async def test_whoever_was_told_no_moment_hears_of_none(desk: Story) -> None:
    """A mail from an address that is not proven is answered in fixed words."""
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed", doubt="not signed")
    desk.expect_message("lena", Channel.EMAIL, containing="has the number T-1")
    desk.forget()
    assert (await desk.ticket()).told_due_at is None
    await desk.does("oleg", HandOver(PersonId("oleg")))
    await desk.does("oleg", SetUrgency("low"))
    desk.expect_nothing("lena", Channel.EMAIL)
