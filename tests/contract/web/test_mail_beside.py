"""A mail on the board: what is quoted is folded away, and who else was written to is staff's to see."""

from adapters.message import Channel, Identity, Untrusted
from tests.contract.web.served import ServedBoard, Visit
from tests.contract.web.test_hostile_words import faults

QUOTE = "On Monday Vera wrote:\n> <b>first</b> we restart"


async def test_the_board_folds_a_quote_and_names_who_is_not_proven(board: ServedBoard, vera: Visit) -> None:
    await board.story.receives(
        Channel.EMAIL,
        sender="lena@acme.test (unverified)",
        address="lena@acme.test#d1",
        text="It fails again",
        doubt="dmarc=fail for <acme.test>",
        beneath=Untrusted(QUOTE),
        beside=(Identity(Channel.EMAIL, "<script>@evil.test"),),
    )
    page = await vera.see("/board/T-1")
    assert "<details id=" in page.text
    assert "Quoted below" in page.says
    assert "> <b>first</b> we restart" in page.says
    assert "unverified sender dmarc=fail for <acme.test>" in page.says
    assert "Also to <script>@evil.test (gets no reply)" in page.says
    assert faults(page.text) == []


async def test_a_mail_with_nothing_beside_it_shows_nothing(board: ServedBoard, vera: Visit) -> None:
    await board.story.receives(Channel.EMAIL, sender="lena", address="lena@acme.test#a1", text="It fails again")
    page = await vera.see("/board/T-1")
    assert "It fails again" in page.says
    for words in ("Quoted below", "unverified sender", "Also to", "Passed on by", "does not arrive"):
        assert words not in page.says


async def test_the_board_warns_before_words_go_where_nothing_arrives(board: ServedBoard, vera: Visit) -> None:
    story = board.story
    await story.receives(Channel.EMAIL, sender="lena", address="lena@acme.test#a1", text="It fails again")
    mail = story.channels[Channel.EMAIL]
    sent = mail.messages("lena@acme.test#a1")[-1].external_id
    await mail.notices("lena@acme.test#a1", sent, "failed", "550 mailbox gone")
    await story.settle()
    page = await vera.see("/board/T-1")
    assert "Mail to lena@acme.test does not arrive: 550 mailbox gone" in page.says
    assert "does not arrive 550 mailbox gone" in page.says
