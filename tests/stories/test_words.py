"""What a client may ask the desk itself: /status, /new, /help, /language and /escalate, in every channel."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.tickets.command import AskDetails, GiveEta, Reply, Resolve
from sla.clock import State
from sla.duration import instant
from tests.builders import document, story_desk
from tests.harness import NOON, Story

SERVED = [Channel.TELEGRAM, Channel.SLACK, Channel.EMAIL, Channel.INAPP]


@pytest.mark.parametrize("channel", SERVED)
@pytest.mark.parametrize(
    "word", ["/help", "/start", "/start xyz", "/status", "/escalate", "/language de", "/new", "/urgent"]
)
async def test_a_word_opens_no_ticket(desk: Story, channel: Channel, word: str) -> None:
    await desk.receives(channel, sender="lena", text=word)
    assert not await desk.is_there(1)
    assert len(desk.channels[channel].messages(desk.identity("lena", channel).address)) == 1
    desk.forget()
    await desk.fast_forward(days=1)
    desk.expect_quiet()


async def test_help_says_what_there_is(desk: Story) -> None:
    await desk.receives(sender="5001", text="/help")
    desk.expect_message("5001", containing="/status shows where your ticket stands")
    desk.expect_quiet()


async def test_help_with_a_question_behind_it_is_a_message(desk: Story) -> None:
    await desk.receives(sender="lena", text="/help my payroll failed")
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="T-1")
    desk.expect_quiet()


async def test_a_slash_we_do_not_know_is_a_message(desk: Story) -> None:
    await desk.receives(sender="lena", text="/var/log is full")
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="/var/log is full")
    desk.expect_quiet()


async def test_the_status_names_who_and_by_when(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.receives(sender="lena", text="/status")
    desk.expect_message("lena", containing="T-1: Payroll failed. Vera looks after it and answers by 10:00 (your time).")
    assert (await desk.clock("first_response")).state is State.RUNNING
    assert "client_spoke" not in await desk.events()
    desk.expect_quiet()


async def test_the_status_names_a_promised_time(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", GiveEta(instant(NOON + timedelta(hours=3))))
    desk.forget()
    await desk.receives(sender="lena", text="/status@maitred_bot")
    desk.expect_message("lena", containing="Vera expects to be done by 12:00 (your time).")
    desk.expect_quiet()


async def test_the_status_says_that_we_wait_and_the_question_lets_no_clock_run(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.does("oleg", AskDetails("Which month?"))
    desk.forget()
    await desk.receives(sender="taras", text="/status")
    desk.expect_message("taras", containing="T-1: Payroll failed. Чекаємо на Вашу відповідь.")
    assert (await desk.clock("first_response")).state is State.PAUSED
    desk.expect_quiet()


async def test_the_status_of_nothing(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    desk.forget()
    await desk.receives(sender="lena", text="/status")
    desk.expect_message("lena", containing="You have no open ticket.")
    assert (await desk.ticket()).status == "resolved"
    desk.expect_quiet()


async def test_new_makes_the_next_message_a_ticket_of_its_own(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.receives(sender="lena", text="/new")
    desk.expect_message("lena", containing="Write your next message and it becomes a ticket of its own.")
    await desk.does("vera", Reply("Looking"), ticket=1)
    desk.expect_message("lena", containing="Looking")
    await desk.receives(sender="lena", text="The export is slow")
    desk.expect_message("lena", containing="we have it (T-2)")
    desk.expect_card("vera", containing="T-2 · Acme: The export is slow")
    assert ((await desk.ticket(1)).status, (await desk.ticket(2)).status) == ("open", "new")
    desk.expect_quiet()


async def test_new_with_words_opens_the_ticket_at_once(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.receives(sender="lena", text="/new The export is slow")
    desk.expect_message("lena", containing="we have it (T-2)")
    desk.expect_card("vera", containing="T-2 · Acme: The export is slow")
    desk.expect_quiet()


async def test_the_lead_is_called_once_however_often_the_client_asks(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.receives(sender="lena", text="/escalate")
    desk.expect_message("lena", containing="We have told the team lead about T-1.")
    desk.expect_alert("dana", containing="T-1 (Acme): the client asks for the team lead")
    await desk.receives(sender="lena", text="/escalate now!")
    desk.expect_message("lena", containing="We have told the team lead")
    assert (await desk.clock("first_response")).state is State.RUNNING
    desk.expect_quiet()


async def test_the_lead_is_called_again_when_the_client_came_back(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.receives(sender="lena", text="/escalate")
    await desk.does("vera", Resolve("Fixed"))
    await desk.fast_forward(minutes=10)
    await desk.receives(sender="lena", text="It failed again")
    desk.forget()
    await desk.receives(sender="lena", text="/escalate")
    desk.expect_alert("dana", containing="T-1 (Acme): the client asks for the team lead")
    await desk.receives(sender="lena", text="/escalate")
    desk.expect_nothing("dana", Channel.SLACK)
    desk.forget()
    desk.expect_quiet()


async def test_a_language_is_kept_for_every_text_and_over_a_new_desk(desk: Story) -> None:
    await desk.receives(sender="lena", text="/language es")
    desk.expect_message("lena", containing="A partir de ahora le escribiremos en español.")
    await desk.apply(document(story_desk(('name = "Story Desk"', 'name = "Another Desk"'))))
    await desk.receives(sender="lena", text="No funciona")
    desk.expect_message("lena", containing="Gracias, lo hemos recibido (T-1).")
    desk.expect_card("vera", containing="T-1")
    desk.expect_quiet()


async def test_a_language_we_do_not_speak_is_answered_with_those_we_do(desk: Story) -> None:
    await desk.receives(sender="lena", text="/language tlh")
    desk.expect_message("lena", containing="We speak en, uk, es, de.")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("Status", "You have no open ticket", id="one word"),
        pytest.param("language de\n", "Ab jetzt schreiben wir Ihnen auf Deutsch", id="a word and a language"),
        pytest.param("new\nThe export is slow", "we have it (T-1)", id="a ticket below the word"),
        pytest.param("Help\n\nMy payroll failed", "we have it (T-1)", id="a message that begins with such a word"),
        pytest.param("Help me please", "we have it (T-1)", id="a sentence"),
    ],
)
async def test_by_mail_the_plain_word_is_enough(desk: Story, text: str, answer: str) -> None:
    await desk.receives(Channel.EMAIL, sender="lena", text=text)
    desk.expect_message("lena", Channel.EMAIL, containing=answer)
    desk.forget()
    desk.expect_quiet()


async def test_in_a_chat_a_plain_word_is_a_message(desk: Story) -> None:
    await desk.receives(sender="lena", text="help")
    desk.expect_message("lena", containing="we have it (T-1)")
    desk.expect_card("vera", containing="help")
    desk.expect_quiet()
