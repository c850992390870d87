"""From a form of the ticket page to a command: the one place where words of a browser become a decision's input.

What is missing or malformed is named by field, so that the page can say it beside the field and keep the rest.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from adapters.message import Channel
from adapters.text import clean
from bot.tickets import command as c
from bot.tickets.calls import command as calls
from bot.tickets.ticket import LONGEST_NUMBER, MessageId, ticket_id_from_number
from bot.tickets.words.thread_words import stays_in
from routing.people import PersonId
from sla.duration import Instant, instant, moment, parse_within
from sla.policy import Metric
from sla.promise import ReplyKind
from sla.week import parse_zone

#: A reply longer than this is refused: no channel takes it, and nobody reads it.
LONGEST: Final = 20_000
_NAMED: Final = {"answer": ReplyKind.ANSWER, "clarify": ReplyKind.CLARIFY, "eta": ReplyKind.ETA}


class FieldsError(ValueError):
    """Something in the form is wrong: `errors` says what, by field."""

    def __init__(self, **errors: str) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


def command_from_form(action: str, fields: Mapping[str, str], *, zone: str) -> c.Command:
    """The command behind a form. KeyError for an action that does not exist, FieldsError for fields to be mended."""
    return _ACTIONS[action](fields, zone)


def moment_from_field(written: str, zone: str) -> Instant:
    """A moment as `<input type="datetime-local">` writes it, in the person's zone.

    An hour that comes twice means the first; one that the clocks skip is refused with the reason.
    """
    try:
        local = datetime.fromisoformat(written)
    except ValueError:
        raise FieldsError(due="Choose a day and a time.") from None
    if local.tzinfo is not None:
        raise FieldsError(due="Choose a day and a time without an offset: it is in your own zone.")
    tz = parse_zone(zone)
    try:
        at = instant(local.replace(tzinfo=tz))
        back = moment(at).astimezone(tz).replace(tzinfo=None)
    except (OverflowError, ValueError):
        raise FieldsError(due="Choose a day and a time that a calendar of ours has.") from None
    if back != local.replace(microsecond=0):
        raise FieldsError(due="The clocks skip this hour; choose another.")
    return at


def _words(fields: Mapping[str, str], name: str = "text") -> str:
    written = clean(fields.get(name, ""))
    if len(written) > LONGEST:
        raise FieldsError(**{name: f"This is longer than {LONGEST} characters; send it in parts."})
    return written


def _for_client(fields: Mapping[str, str], name: str = "text") -> str:
    """Words that a client will read: a note or a command among them is a slip, wherever it is written."""
    written = _words(fields, name)
    if stays_in(written, channel=Channel.BOARD):
        raise FieldsError(
            **{name: "Words that begin with // or with a command never go to a client. Write them anew, or add a note."}
        )
    return written


def _urgency(fields: Mapping[str, str], _: str) -> c.Command:
    return c.SetUrgency(_words(fields, "urgency"))


def _kind(fields: Mapping[str, str], zone: str) -> c.Command:
    kind = _NAMED.get(fields.get("kind", ""))
    if kind is None:
        raise FieldsError(kind="Say what it was: an answer, a question or an ETA.")
    if kind is not ReplyKind.ETA:
        return c.NameReply(kind)
    if not fields.get("due"):
        raise FieldsError(due="Choose the moment that your reply named: it gets a clock.")
    return c.NameReply(kind, moment_from_field(fields["due"], zone))


def _third_party(fields: Mapping[str, str], _: str) -> c.Command:
    reference = _words(fields, "reference").strip()
    if not reference:
        raise FieldsError(reference="Say whom we wait for, and how they name it.")
    return c.WaitThirdParty(reference)


def _snooze(fields: Mapping[str, str], zone: str) -> c.Command:
    try:
        return c.Snooze(moment_from_field(fields.get("until", ""), zone))
    except FieldsError as error:
        raise FieldsError(until=error.errors["due"]) from None


def _merge(fields: Mapping[str, str], _: str) -> c.Command:
    try:
        return c.Merge(ticket_id_from_number(fields.get("into", "")))
    except ValueError:
        raise FieldsError(into="Write the number of the ticket that goes on, like T-12.") from None


def _same_person(fields: Mapping[str, str], _: str) -> c.Command:
    try:
        return c.SamePerson(ticket_id_from_number(fields.get("other", "")))
    except ValueError:
        raise FieldsError(other="Write the number of another ticket of that person, like T-12.") from None


def _split(fields: Mapping[str, str], _: str) -> c.Command:
    written = fields.get("message", "")
    if not written.isdecimal() or len(written) > LONGEST_NUMBER:
        raise FieldsError(message="Choose the message with which the other matter begins.")
    return c.Split(MessageId(int(written)))


def _agree(fields: Mapping[str, str], _: str) -> c.Command:
    try:
        metric = Metric(fields.get("metric", ""))
    except ValueError:
        raise FieldsError(metric="Choose the promise that you agreed on.") from None
    try:
        return c.Agree(metric, parse_within(fields.get("within", "")))
    except ValueError:
        raise FieldsError(within="Write how long it may take: 4h, 90m, 2bd.") from None


def _at(fields: Mapping[str, str], zone: str) -> Instant:
    try:
        return moment_from_field(fields.get("at", ""), zone)
    except FieldsError as error:
        raise FieldsError(at=error.errors["due"]) from None


def _held(fields: Mapping[str, str], zone: str) -> c.Command:
    again = _at({"at": fields["follow_up"]}, zone) if fields.get("follow_up") else None
    return calls.CallDone(_words(fields, "notes"), again)


_ACTIONS: Final[Mapping[str, Callable[[Mapping[str, str], str], c.Command]]] = {
    "take": lambda _fields, _zone: c.Take(),
    "reply": lambda fields, _: c.Reply(_for_client(fields)),
    "note": lambda fields, _: c.AddNote(_words(fields)),
    "ask": lambda fields, _: c.AskDetails(_for_client(fields)),
    "eta": lambda fields, zone: c.GiveEta(moment_from_field(fields.get("due", ""), zone), _for_client(fields)),
    "resolve": lambda fields, _: c.Resolve(_for_client(fields)),
    "handover": lambda fields, _: c.HandOver(
        PersonId(fields["to"]) if fields.get("to") else None, _words(fields, "why")
    ),
    "escalate": lambda fields, _: c.Escalate(_words(fields, "why")),
    "wait": _third_party,
    "resume": lambda _fields, _zone: c.Resume(),
    "noreply": lambda _fields, _zone: c.NeedsNoAnswer(),
    "urgency": _urgency,
    "kind": _kind,
    "ack": lambda _fields, _zone: c.Acknowledge(),
    "spam": lambda _fields, _zone: c.MarkSpam(),
    "notspam": lambda _fields, _zone: c.NotSpam(),
    "covered": lambda _fields, _zone: c.Covered(),
    "notcovered": lambda fields, _: c.NotCovered(_for_client(fields, "clause")),
    "agree": _agree,
    "merge": _merge,
    "unmerge": lambda _fields, _zone: c.Unmerge(),
    "snooze": _snooze,
    "unsnooze": lambda _fields, _zone: c.Unsnooze(),
    "same": lambda _fields, _zone: c.Same(),
    "sameperson": _same_person,
    "twopeople": lambda _fields, _zone: c.TwoPeople(),
    "link": lambda fields, _: c.LinkChannel(fields.get("channel", "")),
    "split": _split,
    "call": lambda fields, zone: calls.BookCall(_at(fields, zone), fields.get("kind", ""), _words(fields, "why")),
    "call_move": lambda fields, zone: calls.MoveCall(_at(fields, zone)),
    "call_confirm": lambda _fields, _zone: calls.ConfirmCall(),
    "call_decline": lambda fields, _: calls.DeclineCall(_words(fields, "why")),
    "call_cancel": lambda fields, _: calls.CancelCall(_words(fields, "why")),
    "call_done": _held,
    "call_no_show": lambda _fields, _zone: calls.CallNoShow(),
    "call_allow": lambda _fields, _zone: calls.AllowCall(),
    "call_refuse": lambda fields, _: calls.RefuseCall(_words(fields, "why")),
}
