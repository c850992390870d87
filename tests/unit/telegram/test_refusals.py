"""What the Bot API's refusals mean for a send."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.errors import PermanentError, TemporaryError, UncertainError
from adapters.telegram.refusals import PATIENCE, RefusedError, error_from_answer


def answer(code: int, description: str, **parameters: object) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": description, "parameters": parameters}


@pytest.mark.parametrize(
    ("parameters", "pause"),
    [
        pytest.param({"retry_after": 7}, timedelta(seconds=7), id="named"),
        pytest.param({}, PATIENCE, id="not named"),
        pytest.param({"retry_after": -1}, PATIENCE, id="below zero"),
        pytest.param({"retry_after": 10**9}, PATIENCE, id="longer than anybody waits"),
        pytest.param({"retry_after": "soon"}, PATIENCE, id="no number"),
    ],
)
def test_a_refusal_for_haste_is_tried_again_after_the_pause(parameters: dict[str, Any], pause: timedelta) -> None:
    error = error_from_answer(429, answer(429, "Too Many Requests", **parameters))
    assert isinstance(error, TemporaryError)
    assert error.retry_after == pause


@pytest.mark.parametrize(
    ("status", "found", "kind"),
    [
        pytest.param(500, answer(500, "Internal Server Error"), TemporaryError, id="Telegram itself says it failed"),
        pytest.param(502, None, UncertainError, id="a gateway knows nothing"),
        pytest.param(504, {}, UncertainError, id="an answer without its sign"),
        pytest.param(200, None, UncertainError, id="no answer at all"),
        pytest.param(429, None, TemporaryError, id="haste without words"),
        pytest.param(413, None, PermanentError, id="too large for its gate"),
        pytest.param(400, answer(400, "Bad Request: chat not found"), PermanentError, id="refused"),
        pytest.param(200, {"ok": False}, PermanentError, id="refused without words"),
    ],
)
def test_what_became_of_a_send_follows_from_who_answers(
    status: int, found: dict[str, Any] | None, kind: type[Exception]
) -> None:
    assert isinstance(error_from_answer(status, found), kind)


@pytest.mark.parametrize(
    ("code", "description", "words"),
    [
        pytest.param(403, "Forbidden: bot was blocked by the user", "blocked the bot", id="blocked"),
        pytest.param(403, "Forbidden: bot was kicked from the supergroup chat", "add it again", id="removed"),
        pytest.param(400, "Bad Request: not enough rights to send text messages", "lacks a right", id="may not write"),
        pytest.param(400, "Bad Request: message thread not found", "topic is no longer there", id="a topic gone"),
        pytest.param(400, "Bad Request: something new", "refused it: Bad Request: something new", id="unknown"),
        pytest.param(401, "Unauthorized", "the bot's token is no longer valid", id="revoked"),
        pytest.param(404, "Not Found", "the bot's token is no longer valid", id="never valid"),
        pytest.param(403, "", "Telegram refused it: 403", id="no words"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_where_to_look(code: int, description: str, words: str) -> None:
    assert words in str(RefusedError(code, description))


def test_a_group_that_moved_says_where_to() -> None:
    error = error_from_answer(400, answer(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009))
    assert isinstance(error, RefusedError)
    assert error.migrated_to == -1009
    assert RefusedError(400, "x", {"migrate_to_chat_id": "there"}).migrated_to is None


def test_an_edit_that_changes_nothing_and_markup_that_cannot_be_read_are_known() -> None:
    unchanged = "Bad Request: message is not modified: specified new message content is exactly the same"
    assert RefusedError(400, unchanged).is_unchanged
    assert RefusedError(400, "Bad Request: can't parse entities: Unsupported start tag").is_unreadable_markup
    assert not RefusedError(400, "Bad Request: chat not found").is_unchanged
