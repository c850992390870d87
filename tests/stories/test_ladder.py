"""Who further up hears of a broken promise: step by step, quiet while somebody has it, and nobody twice."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.errors import PermanentError
from adapters.message import Channel
from bot.tickets.command import Acknowledge, AskDetails, Escalate, NameReply, Reply, Resolve
from sla.promise import ReplyKind
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgres")

HANA = """
[people.hana]
name = "Hana Berg"
roles = ["head"]
calendar = "office"
identities = { slack = "T1/U7" }
"""
STEPS = """steps = [
    { after = "0m", tell = "lead" },
    { after = "30m", tell = "head" },
    { after = "2h", tell = "executive" },
]"""
ONE_STEP = 'steps = [{ after = "0m", tell = "lead" }]'
LADDER = story_desk((ONE_STEP, STEPS), more=HANA)
#: The first response of a medium ticket, asked at noon, breaks then.
BROKEN = NOON + timedelta(hours=1)


async def broken(make_desk: MakeStory, desk: str = LADDER, *, sender: str = "lena") -> Story:
    """A promise broke a second ago, and whoever hears of that has heard."""
    story = await make_desk(desk)
    await story.receives(sender=sender, text="Payroll failed")
    await story.go_to(BROKEN + timedelta(seconds=1))
    story.forget()
    return story


async def alerted(story: Story, number: int = 1) -> list[tuple[object, object]]:
    """Which steps the history names, and who was told."""
    events = (await story.page(number)).events
    return [(one.particulars["step"], one.particulars["people"]) for one in events if one.what == "alerted"]


async def test_each_step_falls_in_its_time_and_says_who_was_told_before(make_desk: MakeStory) -> None:
    story = await make_desk(LADDER)
    await story.receives(sender="lena", text="Payroll failed")
    await story.go_to(BROKEN - timedelta(seconds=1))
    story.forget()
    await story.go_to(BROKEN + timedelta(minutes=29))
    story.expect_ping("vera", containing="first response is overdue since 13:00")
    story.expect_alert("dana", containing="first response is overdue since 13:00\nWith Vera Kova.")
    story.expect_quiet()
    await story.go_to(BROKEN + timedelta(minutes=31))
    alert = story.expect_alert("hana", containing="T-1 (Acme): first response is overdue since 13:00")
    assert "Told before: Dana Orlyk." in alert
    assert "noticed" not in alert
    story.expect_quiet()
    await story.go_to(BROKEN + timedelta(hours=2, minutes=1))
    alert = story.expect_alert("ines", containing="overdue since 13:00")
    assert "Told before: Dana Orlyk, Hana Berg." in alert
    await story.fast_forward(days=9)
    story.expect_quiet()
    assert await alerted(story) == [(1, "dana"), (2, "hana"), (3, "ines")]


async def test_an_answer_ends_it(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.does("vera", Reply("Fixed"))
    story.forget()
    await story.fast_forward(hours=3)
    story.expect_quiet()


async def test_an_answer_that_never_arrives_ends_nothing(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.go_to(BROKEN + timedelta(minutes=10))
    story.channels[Channel.TELEGRAM].fail_next(PermanentError("blocked"))
    await story.does("vera", Reply("Fixed"))
    story.forget()
    await story.go_to(BROKEN + timedelta(minutes=31))
    story.expect_alert("hana", containing="overdue")
    story.expect_quiet()


async def test_resolving_ends_it(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.does("vera", Resolve())
    story.forget()
    await story.fast_forward(hours=3)
    story.expect_quiet()


async def test_an_acknowledgement_holds_it_for_an_hour_and_not_the_promise(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.go_to(BROKEN + timedelta(minutes=10))
    await story.presses("dana", "ticket.ack")
    await story.go_to(BROKEN + timedelta(minutes=69))
    assert (await story.clock("first_response")).state == "breached"
    story.expect_quiet()
    await story.go_to(BROKEN + timedelta(minutes=71))
    story.expect_alert("hana", containing="overdue")
    await story.go_to(BROKEN + timedelta(hours=2, minutes=1))
    story.expect_alert("ines", containing="overdue")
    story.expect_quiet()


async def test_an_acknowledgement_outlives_restarts_and_ends_while_nobody_is_up(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.go_to(BROKEN + timedelta(minutes=10))
    await story.presses("dana", "ticket.ack")
    for minutes in (31, 69):
        await story.dies()
        await story.sleep_until(BROKEN + timedelta(minutes=minutes))
        assert await alerted(story) == [(1, "dana")]
    await story.dies()
    await story.sleep_until(BROKEN + timedelta(minutes=95))
    story.expect_alert("hana", containing="overdue since 13:00")
    await story.dies()
    await story.settle()
    story.expect_nothing("hana")
    await story.dies()
    await story.sleep_until(BROKEN + timedelta(hours=5))
    story.expect_alert("ines", containing="overdue since 13:00")
    for person in ("dana", "hana", "ines"):
        story.expect_nothing(person)
    assert await alerted(story) == [(1, "dana"), (2, "hana"), (3, "ines")]


async def test_what_fell_while_it_was_quiet_is_told_by_the_highest_step_alone(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.go_to(BROKEN + timedelta(minutes=29))
    await story.does("dana", Acknowledge())
    await story.go_to(BROKEN + timedelta(minutes=85))
    await story.does("dana", Acknowledge())
    await story.go_to(BROKEN + timedelta(minutes=144))
    story.expect_quiet()
    await story.go_to(BROKEN + timedelta(minutes=146))
    story.expect_alert("ines", containing="overdue")
    story.expect_quiet()
    assert await alerted(story) == [(1, "dana"), (3, "ines")]


async def test_office_hours_promises_wake_nobody_at_night(make_desk: MakeStory) -> None:
    story = await make_desk(LADDER, start=datetime(2026, 3, 3, 14, 50, tzinfo=UTC))  # 17:50; the office closes at 19:00
    await story.receives(sender="lena", text="Payroll failed")
    await story.go_to(datetime(2026, 3, 3, 15, 51, tzinfo=UTC))
    story.forget()
    await story.go_to(datetime(2026, 3, 4, 7, 19, tzinfo=UTC))
    story.expect_quiet()
    await story.go_to(datetime(2026, 3, 4, 7, 21, tzinfo=UTC))
    story.expect_alert("hana", containing="first response is overdue since")
    story.expect_quiet()


async def test_a_step_with_nobody_on_it_is_skipped_at_once_and_recorded(make_desk: MakeStory) -> None:
    story = await make_desk(story_desk((ONE_STEP, STEPS.replace('"lead"', '"gone"')), more=HANA + GONE))
    await story.receives(sender="lena", text="Payroll failed")
    await story.apply(document(story_desk((ONE_STEP, STEPS), more=HANA)))
    await story.go_to(BROKEN - timedelta(seconds=1))
    story.forget()
    await story.go_to(BROKEN + timedelta(seconds=1))
    story.expect_ping("vera", containing="overdue")
    story.expect_alert("hana", containing="overdue")
    story.expect_quiet()
    (event,) = [one for one in (await story.page()).events if one.what == "alerted"]
    assert event.why == "step 2 of 3: head; nobody stands on step 1"
    await story.go_to(BROKEN + timedelta(hours=2, minutes=1))
    story.expect_alert("ines", containing="overdue")
    story.expect_quiet()


GONE = """
[people.gone]
name = "Gone Soon"
roles = ["lead"]
calendar = "office"
identities = { slack = "T1/U8" }
"""


async def test_where_nobody_is_left_on_the_ladder_admins_hear_and_the_history_says_so(make_desk: MakeStory) -> None:
    steps = 'steps = [{ after = "0m", tell = "gone" }]'
    story = await make_desk(story_desk((ONE_STEP, steps), more=GONE))
    await story.receives(sender="lena", text="Payroll failed")
    await story.apply(document(story_desk()))
    await story.go_to(BROKEN - timedelta(seconds=1))
    story.forget()
    await story.go_to(BROKEN + timedelta(seconds=1))
    story.expect_ping("vera", containing="overdue")
    story.expect_alert("dana", containing="first response is overdue")
    assert "nobody_to_alert" in await story.events()
    await story.receives(sender="lena", text="/escalate")
    story.expect_alert("dana", containing="the client asks")
    await story.does("vera", Escalate("Help"))
    story.expect_alert("dana", containing="asks for help")


async def test_after_a_downtime_the_highest_step_alone_is_told_with_the_true_moment(make_desk: MakeStory) -> None:
    story = await make_desk(LADDER)
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()
    await story.sleep_until(BROKEN + timedelta(hours=3))
    story.expect_ping("vera", containing="overdue since 13:00, noticed 16:00")
    story.expect_alert("ines", containing="overdue since 13:00, noticed 16:00")
    story.expect_quiet()
    (event,) = [one for one in (await story.page()).events if one.what == "alerted"]
    assert event.why == "step 3 of 3: executive; also for step 1, 2"


async def test_the_ladder_goes_on_after_a_restart(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.dies()
    await story.go_to(BROKEN + timedelta(minutes=31))
    story.expect_alert("hana", containing="overdue")
    story.expect_quiet()


async def test_a_new_desk_changes_no_ladder_that_was_begun(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.apply(document(story_desk(more=HANA)))
    story.forget()
    await story.go_to(BROKEN + timedelta(minutes=31))
    story.expect_alert("hana", containing="overdue")
    story.expect_quiet()


async def test_nobody_further_up_hears_while_we_wait_for_the_client(make_desk: MakeStory) -> None:
    story = await broken(make_desk, sender="taras")
    await story.go_to(BROKEN + timedelta(minutes=20))
    await story.does("oleg", AskDetails("Яка помилка?"))
    story.forget()
    await story.go_to(BROKEN + timedelta(hours=3))
    story.expect_quiet()
    await story.receives(sender="taras", text="Код 17")
    story.forget()
    await story.fast_forward(minutes=9)
    story.expect_quiet()
    await story.fast_forward(minutes=2)
    story.expect_alert("hana", containing="overdue")
    story.expect_quiet()


async def test_all_who_were_told_hear_that_the_reply_was_in_time_after_all(make_desk: MakeStory) -> None:
    story = await make_desk(LADDER)
    await story.receives(sender="taras", text="Payroll failed")
    await story.go_to(NOON + timedelta(minutes=50))
    await story.does("oleg", Reply("Restart it, please"))
    await story.go_to(BROKEN + timedelta(minutes=31))
    story.forget()
    await story.does("oleg", NameReply(ReplyKind.ANSWER))
    for person in ("oleg", "dana", "hana"):
        story.expect_ping(person, containing="was in time after all")
    await story.fast_forward(days=1)
    story.expect_quiet()


async def test_a_client_who_asks_gets_the_next_step_without_any_breach(make_desk: MakeStory) -> None:
    story = await make_desk(LADDER)
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()
    await story.receives(sender="lena", text="/escalate")
    story.expect_message("lena", containing="We have told the team lead about T-1.")
    story.expect_alert("dana", containing="the client asks for the team lead")
    await story.receives(sender="lena", text="/escalate")
    story.expect_message("lena", containing="We have told")
    for person in ("dana", "hana"):
        story.expect_nothing(person, Channel.SLACK)
    await story.go_to(NOON + timedelta(minutes=31))
    story.forget()
    await story.receives(sender="lena", text="/escalate")
    story.expect_message("lena", containing="We have told")
    story.expect_alert("hana", containing="the client asks for the team lead")
    story.expect_nothing("dana", Channel.SLACK)


async def test_whoever_a_client_asked_for_hears_of_the_breach_and_the_rest_follows(make_desk: MakeStory) -> None:
    story = await make_desk(LADDER)
    await story.receives(sender="lena", text="Payroll failed")
    await story.receives(sender="lena", text="/escalate")
    await story.go_to(BROKEN - timedelta(seconds=1))
    story.forget()
    await story.go_to(BROKEN + timedelta(seconds=1))
    story.expect_ping("vera", containing="overdue")
    story.expect_alert("dana", containing="overdue")
    story.expect_quiet()
    await story.go_to(BROKEN + timedelta(minutes=31))
    story.expect_alert("hana", containing="overdue")
    story.expect_quiet()


async def test_staff_reach_one_step_higher_with_each_press_and_never_themselves(make_desk: MakeStory) -> None:
    story = await broken(make_desk)
    await story.does("vera", Escalate("The bank refuses"))
    story.expect_alert("hana", containing="Vera Kova asks for help. The bank refuses")
    await story.does("hana", Escalate("It is large"))
    story.expect_alert("ines", containing="Hana Berg asks for help. It is large")
    await story.fast_forward(days=1)
    story.expect_quiet()


async def test_a_ticket_climbs_once_however_many_of_its_promises_break(make_desk: MakeStory) -> None:
    more = 'resolution = { within = "1h30m" }\nnext_response = { within = "1h" }'
    text = LADDER.replace('quote = "within 1 hour" }\nnext_response = { within = "1h" }', f'quote = "x" }}\n{more}')
    story = await broken(make_desk, text)
    await story.go_to(BROKEN + timedelta(minutes=40))
    story.forget()
    assert await alerted(story) == [(1, "dana"), (2, "hana")]
    await story.does("vera", Reply("Looking"))
    story.forget()
    await story.go_to(BROKEN + timedelta(hours=2, minutes=29))
    story.expect_quiet()
    await story.go_to(BROKEN + timedelta(hours=2, minutes=31))
    story.expect_alert("ines", containing="resolution is overdue since 13:30")
    story.expect_quiet()


@pytest.mark.parametrize("acted", [Reply("Fixed"), Resolve()], ids=["answered", "resolved"])
async def test_a_step_that_waits_to_be_sent_is_dropped_once_it_is_no_longer_so(
    make_desk: MakeStory, acted: Reply | Resolve
) -> None:
    story = await broken(make_desk)
    await story.go_to(BROKEN + timedelta(minutes=29, seconds=59))
    story.time.at += 2_000  # type: ignore[assignment] # the step falls, and before it leaves somebody acts
    await story.desk.ticker.once()
    await story.does("vera", acted)
    story.expect_nothing("hana", Channel.SLACK)
    assert {row.person for row in await story.outbox("dropped")} == {"hana"}
