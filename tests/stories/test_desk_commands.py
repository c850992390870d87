"""What our people ask the desk from where they work: /desk, a ticket out of a message, and their own page."""

from datetime import timedelta

import pytest

from adapters.errors import PermanentError, TemporaryError
from adapters.message import Channel, Vouched
from adapters.port import Answer
from bot.app.channels.transcript import StoredTranscript
from bot.store import audit
from bot.tickets.command import HandOver, Reply, Resolve, WaitThirdParty
from routing.people import PersonId
from tests.builders import story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
SLACK = Channel.SLACK
PLACE = "T1/C1"
IN_SLACK = ("channels = { telegram = [-1001234] }", f'channels = {{ slack = ["{PLACE}"] }}')

TARA_AT_NIGHT = 'name = "Tara Lindt"\nroles = ["senior"]\ncalendar = "night"'
AT_OFFICE = 'name = "Vera Kova"\nroles = ["manager"]\ncalendar = "office"'
ALWAYS = '[calendars.always]\nzone = "fixed:+03:00"\nweek = { mon-sun = ["00:00-24:00"] }\n'
NIGHTS = '[calendars.night]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["01:00-05:00"] }\n'


async def asks(desk: Story, text: str, *, by: str = "T1/U1") -> Answer:
    answer = await desk.channels[SLACK].command(by, "desk", text)
    await desk.settle()
    return answer


async def opened(desk: Story, *senders: str) -> None:
    for sender in senders or ("lena",):
        await desk.receives(sender=sender, text=f"Payroll of {sender} failed")
    desk.forget()


async def test_the_queue_is_ones_own_tickets_by_time_left(desk: Story) -> None:
    await opened(desk)
    await desk.fast_forward(minutes=20)
    await desk.receives(Channel.EMAIL, sender="lena", text="The site is down")
    desk.forget()
    first, second, *_ = (await asks(desk, "queue")).text.splitlines()
    assert first == "T-2 · Acme: The site is down · first response: 15 min left, due 12:35"
    assert second == "T-1 · Acme: Payroll of lena failed · first response: 40 min left, due 13:00"
    desk.expect_quiet()


async def test_a_promise_that_just_broke_is_overdue_since_then_and_later_by_how_much(desk: Story) -> None:
    await opened(desk)
    await desk.fast_forward(minutes=60, seconds=30)
    desk.forget()
    assert (await asks(desk, "queue")).text.splitlines()[0].endswith("first response: overdue since 13:00")
    await desk.fast_forward(minutes=5)
    desk.forget()
    assert (await asks(desk, "queue")).text.splitlines()[0].endswith("first response: overdue by 5 min, due 13:00")
    desk.expect_quiet()


async def test_an_empty_queue_says_so_and_until_when_the_shift_is(desk: Story) -> None:
    assert (await asks(desk, "queue")).text.splitlines() == [
        "You have no open tickets.",
        "On shift until 19:00",
        "Oleg Hnatiuk stands in for you.",
    ]


async def test_a_queue_that_is_longer_than_its_list_says_how_many_more_there_are(desk: Story) -> None:
    slack = desk.channels[SLACK]
    await slack.command("T1/U1", "home.open")
    await opened(desk, *[f"lena-{number}" for number in range(28)])
    for number in range(1, 29):
        await desk.does("dana", HandOver(PersonId("vera")), ticket=number)
    *listed, more, _, _ = (await asks(desk, "queue")).text.splitlines()
    assert len(listed) == 20
    assert more == "and 8 more, less urgent"
    page = slack.home("T1/U1")
    assert page is not None
    assert page.title == "Your queue: 28 tickets"
    assert page.cards[-2].title.startswith("T-25")
    assert page.cards[-1].title == "and 3 more, less urgent"


async def test_whoever_is_there_round_the_clock_is_on_shift_and_not_about_to_begin(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk((AT_OFFICE, AT_OFFICE.replace("office", "always")), more=ALWAYS))
    assert (await asks(desk, "queue")).text.splitlines()[1] == "On shift round the clock"
    who = desk.identity("user-17", Channel.INAPP)
    shown = await StoredTranscript(desk.desk).greeting(who, Vouched(client="acme"), "en", None)
    assert (shown.subtitle, shown.is_here) == ("your manager · here round the clock", True)


async def test_one_ticket_is_told_as_its_card(desk: Story) -> None:
    await opened(desk)
    lines = (await asks(desk, "ticket T-1")).text.splitlines()
    assert lines[0] == "T-1 · Acme: Payroll of lena failed"
    assert lines[-1] == "> Payroll of lena failed"
    assert "first response: 1 h left, due 13:00" in lines


@pytest.mark.parametrize("number", ["", "T-99", "nonsense", "T-1; DROP TABLE ticket"])
async def test_a_ticket_that_is_not_there_is_said_not_to_be(desk: Story, number: str) -> None:
    answer = await asks(desk, f"ticket {number}")
    assert answer.is_refused
    assert answer.text.startswith("There is no ticket")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("acme", "Acme: Vera Kova (the client's own manager)", id="by its key"),
        pytest.param("Initech", "Initech: Mira Solano (fewest open tickets on the line)", id="by its name"),
    ],
)
async def test_who_would_answer_a_client_is_told_with_the_reason(desk: Story, name: str, said: str) -> None:
    assert (await asks(desk, f"who {name}")).text == said


async def test_who_answers_at_night_is_when_somebody_is_back(desk: Story) -> None:
    await desk.go_to(NOON + timedelta(hours=9))
    assert (await asks(desk, "who acme")).text == "Acme: nobody is on shift, first back tomorrow 10:00"


@pytest.mark.parametrize(
    ("who", "said"),
    [
        pytest.param("who initech", "Initech: Oleg Hnatiuk (answers in the client's language)", id="a language"),
        pytest.param("who initech telegram", "Initech: nobody is on shift, first back", id="a channel"),
        pytest.param("who acme Telegram", "Acme: Vera Kova (the client's own manager)", id="the manager all the same"),
    ],
)
async def test_who_asks_the_rules_of_the_desk_with_language_and_channel(
    make_desk: MakeStory, who: str, said: str
) -> None:
    chats = (
        '[plans.premium]\nname = "Premium"',
        '[plans.premium]\nname = "Premium"\ncoverage = { telegram = "early" }',
    )
    early = '\n[calendars.early]\nzone = "fixed:+03:00"\nweek = { mon-fri = ["10:00-11:00"] }\n'
    oleg = ('identities = { slack = "T1/U2" }', 'languages = ["uk"]\nidentities = { slack = "T1/U2" }')
    initech = ('zone = "America/Chicago"', 'zone = "America/Chicago"\nlanguage = "uk"')
    desk = await make_desk(story_desk(chats, oleg, initech, more=early))
    assert (await asks(desk, who)).text.startswith(said)


async def test_a_client_nobody_knows_is_refused_with_those_there_are(desk: Story) -> None:
    answer = await asks(desk, "who umbrella")
    assert answer.is_refused
    assert answer.text == "There is no client umbrella. Known are acme, globex, initech."


@pytest.mark.parametrize("text", ["", "help", "awayness", "sing"])
async def test_anything_else_is_told_what_there_is(desk: Story, text: str) -> None:
    answer = await asks(desk, text)
    assert "/desk queue" in answer.text
    assert "/desk away until monday backup NAME: you are away" in answer.text


async def test_only_our_people_ask_and_who_else_tries_is_written_down(desk: Story) -> None:
    await opened(desk)
    answer = await asks(desk, "ticket T-1", by="T2/U9")
    assert answer.is_refused
    assert "Payroll" not in answer.text
    (deed, *_) = await desk.database.read(lambda conn: audit.latest(conn, count=1))
    assert (deed.actor, deed.subject) == ("slack:T2/U9", "desk")
    desk.expect_quiet()


async def test_a_client_who_tries_is_refused_in_their_own_language(desk: Story) -> None:
    await opened(desk, "T3/U21")
    assert (await asks(desk, "queue", by="T3/U21")).text == "Ця кнопка лише для нашої команди."
    assert (await asks(desk, "queue", by="T9/U99")).text == "This button is for the desk's own people."
    desk.expect_quiet()


# Forms


async def test_a_form_says_who_reads_what_is_written_into_it(desk: Story) -> None:
    await opened(desk)
    slack = desk.channels[SLACK]
    for button in ("Reply", "Ask for details", "Give ETA"):
        answer = await slack.press("T1/U1", button)
        assert answer.form is not None
        assert answer.form.inputs[-1].label == "To Lena, Acme on Telegram"
    answer = await slack.press("T1/U1", "Add note")
    assert answer.form is not None
    assert answer.form.inputs[0].label == "Add note"
    desk.expect_quiet()


async def test_an_old_button_of_a_ticket_that_is_done_opens_no_form(desk: Story) -> None:
    await opened(desk)
    await desk.does("vera", Resolve("Fixed"))
    desk.forget()
    slack = desk.channels[SLACK]
    answer = await slack.command("T1/U1", "ticket.eta", "T-1")
    assert (answer.form, answer.text) == (None, "T-1 is already closed; nothing was changed.")
    answer = await slack.command("T1/U1", "ticket.reply", "T-1")
    assert answer.form is not None
    answer = await slack.command("T1/U1", "ticket.eta", "T-99")
    assert answer.text == "There is no ticket T-99."
    desk.expect_quiet()


# A third party and a second line, from the card


async def test_a_third_party_is_waited_for_from_the_card(desk: Story) -> None:
    await opened(desk)
    answer = await desk.presses("vera", "Wait for a third party", reference="bank 4711")
    assert not answer.is_refused
    assert (await desk.ticket()).status == "waiting_third_party"
    assert (await desk.clock("first_response")).state == "paused"
    desk.expect_quiet()


@pytest.mark.parametrize("reference", ["", " \t\n"])
async def test_nobody_is_waited_for_who_is_not_named(desk: Story, reference: str) -> None:
    await opened(desk)
    answer = await desk.does("vera", WaitThirdParty(reference))
    assert (answer.is_refused, answer.text.partition(":")[0]) == (True, "Name whom we wait for and their reference")
    assert (await desk.ticket()).status == "new"
    assert (await desk.clock("first_response")).state == "running"
    desk.expect_quiet()


async def test_the_second_line_is_one_press_away(desk: Story) -> None:
    await opened(desk)
    answer = await desk.presses("vera", "Second line", why="It is the webhook")
    assert not answer.is_refused
    assert ((await desk.ticket()).assignee, (await desk.ticket()).rule) == ("tara", "second_line")
    desk.expect_ping("tara", containing="Vera Kova handed T-1 (Acme) over to you\nIt is the webhook")
    desk.expect_card("tara", containing="With Tara Lindt (second line)")
    desk.expect_message("lena", containing="Tara looks after T-1 from now on.")
    desk.expect_quiet()


async def test_a_second_line_that_is_not_there_leaves_the_ticket_where_it_is(make_desk: MakeStory) -> None:
    away = ('name = "Tara Lindt"\nroles = ["senior"]\ncalendar = "office"', TARA_AT_NIGHT)
    desk = await make_desk(story_desk(away, more=NIGHTS))
    await opened(desk)
    answer = await desk.presses("vera", "Second line", why="It is the webhook")
    assert answer.text == "Nobody of the second line is on shift."
    assert (await desk.ticket()).assignee == "vera"
    desk.expect_quiet()


async def test_a_desk_without_a_second_line_has_no_button_for_it(make_desk: MakeStory) -> None:
    desk = await make_desk(
        story_desk(('kinds = ["integration"]\n', ""), (', kind = "integration"', ', urgency = "low"'))
    )
    await desk.receives(sender="lena", text="Payroll failed")
    card = desk.expect_card("vera", containing="[Hand over]")
    assert "Second line" not in card
    desk.forget()
    desk.expect_quiet()


# A ticket out of a message


async def makes(desk: Story, name: str, address: str, *, by: str = "T1/U1") -> Answer:
    answer = await desk.channels[SLACK].command(address, "message.ticket", name, fields={"text": "words"}, by=by)
    await desk.settle()
    return answer


async def said(desk: Story, text: str, ts: str, *, thread: str, sender: str = "T2/U9") -> None:
    under = None if thread == ts else f"C1:{thread}"
    slack = desk.channels[SLACK]
    await slack.says(f"{PLACE}#{thread}", text, sender=sender, name="Lena", external_id=f"C1:{ts}", reply_to=under)
    await desk.settle()


async def test_a_message_in_a_thread_becomes_a_ticket_of_its_own(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_SLACK))
    await said(desk, "Payroll failed", "1.0", thread="1.0")
    await desk.does("vera", Reply("Looking"))
    await desk.fast_forward(minutes=10)
    await said(desk, "By the way, the export hangs", "2.0", thread="1.0")
    desk.forget()
    assert not (await makes(desk, "C1:2.0", f"{PLACE}#1.0")).is_refused
    assert (await desk.ticket(2)).subject == "By the way, the export hangs"
    assert [line.text for line in await desk.lines(1) if line.direction == "in"] == ["Payroll failed"]
    again = await makes(desk, "C1:2.0", f"{PLACE}#1.0")
    assert again.text == "This is T-2 already."
    assert not await desk.is_there(3)
    desk.forget()
    desk.expect_quiet()


async def test_a_message_that_is_a_ticket_already_is_said_to_be_one(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_SLACK))
    await said(desk, "Payroll failed", "1.0", thread="1.0")
    desk.forget()
    assert (await makes(desk, "C1:1.0", f"{PLACE}#1.0")).text == "This is T-1 already."
    desk.expect_quiet()


async def test_what_no_client_wrote_becomes_no_ticket(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_SLACK))
    await said(desk, "We update tonight", "1.0", thread="1.0", sender="T1/U1")
    name = await desk.writes("vera", "Lena rang: payroll failed")
    desk.forget()
    for press in (("C1:1.0", f"{PLACE}#1.0"), (name, "T1/U1"), ("C1:9.0", f"{PLACE}#9.0")):
        answer = await makes(desk, *press)
        assert answer.is_refused
        assert "not one of a client's" in answer.text
    assert not await desk.is_there(1)
    desk.expect_quiet()


async def test_a_client_cannot_make_tickets_out_of_messages(make_desk: MakeStory) -> None:
    desk = await make_desk(story_desk(IN_SLACK))
    await said(desk, "Payroll failed", "1.0", thread="1.0")
    desk.forget()
    assert (await makes(desk, "C1:1.0", f"{PLACE}#1.0", by="T2/U9")).is_refused
    desk.expect_quiet()


# A page of one's own


async def test_the_page_shows_ones_tickets_by_time_left_and_stays_true(desk: Story) -> None:
    slack = desk.channels[SLACK]
    for own in ("T1/U1", "T1/U3"):
        await slack.command(own, "home.open")
    await desk.settle()
    page = slack.home("T1/U1")
    assert page is not None
    assert page.title == "Your queue: 0 tickets"
    assert page.cards[0].lines == ("On shift until 19:00", "Oleg Hnatiuk stands in for you.")

    await opened(desk)
    page = slack.home("T1/U1")
    assert page is not None
    assert [card.title for card in page.cards[1:]] == ["T-1 · Acme: Payroll of lena failed"]
    assert page.cards[1].promises[0].words == "1 h left, due 13:00"

    await desk.does("vera", HandOver(PersonId("mira")))
    mine, theirs = slack.home("T1/U1"), slack.home("T1/U3")
    assert mine is not None
    assert theirs is not None
    assert (mine.title, theirs.title) == ("Your queue: 0 tickets", "Your queue: 1 ticket")

    await desk.does("mira", Resolve("Fixed"))
    theirs = slack.home("T1/U3")
    assert theirs is not None
    assert theirs.title == "Your queue: 0 tickets"
    desk.forget()
    desk.expect_quiet()


async def test_the_page_of_somebody_who_is_not_ours_stays_empty(desk: Story) -> None:
    answer = await desk.channels[SLACK].command("T2/U9", "home.open")
    await desk.settle()
    assert answer == Answer()
    assert desk.channels[SLACK].home("T2/U9") is None
    desk.expect_quiet()


async def test_the_page_of_somebody_who_never_opened_it_is_not_drawn(desk: Story) -> None:
    await opened(desk)
    assert desk.channels[SLACK].home("T1/U1") is None
    assert not [row for row in await desk.outbox("sent") if row.what == "home"]


async def test_pages_do_not_pile_up_while_slack_is_busy(desk: Story) -> None:
    slack = desk.channels[SLACK]
    await slack.command("T1/U1", "home.open")
    await desk.settle()
    busy = TemporaryError("ratelimited", retry_after=timedelta(minutes=5))
    slack.fail_next(busy, times=4)
    for text in ("Payroll failed", "In March", "For everybody"):
        await desk.receives(sender="lena", text=text)
    waiting = [row for row in await desk.outbox("postponed") if row.what == "home"]
    assert len(waiting) == 1
    await desk.fast_forward(minutes=10)
    page = slack.home("T1/U1")
    assert page is not None
    assert page.title == "Your queue: 1 ticket"
    desk.forget()
    desk.expect_quiet()


async def test_a_page_that_slack_refuses_bothers_nobody(desk: Story) -> None:
    desk.channels[SLACK].fail_next(PermanentError("not_enabled"))
    await desk.channels[SLACK].command("T1/U1", "home.open")
    await desk.settle()
    assert [row.what for row in await desk.outbox("failed")] == ["home"]
    desk.expect_quiet()
