"""A client books a call in the conversation: offered times, a number in answer, words of their own, buttons."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from adapters.card import OutboundCard
from adapters.message import Button, Channel, OutboundMessage
from adapters.port import Answer
from bot.store import audit
from bot.store.calls.call_offers import Asker
from bot.store.calls.calls import of_ticket
from bot.tickets.calls.call import Call, CallState
from bot.tickets.calls.command import AllowCall, BookCall, ConfirmCall
from bot.tickets.ticket import TicketId
from routing.people import ClientId
from sla.duration import instant
from tests.builders import story_desk
from tests.harness import NOON, Story, new_desk
from tests.stories.conftest import MakeStory

#: Vera works from 10 to 19 at +03:00; Lena reads in Lisbon, three hours behind her, and at noon there it is nine.
CALLS = '\n[calls]\nvideo = "https://meet.example.test/{call}"\n'
#: Ten to twelve at Vera's: until noon tomorrow noon can be agreed.
SHORTLY_BEFORE = NOON - timedelta(minutes=10)
FOREIGN = "Ця кнопка стосується чужого звернення."
WEDNESDAY_NOON = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


async def called(
    make_desk: MakeStory, *changes: tuple[str, str], more: str = CALLS, start: datetime = SHORTLY_BEFORE
) -> Story:
    return await make_desk(story_desk(*changes, more=more), start=start)


async def calls(desk: Story, ticket: int = 1) -> list[Call]:
    return await desk.database.read(lambda conn: of_ticket(conn, TicketId(ticket)))


async def presses(desk: Story, name: str, *, address: str = "1001", key: str | None = None) -> Answer:
    answer = await desk.channels[Channel.TELEGRAM].press(address, name, key=key)
    await desk.settle()
    return answer


def below(desk: Story, address: str = "1001") -> tuple[Button, ...]:
    """The buttons below the newest thing we said there."""
    said = [one.message for one in desk.channels[Channel.TELEGRAM].messages(address)]
    return [one.buttons for one in said if isinstance(one, OutboundMessage)][-1]


async def test_a_free_time_is_booked_by_its_number(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call")
    offer = desk.expect_message("lena", containing="Troubleshooting, 30 min, with Vera")
    assert "1. tomorrow 09:00 (12:00 for Vera)\n2. tomorrow 09:30 (12:30 for Vera)" in offer
    assert "Training (/call education)" in offer
    await desk.receives(sender="lena", text="2")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, tomorrow 09:30 (12:30 for Vera).")
    desk.expect_ping("vera", containing="T-1 (Acme): Lena booked a call with Vera: Troubleshooting, tomorrow 12:30")
    desk.expect_card("vera", containing="Call: Troubleshooting")
    (call,) = await calls(desk)
    assert (call.state, call.person, call.begins_at) == (
        CallState.CONFIRMED,
        "vera",
        instant(WEDNESDAY_NOON + timedelta(minutes=30)),
    )
    assert (await desk.page()).facts.clocks == ()
    desk.expect_quiet()


async def test_a_button_books_the_time_it_names_and_a_repeat_books_nothing_more(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    assert [one.action for one in below(desk)] == ["client.status", "client.escalate", "client.call"]
    desk.forget()
    assert (await presses(desk, "Book a call")).text == "The free times are in our conversation."
    desk.expect_message("lena", containing="3. tomorrow 10:00 (13:00 for Vera)")
    third = below(desk)[2]
    answer = await presses(desk, "3. tomorrow 10:00 (13:00 for Vera)", key="one")
    assert answer == Answer("Booked: Troubleshooting with Vera, tomorrow 10:00 (13:00 for Vera).")
    assert await desk.channels[Channel.TELEGRAM].command("1001", third.action, third.value, key="one") == answer
    await desk.settle()
    said = desk.expect_message("lena", containing="Booked: Troubleshooting with Vera")
    (call,) = await calls(desk)
    assert call.url == f"https://meet.example.test/{UUID(call.uid.partition('@')[0])}", "nobody counts on to another's"
    assert f"Join here: {call.url}" in said
    assert [one.action for one in below(desk)] == ["client.call_move", "client.call_cancel"]
    desk.expect_ping("vera", containing="T-1 (Acme): Lena booked a call with Vera")
    assert len(await calls(desk)) == 1
    desk.expect_quiet()


async def test_a_keyboard_that_is_old_does_nothing_and_says_what_is_so_now(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call")
    old = below(desk)[0]
    await desk.fast_forward(minutes=1)
    await desk.receives(sender="lena", text="/call")
    desk.forget()
    answer = await desk.channels[Channel.TELEGRAM].command("1001", old.action, old.value)
    await desk.settle()
    assert answer.is_refused
    assert answer.text == "These times were offered a while ago. Now these are free:"
    desk.expect_message("lena", containing="Now these are free:\n1. tomorrow 09:00 (12:00 for Vera)")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    assert (await desk.channels[Channel.TELEGRAM].command("1001", old.action, old.value)).text.startswith(
        "You have a call: Troubleshooting with Vera, tomorrow 09:00 (12:00 for Vera)."
    )
    await desk.settle()
    desk.expect_message("lena", containing="You have a call")
    desk.expect_quiet()


async def test_nobody_presses_a_time_that_was_offered_to_somebody_else(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call")
    button = below(desk)[0]
    desk.forget()
    telegram = desk.channels[Channel.TELEGRAM]
    for address, by, value in (
        ("1002", "1002", button.value),
        ("1001", "1002", button.value),
        ("1001", "777", button.value),
        ("1001", "1001", "99.1.1"),
        ("1001", "1001", "rubbish"),
    ):
        answer = await telegram.command(address, button.action, value, by=by)
        assert answer.is_refused
        assert answer.text in {"This button is about somebody else's ticket.", FOREIGN}
    deeds = await desk.database.read(lambda conn: audit.latest(conn, count=9))
    assert len([one for one in deeds if one.action == "refused"]) == 5
    assert not await desk.is_there(1)
    desk.expect_quiet()


async def test_a_moment_in_ones_own_words_is_suggested_and_never_booked_by_itself(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call")
    desk.forget()
    await desk.receives(sender="lena", text="tomorrow at 15")
    said = desk.expect_message("lena", containing="Did you mean the first of these?")
    assert "1. tomorrow 15:00 (18:00 for Vera)\n2. tomorrow 09:00 (12:00 for Vera)" in said
    assert not await desk.is_there(1)
    await desk.receives(sender="lena", text="1.")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, tomorrow 15:00 (18:00 for Vera).")
    desk.forget()
    desk.expect_quiet()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        pytest.param(
            "/call tomorrow 09:10", "tomorrow 09:10 (12:10 for Vera) is not a time we can offer", id="off grid"
        ),
        pytest.param("/call tomorrow 16:00", "is not a time we can offer", id="after her hours"),
        pytest.param("/call 2026-12-01 12:00", "is farther ahead than calls are booked", id="too far ahead"),
        pytest.param("/call whenever", "We did not understand which time", id="no time at all"),
        pytest.param("/call lead", "Write first which time you need", id="an exception from nothing"),
        pytest.param("/call cancel", "You have no call booked", id="nothing to cancel"),
        pytest.param("/call move", "You have no call booked", id="nothing to move"),
        pytest.param("/call 1", "These times were offered a while ago", id="a number of nothing"),
    ],
)
async def test_what_cannot_be_gets_a_clear_answer_and_no_ticket(make_desk: MakeStory, words: str, answer: str) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text=words)
    desk.expect_message("lena", containing=answer)
    assert not await desk.is_there(1)
    desk.expect_quiet()


async def test_a_number_that_answers_nothing_is_a_message_like_any_other(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="2")
    desk.expect_message("lena", containing="Thank you, we have it (T-1)")
    desk.forget()
    await desk.receives(sender="lena", text="/call")
    await desk.fast_forward(days=8)
    desk.forget()
    await desk.receives(sender="lena", text="15 of them failed")
    await desk.receives(sender="lena", text="2")
    assert [one.text for one in await desk.lines() if one.direction == "in"] == ["2", "15 of them failed", "2"]
    assert await calls(desk) == []
    desk.forget()
    desk.expect_quiet()


async def test_a_stranger_books_nothing(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="nobody", text="/call", address="555")
    said = desk.channels[Channel.TELEGRAM].messages("555")[-1].message
    assert isinstance(said, OutboundMessage)
    assert said.text.startswith("Calls are booked by clients we know.")
    assert not await desk.is_there(1)
    desk.forget()
    desk.expect_quiet()


async def test_a_call_belongs_to_the_open_ticket_and_there_is_one_at_a_time(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    due = (await desk.clock("first_response")).due_at
    await desk.receives(sender="lena", text="/call")
    await desk.receives(sender="lena", text="1")
    assert (await desk.clock("first_response")).due_at == due
    desk.forget()
    await desk.receives(sender="lena", text="/call")
    desk.expect_message("lena", containing="You have a call: Troubleshooting with Vera, tomorrow 09:00")
    assert [one.ticket for one in await calls(desk)] == [1]
    assert not await desk.is_there(2)
    desk.expect_quiet()


async def test_who_asks_too_late_may_ask_the_lead_and_the_waiver_is_on_record(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    await desk.receives(sender="lena", text="/call 11:00")
    said = desk.expect_message("lena", containing="11:00 (14:00 for Vera) is too soon")
    assert "at least 1 working day before it. The earliest times:\n1. tomorrow 09:00 (12:00 for Vera)" in said
    assert "Write /call lead and we ask the team lead for an exception." in said
    await desk.receives(sender="lena", text="/call lead")
    desk.expect_message("lena", containing="We have asked the team lead for 11:00 (14:00 for Vera) with Vera")
    desk.expect_alert("dana", containing="that only a lead may allow: Troubleshooting, 14:00 (11:00 for Lena)")
    assert (await desk.presses("dana", "Allow")) == Answer("Done.")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, 11:00 (14:00 for Vera).")
    desk.expect_ping("vera", containing="T-1 (Acme): Lena booked a call with Vera: Troubleshooting, 14:00")
    (call,) = await calls(desk)
    assert (call.state, call.waived_by) == (CallState.CONFIRMED, "dana")
    deeds = await desk.database.read(lambda conn: audit.latest(conn, count=5))
    assert ("dana", "call_waived", "call:1.1") in [(one.actor, one.action, one.subject) for one in deeds]
    assert (await desk.presses("dana", "Allow")).is_refused
    desk.expect_quiet()


async def test_a_lead_who_refuses_leaves_the_earliest_times(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call 11:00")
    await presses(desk, "Ask the team lead")
    desk.forget()
    assert not (await desk.presses("dana", "Refuse", why="she is in the air")).is_refused
    desk.expect_message(
        "lena", containing="cannot make 11:00 (14:00 for Vera) possible. The earliest times:\n1. tomorrow"
    )
    assert [one.state for one in await calls(desk)] == [CallState.DECLINED]
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera, tomorrow 09:00")
    desk.expect_ping("vera", containing="Lena booked a call with Vera")
    desk.expect_quiet()


async def test_nothing_is_allowed_by_whoever_does_not_lead(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call 11:00")
    await desk.receives(sender="lena", text="/call lead")
    desk.forget()
    assert (await desk.does("vera", AllowCall())).is_refused
    assert (await desk.does("vera", ConfirmCall())).is_refused
    assert [one.state for one in await calls(desk)] == [CallState.REQUESTED]
    desk.expect_quiet()


async def test_what_was_bought_is_counted_in_the_clients_own_quarter(make_desk: MakeStory) -> None:
    agreed = CALLS + '[plans.premium.calls]\nentitled.architecture = { count = 1, per = "quarter" }\n'
    desk = await called(make_desk, more=agreed)
    await desk.receives(sender="lena", text="/call architecture")
    await desk.receives(sender="lena", text="1")
    desk.forget()
    await desk.receives(sender="lena", text="/new")
    await desk.receives(sender="lena", text="/call architecture")
    desk.forget()
    await desk.receives(sender="lena", text="1")
    said = desk.expect_message("lena", containing="All calls of this kind (Architecture session)")
    assert "/call lead" in said
    await desk.receives(sender="lena", text="/call 2026-04-01 12:00")
    desk.expect_message("lena", containing="Did you mean the first of these?")
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="Booked: Architecture session with Vera, April 1, 12:00")
    desk.forget()
    desk.expect_quiet()


async def test_a_mail_reader_answers_by_number_or_takes_the_link(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(Channel.EMAIL, sender="lena", text="call")
    offer = desk.expect_message("lena", Channel.EMAIL, containing="1. tomorrow 09:00 (12:00 for Vera)")
    assert "/book/" not in offer  # where our pages are seen is not known to this desk
    await desk.receives(Channel.EMAIL, sender="lena", text="2")
    desk.expect_message("lena", Channel.EMAIL, containing="Booked: Troubleshooting with Vera, tomorrow 09:30")
    (said,) = [
        one.message.invite
        for one in desk.channels[Channel.EMAIL].messages("lena@acme.test")
        if isinstance(one.message, OutboundMessage) and one.message.invite is not None
    ]
    assert (said.method, said.sequence, said.zone, said.attendee) == (
        "REQUEST",
        0,
        "Europe/Lisbon",
        ("Lena", "lena@acme.test"),
    )
    assert said.starts_at == WEDNESDAY_NOON + timedelta(minutes=30)
    desk.forget()
    desk.expect_quiet()


async def test_a_manager_books_for_a_client_and_only_a_lead_within_the_notice(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="Payroll failed")
    desk.forget()
    answer = await desk.does("vera", BookCall(instant(NOON + timedelta(hours=2))))
    assert answer.is_refused
    assert "is too soon" in answer.text
    assert "1. tomorrow 12:00" in answer.text
    assert (await desk.does("vera", BookCall(instant(WEDNESDAY_NOON), "education"))).text == "Done."
    desk.expect_message("lena", containing="Vera and you have a call: Training, tomorrow 09:00 (12:00 for Vera).")
    assert (await desk.does("dana", BookCall(instant(NOON + timedelta(hours=2))))).is_refused
    desk.expect_quiet()
    await desk.receives(sender="bill", text="Exports are slow")
    desk.forget()
    assert (
        await desk.does("dana", BookCall(instant(NOON + timedelta(hours=2)), why="it burns"), ticket=2)
    ).text == "Done."
    desk.expect_message("bill", containing="you have a call: Troubleshooting, 05:00")
    desk.forget()
    (call,) = await calls(desk, 2)
    assert call.waived_by == "dana"
    desk.expect_quiet()


async def test_a_link_stands_where_there_are_no_buttons_and_opens_for_its_own_contact_alone(
    make_desk: MakeStory,
) -> None:
    desk = await called(make_desk)
    desk.desk = new_desk(desk.database, desk.channels, desk.time, page="https://desk.test/")
    await desk.desk.prepare(is_alone=True)
    await desk.receives(sender="lena", text="/call")
    assert "https://" not in desk.expect_message("lena", containing="1. tomorrow 09:00")
    await desk.receives(Channel.EMAIL, sender="lena", text="/call")
    said = desk.expect_message("lena", Channel.EMAIL, containing="Or choose on this page: https://desk.test/book/")
    token = said.rpartition("/book/")[2].split()[0]
    door = desk.desk.calls
    asker = await door.asker_of(token)
    assert asker is not None
    assert await door.asker_of(f"{token}x") is None
    offer = await door.offered(asker, kind="education", count=3)
    assert (offer.person_name, offer.zone, offer.person_zone, offer.kind) == (
        "Vera",
        "Europe/Lisbon",
        "fixed:+03:00",
        "education",
    )
    assert [one.name for one in offer.kinds][:2] == ["Troubleshooting", "Training"]
    assert offer.person is not None
    found = await door.book(asker, kind="education", person=offer.person, begins_at=offer.slots[0], key="page-1")
    assert not found.is_refused
    again = await door.book(asker, kind="education", person=offer.person, begins_at=offer.slots[1], key="page-2")
    assert again.is_refused
    assert again.text.startswith("You have a call: Training with Vera")
    await desk.settle()
    desk.expect_message("lena", Channel.EMAIL, containing="Booked: Training with Vera, tomorrow 09:00")
    shown = await door.offered(asker)
    assert shown.call is not None
    moved = await door.move(asker, begins_at=shown.slots[0], key="page-3")
    assert (moved.is_refused, moved.call and moved.call.sequence) == (False, 1)
    assert (await door.cancel(asker, key="page-4")).call is not None
    assert (await door.cancel(asker, key="page-5")).is_refused
    await desk.settle()
    desk.forget()
    stranger = Asker(asker.talk, asker.contact, ClientId("globex"))
    assert (await door.offered(stranger)).refusal.startswith("Calls are booked by clients we know.")
    assert (await door.cancel(stranger, key="page-6")).is_refused
    await desk.fast_forward(days=8)
    assert await door.asker_of(token) is None
    desk.forget()
    desk.expect_quiet()


async def test_whoever_writes_in_the_clients_own_channel_books_there(make_desk: MakeStory) -> None:
    place = ("channels = { telegram = [-1001234] }", 'channels = { slack = ["T1/C1"] }')
    desk = await called(make_desk, place)
    slack = desk.channels[Channel.SLACK]
    await slack.says("T1/C1#1.0", "!call", sender="T2/U77", name="Marta", external_id="C1:1.0")
    await desk.settle()
    said = slack.messages("T1/C1#1.0")[-1].message
    assert isinstance(said, OutboundMessage)
    button = said.buttons[0]
    other = await slack.command("T1/C9", button.action, button.value, by="T2/U77")
    assert other.is_refused
    answer = await slack.command("T1/C1#1.0", button.action, button.value, by="T2/U77")
    assert answer.text.startswith("Booked: Troubleshooting with Vera, tomorrow 09:00"), answer
    await desk.settle()
    assert [(one.client, one.person) for one in await calls(desk)] == [("acme", "vera")]
    desk.forget()
    desk.expect_quiet()


async def test_a_manager_who_is_told_by_mail_gets_the_invitation_too(make_desk: MakeStory) -> None:
    by_mail = ('identities = { slack = "T1/U1", telegram = 2001 }', 'identities = { email = "vera@desk.test" }')
    desk = await called(make_desk, by_mail)
    await desk.receives(sender="lena", text="/call")
    await desk.receives(sender="lena", text="1")
    await desk.receives(sender="lena", text="/call cancel")
    mail = [one.message for one in desk.channels[Channel.EMAIL].sent]
    invites = [one.invite for one in mail if isinstance(one, OutboundCard) and one.invite is not None]
    assert [(one.method, one.sequence, one.zone, one.attendee) for one in invites] == [
        ("REQUEST", 0, "fixed:+03:00", ("Vera Kova", "vera@desk.test")),
        ("CANCEL", 1, "fixed:+03:00", ("Vera Kova", "vera@desk.test")),
    ]
    assert len({one.uid for one in invites}) == 1
    assert invites[0].summary == "Call: Troubleshooting · Acme · T-1"
    desk.forget()
    desk.expect_quiet()
