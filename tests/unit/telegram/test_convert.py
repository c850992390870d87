"""What Telegram's updates become."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.errors import InboundError, MalformedError, UnfinishedError, UnsupportedError
from adapters.message import (
    Channel,
    Identity,
    Inbound,
    InboundEdit,
    InboundGap,
    InboundMessage,
    InboundPlace,
    InboundReaction,
)
from adapters.port import Raw
from adapters.telegram.convert import ALLOWED_UPDATES, inbound_from_raw, lane_from_update
from adapters.telegram.files import files_of
from adapters.telegram.updates import raw_from_gap
from tests.unit.telegram.captured import FOLDER, captured, raw, raw_from

AT = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)
LENA = Identity(Channel.TELEGRAM, "1001")
OUR_NAME = "acme_desk_bot"


def only(name: str) -> Inbound:
    (inbound,) = inbound_from_raw(raw(name), OUR_NAME)
    return inbound


def message(name: str) -> InboundMessage:
    found = only(name)
    assert isinstance(found, InboundMessage)
    return found


def place(name: str) -> InboundPlace:
    found = only(name)
    assert isinstance(found, InboundPlace)
    return found


def with_file(name: str, became: Mapping[str, object]) -> InboundMessage:
    """The message once its files were fetched, and all of them became the same."""
    update = captured(name)
    with pytest.raises(UnfinishedError):
        inbound_from_raw(raw_from(update))
    ids = {found[key] for found in _objects(update) for key in ("file_id",) if key in found}
    (said,) = inbound_from_raw(raw_from({**update, "kept": dict.fromkeys(ids, became)}))
    assert isinstance(said, InboundMessage)
    return said


def _objects(found: object) -> list[Mapping[str, Any]]:
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    return ([found] if isinstance(found, dict) else []) + [one for each in inner for one in _objects(each)]


def changed(name: str, **more: object) -> Raw:
    """A captured message with other fields; None takes one away."""
    update = captured(name)
    update["message"] = {key: value for key, value in (update["message"] | more).items() if value is not None}
    return raw_from(update)


def test_a_message_in_a_private_chat_is_the_conversation_with_its_writer() -> None:
    said = message("message")
    assert said.conversation.key == "telegram:desk:1001"
    assert said.external_id == "1001:5"
    assert said.sender == LENA
    assert said.sender_name == "Lena Kova"
    assert said.text == "Payroll failed"
    assert said.at == AT
    assert said.language == "pt"
    assert (said.reply_to, said.album, said.attachments) == (None, None, ())


def test_a_group_is_one_conversation_whoever_writes() -> None:
    said = message("message_group")
    assert said.conversation.address == "-1001234"
    assert said.external_id == "-1001234:77"
    assert said.sender == LENA


def test_a_topic_is_a_conversation_in_the_lane_of_its_group() -> None:
    said = message("message_topic")
    assert said.conversation.address == "-1001234#55"
    assert said.conversation.lane == message("message_group").conversation.lane
    assert said.external_id == "-1001234:78"


def test_what_answers_nothing_in_a_topic_is_no_answer_to_the_note_that_opened_it() -> None:
    assert message("message_topic").reply_to is None
    assert message("message_topic_reply").reply_to == "-1001234:78"


def test_a_chain_of_answers_in_a_plain_group_is_no_topic() -> None:
    said = message("message_reply")
    assert said.conversation.address == "-1001234"
    assert said.reply_to == "-1001234:77"
    assert said.text == "Still"


def test_a_hidden_target_of_a_link_stands_behind_it() -> None:
    assert message("message_entities").text == (
        "👋 see the page [https://a.test/x?a=1&b=2] or /help and lena@acme.test"
    )


def test_a_command_to_us_by_name_is_the_command() -> None:
    assert message("message_command").text == "/status T-1"
    assert message("message_start").text == "/start TOKEN-1"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("/new@acme_desk_bot\nIt is down", "/new\nIt is down", id="words below it"),
        pytest.param("ask /new@acme_desk_bot", "ask /new@acme_desk_bot", id="not at the beginning"),
        pytest.param("/@acme_desk_bot", "/@acme_desk_bot", id="no command"),
    ],
)
def test_only_a_command_at_the_beginning_is_one(text: str, read: str) -> None:
    (said,) = inbound_from_raw(changed("message", text=text), OUR_NAME)
    assert isinstance(said, InboundMessage)
    assert said.text == read


def test_a_command_to_a_bot_whose_name_begins_like_ours_is_not_to_us() -> None:
    with pytest.raises(UnsupportedError):
        inbound_from_raw(changed("message_group", text="/new@acme_desk_bots it"), OUR_NAME)


def test_alone_with_us_nobody_speaks_to_another_bot() -> None:
    (said,) = inbound_from_raw(changed("message", text="/new@other_bot it is down"), OUR_NAME)
    assert isinstance(said, InboundMessage)
    assert said.text == "/new@other_bot it is down"


def test_nothing_is_taken_from_a_command_while_our_name_is_not_known() -> None:
    (said,) = inbound_from_raw(raw("message_command"))
    assert isinstance(said, InboundMessage)
    assert said.text == "/status@Acme_Desk_Bot T-1"


def test_an_edit_is_a_new_wording() -> None:
    edit = only("edited")
    assert edit == InboundEdit(
        message("message").conversation, "1001:5", LENA, message("message").text.__class__("Payroll failed twice"),
        AT + timedelta(seconds=30),
    )  # fmt: skip


def test_an_edited_caption_is_a_new_wording_and_its_file_is_fetched_because_it_may_be_another() -> None:
    edited = json.loads(raw("edited_caption").payload)
    with pytest.raises(UnfinishedError):
        inbound_from_raw(raw("edited_caption"))
    (file,) = files_of(edited["edited_message"])
    (edit,) = inbound_from_raw(raw_from(edited | {"kept": {file.id: {"digest": "d" * 64, "size": 9}}}))
    assert isinstance(edit, InboundEdit)
    assert (edit.text, [one.digest for one in edit.attachments]) == ("The screen, again", ["d" * 64])


def test_somebody_who_shares_where_they_are_says_nothing_by_moving() -> None:
    assert inbound_from_raw(raw("edited_location")) == ()


@pytest.mark.parametrize(
    ("name", "called", "type_"),
    [
        pytest.param("photo", "photo.jpg", "image/jpeg", id="a photo"),
        pytest.param("document", "../logtxt.exe", "text/plain", id="a document"),
        pytest.param("animation", "cat.mp4", "video/mp4", id="a moving picture, once"),
        pytest.param("video", "clip.mov", "video/quicktime", id="a video"),
        pytest.param("voice", "voice message.ogg", "audio/ogg", id="a voice message"),
        pytest.param("video_note", "video message.mp4", "video/mp4", id="a video message"),
        pytest.param("audio", "Hold music", "audio/mpeg", id="music"),
    ],
)
def test_a_file_is_fetched_first_and_then_an_attachment(name: str, called: str, type_: str) -> None:
    (file,) = with_file(name, {"digest": "d" * 64, "size": 12}).attachments
    assert (file.name, file.type, file.digest, file.size, file.note) == (called, type_, "d" * 64, 12, "")


def test_a_photo_is_its_largest_size_and_its_caption_is_what_was_said() -> None:
    said = with_file("photo", {"note": "Telegram has it no longer"})
    (file,) = said.attachments
    assert said.text == "The screen"
    assert (file.size, file.digest, file.note) == (98_765, None, "Telegram has it no longer")


def test_a_file_too_large_is_said_and_holds_nothing_up() -> None:
    said = message("document_large")
    (file,) = said.attachments
    assert file.note == "too large to fetch (70 MB); it stays in Telegram"
    assert file.name == "dump.zip"


def test_the_parts_of_an_album_name_it() -> None:
    first, second = (with_file(name, {"note": "gone"}) for name in ("album_first", "album_second"))
    assert first.album == second.album == "1001:album:13579"
    assert (first.external_id, second.external_id) == ("1001:10", "1001:11")
    assert (first.text, second.text) == ("Two screens", "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("sticker", "[sticker 👍]", id="a sticker"),
        pytest.param("location", "[location 38.72, -9.14]", id="a place on the map"),
        pytest.param("live_location", "[live location 38.72, -9.14]", id="where somebody is"),
        pytest.param("venue", "[place: Office, Rua A 1 (38.72, -9.14)]", id="a named place, once"),
        pytest.param("contact", "[contact: Lena Kova, +351 900 000 000]", id="a contact"),
        pytest.param("poll", "[poll: Which day? – Mon / Tue]", id="a poll"),
        pytest.param("dice", "[🎲 4]", id="dice"),
        pytest.param("story", "[story]", id="a story"),
        pytest.param(
            "future_kind",
            "[a message of the kind 'hologram', which is shown in Telegram only]",
            id="what Telegram invents after us",
        ),
        pytest.param("forwarded_person", "[forwarded from Otto Ops]\nIt is down", id="forwarded from a person"),
        pytest.param("forwarded_hidden", "[forwarded from Somebody <b>]\nIt is down", id="forwarded from a hidden one"),
        pytest.param("forwarded_channel", "[forwarded from Status]\nNews", id="forwarded from a channel"),
    ],
)
def test_what_is_no_text_is_readable_all_the_same(name: str, text: str) -> None:
    assert message(name).text == text


def test_a_contact_proves_nothing() -> None:
    said = message("contact")
    assert said.vouched is None
    assert said.sender == LENA


def test_who_writes_as_a_group_or_a_channel_is_that_group_or_channel() -> None:
    anonymous, channel = message("anonymous_admin"), message("as_channel")
    assert (anonymous.sender.address, anonymous.sender_name) == ("-1001234", "Acme & us")
    assert (channel.sender.address, channel.sender_name) == ("-100888", "Acme News")
    assert anonymous.language == channel.language is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param(
            "linked_post", "a post of the channel that belongs to the group", id="a channel's post in its group"
        ),
        pytest.param("bot_message", "a bot wrote this", id="another bot"),
        pytest.param("message_command_other", "a command to another bot", id="a command to another bot"),
        pytest.param("new_members", "new_chat_members", id="somebody joined"),
        pytest.param("pinned", "pinned_message", id="a pin"),
        pytest.param("title", "new_chat_title", id="a new title"),
        pytest.param("topic_created", "forum_topic_created", id="a new topic"),
        pytest.param("migrate_from", "migrate_from_chat_id", id="the other note of a move"),
        pytest.param("reaction_removed", "a sign was taken back", id="a sign taken back"),
        pytest.param("member_joined", "somebody else joined or left", id="another member"),
        pytest.param("channel_post", "a post in a channel", id="a channel"),
        pytest.param("business_message", "'business_message' are not served", id="a business's messages"),
        pytest.param("press", "a press is answered at once", id="a press"),
    ],
)
def test_what_is_not_served_is_named(name: str, reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        inbound_from_raw(raw(name), OUR_NAME)


@pytest.mark.parametrize(
    ("name", "sign", "sender"),
    [
        pytest.param("reaction", "👍", "1001", id="the first"),
        pytest.param("reaction_second", "🔥", "1001", id="only the new one of two"),
        pytest.param("reaction_custom", "[an emoji of their own]", "1001", id="an emoji of their own"),
        pytest.param("reaction_anonymous", "👍", "-1001234", id="from the group itself"),
    ],
)
def test_a_sign_under_a_message_is_a_reaction(name: str, sign: str, sender: str) -> None:
    found = only(name)
    assert isinstance(found, InboundReaction)
    assert (found.sign, found.sender.address, found.external_id) == (sign, sender, "-1001234:77")
    assert found.at == AT + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("name", "address", "became"),
    [
        pytest.param("joined", "-1001234", "joined", id="added to a group"),
        pytest.param("restricted_in", "-1001234", "joined", id="added with few rights"),
        pytest.param("left", "-1001234", "left", id="removed from it"),
        pytest.param("blocked", "1001", "blocked", id="blocked by a person"),
        pytest.param("unblocked", "1001", "unblocked", id="and no longer"),
    ],
)
def test_what_becomes_of_us_in_a_place_is_told(name: str, address: str, became: str) -> None:
    found = place(name)
    assert (found.conversation.address, found.change, found.by) == (address, became, LENA)
    assert found.at == AT + timedelta(seconds=9)
    assert found.title == ("Acme & us" if address.startswith("-") else "Lena Kova")


@pytest.mark.parametrize(
    "name", [pytest.param("promoted", id="other rights"), pytest.param("first_start", id="the first time they come")]
)
def test_what_changes_nothing_about_a_place_is_nothing(name: str) -> None:
    assert inbound_from_raw(raw(name)) == ()


def test_a_group_that_becomes_a_supergroup_has_moved() -> None:
    found = place("migrate_to")
    assert (found.conversation.address, found.change, found.title) == ("-4321", "moved", "Small")
    assert found.to is not None
    assert found.to.address == "-1009876"


def test_a_move_is_read_before_what_is_said_in_the_new_place() -> None:
    assert lane_from_update(captured("migrate_to"), "desk") == "telegram:desk:-1009876"


@pytest.mark.parametrize(
    ("name", "lane"),
    [
        pytest.param("message", "telegram:desk:1001", id="a private chat"),
        pytest.param("message_topic", "telegram:desk:-1001234", id="a topic shares its group's"),
        pytest.param("edited", "telegram:desk:1001", id="an edit"),
        pytest.param("reaction", "telegram:desk:-1001234", id="a sign"),
        pytest.param("joined", "telegram:desk:-1001234", id="what becomes of us"),
        pytest.param("channel_post", "", id="what is not served has none"),
    ],
)
def test_an_update_goes_in_the_lane_of_its_chat(name: str, lane: str) -> None:
    assert lane_from_update(captured(name), "desk") == lane


def test_a_gap_is_told_with_how_much_it_may_have_cost() -> None:
    until = AT + timedelta(hours=30)
    kept = raw_from_gap(5, 41, since=AT, until=until, bot="123", account="desk")
    assert kept.key == "telegram:desk:123:gap:5-41"
    assert inbound_from_raw(kept) == (InboundGap(Channel.TELEGRAM, "desk", 37, AT, until),)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b'{"update_id":1}', id="an update of nothing"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b'{"message":' + b"9" * 5_000 + b"}", id="a number without end"),
        pytest.param(b'{"update_id":1,"message":5}', id="a message that is a number"),
        pytest.param(b'{"update_id":1,"message":{"chat":{"id":0,"type":"private"}}}', id="a chat without a number"),
        pytest.param(b'{"maitred":"gap","from":9,"to":5}', id="a gap without an end"),
        pytest.param(b'{"maitred":"gap","from":1,"to":2,"since":"2026-01-01","until":"x"}', id="a gap without moments"),
    ],
)
def test_what_cannot_be_read_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        inbound_from_raw(Raw(Channel.TELEGRAM, "desk", "1", payload, AT))


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"message_id": True}, id="a number that is a yes"),
        pytest.param({"message_id": 10**18}, id="a number larger than any of Telegram's"),
        pytest.param({"message_id": -5}, id="a number below zero"),
        pytest.param({"date": 0}, id="no moment"),
        pytest.param({"date": 10**14}, id="a moment beyond the calendar"),
        pytest.param({"from": None}, id="nobody"),
        pytest.param({"chat": {"id": "1001", "type": "private"}}, id="a chat that is a text"),
        pytest.param({"migrate_to_chat_id": 12}, id="a move to a person"),
    ],
)
def test_a_message_without_what_makes_it_one_is_malformed(more: Mapping[str, object]) -> None:
    with pytest.raises(MalformedError):
        inbound_from_raw(changed("message", **more))


def test_nothing_that_no_store_can_bear_comes_through() -> None:
    (said,) = inbound_from_raw(changed("message", text="a\x00b\ud800c\u202ed"))
    assert isinstance(said, InboundMessage)
    assert said.text == "ab\N{REPLACEMENT CHARACTER}cd"


@pytest.mark.parametrize(
    "entity",
    [
        pytest.param({"type": "text_link", "offset": 10**6, "length": 5, "url": "https://a.test"}, id="beyond the end"),
        pytest.param({"type": "text_link", "offset": -9, "length": 5, "url": "https://a.test"}, id="before the start"),
        pytest.param({"type": "text_link", "offset": 0, "url": "https://a.test"}, id="without a length"),
        pytest.param({"type": "text_link", "offset": "0", "length": 3, "url": 5}, id="of another kind"),
    ],
)
def test_a_mark_that_fits_nowhere_changes_nothing(entity: Mapping[str, object]) -> None:
    (said,) = inbound_from_raw(changed("message", entities=[entity]))
    assert isinstance(said, InboundMessage)
    assert said.text == "Payroll failed"


def test_every_kind_that_is_asked_for_has_a_meaning() -> None:
    kinds = {key for path in FOLDER.glob("*.json") for key in json.loads(path.read_text("utf-8"))} - {"update_id"}
    assert kinds > set(ALLOWED_UPDATES)


_UPDATES = [path.read_text("utf-8") for path in sorted(FOLDER.glob("*.json"))]
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["\ud800", "\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _bent(draw: st.DrawFn) -> dict[str, Any]:
    """A real update with something else in one or two of its places."""
    update: dict[str, Any] = json.loads(draw(st.sampled_from(_UPDATES)))
    for _ in range(draw(st.integers(1, 3))):
        objects = _objects(update)
        found = draw(st.sampled_from(objects))
        key = draw(st.sampled_from(sorted(found) or ["x"]))
        assert isinstance(found, dict)
        found[key] = draw(_values)
    return update


@settings(max_examples=300)
@given(_bent())
def test_an_update_bent_in_any_way_is_read_or_refused_in_our_words(update: dict[str, Any]) -> None:
    lane_from_update(update, "desk")
    with suppress(InboundError):
        for inbound in inbound_from_raw(raw_from(update), OUR_NAME):
            json.dumps(str(inbound)).encode()


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_our_words(payload: bytes) -> None:
    with suppress(InboundError):
        inbound_from_raw(Raw(Channel.TELEGRAM, "desk", "1", payload, AT))
