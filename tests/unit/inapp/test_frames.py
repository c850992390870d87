"""What pages send, taken apart, and what they are told."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.inapp.frames import Hello, Say, frame_from_json, line_frame, lines_frames
from adapters.inapp.transcript import Line

AT = datetime(2026, 3, 4, 12, 4, tzinfo=UTC)


def _line(rev: int, position: int, **changes: str | bool | None) -> Line:
    plain = Line(rev, position, f"line-{position}", None, "out", "reply", "Vera", "Fixed by 13:00", AT)
    return Line(**{name: changes.get(name, getattr(plain, name)) for name in Line.__slots__})


def test_a_hello_may_say_almost_nothing() -> None:
    assert frame_from_json('{"type":"hello"}') == Hello(type="hello")


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param('{"type":"hello","after":-1}', id="a negative rev"),
        pytest.param('{"type":"hello","after":"3"}', id="a text for a rev"),
        pytest.param('{"type":"hello","zone":"../../etc/passwd\\u0000"}', id="a path for a zone"),
        pytest.param('{"type":"hello","language":"<script>"}', id="markup for a language"),
        pytest.param('{"type":"hello","admin":true}', id="a field we do not know"),
        pytest.param('{"type":"say","id":"x","text":"y"}', id="no message id"),
        pytest.param("{", id="half a frame"),
    ],
)
def test_a_wrong_frame_is_told_by_where_it_is_wrong_and_not_by_what_it_says(frame: str) -> None:
    with pytest.raises(ValueError, match="frame") as refused:
        frame_from_json(frame)
    for secret in ("passwd", "script"):
        assert secret not in str(refused.value)


@given(st.text())
def test_no_text_whatever_raises_anything_but_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="the frame is"):
        frame_from_json(text)


def test_half_of_a_surrogate_pair_is_replaced_and_whole_pairs_stay() -> None:
    frame = frame_from_json(
        '{"type":"say","id":"9e7a0c52-6d1c-4d7e-9d4b-0b6a4f0f7a11","text":"\\ud83d\\ude1f \\ud83d"}'
    )
    assert isinstance(frame, Say)
    assert frame.text == "😟 \N{REPLACEMENT CHARACTER}"


def test_a_long_history_comes_in_several_frames_and_only_the_last_says_how_far_it_got() -> None:
    frames = lines_frames([_line(rev=10 - number, position=number) for number in range(1, 6)], per_frame=2)
    assert [len(frame["lines"]) for frame in frames] == [2, 2, 1]
    assert [frame.get("rev") for frame in frames] == [None, None, 9]
    assert lines_frames([]) == []


def test_only_the_clients_own_lines_carry_a_client_message_id() -> None:
    assert line_frame(_line(1, 1, external_id="77", direction="in"))["own"] == "77"
    assert line_frame(_line(1, 1, external_id="77"))["own"] is None


def test_a_moment_travels_as_milliseconds() -> None:
    assert line_frame(_line(1, 1))["at"] == 1_772_625_840_000
