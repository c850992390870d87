"""Damaged mails: whatever somebody sends becomes a message, a notice, or a reason. See fuzz.py for more of them."""

from tests.unit.email.fuzz import mutations, outcome


def test_no_damage_to_a_mail_is_more_than_a_reason() -> None:
    words = {outcome(mail) for _, mail in zip(range(600), mutations(20260302), strict=False)}
    assert "InboundMessage" in words
    assert words <= {"InboundMessage", "DeliveryNotice", "InboundAttendance", "UnsupportedError", "MalformedError"}
