"""What people press in Slack, and what they are answered with."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.card import Form, Input
from adapters.errors import InboundError, MalformedError, UnsupportedError
from adapters.message import Channel, Identity
from adapters.port import Answer, Press
from adapters.slack.answers import Response, Whisper, response_for
from adapters.slack.presses import Asked, asked_from_text, press_from_event, press_from_payload
from tests.unit.slack.captured import captured
from tests.unit.slack.judge import element_types, judge_blocks, judge_view, words_of

AT = datetime(2026, 3, 27, 9, 38, 30, tzinfo=UTC)
VERA = Identity(Channel.SLACK, "T1/U1")
FORM = Form("ticket.note", "Note · T-12", "T-12", (Input("text", "Note", "long_text"),), "Save")


def press(payload: Mapping[str, Any]) -> Press:
    return press_from_payload(payload, account="desk", at=AT)


def where(found: Press) -> str:
    assert found.conversation is not None
    return found.conversation.key


def test_a_button_in_direct_messages_says_who_pressed_what_and_where() -> None:
    found = press(captured("press_in_direct"))
    assert (found.action, found.value, found.by, found.at) == ("ticket.take", "T-12", VERA, AT)
    assert where(found) == "slack:desk:T1/U1"
    assert found.fields == {}


def test_a_button_in_a_channel_is_pressed_by_somebody_of_another_workspace_as_such() -> None:
    found = press(captured("press_in_channel"))
    assert found.by == Identity(Channel.SLACK, "T2/U9")
    assert found.action == "ticket.ack"
    assert where(found) == "slack:desk:T1/C0ALERTS"


def test_a_button_under_a_message_belongs_to_its_thread() -> None:
    payload = captured("press_in_channel")
    payload["message"]["thread_ts"] = "1774603000.000000"
    assert where(press(payload)) == "slack:desk:T1/C0ALERTS#1774603000.000000"


def test_a_button_on_a_home_belongs_to_the_direct_messages_of_its_owner() -> None:
    assert where(press(captured("press_on_home"))) == "slack:desk:T1/U1"


def test_the_same_press_has_the_same_key_and_another_one_another() -> None:
    again = captured("press_in_direct") | {"trigger_id": "12466734323.1395872398.0af3"}
    assert press(captured("press_in_direct")).key == press(captured("press_in_direct")).key != press(again).key


def test_a_form_comes_back_with_what_it_is_for_and_its_fields() -> None:
    found = press(captured("form"))
    assert (found.action, found.value, found.by) == ("ticket.eta", "T-12", VERA)
    assert found.fields == {"eta": "2026-03-27T15:30:00+00:00", "text": "we mend it", "to": "oleg", "why": ""}
    assert where(found) == "slack:desk:T1/U1"


def test_a_form_sent_twice_is_one_press_and_with_other_words_another() -> None:
    again = captured("form") | {"trigger_id": "another"}
    other = captured("form")
    other["view"]["state"]["values"]["text"]["text"]["value"] = "we mended it"
    assert press(captured("form")).key == press(again).key != press(other).key


def test_the_shortcut_names_the_message_and_its_words() -> None:
    found = press(captured("shortcut"))
    assert (found.action, found.value) == ("message.ticket", "C123:1774603800.123456")
    assert found.fields == {"text": "Payroll <failed>"}
    assert where(found) == "slack:desk:T1/C123#1774603700.000100"


def test_a_command_is_pressed_with_its_words() -> None:
    found = press(captured("command"))
    assert (found.action, found.value, found.by) == ("desk", "who Acme & Co", VERA)
    assert where(found) == "slack:desk:T1/C555"


def test_an_opened_home_is_a_press_and_no_other_event_is() -> None:
    found = press_from_event(captured("home_opened"), account="desk", at=AT)
    assert found is not None
    assert (found.action, found.value, found.by, found.key) == ("home.open", "", VERA, "slack:Ev07ABC")
    assert press_from_event(captured("message"), account="desk", at=AT) is None
    messages_tab = captured("home_opened")
    messages_tab["event"]["tab"] = "messages"
    assert press_from_event(messages_tab, account="desk", at=AT) is None


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({"type": "view_closed"}, id="a closed form"),
        pytest.param({"type": "block_suggestion"}, id="a list that asks for more"),
        pytest.param({**captured("press_in_direct"), "actions": [{"type": "static_select"}]}, id="a list"),
        pytest.param(
            {**captured("press_in_direct"), "actions": [{"type": "button", "url": "https://a.test"}]}, id="a link"
        ),
    ],
)
def test_what_is_not_pressed_with_us_is_unsupported(payload: Mapping[str, Any]) -> None:
    with pytest.raises(UnsupportedError):
        press(payload)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param({}, id="nothing"),
        pytest.param({**captured("press_in_direct"), "user": {"id": "vera"}}, id="nobody"),
        pytest.param({**captured("press_in_direct"), "actions": []}, id="nothing pressed"),
        pytest.param({**captured("press_in_direct"), "trigger_id": None}, id="no trigger"),
        pytest.param({**captured("form"), "view": {"id": "V1", "private_metadata": "[1]"}}, id="a form for nothing"),
        pytest.param({**captured("shortcut"), "channel": {"id": "acme"}}, id="no channel"),
        pytest.param({**captured("command"), "user_id": ""}, id="a command of nobody"),
    ],
)
def test_what_lacks_what_it_must_have_is_malformed(payload: Mapping[str, Any]) -> None:
    with pytest.raises(MalformedError):
        press(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["press_in_direct", "press_in_channel", "form", "shortcut", "command"]), st.data())
def test_a_field_of_any_shape_is_read_or_refused_in_our_words(name: str, data: st.DataObject) -> None:
    payload = captured(name)
    inner = [one for one in payload.values() if isinstance(one, dict) and one]
    place = data.draw(st.sampled_from([payload, *inner]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    with suppress(InboundError):
        press(payload)


@given(st.text(), st.text(), st.text(), st.text())
def test_what_a_form_remembers_comes_back(action: str, value: str, address: str, thread: str) -> None:
    asked = Asked(action, value, address, thread)
    assert asked_from_text(asked.to_text()) == asked


def answered(name: str, answer: Answer) -> Response:
    payload = captured(name)
    return response_for(payload, press(payload), answer, title="Maitred")


def test_a_button_is_answered_by_a_whisper_where_it_was_pressed() -> None:
    found = press(captured("press_in_channel"))
    assert found.conversation is not None
    response = answered("press_in_channel", Answer("Only for people of the desk."))
    assert response.body == {}
    assert response.whisper == Whisper(found.conversation, "U9", "Only for people of the desk.", None)


def test_a_button_under_an_answer_is_answered_in_its_thread() -> None:
    payload = captured("press_in_channel")
    payload["message"]["thread_ts"] = "1774603000.000000"
    response = response_for(payload, press(payload), Answer("Done."), title="Maitred")
    assert response.whisper is not None
    assert response.whisper.thread == "1774603000.000000"


def test_a_button_with_a_form_opens_it() -> None:
    response = answered("press_in_direct", Answer(form=FORM))
    assert response.trigger_id == captured("press_in_direct")["trigger_id"]
    assert response.view is not None
    judge_view(response.view)
    assert asked_from_text(response.view["private_metadata"]) == Asked("ticket.note", "T-12", "T1/U1", "")


def test_a_button_on_a_home_is_answered_in_a_window() -> None:
    response = answered("press_on_home", Answer("Done."))
    assert response.view is not None
    judge_view(response.view)
    assert words_of(response.view["blocks"]) == "Done."


def test_a_form_with_a_mistake_stays_open_and_names_the_field() -> None:
    response = answered("form", Answer(errors={"eta": "15:00 has passed", "person": "who?"}, is_refused=True))
    assert response.body == {"response_action": "errors", "errors": {"eta": "15:00 has passed who?"}}


def test_a_form_that_is_done_closes_and_says_so() -> None:
    response = answered("form", Answer("Done."))
    assert response.body == {}
    assert response.whisper is not None
    assert response.whisper.text == "Done."


def test_a_form_that_is_refused_says_so_in_its_place() -> None:
    response = answered("form", Answer("T-12 is closed.", is_refused=True))
    assert response.body["response_action"] == "update"
    judge_view(response.body["view"])
    assert "T-12 is closed." in words_of(response.body["view"])
    assert response.whisper is None


def test_a_form_that_asks_further_shows_the_next_one() -> None:
    response = answered("form", Answer(form=FORM))
    assert response.body["response_action"] == "update"
    judge_view(response.body["view"])


def test_a_command_is_answered_for_whoever_wrote_it() -> None:
    body = answered("command", Answer("Acme <Ltd>: *Vera* Kova")).body
    assert (body["response_type"], body["text"]) == ("ephemeral", "Acme &lt;Ltd&gt;: *Vera* Kova")
    judge_blocks(body["blocks"])
    assert words_of(body["blocks"]) == "Acme <Ltd>: *Vera* Kova"
    assert answered("command", Answer(form=FORM)).view is not None
    assert answered("command", Answer()).body == {}


def test_a_commands_answer_is_no_markup_whatever_a_client_wrote() -> None:
    body = answered("command", Answer("T-1 · *pay* ~now~ `rm` _it_ :bomb: <!here>\n" * 400)).body
    judge_blocks(body["blocks"])
    assert element_types(body["blocks"]) == {"rich_text", "rich_text_section", "text"}


def test_an_answer_without_words_is_a_bare_acknowledgement() -> None:
    assert answered("press_in_direct", Answer()) == Response()
