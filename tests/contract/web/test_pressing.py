"""What people do on a ticket's page: plain forms, decided by the desk, once, and refused in words."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.message import Attachment, Channel, Untrusted
from sla.clock import State
from sla.duration import instant
from tests.contract.web.served import ServedBoard, Visit
from tests.harness import NOON, Story


@pytest.fixture(autouse=True)
async def ticket(story: Story) -> None:
    """T-1 of Acme, with Vera."""
    await story.receives(sender="lena", text="Payroll failed")
    story.forget()


async def test_a_reply_reaches_the_client(story: Story, vera: Visit) -> None:
    answer = await vera.press("T-1", "reply", text="We look into it")
    assert (answer.status, answer.headers["Location"]) == (303, "/board/T-1")
    await story.fast_forward(seconds=5)
    story.expect_message("lena", containing="We look into it")
    assert (await story.clock("first_response")).state is State.MET


async def test_pressing_twice_says_it_once(story: Story, vera: Visit) -> None:
    page = await vera.see("/board/T-1")
    for _ in range(3):
        assert (await vera.post("/board/T-1/reply", {"key": page.key, "text": "We look into it"})).status == 303
    await story.fast_forward(seconds=5)
    assert [line.text for line in await story.lines()].count("We look into it") == 1
    story.expect_message("lena", containing="We look into it")
    story.expect_quiet()


async def test_a_note_reaches_nobody_outside(story: Story, vera: Visit) -> None:
    await vera.press("T-1", "note", text="They pay late, too")
    await story.fast_forward(seconds=5)
    story.expect_quiet()
    assert [note.text for note in (await story.page()).notes] == ["They pay late, too"]


async def test_an_eta_is_in_the_managers_own_zone(story: Story, vera: Visit) -> None:
    await vera.press("T-1", "eta", due="2026-03-03T15:00", text="Found it.")
    await story.fast_forward(seconds=5)
    message = story.expect_message("lena", containing="Found it.")
    assert "12:00 (your time)" in message
    assert (await story.clock("eta")).due_at == instant(datetime(2026, 3, 3, 12, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("due", "said"),
    [
        pytest.param("", "Choose a day and a time.", id="nothing"),
        pytest.param("soon", "Choose a day and a time.", id="words"),
        pytest.param("2026-03-03T15:00+00:00", "without an offset", id="an offset"),
        pytest.param("2026-03-03T11:00", "This moment has passed", id="the past"),
    ],
)
async def test_an_eta_that_makes_no_sense_keeps_what_was_written(vera: Visit, due: str, said: str) -> None:
    answer = await vera.press("T-1", "eta", due=due, text="Found it.")
    assert answer.status == 422
    assert said in answer.says
    assert '<dialog id="eta" aria-labelledby="eta-title" open>' in answer.text
    assert "Found it.</textarea>" in answer.text


async def test_asking_for_details_waits_for_the_client(story: Story, vera: Visit) -> None:
    await vera.press("T-1", "ask", text="Which month?")
    await story.fast_forward(seconds=5)
    story.expect_message("lena", containing="Which month?")
    assert (await story.ticket()).status == "waiting_client"


@pytest.mark.parametrize("action", ["reply", "ask", "resolve"])
async def test_a_note_written_where_a_client_reads_is_kept_in_and_kept(story: Story, vera: Visit, action: str) -> None:
    answer = await vera.press("T-1", action, text="// They pay late, too")
    assert answer.status == 422
    assert "never go to a client" in answer.says
    assert "// They pay late, too</textarea>" in answer.text
    await story.fast_forward(seconds=5)
    story.expect_quiet()


async def test_resolving_sends_the_last_word(story: Story, vera: Visit) -> None:
    await vera.press("T-1", "resolve", text="Paid.")
    await story.fast_forward(seconds=5)
    story.expect_message("lena", containing="Paid.")
    assert (await story.ticket()).status == "resolved"
    assert "a reply reaches the client and leaves it so" in (await vera.see("/board/T-1")).says


async def test_handing_over_names_person_and_reason(story: Story, vera: Visit) -> None:
    await vera.press("T-1", "handover", to="oleg", why="I am off at two")
    await story.fast_forward(seconds=5)
    ticket = await story.ticket()
    assert (ticket.assignee, ticket.rule) == ("oleg", "handed_over")
    says = (await vera.see("/board/T-1")).says
    assert "Vera Kova handed it over to Oleg Hnatiuk I am off at two" in says


async def test_handing_over_to_whoever_the_rules_choose(story: Story, vera: Visit) -> None:
    await vera.press("T-1", "handover", to="")
    assert (await story.ticket()).assignee == "oleg"


async def test_escalating_tells_the_lead(story: Story, vera: Visit) -> None:
    await vera.press("T-1", "escalate", why="they threaten to leave")
    await story.fast_forward(seconds=5)
    story.expect_alert("dana", containing="they threaten to leave")


async def test_the_small_presses(story: Story, vera: Visit) -> None:
    await vera.press("T-1", "urgency", urgency="critical")
    assert (await story.ticket()).urgency == "critical"
    await vera.press("T-1", "wait", reference="the bank, BN-77")
    assert (await story.ticket()).status == "waiting_third_party"
    await vera.press("T-1", "reply", text="Back on it")
    await story.receives(sender="lena", text="And one more thing")
    await vera.press("T-1", "noreply")
    await vera.press("T-1", "spam")
    assert (await story.ticket()).status == "spam"
    assert {"urgency_set", "waits_third_party", "needs_no_answer", "marked_spam"} <= set(await story.events())


async def test_a_ticket_is_split_merged_agreed_on_and_left_out(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="And the export is slow")
    export = next(line.id for line in await story.lines() if line.text.startswith("And"))
    assert (await vera.press("T-1", "split", message=str(export))).status == 303
    assert (await vera.press("T-2", "agree", metric="first_response", within="4h")).status == 303
    assert (await story.clock("first_response", 2)).due_at == instant(NOON + timedelta(hours=4))
    assert (await vera.press("T-2", "notcovered", clause="6.2")).status == 303
    assert (await vera.press("T-2", "merge", into="T-1")).status == 303
    gone = await vera.see("/board/T-2")
    assert 'merged into <a href="/board/T-1">T-1</a>' in gone.text
    assert "What was said here is in T-1" in gone.says
    assert "Book a call" not in gone.says
    assert "Send reply" not in gone.text
    assert (await vera.press("T-2", "unmerge")).status == 303
    assert (await story.ticket(2)).merged_into is None
    assert "Send reply" in (await vera.see("/board/T-2")).text


async def test_a_ticket_is_put_out_of_the_way_and_fetched_back(story: Story, vera: Visit) -> None:
    assert (await vera.press("T-1", "snooze", until="2026-03-04T11:00")).status == 303
    assert (await story.ticket()).snoozed_until == instant(NOON + timedelta(hours=23))
    assert "Out of the way, back tomorrow 11:00" in (await vera.see("/board/T-1")).says
    assert "back tomorrow 11:00" in (await vera.see("/board")).says
    assert "No ticket is with you." in (await vera.see("/board?list=mine")).says
    assert (await vera.press("T-1", "unsnooze")).status == 303
    assert "No ticket is with you." not in (await vera.see("/board?list=mine")).says
    assert {"snoozed", "came_back"} <= set(await story.events())


async def test_the_page_says_why_it_is_urgent(story: Story, vera: Visit) -> None:
    await story.receives(sender="lena", text="Now it is down")
    assert "“is down” means critical" in (await vera.see("/board/T-1")).says
    await vera.press("T-1", "urgency", urgency="low")
    assert "set by Vera Kova" in (await vera.see("/board/T-1")).says


@pytest.mark.parametrize(
    ("action", "fields", "said", "form"),
    [
        pytest.param("merge", {"into": "the other"}, "Write the number of the ticket", "merge", id="no number"),
        pytest.param("merge", {"into": "T-9"}, "There is no ticket T-9", "merge", id="no such ticket"),
        pytest.param("split", {"message": "first"}, "Choose the message with which", "split", id="no message"),
        pytest.param("split", {"message": "9" * 20}, "Choose the message with which", "split", id="a long number"),
        pytest.param("snooze", {"until": "later"}, "Choose a day and a time", None, id="no moment"),
        pytest.param("snooze", {"until": "2026-03-03T11:00"}, "has passed", None, id="a moment gone by"),
        pytest.param("unmerge", {}, "T-1 is not merged", None, id="never merged"),
        pytest.param("notcovered", {"clause": " "}, "Name the clause", "notcovered", id="no clause"),
        pytest.param("agree", {"metric": "luck", "within": "4h"}, "Choose the promise", None, id="no promise"),
        pytest.param("agree", {"metric": "first_response", "within": "soon"}, "4h, 90m, 2bd", None, id="no length"),
        pytest.param("agree", {"metric": "follow_up", "within": "9999h"}, "a year at most", None, id="too long"),
    ],
)
async def test_what_makes_no_sense_is_said_beside_its_field(
    vera: Visit, action: str, fields: dict[str, str], said: str, form: str | None
) -> None:
    answer = await vera.press("T-1", action, **fields)
    assert (answer.status, said in answer.says) == (422, True)
    if form is not None:
        assert f'<dialog id="{form}" aria-labelledby="{form}-title" open>' in answer.text


async def test_taking_what_another_has_is_refused_in_words(story: Story, board: ServedBoard) -> None:
    oleg = await board.signed_in("oleg")
    page = await oleg.see("/board/T-1")
    assert ">Take<" not in page.text
    answer = await oleg.post("/board/T-1/take", {"key": page.key})
    assert answer.status == 422
    assert 'role="alert" data-refusal>' in answer.text
    assert (await story.ticket()).assignee == "vera"


async def test_a_refused_reply_keeps_its_draft(vera: Visit) -> None:
    answer = await vera.press("T-1", "wait", reference="  ")
    assert answer.status == 422
    assert "Say whom we wait for" in answer.says
    answer = await vera.press("T-1", "reply", text="   ")
    assert answer.status == 422


async def test_whoever_only_reads_sees_no_buttons_and_changes_nothing(story: Story, board: ServedBoard) -> None:
    ines = await board.signed_in("ines")
    page = await ines.see("/board/T-1")
    assert "Payroll failed" in page.says
    assert "your role changes nothing" in page.says
    for button in ("Send reply", "Resolve", "Hand over", "Escalate", "Set urgency"):
        assert f">{button}<" not in page.text
    answer = await ines.post("/board/T-1/resolve", {"key": "k"})
    assert answer.status == 422
    assert (await story.ticket()).status == "new"


async def test_one_session_cannot_act_for_another_person(story: Story, board: ServedBoard, vera: Visit) -> None:
    await vera.press("T-1", "note", text="mine", by="dana", person="dana", author="dana")
    assert [note.author for note in (await story.page()).notes] == ["vera"]
    page = await vera.see("/board/T-1")
    oleg = await board.signed_in("oleg")
    await vera.post("/board/T-1/note", {"key": page.key, "text": "one"})
    await oleg.post("/board/T-1/note", {"key": page.key, "text": "two"})
    assert [(note.author, note.text) for note in (await story.page()).notes][1:] == [("vera", "one"), ("oleg", "two")]


async def test_without_a_script_a_button_that_asks_for_more_shows_its_form(story: Story, vera: Visit) -> None:
    answer = await vera.post("/board/T-1?form=eta", {"key": "k", "text": "Half written"})
    assert answer.status == 200
    assert '<dialog id="eta" aria-labelledby="eta-title" open>' in answer.text
    assert "Half written</textarea>" in answer.text
    assert await story.events() == ["opened", "assigned"]


async def test_a_press_without_a_key_or_of_no_kind_is_no_press(story: Story, vera: Visit) -> None:
    assert (await vera.post("/board/T-1/reply", {"text": "hello"})).status == 400
    assert (await vera.post("/board/T-1/reply", {"key": "k\x00", "text": "hello"})).status == 400
    assert (await vera.post("/board/T-1/explode", {"key": "k"})).status == 404
    assert (await vera.post("/board/T-9/take", {"key": "k"})).status == 404
    assert len(await story.lines()) == 2


async def test_a_script_is_answered_in_json(story: Story, vera: Visit) -> None:
    page = await vera.see("/board/T-1")
    fields = {"key": page.key, "text": "We look into it"}
    answer = await vera.post("/board/T-1/reply", fields, Accept="application/json")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert page.key not in answer.text, "the next press needs a key of its own"
    refused = await vera.post("/board/T-1/eta", {"key": "k", "due": ""}, Accept="application/json")
    assert refused.status == 422
    assert "Choose a day and a time." in refused.text


async def test_a_file_comes_as_a_download_and_never_as_a_page(board: ServedBoard, vera: Visit) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"<script>alert(1)</script>"

    kept = await board.files.save(chunks(), limit=1000)
    await board.story.receives(
        Channel.INAPP,
        sender="lena",
        text="see file",
        attachments=(Attachment(Untrusted('a";b.html'), "text/html", kept.size, kept.digest),),
    )
    answer = await vera.see(f"/board/files/{kept.digest}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%22%3Bb.html"
    assert (await vera.see(f"/board/files/{'0' * 64}")).status == 404
    assert (await vera.see("/board/files/..%2f..%2fetc%2fpasswd")).status == 404
