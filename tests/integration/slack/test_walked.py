"""What goes wrong in Slack is told beside what was done, in the language of whoever did it, and counts once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.integration.slack.conftest import eventually
from tests.integration.slack.desks import ACME, DESK, LENA, VERA, people, prepared, working
from tests.integration.slack.test_whole_way import Stage
from tests.peers.slack_adapter import seen
from tests.peers.slack_api import Fault
from tests.peers.slack_front import SlackFront
from tests.peers.slack_payloads import Payload
from tests.templates import new_sqlite
from tests.unit.slack.judge import judge_view, words_of

#: Vera reads German and Acme Ukrainian, so that nothing English can stand before them unnoticed.
SPOKEN = DESK.replace('zone = "Europe/Lisbon"', 'zone = "Europe/Kyiv"\nlanguage = "uk"').replace(
    'name = "Vera Kova"', 'name = "Vera Kova"\nlanguage = "de"'
)
PASSED = "Dieser Zeitpunkt ist vorbei; wählen Sie einen in der Zukunft."
TOO_FAR = "Bis dahin ist es mehr als ein Jahr; wählen Sie einen näheren Zeitpunkt."
CLOSED = "T-1 ist bereits geschlossen; nichts wurde geändert."
ONLY_OURS = "Ця кнопка лише для нашої команди."


@pytest.fixture
async def stage(slack: SlackFront, tmp_path: Path) -> AsyncIterator[Stage]:
    url = new_sqlite(tmp_path / "maitred.db")
    await people(slack)
    await prepared(url, SPOKEN)
    with structlog.testing.capture_logs() as logged:
        async with working(slack, url, tmp_path / "files") as whole:
            yield Stage(slack, whole)
    assert [line for line in logged if line.get("exc_info")] == []


async def opened(stage: Stage, label: str) -> Payload:
    """The form that a button of Vera's card opens."""
    before = len(stage.slack.api.opened_views)
    await stage.slack.press(VERA, await stage.slack.dm(VERA), label)
    await eventually(lambda: len(stage.slack.api.opened_views) > before)
    return stage.slack.view_of(VERA)


async def answer_to(stage: Stage, view: Payload, **values: str) -> Any:  # noqa: ANN401 - whatever the app answers
    return (await (await stage.slack.submits(VERA, view, values)).settled()).response


def in_hours(hours: float) -> str:
    moment = datetime.now(UTC) + timedelta(hours=hours)  # noqa: TID251 - the desk of this test lives in the world's time
    return str(int(moment.timestamp()))


async def test_a_moment_that_cannot_be_promised_is_refused_beside_its_field_and_the_next_one_counts_once(
    stage: Stage,
) -> None:
    await stage.written()
    view = await opened(stage, "Zeit zusagen")
    for eta, why in ((in_hours(-1), PASSED), ("0", PASSED), (in_hours(24 * 400), TOO_FAR)):
        assert await answer_to(stage, view, eta=eta) == {"response_action": "errors", "errors": {"eta": why}}
    good = in_hours(5)
    assert [await answer_to(stage, view, eta=good, text="Bald.") for _ in range(2)] == [None, None]
    await stage.until_says("Bald.")
    assert [
        due_at // 1_000 for (due_at,) in await stage.whole.rows("SELECT due_at FROM clock WHERE metric = 'eta'")
    ] == [int(good)]
    assert len([text for text in await stage.to_lena() if "Bald." in text]) == 1


STALE = (
    ("Zeit zusagen", {"eta": in_hours(6)}),
    ("Rückfrage stellen", {"text": "Welcher Knoten?"}),
    ("Übergeben", {"to": "oleg"}),
    ("Dringlichkeit", {"urgency": "low"}),
    ("Eskalieren", {"why": "Hilfe"}),
    ("Auf Dritte warten", {"reference": "ABC-1"}),
)


async def test_a_form_that_was_open_while_its_ticket_was_resolved_changes_nothing_and_says_so(stage: Stage) -> None:
    await stage.written()
    forms = [(await opened(stage, label), values) for label, values in STALE]
    await stage.slack.press(VERA, await stage.slack.dm(VERA), "Lösen")
    await eventually(lambda: bool(stage.slack.api.ephemerals))
    events = await stage.whole.rows("SELECT what FROM event ORDER BY id")
    for view, values in forms:
        response = await answer_to(stage, view, **values)
        assert response["response_action"] == "update"
        judge_view(response["view"])
        assert CLOSED in words_of(response["view"]), values
    assert await stage.whole.rows("SELECT what FROM event ORDER BY id") == events


@pytest.mark.parametrize(
    ("label", "values", "after"),
    [
        pytest.param("Übergeben", {"to": "oleg"}, [("oleg",)], id="to a colleague"),
        pytest.param("Zweite Linie", {"why": "Needs the logs"}, [("tara",)], id="to the second line"),
    ],
)
async def test_a_ticket_that_is_handed_on_goes_there_once(
    stage: Stage, label: str, values: dict[str, str], after: list[tuple[str]]
) -> None:
    await stage.written()
    view = await opened(stage, label)
    judge_view(view)
    assert [await answer_to(stage, view, **values) for _ in range(2)] == [None, None]
    assert await stage.whole.rows("SELECT assignee FROM ticket") == after
    assert len(await stage.whole.rows("SELECT id FROM event WHERE what = 'handed_over'")) == 1


async def test_an_answer_of_which_slack_does_not_tell_whether_it_arrived_is_waited_for_and_said_once(
    stage: Stage,
) -> None:
    await stage.written()
    (card,) = await stage.cards()
    await stage.until(stage.to_lena)
    stage.slack.api.fail("chat.postMessage", Fault(cut="after"), channel=ACME)
    for method in ("conversations.history", "conversations.replies"):
        stage.slack.api.fail(method, Fault(status=503), times=1_000, channel=ACME)
    answer = await stage.slack.says(VERA, await stage.slack.dm(VERA), "We are on it.", thread=card["ts"])

    async def reads(sign: str) -> bool:
        return await stage.signs(answer) == [sign]

    await stage.until(lambda: reads("hourglass"))
    stage.slack.api.mend()
    await stage.until(lambda: reads("white_check_mark"))
    assert len([text for text in await stage.to_lena() if "We are on it." in text]) == 1


async def test_words_that_are_none_are_refused_in_the_forms_place_and_stop_no_clock(stage: Stage) -> None:
    await stage.written()
    for label, field in (("Antworten", "text"), ("Notiz hinzufügen", "text"), ("Auf Dritte warten", "reference")):
        response = await answer_to(stage, await opened(stage, label), **{field: "  \n "})
        assert response["response_action"] == "update"
        judge_view(response["view"])
    assert await stage.whole.rows("SELECT state FROM clock WHERE metric = 'first_response'") == [("running",)]
    assert await stage.whole.rows("SELECT status FROM ticket") == [("new",)]


async def test_a_client_who_presses_or_commands_is_refused_in_their_own_language(stage: Stage) -> None:
    await stage.written()
    view = await opened(stage, "Antworten")
    await stage.slack.press(LENA, await stage.slack.dm(VERA), "Lösen")
    await eventually(lambda: bool(stage.slack.api.ephemerals))
    assert [(one["user"], one["text"]) for one in stage.slack.api.ephemerals] == [(LENA, ONLY_OURS)]
    commanded = await (await stage.slack.command(LENA, ACME, "queue")).settled()
    assert commanded.response["text"] == ONLY_OURS
    sent = await (await stage.slack.submits(LENA, view, {"text": "Done."})).settled()
    assert ONLY_OURS in words_of(sent.response["view"])
    assert await stage.whole.rows("SELECT status FROM ticket") == [("new",)]


async def test_a_shortcut_where_the_app_is_no_member_is_answered_all_the_same(stage: Stage) -> None:
    elsewhere = await stage.slack.channel("C0ELSEWHERE", members=[VERA])
    said = await stage.slack.says(VERA, elsewhere, "Look at this", is_told=False)
    await stage.slack.removes_app(elsewhere)
    await stage.slack.shortcut(VERA, said)
    await eventually(lambda: bool(stage.slack.late_answers))
    assert [late["text"] for late in stage.slack.late_answers] == [
        "Diese Nachricht ist nicht von einem Kunden und kann deshalb kein Anliegen werden."
    ]


async def test_a_form_that_slack_does_not_open_is_asked_for_again_in_the_language_of_whoever_pressed(
    stage: Stage,
) -> None:
    await stage.written()
    stage.slack.api.fail("views.open", Fault(error="expired_trigger_id"))
    await stage.slack.press(VERA, await stage.slack.dm(VERA), "Notiz hinzufügen")
    await eventually(lambda: bool(stage.slack.api.ephemerals))
    assert stage.slack.api.ephemerals[-1]["text"].startswith("Slack hat das Formular nicht geöffnet.")


@pytest.mark.parametrize("error", ["restricted_action", "missing_scope", "msg_too_long", "is_archived"])
async def test_an_answer_that_slack_refuses_for_good_is_marked_told_and_still_there(stage: Stage, error: str) -> None:
    await stage.written()
    (card,) = await stage.cards()
    await stage.until(stage.to_lena)  # the receipt is not what this is about
    stage.slack.api.fail("chat.postMessage", Fault(error=error), channel=ACME)
    dm = await stage.slack.dm(VERA)
    answer = await stage.slack.says(VERA, dm, "We are on it.", thread=card["ts"])

    async def is_warned() -> bool:
        return await stage.signs(answer) == ["warning"]

    async def is_told() -> bool:
        return any(
            "Ihre Antwort zu T-1 hat Acme nicht erreicht" in seen(one)
            for one in await stage.slack.shown(dm)
            if "bot_id" in one
        )

    await stage.until(is_warned)
    await stage.until(is_told)
    assert await stage.whole.rows("SELECT state FROM outbox WHERE what = 'reply'") == [("failed",)]
    assert await stage.whole.rows("SELECT text FROM message WHERE kind = 'reply'") == [("We are on it.",)]
    assert not any("We are on it." in text for text in await stage.to_lena())


async def test_a_huddle_is_nobody_speaking(stage: Stage) -> None:
    huddle = {
        "type": "message",
        "subtype": "huddle_thread",
        "channel": ACME,
        "channel_type": "channel",
        "user": LENA,
        "team": "T0ACMECO",
        "text": "A huddle started",
        "ts": "1795000000.000100",
        "room": {"id": "R1", "created_by": LENA},
    }
    await (await stage.slack.tells({**huddle, "event_ts": huddle["ts"]})).settled()
    await stage.written()
    assert await stage.whole.rows("SELECT text FROM message WHERE direction = 'in'") == [("Payroll failed",)]
    ((reason,),) = await stage.whole.rows("SELECT reason FROM inbound WHERE state = 'parked'")
    assert reason == "messages of the kind 'huddle_thread' are not served"


async def test_ten_files_in_one_message_are_all_kept_and_named_under_the_card(stage: Stage) -> None:
    names = [f"{number}-<!channel>.txt" for number in range(10)]
    await stage.slack.shares_together(LENA, ACME, names, b"hello", text="The logs")
    await stage.until(stage.cards)

    async def kept() -> bool:
        return await stage.whole.rows("SELECT name, size, note FROM attachment ORDER BY name") == [
            (name, 5, "") for name in names
        ]

    await stage.until(kept)
    assert await stage.whole.rows("SELECT text FROM message WHERE direction = 'in'") == [("The logs",)]


async def test_one_press_told_to_the_app_again_and_again_has_one_effect(stage: Stage) -> None:
    await stage.written()
    view = await opened(stage, "Antworten")
    sent = await stage.slack.submits(VERA, view, {"text": "We are on it."})
    await asyncio.gather(*(stage.slack.line.redelivers(sent) for _ in range(3)))
    await sent.settled()
    await stage.until_says("We are on it.")
    assert await stage.whole.rows("SELECT text FROM message WHERE kind = 'reply'") == [("We are on it.",)]
