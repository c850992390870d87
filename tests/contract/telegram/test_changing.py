"""What stands in a chat of Telegram already: changed in place, all its parts, and marked with what became of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.errors import PermanentError, TemporaryError, UncertainError
from adapters.message import OutboundMark, Standing
from adapters.telegram.pacing import Rates
from tests.contract.telegram.desk import CARD, LONG, Desk, card
from tests.peers.telegram_adapter import wall
from tests.peers.telegram_server import Fault, TelegramServer


async def test_a_card_changes_where_it_stands(desk: Desk) -> None:
    receipt = await desk.adapter.send(card(desk))
    changed = replace(card(desk, key="card-2", replaces=receipt.external_id), card=replace(CARD, title="T-12 · closed"))
    assert (await desk.adapter.edit(receipt.external_id, changed)).external_id == receipt.external_id
    (shown,) = desk.shown(desk.vera)
    assert shown.text.startswith("T-12 · closed")
    assert shown.buttons == [["Take it", "Give ETA"]]


async def test_a_card_that_is_gone_is_drawn_anew(desk: Desk) -> None:
    receipt = await desk.adapter.send(card(desk))
    chat, _, number = receipt.external_id.partition(":")
    del desk.telegram.world.places[int(chat)].messages[int(number)]
    again = await desk.adapter.edit(receipt.external_id, card(desk, key="card-2", replaces=receipt.external_id))
    assert again.external_id != receipt.external_id
    assert desk.shown(desk.vera)[0].external_id == again.external_id


async def test_a_card_in_doubt_is_drawn_again_and_not_asked_after(desk: Desk) -> None:
    receipt = await desk.adapter.send(card(desk))
    changed = card(desk, key="card-2", replaces=receipt.external_id)
    desk.telegram.fail("editMessageText", Fault(cut="after"))
    with pytest.raises(UncertainError):
        await desk.adapter.edit(receipt.external_id, replace(changed, card=replace(CARD, title="T-12 · closed")))
    assert await desk.adapter.reconcile(changed) is None


async def test_a_long_text_is_changed_in_all_its_parts(desk: Desk) -> None:
    receipt = await desk.adapter.send(desk.words(LONG))
    longer = f"{LONG.upper()}\n{LONG}"
    await desk.adapter.edit(receipt.external_id, desk.words(longer, key="edit-1"))
    assert "\n".join(desk.texts()) == longer
    await desk.restarts()
    await desk.adapter.edit(receipt.external_id, desk.words("Done.", key="edit-2"))
    assert desk.texts() == ["Done."]
    await desk.adapter.edit(receipt.external_id, desk.words(LONG, key="edit-3"))
    assert "\n".join(desk.texts()) == LONG


async def test_an_edit_without_room_in_its_group_waits_alone_and_leaves_half_of_the_room_to_words(
    telegram: TelegramServer,
) -> None:
    desk = Desk(telegram, rates=Rates(chat_every_s=0, chat_rest_s=0))
    receipt = await desk.adapter.send(card(desk, desk.acme))
    for number in range(9):
        titled = replace(CARD, title=f"T-12 · {number}")
        await desk.adapter.edit(receipt.external_id, replace(card(desk, desk.acme), card=titled))
    with pytest.raises(TemporaryError) as put_off:
        await desk.adapter.edit(receipt.external_id, card(desk, desk.acme))
    assert put_off.value.is_alone
    assert put_off.value.retry_after is not None
    assert put_off.value.retry_after > timedelta(seconds=50)
    for number in range(10):
        await desk.adapter.send(desk.words(f"Payroll failed again: {number}", desk.acme, key=f"alert-{number}"))
    with pytest.raises(TemporaryError) as full:
        await desk.adapter.send(desk.words("Once more", desk.acme, key="alert-10"))
    assert not full.value.is_alone
    desk.telegram.fail("sendMessage", Fault(retry_after=7))
    desk.ahead = timedelta(minutes=2)
    with pytest.raises(TemporaryError):
        await desk.adapter.send(desk.words("Later", desk.acme, key="alert-11"))
    with pytest.raises(TemporaryError) as held:
        await desk.adapter.edit(receipt.external_id, card(desk, desk.acme))
    assert not held.value.is_alone, "Telegram wants no more of anything there"
    await desk.adapter.close()


@pytest.mark.parametrize("is_file", [False, True], ids=["words", "words under a file"])
async def test_words_that_grew_into_several_messages_are_all_found_again(desk: Desk, is_file: bool) -> None:  # noqa: FBT001
    files = (desk.file(),) if is_file else ()
    receipt = await desk.adapter.send(desk.words("Soon.", attachments=files))
    for number, words in enumerate([LONG, LONG.upper()]):
        await desk.restarts()
        await desk.adapter.edit(receipt.external_id, desk.words(words, key=f"edit-{number}", attachments=files))
        assert "\n".join(desk.texts()) == words
    await desk.adapter.edit(receipt.external_id, desk.words("Done.", key="edit-2", attachments=files))
    assert desk.texts() == ["Done."]


async def test_a_part_that_is_too_old_to_be_taken_back_is_blanked(desk: Desk) -> None:
    receipt = await desk.adapter.send(desk.words(LONG))
    too_old = Fault(status=400, description="Bad Request: message can't be deleted for everyone")
    desk.telegram.fail("deleteMessage", too_old, times=100)
    await desk.adapter.edit(receipt.external_id, desk.words("Done.", key="edit-1"))
    first, *others = desk.texts()
    assert first == "Done."
    assert set(others) == {"—"}


async def test_a_clients_message_that_is_gone_cannot_be_changed(desk: Desk) -> None:
    with pytest.raises(PermanentError, match="no longer there"):
        await desk.adapter.edit(f"{desk.lena.id}:999", desk.words("Mended.", key="edit-1"))
    assert desk.texts() == []


# ---- signs


def mark(desk: Desk, external_id: str, standing: Standing) -> OutboundMark:
    return OutboundMark(f"mark-{standing}", desk.at(desk.vera), external_id, standing, wall())


async def test_a_sign_takes_the_place_of_the_one_before(desk: Desk) -> None:
    said = desk.vera.says("It is mended.")
    steps: list[tuple[Standing, str]] = [("waiting", "👀"), ("uncertain", "🤔"), ("failed", "💔"), ("sent", "👌")]
    for standing, sign in steps:
        receipt = await desk.adapter.send(mark(desk, said.external_id, standing))
        assert receipt.external_id == said.external_id
        assert [one.reactions for one in desk.telegram.shown(desk.vera) if one.message_id == said.message_id] == [
            [sign]
        ]
    await desk.adapter.send(mark(desk, said.external_id, "sent"))
    assert await desk.adapter.reconcile(mark(desk, said.external_id, "sent")) is None


async def test_where_no_signs_are_allowed_only_bad_news_is_told_and_quietly(desk: Desk) -> None:
    desk.acme.allows_reactions()
    said = desk.vera.says("It is mended.", desk.acme)
    for standing in ("waiting", "sent", "failed", "uncertain"):
        await desk.adapter.send(replace(mark(desk, said.external_id, standing), conversation=desk.at(desk.acme)))
    shown = desk.shown(desk.acme)
    assert [one.text for one in shown] == ["This did not arrive.", "Nobody knows whether this arrived."]
    assert all(one.is_silent and one.reply_to == said.message_id for one in shown)


async def test_a_sign_under_a_message_that_is_gone_is_a_failure(desk: Desk) -> None:
    with pytest.raises(PermanentError):
        await desk.adapter.send(mark(desk, f"{desk.vera.id}:999", "sent"))


async def test_what_a_client_read_before_their_group_moved_cannot_be_changed_there_any_more(desk: Desk) -> None:
    small = desk.telegram.group("Small", desk.lena, is_basic=True)
    receipt = await desk.adapter.send(desk.words("We are on it.", small))
    new = small.upgrades()
    with pytest.raises(PermanentError, match="where the group was before"):
        await desk.adapter.edit(receipt.external_id, desk.words("Mended.", new, key="edit-1"))


async def test_a_sign_under_what_was_written_before_the_group_moved_is_a_failure(desk: Desk) -> None:
    small = desk.telegram.group("Small", desk.vera, is_basic=True)
    said = desk.vera.says("It is mended.", small)
    small.upgrades()
    with pytest.raises(PermanentError):
        await desk.adapter.send(mark(desk, said.external_id, "sent"))
