"""Places that our people share: one for the leads' alerts, one for cards, and none of it ever a client's."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.card import OutboundCard
from adapters.errors import PermanentError, TemporaryError
from adapters.message import Channel
from bot.store import audit
from bot.tickets.command import Escalate, HandOver, Reply, Take
from routing.people import PersonId
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
SLACK = Channel.SLACK
ALERTS, CARDS = "T1/C0ALERTS", "T1/C0DESK"
TWO_LEADS = ('roles = ["executive"]', 'roles = ["lead"]')
IN_ONE_PLACE = ('public_plan = "public"', f'public_plan = "public"\nalerts = {{ slack = "{ALERTS}" }}')
IN_ANOTHER = ('public_plan = "public"', f'public_plan = "public"\ncards = {{ slack = "{CARDS}" }}')


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """Dana and Ines are leads, who are alerted in one channel."""
    return await make_desk(story_desk(TWO_LEADS, IN_ONE_PLACE))


async def opened(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()


async def broken(desk: Story) -> str:
    """Nobody answered Lena for an hour; the alert of that in the leads' channel."""
    await opened(desk)
    await desk.go_to(NOON + timedelta(minutes=61))
    return desk.card(ALERTS, containing="overdue")


async def test_leads_are_alerted_in_their_channel_by_one_message_that_calls_them_all(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", Escalate("The bank refuses"))
    desk.expect_in(ALERTS, containing="T-1 (Acme): Vera Kova asks for help. The bank refuses")
    (shown,) = desk.channels[SLACK].cards(ALERTS)
    assert isinstance(shown.message, OutboundCard)
    assert shown.message.card.mentions == ("T1/U5", "T1/U6")
    desk.expect_quiet()


async def test_a_broken_promise_is_told_there_once_and_to_whoever_has_the_ticket_alone(desk: Story) -> None:
    await broken(desk)
    desk.expect_in(ALERTS, containing="first response is overdue")
    desk.expect_alert("vera", containing="first response is overdue")
    desk.expect_nothing("dana", SLACK)
    desk.expect_nothing("ines", SLACK)


async def test_a_pile_of_alerts_is_one_message_that_calls_all_leads(desk: Story) -> None:
    for sender in ("lena", "bill", "5001", "5002", "5003"):
        await desk.receives(sender=sender, text="Payroll failed")
    desk.forget()
    await desk.sleep_until(NOON + timedelta(minutes=65))
    desk.expect_in(ALERTS, containing="5 promises need you; the most pressing:")
    shown = desk.channels[SLACK].cards(ALERTS)[-1].message
    assert isinstance(shown, OutboundCard)
    assert shown.card.mentions == ("T1/U5", "T1/U6")
    desk.expect_nothing("dana", SLACK)


async def test_whoever_is_told_with_others_finds_it_among_their_own_alerts(desk: Story) -> None:
    await broken(desk)
    rows = [row for row in await desk.outbox("sent") if row.what == "ping" and "overdue" in row.payload]
    assert {row.person for row in rows} == {"vera", "dana", "ines"}


async def test_an_alert_that_its_channel_refuses_reaches_each_lead_alone(desk: Story) -> None:
    await opened(desk)
    desk.channels[SLACK].fail_next(PermanentError("not_in_channel"))
    await desk.does("vera", Escalate("The bank refuses"))
    desk.expect_alert("dana", containing="asks for help")
    desk.expect_alert("ines", containing="asks for help")
    desk.expect_quiet()


async def test_leads_whom_slack_refuses_one_by_one_as_well_are_each_told_once(desk: Story) -> None:
    await opened(desk)
    desk.channels[SLACK].fail_next(PermanentError("account_inactive"), times=2)
    await desk.does("vera", Escalate("The bank refuses"))
    desk.expect_alert("dana", containing="asks for help")
    desk.expect_alert("ines", containing="asks for help")
    desk.expect_quiet()


async def test_a_digest_that_its_channel_refuses_reaches_each_lead_alone(desk: Story) -> None:
    for sender in ("lena", "bill", "5001", "5002", "5003"):
        await desk.receives(sender=sender, text="Payroll failed")
    desk.forget()
    desk.channels[SLACK].fail_next(PermanentError("is_archived"), times=20)
    await desk.sleep_until(NOON + timedelta(minutes=65))
    desk.expect_alert("dana", containing="5 promises need you; the most pressing:")
    desk.expect_alert("ines", containing="5 promises need you; the most pressing:")
    assert not [one for person in ("dana", "ines", ALERTS) for one in desk.seen(person)]
    desk.forget()
    await desk.fast_forward(days=1)
    desk.expect_quiet()


async def test_leads_are_told_alone_also_if_another_channel_was_named_before_the_first_refused(desk: Story) -> None:
    await opened(desk)
    desk.channels[SLACK].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=1)))
    await desk.does("vera", Escalate("The bank refuses"))
    elsewhere = (IN_ONE_PLACE[0], IN_ONE_PLACE[1].replace(ALERTS, "T1/C0OTHER"))
    await desk.apply(document(story_desk(TWO_LEADS, elsewhere)))
    desk.channels[SLACK].fail_next(PermanentError("is_archived"))
    await desk.fast_forward(minutes=10)
    desk.expect_alert("dana", containing="asks for help")
    desk.expect_alert("ines", containing="asks for help")
    desk.expect_quiet()


DANA_LEFT = (
    """[people.dana]
name = "Dana Orlyk"
roles = ["lead", "admin"]
calendar = "long"
identities = { slack = "T1/U5" }
""",
    "",
)


async def test_an_alert_that_waits_calls_whoever_is_left_of_those_it_is_for(desk: Story) -> None:
    await opened(desk)
    desk.channels[SLACK].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=1)))
    await desk.does("vera", Escalate("The bank refuses"))
    await desk.apply(document(story_desk(TWO_LEADS, IN_ONE_PLACE, DANA_LEFT)))
    await desk.fast_forward(minutes=10)
    desk.expect_in(ALERTS, containing="asks for help")
    shown = desk.channels[SLACK].cards(ALERTS)[-1].message
    assert isinstance(shown, OutboundCard)
    assert shown.card.mentions == ("T1/U6",)
    desk.expect_quiet()


async def test_an_alert_for_somebody_who_has_left_is_dropped_and_holds_nothing_up(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk())
    await opened(desk)
    desk.channels[SLACK].fail_next(TemporaryError("busy", retry_after=timedelta(minutes=1)))
    await desk.does("vera", Escalate("The bank refuses"))
    await desk.apply(document(story_desk(TWO_LEADS, DANA_LEFT)))
    await desk.fast_forward(minutes=10)
    assert [(row.person, row.error) for row in await desk.outbox("dropped")] == [
        ("dana", "nobody it is for is on the desk any more")
    ]
    desk.expect_nothing("dana", SLACK)
    desk.expect_quiet()


async def test_a_lead_who_is_not_on_slack_is_told_where_they_are(make_desk: MakeStory) -> None:
    elsewhere = ('identities = { slack = "T1/U6" }', "identities = { telegram = 2006 }")
    desk = await make_desk(story_desk(TWO_LEADS, IN_ONE_PLACE, elsewhere))
    await opened(desk)
    await desk.does("vera", Escalate("The bank refuses"))
    desk.expect_in(ALERTS, containing="asks for help")
    desk.expect_alert("ines", containing="asks for help")
    desk.expect_quiet()


async def test_an_alert_finds_its_way_while_slack_is_away(desk: Story) -> None:
    await opened(desk)
    desk.channels[SLACK].down()
    await desk.does("vera", Escalate("The bank refuses"))
    desk.expect_alert("dana", containing="asks for help")
    desk.expect_alert("ines", containing="asks for help")
    assert {one.conversation.address for one in desk.channels[Channel.BOARD].happenings()} >= {"dana", "ines"}


async def test_an_alert_whose_place_stays_busy_goes_another_way_and_is_not_said_there_again(desk: Story) -> None:
    await opened(desk)
    await desk.fast_forward(minutes=1)
    # Six tries of the alert in two minutes, and five of the card that changes with it.
    desk.channels[SLACK].fail_next(TemporaryError("it is restarting"), times=11)
    await desk.does("vera", Escalate("The bank refuses"))
    desk.expect_quiet()
    await desk.fast_forward(seconds=110)
    desk.expect_quiet()
    await desk.fast_forward(seconds=10)
    desk.expect_alert("dana", containing="asks for help")
    desk.expect_alert("ines", containing="asks for help")
    await desk.fast_forward(minutes=10)
    desk.expect_quiet()


async def test_an_alert_whose_place_asks_for_more_patience_than_there_is_goes_at_once(desk: Story) -> None:
    await opened(desk)
    desk.channels[SLACK].fail_next(TemporaryError("ratelimited", retry_after=timedelta(minutes=5)))
    await desk.does("vera", Escalate("The bank refuses"))
    desk.expect_alert("dana", containing="asks for help")
    desk.expect_alert("ines", containing="asks for help")
    await desk.fast_forward(minutes=10)
    desk.expect_quiet()


async def test_an_alert_that_is_late_for_another_reason_does_not_leave_a_place_that_only_rests(
    make_desk: MakeStory,
) -> None:
    desk = await make_desk(story_desk())
    for sender in ("5001", "5002", "5003"):
        await desk.receives(sender=sender, text="Payroll failed")
    slack = desk.channels[SLACK]
    slack.limits = replace(slack.limits, per_conversation=timedelta(seconds=1))
    slack.fail_next(TemporaryError("busy", retry_after=timedelta(seconds=60)))
    for number in (1, 2, 3):
        await desk.does("mira", Escalate("Help"), ticket=number)
    await desk.sleep_until(NOON + timedelta(minutes=5))
    await desk.fast_forward(seconds=10)
    assert len([one for one in slack.cards("T1/U5") if "asks for help" in one.text]) == 3


async def test_an_alert_whose_place_recovers_in_time_stays_there(desk: Story) -> None:
    await opened(desk)
    desk.channels[SLACK].fail_next(TemporaryError("it is restarting"), times=4)
    await desk.does("vera", Escalate("The bank refuses"))
    await desk.fast_forward(minutes=1)
    desk.expect_in(ALERTS, containing="asks for help")
    desk.expect_quiet()


async def test_a_lead_takes_over_from_the_alert(desk: Story) -> None:
    await broken(desk)
    answer = await desk.channels[SLACK].press(ALERTS, "ticket.take", by="T1/U5")
    await desk.settle()
    assert not answer.is_refused
    assert (await desk.ticket()).assignee == "dana"


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param("T2/U9", id="a client"),
        pytest.param("T1/U99", id="a colleague of another team"),
        pytest.param("T9/U5", id="a stranger with a lead's number elsewhere"),
        pytest.param("T1/B1", id="a bot"),
    ],
)
async def test_nobody_but_our_people_presses_a_button_and_who_tries_is_written_down(desk: Story, stranger: str) -> None:
    await broken(desk)
    before = await desk.ticket()
    answer = await desk.channels[SLACK].press(ALERTS, "ticket.take", by=stranger)
    await desk.settle()
    assert answer.is_refused
    assert "desk's own people" in answer.text
    assert await desk.ticket() == before
    (deed, *_) = await desk.database.read(lambda conn: audit.latest(conn, count=1))
    assert (deed.actor, deed.action, deed.subject) == (f"slack:{stranger}", "refused", "ticket.take")
    assert deed.particulars == {"value": "T-1", "where": f"slack:desk:{ALERTS}"}


async def test_a_manager_may_not_take_from_another_because_they_are_in_the_leads_channel(desk: Story) -> None:
    await broken(desk)
    answer = await desk.channels[SLACK].press(ALERTS, "ticket.take", by="T1/U3")
    await desk.settle()
    assert answer.is_refused
    assert (await desk.ticket()).assignee == "vera"


# What is written there


async def writes(desk: Story, text: str, *, under: str, place: str = ALERTS, sender: str = "T1/U5") -> str:
    raw = await desk.channels[SLACK].says(f"{place}#{under}", text, sender=sender, reply_to=under)
    await desk.settle()
    return raw.external_id


async def test_words_under_an_alert_are_a_note(desk: Story) -> None:
    alert = await broken(desk)
    desk.forget()
    written = await writes(desk, "Who looks after this?", under=alert)
    assert [(note.author, note.text) for note in (await desk.page()).notes] == [("dana", "Who looks after this?")]
    assert desk.channels[SLACK].standing(written) == "sent"
    desk.expect_quiet()


async def test_words_that_begin_with_reply_go_to_the_client(desk: Story) -> None:
    alert = await broken(desk)
    desk.forget()
    written = await writes(desk, "!reply We are on it", under=alert)
    desk.expect_message("lena", containing="We are on it")
    desk.expect_under("vera", containing="Dana Orlyk\n> We are on it")
    assert desk.channels[SLACK].standing(written) == "sent"
    desk.expect_quiet()


async def test_a_word_that_only_looks_like_reply_is_a_note(desk: Story) -> None:
    alert = await broken(desk)
    desk.forget()
    await writes(desk, "!replying to this is hard", under=alert)
    assert [note.text for note in (await desk.page()).notes] == ["!replying to this is hard"]
    desk.expect_quiet()


async def test_the_alert_says_so_before_anybody_writes(desk: Story) -> None:
    await broken(desk)
    hint = "Words in this thread are notes; start with !reply to answer Lena, Acme on Telegram."
    assert hint in desk.expect_in(ALERTS, containing="overdue")
    desk.forget()
    desk.expect_quiet()


async def test_people_talk_among_themselves_and_guests_are_not_heard(desk: Story) -> None:
    alert = await broken(desk)
    desk.forget()
    slack = desk.channels[SLACK]
    await slack.says(f"{ALERTS}#7.0", "Lunch?", sender="T1/U5")
    await slack.says(f"{ALERTS}#7.0", "Yes", sender="T1/U3", reply_to="7.0")
    await slack.says(f"{ALERTS}#8.0", "Payroll failed as well!", sender="T2/U9")
    await slack.says(f"{ALERTS}#{alert}", "!reply Let me in", sender="T2/U9", reply_to=alert)
    await desk.settle()
    assert not await desk.is_there(2)
    assert not (await desk.page()).notes
    desk.expect_quiet()


async def test_a_reply_outside_of_any_thread_is_told_to_be_nobodys(desk: Story) -> None:
    await desk.channels[SLACK].says(f"{ALERTS}#7.0", "!reply We are on it", sender="T1/U5")
    await desk.settle()
    (word,) = desk.channels[SLACK].messages(f"{ALERTS}#7.0")
    assert word.text.startswith("This went to nobody.")
    desk.forget()
    desk.expect_quiet()


# Cards in one place


async def test_each_ticket_has_one_card_in_the_place_for_cards(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_ANOTHER))
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_in(CARDS, containing="With Vera Kova")
    await desk.does("vera", HandOver(PersonId("mira"), "Off to lunch"))
    desk.forget()
    (card,) = desk.channels[SLACK].cards(CARDS)
    assert "With Mira Solano" in card.text
    assert not desk.channels[SLACK].cards("T1/U1")
    desk.expect_quiet()


async def test_the_card_calls_whoever_has_the_ticket(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_ANOTHER))
    await desk.receives(sender="lena", text="Payroll failed")
    (shown,) = desk.channels[SLACK].cards(CARDS)
    assert isinstance(shown.message, OutboundCard)
    assert (shown.message.card.mention, shown.message.card.mentions) == (False, ("T1/U1",))


async def test_the_conversation_stands_under_the_shared_card(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_ANOTHER))
    await desk.receives(sender="lena", text="Payroll failed")
    card = desk.card(CARDS)
    desk.forget()
    await writes(desk, "Ask the bank first", under=card, place=CARDS, sender="T1/U3")
    await writes(desk, "!reply Looking", under=card, place=CARDS, sender="T1/U1")
    desk.expect_message("lena", containing="Looking")
    await desk.does("vera", Reply("Done, I think"))
    desk.expect_message("lena", containing="Done, I think")
    desk.expect_under(CARDS, containing="Vera Kova\n> Done, I think")
    assert [one.text for one in desk.channels[SLACK].thread(card)] == ["Vera Kova\n> Done, I think"]
    assert [note.text for note in (await desk.page()).notes] == ["Ask the bank first"]
    desk.expect_quiet()


async def test_a_card_whose_place_refuses_it_comes_to_whoever_has_the_ticket(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_ANOTHER))
    desk.channels[SLACK].fail_next(PermanentError("is_archived"))
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_card("vera", containing="Replies in this thread go to Lena, Acme on Telegram")
    desk.forget()
    await desk.does("vera", Take())
    desk.expect_in(CARDS, containing="With Vera Kova")
    desk.expect_quiet()
