"""Mails that were made to hurt: turned away by counting, or read in a bounded number of steps."""

import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import pytest

from adapters.email import limits
from adapters.email.parse import letter_from_bytes
from adapters.errors import InboundError, MalformedError
from tests.unit.email.bombs import READ, TURNED_AWAY, many_parts, nested_parts
from tests.unit.email.corpus import inbound_from

#: Calls of Python functions for one mail of up to 5 MB, the parser's one for each line among them.
MOST_CALLS = 2_000_000


class _TooLongError(Exception):
    pass


def _counted(work: Callable[[], object]) -> int:
    """How many functions a piece of work calls: the same on a fast machine and on a slow one."""
    count = 0

    def count_call(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}
        if count > MOST_CALLS:
            raise _TooLongError

    sys.setprofile(count_call)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(("make", "word"), [pytest.param(*one, id=name) for name, one in TURNED_AWAY.items()])
def test_a_mail_with_too_much_of_something_is_turned_away_unread(make: Callable[[], bytes], word: str) -> None:
    mail = make()

    def read() -> None:
        with pytest.raises(MalformedError, match=f"could not be read: .*{word}"):
            letter_from_bytes(mail)

    assert _counted(read) < 20_000


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in READ.items()])
def test_a_mail_that_is_hard_to_read_is_read_in_a_bounded_number_of_steps(make: Callable[[], bytes]) -> None:
    mail = make()

    def read() -> None:
        with suppress(InboundError):
            inbound_from(mail)

    assert _counted(read) < MOST_CALLS


def test_what_people_send_is_within_the_limits() -> None:
    letter, _ = letter_from_bytes(nested_parts(20))
    assert letter.said == ""
    letter, files = letter_from_bytes(many_parts(400))
    assert letter.said.count("x") == 400
    assert files == ()


def test_a_table_of_dashes_is_no_heap_of_parts() -> None:
    table = b"From: lena@acme.test\r\n\r\n" + b"--------+--------\r\n-- comment\r\n" * 5_000
    letter, _ = letter_from_bytes(table)
    assert letter.said.count("comment") > 3_000


def test_who_wrote_an_unreadable_mail_is_known_from_its_headers_alone() -> None:
    for make, _ in TURNED_AWAY.values():
        head = limits.head_of(make())
        assert len(head) <= limits.LONGEST_HEADER + 2
        letter, files = letter_from_bytes(head)
        assert files == ()
        assert letter.said == ""
    letter, _ = letter_from_bytes(limits.head_of(nested_parts(1_000)))
    assert letter.first("from") == "Lena <lena@acme.test>"
    assert letter.first("subject") == "Bomb"
