"""Signing in: a link opens the board once, a session ends, and whoever leaves the desk is out."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.message import Channel
from bot.desk.applying import apply_document
from bot.store.people import tokens
from bot.web.desk import Site
from bot.web.session import BOARD_LINK, SESSION_FOR
from sla.duration import later
from tests.builders import STORY_DESK, document
from tests.contract.web.served import ServedBoard, Visit, board_of_story

PLACES = (
    "/board",
    "/board?list=mine",
    "/board/alerts",
    "/board/T-1",
    "/board/stream",
    "/board/health",
    "/board/files/x",
)


@pytest.mark.parametrize("place", PLACES)
async def test_nobody_sees_anything_without_a_session(board: ServedBoard, place: str) -> None:
    await board.story.receives(sender="lena", text="Payroll failed")
    answer = await (await board.stranger()).see(place)
    assert answer.status == 401
    assert "Payroll" not in answer.text


async def test_a_preview_of_the_link_uses_nothing_up(board: ServedBoard) -> None:
    link = await board.link("vera")
    preview = await board.stranger()
    for _ in range(3):
        assert (await preview.see(link)).status == 200
    assert (await preview.see("/board")).status == 401
    person = await board.stranger()
    assert (await person.post(link)).status == 303
    assert "Vera Kova" in (await person.see("/board")).says


async def test_a_link_opens_the_board_once(board: ServedBoard) -> None:
    link = await board.link("vera")
    assert (await (await board.stranger()).post(link)).status == 303
    second = await board.stranger()
    answer = await second.post(link)
    assert answer.status == 410
    assert "used before" in answer.says
    assert (await second.see("/board")).status == 401


async def test_a_link_made_for_something_else_opens_nothing(board: ServedBoard) -> None:
    now = board.story.time.at
    token = await board.story.desk.database.write(
        lambda conn: tokens.make_link(
            conn, purpose="telegram", subject="vera", now=now, expires_at=later(now, timedelta(hours=1))
        )
    )
    assert (await (await board.stranger()).post(f"/board/enter/{token}")).status == 410


async def test_a_link_grows_old(board: ServedBoard) -> None:
    link = await board.link("vera")
    await board.story.fast_forward(minutes=16)
    assert (await (await board.stranger()).post(link)).status == 410


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(board: ServedBoard) -> None:
    answer = await (await board.stranger()).post(await board.link("vera"))
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_over_tls_the_cookie_belongs_to_this_host_alone(tmp_path: Path) -> None:
    async with board_of_story(tmp_path, site=Site(public_url="https://desk.test")) as board:
        visit = await board.stranger()
        visit.origin = "https://desk.test"
        cookie = (await visit.post(await board.link("vera"))).headers["Set-Cookie"]
    assert cookie.startswith("__Host-maitred=")
    assert "Secure" in cookie


async def test_a_session_lasts_half_a_day(board: ServedBoard, vera: Visit) -> None:
    await board.story.fast_forward(hours=11, minutes=59)
    assert (await vera.see("/board")).status == 200
    await board.story.fast_forward(minutes=1)
    assert (await vera.see("/board")).status == 401


async def test_signing_out_ends_the_session_itself(board: ServedBoard, vera: Visit) -> None:
    (cookie,) = list(vera.http.cookie_jar)
    assert (await vera.post("/board/leave")).status == 200
    thief = await board.stranger()
    thief.http.cookie_jar.update_cookies({cookie.key: cookie.value})
    assert (await thief.see("/board")).status == 401


async def test_whoever_is_shut_out_is_out_at_once_and_comes_in_by_no_old_link(board: ServedBoard, vera: Visit) -> None:
    assert (await vera.see("/board")).status == 200
    story = board.story
    await story.channels[Channel.SLACK].becomes("T1/U1", "closed", by="T1/U1")
    await story.settle()
    await story.desk.refresh()
    assert (await vera.see("/board")).status == 401
    assert (await vera.post("/board/T-1/take", {"key": "k"})).status == 401
    link = await story.desk.database.write(
        lambda conn: tokens.make_link(
            conn, purpose=BOARD_LINK, subject="vera", now=story.time.at, expires_at=later(story.time.at, SESSION_FOR)
        )
    )
    assert (await vera.post(f"/board/enter/{link}")).status == 410


async def test_whoever_leaves_the_desk_is_out_at_once(board: ServedBoard, vera: Visit) -> None:
    assert (await vera.see("/board")).status == 200
    without = STORY_DESK.replace("[people.vera]", "[people.wera]").replace('manager = "vera"', 'manager = "wera"')
    story = board.story
    await apply_document(story.desk.database, document(without), at=story.time.at, by="test")
    await story.desk.refresh()
    assert (await vera.see("/board")).status == 401
    assert (await vera.post("/board/T-1/take", {"key": "k"})).status == 401
