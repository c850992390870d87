"""What is sent to Telegram: where it goes, how it looks there, and that an interruption repeats as little as can be."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.card import OutboundCard
from adapters.errors import MovedError, PermanentError, TemporaryError, UncertainError
from adapters.message import Button, Channel, Identity, InboundMessage, OutboundMessage, Receipt
from adapters.port import KnowsAccounts, Raw
from adapters.telegram.pacing import Rates
from tests.contract.telegram.desk import CARD, LONG, Desk, card
from tests.peers.telegram_adapter import wall
from tests.peers.telegram_markup import units, with_found
from tests.peers.telegram_server import Fault, TelegramServer

JOINER = "\N{WORD JOINER}"
OFFERED = (Button("client.status", "Status", "T-12"), Button("client.escalate", "Escalate", "T-12"))
UNREADABLE = Fault(status=400, description='Bad Request: can\'t parse entities: Unsupported start tag "x"')


async def test_whether_an_account_is_closed_can_be_asked(desk: Desk) -> None:
    who = Identity(Channel.TELEGRAM, str(desk.vera.id))
    assert isinstance(desk.adapter, KnowsAccounts)
    assert not await desk.adapter.is_closed(who)
    desk.telegram.fail("sendChatAction", Fault(status=403, description="Forbidden: user is deactivated"))
    assert await desk.adapter.is_closed(who)
    desk.telegram.fail("sendChatAction", Fault(status=403, description="Forbidden: bot was blocked by the user"))
    with pytest.raises(PermanentError):
        await desk.adapter.is_closed(who)


async def finished(desk: Desk, message: OutboundMessage) -> Receipt:
    """The receipt, of a message that is sent until it is there, as the outbox does."""
    for _ in range(50):
        try:
            return await desk.adapter.send(message)
        except TemporaryError as error:
            desk.ahead += error.retry_after or timedelta(seconds=1)
    raise AssertionError("it never arrived")


async def test_words_go_out_as_they_were_written_without_a_preview(desk: Desk) -> None:
    receipt = await desk.adapter.send(desk.words("See <https://a.test/x?a=1&b=2>, *now* @vera"))
    (shown,) = desk.shown()
    assert shown.text == "See <https://a.test/x?a=1&b=2>, *now* @vera"
    assert receipt.external_id == shown.external_id
    (call,) = desk.telegram.asked("sendMessage")
    assert call.arguments["link_preview_options"] == {"is_disabled": True}


async def test_a_card_is_drawn_with_what_a_client_wrote_taken_apart(desk: Desk) -> None:
    await desk.adapter.send(card(desk))
    (shown,) = desk.shown(desk.vera)
    assert shown.html == (
        f"<b>T-12 · Acme · Payroll /{JOINER}failed</b>\nLena @{JOINER}durov on Telegram\n"
        f"<blockquote>it &lt;b&gt;stops&lt;/{JOINER}b&gt; at t{JOINER}.me/evil</blockquote>\n"
        "<b>🟢 First response</b>  58 min left"
    )
    assert shown.buttons == [["Take it", "Give ETA"]]


async def test_an_answer_goes_below_what_it_answers(desk: Desk) -> None:
    said = desk.lena.says("Payroll failed", desk.acme)
    await desk.adapter.send(desk.words("We are on it.", desk.acme, reply_to=said.external_id))
    assert desk.shown(desk.acme)[0].reply_to == said.message_id


@pytest.mark.parametrize("reply_to", ["1001:999999", "-100123:5", "C123:1700000000.000100", ""])
async def test_what_it_answers_may_be_gone_or_elsewhere(desk: Desk, reply_to: str) -> None:
    await desk.adapter.send(desk.words("We are on it.", reply_to=reply_to))
    assert desk.shown()[0].reply_to is None


async def test_a_topic_of_a_clients_group_takes_its_answers(desk: Desk) -> None:
    forum = desk.telegram.group("Forum", desk.lena, is_forum=True)
    thread = forum.opens_topic("Billing", by=desk.lena)
    await desk.adapter.send(desk.words("We are on it.", f"{forum.id}#{thread}"))
    assert [one.text for one in desk.shown(forum, thread)] == ["We are on it."]


async def test_a_topic_that_is_gone_is_a_failure_in_plain_words(desk: Desk) -> None:
    forum = desk.telegram.group("Forum", desk.lena, is_forum=True)
    with pytest.raises(PermanentError, match="this topic is no longer there"):
        await desk.adapter.send(desk.words("We are on it.", f"{forum.id}#999"))


async def test_people_of_ours_are_called_in_a_group_by_their_numbers(desk: Desk) -> None:
    called = replace(CARD, mentions=(str(desk.vera.id), "T1/U5", str(desk.vera.id)))
    await desk.adapter.send(OutboundCard("alert-1", desk.at(desk.acme), called, wall()))
    (shown,) = desk.shown(desk.acme)
    assert shown.text.startswith("🔔\nT-12")
    assert str(desk.vera.id) in shown.html


async def test_buttons_stand_below_the_words_and_their_names_say_nothing(desk: Desk) -> None:
    await desk.adapter.send(desk.words(LONG, buttons=OFFERED))
    *before, last = desk.shown()
    assert before
    assert [one.buttons for one in before] == [[]] * len(before)
    assert last.labels == ["Status", "Escalate"]
    sent = str(desk.telegram.asked("sendMessage")[-1].arguments["reply_markup"])
    assert "client.status" not in sent
    assert "T-12" not in sent


async def test_a_question_opens_the_field_for_its_answer(desk: Desk) -> None:
    await desk.adapter.send(desk.words("Until when?", asks=True))
    assert desk.shown()[0].forces_reply


async def test_a_question_in_a_group_calls_whom_it_is_for(desk: Desk) -> None:
    asked = desk.words("Until when?", desk.acme, asks=True, only_to=str(desk.vera.id))
    await desk.adapter.send(asked)
    (shown,) = desk.shown(desk.acme)
    assert (shown.text, shown.forces_reply) == ("🔔 Until when?", True)
    assert str(desk.vera.id) in shown.html


async def test_a_question_with_buttons_shows_them(desk: Desk) -> None:
    await desk.adapter.send(desk.words("Which day?", asks=True, buttons=OFFERED))
    (shown,) = desk.shown()
    assert shown.labels
    assert not shown.forces_reply


# ---- for one person


async def test_what_is_for_one_person_goes_to_their_own_chat(desk: Desk) -> None:
    message = desk.words("We are back at nine.", desk.acme, only_to=str(desk.lena.id), buttons=OFFERED)
    receipt = await desk.adapter.send(message)
    assert desk.texts(desk.acme) == []
    (shown,) = desk.shown()
    assert receipt.external_id == shown.external_id
    assert {one.conversation for one in desk.kept.named.values()} == {desk.at(desk.lena)}
    assert await desk.adapter.reconcile(message) is None


async def test_whoever_never_spoke_to_the_bot_is_told_in_the_group(desk: Desk) -> None:
    oleg = desk.telegram.person("Oleg")
    group = desk.telegram.group("Beta", oleg)
    await desk.adapter.send(desk.words("We are back at nine.", group, only_to=str(oleg.id)))
    assert desk.texts(group) == ["We are back at nine."]


async def test_whoever_has_blocked_the_bot_is_told_in_the_group(desk: Desk) -> None:
    desk.lena.blocks()
    await desk.adapter.send(desk.words("We are back at nine.", desk.acme, only_to=str(desk.lena.id)))
    assert desk.texts(desk.acme) == ["We are back at nine."]


async def test_what_answers_somebody_is_told_where_they_wrote(desk: Desk) -> None:
    said = desk.vera.says("eta never", desk.acme)
    message = desk.words("That is no time.", desk.acme, only_to=str(desk.vera.id), reply_to=said.external_id)
    await desk.adapter.send(message)
    assert desk.shown(desk.acme)[0].reply_to == said.message_id


# ---- what stands in the way


async def test_markup_that_telegram_cannot_read_is_left_out_once(desk: Desk) -> None:
    desk.telegram.fail("sendMessage", UNREADABLE)
    await desk.adapter.send(desk.words("1 < 2"))
    assert desk.texts() == ["1 < 2"]
    first, second = desk.telegram.asked("sendMessage")
    assert first.arguments["parse_mode"] == "HTML"
    assert "parse_mode" not in second.arguments


async def test_markup_that_is_refused_even_so_is_a_failure(desk: Desk) -> None:
    desk.telegram.fail("sendMessage", UNREADABLE, times=2)
    with pytest.raises(PermanentError, match="cannot read the markup"):
        await desk.adapter.send(desk.words("1 < 2"))
    assert len(desk.telegram.asked("sendMessage")) == 2


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        pytest.param("Forbidden: bot was blocked by the user", "has blocked the bot", id="blocked"),
        pytest.param("Forbidden: user is deactivated", "account in Telegram is closed", id="gone"),
        pytest.param("Bad Request: chat not found", "no such chat", id="nowhere"),
        pytest.param("Forbidden: bot was kicked from the group chat", "add it again", id="kicked"),
        pytest.param("Bad Request: not enough rights to send text messages to the chat", "ask its admins", id="muted"),
        pytest.param("Bad Request: TOPIC_CLOSED", "topic is closed", id="closed"),
    ],
)
async def test_a_refusal_for_good_says_what_is_wrong(desk: Desk, description: str, reason: str) -> None:
    desk.telegram.fail("sendMessage", Fault(status=int(description.startswith("F") * 3) + 400, description=description))
    with pytest.raises(PermanentError, match=reason) as failed:
        await desk.adapter.send(desk.words("We are on it."))
    assert type(failed.value) is PermanentError
    assert len(desk.telegram.asked("sendMessage")) == 1


async def test_an_address_that_is_none_of_telegrams_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(PermanentError, match="no address of Telegram"):
        await desk.adapter.send(desk.words("Hello?", "vera"))
    assert desk.telegram.asked("sendMessage") == []


async def test_a_group_that_became_a_supergroup_is_told_with_its_new_address(desk: Desk) -> None:
    small = desk.telegram.group("Small", desk.lena, is_basic=True)
    new = small.upgrades()
    with pytest.raises(MovedError) as moved:
        await desk.adapter.send(desk.words("We are on it.", small))
    assert moved.value.to == desk.at(new)
    await desk.adapter.send(desk.words("We are on it.", new))
    assert desk.texts(new) == ["We are on it."]


async def test_a_long_text_in_a_group_that_moves_meanwhile_goes_on_where_the_group_is_now(desk: Desk) -> None:
    small = desk.telegram.group("Small", desk.lena, is_basic=True)
    desk.telegram.fail("sendMessage", Fault(), times=2)  # two parts pass
    desk.telegram.fail("sendMessage", Fault(retry_after=1))
    with pytest.raises(TemporaryError):
        await desk.adapter.send(desk.words(LONG, small))
    new = small.upgrades()
    desk.ahead += timedelta(seconds=5)
    with pytest.raises(MovedError) as moved:
        await desk.adapter.send(desk.words(LONG, small))
    assert moved.value.to == desk.at(new)
    await desk.adapter.send(desk.words(LONG, new))
    assert "\n".join([*desk.texts(small), *desk.texts(new)]) == LONG
    assert len(desk.texts(small)) == 2


async def test_a_card_of_a_group_that_became_a_supergroup_is_drawn_there_anew(desk: Desk) -> None:
    small = desk.telegram.group("Small", desk.vera, is_basic=True)
    receipt = await desk.adapter.send(card(desk, small))
    new = small.upgrades()
    again = await desk.adapter.edit(receipt.external_id, card(desk, new, replaces=receipt.external_id))
    assert again.external_id == desk.shown(new)[0].external_id


async def test_a_desk_that_is_away_sends_nothing_that_it_could_not_answer_for(desk: Desk) -> None:
    desk.kept.is_away = True
    with pytest.raises(TemporaryError, match="database is away"):
        await desk.adapter.send(desk.words("We have it.", buttons=OFFERED))
    assert desk.texts() == []
    desk.kept.is_away = False
    await desk.adapter.send(desk.words("We have it.", buttons=OFFERED))
    assert desk.texts() == ["We have it."]


# ---- in several parts


async def test_a_long_text_comes_in_parts_that_telegram_bears(desk: Desk) -> None:
    receipt = await desk.adapter.send(desk.words(LONG))
    shown = desk.shown()
    assert len(shown) > 2
    assert all(units(one.text) <= 4096 for one in shown)
    assert "\n".join(one.text for one in shown) == LONG
    assert receipt.external_id == shown[0].external_id


async def test_a_letter_of_many_signs_is_never_cut(desk: Desk) -> None:
    family = "👨‍👩‍👧‍👦"
    await desk.adapter.send(desk.words(family * 1_000))
    shown = desk.shown()
    assert "".join(one.text for one in shown) == family * 1_000
    assert all(len(one.text) % len(family) == 0 for one in shown)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(retry_after=3), id="haste"),
        pytest.param(Fault(status=500, description="Internal Server Error"), id="unwell"),
        pytest.param(Fault(cut="before"), id="cut before"),
    ],
)
@pytest.mark.parametrize("is_restarted", [pytest.param(False, id="one life"), pytest.param(True, id="a restart")])
async def test_a_long_text_that_was_interrupted_goes_on_where_it_stopped(
    desk: Desk,
    fault: Fault,
    is_restarted: bool,  # noqa: FBT001 - a case
) -> None:
    message = desk.words(LONG)
    desk.telegram.fail("sendMessage", Fault(status=200), times=0)
    desk.telegram.fail("sendMessage", fault)
    with pytest.raises((TemporaryError, UncertainError)):
        await desk.adapter.send(message)
    assert desk.texts() == []
    await finished(desk, replace(message, key="before"))
    parts = len(desk.shown())

    desk.telegram.mend()
    desk.telegram.fail("sendMessage", Fault(), times=2)  # two parts pass
    desk.telegram.fail("sendMessage", fault)
    desk.ahead += timedelta(seconds=5)
    with pytest.raises((TemporaryError, UncertainError)):
        await desk.adapter.send(message)
    assert len(desk.shown()) == parts + 2
    if is_restarted:
        await desk.restarts()
    desk.ahead += timedelta(seconds=5)
    assert await desk.adapter.reconcile(message) is None
    receipt = await finished(desk, message)
    assert "\n".join(desk.texts()[parts:]) == LONG
    assert receipt.external_id == desk.shown()[parts].external_id


async def test_a_part_in_doubt_is_the_only_one_that_comes_twice(desk: Desk) -> None:
    message = desk.words(LONG)
    desk.telegram.fail("sendMessage", Fault(), times=1)
    desk.telegram.fail("sendMessage", Fault(cut="after"))
    with pytest.raises(UncertainError):
        await desk.adapter.send(message)
    assert await desk.adapter.reconcile(message) is None
    await desk.adapter.send(replace(message, text=f"{LONG}\n(sent again)"))
    texts = desk.texts()
    assert texts[1] == texts[2]
    assert "\n".join([texts[0], *texts[2:]]) == f"{LONG}\n(sent again)"


async def test_a_long_text_whose_end_nobody_saw_is_found_again(desk: Desk) -> None:
    message = desk.words(LONG)
    receipt = await desk.adapter.send(message)
    await desk.restarts()
    found = await desk.adapter.reconcile(message)
    assert found is not None
    assert found.external_id == receipt.external_id


async def test_a_desk_that_goes_away_between_two_parts_repeats_neither(desk: Desk) -> None:
    message = desk.words(LONG)
    desk.telegram.fail("sendMessage", Fault(), times=1)
    desk.telegram.fail("sendMessage", Fault(retry_after=1))
    with pytest.raises(TemporaryError):
        await desk.adapter.send(message)
    desk.kept.taken_parts.clear()  # it had not been kept yet
    desk.ahead += timedelta(seconds=2)
    await finished(desk, message)
    assert "\n".join(desk.texts()) == LONG


# ---- at Telegram's pace


async def test_forty_messages_to_a_group_all_arrive_in_order_and_slow_nobody(telegram: TelegramServer) -> None:
    desk = Desk(telegram, rates=Rates())
    telegram.is_flood_limited = True
    telegram.now = lambda: desk.now().timestamp()
    telegram.fail("sendMessage", Fault(), times=9, chat=desk.acme)
    telegram.fail("sendMessage", Fault(retry_after=7), chat=desk.acme)
    for number in range(40):
        await finished(desk, desk.words(f"number {number}", desk.acme, key=f"reply-{number}"))
        if number == 20:
            await desk.adapter.send(desk.words("meanwhile", key="other"))
    await desk.adapter.close()
    calls = telegram.asked("sendMessage", desk.acme)
    assert desk.texts(desk.acme) == [f"number {number}" for number in range(40)]
    assert desk.texts() == ["meanwhile"]
    assert [call.status for call in calls].count(429) == 1
    went = [call.at for call in calls if call.status == 200]
    assert max(sum(first <= at < first + 60 for at in went) for first in went) <= 20
    refused = next(call.at for call in calls if call.status == 429)
    assert not [at for at in went if refused < at < refused + 7]


@pytest.mark.parametrize("is_plain", [False, True], ids=["drawn", "plain"])
async def test_a_word_to_our_people_holds_nothing_of_a_clients_name_that_can_be_pressed(
    desk: Desk,
    is_plain: bool,  # noqa: FBT001 - a case
) -> None:
    if is_plain:
        desk.telegram.fail("sendMessage", Fault(status=400, description="Bad Request: can't parse entities"))
    words = "T-12: done (/back). @durov t.me/evil https://evil.test/?start=T-12 was not sent this; /queue has it."
    await desk.adapter.send(desk.words(words, desk.vera, is_inward=True))
    (shown,) = desk.shown(desk.vera)
    assert shown.text.replace("\N{WORD JOINER}", "") == words
    assert [one["type"] for one in with_found(shown.text, [])] == ["bot_command"]
    copied = desk.vera.says(shown.text)
    (raw,) = [one for one in desk.telegram.line.emitted if one.get("message", {}).get("text") == shown.text]
    payload = Raw(Channel.TELEGRAM, "desk", copied.external_id, json.dumps(raw).encode(), wall())
    (heard,) = desk.adapter.convert(payload)
    assert isinstance(heard, InboundMessage)
    assert heard.text == words
