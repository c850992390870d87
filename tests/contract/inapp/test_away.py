"""The desk's database is away: nothing is acknowledged, nobody is alarmed, and no word of a client is logged."""

from structlog.testing import capture_logs

from tests.contract.inapp.desk import MemoryDesk, Served, token
from tests.contract.inapp.page import Site, fresh_id


async def test_a_database_that_is_away_costs_one_calm_line_and_the_message_comes_again(
    desk: MemoryDesk, life: Served, site: Site
) -> None:
    client_id = fresh_id()
    async with site.page(token=token()) as page:
        await page.hear("welcome")
        desk.is_away = True
        with capture_logs() as logged:
            await page.say("The password of our safe is 4711", client_id)
            assert await page.closed() == 1013
        assert not page.heard("ack")
    (line,) = (one for one in logged if "message" in one["event"])
    assert line == {
        "event": "a widget's message could not be kept now; it comes again",
        "log_level": "warning",
        "channel": "inapp",
        "reason": "the database is locked by another process",
    }

    desk.is_away = False
    async with site.page(token=token()) as page:
        await page.say("The password of our safe is 4711", client_id)
        assert (await page.hear("ack"))["id"] == client_id
    assert desk.repeated == 0


async def test_a_transcript_that_is_away_costs_one_calm_line_too(desk: MemoryDesk, life: Served, site: Site) -> None:
    desk.is_away = True
    with capture_logs() as logged:
        async with site.page(token=token()) as page:
            assert await page.closed() == 1013
    assert [one["log_level"] for one in logged] == ["warning"]
    assert "exc_info" not in logged[0]
