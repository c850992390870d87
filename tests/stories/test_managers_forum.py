"""The managers' forum: a place they share, with a topic for each client; a reply to a client's words goes to them."""

from datetime import timedelta

import pytest

from adapters.card import OutboundCard
from adapters.errors import TemporaryError
from adapters.fake_screen import Shown
from adapters.message import Channel, Topic
from bot.store.channels import topics
from bot.store.channels.topics import Known
from bot.tickets.command import Escalate, NeedsNoAnswer, Reply, Resolve
from sla.clock import State
from tests.builders import ON_TELEGRAM, document, story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
TELEGRAM, MAIL = Channel.TELEGRAM, Channel.EMAIL
FORUM, ACME = "-100777", "-100777#55"
SHARED = (
    'public_plan = "public"',
    f'public_plan = "public"\ncards = {{ telegram = "{FORUM}" }}\nalerts = {{ telegram = "{FORUM}" }}',
)


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """Our people work in a forum; Lena wrote by mail, and what is said of Acme has a topic there."""
    desk = await make_desk(story_desk(SHARED, *ON_TELEGRAM))
    desk.works_on = TELEGRAM
    await desk.receives(MAIL, sender="lena", text="Payroll failed")
    at = desk.time.at
    await desk.database.write(lambda conn: topics.keep(conn, FORUM, "client:acme", Known("55", "Acme"), at=at))
    desk.forget()
    return desk


async def notes(desk: Story, ticket: int = 1) -> list[str]:
    return [note.text for note in (await desk.page(ticket)).notes]


async def relayed(desk: Story, text: str) -> Shown:
    """What Lena writes next, as it stands in the forum."""
    await desk.fast_forward(minutes=5)
    await desk.receives(MAIL, sender="lena", text=text)
    card = desk.own.cards(FORUM)[0].external_id
    (shown,) = [one for one in desk.own.thread(card) if text in one.text]
    desk.forget()
    return shown


def topic_of(shown: Shown) -> Topic | None:
    assert isinstance(shown.message, OutboundCard)
    return shown.message.topic


async def test_what_is_about_a_client_goes_into_the_clients_topic(desk: Story) -> None:
    await relayed(desk, "And the export?")
    await desk.fast_forward(minutes=61)
    found = [one for one in desk.own.shown(FORUM) if isinstance(one.message, OutboundCard)]
    assert len(found) > 3
    assert {topic_of(one) for one in found} == {Topic("client:acme", "Acme")}


async def test_what_is_new_does_not_wait_for_a_card_that_is_drawn_anew(desk: Story) -> None:
    desk.own.fail_next(TemporaryError("no room", retry_after=timedelta(minutes=2), is_alone=True))
    await desk.does("vera", NeedsNoAnswer())
    (waiting,) = await desk.outbox("postponed")
    assert waiting.what == "card"
    await desk.receives(MAIL, sender="stranger@test.test", text="Hello?")
    await desk.fast_forward(seconds=2)
    desk.expect_in(FORUM, containing="Hello?")
    await desk.does("vera", Escalate("They owe us"))
    await desk.fast_forward(seconds=2)
    desk.expect_in(FORUM, containing="They owe us")
    first = desk.own.cards(FORUM)[0]
    assert not first.history, "what is drawn anew waits, alone"
    await desk.fast_forward(minutes=3)
    first = desk.own.cards(FORUM)[0]
    assert len(first.history) == 1
    assert not await desk.outbox("postponed")
    desk.forget()
    desk.expect_quiet()


async def test_a_client_with_another_name_keeps_its_topic(desk: Story) -> None:
    renamed = story_desk(SHARED, *ON_TELEGRAM, ('name = "Acme"', 'name = "Acme Ltd"'))
    await desk.apply(document(renamed))
    shown = await relayed(desk, "And the export?")
    assert topic_of(shown) == Topic("client:acme", "Acme Ltd")


async def test_what_is_about_nobodys_client_has_a_topic_of_its_own(desk: Story) -> None:
    await desk.receives(MAIL, sender="stranger@test.test", text="Hello?")
    (card,) = [one for one in desk.own.cards(FORUM) if "T-2" in one.text and "Hello?" in one.text]
    assert topic_of(card) == Topic("others", "Everybody else")
    desk.forget()
    await desk.writes("vera", "Who is that?", under=card.external_id, address="-100777#66")
    assert await notes(desk, 2) == ["Who is that?"]


async def test_a_card_says_that_words_under_it_are_notes_and_a_clients_words_that_they_are_answered(
    desk: Story,
) -> None:
    (card,) = desk.own.cards(FORUM)
    assert "A reply to this message is a note; start with !reply to answer Lena, Acme on email." in card.text
    assert "A reply to this message goes to Lena, Acme on email" in (await relayed(desk, "And the export?")).text


async def test_a_reply_to_a_clients_words_goes_to_the_client_and_two_slashes_make_it_a_note(desk: Story) -> None:
    shown = await relayed(desk, "And the export?")
    written = await desk.writes("vera", "Tomorrow", under=shown.external_id, address=ACME)
    desk.expect_message("lena", MAIL, containing="Tomorrow")
    assert desk.own.standing(written) == "sent"
    await desk.writes("mira", "// they owe us money", under=shown.external_id, address=ACME)
    assert await notes(desk) == ["they owe us money"]
    desk.expect_quiet()


async def test_a_reply_to_anything_else_is_a_note_on_its_ticket(desk: Story) -> None:
    (card,) = desk.own.cards(FORUM)
    await desk.does("dana", Reply("I have told the bank"))
    (ours,) = [one for one in desk.own.shown(FORUM) if "I have told the bank" in one.text]
    assert "A reply to this message" not in ours.text
    desk.forget()
    for text, under in (("They owe us", card.external_id), ("Which bank?", ours.external_id)):
        await desk.writes("vera", text, under=under, address=ACME)
    assert await notes(desk) == ["They owe us", "Which bank?"]
    desk.expect_quiet()


async def test_what_stands_alone_in_a_clients_topic_is_a_note_on_their_newest_open_ticket(desk: Story) -> None:
    await desk.fast_forward(minutes=10)
    await desk.receives(TELEGRAM, sender="lena", text="The export hangs")
    desk.forget()
    await desk.writes("vera", "They called as well", address=ACME)
    assert (await notes(desk, 1), await notes(desk, 2)) == ([], ["They called as well"])
    await desk.does("vera", Resolve("Fixed"), ticket=2)
    await desk.writes("mira", "Still waiting for the bank", address=ACME)
    assert await notes(desk, 1) == ["Still waiting for the bank"]


async def test_a_note_with_no_open_ticket_to_stand_on_is_kept_nowhere_and_that_is_said(desk: Story) -> None:
    await desk.does("vera", Resolve("Fixed"))
    desk.forget()
    await desk.writes("vera", "They called again", address=ACME)
    desk.expect_message(ACME, TELEGRAM, containing="This was kept nowhere: Acme has no open ticket.")
    assert await notes(desk) == []
    desk.expect_quiet()


@pytest.mark.parametrize("where", [FORUM, "-100777#99"])
async def test_what_people_say_among_themselves_elsewhere_is_theirs(desk: Story, where: str) -> None:
    await desk.writes("vera", "Lunch?", address=where)
    assert await notes(desk) == []
    desk.expect_quiet()


@pytest.mark.parametrize(("text", "word"), [("eta 15:00", "eta"), ("/take", "/take"), ("!reply Tomorrow", "!reply")])
async def test_what_would_do_something_must_answer_a_card(desk: Story, text: str, word: str) -> None:
    await desk.writes("vera", text, address=ACME)
    desk.expect_message(ACME, TELEGRAM, containing=f"Nothing was done: {word} stands alone.")
    assert await notes(desk) == []
    desk.expect_quiet()


async def test_short_words_act_under_a_card_there_and_so_does_a_reply_sign(desk: Story) -> None:
    (card,) = desk.own.cards(FORUM)
    await desk.writes("vera", "/handover mira", under=card.external_id, address=ACME)
    assert (await desk.ticket()).assignee == "mira"
    await desk.writes("mira", "eta 15:00", under=card.external_id, address=ACME)
    assert (await desk.clock("eta")).state == "running"
    desk.forget()
    await desk.writes("mira", "!reply Soon", under=card.external_id, address=ACME)
    desk.expect_message("lena", MAIL, containing="Soon")


async def test_the_desk_is_asked_there_too(desk: Story) -> None:
    await desk.writes("vera", "/queue", address=FORUM)
    desk.expect_message(FORUM, TELEGRAM, containing="T-1 · Acme")
    desk.expect_quiet()


async def test_a_guest_there_says_nothing_to_anybody(desk: Story) -> None:
    shown = await relayed(desk, "And the export?")
    for text in ("Tomorrow", "/take", "/queue", "eta 15:00"):
        await desk.own.says(ACME, text, sender="9009", name="Guest", reply_to=shown.external_id)
        await desk.settle()
    assert await notes(desk) == []
    assert (await desk.ticket()).assignee == "vera"
    desk.expect_quiet()


async def test_whoever_hides_behind_the_groups_name_is_told_that_nothing_was_done(desk: Story) -> None:
    """One of ours who stays anonymous must not believe that they answered."""
    shown = await relayed(desk, "And the export?")
    doubt = "written in the group's own name, by an administrator of it"
    for text, place, under in (
        ("Tomorrow", ACME, shown.external_id),
        ("They owe us", ACME, None),
        ("Lunch?", FORUM, None),
    ):
        raw = await desk.own.says(place, text, sender=FORUM, name="Desk", reply_to=under, doubt=doubt)
        for _ in range(2):
            await desk.own.redelivers(raw)
            await desk.settle()
    told = [
        one for one in (*desk.own.messages(FORUM), *desk.own.messages(ACME)) if "nothing was sent or noted" in one.text
    ]
    assert len(told) == 2
    assert await notes(desk) == []
    assert (await desk.clock("first_response")).state is State.RUNNING
    desk.forget()
    desk.expect_quiet()


async def test_a_note_may_be_changed_where_it_was_written(desk: Story) -> None:
    written = await desk.writes("vera", "They owe us", address=ACME)
    await desk.rewords("vera", written, "They owe us money", address=ACME)
    assert await notes(desk) == ["They owe us", "(changed) They owe us money"]


async def test_a_reply_there_may_be_taken_back_before_it_left(desk: Story) -> None:
    shown = await relayed(desk, "And the export?")
    desk.channels[MAIL].down()
    written = await desk.writes("vera", "You fools", under=shown.external_id, address=ACME)
    await desk.rewords("vera", written, "// hush", address=ACME)
    await desk.channels[MAIL].up()
    await desk.fast_forward(minutes=10)
    assert await notes(desk) == ["hush"]
    assert not [one for one in desk.channels[MAIL].messages("lena@acme.test") if "You fools" in one.text]


async def test_a_change_that_leaves_it_open_who_is_meant_takes_back_what_has_not_left(desk: Story) -> None:
    shown = await relayed(desk, "And the export?")
    desk.channels[MAIL].down()
    written = await desk.writes("vera", "You fools", under=shown.external_id, address=ACME)
    await desk.rewords("vera", written, "Hello Lena\n// they are fools", address=ACME)
    assert "taken back" in desk.expect_message(ACME, TELEGRAM, containing="had not left yet")
    await desk.channels[MAIL].up()
    await desk.fast_forward(minutes=10)
    assert await notes(desk) == []
    assert not [one for one in desk.channels[MAIL].messages("lena@acme.test") if "fools" in one.text]


async def test_a_change_that_leaves_it_open_who_is_meant_changes_nothing_that_left(desk: Story) -> None:
    shown = await relayed(desk, "And the export?")
    written = await desk.writes("vera", "Tomorrow", under=shown.external_id, address=ACME)
    desk.forget()
    await desk.rewords("vera", written, "Hello Lena\n// they are fools", address=ACME)
    await desk.fast_forward(minutes=10)
    assert await notes(desk) == []
    assert not [one for one in desk.channels[MAIL].messages("lena@acme.test") if "fools" in one.text]


async def test_admins_hear_each_alone_that_the_bot_was_put_out_of_their_own_place(desk: Story) -> None:
    await desk.own.becomes(FORUM, "left", by="7001")
    await desk.settle()
    desk.expect_ping("dana", containing="The bot is no longer in our own place on Telegram (-100777).")
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize("is_under_a_card", [True, False], ids=["under a card", "alone in the topic"])
async def test_a_clients_question_by_one_of_ours_is_answered_by_the_desk_and_no_note(
    desk: Story,
    is_under_a_card: bool,  # noqa: FBT001 - a case
) -> None:
    under = desk.own.cards(FORUM)[0].external_id if is_under_a_card else None
    await desk.writes("vera", "/status", under=under, address=ACME)
    assert "T-1" in desk.expect_message(ACME, TELEGRAM, containing="Payroll failed")
    await desk.writes("vera", "/escalate", under=under, address=ACME)
    desk.expect_message(ACME, TELEGRAM, containing="/escalate is a command for clients")
    assert await notes(desk) == []
    desk.expect_quiet()


async def test_a_clients_question_where_no_ticket_is_meant_says_so(desk: Story) -> None:
    await desk.writes("vera", "/status", address="-100777#99")
    desk.expect_message("-100777#99", TELEGRAM, containing="/status stands alone")
    assert await notes(desk) == []
    desk.expect_quiet()
