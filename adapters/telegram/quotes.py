"""What of another message somebody points at, and whose it was. Pure.

    [quoted from Vera] Item 2 is 500 EUR.           a part of the message that is answered, chosen by hand
    [quoted from Lena, in Billing: photo] refused   an answer to what stands in another chat, which we never saw

It stands beside the words and is none of them: a bare number or `//` means the same with a quote above it.

https://core.telegram.org/bots/api#textquote
"""

from typing import Final

from adapters.message import Untrusted
from adapters.shapes import Fields, inner_or, text_or
from adapters.telegram.files import FILE_FIELDS
from adapters.telegram.markup import JOINER
from adapters.telegram.words import kinds_of, name_of, origin_name, with_targets
from adapters.text import clean, one_line

#: Telegram lets nobody quote more than that.
_LONGEST: Final = 1_024
_SHORT: Final = 200


def quoted(message: Fields) -> Untrusted:
    """What a message quotes; empty where it quotes nothing."""
    quote, elsewhere = inner_or(message, "quote"), inner_or(message, "external_reply")
    said = with_targets(text_or(quote, "text")[:_LONGEST], quote, "entities")
    if not said.strip() and not elsewhere:
        return Untrusted("")
    about = _elsewhere(elsewhere) if elsewhere else _author(inner_or(message, "reply_to_message"))
    return Untrusted(clean(f"[quoted from {about}] {said}".strip()).replace(JOINER, ""))


def _author(answered: Fields) -> str:
    """Whose the message is that is answered here."""
    return name_of(inner_or(answered, "sender_chat")) or name_of(inner_or(answered, "from")) or "somebody"


def _elsewhere(answered: Fields) -> str:
    who = origin_name(inner_or(answered, "origin")) or "somebody"
    where, what = name_of(inner_or(answered, "chat")), _what(answered)
    return f"{who}{f', in {where}' if where and where != who else ''}{f': {what}' if what else ''}"


def _what(answered: Fields) -> str:
    """What the other message holds beside words, which Telegram names and does not send."""
    files = sorted(FILE_FIELDS & answered.keys())
    # An animation is named twice, the second time for whoever knows files only.
    named = files[:1] if "animation" in files else files
    return one_line(", ".join([*(one.replace("_", " ") for one in named), *kinds_of(answered)]), _SHORT)
