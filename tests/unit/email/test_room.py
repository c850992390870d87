"""A full mail box is told with the mend, and before it is full."""

import pytest

from adapters.email.room import (
    OURS_HAS_NO_ROOM,
    THEIRS_IS_FULL,
    TOO_LARGE,
    Room,
    fullest_from_lines,
    mend_of,
    warning_of,
)


@pytest.mark.parametrize(
    ("lines", "room"),
    [
        pytest.param([b'"User quota" (STORAGE 10 512)', b"done"], Room("storage", 10, 512), id="one limit"),
        pytest.param([b'"" (STORAGE 10 512 MESSAGE 90 100)'], Room("mails", 90, 100), id="the nearer of two"),
        pytest.param([b"a (STORAGE 1 10)", b"b (storage 5 10)"], Room("storage", 5, 10), id="the fuller of two roots"),
        pytest.param([b'"" (STORAGE 10 0)'], None, id="a limit of nothing is none"),
        pytest.param([b'""', b"Getquotaroot completed."], None, id="no quota"),
        pytest.param([b'"STORAGE is large" ()'], None, id="a name that looks like one"),
    ],
)
def test_the_limit_that_is_nearest_counts(lines: list[bytes], room: Room | None) -> None:
    assert fullest_from_lines(lines) == room


@pytest.mark.parametrize(
    ("room", "words"),
    [
        pytest.param(None, "", id="nobody counts"),
        pytest.param(Room("storage", 91_000, 102_400), "", id="some room"),
        pytest.param(
            Room("storage", 93_184, 102_400),
            "the mail box is 91% full, 91 of 100 MB: make room in it, before new mail is refused",
            id="little room",
        ),
        pytest.param(
            Room("mails", 100, 100),
            "the mail box is 100% full, 100 of 100 mails: make room in it, new mail is refused",
            id="none",
        ),
    ],
)
def test_it_is_told_before_there_is_none(room: Room | None, words: str) -> None:
    assert warning_of(room) == words


@pytest.mark.parametrize(
    ("code", "words", "mend"),
    [
        pytest.param(452, "452 4.2.2 The email account is over quota", THEIRS_IS_FULL, id="theirs for now"),
        pytest.param(552, "552 5.2.2 over quota", THEIRS_IS_FULL, id="theirs for good"),
        pytest.param(552, "552 requested action aborted: exceeded storage allocation", THEIRS_IS_FULL, id="by words"),
        pytest.param(452, "452 4.3.1 insufficient system storage", OURS_HAS_NO_ROOM, id="ours"),
        pytest.param(452, "452 insufficient system storage", OURS_HAS_NO_ROOM, id="ours without a status"),
        pytest.param(452, "452 4.5.3 too many recipients", "", id="too many recipients"),
        pytest.param(552, "552 5.3.4 message size exceeds fixed limit", TOO_LARGE, id="too large"),
        pytest.param(552, "552 message too big", TOO_LARGE, id="too large without a status"),
        pytest.param(451, "451 4.3.0 try again later", "", id="something else"),
        pytest.param(550, "550 5.1.1 nobody of that name", "", id="nobody there"),
        pytest.param(421, "421 closing 4.3.1.2", "", id="a number that is no status"),
    ],
)
def test_a_refusal_for_want_of_room_says_whose(code: int, words: str, mend: str) -> None:
    assert mend_of(code, words) == mend


def test_a_report_of_another_server_is_about_that_one() -> None:
    assert mend_of(0, "5.3.1", is_ours=False) == THEIRS_IS_FULL
