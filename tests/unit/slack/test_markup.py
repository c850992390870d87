"""Slack's markup, read and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.cards import spoken_size, text_from_words
from adapters.slack.markup import escape, escaped_size, pieces, read
from adapters.text import clean


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        pytest.param("a &lt;b&gt; &amp; c", "a <b> & c", id="escapes"),
        pytest.param("&amp;lt;!channel&amp;gt;", "&lt;!channel&gt;", id="an escape of an escape stays one"),
        pytest.param("&lt;!channel&gt; &lt;@U1&gt;", "<!channel> <@U1>", id="words that look like a mention"),
        pytest.param("<@U1> <@U2|oleg> <@U3>", "@Vera @oleg @U3", id="people"),
        pytest.param("<#C1|general> <#C2>", "#general #C2", id="channels"),
        pytest.param("<!here> <!channel|@channel> <!everyone>", "@here @channel @everyone", id="all of them"),
        pytest.param("<!subteam^S1|@night> <!subteam^S2>", "@night @S2", id="groups"),
        pytest.param("<!date^1774603800^{time}|half past nine>", "half past nine", id="a date"),
        pytest.param("<https://a.test>", "https://a.test", id="an address"),
        pytest.param("<http://a.test|a.test>", "a.test", id="an address typed without its scheme"),
        pytest.param("<http://a.test/|a.test>", "a.test", id="the same, as Slack completes it"),
        pytest.param("<https://evil.test|bank>", "bank (https://evil.test)", id="a link that hides where it leads"),
        pytest.param(
            "<mailto:a@b.test|a@b.test> <tel:+491|+49 1>", "a@b.test +49 1 (tel:+491)", id="other ways to reach"
        ),
        pytest.param("a < b > c <nothing of Slack's>", "a < b > c <nothing of Slack's>", id="no markup at all"),
        pytest.param("<https://a.test?a=1&amp;b=2>", "https://a.test?a=1&b=2", id="an address with an escape"),
    ],
)
def test_markup_is_read_as_people_see_it(sent: str, seen: str) -> None:
    assert read(sent, {"U1": "Vera"}) == seen


@given(st.text())
def test_what_somebody_types_is_read_as_it_was_typed(typed: str) -> None:
    assert read(escape(typed), {}) == clean(typed)


@given(st.text())
def test_nothing_in_our_words_is_markup_but_links_that_show_where_they_lead(words: str) -> None:
    written = text_from_words(words)
    assert read(written, {}) == clean(words)
    assert "<!" not in written
    assert "<@" not in written
    assert "<#" not in written


@given(st.text(st.sampled_from("<>&a http://bc.test|\n")))
def test_the_size_of_a_text_is_known_before_it_is_written(words: str) -> None:
    assert len(escape(words)) == escaped_size(words)
    assert len(text_from_words(words)) <= spoken_size(words)


@pytest.mark.parametrize(
    "words",
    [
        "http://",
        "https://?",
        "http://]x[",
        "https://-.test",
        "ftp://a.test",
        "http:// a.test",
        "http\u017f://a.test",
        "https://\u017flack.test",
        "https://\u212aa.test",
    ],
)
def test_what_only_looks_like_an_address_stays_words(words: str) -> None:
    linked = [piece for piece, is_address in pieces(words) if is_address]
    assert linked == []


def test_an_address_ends_before_what_closes_the_sentence() -> None:
    assert (
        text_from_words("See https://a.test/x. Or (http://b.test)!") == "See <https://a.test/x>. Or (<http://b.test>)!"
    )
