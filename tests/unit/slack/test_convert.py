"""What Slack's events become."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import InboundError, MalformedError, UnfinishedError, UnsupportedError
from adapters.message import (
    Attachment,
    Channel,
    Identity,
    InboundDeletion,
    InboundEdit,
    InboundLine,
    InboundMessage,
    InboundReaction,
)
from adapters.slack.convert import inbound_from_raw, is_echo, lane_from_envelope
from adapters.slack.ids import external_id_of
from tests.unit.slack.captured import captured, raw, raw_from

TS = "1774603800.123456"
AT = datetime(2026, 3, 27, 9, 30, 0, 123456, tzinfo=UTC)
LENA = Identity(Channel.SLACK, "T1/U9")


def only(name: str) -> InboundLine:
    (inbound,) = inbound_from_raw(raw(name))
    return inbound


def message(name: str) -> InboundMessage:
    found = only(name)
    assert isinstance(found, InboundMessage)
    return found


def with_files(kept: Mapping[str, object]) -> Sequence[Attachment]:
    """The attachments of the message with files, once that became of them."""
    (said,) = inbound_from_raw(raw_from({**captured("message_files"), "kept": kept}))
    assert isinstance(said, InboundMessage)
    return said.attachments


def changed(name: str, **more: object) -> Mapping[str, Any]:
    """A captured event with other fields; None takes one away."""
    payload = captured(name)
    payload["event"] = {key: value for key, value in (payload["event"] | more).items() if value is not None}
    return payload


def test_a_message_in_a_channel_is_the_first_of_its_own_thread() -> None:
    said = message("message")
    assert said.conversation.key == f"slack:desk:T1/C123#{TS}"
    assert said.conversation.place == "T1/C123"
    assert said.external_id == f"C123:{TS}"
    assert said.sender == LENA
    assert said.text == "Payroll failed"
    assert said.at == AT
    assert said.reply_to is None


def test_an_answer_in_a_thread_belongs_to_the_thread() -> None:
    said = message("message_thread")
    assert said.conversation.address == f"T1/C123#{TS}"
    assert said.external_id == "C123:1774603900.000200"
    assert said.reply_to == f"C123:{TS}"


def test_markup_is_read_as_the_words_it_stands_for() -> None:
    assert message("message_thread").text == (
        "Since @U5&Co changed <it>, see the page (https://a.test/x?a=1&b=2) & b.test @here"
    )


def test_direct_messages_are_one_conversation_and_their_threads_are_told_beside() -> None:
    plain, answer = message("message_direct"), message("message_direct_thread")
    assert plain.conversation.address == "T1/U9"
    assert answer.conversation.address == "T1/U1"
    assert answer.reply_to == "D9:1774603940.000100"


def test_somebody_of_another_workspace_is_known_by_it_and_the_channel_by_ours() -> None:
    said = message("message_connect")
    assert said.sender == Identity(Channel.SLACK, "T2/U9")
    assert said.sender_name == "lena"
    assert said.conversation.place == "T1/C123"


def test_a_name_that_was_looked_up_is_used() -> None:
    payload = captured("message") | {"names": {"U9": "Lena Ortiz", "U5": 7}}
    (said,) = inbound_from_raw(raw_from(payload))
    assert isinstance(said, InboundMessage)
    assert said.sender_name == "Lena Ortiz"


def test_a_message_with_files_waits_until_they_are_fetched() -> None:
    with pytest.raises(UnfinishedError):
        inbound_from_raw(raw("message_files"))


@pytest.mark.parametrize(
    "left",
    [
        pytest.param("F1", id="one whose bytes are to be had"),
        pytest.param("F2", id="one of another workspace, which Slack tells of when it is asked"),
    ],
)
def test_a_message_waits_for_each_of_its_files(left: str) -> None:
    fates = {"F1": {"digest": "ab" * 32, "size": 813}, "F2": {}}
    with pytest.raises(UnfinishedError):
        with_files({name: fate for name, fate in fates.items() if name != left})


def test_files_are_named_and_what_is_out_of_reach_says_why() -> None:
    told = {"name": "plan.pdf", "mimetype": "application/pdf", "size": 77}
    files = with_files(
        {
            "F1": {"digest": "ab" * 32, "size": 813},
            "F2": {"file": told, "note": "could not be fetched from Slack"},
        }
    )
    assert [(file.name, file.type, file.size, file.digest) for file in files] == [
        ("payroll.csv", "text/csv", 813, "ab" * 32),
        ("plan.pdf", "application/pdf", 77, None),
        ("old.png", "application/octet-stream", 0, None),
        ("plan", "application/vnd.google-apps.document", 0, None),
    ]
    assert [file.note for file in files] == [
        "",
        "could not be fetched from Slack",
        "deleted in Slack",
        "kept outside Slack",
    ]


@pytest.mark.parametrize(
    ("fate", "note"),
    [
        pytest.param({"note": "could not be fetched from Slack"}, "could not be fetched from Slack", id="it says why"),
        pytest.param({}, "it stays in Slack", id="nobody knows why"),
        pytest.param("?", "it stays in Slack", id="what no version of ours writes"),
    ],
)
def test_a_file_that_could_not_be_had_is_shown_without_its_bytes(fate: object, note: str) -> None:
    file = with_files({"F1": fate, "F2": {}})[0]
    assert (file.name, file.size, file.digest, file.note) == ("payroll.csv", 812, None, note)


@pytest.mark.parametrize("name", ["../auth.test", "F\ud800", "", 7])
def test_nothing_is_asked_about_a_file_whose_id_is_none(name: object) -> None:
    payload = captured("message_files")
    payload["event"]["files"] = [{**payload["event"]["files"][1], "id": name}]
    (said,) = inbound_from_raw(raw_from(payload))
    assert isinstance(said, InboundMessage)
    assert [(file.name, file.note) for file in said.attachments] == [("file", "it stays in Slack")]


def test_a_file_larger_than_we_keep_is_not_waited_for() -> None:
    payload = captured("message_files")
    payload["event"]["files"][0]["size"] = 20 * 1024 * 1024 + 1
    del payload["event"]["files"][1]
    (said,) = inbound_from_raw(raw_from(payload))
    assert isinstance(said, InboundMessage)
    assert said.attachments[0].note == "larger than 20 MB; it stays in Slack"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("message_broadcast", "Still broken", id="also sent to the channel"),
        pytest.param("message_me", "waves", id="told of oneself"),
        pytest.param("message_forwarded", "see below\n\nOleg: The bank says <no>", id="with a forwarded message"),
    ],
)
def test_what_people_say_in_other_ways_is_a_message_too(name: str, text: str) -> None:
    assert message(name).text == text


def test_a_broadcast_stays_in_its_thread() -> None:
    assert message("message_broadcast").conversation.address == f"T1/C123#{TS}"


def test_new_words_are_an_edit_at_the_moment_they_were_written() -> None:
    edit = only("message_changed")
    assert isinstance(edit, InboundEdit)
    assert (edit.conversation.address, edit.external_id) == (f"T1/C123#{TS}", f"C123:{TS}")
    assert (edit.text, edit.sender) == ("Payroll failed again", LENA)
    assert edit.at == datetime(2026, 3, 27, 9, 33, 20, tzinfo=UTC)


def test_a_preview_that_slack_adds_is_nothing() -> None:
    assert inbound_from_raw(raw("message_unfurled")) == ()


@pytest.mark.parametrize(
    ("name", "thread"),
    [
        pytest.param("message_deleted", "1774603700.000100", id="an answer in a thread"),
        pytest.param("message_tombstone", TS, id="the first of a thread"),
    ],
)
def test_what_is_taken_back_is_a_deletion(name: str, thread: str) -> None:
    deletion = only(name)
    assert isinstance(deletion, InboundDeletion)
    assert deletion.conversation.address == f"T1/C123#{thread}"
    assert (deletion.external_id, deletion.sender) == (f"C123:{TS}", LENA)
    assert deletion.at == datetime(2026, 3, 27, 9, 35, tzinfo=UTC)


def test_a_sign_is_a_reaction_to_a_message() -> None:
    reaction = only("reaction")
    assert isinstance(reaction, InboundReaction)
    assert (reaction.external_id, reaction.sign, reaction.sender) == (f"C123:{TS}", ":+1:", LENA)


def test_a_message_read_back_has_no_event_and_reads_the_same() -> None:
    event = captured("message")["event"]
    (said,) = inbound_from_raw(raw_from({"team_id": "T1", "event": event, "backfilled": True}))
    assert said == message("message")


def with_emoji(text: str, *elements: Mapping[str, object]) -> str:
    """What is read of a message that Slack says holds these emoji."""
    section = {"type": "rich_text_section", "elements": list(elements)}
    listed = {"type": "rich_text_list", "elements": [section]}
    event = changed("message", text=text, blocks=[{"type": "rich_text", "elements": [listed]}])
    (said,) = inbound_from_raw(raw_from(event))
    assert isinstance(said, InboundMessage)
    return said.text


@pytest.mark.parametrize(
    ("text", "element", "read"),
    [
        pytest.param("Thanks :+1:", {"name": "+1", "unicode": "1f44d"}, "Thanks 👍", id="one"),
        pytest.param(
            ":wave::skin-tone-2: hi", {"name": "wave", "unicode": "1f44b-1f3fb", "skin_tone": 2}, "👋🏻 hi", id="tone"
        ),
        pytest.param(
            ":wave::skin-tone-3:", {"name": "wave::skin-tone-3", "unicode": "1f44b-1f3fc"}, "👋🏼", id="named so"
        ),
        pytest.param(":party_parrot:", {"name": "party_parrot"}, ":party_parrot:", id="the workspace's own"),
        pytest.param("at 10:30:15 :-)", {"name": "30", "unicode": "zz"}, "at 10:30:15 :-)", id="no emoji at all"),
        pytest.param(":x:", {"name": "x", "unicode": "ffffff"}, ":x:", id="no character"),
        pytest.param(":x:", {"name": "x", "unicode": "d83d-de00"}, "\ufffd\ufffd", id="half characters"),
        pytest.param(":x:", {"name": "x", "unicode": "202e-41"}, "A", id="what turns words round"),
    ],
)
def test_emoji_are_read_as_they_were_seen(text: str, element: Mapping[str, object], read: str) -> None:
    assert with_emoji(text, {"type": "emoji", **element}) == read


def test_an_opened_home_says_nothing() -> None:
    assert inbound_from_raw(raw("home_opened")) == ()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("bot_message", "an app wrote this", id="another app"),
        pytest.param("own_post", "an app wrote this", id="ourselves"),
        pytest.param("own_file", "an app wrote this", id="a file of ours"),
        pytest.param("channel_join", "channel_join", id="a note of Slack's own"),
        pytest.param("app_mention", "also comes as the message", id="a mention of the app"),
    ],
)
def test_what_is_not_served_is_named(name: str, reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        inbound_from_raw(raw(name))


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param([], id="a list"),
        pytest.param({}, id="no event"),
        pytest.param({"event": {"type": 7}}, id="a kind that is no text"),
        pytest.param(changed("message", ts="soon"), id="no timestamp"),
        pytest.param(changed("message", channel="general"), id="no channel"),
        pytest.param(changed("message", user="lena"), id="no person"),
        pytest.param(changed("message", user=None), id="nobody"),
        pytest.param(changed("message_changed", message="new"), id="a change of nothing"),
        pytest.param(
            {**captured("message"), "authorizations": [], "context_team_id": None, "team_id": 1}, id="nowhere"
        ),
    ],
)
def test_what_lacks_what_it_must_have_is_malformed(payload: object) -> None:
    with pytest.raises(MalformedError):
        inbound_from_raw(raw_from(payload))


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"no json", b"[" * 100_000, b'{"event": ' + b"9" * 5_000 + b"}"])
def test_what_is_no_json_object_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        inbound_from_raw(replace(raw("message"), payload=payload))


@pytest.mark.parametrize(
    ("name", "lane"),
    [
        pytest.param("message", "slack:desk:T1/C123", id="a message"),
        pytest.param("message_thread", "slack:desk:T1/C123", id="an answer"),
        pytest.param("message_changed", "slack:desk:T1/C123", id="an edit"),
        pytest.param("message_deleted", "slack:desk:T1/C123", id="a deletion"),
        pytest.param("message_direct", "slack:desk:T1/U9", id="a direct message"),
        pytest.param("channel_archive", "slack:desk:T1/C123", id="its end"),
        pytest.param("reaction", "", id="something that is no message"),
        pytest.param("own_post", "slack:desk:T1/C123", id="our own"),
    ],
)
def test_everything_about_a_place_is_decided_in_its_order(name: str, lane: str) -> None:
    assert lane_from_envelope(captured(name), "desk") in ("", lane)
    if name != "own_post":
        assert lane_from_envelope(captured(name), "desk") == lane


@pytest.mark.parametrize(
    ("payload", "is_ours"),
    [
        pytest.param(captured("own_post"), True, id="our own message"),
        pytest.param(captured("own_file"), True, id="our own file"),
        pytest.param(changed("message_changed", message={"user": "U0DESK", "text": "now"}), True, id="our own change"),
        pytest.param(changed("reaction", user="U0DESK"), True, id="our own sign"),
        pytest.param(captured("message"), False, id="a client's message"),
        pytest.param(captured("message_changed"), False, id="a client's change"),
        pytest.param(captured("reaction"), False, id="a client's sign"),
        pytest.param(captured("bot_message"), False, id="another app's message"),
        pytest.param(
            changed("message_deleted", previous_message={"user": "U0DESK"}), False, id="a message of ours taken away"
        ),
        pytest.param({**captured("own_post"), "authorizations": []}, False, id="nobody says who we are"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_only_what_we_ourselves_just_did_is_an_echo(payload: Mapping[str, Any], is_ours: bool) -> None:  # noqa: FBT001
    assert is_echo(payload) is is_ours


def test_an_event_is_known_by_its_id_and_a_message_read_back_by_its_place() -> None:
    assert external_id_of(captured("message")) == "Ev07ABC"
    assert external_id_of({"event": captured("message")["event"], "backfilled": True}) == f"C123:{TS}"
    with pytest.raises(MalformedError):
        external_id_of({"event": {}})


def test_changes_of_one_moment_read_back_are_known_apart() -> None:
    event = {"channel": "C123", "ts": "1774609999.000000", "subtype": "message_changed"}
    names = [
        external_id_of({"backfilled": True, "event": {**event, "message": {"ts": ts}}})
        for ts in (TS, "1774603900.000100")
    ]
    assert names == [f"C123:{TS}:1774609999.000000", "C123:1774603900.000100:1774609999.000000"]
    with pytest.raises(MalformedError):
        external_id_of({"backfilled": True, "event": {**event, "message": {"ts": "soon"}}})


def test_a_deletion_that_says_nothing_of_what_was_said_is_known_and_not_served() -> None:
    with pytest.raises(UnsupportedError, match="taken back"):
        inbound_from_raw(raw_from(changed("message_deleted", previous_message=None)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "message",
    "message_thread",
    "message_files",
    "message_changed",
    "message_deleted",
    "message_tombstone",
    "message_forwarded",
    "reaction",
    "home_opened",
]


@given(st.sampled_from(NAMES), st.data())
def test_a_field_of_any_shape_is_read_or_refused_in_our_words(name: str, data: st.DataObject) -> None:
    payload = captured(name)
    event = payload["event"]
    place = data.draw(st.sampled_from([payload, event, event.get("message", event), event.get("item", event)]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    with suppress(InboundError):
        for inbound in inbound_from_raw(raw_from(payload)):
            json.dumps(inbound.conversation.key).encode()
            assert "\x00" not in inbound.external_id


@given(st.text())
def test_a_text_never_holds_what_no_screen_can_bear(text: str) -> None:
    for inbound in inbound_from_raw(raw_from(changed("message", text=text))):
        assert isinstance(inbound, InboundMessage)
        assert "\x00" not in inbound.text
        inbound.text.encode()
