"""Our people in their own chat with the bot: replies name what they answer, short words act, a slash asks the desk."""

from datetime import timedelta

import pytest

from adapters.errors import PermanentError
from adapters.message import Attachment, Channel, OutboundMessage, Untrusted
from bot.store.delivery.parts import Taken, take
from bot.tickets.command import HandOver, Reply
from routing.people import PersonId
from tests.builders import ON_TELEGRAM, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
TELEGRAM, MAIL = Channel.TELEGRAM, Channel.EMAIL


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """Our people work in Telegram; Lena wrote, and Vera has the ticket."""
    desk = await make_desk(story_desk(*ON_TELEGRAM))
    desk.works_on = TELEGRAM
    await desk.receives(MAIL, sender="lena", text="Payroll failed")
    desk.forget()
    return desk


def told(desk: Story, person: str = "vera") -> str:
    """The last words to one of our people."""
    return desk.own.messages(desk.identity(person, TELEGRAM).address)[-1].text


async def notes(desk: Story) -> list[str]:
    return [note.text for note in (await desk.page()).notes]


# Where words go


async def test_a_card_says_where_a_reply_to_it_goes(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(*ON_TELEGRAM))
    await desk.receives(MAIL, sender="lena", text="Payroll failed")
    desk.expect_card(
        "vera", containing="A reply to this message goes to Lena, Acme on email; start with // for a note."
    )


async def test_a_reply_under_a_card_reaches_the_client_and_is_marked(desk: Story) -> None:
    written = await desk.writes("vera", "Looking at it", under=desk.card("vera"))
    desk.expect_message("lena", MAIL, containing="Looking at it")
    assert desk.own.standing(written) == "sent"
    assert (await desk.clock("first_response")).state == "met"
    desk.expect_quiet()


async def test_a_reply_under_the_clients_words_reaches_them_and_the_words_say_so(desk: Story) -> None:
    await desk.fast_forward(minutes=5)
    await desk.receives(MAIL, sender="lena", text="And the export?")
    text = desk.expect_under("vera", containing="And the export?")
    assert "A reply to this message goes to Lena, Acme on email" in text
    (under,) = desk.own.thread(desk.card("vera", containing="T-1 · Acme"))
    desk.forget()
    await desk.writes("vera", "Tomorrow", under=under.external_id)
    desk.expect_message("lena", MAIL, containing="Tomorrow")
    desk.expect_quiet()


async def test_a_reply_to_a_later_part_of_the_clients_words_reaches_them_too(desk: Story) -> None:
    await desk.fast_forward(minutes=5)
    await desk.receives(MAIL, sender="lena", text="And the export?")
    (under,) = desk.own.thread(desk.card("vera", containing="T-1 · Acme"))
    whole = Taken(under.message.key, {0: under.external_id, 1: "part-2"}, desk.time.at)
    await desk.database.write(lambda conn: take(conn, [whole]))
    desk.forget()
    await desk.writes("vera", "Tomorrow", under="part-2")
    desk.expect_message("lena", MAIL, containing="Tomorrow")


async def test_a_reply_to_ones_own_reply_goes_where_that_went(desk: Story) -> None:
    first = await desk.writes("vera", "Looking at it", under=desk.card("vera"))
    desk.forget()
    await desk.writes("vera", "It was the bank", under=first)
    desk.expect_message("lena", MAIL, containing="It was the bank")
    note = await desk.writes("vera", "// they owe us", under=first)
    await desk.writes("vera", "Sorry", under=note)
    desk.expect_message("lena", MAIL, containing="Sorry")
    assert await notes(desk) == ["they owe us"]
    desk.expect_quiet()


async def test_words_under_an_alert_about_somebody_elses_ticket_are_a_note_there_too(desk: Story) -> None:
    await desk.go_to(NOON + timedelta(minutes=61))
    alert = desk.card("dana", containing="overdue")
    text = desk.expect_alert("dana", containing="first response is overdue")
    assert "A reply to this message is a note; start with !reply to answer Lena, Acme on email." in text
    desk.forget()
    first = await desk.writes("dana", "Why are they still waiting?", under=alert)
    await desk.writes("dana", "Somebody?", under=first)
    await desk.writes("dana", "!reply By 3 pm", under=alert)
    assert await notes(desk) == ["Why are they still waiting?", "Somebody?"]
    desk.expect_message("lena", MAIL, containing="By 3 pm")


@pytest.mark.parametrize("under", [None, "nothing-1"])
async def test_words_that_answer_nothing_go_nowhere(desk: Story, under: str | None) -> None:
    await desk.writes("vera", "Looking at it", under=under)
    desk.expect_message(
        "vera", TELEGRAM, containing="This went to nobody. To answer a client, reply to a ticket's card"
    )
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_a_word_of_ours_answers_what_was_written_and_not_the_card(desk: Story) -> None:
    written = await desk.writes("vera", "/status", under=desk.card("vera"))
    message = desk.own.messages("2001")[-1].message
    assert isinstance(message, OutboundMessage)
    assert message.reply_to == written
    assert "/status is a command for clients" in message.text


async def test_what_our_people_write_where_nothing_can_stand_under_a_card_is_no_answer_the_client_has_seen(
    make_desk: MakeStory,
) -> None:
    desk = await make_desk(story_desk((ON_TELEGRAM[0][0], 'identities = { inapp = "vera" }')))
    await desk.receives(TELEGRAM, sender="lena", text="Payroll failed")
    chat = desk.channels[Channel.INAPP]
    (card,) = [one for one in chat.cards("vera") if "T-1 · Acme" in one.text]
    await chat.says("vera", "Looking at it", reply_to=card.external_id)
    await desk.settle()
    assert [line.text for line in await desk.lines() if line.kind == "reply"] == []
    assert (await desk.clock("first_response")).state == "running"


# Second thoughts


async def test_a_changed_reply_is_changed_for_the_client_where_that_can_be(desk: Story) -> None:
    await desk.receives(TELEGRAM, sender="taras", text="The export hangs")
    await desk.does("oleg", HandOver(PersonId("vera")), ticket=2)
    card = desk.card("vera", containing="T-2")
    written = await desk.writes("vera", "By 3 pm", under=card)
    await desk.rewords("vera", written, "By 4 pm")
    assert desk.own.messages("1002")[-1].text == "By 4 pm"


async def test_a_change_never_makes_a_reply_a_deed(desk: Story) -> None:
    card = desk.card("vera")
    desk.channels[MAIL].down()
    written = await desk.writes("vera", "By 3 pm", under=card)
    await desk.rewords("vera", written, "eta 15:00")
    await desk.channels[MAIL].up()
    await desk.fast_forward(minutes=10)
    desk.expect_message("lena", MAIL, containing="eta 15:00")


async def test_a_change_of_a_deed_does_nothing_and_says_so_once(desk: Story) -> None:
    written = await desk.writes("vera", "eta 15:00", under=desk.card("vera"))
    desk.forget()
    for _ in range(2):
        await desk.rewords("vera", written, "eta 16:00")
    desk.expect_message("vera", TELEGRAM, containing="What these words did stays done")
    await desk.rewords("vera", written, None)
    clocks = [clock.due_at for clock in (await desk.page()).facts.clocks if clock.metric == "eta"]
    assert len(clocks) == 1
    desk.expect_quiet()


# Short words


async def test_a_time_under_a_card_is_a_promise_to_the_client(desk: Story) -> None:
    await desk.writes("vera", "eta 15:00\nThe bank answers at noon", under=desk.card("vera"))
    desk.expect_message("lena", MAIL, containing="The bank answers at noon")
    desk.expect_message("vera", TELEGRAM, containing="T-1: done (eta). Lena was not sent this as words.")
    assert (await desk.clock("eta")).due_at is not None
    desk.expect_quiet()


async def test_a_time_in_slack_is_the_same_promise(make_desk: MakeStory) -> None:
    desk = await make_desk()
    await desk.receives(MAIL, sender="lena", text="Payroll failed")
    desk.forget()
    await desk.writes("vera", "eta: thu 15:00", under=desk.card("vera"))
    assert (await desk.clock("eta")).state == "running"
    desk.expect_message("lena", MAIL, containing="expects to have this done by Thursday")
    await desk.writes("vera", "take", under=desk.card("vera"))
    desk.expect_message("lena", MAIL, containing="take")


async def test_a_time_that_is_none_is_refused_with_the_reason_and_sent_to_nobody(desk: Story) -> None:
    await desk.writes("vera", "eta 25:00", under=desk.card("vera"))
    assert "'25:00' is no time" in desk.expect_message("vera", TELEGRAM, containing="25:00")
    desk.expect_quiet()


async def test_a_sentence_that_begins_with_such_a_word_goes_to_the_client(desk: Story) -> None:
    for text in ("eta is not known yet", "Take it or leave it", "resolve it yourself"):
        await desk.writes("vera", text, under=desk.card("vera"))
        desk.expect_message("lena", MAIL, containing=text)
    desk.expect_quiet()


async def test_short_words_do_what_the_buttons_do(desk: Story) -> None:
    card = desk.card("vera")
    await desk.writes("vera", "/urgency high", under=card)
    assert (await desk.ticket()).urgency == "high"
    await desk.writes("vera", "/clarify Which month?", under=card)
    assert (await desk.ticket()).status == "waiting_client"
    await desk.writes("vera", "Resume", under=card)
    assert (await desk.ticket()).status == "open"
    await desk.writes("vera", "/handover Mira too much today", under=card)
    assert (await desk.ticket()).assignee == "mira"
    await desk.writes("mira", "take", under=desk.card("mira", containing="T-1 · Acme"))
    await desk.writes("mira", "resolve", under=desk.card("mira", containing="T-1 · Acme"))
    assert (await desk.ticket()).status == "resolved"
    assert told(desk, "mira") == "T-1: done (resolve). Lena was not sent this as words."


async def test_a_card_in_somebody_elses_chat_is_nothing_to_answer(desk: Story) -> None:
    await desk.writes("dana", "take", under=desk.card("vera"))
    desk.expect_message("dana", TELEGRAM, containing="This went to nobody.")
    assert (await desk.ticket()).assignee == "vera"
    desk.expect_quiet()


async def test_a_word_without_what_it_needs_asks_for_it(desk: Story) -> None:
    written = await desk.writes("vera", "/eta", under=desk.card("vera"))
    asked = desk.own.question("2001")
    assert isinstance(asked.message, OutboundMessage)
    assert asked.message.reply_to == written
    await desk.replies("vera", "15:00")
    await desk.chooses("vera", "Skip")
    assert (await desk.clock("eta")).state == "running"


async def test_what_a_short_word_may_not_do_is_refused_with_the_reason(desk: Story) -> None:
    for text, reason in (("/urgency purple", "no such urgency"), ("/handover nobody", "no such person")):
        await desk.writes("vera", text, under=desk.card("vera"))
        assert reason in told(desk)
    assert ((await desk.ticket()).urgency, (await desk.ticket()).assignee) == ("medium", "vera")


async def test_a_short_word_that_comes_twice_counts_once(desk: Story) -> None:
    raw = await desk.own.says("2001", "eta 15:00", reply_to=desk.card("vera"))
    await desk.own.receives(raw.payload, external_id=f"{raw.external_id} once more", address="2001")
    await desk.settle()
    assert (await desk.events()).count("eta_given") <= 1
    assert len([line for line in await desk.lines() if line.kind == "reply"]) == 1


async def test_a_short_word_with_a_file_does_nothing_and_loses_nothing(desk: Story) -> None:
    file = Attachment(Untrusted("a.pdf"), "application/pdf", 1)
    await desk.writes("vera", "resolve", under=desk.card("vera"), attachments=(file,))
    assert told(desk) == "Files cannot go this way. Send them as a reply to the card."
    assert (await desk.ticket()).status == "open" or (await desk.ticket()).status == "new"


# Questions to the desk


@pytest.mark.parametrize("text", ["/queue", "/desk queue", "/DESK  queue"])
async def test_the_desk_answers_under_the_question(desk: Story, text: str) -> None:
    await desk.writes("vera", text)
    assert "T-1 · Acme" in desk.expect_message("vera", TELEGRAM, containing="T-1")
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("/ticket T-1", "T-1 · Acme: Payroll failed", id="a ticket"),
        pytest.param("/who acme", "Acme: Vera Kova", id="who would answer"),
        pytest.param("/help", "/desk queue: your tickets", id="help"),
        pytest.param("/start", "/desk queue: your tickets", id="the first touch"),
        pytest.param("/desk", "/desk queue: your tickets", id="nothing asked"),
        pytest.param("/absences", "Nobody is away.", id="who is away"),
    ],
)
async def test_every_question_has_its_answer(desk: Story, text: str, answer: str) -> None:
    await desk.writes("vera", text)
    desk.expect_message("vera", TELEGRAM, containing=answer)
    desk.expect_quiet()


async def test_somebody_who_leaves_says_so_where_they_work_and_it_counts_once(desk: Story) -> None:
    raw = await desk.own.says("2001", "/away until friday")
    await desk.own.receives(raw.payload, external_id=f"{raw.external_id} once more", address="2001")
    await desk.settle()
    assert [one.text for one in desk.own.messages("2001") if "is away" in one.text] == [told(desk)]
    await desk.writes("vera", "/back")
    desk.expect_message("vera", TELEGRAM, containing="Vera Kova is there again.")
    await desk.writes("vera", "/back")
    desk.expect_message("vera", TELEGRAM, containing="is not away; nothing was changed")


async def test_a_client_asks_nothing_of_the_desk(desk: Story) -> None:
    await desk.receives(TELEGRAM, sender="taras", text="/queue")
    assert not [one for one in desk.own.messages("1002") if "T-1" in one.text]


async def test_a_reply_that_the_channel_refuses_is_marked_there_too(desk: Story) -> None:
    desk.channels[MAIL].fail_next(PermanentError("the mailbox is full"))
    written = await desk.writes("vera", "Looking at it", under=desk.card("vera"))
    assert desk.own.standing(written) == "failed"
    desk.expect_alert("vera", containing="did not reach Acme: the mailbox is full")


async def test_what_a_colleague_answers_stands_under_the_card_as_ours(desk: Story) -> None:
    await desk.does("dana", Reply("I have told the bank"))
    text = desk.expect_under("vera", containing="I have told the bank")
    assert "A reply to this message goes to Lena" in text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("/reply // they owe us", id="a reply"),
        pytest.param("/clarify // they owe us", id="a question"),
        pytest.param("/clarify /note they owe us", id="another short word"),
        pytest.param("/resolve // they owe us", id="a resolution"),
        pytest.param("/not_covered // they owe us", id="a clause"),
        pytest.param("eta 15:00\n// they owe us", id="words with a time"),
    ],
)
async def test_a_short_word_sends_nothing_that_is_meant_to_stay_in(desk: Story, text: str) -> None:
    await desk.writes("vera", text, under=desk.card("vera"))
    assert told(desk).startswith("Nothing was done")
    desk.expect_nothing("lena", MAIL)
    assert (await desk.ticket()).status.is_open
    assert (await desk.clock("first_response")).state == "running"


async def test_the_word_for_a_reply_does_not_say_that_nothing_was_sent(desk: Story) -> None:
    await desk.writes("vera", "/reply Looking at it", under=desk.card("vera"))
    desk.expect_message("lena", MAIL, containing="Looking at it")
    assert told(desk) == "Done."


async def test_the_word_for_a_reply_where_none_is_needed_is_not_sent_and_two_slashes_after_it_hold(desk: Story) -> None:
    await desk.writes("vera", "!reply // they owe us", under=desk.card("vera"))
    assert await notes(desk) == ["they owe us"]
    await desk.writes("vera", "!reply Looking at it", under=desk.card("vera"))
    desk.expect_message("lena", MAIL, containing="Looking at it")
    assert [line.text for line in await desk.lines()][-1] == "Looking at it"
