"""Buttons in Telegram: whose they are, what they do once, and that every press is answered."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from adapters.card import Card, OutboundCard
from adapters.errors import DeskAwayError
from adapters.message import Button, Identity
from adapters.port import Answer, Press
from tests.contract.peer import RecordingJournal
from tests.contract.telegram.desk import Desk
from tests.peers.telegram_adapter import WORDS, wall
from tests.peers.telegram_people import Group
from tests.peers.telegram_person import Person
from tests.peers.telegram_server import Fault

BUTTONS = (Button("ticket.take", "Take it", "T-12"), Button("ticket.resolve", "Resolve", "T-12"))


@dataclass
class Asked:
    """A desk that remembers presses; what it says may depend on the press, and it may be away."""

    says: Callable[[Press], Answer] = lambda _: Answer("Taken.")
    presses: list[Press] = field(default_factory=list)
    away_for: int = 0

    async def __call__(self, press: Press) -> Answer:
        if self.away_for:
            self.away_for -= 1
            raise DeskAwayError("the database is away")
        self.presses.append(press)
        return self.says(press)


@asynccontextmanager
async def running(desk: Desk, ask: Asked) -> AsyncIterator[None]:
    run = asyncio.create_task(desk.adapter.run(RecordingJournal(), ask))
    try:
        yield
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


async def card(desk: Desk, where: Person | Group | None = None) -> str:
    message = OutboundCard("card-1", desk.at(where or desk.vera), Card("T-12", buttons=BUTTONS), wall())
    return (await desk.adapter.send(message)).external_id


async def test_a_press_says_who_what_where_and_under_which_message(desk: Desk) -> None:
    ask = Asked()
    stands = await card(desk)
    async with running(desk, ask):
        pressed = desk.vera.presses(stands, "Resolve")
        answer = await pressed.answered()
    (press,) = ask.presses
    assert (press.action, press.value, press.under) == ("ticket.resolve", "T-12", stands)
    assert press.by == Identity(desk.adapter.channel, str(desk.vera.id))
    assert press.conversation == desk.at(desk.vera)
    assert (answer["text"], answer.get("show_alert", False)) == ("Taken.", False)


async def test_a_refusal_stays_until_it_is_closed(desk: Desk) -> None:
    ask = Asked(lambda _: Answer("Oleg has it.", is_refused=True))
    stands = await card(desk)
    async with running(desk, ask):
        answer = await desk.vera.presses(stands, "Take it").answered()
    assert (answer["text"], answer["show_alert"]) == ("Oleg has it.", True)


async def test_an_answer_that_is_too_long_comes_as_a_message(desk: Desk) -> None:
    ask = Asked(lambda _: Answer("All that is open: " + "T-12 " * 80))
    stands = await card(desk)
    async with running(desk, ask):
        answer = await desk.vera.presses(stands, "Take it").answered()
        await desk.telegram.until(lambda: len(desk.shown(desk.vera)) == 2)
    assert not answer.get("text")
    told = desk.shown(desk.vera)[1]
    assert told.text.startswith("All that is open")
    assert f"{told.chat}:{told.reply_to}" == stands


async def test_a_press_without_an_answer_is_acknowledged_all_the_same(desk: Desk) -> None:
    stands = await card(desk)
    async with running(desk, Asked(lambda _: Answer())):
        assert not (await desk.vera.presses(stands, "Take it").answered()).get("text")


async def test_a_press_in_a_topic_says_which(desk: Desk) -> None:
    forum = desk.telegram.group("Forum", desk.vera, is_forum=True)
    thread = forum.opens_topic("Acme", by=desk.vera)
    ask = Asked()
    message = OutboundCard("card-1", desk.at(f"{forum.id}#{thread}"), Card("T-12", buttons=BUTTONS), wall())
    stands = await desk.adapter.send(message)
    async with running(desk, ask):
        await desk.vera.presses(stands.external_id, "Take it").answered()
    assert ask.presses[0].conversation == desk.at(f"{forum.id}#{thread}")


async def test_under_an_old_message_the_button_itself_says_where(desk: Desk) -> None:
    ask = Asked()
    stands = await card(desk)
    async with running(desk, ask):
        await desk.vera.presses(stands, "Take it", is_inaccessible=True).answered()
    assert ask.presses[0].conversation == desk.at(desk.vera)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("ticket.take:T-12", id="what the button does"),
        pytest.param("x" * 64, id="a name we never gave"),
        pytest.param("'; DROP TABLE button", id="an attack"),
        pytest.param("€" * 21, id="other letters"),
        pytest.param("button\0", id="what no store bears"),
    ],
)
async def test_what_we_never_put_under_a_message_does_nothing(desk: Desk, said: str) -> None:
    ask = Asked()
    stands = await card(desk)
    async with running(desk, ask):
        answer = await desk.lena.presses(stands, data=said).answered()
    assert ask.presses == []
    assert (answer["text"], answer["show_alert"]) == (WORDS["press_unknown"], True)


async def test_a_press_is_answered_in_the_language_that_the_pressers_telegram_speaks(desk: Desk) -> None:
    ask = Asked(away_for=1)
    stands = await card(desk)
    desk.telegram.world.people[desk.lena.id]["language_code"] = "es"
    async with running(desk, ask):
        answer = await desk.lena.presses(stands, data="nothing of ours").answered()
        assert answer["text"] == f"{WORDS['press_unknown']} (es)"
        answer = await desk.lena.presses(stands, "Take it").answered()
        assert answer["text"] == f"{WORDS['press_again']} (es)"
        await desk.telegram.taken()
    assert [press.language for press in ask.presses] == ["es"]


async def test_a_button_of_another_chat_does_nothing(desk: Desk) -> None:
    ask = Asked()
    await card(desk)
    (name, *_) = desk.kept.named
    message = await desk.adapter.send(desk.words("Hello.", desk.acme, buttons=BUTTONS[:1], key="hello"))
    async with running(desk, ask):
        answer = await desk.lena.presses(message.external_id, data=name).answered()
    assert ask.presses == []
    assert answer["text"] == WORDS["press_elsewhere"]


async def test_somebody_else_in_a_group_is_asked_about_as_who_they_are(desk: Desk) -> None:
    ask = Asked(lambda press: Answer("Not yours.", is_refused=press.by.address == str(desk.lena.id)))
    stands = await card(desk, desk.acme)
    async with running(desk, ask):
        answer = await desk.lena.presses(stands, "Resolve").answered()
    assert (answer["text"], answer["show_alert"]) == ("Not yours.", True)


async def test_three_quick_presses_are_three_that_are_told_apart(desk: Desk) -> None:
    ask = Asked()
    stands = await card(desk)
    async with running(desk, ask):
        pressed = [desk.vera.presses(stands, "Resolve") for _ in range(3)]
        for one in pressed:
            assert (await one.answered())["text"] == "Taken."
    assert len({press.key for press in ask.presses}) == 3


async def test_a_press_while_the_desk_is_away_is_told_so_and_decided_once_it_is_back(desk: Desk) -> None:
    ask = Asked(away_for=2)
    stands = await card(desk)
    async with running(desk, ask):
        answer = await desk.vera.presses(stands, "Take it").answered()
        await desk.telegram.taken()
    assert answer["text"] == WORDS["press_again"]
    assert len(ask.presses) == 1
    told = [call.arguments.get("text") for call in desk.telegram.asked("answerCallbackQuery")]
    assert told.count(WORDS["press_again"]) == 1


async def test_a_refusal_that_comes_too_late_for_a_toast_is_told_in_words(desk: Desk) -> None:
    ask = Asked(lambda _: Answer("Oleg has it.", is_refused=True))
    stands = await card(desk)
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    desk.telegram.fail("answerCallbackQuery", Fault(status=400, description=too_old))
    async with running(desk, ask):
        desk.vera.presses(stands, "Take it")
        await desk.telegram.until(lambda: len(desk.shown(desk.vera)) == 2)
    assert desk.texts(desk.vera)[1] == "Oleg has it."


async def test_what_a_card_shows_needs_no_words_when_it_is_too_late_for_a_toast(desk: Desk) -> None:
    stands = await card(desk)
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    desk.telegram.fail("answerCallbackQuery", Fault(status=400, description=too_old))
    async with running(desk, Asked()):
        desk.vera.presses(stands, "Take it")
        await desk.telegram.asked_for("answerCallbackQuery")
        await desk.vera.presses(stands, "Resolve").answered()
    assert len(desk.shown(desk.vera)) == 1


async def test_an_answer_that_telegram_does_not_take_now_is_given_a_moment_later(desk: Desk) -> None:
    stands = await card(desk)
    desk.telegram.fail("answerCallbackQuery", Fault(status=500, description="Internal Server Error"))
    async with running(desk, Asked()):
        assert (await desk.vera.presses(stands, "Take it").answered())["text"] == "Taken."


async def test_a_press_that_fails_in_the_desk_leaves_nobody_waiting(desk: Desk) -> None:
    def fails(press: Press) -> Answer:
        raise RuntimeError(press.action)

    stands = await card(desk)
    async with running(desk, Asked(fails)):
        assert not (await desk.vera.presses(stands, "Take it").answered()).get("text")
        await desk.telegram.taken()


async def test_the_same_button_has_the_same_name_whenever_its_card_is_drawn(desk: Desk) -> None:
    stands = await card(desk)
    before = dict(desk.kept.named)
    changed = OutboundCard("card-2", desk.at(desk.vera), Card("T-12 again", buttons=BUTTONS), wall(), replaces=stands)
    await desk.adapter.edit(stands, changed)
    assert desk.kept.named == before
    await desk.adapter.send(replace(changed, conversation=desk.at(desk.acme), replaces=None))
    assert len(desk.kept.named) == 4
