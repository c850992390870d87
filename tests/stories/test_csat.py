"""Clients are asked how it went, once, after their ticket is closed; a low score brings the lead."""

from datetime import timedelta

import pytest

from adapters.message import Channel
from bot.store import csat
from bot.tickets.care.csat import Csat
from bot.tickets.command import AskDetails, MarkSpam, Merge, Reply, Resolve
from bot.tickets.ticket import Status, TicketId
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")

SERVED = [Channel.TELEGRAM, Channel.SLACK, Channel.EMAIL, Channel.INAPP]
ASKING = '\n[csat]\nask_after = "1h"\nlow = 2\n'
#: Three business days after it was resolved, and the hour.
ASKED = timedelta(days=3, hours=2)
QUESTION = "How did it go with T-1 (Payroll failed)? Answer with a number from 1 (badly) to 5 (very well)."


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    return await make_desk(story_desk(more=ASKING))


async def done(desk: Story, channel: Channel = Channel.TELEGRAM, *, is_asked: bool = True) -> None:
    """Lena's ticket is answered, resolved and closed, and she is asked."""
    await desk.receives(channel, sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.go_to(NOON + ASKED - timedelta(hours=3))
    desk.forget()
    await desk.go_to(NOON + ASKED)
    assert (await desk.ticket()).status is Status.CLOSED
    if is_asked:
        desk.expect_message("lena", channel, containing=QUESTION)
        desk.expect_quiet()


async def kept(desk: Story, number: int = 1) -> Csat | None:
    found = await desk.database.read(lambda conn: csat.asked_about(conn, [TicketId(number)]))
    return found.get(TicketId(number))


@pytest.mark.parametrize("channel", SERVED)
async def test_in_every_channel_a_number_answers_and_nothing_is_opened(desk: Story, channel: Channel) -> None:
    await done(desk, channel)
    await desk.receives(channel, sender="lena", text="4")
    desk.expect_message("lena", channel, containing="Thank you for the 4.")
    found = await kept(desk)
    assert found is not None
    assert (found.score, found.is_told) == (4, False)
    assert (await desk.ticket()).status is Status.CLOSED
    assert not await desk.is_there(2)
    await desk.fast_forward(days=7)
    desk.expect_quiet()


@pytest.mark.parametrize("channel", [Channel.TELEGRAM, Channel.SLACK])
async def test_a_button_answers_and_the_last_press_counts(desk: Story, channel: Channel) -> None:
    await done(desk, channel)
    address = desk.identity("lena", channel).address
    first = await desk.channels[channel].press(address, "client.csat5", key="five")
    again = await desk.channels[channel].press(address, "client.csat5", key="five")
    other = await desk.channels[channel].press(address, "client.csat3")
    await desk.settle()
    assert first == again
    assert (first.text, other.text) == ("Thank you for the 5.", "Thank you for the 3.")
    found = await kept(desk)
    assert found is not None
    assert found.score == 3
    assert (await desk.events()).count("csat_scored") == 2
    desk.expect_quiet()


async def test_a_low_score_tells_the_lead_once_and_offers_them(desk: Story) -> None:
    await done(desk)
    await desk.receives(sender="lena", text="2: it took three days")
    desk.expect_message("lena", containing="/escalate brings it to the team lead")
    assert "it took three days" in desk.expect_ping("dana", containing="Lena gave T-1 a 2 of 5")
    telegram = desk.channels[Channel.TELEGRAM]
    await telegram.press("1001", "client.csat1")
    await desk.settle()
    desk.expect_quiet()
    answer = await telegram.press("1001", "client.escalate")
    await desk.settle()
    assert answer.text == "We have told the team lead about T-1."
    desk.expect_ping("dana", containing="Acme asks for you about T-1, which is done and got a 1 of 5")
    await desk.receives(sender="lena", text="/escalate")
    desk.expect_message("lena", containing="We have told the team lead about T-1.")
    assert (await desk.ticket()).status is Status.CLOSED
    await desk.fast_forward(days=7)
    desk.expect_quiet()


async def test_a_low_score_that_is_pressed_twice_and_then_changed_is_followed_up_once(desk: Story) -> None:
    await done(desk)
    telegram, answers = desk.channels[Channel.TELEGRAM], []
    for score in (2, 2, 1, 5, 1):
        answers.append((await telegram.press("1001", f"client.csat{score}")).text)
        await desk.settle()
    assert [answer[:20] for answer in answers] == [f"Thank you for the {score}." for score in (2, 2, 1, 5, 1)]
    assert ["/escalate" in answer for answer in answers] == [True, False, False, False, False]
    desk.expect_ping("dana", containing="Lena gave T-1 a 2 of 5")
    found = await kept(desk)
    assert found is not None
    assert (found.score, (await desk.events()).count("csat_scored")) == (1, 4)
    await desk.dies()
    await desk.fast_forward(days=7)
    desk.expect_quiet()


@pytest.mark.parametrize("channel", [Channel.TELEGRAM, Channel.EMAIL])
async def test_a_low_score_that_is_written_twice_and_then_changed_is_followed_up_once(
    desk: Story, channel: Channel
) -> None:
    await done(desk, channel)
    await desk.receives(channel, sender="lena", text="2")
    desk.expect_message("lena", channel, containing="/escalate brings it to the team lead")
    desk.expect_ping("dana", containing="Lena gave T-1 a 2 of 5")
    await desk.receives(channel, sender="lena", text="2")
    desk.expect_quiet()
    await desk.receives(channel, sender="lena", text="1")
    assert "/escalate" not in desk.expect_message("lena", channel, containing="Thank you for the 1.")
    found = await kept(desk)
    assert found is not None
    assert found.score == 1
    await desk.receives(channel, sender="lena", text="/escalate")
    desk.expect_message("lena", channel, containing="We have told the team lead about T-1.")
    desk.expect_ping("dana", containing="got a 1 of 5")
    assert not await desk.is_there(2)
    await desk.fast_forward(days=7)
    desk.expect_quiet()


async def test_out_of_hours_the_lead_reads_it_when_they_come(desk: Story) -> None:
    await done(desk)
    await desk.go_to(NOON + timedelta(days=3, hours=11))
    await desk.receives(sender="lena", text="1, nobody answered")
    desk.expect_message("lena", containing="Thank you for the 1.")
    desk.expect_quiet()
    await desk.dies()
    await desk.go_to(NOON + timedelta(days=6))
    assert "nobody answered" in desk.expect_ping("dana", containing="Lena gave T-1 a 1 of 5")
    desk.expect_quiet()


async def test_the_word_escalate_after_a_low_score_brings_the_lead_without_opening_anything(desk: Story) -> None:
    await done(desk, Channel.EMAIL)
    await desk.receives(Channel.EMAIL, sender="lena", text="1")
    desk.expect_message("lena", Channel.EMAIL, containing="Thank you for the 1.")
    desk.expect_ping("dana", containing="a 1 of 5")
    await desk.receives(Channel.EMAIL, sender="lena", text="escalate")
    desk.expect_message("lena", Channel.EMAIL, containing="We have told the team lead about T-1.")
    desk.expect_ping("dana", containing="Acme asks for you")
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_words_right_after_a_score_belong_to_it(desk: Story) -> None:
    await done(desk)
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Thank you for the 1.")
    desk.expect_ping("dana", containing="Lena gave T-1 a 1 of 5")
    await desk.receives(sender="lena", text="Nobody told us anything for days")
    desk.expect_message("lena", containing="If you need something from us, begin with /new.")
    assert "Nobody told us" in desk.expect_ping("dana", containing="Lena about the 1 of 5 for T-1")
    found = await kept(desk)
    assert found is not None
    assert found.comment == "Nobody told us anything for days"
    await desk.receives(sender="lena", text="And the invoice is wrong")
    assert await desk.is_there(2)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        pytest.param("3 of our funnels stand still", 0, id="a number that is none"),
        pytest.param("Payroll failed again", 0, id="other words"),
        pytest.param("6", 0, id="no score"),
        pytest.param("4", 15, id="after two weeks"),
    ],
)
async def test_what_is_no_answer_is_a_message_like_any_other(desk: Story, text: str, wait: int) -> None:
    await done(desk)
    await desk.fast_forward(days=wait)
    await desk.receives(sender="lena", text=text)
    assert (await desk.ticket(2)).subject == text
    found = await kept(desk)
    assert found is not None
    assert found.score is None


async def test_a_request_right_after_a_score_opens_a_ticket(desk: Story) -> None:
    await done(desk)
    await desk.receives(sender="lena", text="5")
    await desk.receives(sender="lena", text="Oh, and now it is down")
    assert (await desk.ticket(2)).urgency == "critical"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("5, but now the API is down", id="what a rule knows"),
        pytest.param("4: can you look at the export again?", id="a question"),
        pytest.param("5. /new Export broken", id="a command"),
    ],
)
async def test_a_request_beside_a_score_is_a_message_and_no_praise(desk: Story, text: str) -> None:
    await done(desk)
    await desk.receives(sender="lena", text=text)
    assert await desk.is_there(2)


async def test_a_number_where_another_ticket_is_open_is_about_that(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    await desk.go_to(NOON + ASKED - timedelta(hours=1, minutes=10))
    await desk.receives(sender="lena", text="/new Add users for us")
    await desk.does("vera", AskDetails("How many?"), ticket=2)
    await desk.go_to(NOON + ASKED)
    desk.expect_message("lena", containing=QUESTION)
    await desk.receives(sender="lena", text="4")
    assert (await desk.ticket(2)).status is Status.OPEN
    found = await kept(desk)
    assert found is not None
    assert found.score is None


async def test_a_number_after_other_words_answers_whoever_wrote_them(desk: Story) -> None:
    await done(desk)
    await desk.receives(sender="lena", text="Another thing")
    await desk.does("vera", Reply("How many users?"), ticket=2)
    desk.forget()
    await desk.receives(sender="lena", text="4")
    assert [line.text for line in await desk.lines(2)][-1] == "4"
    found = await kept(desk)
    assert found is not None
    assert found.score is None


async def test_a_stranger_in_the_place_scores_nothing(desk: Story) -> None:
    await done(desk)
    answer = await desk.channels[Channel.TELEGRAM].press("1001", "client.csat1", by="1003")
    await desk.settle()
    assert answer.is_refused
    found = await kept(desk)
    assert found is not None
    assert found.score is None
    desk.expect_quiet()


async def test_killed_right_after_the_question_it_is_asked_once(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    desk.forget()
    await desk.go_to(NOON + ASKED - timedelta(hours=1, minutes=1))
    await desk.dies()
    await desk.go_to(NOON + ASKED)
    await desk.dies()
    await desk.fast_forward(days=7)
    desk.expect_message("lena", containing=QUESTION)
    desk.expect_quiet()


@pytest.mark.parametrize("what", ["spam", "merged", "silent", "unanswered", "other plan", "nobody is asked"])
async def test_nobody_is_asked_where_there_is_nothing_to_ask(make_desk: MakeStory, what: str) -> None:
    more = {"other plan": f'{ASKING}plans = ["strict"]\n', "nobody is asked": ""}.get(what, ASKING)
    desk = await make_desk(story_desk(more=more))
    await desk.receives(sender="lena", text="Payroll failed")
    match what:
        case "spam":
            await desk.does("vera", MarkSpam())
        case "merged":
            await desk.receives(Channel.EMAIL, sender="lena", text="Payroll failed")
            await desk.does("vera", Merge(TicketId(1)), ticket=2)
            await desk.does("vera", MarkSpam())
        case "silent":
            await desk.presses("vera", "ticket.clarify", text="Which month?")
        case "unanswered":
            await desk.does("vera", Resolve())
        case _:
            await desk.does("vera", Resolve("Fixed"))
    await desk.fast_forward(days=20)
    assert [await kept(desk, number) for number in (1, 2)] == [None, None]
    assert "csat_asked" not in await desk.events()
