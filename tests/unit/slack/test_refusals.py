"""What Slack's refusals mean for a send."""

from datetime import timedelta

import pytest

from adapters.errors import DeliveryError, PermanentError, TemporaryError, UncertainError
from adapters.slack.refusals import RefusedError, error_from_answer


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        pytest.param(429, "ratelimited", TemporaryError, id="haste"),
        pytest.param(200, "ratelimited", TemporaryError, id="haste without the status"),
        pytest.param(503, "", TemporaryError, id="away"),
        pytest.param(200, "service_unavailable", TemporaryError, id="away in words"),
        pytest.param(200, "internal_error", UncertainError, id="failed while at it"),
        pytest.param(200, "fatal_error", UncertainError, id="failed badly"),
        pytest.param(500, "", UncertainError, id="failed without a word"),
        pytest.param(502, "", UncertainError, id="cut by a gateway"),
        pytest.param(200, "", UncertainError, id="an answer without sense"),
        pytest.param(200, "is_archived", RefusedError, id="archived"),
        pytest.param(200, "not_in_channel", RefusedError, id="not a member"),
        pytest.param(200, "token_revoked", RefusedError, id="revoked"),
        pytest.param(200, "something_new", RefusedError, id="a word we do not know"),
    ],
)
def test_each_refusal_has_one_outcome(status: int, code: str, outcome: type[DeliveryError]) -> None:
    error = error_from_answer(status, code, None)
    assert type(error) is outcome
    assert str(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("7", 7, id="seconds"),
        pytest.param("0", 1, id="no time at all"),
        pytest.param(None, 30, id="not said"),
        pytest.param("soon", 30, id="not a number"),
        pytest.param("9" * 400, 30, id="no sane number"),
        pytest.param("٧", 30, id="digits of another script"),
    ],
)
def test_the_pause_is_the_one_slack_asks_for(header: str | None, seconds: int) -> None:
    error = error_from_answer(429, "ratelimited", header)
    assert isinstance(error, TemporaryError)
    assert error.retry_after == timedelta(seconds=seconds)


def test_a_refusal_says_what_to_do_and_keeps_slacks_word() -> None:
    error = error_from_answer(200, "not_in_channel", None)
    assert isinstance(error, RefusedError)
    assert isinstance(error, PermanentError)
    assert (str(error), error.code) == ("the app is not a member of the channel: invite it there", "not_in_channel")
    assert str(error_from_answer(200, "odd_thing", None)) == "Slack refused it: odd_thing"
