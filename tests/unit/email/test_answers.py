"""What a mail server answers is read: numbers, sizes, moments and mails, whatever else it says meanwhile."""

from datetime import UTC, datetime

import pytest

from adapters.email.answers import (
    Fetched,
    Line,
    Listed,
    Opened,
    fetched_from_lines,
    folder_name,
    listed_from_lines,
    opened_from_lines,
    uids_from_lines,
)
from adapters.email.fetching import Mark, mark_from_text
from adapters.email.lanes import lane_of

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_folder_says_until_when_its_numbers_hold() -> None:
    lines = [b"FLAGS (\\Seen)", b"12 EXISTS", b"OK [UIDVALIDITY 1700000000] UIDs valid", b"[READ-WRITE] done"]
    assert opened_from_lines(lines) == Opened(1_700_000_000, 12)


def test_the_last_mail_below_the_mark_is_not_new() -> None:
    assert uids_from_lines([b"7", b"Search completed (0.001 + 0.000 secs)."], after=9) == []
    assert uids_from_lines([b"12 7 10 10", b"Search completed 13"], after=9) == [10, 12]


def test_sizes_and_moments_are_read_in_any_order() -> None:
    lines = [
        b'1 FETCH (UID 4 INTERNALDATE " 2-Mar-2026 10:00:00 +0100" RFC822.SIZE 37)',
        b'2 FETCH (RFC822.SIZE 5 UID 6 INTERNALDATE "40-Mar-2026 10:00:00 +0100")',
        b"2 FETCH (FLAGS (\\Seen))",
        b"done",
    ]
    assert listed_from_lines(lines) == [Listed(4, AT, 37), Listed(6, None, 5)]


def test_mails_are_literals_and_what_stands_around_them() -> None:
    lines: list[Line] = [
        b'1 FETCH (UID 4 INTERNALDATE "02-Mar-2026 09:00:00 +0000" BODY[] {11}',
        bytearray(b"9 FETCH (UI"),
        b")",
        b"7 FETCH (FLAGS (\\Seen) UID 3)",
        b"2 FETCH (BODY[]<0> {2}",
        bytearray(b"ab"),
        b' UID 5 INTERNALDATE "02-Mar-2026 09:00:00 +0000")',
        b"3 FETCH (UID 6 BODY[] NIL)",
        rb'4 FETCH (UID 8 BODY[] "a \"b\"")',
        b"5 FETCH (UID 9 BODY[] {0}",
        bytearray(),
        b")",
        b"6 FETCH (UID 10 BODY[] {3}",
        bytearray(b"abc"),
        b"d)",
        b"7 FETCH (UID 11 BODY[] {8}",
        bytearray(b"abc)\r\nA1"),
        b'8 FETCH (UID 12 BODY[] "")',
        b"Fetch completed.",
    ]
    assert fetched_from_lines(lines) == [
        Fetched(4, AT, b"9 FETCH (UI"),
        Fetched(5, AT, b"ab"),
        Fetched(8, None, b'a "b"'),
        Fetched(9, None, b""),
        Fetched(12, None, b""),
    ]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        pytest.param("INBOX", '"INBOX"', id="plain"),
        pytest.param("Done & gone", '"Done &- gone"', id="an ampersand"),
        pytest.param("Entwürfe", '"Entw&APw-rfe"', id="a letter with dots"),
        pytest.param("台北/日本語", '"&U,BTFw-/&ZeVnLIqe-"', id="the example of the RFC"),
        pytest.param('a"b\\c', '"a\\"b\\\\c"', id="quotes"),
    ],
)
def test_a_folders_name_is_written_as_imap_does(name: str, written: str) -> None:
    assert folder_name(name) == written


@pytest.mark.parametrize(
    ("value", "mark"),
    [
        pytest.param("INBOX:17:4", Mark("INBOX", 17, 4), id="plain"),
        pytest.param("a:b:17:4", Mark("a:b", 17, 4), id="colons in the name"),
        pytest.param("", None, id="none yet"),
        pytest.param("INBOX:x:4", None, id="not one of ours"),
    ],
)
def test_a_mark_says_how_far_a_folder_was_read(value: str, mark: Mark | None) -> None:
    assert mark_from_text(value) == mark
    assert mark is None or str(mark) == value


@pytest.mark.parametrize(
    ("mail", "lane"),
    [
        pytest.param(b"To: x\r\nFrom: Lena <Lena@Acme.test>\r\n\r\nhi", "email:desk:lena@acme.test", id="a name"),
        pytest.param(b"from:lena@acme.test\n\nhi", "email:desk:lena@acme.test", id="an address alone"),
        pytest.param(
            b"From: =?utf-8?q?L=C3=A9na?=\r\n <lena@acme.test>\r\n\r\n", "email:desk:lena@acme.test", id="folded"
        ),
        pytest.param(b"Subject: x\r\n\r\nFrom: lena@acme.test", "", id="in the body alone"),
        pytest.param(b"From: lena@acme.test, vera@desk.test\n\n", "", id="two"),
        pytest.param(b"\x00\xff", "", id="no mail at all"),
    ],
)
def test_mails_of_one_sender_are_decided_in_their_order(mail: bytes, lane: str) -> None:
    assert lane_of(mail) == lane
