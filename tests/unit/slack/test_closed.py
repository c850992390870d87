"""An account that Slack closes is news of whoever it was; every other change of a profile is none."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.errors import MalformedError
from adapters.message import Channel, Identity
from adapters.port import Raw
from adapters.slack.closed import closed_from_raw, is_of_ours, is_small_change


def envelope(**user: Any) -> dict[str, Any]:  # noqa: ANN401 - a payload of Slack's
    profile = {"id": "U01STAFF", "team_id": "T01DESK", "name": "vera", "deleted": True, "profile": {}, **user}
    event = {"type": "user_change", "user": profile, "cache_ts": 1700000000, "event_ts": "1700000000.000100"}
    return {"team_id": "T01DESK", "api_app_id": "A01", "event": event, "type": "event_callback", "event_id": "Ev1"}


def raw(found: dict[str, Any]) -> Raw:
    return Raw(Channel.SLACK, "T01DESK", "Ev1", json.dumps(found).encode(), datetime(2026, 3, 3, tzinfo=UTC))


def test_a_closed_account_is_news_of_whose_it_was() -> None:
    news = closed_from_raw(raw(envelope()))
    assert news is not None
    assert news.by is not None
    assert (news.change, news.by.key, news.conversation.place) == (
        "closed",
        "slack:T01DESK/U01STAFF",
        "T01DESK/U01STAFF",
    )
    assert not is_small_change(envelope())


@pytest.mark.parametrize(
    "user",
    [
        pytest.param({"deleted": False}, id="a new name"),
        pytest.param({"deleted": None}, id="no word of it"),
        pytest.param({"deleted": "true"}, id="a word that is no truth value"),
    ],
)
def test_any_other_change_of_a_profile_is_not_kept(user: dict[str, Any]) -> None:
    assert is_small_change(envelope(**user))
    assert closed_from_raw(raw(envelope(**user))) is None


@pytest.mark.parametrize("trait", ["is_restricted", "is_ultra_restricted", "is_stranger", "is_bot"])
def test_an_account_that_is_no_members_is_news_as_well(trait: str) -> None:
    news = closed_from_raw(raw(envelope(deleted=False, **{trait: True})))
    assert news is not None
    assert news.by is not None
    assert (news.change, news.by.key) == ("guest", "slack:T01DESK/U01STAFF")
    assert is_small_change(envelope(deleted=False, **{trait: False}))
    assert is_small_change(envelope(deleted=False, **{trait: "true"}))


OURS = Identity(Channel.SLACK, "T01DESK/U01STAFF")
ALONE, ORGANISED = {"team_id": "T01DESK", "enterprise_id": None}, {"team_id": "T01DESK", "enterprise_id": "E01ORG"}


@pytest.mark.parametrize(
    ("who", "user", "me", "is_ours"),
    [
        pytest.param(OURS, {"team_id": "T01DESK"}, ALONE, True, id="a member"),
        pytest.param(OURS, {}, ALONE, True, id="a member of whom Slack says little"),
        pytest.param(OURS, {"team_id": "T02ACME"}, ALONE, False, id="written as ours, and of another"),
        pytest.param(Identity(Channel.SLACK, "T02ACME/U9"), {"team_id": "T02ACME"}, ALONE, False, id="another's"),
        pytest.param(Identity(Channel.SLACK, "T02ACME/U9"), {"team_id": "T01DESK"}, ALONE, False, id="a wrong team"),
        pytest.param(
            Identity(Channel.SLACK, "T03SALES/U7"),
            {"team_id": "T03SALES", "enterprise_user": {"enterprise_id": "E01ORG"}},
            ORGANISED,
            True,
            id="a colleague in another workspace of the organisation",
        ),
        pytest.param(OURS, {"team_id": "E01ORG"}, ORGANISED, True, id="a member of the whole organisation"),
        pytest.param(
            Identity(Channel.SLACK, "T02ACME/U9"),
            {"team_id": "T02ACME", "enterprise_user": {"enterprise_id": "E02ACME"}},
            ORGANISED,
            False,
            id="somebody of another organisation",
        ),
    ],
)
def test_an_account_is_of_our_workspace_or_of_its_organisation(
    who: Identity,
    user: dict[str, Any],
    me: dict[str, Any],
    is_ours: bool,  # noqa: FBT001
) -> None:
    assert is_of_ours(user, who, me) is is_ours


def test_in_an_organisation_the_workspace_is_the_one_we_live_in() -> None:
    news = closed_from_raw(raw(envelope(team_id="E01ORG")))
    assert news is not None
    assert news.conversation.place == "T01DESK/U01STAFF"


def test_a_closed_account_of_nobody_is_malformed() -> None:
    with pytest.raises(MalformedError):
        closed_from_raw(raw(envelope(id="")))
