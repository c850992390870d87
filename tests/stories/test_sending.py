"""Channels that fail: what is temporary waits, what is permanent is told, what is uncertain is asked, never doubled."""

from datetime import timedelta

from adapters.errors import PermanentError, TemporaryError, UncertainError
from adapters.message import Channel
from bot.tickets.command import AddNote, AskDetails, Escalate, GiveEta, HandOver, Reply, Take
from routing.people import PersonId
from sla.clock import State
from sla.duration import instant
from tests.harness import NOON, Story

DATABASES = ("sqlite", "postgresql")

TELEGRAM, SLACK, INAPP = Channel.TELEGRAM, Channel.SLACK, Channel.INAPP


async def opened(desk: Story, channel: Channel = TELEGRAM) -> None:
    await desk.receives(channel, sender="lena", text="Payroll failed")
    desk.forget()


async def test_a_temporary_failure_is_tried_again_and_arrives_once(desk: Story) -> None:
    await opened(desk)
    desk.channels[TELEGRAM].fail_next(TemporaryError("busy"), times=3)
    await desk.does("vera", Reply("Looking"))
    desk.expect_nothing("lena")
    await desk.fast_forward(minutes=2)
    desk.expect_message("lena", containing="Looking")
    desk.expect_quiet()
    assert not await desk.outbox("postponed")


async def test_a_channel_that_asks_for_patience_gets_it_for_that_conversation_alone(desk: Story) -> None:
    await opened(desk)
    await desk.receives(sender="bill", text="Export failed")
    desk.forget()
    desk.channels[TELEGRAM].fail_next(TemporaryError("slow down", retry_after=timedelta(seconds=90)))
    await desk.does("vera", Reply("Looking"), ticket=1)
    await desk.does("mira", Reply("Looking too"), ticket=2)
    desk.expect_message("bill", containing="Looking too")
    await desk.fast_forward(seconds=80)
    desk.expect_nothing("lena")
    await desk.fast_forward(seconds=20)
    desk.expect_message("lena", containing="Looking")
    desk.expect_quiet()


async def test_the_order_of_a_conversation_is_kept_through_failures(desk: Story) -> None:
    await opened(desk)
    desk.channels[TELEGRAM].fail_next(TemporaryError("busy"), times=2)
    for text in ("One", "Two", "Three"):
        await desk.does("vera", Reply(text))
    await desk.fast_forward(minutes=5)
    said = [shown.text for shown in desk.channels[TELEGRAM].messages("1001")]
    assert said[1:] == ["One", "Two", "Three"]
    desk.forget()
    desk.expect_quiet()


async def test_a_reply_that_never_arrives_is_told_to_whoever_wrote_it(desk: Story) -> None:
    await opened(desk)
    desk.channels[TELEGRAM].fail_next(PermanentError("the bot was blocked"))
    await desk.does("mira", Reply("Looking"))
    desk.expect_alert("mira", containing="Your reply on T-1 did not reach Acme: the bot was blocked")
    assert (await desk.lines())[-1].state == "failed"
    await desk.fast_forward(minutes=30)
    desk.expect_quiet()


async def test_what_the_desk_said_itself_is_not_told_as_somebodys_reply(desk: Story) -> None:
    desk.channels[TELEGRAM].fail_next(PermanentError("the bot was blocked"))
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_card("vera", containing="Payroll failed")
    desk.expect_alert("vera", containing="An automatic message on T-1 did not reach Acme: the bot was blocked")
    desk.expect_quiet()


async def test_a_reply_that_never_arrives_has_answered_nothing(desk: Story) -> None:
    await opened(desk)
    await desk.go_to(NOON + timedelta(minutes=30))
    desk.channels[TELEGRAM].fail_next(PermanentError("the bot was blocked"))
    await desk.does("vera", Reply("Looking"))
    desk.expect_alert("vera", containing="did not reach Acme")
    clock = await desk.clock("first_response")
    assert (clock.state, clock.due_at) == (State.RUNNING, instant(NOON + timedelta(hours=1)))
    await desk.go_to(NOON + timedelta(minutes=61))
    desk.expect_ping("vera", containing="12 min left")
    desk.expect_ping("vera", containing="Last call")
    desk.expect_alert("dana", containing="Last call")
    desk.expect_ping("vera", containing="overdue since 13:00")
    desk.expect_alert("dana", containing="overdue since 13:00")
    desk.expect_quiet()


async def test_a_question_that_never_arrives_is_not_waited_for(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=30))
    desk.forget()
    desk.channels[TELEGRAM].fail_next(PermanentError("the bot was blocked"))
    await desk.does("oleg", AskDetails("Which month?"))
    desk.expect_alert("oleg", containing="did not reach Globex")
    assert ((await desk.clock("first_response")).state, (await desk.ticket()).status) == (State.RUNNING, "open")
    desk.forget()
    await desk.fast_forward(minutes=5)
    desk.expect_quiet()


async def test_a_promised_time_that_never_arrives_was_not_promised(desk: Story) -> None:
    await opened(desk)
    desk.channels[TELEGRAM].fail_next(PermanentError("the bot was blocked"))
    await desk.does("vera", GiveEta(instant(NOON + timedelta(hours=5))))
    desk.expect_alert("vera", containing="did not reach Acme")
    assert (await desk.clock("first_response")).state is State.RUNNING
    assert (await desk.clock("eta")).state is State.CANCELLED
    desk.expect_quiet()


async def test_a_reply_that_does_not_arrive_for_an_hour_is_told_once(desk: Story) -> None:
    await opened(desk)
    desk.channels[TELEGRAM].down()
    await desk.does("vera", Reply("Looking"))
    await desk.fast_forward(minutes=50)
    desk.expect_quiet()
    await desk.fast_forward(hours=5)
    desk.expect_alert("vera", containing="Your reply on T-1 may not have reached Acme")
    desk.expect_quiet()
    await desk.channels[TELEGRAM].up()
    await desk.fast_forward(hours=1)
    desk.expect_message("lena", containing="Looking")
    desk.expect_quiet()


async def test_what_our_people_cannot_be_told_on_one_channel_they_are_told_on_the_next(desk: Story) -> None:
    desk.channels[SLACK].fail_next(PermanentError("account_inactive"))
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Vera answers")
    desk.expect_card("vera", containing="T-1 · Acme")
    assert len(desk.channels[TELEGRAM].cards("2001")) == 1
    assert not desk.channels[SLACK].cards("T1/U1")
    desk.expect_quiet()


async def test_with_slack_down_a_lead_is_alerted_on_the_board(desk: Story) -> None:
    await opened(desk)
    desk.channels[SLACK].down()
    await desk.go_to(NOON + timedelta(minutes=61))
    assert len(desk.channels[Channel.BOARD].cards("dana")) == 2
    assert [card.text.splitlines()[0][:9] for card in desk.channels[TELEGRAM].cards("2001")][-1] == "T-1 (Acme"
    desk.forget()
    await desk.channels[SLACK].up()
    await desk.fast_forward(hours=1)
    desk.expect_quiet()


async def test_an_uncertain_send_is_never_doubled_where_the_channel_knows_it(desk: Story) -> None:
    await opened(desk, INAPP)
    desk.channels[INAPP].drop_after_sending()
    await desk.does("vera", Reply("Looking"))
    await desk.fast_forward(minutes=5)
    desk.expect_message("lena", INAPP, containing="Looking")
    assert (await desk.lines())[-1].state == "sent"
    desk.expect_quiet()


async def test_a_reply_that_is_in_doubt_again_and_again_is_told_to_its_author_once(desk: Story) -> None:
    await opened(desk, INAPP)
    desk.channels[INAPP].fail_next(UncertainError("the channel did not answer in time"), times=10)
    await desk.does("vera", Reply("Looking"))
    await desk.fast_forward(seconds=90)
    desk.expect_quiet()
    await desk.fast_forward(minutes=10)
    desk.expect_alert("vera", containing="may not have reached Acme")
    desk.expect_message("lena", INAPP, containing="Looking")
    desk.expect_quiet()


async def test_a_channel_that_asks_for_patience_in_the_middle_of_a_message_gets_it(desk: Story) -> None:
    await opened(desk, INAPP)
    asked = UncertainError("only a part of it arrived", retry_after=timedelta(seconds=90))
    desk.channels[INAPP].fail_next(asked)
    await desk.does("vera", Reply("Looking"))
    await desk.fast_forward(seconds=80)
    desk.expect_nothing("lena", INAPP)
    await desk.fast_forward(seconds=20)
    desk.expect_message("lena", INAPP, containing="Looking")
    desk.expect_quiet()


async def test_an_uncertain_reply_is_said_once_more_and_marked_where_nobody_can_know(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    desk.forget()
    desk.channels[TELEGRAM].drop_after_sending(times=5)
    await desk.does("oleg", Reply("Looking"))
    await desk.fast_forward(hours=3)
    said = [shown.text for shown in desk.channels[TELEGRAM].messages("1002")][1:]
    assert said == ["Looking", "Looking\n(надіслано ще раз, перше повідомлення могло надійти)"]
    desk.expect_alert("oleg", containing="may not have reached Globex")
    assert not await desk.outbox("uncertain")


async def test_an_uncertain_automatic_text_is_said_once_more_without_a_mark(desk: Story) -> None:
    desk.channels[TELEGRAM].drop_after_sending(times=1)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.fast_forward(minutes=1)
    said = [shown.text for shown in desk.channels[TELEGRAM].messages("1001")]
    assert len(said) == 2
    assert said[0] == said[1]
    desk.forget()
    desk.expect_quiet()


async def test_a_send_that_failed_before_and_is_then_uncertain_is_still_said_again(desk: Story) -> None:
    await opened(desk)
    telegram = desk.channels[TELEGRAM]
    telegram.fail_next(TemporaryError("busy"), times=2)
    telegram.drop_after_sending()
    await desk.does("vera", Reply("Looking"))
    await desk.fast_forward(minutes=5)
    said = [shown.text.splitlines()[-1] for shown in telegram.messages("1001")][1:]
    assert said == ["Looking", "(sent again, the first may have arrived)"]
    desk.forget()
    desk.expect_quiet()


async def test_a_reminder_that_is_no_longer_true_is_dropped_not_sent(desk: Story) -> None:
    await opened(desk)
    desk.channels[SLACK].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=10)), times=4)
    await desk.go_to(NOON + timedelta(minutes=49))
    await desk.does("dana", Reply("Looking"))
    desk.expect_message("lena", containing="Looking")
    await desk.fast_forward(hours=2)
    desk.expect_quiet()
    assert "the client has been answered" in {row.error for row in await desk.outbox("dropped")}


async def test_a_reminder_for_somebody_who_has_given_the_ticket_away_is_dropped(desk: Story) -> None:
    await opened(desk)
    await desk.go_to(NOON + timedelta(minutes=47))
    desk.channels[SLACK].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=3)))
    await desk.go_to(NOON + timedelta(minutes=48, seconds=30))
    await desk.does("vera", HandOver(PersonId("mira")))
    desk.forget()
    await desk.go_to(NOON + timedelta(minutes=55))
    assert "somebody else has the ticket now" in {row.error for row in await desk.outbox("dropped")}
    desk.expect_nothing("vera", SLACK)


async def test_a_reminder_that_a_more_urgent_one_has_overtaken_is_dropped(desk: Story) -> None:
    await opened(desk)
    await desk.go_to(NOON + timedelta(minutes=47))
    desk.channels[SLACK].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=11)))
    await desk.go_to(NOON + timedelta(minutes=59, seconds=50))
    desk.expect_ping("vera", containing="Last call")
    desk.expect_alert("dana", containing="Last call")
    assert "a more urgent reminder has come since" in {row.error for row in await desk.outbox("dropped")}
    desk.expect_quiet()


async def test_a_reminder_of_a_promise_that_broke_meanwhile_is_dropped(desk: Story) -> None:
    await opened(desk)
    await desk.go_to(NOON + timedelta(minutes=47))
    desk.channels[SLACK].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=20)))
    await desk.go_to(NOON + timedelta(minutes=70))
    desk.expect_ping("vera", containing="overdue since 13:00")
    desk.expect_alert("dana", containing="overdue since 13:00")
    desk.expect_alert("dana", containing="Last call")
    assert "the promise is broken by now" in {row.error for row in await desk.outbox("dropped")}
    desk.expect_quiet()


async def test_a_reminder_of_a_clock_that_stands_still_is_dropped(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.go_to(NOON + timedelta(minutes=47))
    desk.forget()
    desk.channels[SLACK].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=5)))
    await desk.go_to(NOON + timedelta(minutes=50))
    await desk.does("oleg", AskDetails("Which month?"))
    await desk.go_to(NOON + timedelta(minutes=56))
    desk.expect_nothing("oleg", SLACK)
    assert "the clock stands still" in {row.error for row in await desk.outbox("dropped")}


async def test_many_changes_while_a_channel_is_down_are_one_card(desk: Story) -> None:
    desk.channels[SLACK].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=1)))
    await desk.receives(sender="lena", text="Hello")
    for text in ("Payroll failed", "In March", "For everybody"):
        await desk.receives(sender="lena", text=text)
    await desk.fast_forward(minutes=2)
    desk.expect_message("lena", containing="we have it")
    assert "For everybody" in desk.expect_card("vera", containing="T-1 · Acme: Hello")
    assert len(desk.channels[SLACK].cards("T1/U1")) == 1
    desk.expect_quiet()


async def test_a_leads_alert_goes_out_before_the_cards_that_wait_for_them(desk: Story) -> None:
    for sender in ("5001", "5002", "5003"):
        await desk.receives(sender=sender, text="Payroll failed")
    desk.channels[SLACK].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=1)))
    for number in (1, 2, 3):
        await desk.does("dana", Take(), ticket=number)
    await desk.does("mira", Escalate("Help"), ticket=1)
    desk.forget()
    await desk.fast_forward(minutes=2)
    seen = [shown.text.splitlines()[0] for shown in desk.channels[SLACK].cards("T1/U5")]
    assert seen[0] == "T-1 (5001): Mira Solano asks for help. Help"
    assert len(seen) == 4
    desk.forget()
    desk.expect_quiet()


async def test_an_alert_does_not_wait_for_a_change_that_has_no_room_at_its_place(desk: Story) -> None:
    await desk.receives(sender="5001", text="Payroll failed")
    await desk.does("dana", Take())
    desk.expect_card("dana", containing="T-1")
    desk.forget()
    no_room = TemporaryError("as many changes as Slack bears", retry_after=timedelta(minutes=1), is_alone=True)
    desk.channels[SLACK].fail_next(no_room)
    await desk.does("dana", AddNote("Asked the bank"))
    assert [one.what for one in await desk.outbox("postponed")] == ["card"]
    await desk.does("mira", Escalate("Help"))
    desk.expect_alert("dana", containing="Mira Solano asks for help")
    desk.expect_quiet()
    await desk.fast_forward(minutes=2)
    assert not await desk.outbox("postponed")
    desk.expect_quiet()


async def test_a_bounce_that_the_channel_tells_later_reaches_the_assignee_once(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", Reply("Looking"))
    telegram = desk.channels[TELEGRAM]
    name = telegram.messages("1001")[-1].external_id
    desk.forget()
    for _ in range(2):
        await telegram.notices("1001", name, "failed", "mailbox full")
        await desk.settle()
    desk.expect_alert("vera", containing="did not reach Acme: mailbox full")
    desk.expect_quiet()


async def test_the_rests_of_a_channel_are_kept(desk: Story) -> None:
    await opened(desk)
    for number in range(5):
        await desk.does("vera", Reply(f"Part {number}"))
    assert not desk.channels[TELEGRAM].violations
    assert not desk.channels[SLACK].violations
    assert len(desk.channels[TELEGRAM].messages("1001")) == 6
    desk.forget()
    desk.expect_quiet()
