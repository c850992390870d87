"""What Slack says of a channel as a whole: that others read there than before, that we are out of it, or in."""

from datetime import UTC, datetime

import pytest

from adapters.errors import MalformedError, UnsupportedError
from adapters.message import Channel, Conversation, InboundPlace, PlaceChange
from adapters.slack.convert import inbound_from_raw, lane_from_envelope
from adapters.slack.whereabouts import place_from_raw
from tests.unit.slack.captured import captured, raw, raw_from

SHARED = {"type": "channel_shared", "connected_team_id": "T9", "channel": "C123", "event_ts": "1774604200.000000"}
UNSHARED = {
    "type": "channel_unshared",
    "previously_connected_team_id": "T2",
    "channel": "C123",
    "is_ext_shared": False,
    "event_ts": "1774604200.000000",
}


US, LENA = "U0DESK", "U9"


def event(kind: str, user: str = "U1") -> dict[str, object]:
    return {"type": kind, "channel": "C123", "user": user, "event_ts": "1774604200.000000"}


@pytest.mark.parametrize(
    ("event", "change"),
    [
        pytest.param(SHARED, "shared", id="shared"),
        pytest.param(UNSHARED, "shared", id="no longer shared"),
        pytest.param(event("channel_left"), "left", id="we were taken out"),
        pytest.param(event("group_left"), "left", id="we were taken out of a private one"),
        pytest.param(event("channel_archive"), "left", id="archived"),
        pytest.param(event("group_deleted"), "left", id="deleted"),
        pytest.param(event("member_left_channel", US), "left", id="we left, as others see it"),
        pytest.param(event("member_joined_channel", US), "joined", id="we were taken in"),
    ],
)
def test_it_is_news_of_the_whole_channel_in_its_turn_among_what_is_said_there(
    event: dict[str, object], change: PlaceChange
) -> None:
    envelope = {**captured("channel_archive"), "event": event}
    where = Conversation(Channel.SLACK, "desk", "T1/C123")
    at = datetime(2026, 3, 27, 9, 36, 40, tzinfo=UTC)
    assert place_from_raw(raw_from(envelope)) == InboundPlace(where, change, at)
    assert lane_from_envelope(envelope, "desk") == where.lane == lane_from_envelope(captured("message"), "desk")


def test_a_channel_that_has_another_id_moved_there() -> None:
    changed = {"type": "channel_id_changed", "old_channel_id": "G123", "new_channel_id": "C123"}
    envelope = {**captured("channel_archive"), "event": {**changed, "event_ts": "1774604200.000000"}}
    old, new = (Conversation(Channel.SLACK, "desk", f"T1/{channel}") for channel in ("G123", "C123"))
    at = datetime(2026, 3, 27, 9, 36, 40, tzinfo=UTC)
    assert place_from_raw(raw_from(envelope)) == InboundPlace(old, "moved", at, to=new)
    for broken in ({"new_channel_id": "general"}, {"old_channel_id": None}, {"event_ts": "soon"}):
        with pytest.raises(MalformedError):
            place_from_raw(raw_from({**envelope, "event": {**envelope["event"], **broken}}))


@pytest.mark.parametrize("kind", ["member_joined_channel", "member_left_channel"])
def test_that_others_come_and_go_is_no_such_news(kind: str) -> None:
    envelope = {**captured("channel_archive"), "event": event(kind, LENA)}
    assert place_from_raw(raw_from(envelope)) is None
    with pytest.raises(UnsupportedError):
        inbound_from_raw(raw_from(envelope))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"channel": "general"}, id="no channel"),
        pytest.param({"event_ts": "yesterday"}, id="no moment"),
        pytest.param({"event_ts": None}, id="nothing for a moment"),
    ],
)
def test_what_cannot_be_read_is_said_to_be_so(broken: dict[str, object]) -> None:
    with pytest.raises(MalformedError):
        place_from_raw(raw_from({**captured("channel_archive"), "event": SHARED | broken}))


def test_anything_else_is_no_such_news() -> None:
    assert place_from_raw(raw("message")) is None
    assert place_from_raw(raw("channel_join")) is None
