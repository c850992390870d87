"""What is sent to Slack: where it goes, how it looks there, and that nothing of it is said twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.card import Card, Home, OutboundCard, OutboundHome, Promise
from adapters.errors import PermanentError, TemporaryError, UncertainError
from adapters.message import (
    Attachment,
    Button,
    OutboundMark,
    Standing,
    Untrusted,
)
from tests.contract.slack.desk import ACME, LENA, LONG, VERA, Desk, a_file, names_of_files
from tests.peers.slack_adapter import adapter_for, seen, wall
from tests.peers.slack_api import Fault
from tests.peers.slack_emulator import TEAM
from tests.unit.slack.judge import element_types, judge_blocks, judge_view

CARD = Card(
    "T-12 · Acme · Payroll failed",
    lines=("Lena <!channel> on Slack",),
    quote=Untrusted("it *stops* <@U0VERA>"),
    promises=(Promise("First response", "58 min left", "ok"),),
    buttons=(Button("ticket.take", "Take it", "T-12", "primary"),),
)


OFFERED = (Button("client.status", "Status", "T-12"), Button("client.escalate", "Escalate", "T-12"))


async def test_an_answer_goes_into_the_clients_thread(desk: Desk) -> None:
    said = await desk.slack.says(LENA, ACME, "Payroll failed", is_told=False)
    receipt = await desk.adapter.send(desk.words("We are on it.", f"{TEAM}/{ACME}#{said.ts}"))
    (answer,) = await desk.shown()
    assert answer["thread_ts"] == said.ts
    assert receipt.external_id == f"{ACME}:{answer['ts']}"


async def test_words_under_a_card_go_into_its_thread_in_direct_messages(desk: Desk) -> None:
    where = f"{TEAM}/{VERA}"
    card = await desk.adapter.send(OutboundCard("card-1", desk.at(where), CARD, wall()))
    await desk.adapter.send(desk.words("Lena: still broken", where, reply_to=card.external_id))
    root, answer = await desk.shown(await desk.slack.dm(VERA))
    assert answer["thread_ts"] == root["ts"]
    assert card.external_id.endswith(root["ts"])
    assert len(desk.slack.api.asked("conversations.open")) == 1


async def test_nothing_is_looked_through_for_names_or_shown_as_a_page(desk: Desk) -> None:
    await desk.adapter.send(desk.words("Hello @channel, see https://a.test/x?a=1&b=2."))
    (call,) = desk.slack.api.asked("chat.postMessage")
    asked = call.arguments
    assert (asked["parse"], asked["link_names"], asked["mrkdwn"]) == ("none", False, False)
    assert (asked["unfurl_links"], asked["unfurl_media"]) == (False, False)
    assert asked["text"] == "Hello @channel, see <https://a.test/x?a=1&amp;b=2>."
    assert await desk.texts() == ["Hello @channel, see https://a.test/x?a=1&b=2."]


async def test_only_people_of_ours_are_called_and_only_by_id(desk: Desk) -> None:
    card = replace(CARD, mention=True, mentions=(f"{TEAM}/{VERA}", "not an address", f"{TEAM}/C0ALERTS"))
    await desk.adapter.send(OutboundCard("alert-1", desk.at(f"{TEAM}/{ACME}"), card, wall()))
    (message,) = await desk.shown()
    assert message["text"].count("<@") == 1
    assert message["text"].startswith(f"<@{VERA}> ")
    assert "<!" not in message["text"]


async def test_a_card_changes_where_it_stands(desk: Desk) -> None:
    where = desk.at(f"{TEAM}/{VERA}")
    receipt = await desk.adapter.send(OutboundCard("card-1", where, CARD, wall()))
    changed = OutboundCard("card-2", where, replace(CARD, title="T-12 · closed"), wall(), receipt.external_id)
    assert (await desk.adapter.edit(receipt.external_id, changed)).external_id == receipt.external_id
    (text,) = await desk.texts(await desk.slack.dm(VERA))
    assert "T-12 · closed" in text


async def test_a_card_that_is_no_longer_there_is_shown_anew_and_once(desk: Desk) -> None:
    where, dm = desk.at(f"{TEAM}/{VERA}"), await desk.slack.dm(VERA)
    first = await desk.adapter.send(OutboundCard("card-1", where, CARD, wall()))
    await desk.slack.api.inside("chat.delete", {"channel": dm, "ts": first.external_id.partition(":")[2]})
    changed = OutboundCard("card-2", where, replace(CARD, title="T-12 · closed"), wall(), first.external_id)
    desk.slack.api.fail("chat.postMessage", Fault(cut="after"))
    with pytest.raises(UncertainError):
        await desk.adapter.edit(first.external_id, changed)
    anew = await desk.adapter.edit(first.external_id, changed)
    (text,) = await desk.texts(dm)
    assert "T-12 · closed" in text
    assert anew.external_id != first.external_id
    again = OutboundCard("card-3", where, replace(CARD, title="T-12 · open"), wall(), anew.external_id)
    assert (await desk.adapter.edit(anew.external_id, again)).external_id == anew.external_id


async def test_what_only_one_person_sees_is_whispered(desk: Desk) -> None:
    message = desk.words("We are back at nine.", only_to=f"{TEAM}/{LENA}")
    receipt = await desk.adapter.send(message)
    (whisper,) = desk.slack.api.ephemerals
    assert (whisper["user"], whisper["text"]) == (LENA, "We are back at nine.")
    assert receipt.external_id.startswith(f"{ACME}:")
    assert await desk.shown() == []
    assert await desk.adapter.reconcile(message) is None


async def test_buttons_stand_below_the_words_once(desk: Desk) -> None:
    receipt = await desk.adapter.send(desk.words(LONG, buttons=OFFERED))
    *before, last = await desk.shown()
    assert before
    assert all(element_types(message["blocks"]).isdisjoint({"actions"}) for message in before)
    judge_blocks(last["blocks"])
    assert [(one["action_id"], one["text"]["text"], one["value"]) for one in last["blocks"][-1]["elements"]] == [
        ("client.status", "Status", "T-12"),
        ("client.escalate", "Escalate", "T-12"),
    ]
    assert receipt.external_id.endswith(before[0]["ts"])


async def test_what_only_one_person_sees_has_its_buttons_too(desk: Desk) -> None:
    await desk.adapter.send(desk.words("We have it.", only_to=f"{TEAM}/{LENA}", buttons=OFFERED))
    (whisper,) = desk.slack.api.ephemerals
    assert element_types(whisper["blocks"]) >= {"actions", "button"}


async def test_a_change_in_doubt_is_simply_made_again(desk: Desk) -> None:
    receipt = await desk.adapter.send(desk.words("We are on it."))
    changed = replace(desk.words("Mended."), key="edit-1", replaces=receipt.external_id)
    desk.slack.api.fail("chat.update", Fault(cut="after"))
    with pytest.raises(UncertainError):
        await desk.adapter.edit(receipt.external_id, changed)
    assert await desk.adapter.reconcile(changed) is None
    assert (await desk.adapter.edit(receipt.external_id, changed)).external_id == receipt.external_id
    assert await desk.texts() == ["Mended."]


async def test_a_long_text_that_was_cut_short_is_finished_and_not_begun_again(desk: Desk) -> None:
    message = desk.words(LONG)
    desk.slack.api.fail("chat.postMessage", Fault(), times=1)  # the first part passes
    desk.slack.api.fail("chat.postMessage", Fault(retry_after=1), times=1)
    with pytest.raises(UncertainError, match="only a part of it arrived"):
        await desk.adapter.send(message)
    assert len(await desk.shown()) == 1

    receipt = await desk.adapter.reconcile(message)
    assert receipt is not None
    texts = await desk.texts()
    assert "\n".join(texts) == LONG
    assert receipt.external_id.endswith((await desk.shown())[0]["ts"])


async def test_a_long_text_is_changed_in_all_its_parts(desk: Desk) -> None:
    said = await desk.slack.says(LENA, ACME, "Payroll failed", is_told=False)
    where = f"{TEAM}/{ACME}#{said.ts}"
    receipt = await desk.adapter.send(desk.words(LONG, where))
    longer = LONG.upper() + "\n" + LONG
    await desk.adapter.edit(receipt.external_id, replace(desk.words(longer, where), key="reply-1-again"))
    assert "\n".join(await desk.texts()) == longer
    await desk.adapter.edit(receipt.external_id, replace(desk.words("Done.", where), key="reply-1-once-more"))
    assert await desk.texts() == ["Done."]


async def test_two_messages_in_doubt_are_told_apart_by_their_keys(desk: Desk) -> None:
    first, second = desk.words("We are on it."), replace(desk.words("We are on it."), key="reply-2")
    desk.slack.api.fail("chat.postMessage", Fault(cut="after"))
    with pytest.raises(UncertainError):
        await desk.adapter.send(first)
    assert await desk.adapter.reconcile(second) is None
    found = await desk.adapter.reconcile(first)
    assert found is not None
    assert len(await desk.shown()) == 1


async def test_what_is_far_up_in_a_busy_channel_is_found_page_by_page(desk: Desk) -> None:
    message = OutboundCard("card-1", desk.at(f"{TEAM}/{ACME}"), CARD, wall())
    receipt = await desk.adapter.send(message)
    for number in range(210):
        await desk.slack.says(LENA, ACME, f"and {number}", is_told=False)
    found = await desk.adapter.reconcile(message)
    assert found is not None
    assert found.external_id == receipt.external_id
    assert len(desk.slack.api.asked("conversations.history")) == 2


async def test_a_send_in_doubt_stays_in_doubt_while_slack_cannot_be_read(desk: Desk) -> None:
    desk.slack.api.fail("conversations.history", Fault(cut="before"))
    with pytest.raises(TemporaryError):
        await desk.adapter.reconcile(desk.words("We are on it."))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(Fault(error="is_archived"), "the channel is archived in Slack", id="archived"),
        pytest.param(Fault(error="not_in_channel"), "invite it there", id="not a member"),
        pytest.param(Fault(error="token_revoked"), "set SLACK_BOT_TOKEN", id="revoked"),
        pytest.param(Fault(error="account_inactive"), "set SLACK_BOT_TOKEN", id="switched off"),
    ],
)
async def test_a_refusal_for_good_says_what_to_do(desk: Desk, fault: Fault, reason: str) -> None:
    desk.slack.api.fail("chat.postMessage", fault)
    with pytest.raises(PermanentError, match=reason):
        await desk.adapter.send(desk.words("We are on it."))
    assert len(desk.slack.api.asked("chat.postMessage")) == 1


async def test_a_token_that_is_no_longer_valid_stands_in_the_health_until_a_call_is_answered(desk: Desk) -> None:
    desk.slack.api.fail("chat.postMessage", Fault(error="token_revoked"))
    with pytest.raises(PermanentError):
        await desk.adapter.send(desk.words("We are on it."))
    health = desk.adapter.health()
    assert "set SLACK_BOT_TOKEN" in health.trouble
    assert health.detail.endswith(health.trouble)
    await desk.adapter.send(desk.words("We are on it."))
    assert desk.adapter.health().trouble == ""


async def test_a_person_who_is_nowhere_cannot_be_written_to(desk: Desk) -> None:
    with pytest.raises(PermanentError, match="no such person"):
        await desk.adapter.send(desk.words("Hello?", f"{TEAM}/U0NOBODY"))


async def test_an_address_that_is_none_of_slacks_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(PermanentError, match="no address of Slack"):
        await desk.adapter.send(desk.words("Hello?", "vera"))
    assert desk.slack.api.calls == []


async def test_edits_rest_when_slack_asks_for_it_and_alerts_do_not(desk: Desk) -> None:
    where = desk.at(f"{TEAM}/{VERA}")
    receipt = await desk.adapter.send(OutboundCard("card-1", where, CARD, wall()))
    desk.slack.api.fail("chat.update", Fault(retry_after=7))
    for _ in range(2):
        with pytest.raises(TemporaryError) as failed:
            await desk.adapter.edit(receipt.external_id, OutboundCard("card-2", where, CARD, wall()))
        assert failed.value.retry_after is not None
        assert failed.value.retry_after > timedelta(seconds=5)
        assert failed.value.is_alone  # what else goes to the place is not held up by it
    assert len(desk.slack.api.asked("chat.update")) == 1  # Slack was not asked again before its time
    await desk.adapter.send(OutboundCard("alert-1", where, CARD, wall()))


async def test_a_place_that_bears_no_more_words_is_told_so_as_a_whole(desk: Desk) -> None:
    desk.slack.api.fail("chat.postMessage", Fault(retry_after=7))
    with pytest.raises(TemporaryError) as failed:
        await desk.adapter.send(desk.words("We are on it."))
    assert (failed.value.retry_after, failed.value.is_alone) == (timedelta(seconds=7), False)


# ---- files


async def test_files_go_with_the_words_they_belong_to(desk: Desk) -> None:
    said = await desk.slack.says(LENA, ACME, "Payroll failed", is_told=False)
    lost = Attachment(Untrusted("big.iso"), "application/octet-stream", 9, note="too large")
    files = (a_file(desk, content=b"%PDF" * 500_000), a_file(desk, "two.pdf"), lost)
    await desk.adapter.send(desk.words("Here it is.", f"{TEAM}/{ACME}#{said.ts}", attachments=files))
    shown = [one for one in await desk.slack.shown(ACME) if one["ts"] != said.ts]
    assert seen(shown[0]) == "Here it is.\nbig.iso (too large)"
    assert names_of_files(shown) == ["report.pdf", "two.pdf"]
    assert {one["thread_ts"] for one in shown} == {said.ts}


async def test_a_file_alone_comes_with_its_name(desk: Desk) -> None:
    await desk.adapter.send(desk.words("", attachments=(a_file(desk),)))
    shown = await desk.slack.shown(ACME)
    assert seen(shown[0]) == "report.pdf"
    assert names_of_files(shown) == ["report.pdf"]


async def test_files_that_did_not_arrive_with_their_words_are_sent_after_them(desk: Desk) -> None:
    message = desk.words("Here it is.", attachments=(a_file(desk),))
    desk.slack.api.fail("files.completeUploadExternal", Fault(cut="before"))
    with pytest.raises(UncertainError):
        await desk.adapter.send(message)
    assert names_of_files(await desk.slack.shown(ACME)) == []
    desk.ahead = timedelta(minutes=1)
    for _ in range(2):  # the second time everything is found
        assert await desk.adapter.reconcile(message) is not None
    shown = await desk.slack.shown(ACME)
    assert names_of_files(shown) == ["report.pdf"]
    assert len(await desk.texts()) == len(shown)


async def test_a_file_that_is_no_longer_kept_is_a_failure_before_anything_is_said(desk: Desk) -> None:
    gone = Attachment(Untrusted("report.pdf"), "application/pdf", 8, "f" * 64)
    with pytest.raises(PermanentError, match="no longer kept"):
        await desk.adapter.send(desk.words("Here it is.", attachments=(gone,)))
    assert await desk.shown() == []


# ---- signs and homes


async def signs(desk: Desk, ts: str) -> list[str]:
    (message,) = [one for one in await desk.slack.shown(await desk.slack.dm(VERA)) if one["ts"] == ts]
    return [one["name"] for one in message.get("reactions", [])]


def mark(desk: Desk, external_id: str, standing: Standing) -> OutboundMark:
    return OutboundMark(f"mark-{standing}", desk.at(f"{TEAM}/{VERA}"), external_id, standing, wall())


@pytest.mark.parametrize(
    "is_restarted", [pytest.param(False, id="in one life"), pytest.param(True, id="after a restart")]
)
async def test_a_sign_under_a_message_takes_the_place_of_the_one_before(desk: Desk, is_restarted: bool) -> None:  # noqa: FBT001
    said = await desk.slack.says(VERA, await desk.slack.dm(VERA), "It is mended.", is_told=False)
    adapter = desk.adapter
    steps: list[tuple[Standing, str]] = [
        ("waiting", "hourglass"),
        ("uncertain", "question"),
        ("failed", "warning"),
        ("sent", "white_check_mark"),
    ]
    for standing, sign in steps:
        receipt = await adapter.send(mark(desk, said.external_id, standing))
        assert receipt.external_id == said.external_id
        assert await signs(desk, said.ts) == [sign]
        if is_restarted:
            await adapter.close()
            adapter = adapter_for(desk.slack)
    await adapter.close()


async def test_a_sign_that_stands_there_already_is_a_success(desk: Desk) -> None:
    said = await desk.slack.says(VERA, await desk.slack.dm(VERA), "It is mended.", is_told=False)
    for _ in range(2):
        await desk.adapter.send(mark(desk, said.external_id, "sent"))
    assert await signs(desk, said.ts) == ["white_check_mark"]
    assert await desk.adapter.reconcile(mark(desk, said.external_id, "sent")) is None


async def test_a_sign_under_a_message_that_is_gone_is_a_failure(desk: Desk) -> None:
    dm = await desk.slack.dm(VERA)
    with pytest.raises(PermanentError):
        await desk.adapter.send(mark(desk, f"{dm}:1700000000.000001", "sent"))


async def test_a_home_shows_the_queue_with_its_buttons(desk: Desk) -> None:
    home = Home("My queue", (CARD, replace(CARD, title="T-13 · Beta")))
    message = OutboundHome("home-1", desk.at(f"{TEAM}/{VERA}"), home, wall())
    receipt = await desk.adapter.send(message)
    view = desk.slack.api.homes[VERA]
    judge_view({"type": view["type"], "blocks": view["blocks"]})
    assert receipt.external_id
    assert await desk.adapter.reconcile(message) is None
