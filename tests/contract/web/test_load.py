"""A lead says on the board how high the load is; everybody there sees it."""

from datetime import timedelta

from tests.contract.web.served import Visit
from tests.harness import NOON, Story


async def test_a_lead_declares_a_high_load_and_ends_it(dana: Visit, vera: Visit) -> None:
    assert "Load is high" in (await dana.see("/board")).says
    answered = await dana.post("/board/load", {"level": "high"})
    assert (answered.status, answered.headers["Location"]) == (303, "/board")
    assert "High load: managers, second" in (await vera.see("/board")).says
    assert "Load is normal again" in (await dana.see("/board")).says
    await dana.post("/board/load", {"level": "normal"})
    assert "High load" not in (await vera.see("/board")).says


async def test_nobody_else_may_and_nothing_else_is_a_load(dana: Visit, vera: Visit) -> None:
    assert "Load is high" not in (await vera.see("/board")).says
    assert (await vera.post("/board/load", {"level": "high"})).status == 403
    assert (await dana.post("/board/load", {"level": "hot"})).status == 400
    assert "High load" not in (await dana.see("/board")).says


async def test_the_page_says_where_the_ladder_stands(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Payroll failed")
    assert "Dana Orlyk hears of it at the last call and when a promise breaks." in (await vera.see("/board/T-1")).says
    await story.go_to(NOON + timedelta(minutes=61))
    page = (await vera.see("/board/T-1")).says
    assert "Step 1 of 1 of the ladder: Dana Orlyk told." in page
    assert "Step 1 of the ladder: Dana Orlyk told" in page
    await vera.press("T-1", "ack")
    assert "Acknowledged, quiet until 14:01." in (await vera.see("/board/T-1")).says
