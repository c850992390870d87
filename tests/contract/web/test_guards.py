"""What stands before every page: where a form may come from, what headers leave, what an error shows."""

import pytest

from bot.web.guard import is_own_origin
from tests.contract.web.served import ServedBoard, Visit


@pytest.mark.parametrize(
    ("origin", "host", "public_url", "is_own"),
    [
        pytest.param("https://desk.test", "desk.test", "https://desk.test", True, id="our own page"),
        pytest.param("https://desk.test", "10.0.0.7:8080", "https://desk.test", True, id="behind a proxy"),
        pytest.param("http://desk.test", "desk.test", "https://desk.test", False, id="the same host without TLS"),
        pytest.param("https://desk.test.evil.test", "desk.test", "https://desk.test", False, id="a longer name"),
        pytest.param("https://www.desk.test", "desk.test", "https://desk.test", False, id="a subdomain"),
        pytest.param("null", "desk.test", "https://desk.test", False, id="a sandboxed frame"),
        pytest.param(
            "http://localhost:8080", "localhost:8080", "http://127.0.0.1:8080", True, id="this machine by name"
        ),
        pytest.param(
            "http://localhost:9", "localhost:8080", "http://127.0.0.1:8080", False, id="another local program"
        ),
        pytest.param("http://evil.test", "evil.test", "http://127.0.0.1:8080", False, id="a name made to point at us"),
        pytest.param("http://localhost", "localhost", "https://desk.test", False, id="loopback of a public desk"),
    ],
)
def test_only_our_own_pages_are_believed(origin: str, host: str, public_url: str, *, is_own: bool) -> None:
    assert is_own_origin(origin, host, public_url) is is_own


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.test"}, id="from another site"),
        pytest.param({"Origin": "null"}, id="from nowhere"),
        pytest.param({}, id="without a word about it"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="from another site, in newer words"),
    ],
)
async def test_a_form_of_another_site_changes_nothing(board: ServedBoard, vera: Visit, headers: dict[str, str]) -> None:
    await board.story.receives(sender="lena", text="Payroll failed")
    page = await vera.see("/board/T-1")
    vera.origin = None
    answer = await vera.post("/board/T-1/resolve", {"key": page.key}, **headers)
    assert answer.status == 403
    assert (await board.story.ticket()).status == "new"


async def test_what_is_not_there_is_a_page_for_people_and_a_line_for_programs(vera: Visit) -> None:
    page = await vera.see("/board/T-999", Accept="text/html,*/*")
    assert (page.status, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here." in page.says
    assert '<a class="btn" href="/board">' in page.text
    line = await vera.see("/board/T-999", Accept="application/json")
    assert (line.status, line.text) == (404, "There is nothing here.\n")


async def test_signing_somebody_in_from_another_site_is_refused(board: ServedBoard) -> None:
    visit = await board.stranger()
    visit.origin = "https://evil.test"
    assert (await visit.post(await board.link("vera"))).status == 403


@pytest.mark.parametrize(
    "place", ["/board", "/board/T-1", "/board/static/board.js", "/board/enter/x", "/healthz", "/none"]
)
async def test_every_answer_carries_the_safe_headers(vera: Visit, place: str) -> None:
    answer = await vera.see(place)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


async def test_pages_are_kept_by_nobody_and_scripts_for_ever(vera: Visit) -> None:
    page = await vera.see("/board")
    assert page.headers["Cache-Control"] == "no-store"
    assert "trusted-types 'none'" in page.headers["Content-Security-Policy"]
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert "immutable" in (await vera.see("/board/static/look.css")).headers["Cache-Control"]


async def test_an_endless_form_is_cut_off(board: ServedBoard, vera: Visit) -> None:
    await board.story.receives(sender="lena", text="Payroll failed")
    answer = await vera.post("/board/T-1/reply", {"key": "k", "text": "x" * 400_000})
    assert answer.status == 413
    assert len(await board.story.lines()) == 2


@pytest.mark.parametrize("place", ["/board/T-99", "/board/nonsense", "/board/T-1/../../etc", "/board?list=other"])
async def test_what_does_not_exist_is_said_plainly(vera: Visit, place: str) -> None:
    answer = await vera.see(place)
    assert answer.status == 404
    assert "Traceback" not in answer.text


async def test_the_way_in_from_the_root(vera: Visit) -> None:
    answer = await vera.see("/")
    assert (answer.status, answer.headers["Location"]) == (302, "/board")
