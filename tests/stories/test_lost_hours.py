"""Hours that the desk no longer writes: what counts in them is still computed, and nobody waits for nothing."""

from datetime import timedelta

from bot.tickets.command import Agree, HandOver, Reapply, Reply
from routing.people import PersonId
from sla.clock import State, is_owing
from sla.duration import instant
from sla.policy import Metric
from sla.promise import ReplyKind
from tests.builders import document, story_desk
from tests.harness import NOON
from tests.stories.conftest import MakeStory

WALL = (
    ('pick_up = "never"', 'pick_up = "15m"'),
    (
        'first_response = { within = "1h", quote = "within 1 hour" }',
        'first_response = { within = "3h", unit = "wall" }',
    ),
)
OLEG = 'name = "Oleg Hnatiuk"\nroles = ["manager"]\ncalendar = "office"'
LATE = '\n[calendars.late]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["12:00-23:00"] }\n'
COUNTS = 'source = "Premium agreement"\ncalendar = "office"'


async def test_a_person_s_hours_that_came_after_the_ticket_and_went_again(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(*WALL))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.apply(document(story_desk(*WALL, (OLEG, OLEG.replace('"office"', '"late"')), more=LATE)))
    await desk.fast_forward(minutes=1)
    await desk.does("vera", HandOver(PersonId("oleg")))
    (awaited,) = [one for one in (await desk.page()).facts.clocks if one.metric is Metric.PICK_UP and is_owing(one)]
    assert awaited.calendar == "late"
    await desk.apply(document(story_desk(*WALL)))
    desk.forget()
    await desk.fast_forward(minutes=16)
    desk.expect_ping("vera", containing="Oleg Hnatiuk did not pick it up within 15 min")
    desk.expect_ping("oleg", containing="went on to Vera Kova")
    assert not (await desk.does("vera", Reply("Here", ReplyKind.ANSWER))).is_refused
    assert (await desk.clock("first_response")).state is State.MET
    desk.forget()
    await desk.fast_forward(hours=4)
    desk.expect_quiet()


async def test_what_was_agreed_in_hours_that_are_gone_when_it_is_promised_anew(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk((COUNTS, COUNTS.replace('"office"', '"late"')), more=LATE))
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Agree(Metric.FIRST_RESPONSE, timedelta(hours=9)))
    await desk.apply(document(story_desk()))
    assert not (await desk.does("dana", Reapply())).is_refused
    assert (await desk.ticket()).revision == 2
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=9, minutes=1))
    assert (await desk.clock("first_response")).breached_at == instant(NOON + timedelta(hours=9))
    await desk.go_to(NOON + timedelta(hours=21, minutes=1))
    desk.expect_alert("dana", containing="first response is overdue since March 3, 21:00")
