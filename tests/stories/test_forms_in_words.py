"""Where no window can open, the desk asks for what a form would: question by question, each answer counting once."""

from datetime import timedelta

import pytest

from adapters.errors import PermanentError
from adapters.message import Attachment, Channel, OutboundMessage, Untrusted
from bot.tickets.command import Merge, Reply, Resolve
from bot.tickets.ticket import TicketId
from tests.builders import ON_TELEGRAM, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
TELEGRAM = Channel.TELEGRAM
FORUM = "-100777"


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """Our people work in Telegram; Lena wrote, and Vera has the ticket."""
    return await opened(await make_desk(story_desk(*ON_TELEGRAM)))


async def opened(desk: Story) -> Story:
    desk.works_on = TELEGRAM
    await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
    desk.forget()
    return desk


async def test_a_time_is_asked_for_until_it_is_one_and_then_words_for_the_client(desk: Story) -> None:
    card = desk.card("vera")
    answer = await desk.chooses("vera", "ticket.eta")
    assert (answer.text, answer.form) == ("Please answer below.", None)
    text = desk.expect_message("vera", TELEGRAM, containing="ETA · T-1")
    assert "For example 15:00, 2h" in text
    asked = desk.own.question("2001").message
    assert getattr(asked, "reply_to", None) == card
    await desk.replies("vera", "25:00")
    assert "'25:00'" in desk.expect_message("vera", TELEGRAM, containing="is no time")
    await desk.replies("vera", "15:00")
    desk.expect_message("vera", TELEGRAM, containing="To Lena, Acme on email")
    await desk.replies("vera", "The bank answers at noon", containing="To Lena")
    desk.expect_message("vera", TELEGRAM, containing="Done.")
    desk.expect_message("lena", Channel.EMAIL, containing="The bank answers at noon")
    assert (await desk.clock("eta")).state == "running"
    desk.expect_quiet()


async def test_what_need_not_be_said_is_skipped(desk: Story) -> None:
    await desk.chooses("vera", "ticket.eta")
    await desk.replies("vera", "15:00")
    await desk.chooses("vera", "Skip")
    desk.expect_message("lena", Channel.EMAIL, containing="expects to have this done by 12:00")
    desk.forget()
    desk.expect_quiet()


async def test_a_ticket_is_handed_over_by_choice(desk: Story) -> None:
    await desk.chooses("vera", "ticket.handover")
    desk.expect_message("vera", TELEGRAM, containing="Hand over · T-1")
    await desk.chooses("vera", "Mira Solano")
    desk.expect_message("vera", TELEGRAM, containing="If you want to say something")
    answer = await desk.chooses("vera", "Skip")
    assert answer.text == "Done."
    assert (await desk.ticket()).assignee == "mira"
    desk.expect_ping("mira", containing="Vera Kova handed T-1 (Acme) over to you")
    assert desk.card("mira", containing="T-1 · Acme")


async def test_a_choice_may_be_written_as_well(desk: Story) -> None:
    await desk.chooses("vera", "ticket.urgency")
    asked = desk.own.messages("2001")[-1].external_id
    await desk.writes("vera", "purple", under=asked)
    desk.expect_message("vera", TELEGRAM, containing="That is none of the choices.")
    await desk.writes("vera", "High", under=asked)
    assert (await desk.ticket()).urgency == "high"


@pytest.mark.parametrize(
    ("button", "said"),
    [
        pytest.param("ticket.clarify", "Which month?", id="a question to the client"),
        pytest.param("ticket.escalate", "They lose money", id="to the lead"),
        pytest.param("ticket.third_party", "BANK-17", id="somebody else has to act"),
        pytest.param("ticket.second_line", "It is the webhook", id="to the second line"),
    ],
)
async def test_every_other_button_that_needs_words_asks_for_them(desk: Story, button: str, said: str) -> None:
    before = await desk.ticket()
    if button == "ticket.second_line":
        await desk.receives(Channel.EMAIL, sender="taras", text="webhook fails")
        desk.forget()
    answer = await desk.own.command("2001", button, "T-1", under=desk.card("vera"))
    await desk.settle()
    assert answer.form is None
    await desk.replies("vera", said)
    texts = [one.text for one in desk.own.messages("2001")]
    assert texts[-1] in {"Done.", "T-1 has no kind that a second line looks after."} or "second line" in texts[-1]
    assert (await desk.ticket()).version > before.version or button == "ticket.second_line"


@pytest.mark.parametrize("button", ["ticket.take", "ticket.noreply", "ticket.resolve", "ticket.third_party"])
async def test_a_button_that_needs_no_words_acts_at_once(desk: Story, button: str) -> None:
    if button == "ticket.third_party":
        await desk.chooses("vera", button)
        await desk.replies("vera", "BANK-17")
        assert (await desk.ticket()).status == "waiting_third_party"
        button = "ticket.resume"
    answer = await desk.chooses("vera", button)
    assert answer.text == "Done."


async def test_a_reply_by_the_button_is_marked_as_one_under_the_card_is(desk: Story) -> None:
    await desk.chooses("vera", "ticket.reply")
    desk.expect_message("vera", TELEGRAM, containing="To Lena, Acme on email")
    file = Attachment(Untrusted("payslip.pdf"), "application/pdf", 100)
    written = await desk.replies("vera", "Here it is", attachments=(file,))
    desk.expect_message("lena", Channel.EMAIL, containing="Here it is")
    assert desk.own.standing(written) == "sent"
    (line,) = [line for line in await desk.lines() if line.kind == "reply"]
    assert [one.name for one in line.attachments] == ["payslip.pdf"]
    assert not desk.own.thread(desk.card("vera"))[1:]
    desk.expect_quiet()


async def test_a_note_by_the_button_stays_with_us_whatever_it_begins_with(desk: Story) -> None:
    await desk.chooses("vera", "ticket.note")
    await desk.replies("vera", "!reply they owe us money")
    assert [note.text for note in (await desk.page()).notes] == ["!reply they owe us money"]
    desk.expect_nothing("lena", Channel.EMAIL)


async def test_two_slashes_in_a_reply_by_the_button_are_a_note(desk: Story) -> None:
    await desk.chooses("vera", "ticket.reply")
    await desk.replies("vera", "// they owe us money")
    assert [note.text for note in (await desk.page()).notes] == ["they owe us money"]
    desk.expect_nothing("lena", Channel.EMAIL)


@pytest.mark.parametrize("button", ["ticket.eta", "ticket.reply", "ticket.note"])
async def test_a_form_is_cancelled_in_words(desk: Story, button: str) -> None:
    await desk.chooses("vera", button)
    desk.forget()
    await desk.replies("vera", "/cancel")
    desk.expect_message("vera", TELEGRAM, containing="Cancelled: nothing was done.")
    await desk.replies("vera", "15:00")
    desk.expect_message("vera", TELEGRAM, containing="This question is over")
    assert not (await desk.page()).notes
    assert [line for line in await desk.lines() if line.kind == "reply"] == []
    desk.expect_quiet()


async def test_a_form_is_cancelled_by_its_button(desk: Story) -> None:
    await desk.chooses("vera", "ticket.urgency")
    assert (await desk.chooses("vera", "Cancel")).text == "Cancelled: nothing was done."
    assert (await desk.chooses("vera", "high")).is_refused
    assert (await desk.ticket()).urgency == "medium"


async def test_the_same_answer_twice_counts_once(desk: Story) -> None:
    await desk.chooses("vera", "ticket.clarify")
    asked = desk.own.question("2001").external_id
    raw = await desk.own.says("2001", "Which month?", reply_to=asked)
    await desk.own.receives(raw.payload, external_id=f"{raw.external_id} once more", address="2001")
    await desk.settle()
    desk.forget()
    assert [line.text for line in await desk.lines()].count("Which month?") == 1
    await desk.writes("vera", "Which year?", under=asked)
    desk.expect_message("vera", TELEGRAM, containing="This question is over")
    desk.expect_quiet()


async def test_the_same_press_twice_asks_and_does_once(desk: Story) -> None:
    for _ in range(2):
        await desk.chooses("vera", "ticket.urgency", key="press-1")
    desk.expect_message("vera", TELEGRAM, containing="Urgency · T-1")
    answers = [await desk.chooses("vera", "high", key="press-2") for _ in range(2)]
    assert [one.text for one in answers] == ["Done.", "Done."]
    assert (await desk.events()).count("urgency_set") == 1
    desk.expect_message("vera", TELEGRAM, containing="Done.")
    desk.expect_quiet()


async def test_two_open_forms_are_told_apart_by_what_is_answered(desk: Story) -> None:
    await desk.chooses("vera", "ticket.note")
    await desk.chooses("vera", "ticket.clarify")
    await desk.replies("vera", "they owe us money", containing="Add note · T-1")
    await desk.replies("vera", "Which month?", containing="To Lena")
    assert [note.text for note in (await desk.page()).notes] == ["they owe us money"]
    desk.expect_message("lena", Channel.EMAIL, containing="Which month?")
    assert (await desk.ticket()).status == "waiting_client"


async def test_a_form_goes_on_after_a_restart(desk: Story) -> None:
    await desk.chooses("vera", "ticket.eta")
    await desk.dies()
    await desk.replies("vera", "15:00")
    await desk.dies()
    await desk.chooses("vera", "Skip")
    assert (await desk.clock("eta")).state == "running"
    assert [one.text for one in desk.own.messages("2001")].count("Done.") == 1


async def test_a_question_is_over_after_an_hour(desk: Story) -> None:
    await desk.chooses("vera", "ticket.note")
    await desk.fast_forward(minutes=61)
    desk.forget()
    await desk.replies("vera", "they owe us money")
    desk.expect_message("vera", TELEGRAM, containing="This question is over")
    assert not (await desk.page()).notes
    desk.expect_quiet()


async def test_a_ticket_that_was_closed_meanwhile_is_refused_with_its_reason(desk: Story) -> None:
    await desk.chooses("vera", "ticket.urgency")
    await desk.does("dana", Resolve("Fixed"))
    desk.forget()
    assert (await desk.chooses("vera", "high")).is_refused
    desk.expect_message("vera", TELEGRAM, containing="T-1")
    assert (await desk.ticket()).urgency == "medium"
    assert (await desk.own.command("2001", "ticket.eta", "T-1")).is_refused
    desk.expect_quiet()


async def test_a_time_that_passes_between_two_questions_is_asked_again(desk: Story) -> None:
    await desk.chooses("vera", "ticket.eta")
    await desk.replies("vera", "12:30")
    await desk.go_to(NOON + timedelta(minutes=40))
    desk.forget()
    assert (await desk.chooses("vera", "Skip")).is_refused
    desk.expect_message("vera", TELEGRAM, containing="has passed")
    await desk.replies("vera", "15:00")
    await desk.chooses("vera", "Skip")
    assert (await desk.clock("eta")).state == "running"


async def test_a_file_where_words_are_asked_for_says_where_it_goes(desk: Story) -> None:
    await desk.chooses("vera", "ticket.clarify")
    desk.forget()
    file = Attachment(Untrusted("payslip.pdf"), "application/pdf", 100)
    await desk.replies("vera", "", attachments=(file,))
    desk.expect_message("vera", TELEGRAM, containing="Files cannot go this way")
    await desk.replies("vera", "Which month?")
    desk.expect_message("lena", Channel.EMAIL, containing="Which month?")


async def test_one_of_ours_who_presses_in_a_clients_group_is_asked_alone(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(*ON_TELEGRAM))
    desk.works_on = TELEGRAM
    await desk.receives(TELEGRAM, sender="lena", address="-1001234", text="Payroll failed")
    desk.forget()
    await desk.own.command("-1001234", "client.escalate", "T-1", by="2001")
    await desk.settle()
    desk.expect_message("vera", TELEGRAM, containing="Escalate · T-1")
    await desk.replies("vera", "They lose money")
    desk.expect_alert("dana", containing="T-1")
    assert not [one for one in desk.own.messages("-1001234") if "Escalate" in one.text]


async def test_somebody_else_in_the_place_cannot_answer_for_whoever_pressed(make_desk: MakeStory) -> None:
    shared = ('public_plan = "public"', f'public_plan = "public"\ncards = {{ telegram = "{FORUM}" }}')
    desk = await opened(await make_desk(story_desk(shared, *ON_TELEGRAM)))
    await desk.own.press(FORUM, "ticket.urgency", by="2001")
    await desk.own.press(FORUM, "ticket.clarify", by="2001")
    await desk.settle()
    desk.forget()
    asked = next(
        one for one in reversed(desk.own.sent) if isinstance(one.message, OutboundMessage) and one.message.asks
    )
    where = asked.message.conversation.address
    await desk.writes("mira", "Which month?", under=asked.external_id, address=where)
    desk.expect_message(where, TELEGRAM, containing="Vera Kova is asked here.")
    assert (await desk.own.press(where, "high", by="2003")).is_refused
    assert (await desk.own.press(where, "high", by="1001")).is_refused
    assert (await desk.ticket()).urgency == "medium"
    await desk.writes("vera", "Which month?", under=asked.external_id, address=where)
    assert (await desk.ticket()).status == "waiting_client"
    assert (await desk.own.press(where, "high", by="2001")).text == "Done."


@pytest.mark.parametrize("value", ["", "nothing", "nothing:0", "nothing:x:y", "nothing:0:0:0", "nothing:-1:-1"])
@pytest.mark.parametrize("action", ["form.choose", "form.skip", "form.cancel", "form.other"])
async def test_a_made_up_press_on_a_form_does_nothing(desk: Story, action: str, value: str) -> None:
    answer = await desk.own.command("2001", action, value)
    assert answer.is_refused
    await desk.settle()
    desk.expect_quiet()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("// ask Vera first", id="a note"),
        pytest.param("/note they owe us", id="a note by its name"),
        pytest.param("/status", id="a command for clients"),
    ],
)
async def test_what_is_meant_to_stay_in_is_no_answer_that_a_client_reads(desk: Story, text: str) -> None:
    await desk.chooses("vera", "ticket.clarify")
    await desk.replies("vera", text)
    desk.expect_nothing("lena", Channel.EMAIL)
    assert "Nothing was done" in desk.own.question("2001").text
    await desk.replies("vera", "Which month?")
    desk.expect_message("lena", Channel.EMAIL, containing="Which month?")
    desk.forget()
    await desk.chooses("vera", "ticket.reply")
    await desk.replies("vera", text)
    desk.expect_nothing("lena", Channel.EMAIL)


async def test_words_that_failed_to_arrive_go_another_way_by_two_buttons(desk: Story) -> None:
    desk.channels[Channel.EMAIL].fail_next(PermanentError("the mailbox is full"))
    await desk.does("vera", Reply("Looking at it"))
    desk.forget()
    await desk.chooses("vera", "ticket.other_channel")
    await desk.chooses("vera", "Slack")
    assert "Looking at it" in desk.own.question("2001").text
    await desk.chooses("vera", "Send these words")
    desk.expect_message("lena", Channel.SLACK, containing="Looking at it")
    assert (await desk.events())[-2:] == ["other_channel", "replied"]
    desk.forget()
    desk.expect_quiet()


async def test_words_that_failed_to_arrive_go_another_way_in_other_words(desk: Story) -> None:
    desk.channels[Channel.EMAIL].fail_next(PermanentError("the mailbox is full"))
    await desk.does("vera", Reply("Looking at it"))
    await desk.chooses("vera", "ticket.other_channel")
    await desk.replies("vera", "Slack")
    await desk.replies("vera", "Sorry for the silence")
    desk.expect_message("lena", Channel.SLACK, containing="Sorry for the silence")
    desk.forget()


async def test_buttons_about_contacts_ask_in_words_as_well(desk: Story) -> None:
    await desk.receives(TELEGRAM, sender="taras", text="Payroll failed")
    desk.forget()
    await desk.own.command("2001", "ticket.same_person", "T-1", under=desk.card("vera"))
    await desk.settle()
    await desk.replies("vera", "T-2")
    assert "Only" in desk.own.messages("2001")[-1].text
    await desk.own.command("2005", "ticket.same_person", "T-2")
    await desk.settle()
    await desk.replies("dana", "T-1")
    assert "belong to two clients" in desk.own.messages("2005")[-1].text
    await desk.own.command("2001", "ticket.link", "T-1", under=desk.card("vera"))
    await desk.settle()
    await desk.replies("vera", "telegram")
    assert "Lena gets a code on email" in desk.own.messages("2001")[-1].text
    assert not await desk.inbox("dead")


async def test_words_take_apart_what_was_merged_and_bring_spam_back(desk: Story) -> None:
    await desk.receives(TELEGRAM, sender="lena", text="Payroll failed, see the file")
    await desk.does("vera", Merge(TicketId(1)), ticket=2)
    desk.forget()
    await desk.writes("vera", "/unmerge", under=desk.card("vera", containing="T-2"))
    desk.expect_message("vera", TELEGRAM, containing="T-2: done (/unmerge)")
    assert (await desk.ticket(2)).status == "new"
    await desk.writes("vera", "/spam", under=desk.card("vera", containing="T-2"))
    assert (await desk.ticket(2)).status == "spam"
    await desk.writes("vera", "/not_spam", under=desk.card("vera", containing="T-2"))
    assert (await desk.ticket(2)).status == "open"
    assert not await desk.inbox("dead")
