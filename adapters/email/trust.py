"""Who wrote a mail, and whether that is proven: our own mail server's word counts, about the sender's domain.

A mail server that receives mail checks it and writes the outcome on top (RFC 8601), under its own name. Of the headers
under a name that the settings trust, only the topmost is looked at: those below came with the mail. Microsoft 365 names
itself nowhere: where the settings say so, a nameless header counts, if none at all stands above it. It proves the
address in From if DMARC passed for that very domain; without a DMARC policy, if a signature (DKIM) of the domain or of
one above it passed, or SPF for the domain itself. Nothing else here proves anything; no trusted name, no trust.

Some doubts are only that a proof is missing, and a signed address of ours may be one. Others speak against the sender:
our server found that it is somebody else's mail, or the mail is written so that it can be read in two ways.

A domain above counts for those below it, never the other way round, so no list of public suffixes is needed: whoever
holds a signing key of `acme.test` speaks for `mail.acme.test`, and nobody holds one of `test`. What that leaves out
(`mail.acme.test` signing for `acme.test`) a DMARC policy brings back.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.email import ids
from adapters.email.headers import Mailbox, mailboxes
from adapters.email.letter import Letter
from adapters.text import one_line

_LONGEST_FROM: Final = 2_000
_PLAIN_VALUE: Final = re.compile(r"[A-Za-z0-9@._+-]*")
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}\.){1,30}[a-z0-9-]{1,63}")
_ADDRESS_IN_NAME: Final = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")
#: What a sender's own words may not bring to where our people read the doubt.
_STRANGE: Final = re.compile(r"[^\w@.+\" -]")
#: Among the names that are trusted: whoever writes the header gives no name.
UNNAMED: Final = "unnamed"
#: Microsoft's word for "there is no policy, and it would have passed".
_NO_POLICY: Final = {"none", "bestguesspass"}
#: The check did not come to an end, which is nobody's fault; for `permerror` it is the mail's.
_UNDECIDED: Final = "temperror"


@dataclass(frozen=True, slots=True)
class Sender:
    """The address in From, lower case, and the name beside it. `doubt` says why it is not proven; empty if it is.

    `is_refuted`: the doubt speaks against them, and nothing else proves them.
    """

    address: str
    name: str
    doubt: str
    is_refuted: bool = False

    @property
    def is_proven(self) -> bool:
        return not self.doubt


def sender_of(letter: Letter, authserv_ids: frozenset[str]) -> Sender:
    """Whoever the mail says wrote it, and what there is to say against it."""
    written = letter.headers.get("from", ())
    found = [one for value in written for one in mailboxes(value)]
    first = found[0] if found else _instead(letter)
    address = first.address.lower()
    doubt = _doubt(letter, written, found, authserv_ids)
    return Sender(address, name_of(first), str(doubt), is_refuted=isinstance(doubt, _Against))


class _Against(str):
    """A doubt that speaks against the sender."""

    __slots__ = ()


def _instead(letter: Letter) -> Mailbox:
    """Somebody to answer to where From names nobody; never proven."""
    for name in ("reply-to", "return-path"):
        if found := mailboxes(letter.first(name)):
            return found[0]
    return Mailbox(ids.NOBODY)


def name_of(mailbox: Mailbox) -> str:
    """What the sender is called: never another address than their own."""
    found = _ADDRESS_IN_NAME.search(mailbox.name)
    if found and found[0].strip("'\"()[],").lower() != mailbox.address.lower():
        return mailbox.address.lower()
    return one_line(mailbox.name, 120) or mailbox.address.lower()


def _doubt(letter: Letter, written: Sequence[str], found: Sequence[Mailbox], authserv_ids: frozenset[str]) -> str:
    if not any(value.strip() for value in written):
        return _Against("it names no sender")
    if letter.oddity:
        return _Against(letter.oddity)
    if not found:  # a check of the domain in From says nothing about whoever else is named
        return _Against(f"its sender is none that can be answered: {_STRANGE.sub('?', one_line(written[0], 120))}")
    if len(written) > 1 or len(found) > 1:
        return _Against("it names several senders")
    address = found[0].address
    if not address.isascii() or not _is_plain(written[0]):
        return "the sender's address is written in a way that can be read differently"
    domain = address.rpartition("@")[2].lower()
    if not _DOMAIN.fullmatch(domain):
        return "the sender's domain is none"
    if not authserv_ids:
        return "no mail server is trusted to check senders (MAIL_AUTHSERV_ID)"
    for place, value in enumerate(letter.headers.get("authentication-results", ())):
        name = authserv_id(value)
        if name in authserv_ids or (not name and place == 0 and UNNAMED in authserv_ids):
            methods = methods_from(value, is_named=bool(name))
            return (
                _Against("the check of our mail server cannot be read")
                if methods is None
                else _against(methods, domain)
            )
    return "our mail server did not check the sender"


def _is_plain(written: str) -> bool:
    """Is From one address and at most a name? Not a list, a group, or an address beside another one."""
    if len(written) > _LONGEST_FROM:
        return False
    bare = "".join(_unquoted(written, keeps_quoted=False) or ())
    name, _, rest = bare.partition("<")
    if name.strip().lower() == rest.partition(">")[0].strip().lower():  # its own name: read either way it is the same
        bare = rest
    return bare.count("@") == 1 and bare.count("<") < 2 and not set(bare) & set(",:;\0")  # noqa: PLR2004


def _against(methods: "Sequence[Method]", domain: str) -> str:
    """What the check says against the sender; empty if it proves them."""
    policies = [one for one in methods if one.name == "dmarc"]
    if len(policies) > 1:
        return _Against("the check of our mail server says two things about DMARC")
    for one in policies:
        if one.result == "pass":
            stands_for = _domain_of(one.values.get("header.from", ""))
            return "" if stands_for == domain else _Against("DMARC passed for another domain than the sender's")
        if one.result not in _NO_POLICY:
            doubt = f"DMARC did not pass ({one.result[:20]})"
            return doubt if one.result == _UNDECIDED else _Against(doubt)
    for one in methods:
        if one.name == "dkim" and one.result == "pass" and _speaks_for(_signer_of(one.values), domain):
            return ""
    origins = [one for one in methods if one.name == "spf"]
    if len(origins) == 1 and origins[0].result == "pass" and _envelope_of(origins[0].values) == domain:
        return ""
    return "neither a signature nor the way it came proves the sender's domain"


def _speaks_for(signer: str, domain: str) -> bool:
    return "." in signer and (signer == domain or domain.endswith("." + signer))


def _signer_of(values: Mapping[str, str]) -> str:
    """The domain that signed: `header.d`, or what stands behind the @ of `header.i`, unless they differ."""
    named = {_domain_of(values[name]) for name in ("header.d", "header.i") if name in values}
    if len(named) > 1 and not any(one.endswith("." + _domain_of(values["header.d"])) for one in named):
        return ""
    return _domain_of(values["header.d"]) if "header.d" in values else next(iter(named), "")


def _envelope_of(values: Mapping[str, str]) -> str:
    return _domain_of(values.get("smtp.mailfrom", ""))


def _domain_of(value: str) -> str:
    """The domain of an address, or of itself; nothing for what is neither."""
    domain = value.lower().rpartition("@")[2].rstrip(".")
    return domain if _DOMAIN.fullmatch(domain) and value.count("@") < 2 else ""  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Method:
    """One check: `dkim`, its result, and what it was made on."""

    name: str
    result: str
    values: Mapping[str, str]


def authserv_id(header: str) -> str:
    """The name of the server that wrote the header; empty where it does not say."""
    sections = _sections("".join(_unquoted(header.split(";", 1)[0] if '"' not in header else header) or ()))
    first = sections[0] if sections else []
    # Some letters outside ASCII turn into one of its letters when they are made small.
    if first and "=" not in "".join(first) and first[0].isascii():
        return first[0].lower()
    return ""


def methods_from(header: str, *, is_named: bool = True) -> tuple[Method, ...] | None:
    """The checks in a header; None if any of it is not understood, because then all of it may mean something else.

    `is_named`: it begins with the name of whoever wrote it.
    """
    bare = _unquoted(header)
    if bare is None:
        return None
    methods: list[Method] = []
    for words in _sections("".join(bare))[1 if is_named else 0 :]:
        if not words or words == ["none"]:
            continue
        pairs = [word.partition("=") for word in words]
        if any(not name or not mark for name, mark, _ in pairs):
            return None
        values: dict[str, str] = {}
        for name, _, value in pairs[1:]:
            if name.lower() in values:
                return None
            values[name.lower()] = value
        methods.append(Method(pairs[0][0].partition("/")[0].lower(), pairs[0][2].lower(), values))
    return tuple(methods)


def _sections(bare: str) -> list[list[str]]:
    """The words between semicolons; spaces around `=` mean nothing."""
    return [re.sub(r"\s{0,20}=\s{0,20}", "=", section).split() for section in bare.split(";")]


def _unquoted(header: str, *, keeps_quoted: bool = True) -> list[str] | None:
    """The letters of a header without its comments; what is quoted can no longer be taken for anything else.

    A quoted text that means the same without its quotes loses them, if `keeps_quoted`. None if a quote or a comment
    does not end.
    """
    read: list[str] = []
    depth = 0
    letters = iter(header)
    for letter in letters:
        if depth:
            depth += (letter == "(") - (letter == ")")
            if letter == "\\":
                next(letters, None)
        elif letter == "(":
            depth = 1
            read.append(" ")
        elif letter == '"':
            quoted = _quoted(letters)
            if quoted is None:
                return None
            read.append(quoted if keeps_quoted and _PLAIN_VALUE.fullmatch(quoted) else "?")
        else:
            read.append(letter)
    return None if depth else read


def _quoted(letters: Iterator[str]) -> str | None:
    read: list[str] = []
    for letter in letters:
        if letter == '"':
            return "".join(read)
        read.append(next(letters, "") if letter == "\\" else letter)
    return None
