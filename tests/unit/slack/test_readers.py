"""Who may read in a channel, by what Slack lists of it."""

from typing import Any

import pytest

from adapters.message import Channel
from adapters.port import Cursor
from adapters.slack.readers import GONE, UNKNOWN, forgotten, readers_from_listing
from tests.unit.slack.captured import captured

PLAIN = {"id": "C123", "name": "acme", "is_private": True, "is_ext_shared": False, "shared_team_ids": ["T1"]}
SHARED = {**PLAIN, "is_ext_shared": True, "shared_team_ids": ["T1", "T2"]}


@pytest.mark.parametrize(
    ("found", "same"),
    [
        pytest.param(PLAIN | {"name": "renamed", "num_members": 9}, True, id="renamed, and one member more"),
        pytest.param(PLAIN | {"shared_team_ids": None}, True, id="told of no workspaces"),
        pytest.param(PLAIN | {"is_private": False}, False, id="opened to the whole workspace"),
        pytest.param(SHARED, False, id="shared with another workspace"),
        pytest.param(PLAIN | {"is_org_shared": True}, False, id="shared within the organisation"),
    ],
)
def test_a_channel_has_other_readers_or_the_same(found: dict[str, Any], *, same: bool) -> None:
    assert (readers_from_listing(found) == readers_from_listing(PLAIN)) is same


def test_a_third_workspace_is_another_reader_and_their_order_is_none() -> None:
    assert readers_from_listing(SHARED) != readers_from_listing(SHARED | {"connected_team_ids": ["T3"]})
    assert readers_from_listing(SHARED) == readers_from_listing(SHARED | {"shared_team_ids": ["T2", "T1"]})


@pytest.mark.parametrize("kind", ["channel_shared", "channel_unshared"])
def test_what_slack_tells_by_itself_is_learned_anew(kind: str) -> None:
    told = {**captured("channel_archive"), "event": {"type": kind, "channel": "C123"}}
    assert forgotten(told, "desk") == Cursor(Channel.SLACK, "desk/readers/C123", UNKNOWN)


def test_a_channel_that_we_are_out_of_is_known_to_be_so() -> None:
    told = {**captured("channel_archive"), "event": {"type": "channel_left", "channel": "C123"}}
    assert forgotten(told, "desk") == Cursor(Channel.SLACK, "desk/readers/C123", GONE)


@pytest.mark.parametrize(
    "envelope",
    [
        pytest.param(None, id="no envelope"),
        pytest.param(captured("message"), id="a message"),
        pytest.param({"event": {"type": "channel_shared", "channel": "../C1"}}, id="no channel"),
    ],
)
def test_anything_else_changes_nothing(envelope: dict[str, Any] | None) -> None:
    assert forgotten(envelope, "desk") is None
