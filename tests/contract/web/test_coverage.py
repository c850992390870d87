"""The board's page about people: who is there, who would get it, who is away, and where nobody is."""

from tests.contract.web.served import ServedBoard, Visit


async def away(visit: Visit, **fields: str) -> tuple[int, str]:
    page = await visit.see("/board/coverage")
    answer = await visit.post("/board/coverage/away", {"key": page.key, **fields})
    return answer.status, answer.says


async def test_it_shows_who_is_there_and_says_that_somebody_is_behind_every_promise(board: ServedBoard) -> None:
    page = await (await board.signed_in("vera")).see("/board/coverage")
    assert page.status == 200
    assert "Somebody is behind every promise." in page.says
    assert "Oleg Hnatiuk" in page.says
    assert "on shift until" in page.says
    assert "Nobody is away." in page.says


async def test_who_would_get_it_is_asked_in_the_words_people_use(board: ServedBoard) -> None:
    visit = await board.signed_in("vera")
    now = await visit.see("/board/coverage?client=acme")
    assert "Vera Kova (the client's own manager)" in now.says
    weekend = await visit.see("/board/coverage?client=acme&at=sun+12:00")
    assert "Acme, on Sunday at 12:00: Nobody" in weekend.says or ": Nobody (" in weekend.says
    assert "is no moment" in (await visit.see("/board/coverage?client=acme&at=some+day")).says
    assert "There is no such client." in (await visit.see("/board/coverage?client=nobody")).says


async def test_somebody_says_that_they_are_away_and_are_back(board: ServedBoard) -> None:
    visit = await board.signed_in("vera")
    assert (await away(visit, person="vera", until="thursday", backup="mira"))[0] == 303
    await board.story.settle()
    page = await visit.see("/board/coverage")
    assert "Vera Kova" in page.says
    assert "Mira Solano" in page.says
    assert "Back again" in page.says
    ended = await visit.post("/board/coverage/back", {"key": page.key, "person": "vera", "number": "1"})
    assert ended.status == 303
    assert "Nobody is away." in (await visit.see("/board/coverage")).says


async def test_said_twice_by_one_page_it_is_said_once(board: ServedBoard) -> None:
    visit = await board.signed_in("vera")
    page = await visit.see("/board/coverage")
    for _ in range(2):
        fields = {"key": page.key, "person": "vera", "since": "friday", "until": "2026-03-12"}
        assert (await visit.post("/board/coverage/away", fields)).status == 303
    assert (await visit.see("/board/coverage")).text.count('id="end-') == 1


async def test_what_cannot_be_is_refused_beside_what_was_written(board: ServedBoard) -> None:
    visit = await board.signed_in("vera")
    status, says = await away(visit, person="vera", until="2020-01-01")
    assert status == 422
    assert "has passed" in says
    assert (await away(visit, person="vera", until="friday", backup="vera"))[0] == 422
    assert (await away(visit, person="oleg", until="friday")) == (422, (await away(visit, person="oleg"))[1])
    assert (await away(await board.signed_in("dana"), person="oleg", until="friday"))[0] == 303


async def test_a_stand_in_who_is_away_as_well_is_named_as_such_and_the_gap_is_listed(board: ServedBoard) -> None:
    lead = await board.signed_in("dana")
    for person in ("vera", "oleg", "mira"):
        assert (await away(lead, person=person, since="2026-03-05", until="2026-03-06"))[0] == 303
    says = (await lead.see("/board/coverage")).says
    assert "Oleg Hnatiuk, who is away as well" in says
    assert "2026-03-05 10:00–19:00 (9 h) · Acme: Vera Kova, Oleg Hnatiuk, Mira Solano on leave" in says


async def test_a_stranger_sees_and_changes_nothing(board: ServedBoard) -> None:
    visit = await board.stranger()
    assert (await visit.see("/board/coverage")).status in {303, 401, 403}
    assert (await visit.post("/board/coverage/away", {"key": "k", "person": "vera"})).status in {303, 401, 403}
    answer = await (await board.signed_in("vera")).post("/board/coverage/back", {"key": "k", "number": "9" * 30})
    assert answer.status == 400


async def test_who_only_reads_is_offered_no_forms_and_refused(board: ServedBoard) -> None:
    reader = await board.signed_in("ines")
    page = await reader.see("/board/coverage")
    assert "/board/coverage/away" not in page.text
    refused = await reader.post("/board/coverage/away", {"key": "k1", "person": "ines"})
    assert refused.status == 422
