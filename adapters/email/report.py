"""What mail servers write back about our mail: which address, what became of it, and which mail of ours.

The standard form is a report of parts (RFC 3464, RFC 8098), which Postfix, Exim, Exchange and Gmail write, each with
turns of its own. Before it there were only words: qmail's and old Exim's are known by the lines that they never change.
"""

import re
from collections.abc import Sequence
from email import message_from_string
from typing import Final

from adapters.email import limits
from adapters.email.body import Found, Part, content_of, parts_of, unwrapped
from adapters.email.charsets import words_from_bytes
from adapters.email.headers import Headers, mailboxes, message_ids, parameters
from adapters.email.letter import Report, Returned
from adapters.text import one_line

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
_ACTIONS: Final = {"failed", "delayed", "delivered", "relayed", "expanded"}


def report_from(headers: Headers, found: Found, text: str) -> Report | None:
    """What a mail reports, if it is a report. People who send on a report, or quote one, are not servers."""
    type_, named = parameters(headers.first("content-type"))
    kind = named.get("report-type", "").lower() if type_ == "multipart/report" else ""
    if kind == "disposition-notification":
        return Report("disposition", (), *_original(found, text))
    if kind != "delivery-status" and not _is_servers(headers):
        return None
    returned = _from_status(found) or _from_words(headers, text)
    if not returned and kind != "delivery-status":
        return None
    return Report("delivery", tuple(returned), *_original(found, text))


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
    action = fields.first("action").lower().strip()
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


def _original(found: Found, text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The Message-ID of the mail that is reported on, whom it was for, and who had a copy."""
    for part in found.reports:
        for headers in _headers_of_original(part):
            ids = message_ids(headers.first("message-id")) or message_ids(headers.first("original-message-id"))
            if ids:
                return ids[0], *_readers(headers)
    copy = text[len(_before_copy(text)) :].partition("\n")[2].lstrip()[: limits.LARGEST_HEADERS]
    headers = Headers(message_from_string(copy.partition("\n\n")[0]))
    ids = message_ids(headers.first("message-id"))
    return (ids[0], *_readers(headers)) if ids else ("", (), ())


def _readers(headers: Headers) -> tuple[tuple[str, ...], tuple[str, ...]]:
    to, copies = (tuple(one.address for one in mailboxes(headers.first(name))) for name in ("to", "cc"))
    return to, copies


def _headers_of_original(part: Part) -> Sequence[Headers]:
    if inner := parts_of(part):
        return [Headers(one) for one in inner[:1]]
    if _type(part) in {"text/rfc822-headers", "message/disposition-notification", "message/rfc822"}:
        words = words_from_bytes(content_of(part, Headers(part)))[: limits.LARGEST_HEADERS]
        return [Headers(message_from_string(words.strip().replace("\r\n", "\n").partition("\n\n")[0]))]
    return []
