"""The thread of a card is the conversation: what our people write there, where it goes, and how it fares."""

from datetime import timedelta

import pytest

from adapters.errors import PermanentError, TemporaryError, UncertainError
from adapters.message import Attachment, Channel, Untrusted
from bot.tickets.command import HandOver, Reply, Resolve, Take
from routing.people import PersonId
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
SLACK = Channel.SLACK


async def opened(desk: Story, channel: Channel = Channel.TELEGRAM) -> str:
    """A ticket of Lena's that Vera has; the name of its card."""
    await desk.receives(channel, sender="lena", text="Payroll failed")
    desk.forget()
    return desk.card("vera", containing="T-1")


async def test_a_card_says_where_words_under_it_go_before_anybody_writes(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    hint = "Replies in this thread go to Lena, Acme on Telegram; start with // for a note."
    desk.expect_card("vera", containing=hint)
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize("channel", [Channel.TELEGRAM, Channel.EMAIL, Channel.INAPP, Channel.SLACK])
async def test_words_under_a_card_reach_the_client_on_their_own_channel(desk: Story, channel: Channel) -> None:
    card = await opened(desk, channel)
    written = await desk.writes("vera", "Looking at it", under=card)
    desk.expect_message("lena", channel, containing="Looking at it")
    assert desk.channels[SLACK].standing(written) == "sent"
    assert (await desk.clock("first_response")).state == "met"
    desk.expect_quiet()


async def test_words_that_begin_with_two_slashes_stay_with_us(desk: Story) -> None:
    card = await opened(desk)
    written = await desk.writes("vera", "// they owe us money", under=card)
    assert [note.text for note in (await desk.page()).notes] == ["they owe us money"]
    assert desk.channels[SLACK].standing(written) == "sent"
    assert (await desk.clock("first_response")).state == "running"
    desk.expect_quiet()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("*// they owe us money*", id="bold"),
        pytest.param("_~`// they owe us money`~_", id="in every format"),
        pytest.param("> // they owe us money", id="quoted"),
        pytest.param("\u200b\ufeff// they owe us money", id="after something unseen"),
        pytest.param("/\u200b/ they owe us money", id="with something unseen between"),
        pytest.param("\uff0f\uff0f they owe us money", id="wide slashes"),
        pytest.param("\N{BULLET} // they owe us money", id="in a list"),
    ],
)
async def test_signs_before_the_slashes_do_not_send_a_note(desk: Story, text: str) -> None:
    card = await opened(desk)
    await desk.writes("vera", text, under=card)
    assert [note.text for note in (await desk.page()).notes] == ["they owe us money"]
    desk.expect_quiet()


async def alerted(desk: Story) -> str:
    """Nobody answered Lena for an hour; what her manager's lead was told of it."""
    await opened(desk)
    await desk.go_to(NOON + timedelta(minutes=61))
    alert = desk.card("dana", containing="overdue")
    text = desk.expect_alert("dana", containing="first response is overdue")
    assert "Words in this thread are notes; start with !reply to answer Lena, Acme on Telegram." in text
    desk.forget()
    return alert


async def test_words_under_the_alert_of_somebody_who_has_not_the_ticket_are_a_note(desk: Story) -> None:
    alert = await alerted(desk)
    written = await desk.writes("dana", "Why are they still waiting?", under=alert)
    await changes(desk, "dana", written, "Why is Lena still waiting?")
    notes = [note.text for note in (await desk.page()).notes]
    assert notes == ["Why are they still waiting?", "(changed) Why is Lena still waiting?"]
    desk.expect_quiet()


async def test_what_an_alert_said_of_words_under_it_stays_true_when_its_reader_takes_the_ticket(desk: Story) -> None:
    alert = await alerted(desk)
    await desk.does("dana", Take())
    desk.forget()
    await desk.writes("dana", "They are right", under=alert)
    assert [note.text for note in (await desk.page()).notes] == ["They are right"]
    desk.expect_quiet()


async def test_a_lead_answers_from_the_alert_and_may_change_the_answer(desk: Story) -> None:
    alert = await alerted(desk)
    written = await desk.writes("dana", "!reply By 3 pm", under=alert)
    desk.expect_message("lena", containing="By 3 pm")
    desk.forget()
    await changes(desk, "dana", written, "!reply By 4 pm")
    assert [one.text for one in desk.channels[Channel.TELEGRAM].messages("1001")][-1] == "By 4 pm"
    desk.expect_quiet()


async def test_words_under_a_reminder_of_ones_own_ticket_go_to_the_client(desk: Story) -> None:
    await opened(desk)
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text="And the export?")
    text = desk.expect_ping("vera", containing="Lena wrote on T-1")
    assert "Replies in this thread go to Lena, Acme on Telegram" in text
    desk.forget()
    await desk.writes("vera", "Looking at it", under=desk.card("vera", containing="Lena wrote on T-1"))
    desk.expect_message("lena", containing="Looking at it")
    desk.expect_quiet()


async def test_a_file_under_a_card_goes_to_the_client_too(desk: Story) -> None:
    card = await opened(desk)
    file = Attachment(Untrusted("payslip.pdf"), "application/pdf", 100)
    await desk.writes("vera", "", under=card, attachments=(file,))
    (line,) = [line for line in await desk.lines() if line.kind == "reply"]
    assert [one.name for one in line.attachments] == ["payslip.pdf"]
    desk.forget()
    desk.expect_quiet()


async def test_words_to_the_desk_that_stand_under_no_card_go_nowhere(desk: Story) -> None:
    await opened(desk)
    await desk.writes("vera", "Looking at it")
    desk.expect_message("vera", SLACK, containing="This went to nobody.")
    assert not await desk.is_there(2)
    desk.expect_quiet()


@pytest.mark.parametrize("word", ["/escalate", "!status"])
async def test_a_command_for_clients_does_nothing_under_a_card(desk: Story, word: str) -> None:
    card = await opened(desk)
    await desk.writes("vera", f"{word} now", under=card)
    desk.expect_message("vera", SLACK, containing=f"{word} is a command for clients")
    desk.expect_quiet()


async def test_the_same_message_in_another_payload_is_still_one_reply_or_one_note(desk: Story) -> None:
    card, slack = await opened(desk), desk.channels[SLACK]
    for text in ("Looking at it", "// they owe us money"):
        raw = await slack.says("T1/U1", text, reply_to=card)
        await slack.receives(raw.payload, external_id=f"{raw.external_id} once more", address="T1/U1")
        await desk.settle()
    desk.expect_message("lena", containing="Looking at it")
    assert [note.text for note in (await desk.page()).notes] == ["they owe us money"]
    desk.expect_quiet()


async def test_an_executive_who_writes_under_an_alert_is_told_that_they_may_not(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", Reply("Hello"))
    desk.forget()
    card = desk.card("vera")
    slack = desk.channels[SLACK]
    await slack.says("T1/U6", "I take over", sender="T1/U6", reply_to=card)
    await desk.settle()
    desk.expect_message("ines", SLACK, containing="This went to nobody.")
    desk.expect_quiet()


async def test_a_last_word_on_a_resolved_ticket_still_arrives(desk: Story) -> None:
    card = await opened(desk)
    await desk.does("vera", Resolve("Fixed"))
    desk.forget()
    await desk.writes("vera", "It was the bank", under=card)
    desk.expect_message("lena", containing="It was the bank")
    assert (await desk.ticket()).status == "resolved"
    desk.expect_quiet()


async def test_whoever_had_a_ticket_may_still_answer_under_their_old_card(desk: Story) -> None:
    card = await opened(desk)
    await desk.does("vera", HandOver(PersonId("mira")))
    desk.forget()
    await desk.writes("vera", "One more thing", under=card)
    desk.expect_message("lena", containing="One more thing")
    desk.expect_under("mira", containing="Vera Kova\n> One more thing")
    desk.expect_quiet()


# What stands under a card


async def test_the_clients_words_stand_under_the_card_as_they_come(desk: Story) -> None:
    card = await opened(desk)
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text="And the export?")
    desk.expect_under("vera", containing="Lena\n> And the export?")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    assert [one.text for one in desk.channels[SLACK].thread(card)] == ["Lena\n> And the export?"]
    desk.expect_quiet()


async def test_the_words_that_open_a_ticket_stand_on_the_card_and_not_under_it_as_well(desk: Story) -> None:
    card = await opened(desk)
    assert not desk.channels[SLACK].thread(card)


async def test_a_changed_and_a_deleted_message_are_told_under_the_card(desk: Story) -> None:
    card = await opened(desk)
    name = await desk.receives(sender="lena", text="Since Monday")
    await desk.edits("lena", name, "Since Tuesday")
    await desk.edits("lena", name, None)
    assert [one.text for one in desk.channels[SLACK].thread(card)] == [
        "Lena\n> Since Monday",
        "Lena changed a message\n> Since Tuesday",
        "Lena took a message back",
    ]
    desk.forget()
    desk.expect_quiet()


async def test_what_somebody_else_answers_stands_under_the_card_of_whoever_has_it(desk: Story) -> None:
    await opened(desk)
    await desk.does("dana", Reply("I have told the bank"))
    desk.expect_message("lena", containing="I have told the bank")
    desk.expect_under("vera", containing="Dana Orlyk\n> I have told the bank")
    desk.expect_quiet()


async def test_ones_own_words_are_not_repeated_where_they_were_written(desk: Story) -> None:
    card = await opened(desk)
    await desk.writes("vera", "Looking at it", under=card)
    assert not desk.channels[SLACK].thread(card)


async def test_the_names_of_files_stand_under_the_card(desk: Story) -> None:
    await opened(desk)
    file = Attachment(Untrusted("screen.png"), "image/png", 100)
    await desk.fast_forward(minutes=5)
    await desk.receives(sender="lena", text="See here", attachments=(file,))
    assert "screen.png" in desk.expect_under("vera", containing="See here")
    desk.forget()
    desk.expect_quiet()


async def test_no_words_are_lost_while_the_card_above_them_has_trouble_arriving(desk: Story) -> None:
    slack = desk.channels[SLACK]

    async def more_words() -> None:
        slack.slow(None)
        await desk.arrives(sender="lena", text="In March")
        await desk.desk.intake.once()
        raise TemporaryError("internal_error")

    slack.slow(more_words)
    for text in ("Payroll failed", "For everybody"):
        await desk.arrives(sender="lena", text=text)
        await desk.desk.intake.once()
    await desk.settle()
    await desk.fast_forward(minutes=5)
    under = [one.text for one in slack.thread(desk.card("vera", containing="T-1 · Acme"))]
    assert under == ["Lena\n> For everybody", "Lena\n> In March"]
    desk.forget()
    desk.expect_quiet()


async def test_words_stand_under_a_card_that_its_place_refused(make_desk: MakeStory) -> None:
    place = ('public_plan = "public"', 'public_plan = "public"\ncards = { slack = "T1/C0DESK" }')
    desk = await make_desk(story_desk(place))
    desk.channels[SLACK].fail_next(PermanentError("is_archived"))
    card = await opened(desk)
    desk.channels[SLACK].fail_next(PermanentError("is_archived"))
    await desk.receives(sender="lena", text="In March")
    assert [one.text for one in desk.channels[SLACK].thread(card)] == ["Lena\n> In March"]
    desk.forget()
    desk.expect_quiet()


# How a reply fares


async def test_a_reply_that_comes_back_is_marked_as_failed(desk: Story) -> None:
    card, mail = await opened(desk, Channel.EMAIL), desk.channels[Channel.EMAIL]
    written = await desk.writes("vera", "Looking at it", under=card)
    desk.forget()
    (sent,) = [one for one in mail.messages("lena@acme.test") if "Looking at it" in one.text]
    await mail.notices("lena@acme.test", sent.external_id, "failed", "the mailbox is full")
    await desk.settle()
    assert desk.channels[SLACK].standing(written) == "failed"
    desk.expect_alert("vera", containing="did not reach Acme: the mailbox is full")
    desk.expect_quiet()


async def test_a_reply_that_the_channel_refuses_is_marked_and_told(desk: Story) -> None:
    card = await opened(desk)
    desk.channels[Channel.TELEGRAM].fail_next(PermanentError("the bot was blocked"))
    written = await desk.writes("vera", "Looking at it", under=card)
    assert desk.channels[SLACK].standing(written) == "failed"
    desk.expect_alert("vera", containing="did not reach Acme: the bot was blocked")
    desk.expect_quiet()


async def test_a_reply_that_takes_its_time_is_marked_as_waiting_until_it_has_arrived(desk: Story) -> None:
    card = await opened(desk)
    desk.channels[Channel.TELEGRAM].down()
    written = await desk.writes("vera", "Looking at it", under=card)
    await desk.fast_forward(seconds=4)
    assert desk.channels[SLACK].standing(written) == "waiting"
    await desk.channels[Channel.TELEGRAM].up()
    await desk.fast_forward(minutes=1)
    assert desk.channels[SLACK].standing(written) == "sent"
    desk.expect_message("lena", containing="Looking at it")
    desk.expect_quiet()


async def test_a_reply_of_which_nobody_knows_whether_it_arrived_is_marked_as_that(desk: Story) -> None:
    card = await opened(desk)
    desk.channels[Channel.TELEGRAM].fail_next(UncertainError("the line was cut"), times=2)
    written = await desk.writes("vera", "Looking at it", under=card)
    await desk.fast_forward(minutes=1)
    assert desk.channels[SLACK].standing(written) == "uncertain"
    desk.expect_alert("vera", containing="may not have reached Acme")
    desk.expect_quiet()


# Second thoughts


async def changes(desk: Story, person: str, written: str, text: str | None) -> None:
    slack, own = desk.channels[SLACK], desk.identity(person, SLACK).address
    await (slack.deletes(own, written) if text is None else slack.edits(own, written, text))
    await desk.settle()


async def test_a_changed_reply_changes_in_front_of_the_client(desk: Story) -> None:
    card = await opened(desk)
    written = await desk.writes("vera", "By 3 pm", under=card)
    desk.forget()
    await changes(desk, "vera", written, "By 4 pm")
    (reply,) = [line for line in await desk.lines() if line.kind == "reply"]
    assert (reply.text, reply.is_edited) == ("By 4 pm", True)
    telegram = desk.channels[Channel.TELEGRAM]
    assert [one.text for one in telegram.messages("1001")][-1] == "By 4 pm"
    desk.expect_quiet()


async def test_where_nothing_can_be_changed_the_author_is_told_that_the_first_wording_stands(desk: Story) -> None:
    card = await opened(desk, Channel.EMAIL)
    written = await desk.writes("vera", "By 3 pm", under=card)
    desk.forget()
    await changes(desk, "vera", written, "By 4 pm")
    desk.expect_message("vera", SLACK, containing="T-1: Lena has your first wording.")
    assert "By 3 pm" in [line.text for line in await desk.lines()]
    desk.expect_quiet()


@pytest.mark.parametrize("text", [pytest.param("// nonsense", id="made a note"), pytest.param(None, id="deleted")])
async def test_what_was_sent_stays_sent(desk: Story, text: str | None) -> None:
    card = await opened(desk)
    written = await desk.writes("vera", "By 3 pm", under=card)
    desk.forget()
    await changes(desk, "vera", written, text)
    desk.expect_message("vera", SLACK, containing="T-1: Lena has your first wording.")
    assert not (await desk.page()).notes
    desk.expect_quiet()


@pytest.mark.parametrize("text", [pytest.param("// hush", id="made a note"), pytest.param(None, id="deleted")])
async def test_a_reply_that_has_not_left_yet_can_be_taken_back(desk: Story, text: str | None) -> None:
    card = await opened(desk)
    desk.channels[Channel.TELEGRAM].down()
    written = await desk.writes("vera", "You fools", under=card)
    await changes(desk, "vera", written, text)
    desk.expect_message("vera", SLACK, containing="was taken back. Lena has not seen it.")
    assert [note.text for note in (await desk.page()).notes] == (["hush"] if text else [])
    assert (await desk.clock("first_response")).state == "running"
    assert desk.channels[SLACK].standing(written) == "failed"
    await desk.channels[Channel.TELEGRAM].up()
    await desk.fast_forward(minutes=10)
    desk.expect_quiet()


async def test_a_reply_that_was_changed_before_it_left_leaves_with_its_last_words(desk: Story) -> None:
    card = await opened(desk)
    desk.channels[Channel.TELEGRAM].down()
    written = await desk.writes("vera", "By 3 pm", under=card)
    await changes(desk, "vera", written, "By 4 pm")
    await desk.channels[Channel.TELEGRAM].up()
    await desk.fast_forward(minutes=10)
    desk.expect_message("lena", containing="By 4 pm")
    desk.expect_quiet()


async def test_a_change_never_sends_what_was_a_note(desk: Story) -> None:
    card = await opened(desk)
    written = await desk.writes("vera", "// they owe us money", under=card)
    await changes(desk, "vera", written, "they owe us money")
    notes = [note.text for note in (await desk.page()).notes]
    assert notes == ["they owe us money", "(changed) they owe us money"]
    await changes(desk, "vera", written, None)
    desk.expect_quiet()


async def test_a_change_of_a_note_that_comes_twice_is_one_note(desk: Story) -> None:
    card = await opened(desk)
    written = await desk.writes("vera", "// they owe us", under=card)
    for text in ("// they owe us", "// they owe us money", "// they owe us money", "// they owe us"):
        await changes(desk, "vera", written, text)
    notes = [note.text for note in (await desk.page()).notes]
    assert notes == ["they owe us", "(changed) they owe us money", "(changed) they owe us"]
    desk.expect_quiet()


async def test_what_was_written_long_ago_is_not_forgotten(desk: Story) -> None:
    card, slack = await opened(desk), desk.channels[SLACK]
    said = [await slack.says("T1/U1", text, reply_to=card) for text in ("By 3 pm", "// they owe us money")]
    await desk.fast_forward(days=40)
    await desk.desk.tidy()
    desk.forget()
    for raw in said:
        await slack.receives(raw.payload, external_id=f"{raw.external_id} once more", address="T1/U1")
        await desk.settle()
    await changes(desk, "vera", said[0].external_id, "By 4 pm")
    assert [line.text for line in await desk.lines() if line.kind == "reply"] == ["By 4 pm"]
    assert [note.text for note in (await desk.page()).notes] == ["they owe us money"]
    assert not await desk.inbox("dead")
    desk.expect_quiet()


async def test_a_change_that_the_channel_refuses_is_told_to_its_author(desk: Story) -> None:
    card = await opened(desk)
    written = await desk.writes("vera", "By 3 pm", under=card)
    desk.forget()
    await desk.go_to(NOON + timedelta(minutes=2))
    desk.channels[Channel.TELEGRAM].fail_next(PermanentError("message is too old"))
    await changes(desk, "vera", written, "By 4 pm")
    desk.expect_alert("vera", containing="T-1: your changed wording did not reach Lena")
    desk.expect_quiet()
