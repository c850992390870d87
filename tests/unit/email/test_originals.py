"""Whose mail it is that somebody passes on, and what they say above it."""

import pytest

from adapters.email.letter import Letter
from adapters.email.originals import original_from_letter
from adapters.email.trust import Sender
from adapters.message import Original

VERA = Sender("vera@desk.test", "Vera", "")


def read(said: str, subject: str = "Fwd: Payroll") -> Original | None:
    return original_from_letter(Letter({"subject": (subject,)}, said=said), VERA, "root@desk.test")


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(
            "Look.\n\n---------- Forwarded message ---------\nFrom: Lena Moro <Lena@acme.test>\n"
            "Date: Tue, 3 Mar 2026\nSubject: Payroll\nTo: <vera@desk.test>\n\nNobody was paid.",
            id="by Gmail",
        ),
        pytest.param(
            "Look.\n\nBegin forwarded message:\n\n*From:* Lena Moro <lena@acme.test>\n*Subject:* *Payroll*\n"
            "*Date:* 3 March 2026\n*To:* Vera\n\nNobody was paid.",
            id="by Apple Mail",
        ),
        pytest.param(
            "Look.\n\n-----Original Message-----\nFrom: Lena Moro [mailto:lena@acme.test]\nSent: Tuesday\n"
            "To: Vera\nSubject: Payroll\n\nNobody was paid.",
            id="by an old Outlook",
        ),
        pytest.param(
            "Look.\n\n________________________________\nVon: Lena Moro <lena@acme.test>\nGesendet: Dienstag\n"
            "An: Vera\nBetreff: Payroll\n\nNobody was paid.",
            id="by Outlook in German",
        ),
        pytest.param(
            "Look.\n\n-------- Переслане повідомлення --------\nТема: Payroll\nВід: Lena Moro <lena@acme.test>\n"
            "Дата: вівторок\nКому: Vera\n\nNobody was paid.",
            id="by Thunderbird in Ukrainian",
        ),
    ],
)
def test_its_author_is_read_from_the_headers_above_it(said: str) -> None:
    found = read(said)
    assert found is not None
    assert (found.sender.address, found.name) == ("lena@acme.test", "Lena Moro")
    assert found.above == "Look."
    assert found.text.endswith("Nobody was paid.")
    assert "vera" not in found.text.lower()
    assert found.unproven.address == "lena@acme.test (unverified)"
    assert found.unproven_conversation != found.conversation


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        pytest.param("Look at this.", "Fwd: Payroll", id="nothing is passed on"),
        pytest.param("From: Lena <lena@acme.test>\nTo: Vera\nSubject: Pay\n\nx", "Payroll", id="it does not say so"),
        pytest.param("From: Lena\nTo: Vera\nSubject: Pay\nDate: now\n\nx", "Fwd: Pay", id="its author has no address"),
        pytest.param(
            "From: Lena <lena@acme.test>, Max <max@acme.test>\nTo: Vera\nSubject: Pay\n\nx",
            "Fwd: Pay",
            id="two wrote it",
        ),
        pytest.param("From: Vera <vera@desk.test>\nTo: Lena\nSubject: Pay\n\nx", "Fwd: Pay", id="it is their own"),
        pytest.param("From: not@@an@address\nTo: Vera\nSubject: Pay\n\nx", "Fwd: Pay", id="the address is none"),
    ],
)
def test_in_doubt_there_is_no_original(said: str, subject: str) -> None:
    assert read(said, subject) is None
