"""What Slack says of a channel that other workspaces read than before."""

from datetime import UTC, datetime

import pytest

from adapters.errors import MalformedError
from adapters.message import Channel, Conversation, InboundPlace
from adapters.slack.convert import lane_from_envelope
from adapters.slack.shared import shared_from_raw
from tests.unit.slack.captured import captured, raw, raw_from

SHARED = {"type": "channel_shared", "connected_team_id": "T9", "channel": "C123", "event_ts": "1774604200.000000"}
UNSHARED = {
    "type": "channel_unshared",
    "previously_connected_team_id": "T2",
    "channel": "C123",
    "is_ext_shared": False,
    "event_ts": "1774604200.000000",
}


@pytest.mark.parametrize("event", [pytest.param(SHARED, id="shared"), pytest.param(UNSHARED, id="no longer shared")])
def test_it_is_news_of_the_whole_channel_in_its_turn_among_what_is_said_there(event: dict[str, object]) -> None:
    envelope = {**captured("channel_archive"), "event": event}
    where = Conversation(Channel.SLACK, "desk", "T1/C123")
    at = datetime(2026, 3, 27, 9, 36, 40, tzinfo=UTC)
    assert shared_from_raw(raw_from(envelope)) == InboundPlace(where, "shared", at)
    assert lane_from_envelope(envelope, "desk") == where.lane == lane_from_envelope(captured("message"), "desk")


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
        shared_from_raw(raw_from({**captured("channel_archive"), "event": SHARED | broken}))


def test_anything_else_is_no_such_news() -> None:
    assert shared_from_raw(raw("message")) is None
    assert shared_from_raw(raw("channel_archive")) is None
