"""A call as calendars know it: invitations as an iCalendar file (RFC 5545), and the answers to them (RFC 5546).

    REQUEST    an invitation; with the same UID and a higher SEQUENCE it takes the place of the one before
    CANCEL     the call is off: the same UID, STATUS:CANCELLED
    PUBLISH    a list of calls to look at; nobody is asked anything

Moments are told in the zone of whoever is invited, with that zone's rules beside them, so that a calendar which knows
no zones is right as well. Everything goes through the library's own types, which escape.
Pure: `made_at` is an argument, and the same invitation gives the same bytes. The library is loaded when it is needed:
that takes longer than most starts.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.message import Answered, Invite
from adapters.text import clean, one_line

if TYPE_CHECKING:
    from icalendar import Component, Event, vCalAddress

_ANSWERS: Final[dict[str, Answered]] = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}
_LONGEST_NAME: Final = 120
_LONGEST_TEXT: Final = 2_000
#: The rules of a zone are told from so long before the first call to so long after the last: both its halves of a year.
_AROUND: Final = timedelta(days=366)
#: A calendar that answers an invitation holds one event; without these lines a long one is no calendar's.
_LONGEST_ANSWER: Final = 100_000
_REPEATED: Final = re.compile(
    r"(?:ATTACH|DESCRIPTION|SUMMARY|LOCATION|CONTACT|URL|X-[A-Z0-9-]{1,60})[:;]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Attendance:
    """What an attendee's calendar answers: to which invitation, in which of its versions.

    Whoever `countered` proposes another moment (RFC 5546 3.2.7), `proposed_at`, which is aware; None where they wrote a
    day, or a time of no zone: nobody knows which moment that is. The whole event is repeated then with all who are
    invited: where these are several, `attendee` is empty, and it is whoever sent it.
    """

    uid: str
    sequence: int
    attendee: str
    answer: Answered
    proposed_at: datetime | None = None


def ics_from_invites(
    invites: Sequence[Invite], *, made_at: datetime, address: str = "", method: str | None = None
) -> bytes:
    """One file. `address` is the organizer's where an invitation names none; `made_at` is aware.

    The method is that of the invitations, which must be one and the same, or the one given.
    """
    methods = {invite.method for invite in invites}
    if method is None and len(methods) != 1:
        raise ValueError("an iCalendar file has one method: that of all its invitations")
    from icalendar import Calendar  # noqa: PLC0415 - see above

    calendar = Calendar()
    calendar.add("prodid", "-//Maitred//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method or next(iter(methods)))
    for invite in invites:
        calendar.add_component(_event(invite, made_at, address, is_asked=method is None))
    if invites:
        first, last = min(invite.starts_at for invite in invites), max(invite.ends_at for invite in invites)
        calendar.add_missing_timezones(first_date=(first - _AROUND).date(), last_date=(last + _AROUND).date())
    return bytes(calendar.to_ical())


def attendance_from_ics(written: str) -> Attendance | None:
    """What a calendar answers, None for anything that is no answer to one invitation by one attendee."""
    from icalendar import Calendar  # noqa: PLC0415 - see above

    try:
        calendar = Calendar.from_ical(_as_far_as_needed(written))
        method = str(calendar.get("method", "")).upper()
        if method not in {"REPLY", "COUNTER"}:
            return None
        (event,) = calendar.walk("VEVENT")
        attendees = _each(event, "attendee")
        uid, sequence = str(event["uid"]), int(event.get("sequence", 0))
        if method == "COUNTER":
            return _counter(uid, sequence, attendees, event.decoded("dtstart"))
        (attendee,) = attendees
        answer = _ANSWERS.get(str(attendee.params.get("PARTSTAT", "")).upper())
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None
    plain = _mailbox(attendee)
    if answer is None or not uid or not plain:
        return None
    return Attendance(str(one_line(uid, _LONGEST_NAME)), sequence, plain, answer)


def _counter(uid: str, sequence: int, attendees: Sequence[Any], at: object) -> Attendance | None:
    if not uid:
        return None
    known = at if isinstance(at, datetime) and at.utcoffset() is not None else None
    plain = _mailbox(attendees[0]) if len(attendees) == 1 else ""
    return Attendance(str(one_line(uid, _LONGEST_NAME)), sequence, plain, "countered", known)


def _mailbox(attendee: object) -> str:
    """The mail address of an attendee; empty where it is none."""
    scheme, _, plain = str(attendee).strip().partition(":")
    return str(one_line(plain.lower(), 320)) if scheme.lower() == "mailto" else ""


def note_from_ics(written: str) -> str:
    """What somebody wrote beside an answer that their calendar gives, whatever it answers and for however many.

    Calendars have a field for that (RFC 5545 3.8.1.4), Google's one beside the attendee.
    """
    from icalendar import Calendar  # noqa: PLC0415 - see above

    try:
        events = Calendar.from_ical(_as_far_as_needed(written)).walk("VEVENT")
        notes = [note for event in events for note in _notes(event)]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return ""
    return "\n".join(dict.fromkeys(note for note in notes if note))


def _as_far_as_needed(written: str) -> str:
    """An answer without what it repeats, where it is long: some repeat the whole invitation, files and all.

    Raises ValueError where what is left is too long.
    """
    if len(written) <= _LONGEST_ANSWER:
        return written
    kept: list[str] = []
    is_kept = True
    for line in written.split("\n"):
        if not line.startswith((" ", "\t")):  # a line that goes on belongs to the one before it
            is_kept = _REPEATED.match(line) is None
        if is_kept:
            kept.append(line)
    short = "\n".join(kept)
    if len(short) > _LONGEST_ANSWER:
        raise ValueError("a calendar with more people and notes than an answer has")
    return short


def _notes(event: "Component") -> Iterator[str]:
    for note in _each(event, "comment"):
        yield str(clean(str(note))).strip()
    for attendee in _each(event, "attendee"):
        yield str(clean(str(attendee.params.get("X-RESPONSE-COMMENT", "")))).strip()


def _each(event: "Component", name: str) -> Sequence[Any]:
    """A property that an event may have none, one or several of."""
    found = event.get(name, [])
    return found if isinstance(found, list) else [found]


def _event(invite: Invite, made_at: datetime, address: str, *, is_asked: bool) -> "Event":
    from icalendar import Event  # noqa: PLC0415 - see above

    event = Event()
    zone = _zone(invite.zone)
    event.add("uid", invite.uid)
    event.add("sequence", invite.sequence)
    event.add("dtstamp", made_at.astimezone(UTC))
    event.add("dtstart", invite.starts_at.astimezone(zone))
    event.add("dtend", invite.ends_at.astimezone(zone))
    event.add("summary", one_line(invite.summary, _LONGEST_NAME))
    if invite.description:
        event.add("description", str(clean(invite.description))[:_LONGEST_TEXT])
    if invite.location:
        event.add("location", one_line(invite.location, _LONGEST_TEXT))
    event.add("status", _status(invite))
    event.add("transp", "OPAQUE")
    name, organizer = invite.organizer
    asked = invite if invite.method == "REQUEST" else None
    people = (("organizer", (name, organizer or address), None), ("attendee", invite.attendee, asked))
    for field, person, coming in people:
        if is_asked and person[1]:
            event.add(field, _person(*person, coming), encode=False)
    return event


def _status(invite: Invite) -> str:
    """Where the call stands (RFC 5545 3.8.1.11); what is off is off, however it stood before."""
    if invite.method == "CANCEL":
        return "CANCELLED"
    return "TENTATIVE" if invite.is_tentative else "CONFIRMED"


def _person(name: str, address: str, coming: Invite | None) -> "vCalAddress":
    """Somebody with their address; `coming` is the invitation that they are asked by, or have said yes to already."""
    from icalendar import vCalAddress, vText  # noqa: PLC0415 - see above

    who = vCalAddress(f"mailto:{one_line(address, 320)}")
    parameters: Iterable[tuple[str, str]] = [("CN", str(one_line(name, _LONGEST_NAME)).replace('"', "'"))]
    if coming is not None:
        said = ("ACCEPTED", "FALSE") if coming.is_accepted else ("NEEDS-ACTION", "TRUE")
        parameters = [*parameters, ("ROLE", "REQ-PARTICIPANT"), ("PARTSTAT", said[0]), ("RSVP", said[1])]
    for key, value in parameters:
        if value:
            who.params[key] = vText(value)
    return who


def _zone(name: str) -> ZoneInfo:
    """A fixed offset has no name that calendars know: UTC is shown rightly everywhere."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
