"""Cards, forms and homes as Slack draws them, judged by Slack's own SDK."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.card import Card, Form, Home, Input, Promise
from adapters.message import Button, Untrusted
from adapters.slack import cards
from adapters.slack.markup import read
from adapters.slack.presses import asked_from_text
from adapters.text import clean, split
from tests.unit.slack.judge import element_types, judge_blocks, judge_view, texts, words_of

DUE = datetime(2026, 3, 27, 15, 30, tzinfo=UTC)
BUTTONS = tuple(
    Button(f"ticket.{name}", name.title(), "T-12")
    for name in ("take", "reply", "eta", "clarify", "note", "handover", "escalate", "urgency", "noreply", "resolve")
)
CARD = Card(
    "T-12 · Acme · Payroll failed",
    lines=("Lena on Slack · Premium · medium", "Vera Kova has it"),
    quote=Untrusted("It says *no* & <b>stops</b>"),
    promises=(
        Promise("First response", "58 min left, due 18:30", "ok", DUE),
        Promise("Resolution", "overdue by 5 min", "late"),
    ),
    buttons=BUTTONS,
    tone="ok",
)
HOSTILE = st.text(st.characters() | st.sampled_from("<>&*_`~|!@# \n\t"), max_size=20) | st.sampled_from(
    [
        "<!channel> <!here> <!everyone> <!subteam^S1>",
        "<@U1> @channel @here @everyone",
        "<https://evil.test|https://bank.test>",
        "&lt;!channel&gt; &amp;lt;!here&amp;gt;",
        "*bold* _it_ ~no~ `code` ```block```\n> quote",
        ":tada: :smile:",
        "\u202eright to left",
        "👨‍👩‍👧" * 40,
        " ",
        "",
        "x" * 3_100,
        "<&>" * 400,
    ]
)
LABELS = HOSTILE
A_CARD = st.builds(
    Card,
    title=HOSTILE,
    lines=st.lists(HOSTILE, max_size=4).map(tuple),
    quote=HOSTILE.map(Untrusted),
    promises=st.lists(
        st.builds(Promise, HOSTILE, HOSTILE, st.sampled_from(["ok", "soon", "late", "paused", "plain"])), max_size=25
    ).map(tuple),
    buttons=st.lists(
        st.builds(
            Button,
            st.sampled_from(["ticket.take", "ticket.ack"]),
            LABELS,
            st.just("T-1"),
            st.sampled_from(["plain", "danger"]),
        ),
        max_size=40,
    ).map(tuple),
    tone=st.sampled_from(["ok", "late", "plain"]),
)
AN_INPUT = st.builds(
    Input,
    name=st.sampled_from(["text"]),
    label=HOSTILE,
    kind=st.sampled_from(["text", "long_text", "moment"]),
    initial=HOSTILE,
    required=st.booleans(),
)


def test_a_card_shows_everything_that_stands_on_it() -> None:
    blocks = cards.blocks_from_card(CARD)
    judge_blocks(blocks)
    shown = words_of(blocks)
    for words in (CARD.title, *CARD.lines, CARD.quote, "58 min left, due 18:30", "overdue by 5 min"):
        assert words in shown
    assert [block["type"] for block in blocks] == ["header", "section", "rich_text", "rich_text", "actions", "actions"]


def test_buttons_stand_in_rows_of_five_with_their_action_and_the_ticket() -> None:
    rows = [block["elements"] for block in cards.blocks_from_card(CARD) if block["type"] == "actions"]
    assert [len(row) for row in rows] == [5, 5]
    assert rows[0][0] | {"text": ""} == {
        "type": "button",
        "action_id": "ticket.take",
        "text": "",
        "value": "T-12",
    }


def test_two_buttons_of_a_row_that_do_the_same_have_different_names() -> None:
    card = Card("Two are late", buttons=(Button("ticket.ack", "One", "T-1"), Button("ticket.ack", "Two", "T-2")))
    judge_blocks(cards.blocks_from_card(card))


def test_who_is_called_is_called_by_id_in_the_card_and_in_its_text() -> None:
    blocks = cards.blocks_from_card(CARD, ["U1", "U2"])
    judge_blocks(blocks)
    called = blocks[0]["elements"][0]["elements"]
    assert called == [{"type": "user", "user_id": "U1"}, {"type": "user", "user_id": "U2"}]
    assert cards.text_from_card(CARD, ["U1", "U2"]).startswith("<@U1> <@U2> ")


def test_the_text_beside_a_card_says_what_the_card_says() -> None:
    text = read(cards.text_from_card(CARD), {})
    for words in (CARD.title, *CARD.lines, CARD.quote, "First response: 58 min left, due 18:30"):
        assert words in text


@given(A_CARD)
def test_no_card_breaks_a_limit_of_slack(card: Card) -> None:
    judge_blocks(cards.blocks_from_card(card, ["U1"]))
    assert 0 < len(cards.text_from_card(card, ["U1"])) <= cards.LONGEST_TEXT


@given(A_CARD)
def test_no_words_on_a_card_become_markup(card: Card) -> None:
    drawn = cards.blocks_from_card(card)
    assert element_types(drawn) <= {
        "header",
        "section",
        "actions",
        "button",
        "plain_text",
        "rich_text",
        "rich_text_section",
        "rich_text_quote",
        "text",
    }
    text = cards.text_from_card(card)
    assert "<" not in text
    assert ">" not in text


@given(HOSTILE)
def test_our_words_are_shown_as_they_were_written(words: str) -> None:
    for piece in split(words or "-", cards.LONGEST_TEXT, cards.spoken_size):
        drawn = cards.said(piece)
        judge_blocks(drawn)
        shown = "".join(element.get("text", element.get("url")) for element in drawn[0]["elements"][0]["elements"])
        assert shown == piece
        assert len(cards.text_from_words(piece)) <= cards.LONGEST_TEXT


@settings(max_examples=30)
@given(st.lists(A_CARD, max_size=3).map(tuple), st.integers(1, 20), HOSTILE)
def test_no_home_breaks_a_limit_of_slack(shown: tuple[Card, ...], times: int, title: str) -> None:
    judge_view(cards.view_from_home(Home(title, shown * times)))


def test_the_fullest_card_is_not_too_much_for_slack() -> None:
    card = Card(
        "t" * 9_000,
        lines=("l" * 500,) * 40,
        quote=Untrusted("q" * 9_000),
        promises=(Promise("p" * 150, "w" * 150, "ok"),) * 25,
        buttons=(Button("ticket.take", "b" * 100, "T-1"),) * 40,
    )
    drawn = cards.blocks_from_card(card, [f"U0000000{number}" for number in range(10)])
    judge_blocks(drawn)
    assert sum(len(text["text"]) for text in texts(drawn)) <= 13_000


@pytest.mark.parametrize("address", ["http://a.test/1 ", "HTTP://A ", "Https://a.test "])
def test_a_text_full_of_links_is_cut_before_slack_refuses_it(address: str) -> None:
    for piece in split(address * 600, cards.LONGEST_TEXT, cards.spoken_size):
        assert len(cards.text_from_words(piece)) <= cards.LONGEST_TEXT


def test_a_home_shows_cards_by_their_order_and_counts_what_finds_no_room() -> None:
    home = cards.view_from_home(Home("My queue", tuple(Card(f"T-{number}", buttons=BUTTONS) for number in range(60))))
    judge_view(home)
    shown = words_of(home["blocks"]).splitlines()
    assert shown[0] == "My queue"
    assert shown[1] == "T-0"
    assert shown[-1] == "+ 36"


def a_form(*inputs: Input, title: str = "Give ETA · T-12") -> dict[str, Any]:
    return cards.view_from_form(Form("ticket.eta", title, "T-12", inputs, "Give ETA"), "T1/U1")


def test_a_form_is_a_window_that_remembers_what_it_is_for() -> None:
    view = a_form(Input("eta", "ETA", "moment"), Input("text", "Reply", "long_text", required=False))
    judge_view(view)
    asked = asked_from_text(view["private_metadata"])
    assert (asked.action, asked.value, asked.address) == ("ticket.eta", "T-12", "T1/U1")
    assert view["callback_id"] == "eta.submit"
    assert [block["block_id"] for block in view["blocks"]] == ["eta", "text"]
    assert [block["element"]["type"] for block in view["blocks"]] == ["datetimepicker", "plain_text_input"]
    assert [block["optional"] for block in view["blocks"]] == [False, True]


def test_a_title_too_long_for_a_window_stands_whole_inside_it() -> None:
    title = "Ask the client for further details · T-12"
    view = a_form(Input("text", "Text", "long_text"), title=title)
    judge_view(view)
    assert view["title"]["text"] == "Ask the client for furt…"
    assert view["blocks"][0]["text"]["text"] == title


def test_a_choice_offers_what_there_is_and_starts_with_the_chosen_one() -> None:
    choices = (("*", "By the rules"), ("vera", "Vera Kova"), ("oleg", "Oleg"))
    element = a_form(Input("to", "To", "choice", choices, initial="vera"))["blocks"][0]["element"]
    assert [option["value"] for option in element["options"]] == ["*", "vera", "oleg"]
    assert element["initial_option"]["value"] == "vera"


def test_times_stand_below_their_days() -> None:
    choices = (("1", "09:00"), ("2", "09:30"), ("3", "09:00"))
    days = ("Wednesday, March 4", "Wednesday, March 4", "Thursday, March 5")
    view = a_form(Input("slot", "When", "choice", choices, initial="3", headings=days))
    judge_view(view)
    element = view["blocks"][0]["element"]
    groups = [
        (one["label"]["text"], [option["value"] for option in one["options"]]) for one in element["option_groups"]
    ]
    assert groups == [("Wednesday, March 4", ["1", "2"]), ("Thursday, March 5", ["3"])]
    assert element["initial_option"]["value"] == "3"


def test_more_choices_than_a_list_bears_come_in_groups() -> None:
    choices = tuple((f"p{number}", f"Person {number}") for number in range(250))
    view = a_form(Input("to", "To", "choice", choices, initial="p240"))
    judge_view(view)
    groups = view["blocks"][0]["element"]["option_groups"]
    assert [len(group["options"]) for group in groups] == [100, 100, 50]


@pytest.mark.parametrize(
    ("choices", "values"),
    [
        pytest.param((), ["—"], id="nothing to choose"),
        pytest.param((("v" * 151, "Too long"), ("vera", "Vera Kova")), ["vera"], id="a name Slack does not bear"),
    ],
)
def test_a_choice_never_costs_the_form(choices: tuple[tuple[str, str], ...], values: list[str]) -> None:
    view = a_form(Input("to", "To", "choice", choices))
    judge_view(view)
    assert [option["value"] for option in view["blocks"][0]["element"]["options"]] == values


@pytest.mark.parametrize(
    ("initial", "seconds"),
    [
        pytest.param("2026-03-27T15:30:00+00:00", 1774625400, id="a moment"),
        pytest.param("tomorrow 10:00", None, id="words"),
        pytest.param("2026-03-27T15:30:00", None, id="a moment without a zone"),
    ],
)
def test_a_moment_to_start_with_is_set_where_it_is_one(initial: str, seconds: int | None) -> None:
    element = a_form(Input("eta", "ETA", "moment", initial=initial))["blocks"][0]["element"]
    assert element.get("initial_date_time") == seconds


@given(HOSTILE, HOSTILE, AN_INPUT, HOSTILE)
def test_no_form_breaks_a_limit_of_slack(title: str, submit: str, one: Input, note: str) -> None:
    judge_view(cards.view_from_form(Form("ticket.note", title, "T-12", (one,), submit, note), "T1/C1#1.1", "1.1"))


def test_what_there_is_to_know_stands_above_the_fields_of_a_form() -> None:
    form = Form(
        "client.call", "Book a call", "T-1", (Input("slot", "When", "choice", (("1", "09:00"),)),), "Book", "Mine"
    )
    above, field = cards.view_from_form(form)["blocks"]
    assert (above["text"]["text"], field["type"]) == ("Mine", "input")


@given(HOSTILE, HOSTILE)
def test_no_notice_breaks_a_limit_of_slack(title: str, text: str) -> None:
    judge_view(cards.view_from_notice(title, text))


def test_a_quote_is_cut_where_a_reader_sees_it() -> None:
    drawn = cards.blocks_from_card(Card("T-1", quote=clean("word " * 2_000)))
    assert words_of(drawn).endswith("…")
