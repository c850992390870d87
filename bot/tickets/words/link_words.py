"""What a person writes to be known on another channel as well: `/start CODE` and `/link`, in every channel.

    /link                  a code for another channel, from whoever is known here
    /link telegram         the same for that channel
    /link lena@acme.test   a code by mail to an address we know, for whoever is not known here yet
    /link CODE             the code, written on the other channel; `/start CODE` is the same

Pure. By mail the plain word alone on the first line is enough; Slack keeps a slash to itself, so there it is `!link`.
Anything else behind the word is a message like any other: nothing that somebody wrote may vanish.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adapters.message import Channel

#: Channels on which somebody may become known.
LINKED: Final = (Channel.TELEGRAM, Channel.SLACK, Channel.EMAIL, Channel.INAPP)
_WORDS: Final = frozenset({"start", "link"})
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
#: A code as we make them, which no word of a language is; a link's own word takes any.
_PLAIN_CODE: Final = re.compile(r"(?=.*[a-z])(?=.[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{22}", re.ASCII)
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]:;@\\,\"#]{1,64}@[^\s<>()\[\]:;@\\,\"#]{1,255}")
LONGEST: Final = 400
#: Stands in place of a code where words are kept.
HIDDEN: Final = "[…]"


class Wish(StrEnum):
    """What somebody wants of us."""

    REDEEM = "redeem"
    CODE = "code"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class LinkWord:
    """One such word: the code, the channel (empty for any) or the address that stood behind it.

    `below` is what was written below a code: words of its own.
    """

    wish: Wish
    what: str = ""
    below: str = ""


def without_codes(text: str, *, channel: Channel) -> str:
    """The same words, of which every line that is a code of ours shows only that it was one."""
    plain = text.casefold()
    if not any(word in plain for word in _WORDS):
        return text
    return "\n".join(_hidden(line, channel) for line in text.split("\n"))


def _hidden(line: str, channel: Channel) -> str:
    word = link_word(line, channel=channel)
    if word is None or word.wish is not Wish.REDEEM or not _PLAIN_CODE.fullmatch(word.what):
        return line
    return line.replace(word.what, HIDDEN)


def link_word(text: str, *, channel: Channel) -> LinkWord | None:
    """The word in a message; None for a message like any other."""
    line, _, below = text.strip().partition("\n")
    first, _, rest = line[:LONGEST].strip().partition(" ")
    below = below.strip()
    sign = "!" if channel is Channel.SLACK and first.startswith("!") else "/"
    name, rest, is_signed = first.removeprefix(sign).partition("@")[0].casefold(), rest.strip(), first.startswith(sign)
    if name not in _WORDS or not (is_signed or channel is Channel.EMAIL):
        return None
    if name == "start":
        return LinkWord(Wish.REDEEM, rest, below) if is_signed and _CODE.fullmatch(rest) else None
    if _PLAIN_CODE.fullmatch(rest):
        return LinkWord(Wish.REDEEM, rest, below)
    if below:
        return None
    if not rest or rest.casefold() in LINKED:
        return LinkWord(Wish.CODE, rest.casefold())
    return LinkWord(Wish.MAIL, rest.lower()) if _ADDRESS.fullmatch(rest) else None
