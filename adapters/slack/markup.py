"""Slack's markup on its way in and out: to what a person reads, and from our words to what nothing in them can trick.

    &lt; &gt; &amp;              < > &
    <@U1> <@U1|vera>          @vera where somebody is known by that name, else @U1
    <https://a.test|label>    label (https://a.test), so that a link never hides where it leads
    <!here> <!date^…|words>   @here, words

On the way out three characters are escaped and nothing is ever a mention. An address of the web in our own words is
made a link that shows where it leads.
"""

import re
from collections.abc import Mapping
from typing import Final

from adapters.message import Untrusted
from adapters.text import clean

_TOKEN: Final = re.compile(r"<([^<>\n]{1,4000})>")
_ENTITY: Final = re.compile(r"&(lt|gt|amp);")
_PLAIN: Final = {"lt": "<", "gt": ">", "amp": "&"}
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
#: Addresses end before what closes a sentence around them. What only looks like one stays a word: Slack would refuse
#: the whole message. So does one with a letter that is only folded into another, as the long s is.
_ADDRESS: Final = re.compile(
    r"(?ai:https?://[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*(?::[0-9]{1,5})?)"
    r"(?:[/?#][^\s<>|\"'\x00-\x20\x7f-\xa0]{0,2000})?"
)
_CLOSING: Final = ".,;:!?)]}…"


def read(text: str, names: Mapping[str, str]) -> Untrusted:
    """What a person reads where Slack sent this. `names` are people's, by their id."""
    return clean(_unescape(_TOKEN.sub(lambda found: _token(found[1], names), text)))


def escape(text: str) -> str:
    """Our words, or a client's, as a text of Slack in which nothing is markup for a mention or a link."""
    return text.translate(_ESCAPES)


def escaped_size(text: str) -> int:
    """How long a text is once it is escaped."""
    return len(text) + 3 * (text.count("<") + text.count(">")) + 4 * text.count("&")


def pieces(text: str) -> list[tuple[str, bool]]:
    """Our own words, taken apart at addresses of the web; each piece with whether it is one."""
    found: list[tuple[str, bool]] = []
    start = 0
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(_CLOSING)
        if match.start() > start:
            found.append((text[start : match.start()], False))
        found.append((address, True))
        start = match.start() + len(address)
    if start < len(text):
        found.append((text[start:], False))
    return found


def _token(inside: str, names: Mapping[str, str]) -> str:
    """One control sequence in words; what is said of it stays escaped as it came."""
    target, has_label, label = inside.partition("|")
    label = label if has_label else ""
    match target[:1]:
        case "@":
            return f"@{label or _escaped_name(names.get(target[1:])) or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return _special(target[1:], label)
    if not re.match(r"[a-z][a-z0-9+.-]*:", target, re.ASCII):
        return f"<{inside}>"  # none of Slack's: it stays as it stands
    bare = target.removeprefix("mailto:").removeprefix("tel:").removeprefix("https://").removeprefix("http://")
    if not label or label == target:
        return target if target.startswith("http") else bare
    return label if label.rstrip("/") == bare.rstrip("/") else f"{label} ({target})"


def _special(target: str, label: str) -> str:
    if target.startswith("date^"):
        return label
    if target.startswith("subteam^"):
        return label if label.startswith("@") else f"@{label or target.removeprefix('subteam^')}"
    return f"@{label.removeprefix('@') or target}"


def _escaped_name(name: str | None) -> str:
    return escape(name) if name else ""


def _unescape(text: str) -> str:
    return _ENTITY.sub(lambda found: _PLAIN[found[1]], text)
