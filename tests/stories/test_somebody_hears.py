"""Somebody always hears of a broken promise, whoever has left meanwhile; and an answer that fails ends nothing."""

from datetime import timedelta

from adapters.errors import PermanentError
from adapters.message import Channel
from bot.tickets.command import Acknowledge, Reply
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory
from tests.stories.test_ladder import BROKEN, GONE, HANA, LADDER, ONE_STEP, STEPS, alerted, broken

DATABASES = ("sqlite", "postgres")


async def test_a_client_who_asks_on_the_top_of_the_ladder_reaches_the_same_people_again(make_desk: MakeStory) -> None:
    story = await broken(make_desk, story_desk())
    await story.fast_forward(hours=3)
    await story.receives(sender="lena", text="/escalate")
    story.expect_message("lena", containing="We have told the team lead about T-1.")
    story.expect_alert("dana", containing="the client asks for the team lead")
    await story.fast_forward(minutes=5)
    await story.receives(sender="lena", text="/escalate")
    story.expect_message("lena", containing="We have told")
    story.expect_nothing("dana", Channel.SLACK)
    await story.fast_forward(hours=1)
    await story.receives(sender="lena", text="/escalate")
    story.expect_message("lena", containing="We have told")
    story.expect_alert("dana", containing="the client asks for the team lead")
    story.forget()
    await story.fast_forward(hours=3)
    story.expect_quiet()


NEW_LEAD = (
    (
        """
[people.dana]
name = "Dana Orlyk"
roles = ["lead", "admin"]
calendar = "long"
identities = { slack = "T1/U5" }""",
        "",
    ),
    ('Mira Solano"\nroles = ["manager"]', 'Mira Solano"\nroles = ["lead", "admin"]'),
)


async def asked_and_answered(make_desk: MakeStory) -> Story:
    """Dana was asked for before anything was broken, then Vera answered."""
    story = await make_desk()
    await story.receives(sender="lena", text="Payroll failed")
    await story.receives(sender="lena", text="/escalate")
    await story.does("vera", Reply("Looking"))
    return story


async def breaks_again(story: Story) -> None:
    """The client asks for more, and an hour later that is broken."""
    await story.receives(sender="lena", text="And now the export is broken")
    await story.go_to(NOON + timedelta(minutes=58))
    story.forget()
    await story.go_to(NOON + timedelta(minutes=61))


async def test_a_lead_who_came_later_hears_of_a_breach_on_a_step_that_was_told_before(make_desk: MakeStory) -> None:
    story = await asked_and_answered(make_desk)
    await story.apply(document(story_desk(*NEW_LEAD)))
    await breaks_again(story)
    story.expect_ping("vera", containing="overdue")
    story.expect_alert("mira", containing="next response is overdue")
    await story.fast_forward(days=1)
    story.expect_quiet()


async def test_admins_hear_of_a_breach_where_nobody_stands_on_the_steps_that_were_told(make_desk: MakeStory) -> None:
    story = await asked_and_answered(make_desk)
    _, (roles, instead) = NEW_LEAD
    await story.apply(document(story_desk(NEW_LEAD[0], (roles, instead.replace('"lead", ', "")))))
    await breaks_again(story)
    story.expect_ping("vera", containing="overdue")
    story.expect_alert("mira", containing="next response is overdue")
    await story.fast_forward(days=1)
    story.expect_quiet()


async def test_a_later_step_that_nobody_stands_on_is_told_to_admins_who_have_not_heard(make_desk: MakeStory) -> None:
    steps = 'steps = [{ after = "0m", tell = "ines" }, { after = "30m", tell = "gone" }]'
    story = await make_desk(story_desk((ONE_STEP, steps), more=GONE))
    await story.receives(sender="lena", text="Payroll failed")
    await story.apply(document(story_desk()))
    await story.go_to(BROKEN + timedelta(seconds=1))
    story.forget()
    await story.go_to(BROKEN + timedelta(minutes=31))
    assert "Told before: Ines Prado." in story.expect_alert("dana", containing="first response is overdue since 13:00")
    await story.fast_forward(days=1)
    story.expect_quiet()


# What an answer ends that never arrives


async def test_a_reply_that_fails_takes_back_neither_the_acknowledgement_nor_who_was_told(
    make_desk: MakeStory,
) -> None:
    story = await broken(make_desk)
    await story.go_to(BROKEN + timedelta(minutes=25))
    await story.does("dana", Acknowledge())
    await story.go_to(BROKEN + timedelta(minutes=32))
    story.channels[Channel.TELEGRAM].fail_next(PermanentError("blocked"))
    await story.does("vera", Reply("Fixed"))
    story.expect_alert("vera", containing="blocked")
    story.forget()
    await story.go_to(BROKEN + timedelta(minutes=84))
    story.expect_quiet()
    await story.go_to(BROKEN + timedelta(minutes=86))
    story.expect_alert("hana", containing="Told before: Dana Orlyk.")
    story.expect_quiet()
    assert await alerted(story) == [(1, "dana"), (2, "hana")]


async def test_a_reply_that_fails_begins_no_ladder_anew_on_its_top(make_desk: MakeStory) -> None:
    story = await broken(make_desk, story_desk((ONE_STEP, STEPS.rsplit("    {", 1)[0] + "]"), more=HANA))
    await story.go_to(BROKEN + timedelta(minutes=35))
    story.channels[Channel.TELEGRAM].fail_next(PermanentError("blocked"))
    await story.does("vera", Reply("Fixed"))
    story.forget()
    await story.fast_forward(hours=2)
    story.expect_quiet()
    assert await alerted(story) == [(1, "dana"), (2, "hana")]


async def test_an_acknowledgement_at_the_last_call_holds_the_first_step(make_desk: MakeStory) -> None:
    story = await make_desk(LADDER)
    await story.receives(sender="lena", text="Payroll failed")
    await story.go_to(BROKEN - timedelta(minutes=2))
    await story.presses("dana", "ticket.ack")
    await story.go_to(BROKEN - timedelta(seconds=1))
    story.forget()
    await story.go_to(BROKEN + timedelta(minutes=57))
    story.expect_ping("vera", containing="overdue")
    story.expect_quiet()
    await story.go_to(BROKEN + timedelta(minutes=59))
    story.expect_alert("hana", containing="overdue")
    story.expect_quiet()


async def test_an_acknowledgement_before_the_breach_is_over_with_the_answer(make_desk: MakeStory) -> None:
    story = await make_desk(LADDER)
    await story.receives(sender="lena", text="Payroll failed")
    await story.go_to(NOON + timedelta(minutes=50))
    await story.does("dana", Acknowledge())
    await story.does("vera", Reply("Looking"))
    await story.receives(sender="lena", text="And the export")
    await story.go_to(NOON + timedelta(minutes=109))
    await story.does("vera", Acknowledge())
    story.forget()
    await story.go_to(NOON + timedelta(minutes=168))
    story.expect_ping("vera", containing="overdue")
    story.expect_quiet()
    await story.go_to(NOON + timedelta(minutes=170))
    story.expect_alert("hana", containing="overdue")
    story.expect_quiet()
