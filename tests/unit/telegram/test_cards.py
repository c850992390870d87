"""Cards as Telegram draws them, within what one message holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.card import Card, Promise
from adapters.message import Button, Untrusted
from adapters.telegram.cards import drawn_card, keyboard
from adapters.text import utf16_size
from tests.peers.telegram_markup import from_html

TEXTS = st.text(st.sampled_from("<&> .@/:🙂👨‍👩‍👧abc\n") | st.characters(), max_size=400)


def test_a_card_reads_from_top_to_bottom() -> None:
    card = Card(
        "T-12 · Acme",
        lines=("Payroll failed", "Vera Kova"),
        quote=Untrusted("it stops"),
        promises=(Promise("first response", "58 min left", "ok"), Promise("ETA", "paused", "paused")),
        tone="soon",
    )
    assert drawn_card(card).plain.split("\n") == [
        "🟡 T-12 · Acme",
        "Payroll failed",
        "Vera Kova",
        "it stops",
        "🟢 First response  58 min left",
        "⏸️ ETA  paused",
    ]


def test_a_card_of_a_title_alone_has_no_empty_lines() -> None:
    assert drawn_card(Card("T-12")).html == "<b>T-12</b>"
    assert drawn_card(Card("")).html == "<b>—</b>"


@given(
    st.builds(
        Card,
        TEXTS.map(lambda text: text * 3),
        st.lists(TEXTS, max_size=8).map(tuple),
        TEXTS.map(lambda text: Untrusted(text * 20)),
        st.lists(st.builds(Promise, TEXTS, TEXTS, st.sampled_from(["ok", "late"])), max_size=12).map(tuple),
    ),
    st.lists(st.integers(1, 9_999), max_size=30),
)
def test_any_card_is_one_message_with_its_markup_whole(card: Card, called: list[int]) -> None:
    drawn = drawn_card(card, called)
    text, entities = from_html(drawn.html)
    assert 0 < utf16_size(text) <= 4096
    assert utf16_size(drawn.plain) <= 4096
    assert text == drawn.plain.strip()
    kinds = {str(one["type"]) for one in entities}
    assert kinds <= {"bold", "blockquote", "text_link", "text_mention"}


def test_a_long_quote_is_cut_where_the_card_ends_and_says_so() -> None:
    card = Card("T-12", quote=Untrusted("word " * 2_000), promises=(Promise("ETA", "2 h left", "ok"),))
    plain = drawn_card(card).plain
    assert "…\n🟢 ETA" in plain
    assert utf16_size(plain) > 4_000


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        pytest.param(["Take", "ETA", "Note", "Resolve"], [3, 1], id="short ones stand three in a row"),
        pytest.param(["Ask for details", "Give ETA", "Hand over to …"], [2, 1], id="longer ones two"),
        pytest.param(["Take", "Bring in the second line now", "ETA", "Note"], [1, 1, 2], id="a long one alone"),
        pytest.param(["x" * 100], [1], id="one that is cut"),
        pytest.param([""], [1], id="one without words"),
    ],
)
def test_buttons_stand_where_their_labels_can_be_read(labels: list[str], rows: list[int]) -> None:
    buttons = [Button("ticket.take", label, "T-12") for label in labels]
    drawn = keyboard(buttons, [f"name-{number}" for number in range(len(labels))])
    assert drawn is not None
    assert [len(row) for row in drawn["inline_keyboard"]] == rows
    assert all(key["text"] for row in drawn["inline_keyboard"] for key in row)


def test_without_buttons_there_is_no_keyboard() -> None:
    assert keyboard([], []) is None
