"""What clients mean by words about calls, and how a call's time and its entitlement's period are told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.tickets.calls.call import KINDS, Call, CallState, Entitlement, Per
from bot.tickets.calls.marks import fallen, marks, told_from_the_start, wake_at
from bot.tickets.calls.texts import period
from bot.tickets.calls.words import Wish, is_like_an_answer, wish_from_text
from bot.tickets.ticket import ContactId, ConversationId, TicketId
from routing.people import ClientId, PersonId
from sla.duration import Instant, instant, later
from tests.unit.routing.made import CALENDARS, TUESDAY_NOON

#: Wednesday 15:00 in the office.
BEGINS = later(TUESDAY_NOON, timedelta(hours=27))


def at(hour: int, day: int = 4) -> Instant:
    return instant(datetime(2026, 3, day, hour, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        pytest.param("", Wish("offer"), id="nothing"),
        pytest.param(" 2. ", Wish("choice", number=2), id="a number"),
        pytest.param("#12", Wish("choice", number=12), id="a number with its sign"),
        pytest.param("2, please", Wish("choice", number=2), id="a number with a courtesy"),
        pytest.param("2?", Wish("unknown"), id="a number with a doubt"),
        pytest.param("Move", Wish("move"), id="to move it"),
        pytest.param("скасувати", Wish("cancel"), id="to cancel it, in Ukrainian"),
        pytest.param("Ausnahme", Wish("lead"), id="an exception, in German"),
        pytest.param("remote assistance", Wish("kind", kind="remote_assistance"), id="a kind"),
        pytest.param("tomorrow at 15", Wish("moment", at=at(15)), id="a moment"),
        pytest.param("завтра о 15:00", Wish("moment", at=at(15)), id="a moment in Ukrainian"),
        pytest.param("mañana a las 15", Wish("moment", at=at(15)), id="a moment in Spanish"),
        pytest.param("morgen um 15 Uhr", Wish("moment", at=at(15)), id="a moment in German"),
        pytest.param("08:00", Wish("unknown"), id="a time that has passed today"),
        pytest.param("as soon as you can", Wish("unknown"), id="no time"),
        pytest.param("x" * 5_000, Wish("unknown"), id="far too much"),
    ],
)
def test_words_after_the_command_say_what_is_wanted(text: str, wish: Wish) -> None:
    office = CALENDARS["office"]

    assert wish_from_text(text, KINDS, now=TUESDAY_NOON, zone="UTC", calendar=office) == wish


@pytest.mark.parametrize("text", ["2", "2.", "#3", "tomorrow 15:00", "fri 11", "завтра о 15"])
def test_these_may_answer_an_offer(text: str) -> None:
    assert is_like_an_answer(text)


@pytest.mark.parametrize("text", ["", "tomorrow", "call me", "2 of them failed", "we need 3", "1" * 41])
def test_these_do_not(text: str) -> None:
    assert not is_like_an_answer(text)


@pytest.mark.parametrize(
    ("per", "since", "until"),
    [
        pytest.param("month", "2026-03-01T00:00+01:00", "2026-04-01T00:00+02:00", id="a month in which clocks change"),
        pytest.param("quarter", "2026-01-01T00:00+01:00", "2026-04-01T00:00+02:00", id="a quarter"),
        pytest.param("year", "2026-01-01T00:00+01:00", "2027-01-01T00:00+01:00", id="a year"),
    ],
)
def test_what_was_bought_is_counted_in_the_clients_own_calendar(per: Per, since: str, until: str) -> None:
    found = period(Entitlement(1, per), instant(datetime.fromisoformat("2026-03-31T23:30+02:00")), "Europe/Berlin")

    assert found == (instant(datetime.fromisoformat(since)), instant(datetime.fromisoformat(until)))


def made(state: CallState = CallState.CONFIRMED, accept_by: Instant | None = None) -> Call:
    return Call(
        key="1.1",
        uid="one@maitred",
        ticket=TicketId(1),
        talk=ConversationId(1),
        contact=ContactId(1),
        client=ClientId("acme"),
        person=PersonId("vera"),
        kind="review",
        state=state,
        begins_at=BEGINS,
        ends_at=later(BEGINS, timedelta(minutes=30)),
        zone="UTC",
        language="en",
        by="contact",
        agreed_at=TUESDAY_NOON,
        accept_by=accept_by,
    )


def test_each_mark_of_a_call_falls_once_and_none_after_it_has_begun() -> None:
    office, call = CALENDARS["office"], made()
    known = marks(call, office)

    assert list(known) == ["day", "soon", "over", "assumed"]
    assert wake_at(call, office) == known["day"] == later(BEGINS, -timedelta(days=1))
    assert fallen(call, office, now=known["day"]) == ("day", frozenset({"day"}))
    assert fallen(call, office, now=known["soon"]) == ("soon", frozenset({"day", "soon"}))
    assert fallen(call, office, now=later(BEGINS, timedelta(minutes=1))) == (None, frozenset({"day", "soon"}))
    assert told_from_the_start(call, office, now=known["day"]) == {"day"}
    assert marks(made(CallState.CANCELLED), office) == {}


def test_after_a_downtime_its_person_is_asked_first_and_has_a_day_to_answer() -> None:
    office, call = CALENDARS["office"], made()
    back = later(call.ends_at, timedelta(days=5))
    mark, told = fallen(call, office, now=back)
    assert mark == "over"
    assert "assumed" not in told
    asked = replace(call, told=told)
    assert wake_at(asked, office) == later(back, timedelta(days=1))
    assert fallen(asked, office, now=later(back, timedelta(hours=23))) == (None, told)
    assert fallen(asked, office, now=later(back, timedelta(days=1)))[0] == "assumed"


def test_a_request_is_asked_about_in_working_hours_and_lapses_at_its_notice_point() -> None:
    office, accept_by = CALENDARS["office"], later(TUESDAY_NOON, timedelta(hours=26))

    assert marks(made(CallState.REQUESTED, accept_by), office) == {
        "accept": later(TUESDAY_NOON, timedelta(hours=5, minutes=30)),
        "last_call": later(accept_by, timedelta(minutes=-30)),
        "lapse": accept_by,
    }
    at_night = later(TUESDAY_NOON, timedelta(hours=20))
    assert marks(made(CallState.REQUESTED, at_night), office) == {
        "accept": later(TUESDAY_NOON, timedelta(hours=3, minutes=30)),
        "last_call": later(TUESDAY_NOON, timedelta(hours=6, minutes=39)),
        "lapse": at_night,
    }
    soon = later(TUESDAY_NOON, timedelta(minutes=10))
    assert marks(made(CallState.REQUESTED, soon), office)["last_call"] == later(soon, timedelta(minutes=-2))
