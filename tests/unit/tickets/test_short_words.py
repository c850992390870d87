"""Which words under a card do something, and which only look like it: none may vanish that was meant for a client."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.message import Untrusted
from bot.tickets.words.short_words import Deed, Shorts, deed
from bot.tickets.words.thread_words import Meant, meant


def eta(when: str, text: str = "", *, written: str = "eta") -> Deed:
    return Deed("ticket.eta", written, {"eta": when, **({"text": text} if text else {})})


@pytest.mark.parametrize(
    ("said", "done"),
    [
        pytest.param("eta 15:00", eta("15:00"), id="a time"),
        pytest.param("ETA: thu 15:00", eta("thu 15:00"), id="a day and a time"),
        pytest.param("eta 2h", eta("2h"), id="a length"),
        pytest.param("eta in 2 hours", eta("in 2 hours"), id="a length in words"),
        pytest.param("eta tomorrow at 10:00", eta("tomorrow at 10:00"), id="tomorrow"),
        pytest.param("eta завтра о 10", eta("завтра о 10"), id="in Ukrainian"),
        pytest.param("eta 25:00", eta("25:00"), id="a time that there is not"),
        pytest.param("eta: soon", eta("soon"), id="said with a colon"),
        pytest.param("eta 15:00\nThe bank is slow", eta("15:00", "The bank is slow"), id="with words for the client"),
        pytest.param("eta is not known yet", None, id="a sentence"),
        pytest.param("eta soon", None, id="no time"),
        pytest.param("eta", None, id="alone"),
        pytest.param("eta in about 2 hours", None, id="a guess"),
        pytest.param("etat 15:00", None, id="another word"),
    ],
)
@pytest.mark.parametrize("shorts", [Shorts.ETA, Shorts.ALL])
def test_a_time_after_eta_is_a_promise(said: str, done: Deed | None, shorts: Shorts) -> None:
    assert deed(said, shorts, is_inward=False) == done


@pytest.mark.parametrize(
    ("said", "done"),
    [
        pytest.param("take", Deed("ticket.take", "take"), id="take"),
        pytest.param("Resolve", Deed("ticket.resolve", "resolve"), id="as a phone writes it"),
        pytest.param("/take", Deed("ticket.take", "/take"), id="with a slash"),
        pytest.param("/resolve Fixed it", Deed("ticket.resolve", "/resolve", {"text": "Fixed it"}), id="a last word"),
        pytest.param("/eta", Deed("ticket.eta", "/eta"), id="without its time"),
        pytest.param("/eta 15:00\nSoon", eta("15:00", "Soon", written="/eta"), id="with its time"),
        pytest.param("/urgency high", Deed("ticket.urgency", "/urgency", {"urgency": "high"}), id="a level"),
        pytest.param(
            "/handover mira too much today",
            Deed("ticket.handover", "/handover", {"to": "mira", "why": "too much today"}),
            id="to somebody, with the reason",
        ),
        pytest.param(
            "/clarify\nWhich month?", Deed("ticket.clarify", "/clarify", {"text": "Which month?"}), id="lines"
        ),
        pytest.param("take it", None, id="a sentence"),
        pytest.param("resolved", None, id="another form"),
        pytest.param("resolve the invoice first", None, id="words after a bare one"),
        pytest.param("escalate", None, id="what needs a slash"),
        pytest.param("/take it or leave it", None, id="words after one that needs none"),
        pytest.param("/status", None, id="a command for clients"),
        pytest.param("/etc/passwd", None, id="a path"),
    ],
)
def test_a_short_word_is_read_only_where_it_stands_as_one(said: str, done: Deed | None) -> None:
    assert deed(said, Shorts.ALL, is_inward=False) == done
    assert deed(said, Shorts.ALL, is_inward=True) == done


@pytest.mark.parametrize("said", ["take", "/take", "/urgency high", "resolve"])
def test_a_channel_that_keeps_its_slashes_reads_nothing_but_a_time(said: str) -> None:
    assert deed(said, Shorts.ETA, is_inward=False) is None


@pytest.mark.parametrize("said", ["eta 15:00", "take", "/take"])
def test_nothing_is_read_where_nothing_is_allowed(said: str) -> None:
    assert deed(said, Shorts.NONE, is_inward=False) is None


def test_a_time_stays_a_note_where_words_stay_with_us_unless_all_are_read_there() -> None:
    read = meant(Untrusted("eta 15:00"), channel="slack", is_inward=True, shorts=Shorts.ETA)
    assert read == Meant("note", "eta 15:00")


def test_two_slashes_make_a_note_of_everything() -> None:
    read = meant(Untrusted("// eta 15:00"), channel="telegram", is_inward=False, shorts=Shorts.ALL)
    assert read == Meant("note", "eta 15:00")


def test_a_command_for_clients_that_we_have_too_is_ours() -> None:
    read = meant(Untrusted("/escalate They wait"), channel="telegram", is_inward=False, shorts=Shorts.ALL)
    assert (read.what, read.action, read.fields) == ("deed", "ticket.escalate", {"why": "They wait"})


@given(st.text())
def test_words_are_read_somehow_whatever_they_are(said: str) -> None:
    for shorts in Shorts:
        for is_inward in (False, True):
            read = meant(Untrusted(said), channel="telegram", is_inward=is_inward, shorts=shorts)
            assert (read.what == "deed") == bool(read.action)
