"""What a client quotes on the board: above their words, with whose it was, and as harmless as they are."""

from tests.contract.web.served import ServedBoard, Visit
from tests.contract.web.test_hostile_words import faults


async def test_the_board_shows_what_is_pointed_at_above_the_words(board: ServedBoard, vera: Visit) -> None:
    quoted = "[quoted from Vera] <b>Item 2</b> is 500 EUR."
    said = await board.story.receives(sender="lena", text="This one is wrong", quoted=quoted)
    page = await vera.see("/board/T-1")
    assert page.says.index(quoted) < page.says.rindex("This one is wrong")
    assert faults(page.text) == []
    await board.story.edits("lena", said, None)
    assert quoted not in (await vera.see("/board/T-1")).says
