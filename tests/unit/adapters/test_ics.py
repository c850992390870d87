"""An invitation as other people's calendars read it: when it is, whose it is, and that the next one replaces it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar import Calendar as Judge
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

from adapters.ics import Attendance, attendance_from_ics, ics_from_invites, note_from_ics
from adapters.message import Invite

AT = datetime(2026, 10, 26, 8, 0, tzinfo=UTC)
#: The Monday after clocks go back in the United States: seven in the morning there, eighteen at +03:00.
BEGINS = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
INVITE = Invite(
    uid="call-12.1@maitred",
    sequence=0,
    method="REQUEST",
    starts_at=BEGINS,
    ends_at=BEGINS + timedelta(minutes=30),
    zone="America/Los_Angeles",
    summary="Call: review · Vera Kova · T-12",
    description="To change it, answer this mail.",
    organizer=("RedTrack, Support", ""),
    attendee=("Lena Novak", "lena@acme.test"),
    location="https://meet.desk.test/vera",
)


def written(*invites: Invite, method: str | None = None) -> str:
    return ics_from_invites(invites or (INVITE,), made_at=AT, address="support@desk.test", method=method).decode()


def judged(text: str) -> Judge:
    return IcsCalendarStream.calendar_from_ics(text)


def event_of(text: str) -> Any:  # noqa: ANN401 - the library gives one of thirty types
    """The one event, as the first library reads it."""
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return event


def judged_event(text: str) -> Any:  # noqa: ANN401 - the same
    """The same by the other one."""
    (event,) = judged(text).events
    return event


def test_two_foreign_calendars_read_the_same_call() -> None:
    event, foreign = event_of(written()), judged_event(written())

    assert event["dtstart"].dt.isoformat() == foreign.dtstart.isoformat() == "2026-11-02T07:00:00-08:00"
    assert event["dtend"].dt.isoformat() == foreign.dtend.isoformat() == "2026-11-02T07:30:00-08:00"
    assert str(event["uid"]) == foreign.uid == INVITE.uid
    assert str(event["summary"]) == foreign.summary == INVITE.summary
    assert str(event["organizer"]) == foreign.organizer.uri == "mailto:support@desk.test"
    assert foreign.organizer.common_name == "RedTrack, Support"
    assert [one.uri for one in foreign.attendees] == ["mailto:lena@acme.test"]
    assert foreign.attendees[0].rsvp is True
    assert foreign.location == INVITE.location


def test_a_calendar_that_knows_no_zones_is_told_their_rules() -> None:
    (zone,) = judged(written()).timezones
    assert zone.tz_id == INVITE.zone
    offsets = {part.tz_offset_to.offset for part in (*zone.standard, *zone.daylight)}
    assert offsets == {timedelta(hours=-8), timedelta(hours=-7)}


@pytest.mark.parametrize(
    "zone", [pytest.param("fixed:+03:00", id="a fixed offset"), pytest.param("Mars/Base", id="none")]
)
def test_a_zone_without_a_name_is_told_in_utc(zone: str) -> None:
    event = judged_event(written(replace(INVITE, zone=zone)))
    assert event.dtstart == BEGINS
    assert event.dtstart.utcoffset() == timedelta(0)


def test_a_moved_call_takes_the_place_of_the_one_before_and_a_cancelled_one_is_gone() -> None:
    moved = replace(INVITE, sequence=1, starts_at=BEGINS + timedelta(hours=1), ends_at=BEGINS + timedelta(hours=2))
    off = replace(moved, sequence=2, method="CANCEL")

    assert [judged(written(one)).method for one in (INVITE, moved, off)] == ["REQUEST", "REQUEST", "CANCEL"]
    events = [judged(written(one)).events[0] for one in (INVITE, moved, off)]
    assert {event.uid for event in events} == {INVITE.uid}
    assert [event.sequence for event in events] == [0, 1, 2]
    assert [event.status for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


@pytest.mark.parametrize(
    ("method", "status"),
    [pytest.param("REQUEST", "TENTATIVE", id="asked for"), pytest.param("CANCEL", "CANCELLED", id="off")],
)
def test_a_call_that_waits_to_be_accepted_is_tentative_in_two_foreign_calendars(method: Any, status: str) -> None:  # noqa: ANN401 - a Literal
    text = written(replace(INVITE, is_tentative=True, method=method))
    assert str(event_of(text)["status"]) == judged_event(text).status == status
    assert judged(text).method == str(Calendar.from_ical(text)["method"]) == method


def test_whoever_has_said_yes_is_not_asked_again() -> None:
    asked, accepted = (
        event_of(written())["attendee"].params,
        event_of(written(replace(INVITE, is_accepted=True)))["attendee"].params,
    )
    assert (asked["PARTSTAT"], asked["RSVP"]) == ("NEEDS-ACTION", "TRUE")
    assert (accepted["PARTSTAT"], accepted["RSVP"]) == ("ACCEPTED", "FALSE")
    (attendee,) = judged_event(written(replace(INVITE, is_accepted=True))).attendees
    assert attendee.status == "ACCEPTED"


def test_a_list_of_calls_asks_nobody_anything() -> None:
    other = replace(INVITE, uid="call-13.1@maitred", attendee=("Omar", "omar@globex.test"), zone="Europe/Lisbon")
    found = judged(written(INVITE, other, method="PUBLISH"))
    assert [event.uid for event in found.events] == [INVITE.uid, other.uid]
    assert [event.attendees for event in found.events] == [[], []]
    assert judged(written(method="PUBLISH")).method == "PUBLISH"
    assert ics_from_invites([], made_at=AT, method="PUBLISH").count(b"BEGIN:") == 1


def test_invitations_of_two_methods_are_two_files() -> None:
    with pytest.raises(ValueError, match="one method"):
        ics_from_invites([INVITE, replace(INVITE, method="CANCEL")], made_at=AT)


def test_the_same_invitation_is_the_same_file() -> None:
    elsewhere = replace(INVITE, starts_at=BEGINS.astimezone(timezone(timedelta(hours=3))))
    assert written() == written(elsewhere)


@given(words=st.text(min_size=1, max_size=60))
def test_nobodys_words_become_a_line_of_the_file(words: str) -> None:
    for hostile in (words, f"{words}\r\nATTENDEE:mailto:evil@evil.test", f"x\nBEGIN:VALARM\n{words}"):
        made = written(
            replace(
                INVITE, summary=hostile, description=hostile, location=hostile, attendee=(hostile, "lena@acme.test")
            )
        )
        assert str(event_of(made)["attendee"]) == "mailto:lena@acme.test"
        assert len(Calendar.from_ical(made).walk()) == len(Calendar.from_ical(written()).walk())


def reply(answer: str = "ACCEPTED", attendee: str = "ATTENDEE;PARTSTAT={}:mailto:Lena@acme.test", **lines: str) -> str:
    event = {"UID": "call-12.1@maitred", "SEQUENCE": "2", "DTSTAMP": "20261026T080000Z"} | lines
    inner = "\r\n".join(f"{name}:{value}" for name, value in event.items() if value)
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Other//EN\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
        f"{inner}\r\n{attendee.format(answer)}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


@pytest.mark.parametrize("answer", ["accepted", "declined", "tentative"])
def test_what_an_attendee_answers_is_read(answer: str) -> None:
    assert attendance_from_ics(reply(answer.upper())) == Attendance(INVITE.uid, 2, "lena@acme.test", answer)  # type: ignore[arg-type]


def folded(size: int) -> str:
    return "\r\n ".join("A" * 74 for _ in range(size // 74))


@pytest.mark.parametrize(
    "repeated",
    [
        pytest.param({"ATTACH;ENCODING=BASE64;VALUE=BINARY": folded(400_000)}, id="a file"),
        pytest.param({"X-ALT-DESC;FMTTYPE=text/html": folded(200_000), "DESCRIPTION": folded(90_000)}, id="a page"),
        pytest.param({"description": "a" * 300_000}, id="one line"),
    ],
)
def test_an_answer_that_repeats_a_long_invitation_is_read(repeated: dict[str, str]) -> None:
    written = reply(COMMENT="Call me", **repeated)
    assert attendance_from_ics(written) == Attendance(INVITE.uid, 2, "lena@acme.test", "accepted")
    assert note_from_ics(written) == "Call me"


PROPOSED = datetime(2026, 10, 28, 14, 30, tzinfo=UTC)
BOTH = "ATTENDEE;PARTSTAT={0}:mailto:lena@acme.test\r\nATTENDEE:mailto:vera@desk.test"


@pytest.mark.parametrize(
    ("lines", "attendee", "whose"),
    [
        pytest.param({"DTSTART": "20261028T143000Z"}, "", "lena@acme.test", id="in universal time"),
        pytest.param({"DTSTART;TZID=Europe/Berlin": "20261028T153000"}, "", "lena@acme.test", id="in a zone"),
        pytest.param({"DTSTART": "20261028T143000Z"}, BOTH, "", id="for all who are invited"),
    ],
)
def test_another_time_that_is_proposed_is_read(lines: dict[str, str], attendee: str, whose: str) -> None:
    written = reply("NEEDS-ACTION", **({"attendee": attendee} if attendee else {}), **lines)
    found = attendance_from_ics(written.replace("METHOD:REPLY", "METHOD:COUNTER"))
    assert found == Attendance(INVITE.uid, 2, whose, "countered", PROPOSED)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param({"DTSTART;VALUE=DATE": "20261028"}, id="a day"),
        pytest.param({"DTSTART": "20261028T143000"}, id="a time of no zone"),
    ],
)
def test_what_proposes_no_moment_asks_for_another_all_the_same(lines: dict[str, str]) -> None:
    found = attendance_from_ics(reply(**lines).replace("METHOD:REPLY", "METHOD:COUNTER"))
    assert found == Attendance(INVITE.uid, 2, "lena@acme.test", "countered", None)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"DTSTART": "20261028T143000Z", "UID": ""}, id="a time, for no invitation"),
    ],
)
def test_what_proposes_so_is_no_answer(lines: dict[str, str]) -> None:
    assert attendance_from_ics(reply(**lines).replace("METHOD:REPLY", "METHOD:COUNTER")) is None


def test_an_answer_without_a_sequence_is_to_the_first_invitation() -> None:
    found = attendance_from_ics(reply(SEQUENCE=""))
    assert found is not None
    assert found.sequence == 0


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("BEGIN:VCALENDAR", id="half a file"),
        pytest.param(written(), id="an invitation"),
        pytest.param(reply("DELEGATED"), id="handed on"),
        pytest.param(reply(UID=""), id="to no invitation"),
        pytest.param(reply(SEQUENCE="many"), id="to no version of it"),
        pytest.param(reply(attendee="ATTENDEE;PARTSTAT={}:lena@acme.test"), id="by no address"),
        pytest.param(reply(attendee="COMMENT:nobody{}"), id="by nobody"),
        pytest.param(reply() + " " * 100_000, id="too long"),
        pytest.param(
            reply(attendee="ATTENDEE;PARTSTAT={0}:mailto:a@x.test\r\nATTENDEE;PARTSTAT={0}:mailto:b@x.test"),
            id="by two",
        ),
    ],
)
def test_anything_else_is_no_answer(text: str) -> None:
    assert attendance_from_ics(text) is None


@pytest.mark.parametrize(
    ("text", "note"),
    [
        pytest.param(reply(), "", id="none"),
        pytest.param(reply(COMMENT="Call me\\, please"), "Call me, please", id="one"),
        pytest.param(reply(COMMENT="Call me\r\nCOMMENT:Today"), "Call me\nToday", id="two"),
        pytest.param(reply("DELEGATED", COMMENT="Bob comes"), "Bob comes", id="beside what is no answer"),
        pytest.param(reply(COMMENT="Call me").replace("REPLY", "COUNTER"), "Call me", id="beside another time"),
        pytest.param(reply(COMMENT="Call me", DTSTART="never"), "Call me", id="beside a day that is none"),
        pytest.param(reply('DECLINED;X-RESPONSE-COMMENT="Call me"'), "Call me", id="beside the attendee"),
        pytest.param(reply(COMMENT="Call me\x00\ud800"), "Call me\ufffd", id="with what no store bears"),
        pytest.param(reply(COMMENT="a" * 9_000), "a" * 9_000, id="a long one"),
        pytest.param(reply(COMMENT="Call me") + " " * 100_000, "", id="in what no calendar made"),
    ],
)
def test_what_stands_beside_an_answer_is_read(text: str, note: str) -> None:
    assert note_from_ics(text) == note


@given(text=st.text(max_size=200), cut=st.integers(0, 250))
def test_no_text_trips_the_reader_of_answers(text: str, cut: int) -> None:
    whole = reply()
    for written in (text, whole[:cut] + text + whole[cut:]):
        attendance_from_ics(written)
        note_from_ics(written)
