"""What watchers outside ask: is it alive, is it ready, what does it count."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

from prometheus_client import CollectorRegistry, Counter

from adapters.message import Channel
from adapters.port import Health
from bot.web.desk import Site
from bot.web.server import application, listening
from tests.contract.web.served import ServedBoard, Visit


async def asked(board: ServedBoard, path: str, check: Callable[[], Health]) -> tuple[int, str]:
    """Ask a second listener on the same desk, one with parts and figures of its own."""
    registry = CollectorRegistry()
    Counter("maitred_things", "Things that were counted.", registry=registry).inc()
    adapters = [board.story.channels[Channel.TELEGRAM]]
    app = application(board.story.desk, Site(), adapters=adapters, parts={"ticker": check}, registry=registry)
    stranger = await board.stranger()
    async with listening(app, "127.0.0.1", 0) as address:
        answer = await Visit(address, stranger.http).see(path)
    return answer.status, answer.text


async def test_a_process_that_answers_is_alive(board: ServedBoard) -> None:
    status, text = await asked(board, "/healthz", lambda: Health(is_up=False, detail="stuck"))
    assert (status, json.loads(text)) == (200, {"is_alive": True})


async def test_ready_tells_every_part_and_every_channel(board: ServedBoard) -> None:
    status, text = await asked(board, "/readyz", lambda: Health(is_up=True, detail="on time"))
    assert status == 200
    said = json.loads(text)
    assert said["is_ready"] is True
    assert said["database"] == {"is_up": True, "detail": "revision 1"}
    assert said["ticker"]["detail"] == "on time"
    assert said["channels"]["telegram"]["is_up"] is True


async def test_a_part_that_stands_still_makes_the_desk_unready(board: ServedBoard) -> None:
    status, text = await asked(board, "/readyz", lambda: Health(is_up=False, detail="stuck"))
    assert status == 503
    assert json.loads(text)["is_ready"] is False


async def test_a_channel_that_is_down_is_said_and_the_others_go_on(board: ServedBoard) -> None:
    board.story.channels[Channel.TELEGRAM].disconnect()
    status, text = await asked(board, "/readyz", lambda: Health(is_up=True, detail=""))
    assert status == 200
    assert json.loads(text)["channels"]["telegram"]["is_up"] is False


async def test_a_database_that_another_program_has_locked_makes_the_desk_unready_until_it_lets_go(
    board: ServedBoard,
) -> None:
    path = board.story.database.path
    assert path is not None
    visit = await board.stranger()
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        answer = await visit.see("/readyz")
        assert answer.status == 503
        said = json.loads(answer.text)
        assert said["database"] == {"is_up": False, "detail": "the database takes no writes"}
        assert (await visit.see("/healthz")).status == 200  # nobody gains from starting it again
        shell.execute("ROLLBACK")
    assert (await visit.see("/readyz")).status == 200


async def test_a_database_that_is_away_makes_the_desk_unready_and_says_why(board: ServedBoard) -> None:
    visit = await board.stranger()
    board.story.database.is_away = True
    answer = await visit.see("/readyz")
    assert answer.status == 503
    assert json.loads(answer.text)["database"] == {"is_up": False, "detail": "the database is locked"}
    board.story.database.is_away = False
    assert (await visit.see("/readyz")).status == 200


async def test_figures_are_there_unless_they_have_a_listener_of_their_own(board: ServedBoard) -> None:
    status, text = await asked(board, "/metrics", lambda: Health(is_up=True, detail=""))
    assert status == 200
    assert "maitred_things_total 1.0" in text
    assert (await (await board.stranger()).see("/metrics")).status == 404
