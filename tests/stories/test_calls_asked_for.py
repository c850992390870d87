"""A call that is only asked for: what its client reads meanwhile."""

import pytest

from tests.stories.conftest import MakeStory
from tests.stories.test_calls import called
from tests.stories.test_calls_life import ACCEPTED


@pytest.mark.parametrize("words", ["/call", "/call 2026-03-05 10:00", "/call education"])
async def test_nobody_is_told_to_have_a_call_that_is_not_accepted_yet(make_desk: MakeStory, words: str) -> None:
    desk = await called(make_desk, more=ACCEPTED)
    await desk.receives(sender="lena", text="/call")
    await desk.receives(sender="lena", text="1")
    desk.expect_message("lena", containing="You asked for: Troubleshooting with Vera")
    desk.forget()
    await desk.receives(sender="lena", text=words)
    said = desk.expect_message("lena", containing="You have asked for a call: Troubleshooting with Vera, tomorrow")
    assert "Nobody has accepted it yet" in said
    assert "You have a call" not in said
    assert (await desk.chooses("vera", "Accept")).text == "Done."
    desk.forget()
    await desk.receives(sender="lena", text=words)
    desk.expect_message("lena", containing="You have a call: Troubleshooting with Vera")
    desk.expect_quiet()


async def test_whoever_asks_a_lead_again_reads_that_it_is_asked(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call 11:00")
    await desk.receives(sender="lena", text="/call lead")
    desk.forget()
    await desk.receives(sender="lena", text="/call lead")
    desk.expect_message("lena", containing="You have asked for a call: Troubleshooting with Vera, 11:00")
    desk.expect_quiet()
