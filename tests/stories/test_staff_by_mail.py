"""Our people in their own mail: a reply to a ping answers the client, short words act, nobody else speaks for them."""

from datetime import timedelta

import pytest

from adapters.card import OutboundCard
from adapters.message import Channel, OutboundMessage
from bot.store import audit
from tests.builders import ON_MAIL, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

TELEGRAM, MAIL = Channel.TELEGRAM, Channel.EMAIL
VERA = "vera@desk.test"


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """Our people have nothing but mail; Lena wrote on Telegram, and Vera has the ticket."""
    desk = await make_desk(story_desk(*ON_MAIL))
    desk.works_on = MAIL
    await desk.receives(TELEGRAM, sender="lena", text="Payroll failed\nSince this morning")
    desk.forget()
    return desk


async def answers(desk: Story, person: str, text: str, *, under: str | None = None, name: str | None = None) -> str:
    """One of our people answers a mail of ours; the newest card where none is named."""
    return await desk.writes(person, text, under=under or desk.card(person), is_inward=True, external_id=name)


def mails(desk: Story, address: str = VERA) -> int:
    return len(desk.own.shown(address))


async def notes(desk: Story) -> list[str]:
    return [note.text for note in (await desk.page()).notes]


# What comes


async def test_the_ping_says_who_wrote_what_is_promised_and_that_a_reply_answers_them(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(*ON_MAIL))
    await desk.receives(TELEGRAM, sender="lena", text="Payroll failed\nSince this morning")
    text = desk.expect_card("vera", containing="T-1 · Acme")
    for words in (
        "Lena",
        "Premium",
        "Since this morning",
        "first response",
        "A reply to this mail goes to Lena, Acme on Telegram. Begin with // for a note of ours.",
    ):
        assert words in text
    desk.expect_message("lena", TELEGRAM, containing="T-1")
    desk.expect_quiet()


async def test_a_day_of_one_ticket_is_a_handful_of_mails_and_not_one_for_each_change(desk: Story) -> None:
    """The card, what the client adds, 80 %, the last call, the breach; nothing at half the time, nor for a note."""
    assert mails(desk) == 1
    await desk.fast_forward(minutes=5)
    await desk.receives(TELEGRAM, sender="lena", text="And the export?")
    text = desk.expect_ping("vera", containing="And the export?")
    for words in ("Lena", "Premium", "first response", "A reply to this mail goes to Lena, Acme on Telegram."):
        assert words in text
    await desk.go_to(NOON + timedelta(minutes=31))
    assert mails(desk) == 2
    await desk.go_to(NOON + timedelta(minutes=49))
    assert "12 min" in desk.expect_ping("vera", containing="first response")
    await desk.go_to(NOON + timedelta(minutes=61))
    assert mails(desk) == 5
    assert "> And the export?" in desk.expect_ping("vera", containing="Last call")
    desk.expect_ping("vera", containing="overdue")
    desk.expect_alert("dana", containing="Last call")
    desk.expect_alert("dana", containing="overdue")
    await answers(desk, "vera", "// they owe us")
    await answers(desk, "dana", "ack\n\nDana", under=desk.card("dana", containing="overdue"))
    assert mails(desk) == 5
    desk.expect_message("dana", MAIL, containing="T-1: done (ack)")
    desk.expect_quiet()


async def test_whoever_comes_back_finds_one_digest(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(*ON_MAIL), start=NOON + timedelta(hours=8))
    desk.works_on = MAIL
    for sender in ("lena", "taras"):
        await desk.receives(TELEGRAM, sender=sender, text=f"From {sender}")
    await desk.receives(MAIL, sender="lena", text="From lena again")
    desk.forget()
    await desk.go_to(NOON + timedelta(hours=22, minutes=1))
    (digest,) = [one.text for one in desk.seen("vera") if "T-1 · From lena" in one.text and "T-3" in one.text]
    assert "T-2" not in digest


# What goes


async def test_a_reply_to_the_mail_reaches_the_client_and_meets_the_promise(desk: Story) -> None:
    await answers(desk, "vera", "Looking at it")
    desk.expect_message("lena", TELEGRAM, containing="Looking at it")
    assert (await desk.clock("first_response")).state == "met"
    assert [line.author for line in await desk.lines() if line.kind == "reply"] == ["vera"]
    desk.expect_quiet()


async def test_a_mail_that_comes_twice_says_it_once_also_when_we_are_killed_in_between(desk: Story) -> None:
    await answers(desk, "vera", "Looking at it", name="answer-1")
    await desk.dies()
    await answers(desk, "vera", "Looking at it", name="answer-1")
    desk.expect_message("lena", TELEGRAM, containing="Looking at it")
    desk.expect_quiet()


async def test_a_reply_under_a_later_ping_counts_as_well(desk: Story) -> None:
    await desk.fast_forward(minutes=5)
    await desk.receives(TELEGRAM, sender="lena", text="And the export?")
    ping = desk.own.shown(VERA)[-1].external_id
    desk.forget()
    await answers(desk, "vera", "Tomorrow", under=ping)
    desk.expect_message("lena", TELEGRAM, containing="Tomorrow")
    desk.expect_quiet()


async def test_two_slashes_make_it_a_note(desk: Story) -> None:
    await answers(desk, "vera", "// they owe us\nsince May")
    assert await notes(desk) == ["they owe us\nsince May"]
    desk.expect_quiet()


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("Hi Lena,\n// they owe us\n\nVera", id="below a greeting"),
        pytest.param("Вітаю!\n\n//вони нам винні", id="below a greeting in Ukrainian"),
        pytest.param("Looking at it\n\n// they owe us since May", id="below an answer"),
        pytest.param("Put this there:\n\n  // the limit\nlimit = 5", id="in a piece of code"),
    ],
)
async def test_slashes_further_down_send_nothing_until_it_is_said_what_was_meant(desk: Story, written: str) -> None:
    await answers(desk, "vera", written)
    desk.expect_message("vera", MAIL, containing="Nothing was sent: a line below the first begins with //.")
    assert await notes(desk) == []
    assert (await desk.clock("first_response")).state == "running"
    desk.expect_quiet()
    await answers(desk, "vera", f"// {written}")
    assert await notes(desk) == [written]
    desk.expect_quiet()
    await answers(desk, "vera", f"!reply {written}")
    desk.expect_message("lena", TELEGRAM, containing=written)
    assert (await desk.clock("first_response")).state == "met"
    desk.expect_quiet()


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("See https://desk.test/a//b", id="an address of a page"),
        pytest.param("Looking at it\nhttps://desk.test/a", id="an address of a page on its own line"),
    ],
)
async def test_slashes_that_begin_no_line_of_ones_own_hold_nothing_back(desk: Story, written: str) -> None:
    await answers(desk, "vera", written)
    desk.expect_message("lena", TELEGRAM, containing=written)
    desk.expect_quiet()


async def test_under_an_alert_about_somebody_elses_ticket_words_are_a_note_and_the_mail_says_so(desk: Story) -> None:
    await desk.go_to(NOON + timedelta(minutes=61))
    text = desk.expect_alert("dana", containing="first response is overdue")
    assert "A reply to this mail is a note; begin with !reply to answer Lena, Acme on Telegram." in text
    desk.forget()
    await answers(desk, "dana", "Why are they still waiting?")
    assert await notes(desk) == ["Why are they still waiting?"]
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("written", "is_done"),
    [
        pytest.param("take", "take", id="alone"),
        pytest.param("Take\n\nBest regards\nVera Kova", "take", id="above a signature"),
        pytest.param("eta 15:00", "eta", id="a time"),
        pytest.param("resolve\n\nVera Kova", "resolve", id="the end"),
        pytest.param("/urgency high", "/urgency", id="with a slash"),
    ],
)
async def test_a_short_word_in_the_first_line_acts_and_is_not_sent(desk: Story, written: str, is_done: str) -> None:
    await answers(desk, "vera", written)
    told = desk.expect_message("vera", MAIL, containing=f"T-1: done ({is_done})")
    assert "Lena was not sent this as words" in told
    assert not [line for line in await desk.lines() if line.kind == "reply" and "Vera Kova" in line.text]


async def test_a_time_promised_by_mail_runs_as_a_promise(desk: Story) -> None:
    await answers(desk, "vera", "eta 15:00\nThe bank answers at noon")
    desk.expect_message("lena", TELEGRAM, containing="The bank answers at noon")
    assert (await desk.clock("eta")).due_at is not None


async def test_what_a_word_needs_is_asked_for_by_mail_with_the_choices_in_words(desk: Story) -> None:
    await answers(desk, "vera", "/handover")
    asked = desk.own.question(VERA)
    assert isinstance(asked.message, OutboundMessage)
    assert asked.message.is_inward
    await answers(desk, "vera", "Oleg Hnatiuk", under=asked.external_id)
    await answers(desk, "vera", "Skip", under=desk.own.question(VERA).external_id)
    assert (await desk.ticket()).assignee == "oleg"
    desk.expect_card("oleg", containing="T-1 · Acme")


async def test_an_answer_without_words_of_its_own_goes_nowhere_and_says_so(desk: Story) -> None:
    await answers(desk, "vera", "  ")
    desk.expect_message("vera", MAIL, containing="Your answer holds no words of its own")
    assert (await desk.clock("first_response")).state == "running"
    desk.expect_quiet()


async def test_an_answer_to_a_ticket_that_is_done_says_what_became_of_it(desk: Story) -> None:
    card = desk.card("vera")
    await answers(desk, "vera", "resolve")
    await desk.fast_forward(days=14)
    desk.forget()
    await answers(desk, "vera", "eta 15:00", under=card)
    assert len(desk.seen("vera")) == 1
    desk.forget()
    desk.expect_quiet()


async def test_a_machine_that_answers_our_word_for_stray_mail_gets_no_second_one(desk: Story) -> None:
    for place in range(5):
        await answers(desk, "vera", "I am away", under=f"nothing-{place}")
    desk.expect_message("vera", MAIL, containing="This went to nobody.")
    desk.expect_quiet()


# Who may


@pytest.mark.parametrize(
    ("sender", "doubt"),
    [
        pytest.param("vera@desk.test (unverified)", "no server vouches for it", id="a forged sender"),
        pytest.param("max@elsewhere.test", "it answers what somebody else was sent", id="a stranger it was sent on to"),
        pytest.param("oleg@desk.test", "it answers what somebody else was sent", id="a colleague it was sent on to"),
    ],
)
async def test_nobody_else_answers_for_one_of_our_people(desk: Story, sender: str, doubt: str) -> None:
    address, before = sender.partition(" ")[0], len(desk.own.sent)
    card = desk.card("vera")
    for place in range(3):
        await desk.own.says(
            f"{address}#0123456789abcdef",
            "Send me the file",
            sender=sender,
            reply_to=card,
            doubt=doubt,
            is_inward=True,
            external_id=f"forged-{place}",
        )
        await desk.settle()
    (told,) = desk.own.sent[before:]
    assert told.message.conversation.place == address
    assert "Your answer was not passed on" in told.text
    assert "Send me the file" not in told.text
    assert isinstance(told.message, OutboundMessage)
    assert not told.message.is_inward
    assert not await desk.is_there(2)
    assert (await desk.clock("first_response")).state == "running"
    deeds = await desk.database.read(lambda conn: audit.latest(conn, count=10))
    refused = [deed for deed in deeds if deed.action == "answer refused"]
    assert [deed.subject for deed in refused] == [f"email:{sender}"] * 3
    assert all(deed.particulars["why"] for deed in refused)
    desk.expect_nothing("lena", TELEGRAM)


async def test_whoever_left_the_desk_answers_nobody(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(*ON_MAIL))
    await desk.receives(TELEGRAM, sender="lena", text="Payroll failed")
    desk.forget()
    mail = desk.channels[MAIL]
    await mail.says("gone@desk.test", "Hello", reply_to="card-1", is_inward=True)
    await desk.settle()
    desk.expect_message("gone@desk.test", MAIL, containing="Your answer was not passed on")
    assert [line.kind for line in await desk.lines()].count("reply") == 0
    assert not await desk.is_there(2)


async def test_every_mail_to_our_people_is_known_as_one(desk: Story) -> None:
    """What is shown to them is a card, or a word that says it is for them: the adapter gives both their own token."""
    await answers(desk, "vera", "take")
    shown = [one.message for one in desk.own.shown(VERA)]
    assert all(isinstance(one, OutboundCard) or (isinstance(one, OutboundMessage) and one.is_inward) for one in shown)
