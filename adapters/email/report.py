"""What mail servers write back about our mail: which address, what became of it, and which mail of ours.

The standard form is a report of parts (RFC 3464, RFC 8098), which Postfix, Exim, Exchange and Gmail write, each with
turns of its own. Before it there were only words: qmail's and old Exim's are known by the lines that they never change.
"""

import re
from collections.abc import Sequence
from email import message_from_string
from typing import Final, Literal, TypeAlias

from adapters.email import limits
from adapters.email.body import Found, Part, content_of, parts_of, unwrapped
from adapters.email.charsets import words_from_bytes
from adapters.email.headers import Headers, mailboxes, message_ids, parameters
from adapters.email.letter import Report, Returned
from adapters.text import one_line

Kind: TypeAlias = Literal["delivery", "disposition", "complaint", "policy"]

_QMAIL: Final = "This is the qmail-send program at"
_COPIES: Final = (
    "--- Below this line is a copy of the message.",
    "------ This is a copy of the message, including all the headers. ------",
    "------ This is a copy of the message's header. ------",
    "--- The header of the original message is following. ---",
    "--- Original message follows.",
)
_QMAIL_ADDRESS: Final = re.compile(r"^<([^<>\s]{3,320})>:[ \t]*$", re.MULTILINE)
_STATUS: Final = re.compile(r"(?<![0-9.])[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])")
_LONGEST_WHY: Final = 300
_MOST_RECIPIENTS: Final = 50
_SERVERS: Final = {"mailer-daemon", "postmaster"}
_KINDS: Final[dict[str, Kind]] = {
    "delivery-status": "delivery",
    "disposition-notification": "disposition",
    "feedback-report": "complaint",
    "tlsrpt": "policy",
}
_PARTS: Final[dict[str, Kind]] = {
    "message/delivery-status": "delivery",
    "message/global-delivery-status": "delivery",
    "message/disposition-notification": "disposition",
    "message/global-disposition-notification": "disposition",
    "message/feedback-report": "complaint",
}
_COUNTED: Final = re.compile(r"[^!]{1,255}!([^!]{1,255})!\d{1,12}!\d{1,12}(![^!]{1,255})?\.(xml|xml\.gz|gz|zip)")
_ACTIONS: Final = {"failed", "delayed", "delivered", "relayed", "expanded"}


def report_from(headers: Headers, found: Found, text: str) -> Report | None:
    """What a mail reports, if it is a report. People who send on a report, or quote one, are not servers."""
    kind = _kind(headers, found)
    if kind == "complaint":
        name, to, copies = _original(headers, found, text)
        return Report(kind, _complaints(found, to), name, to, copies)
    if kind in {"disposition", "policy"}:
        return Report(kind, (), *_original(headers, found, text))
    if kind is None and not _is_servers(headers):
        return None
    returned = _from_status(found) or _from_words(headers, text)
    if not returned and kind is None:
        return None
    return Report("delivery", tuple(returned), *_original(headers, found, text))


def _kind(headers: Headers, found: Found) -> Kind | None:
    """What a mail calls itself, or the report of parts within it: some are signed, others do not say of what kind."""
    types = [headers.first("content-type"), *found.wrapped]
    for type_, named in map(parameters, types):
        if type_ != "multipart/report":
            continue
        kind = _KINDS.get(named.get("report-type", "").strip().lower())
        kinds = (one for part in found.reports if (one := _PARTS.get(_type(part))) is not None)
        if kind := kind or next(kinds, None):
            return kind
    if any(_is_readers(part, headers) for part in found.reports):
        return "disposition"
    # RFC 7489 7.2.1.1: such a report is a plain mail, known by its subject and the name of its only file together.
    is_counted = headers.words("subject").lower().startswith("report domain:") and len(found.files) == 1
    return "policy" if is_counted and _COUNTED.fullmatch(found.files[0].name) else None


def _is_readers(part: Part, headers: Headers) -> bool:
    """Is this a receipt outside of any report, of whoever sends the mail? One that is sent on is somebody else's."""
    if _type(part) != "message/disposition-notification":
        return False
    authors = {one.address.lower() for one in mailboxes(headers.first("from"))}
    return any(_address(one.first("final-recipient")).lower() in authors for one in _headers_of_original(part))


def _is_servers(headers: Headers) -> bool:
    """Did a mail server write this? Its mails have nobody to be returned to, or say who they are from."""
    authors = [one.address.partition("@")[0].lower() for one in mailboxes(headers.first("from"))]
    return headers.first("return-path").strip() == "<>" or any(one in _SERVERS for one in authors)


def _type(part: Part) -> str:
    return parameters(Headers(part).first("content-type"))[0]


def _from_status(found: Found) -> list[Returned]:
    returned: list[Returned] = []
    for part in found.reports:
        if _type(part) in {"message/delivery-status", "message/global-delivery-status"}:
            for fields in _groups(part):
                one = _returned(fields)
                if one is not None and len(returned) < _MOST_RECIPIENTS:
                    returned.append(one)
    return returned


def _complaints(found: Found, to: Sequence[str]) -> tuple[Returned, ...]:
    """Whose mail was called unwanted (RFC 5965 3.2): as their provider says, or else whom the mail was for."""
    fields = [one for part in found.reports if _PARTS.get(_type(part)) == "complaint" for one in _groups(part)]
    named = [address for one in fields if (address := _address(one.first("original-rcpt-to")))]
    kind = next((one_line(one.first("feedback-type"), _LONGEST_WHY) for one in fields), "")
    return tuple(Returned(one, "complained", why=kind) for one in (named or to)[:_MOST_RECIPIENTS])


def _groups(part: Part) -> Sequence[Headers]:
    """The groups of fields of a status: one about the mail, one for each address."""
    inner = parts_of(part)
    if len(inner) > 1:
        return [Headers(one) for one in inner[: _MOST_RECIPIENTS + 1]]
    # Some servers wrap the whole status for the way, or leave out the empty line between its groups.
    headers = Headers(part)
    written = inner[0].as_bytes() if inner else content_of(part, headers)
    whole = words_from_bytes(unwrapped(written, headers.first("content-transfer-encoding")) if inner else written)
    groups = whole[: limits.LARGEST_HEADERS].replace("\r\n", "\n").split("\n\n")
    return [Headers(message_from_string(group.strip())) for group in groups[: _MOST_RECIPIENTS + 1]]


def _returned(fields: Headers) -> Returned | None:
    """What one group says. An address of its own is better than the one a mail was passed on to."""
    address = _address(fields.first("original-recipient")) or _address(fields.first("final-recipient"))
    action, _ = parameters(fields.first("action"))  # servers put comments behind it
    status = _STATUS.search(fields.first("status"))
    if not address or action not in _ACTIONS:
        return None
    why = fields.first("diagnostic-code").partition(";")[2] or fields.first("diagnostic-code")
    return Returned(address, action, status[0] if status else "", one_line(why, _LONGEST_WHY))


def _address(written: str) -> str:
    """The address in `rfc822; lena@acme.test`."""
    found = mailboxes(written.rpartition(";")[2])
    return found[0].address if found else ""


def _from_words(headers: Headers, text: str) -> list[Returned]:
    """Reports from before there was a form for them."""
    failed = [one.address for one in mailboxes(headers.first("x-failed-recipients"), _MOST_RECIPIENTS)]
    before = _before_copy(text)
    if not failed and _QMAIL in before:
        failed = _QMAIL_ADDRESS.findall(before)[:_MOST_RECIPIENTS]
    return [Returned(address, "failed", *_reason(before, address)) for address in failed]


def _reason(text: str, address: str) -> tuple[str, str]:
    """The status and the words that stand below an address."""
    _, found, rest = text.partition(address)
    why = one_line(rest.partition("\n\n")[0].lstrip(">: \n"), _LONGEST_WHY) if found else ""
    status = _STATUS.search(why)
    return status[0] if status else "", why


def _before_copy(text: str) -> str:
    return text[: min((at for one in _COPIES if (at := text.find(one)) >= 0), default=len(text))]


def _original(headers: Headers, found: Found, text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The Message-ID of the mail that is reported on, whom it was for, and who had a copy."""
    for part in found.reports:
        for one in _headers_of_original(part):
            if ids := message_ids(one.first("message-id")) or message_ids(one.first("original-message-id")):
                return ids[0], *_readers(one)
    copy = text[len(_before_copy(text)) :].partition("\n")[2].lstrip()[: limits.LARGEST_HEADERS]
    quoted = Headers(message_from_string(copy.partition("\n\n")[0]))
    if ids := message_ids(quoted.first("message-id")):
        return ids[0], *_readers(quoted)
    # Without a copy of it, what the report answers is the mail that came back.
    answered = message_ids(headers.first("in-reply-to")) or message_ids(headers.first("references"))[-1:]
    return (answered[0], (), ()) if answered else ("", (), ())


def _readers(headers: Headers) -> tuple[tuple[str, ...], tuple[str, ...]]:
    to, copies = (tuple(one.address for one in mailboxes(headers.first(name))) for name in ("to", "cc"))
    return to, copies


def _headers_of_original(part: Part) -> Sequence[Headers]:
    if inner := parts_of(part):
        encoding, _ = parameters(Headers(part).first("content-transfer-encoding"))
        if encoding not in {"base64", "quoted-printable"}:
            return [Headers(one) for one in inner[:1]]
        # No mail may be wrapped for the way whole (RFC 2046 5.2.1); some servers do.
        return [_headers_in(unwrapped(inner[0].as_bytes(), encoding)[: limits.LARGEST_HEADERS])]
    if _type(part) in {"text/rfc822-headers", "message/disposition-notification", "message/rfc822"}:
        return [_headers_in(content_of(part, Headers(part))[: limits.LARGEST_HEADERS])]
    return []


def _headers_in(written: bytes) -> Headers:
    words = words_from_bytes(written).strip().replace("\r\n", "\n")
    return Headers(message_from_string(words.partition("\n\n")[0]))
