"""People press, fill in and command in Slack, and see at once what came of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
import structlog

from adapters.card import Card, Form, Home, Input, OutboundCard, OutboundHome
from adapters.errors import PermanentError, TemporaryError
from adapters.message import (
    Button,
    Channel,
    Conversation,
    Identity,
    InboundMessage,
    InboundPlace,
    OutboundMessage,
)
from adapters.port import Answer, KnowsAccounts, KnowsGuests, Press
from adapters.slack import ids
from adapters.slack.adapter import SlackAdapter
from tests.contract.peer import PATIENCE, RecordingJournal
from tests.peers.slack_adapter import adapter_for, wall
from tests.peers.slack_api import Fault
from tests.peers.slack_emulator import TEAM
from tests.peers.slack_front import SlackFront
from tests.unit.slack.judge import judge_view, words_of

VERA, LENA, ALERTS = "U0VERA", "U0LENA", "C0ALERTS"
CARD = Card(
    "T-12 · Acme",
    buttons=(Button("ticket.take", "Take it", "T-12"), Button("ticket.eta", "Give ETA", "T-12")),
)
FORM = Form(
    "ticket.eta",
    "Give ETA · T-12",
    "T-12",
    (Input("eta", "ETA", "moment"), Input("text", "Reply", "long_text", required=False)),
    "Give ETA",
)


@dataclass
class Answers:
    """A desk that opens a form for whoever gives an ETA, and otherwise says what it is told to."""

    presses: list[Press] = field(default_factory=list)
    next: Answer = field(default_factory=lambda: Answer("Done."))

    async def __call__(self, press: Press) -> Answer:
        self.presses.append(press)
        if press.action == "ticket.eta" and not press.fields:
            return Answer(form=FORM)
        return self.next


@dataclass
class Desk:
    """The adapter, running, with what it journals and what it asks."""

    slack: SlackFront
    adapter: SlackAdapter
    journal: RecordingJournal = field(default_factory=RecordingJournal)
    ask: Answers = field(default_factory=Answers)

    async def card_for(self, address: str) -> str:
        where = Conversation(Channel.SLACK, "desk", address)
        receipt = await self.adapter.send(OutboundCard("card-1", where, CARD, wall()))
        return receipt.external_id

    async def whisper(self, number: int = 1) -> Mapping[str, object]:
        """The newest sentence that one person sees, once there are so many."""
        await until(lambda: len(self.slack.api.ephemerals) >= number)
        return self.slack.api.ephemerals[-1]


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what Slack tells nobody about."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(slack: SlackFront) -> AsyncIterator[Desk]:
    desk = Desk(slack, adapter_for(slack))
    run = asyncio.create_task(desk.adapter.run(desk.journal, desk.ask))
    try:
        await until(lambda: desk.adapter.health().is_up)
        yield desk
    finally:
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run
        await desk.adapter.close()


@pytest.fixture
async def desk(slack: SlackFront) -> AsyncIterator[Desk]:
    vera = await slack.person(VERA, "Vera Kova")
    await slack.person(LENA, "Lena Ortiz", team="T0ACME")
    await slack.channel(ALERTS, members=[vera, LENA])
    async with running(slack) as desk:
        yield desk


async def test_a_form_opens_is_filled_in_and_closes_with_a_word(desk: Desk) -> None:
    await desk.card_for(f"{TEAM}/{VERA}")
    dm = await desk.slack.dm(VERA)
    await (await desk.slack.press(VERA, dm, "Give ETA")).settled()
    await until(lambda: bool(desk.slack.api.opened_views))
    view = desk.slack.view_of(VERA)
    judge_view({name: view[name] for name in ("type", "title", "submit", "blocks", "private_metadata", "callback_id")})

    sent = await desk.slack.submits(VERA, view, {"eta": "1774625400", "text": "We mend it."})
    assert (await sent.settled()).response in ({}, None)
    assert (await desk.whisper())["text"] == "Done."
    opened, filled = desk.ask.presses
    assert opened.fields == {}
    assert (filled.action, filled.value) == ("ticket.eta", "T-12")
    assert filled.fields == {"eta": "2026-03-27T15:30:00+00:00", "text": "We mend it."}
    assert filled.by.address == f"{TEAM}/{VERA}"
    assert filled.conversation == Conversation(Channel.SLACK, "desk", f"{TEAM}/{VERA}")


async def test_a_mistake_stands_beside_its_field_and_the_form_stays(desk: Desk) -> None:
    await desk.card_for(f"{TEAM}/{VERA}")
    await (await desk.slack.press(VERA, await desk.slack.dm(VERA), "Give ETA")).settled()
    await until(lambda: bool(desk.slack.api.opened_views))
    desk.ask.next = Answer(errors={"eta": "15:30 has passed"}, is_refused=True)
    sent = await desk.slack.submits(VERA, desk.slack.view_of(VERA), {"eta": "1774625400"})
    assert (await sent.settled()).response == {"response_action": "errors", "errors": {"eta": "15:30 has passed"}}
    assert desk.slack.api.ephemerals == []


async def test_a_form_for_a_closed_ticket_says_so_in_its_place(desk: Desk) -> None:
    await desk.card_for(f"{TEAM}/{VERA}")
    await (await desk.slack.press(VERA, await desk.slack.dm(VERA), "Give ETA")).settled()
    await until(lambda: bool(desk.slack.api.opened_views))
    desk.ask.next = Answer("T-12 is closed.", is_refused=True)
    sent = await desk.slack.submits(VERA, desk.slack.view_of(VERA), {"eta": "1774625400"})
    response = (await sent.settled()).response
    assert response["response_action"] == "update"
    assert "T-12 is closed." in words_of(response["view"])


async def test_a_window_that_slack_would_not_open_any_more_is_asked_for_again(desk: Desk) -> None:
    await desk.card_for(f"{TEAM}/{VERA}")
    desk.slack.api.fail("views.open", Fault(error="expired_trigger_id"))
    await (await desk.slack.press(VERA, await desk.slack.dm(VERA), "Give ETA")).settled()
    assert (await desk.whisper())["text"] == "That took too long: press again."


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(error="invalid_arguments"), id="refused"),
        pytest.param(Fault(status=503), id="not available"),
        pytest.param(Fault(retry_after=1), id="too many"),
        pytest.param(Fault(status=500), id="in doubt"),
        pytest.param(Fault(cut="before"), id="cut off"),
    ],
)
async def test_a_window_that_slack_does_not_open_for_whatever_reason_is_asked_for_again(
    desk: Desk, fault: Fault
) -> None:
    await desk.card_for(f"{TEAM}/{VERA}")
    desk.slack.api.fail("views.open", fault)
    await (await desk.slack.press(VERA, await desk.slack.dm(VERA), "Give ETA")).settled()
    assert (await desk.whisper())["text"] == "That took too long: press again."
    assert desk.slack.api.opened_views == []


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(error="not_in_channel"), id="no member"),
        pytest.param(Fault(error="user_not_in_channel"), id="they are no member"),
        pytest.param(Fault(retry_after=1), id="too many"),
        pytest.param(Fault(status=500), id="in doubt"),
    ],
)
async def test_what_cannot_be_whispered_is_said_at_the_address_of_the_press(desk: Desk, fault: Fault) -> None:
    said = await desk.slack.says(LENA, ALERTS, "Payroll failed")
    desk.ask.next = Answer("That is <T-12> already.")
    desk.slack.api.fail("chat.postEphemeral", fault)
    await (await desk.slack.shortcut(VERA, said)).settled()
    await until(lambda: bool(desk.slack.late_answers))
    (late,) = desk.slack.late_answers
    assert (late["response_type"], late["replace_original"]) == ("ephemeral", False)
    assert late["text"] == "That is &lt;T-12&gt; already."
    assert words_of(late["blocks"]) == "That is <T-12> already."
    assert desk.slack.api.ephemerals == []


async def test_a_form_neither_opened_nor_asked_for_again_is_asked_for_at_the_address_of_the_press(desk: Desk) -> None:
    await desk.card_for(f"{TEAM}/{ALERTS}")
    desk.slack.api.fail("views.open", Fault(error="expired_trigger_id"))
    desk.slack.api.fail("chat.postEphemeral", Fault(error="channel_not_found"))
    await (await desk.slack.press(VERA, ALERTS, "Give ETA")).settled()
    await until(lambda: bool(desk.slack.late_answers))
    assert [late["text"] for late in desk.slack.late_answers] == ["That took too long: press again."]


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("https://hooks.slack.com.evil.test/a", id="another host"),
        pytest.param("http://hooks.slack.com/a", id="not encrypted"),
        pytest.param("https://[evil", id="no address at all"),
    ],
)
async def test_an_answer_goes_to_no_address_but_slacks(desk: Desk, address: str) -> None:
    said = await desk.slack.says(LENA, ALERTS, "Payroll failed", is_told=False)
    desk.slack.api.fail("chat.postEphemeral", Fault(error="not_in_channel"), times=2)
    shortcut = await (await desk.slack.shortcut(VERA, said)).settled()
    await until(lambda: bool(desk.slack.late_answers))
    with structlog.testing.capture_logs() as logged:
        await (await desk.slack.line.deliver("interactive", {**shortcut.payload, "response_url": address})).settled()
        await until(lambda: any(line["event"] == "an answer was not shown" for line in logged))
    assert len(desk.slack.late_answers) == 1


async def test_a_shortcut_in_direct_messages_is_answered_in_a_window(desk: Desk) -> None:
    said = await desk.slack.says(VERA, await desk.slack.dm(VERA), "Payroll failed")
    await (await desk.slack.shortcut(VERA, said)).settled()
    await until(lambda: bool(desk.slack.api.opened_views))
    assert words_of(desk.slack.view_of(VERA)["blocks"]) == "Done."
    assert desk.slack.api.ephemerals == []


async def test_a_press_that_comes_twice_opens_one_window_and_says_nothing_more(desk: Desk) -> None:
    await desk.card_for(f"{TEAM}/{VERA}")
    dm = await desk.slack.dm(VERA)
    desk.slack.api.fail("views.open", Fault(error="exchanged_trigger_id"))
    pressed = await desk.slack.press(VERA, dm, "Give ETA")
    await pressed.settled()
    await until(lambda: len(desk.slack.api.asked("views.open")) == 1)
    await (await desk.slack.press(VERA, dm, "Take it")).settled()
    assert (await desk.whisper())["text"] == "Done."
    assert len(desk.slack.api.ephemerals) == 1


async def test_somebody_of_another_workspace_is_answered_as_such_and_alone(desk: Desk) -> None:
    await desk.card_for(f"{TEAM}/{ALERTS}")
    desk.ask.next = Answer("Only people of the desk may do this.", is_refused=True)
    await (await desk.slack.press(LENA, ALERTS, "Take it")).settled()
    whisper = await desk.whisper()
    assert (whisper["user"], whisper["channel"]) == (LENA, ALERTS)
    assert not whisper.get("thread_ts")
    (press,) = desk.ask.presses
    assert press.by.address == f"T0ACME/{LENA}"
    assert press.conversation is not None
    assert press.conversation.address == f"{TEAM}/{ALERTS}"


async def test_a_client_presses_below_our_words_and_is_answered_alone(desk: Desk) -> None:
    said = await desk.slack.says(LENA, ALERTS, "Payroll failed", is_told=False)
    where = Conversation(Channel.SLACK, "desk", f"{TEAM}/{ALERTS}#{said.ts}")
    buttons = (Button("client.status", "Status", "T-12"),)
    await desk.adapter.send(OutboundMessage("say-1", where, "We have it.", wall(), buttons=buttons))
    desk.ask.next = Answer("Vera looks after it.")
    await (await desk.slack.press(LENA, ALERTS, "Status")).settled()
    whisper = await desk.whisper()
    assert (whisper["user"], whisper["thread_ts"], whisper["text"]) == (LENA, said.ts, "Vera looks after it.")
    (press,) = desk.ask.presses
    assert (press.action, press.value, press.by.address) == ("client.status", "T-12", f"T0ACME/{LENA}")
    assert press.conversation == where


async def test_a_button_on_a_home_is_answered_in_a_window(desk: Desk) -> None:
    where = Conversation(Channel.SLACK, "desk", f"{TEAM}/{VERA}")
    await desk.adapter.send(OutboundHome("home-1", where, Home("My queue", (CARD,)), wall()))
    await (await desk.slack.press_home(VERA, "Take it")).settled()
    await until(lambda: bool(desk.slack.api.opened_views))
    assert words_of(desk.slack.view_of(VERA)["blocks"]) == "Done."


async def test_what_was_done_on_a_home_is_not_asked_for_again_where_no_window_opens(desk: Desk) -> None:
    where = Conversation(Channel.SLACK, "desk", f"{TEAM}/{VERA}")
    await desk.adapter.send(OutboundHome("home-1", where, Home("My queue", (CARD,)), wall()))
    desk.slack.api.fail("views.open", Fault(error="expired_trigger_id"))
    await (await desk.slack.press_home(VERA, "Take it")).settled()
    assert (await desk.whisper())["text"] == "Done."


async def test_a_command_is_answered_where_it_was_written(desk: Desk) -> None:
    desk.ask.next = Answer("Acme & Co: Vera Kova")
    done = await desk.slack.command(VERA, ALERTS, "who Acme & Co")
    response = (await done.settled()).response
    assert (response["response_type"], response["text"]) == ("ephemeral", "Acme &amp; Co: Vera Kova")
    assert words_of(response["blocks"]) == "Acme & Co: Vera Kova"
    (press,) = desk.ask.presses
    assert (press.action, press.value) == ("desk", "who Acme & Co")


async def test_the_shortcut_under_a_message_names_it(desk: Desk) -> None:
    said = await desk.slack.says(LENA, ALERTS, "Payroll failed")
    await (await desk.slack.shortcut(VERA, said)).settled()
    (press,) = desk.ask.presses
    assert (press.action, press.value) == ("message.ticket", said.external_id)
    assert press.fields == {"text": "Payroll failed"}


async def test_an_opened_home_is_told_once_it_is_kept(desk: Desk) -> None:
    opened = await desk.slack.opens_home(VERA)
    await opened.settled()
    await until(lambda: bool(desk.ask.presses))
    (press,) = desk.ask.presses
    assert (press.action, press.by.address) == ("home.open", f"{TEAM}/{VERA}")
    await desk.slack.line.redelivers(opened)
    await until(lambda: len(desk.ask.presses) == 2)
    assert desk.ask.presses[1].key == press.key


async def test_what_we_said_ourselves_is_not_kept(desk: Desk) -> None:
    await desk.card_for(f"{TEAM}/{ALERTS}")
    (echo,) = desk.slack.line.deliveries
    await echo.settled()
    await (await desk.slack.says(LENA, ALERTS, "Payroll failed")).told.settled()
    assert len(desk.journal.kept) == 1


async def test_whoever_writes_has_the_name_they_have_in_slack_and_is_asked_about_once(desk: Desk) -> None:
    for text in ("Payroll failed", "Still"):
        await (await desk.slack.says(LENA, ALERTS, text)).told.settled()
    (first, second) = [desk.adapter.convert(raw)[0] for raw in desk.journal.kept]
    assert isinstance(first, InboundMessage)
    assert isinstance(second, InboundMessage)
    assert first.sender_name == second.sender_name != ""
    assert len(desk.slack.api.asked("users.info")) == 1


async def test_whoever_is_mentioned_has_their_name_too_and_is_asked_about_once(desk: Desk) -> None:
    desk.slack.api.people[VERA] = {"profile": {"display_name": "Vera <!here>"}}
    said = {"user": LENA, "text": f"<@{VERA}> and <@U0NOBODY>, please", "ts": "1774603800.000100"}
    for _ in range(2):
        await (await desk.slack.tells({"type": "message", "channel": ALERTS, **said})).settled()
    for raw in desk.journal.kept:
        (heard,) = desk.adapter.convert(raw)
        assert isinstance(heard, InboundMessage)
        assert heard.text == "@Vera <!here> and @U0NOBODY, please"
    assert len(desk.slack.api.asked("users.info")) == len({LENA, VERA, "U0NOBODY"})


async def test_that_a_guest_writes_is_news_before_their_words_and_once(desk: Desk) -> None:
    desk.slack.api.people[VERA] = {"team_id": TEAM, "is_restricted": True}
    for text in ("We are on it", "Nearly done"):
        said = {"user": VERA, "text": text, "ts": "1774603800.000100"}
        await (await desk.slack.tells({"type": "message", "channel": ALERTS, **said})).settled()
    (news, first), (second,) = [desk.adapter.convert(raw) for raw in desk.journal.kept]
    assert isinstance(news, InboundPlace)
    assert (news.change, news.by) == ("guest", ids.person(TEAM, VERA))
    assert isinstance(first, InboundMessage)
    assert isinstance(second, InboundMessage)


async def test_a_name_that_cannot_be_looked_up_costs_no_message(desk: Desk) -> None:
    desk.slack.api.fail("users.info", Fault(status=500), times=5)
    for text in ("Payroll failed", "Still"):
        await (await desk.slack.says(LENA, ALERTS, text)).told.settled()
    said = [desk.adapter.convert(raw)[0] for raw in desk.journal.kept]
    assert [one.sender_name for one in said if isinstance(one, InboundMessage)] == ["", ""]
    assert len(desk.slack.api.asked("users.info")) == 1


async def test_whether_an_account_is_closed_can_be_asked(desk: Desk) -> None:
    who = ids.person(TEAM, VERA)
    assert isinstance(desk.adapter, KnowsAccounts)
    assert not await desk.adapter.is_closed(who)
    desk.slack.api.people[VERA] = {"deleted": True}
    assert await desk.adapter.is_closed(who)
    with pytest.raises(PermanentError):
        await desk.adapter.is_closed(ids.person(TEAM, "U0NOBODY"))


async def test_whether_an_account_is_a_guests_can_be_asked(desk: Desk) -> None:
    who = ids.person(TEAM, VERA)
    assert isinstance(desk.adapter, KnowsGuests)
    assert not await desk.adapter.is_guest(who)
    for trait in ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot"):
        desk.slack.api.people[VERA] = {"team_id": TEAM, trait: True}
        assert await desk.adapter.is_guest(who)
    desk.slack.api.people[VERA] = {"team_id": "T0ACMECO"}
    assert await desk.adapter.is_guest(who)
    assert await desk.adapter.is_guest(ids.person("T0ACMECO", VERA))
    with pytest.raises(PermanentError):
        await desk.adapter.is_guest(ids.person(TEAM, "U0NOBODY"))
    desk.slack.api.fail("auth.test", Fault(status=503))
    desk.slack.api.people[VERA] = {"team_id": TEAM}
    with pytest.raises(TemporaryError):
        await desk.adapter.is_guest(who)


async def test_of_changed_profiles_only_a_closed_account_is_kept(desk: Desk) -> None:
    for deleted in (False, True):
        user = {"id": VERA, "team_id": TEAM, "deleted": deleted, "profile": {"status_text": "Away"}}
        await (await desk.slack.tells({"type": "user_change", "user": user})).settled()
    (news,) = [one for raw in desk.journal.kept for one in desk.adapter.convert(raw)]
    assert isinstance(news, InboundPlace)
    assert (news.change, news.by) == ("closed", Identity(Channel.SLACK, f"{TEAM}/{VERA}"))
