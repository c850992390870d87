"""A press as a word without words, so that whoever pressed becomes known as by a message, and nothing is kept of it."""

from adapters.message import InboundMessage, Untrusted
from adapters.port import Press


def as_said(press: Press) -> InboundMessage:
    """The press as if its person had said nothing where they pressed; a ValueError where that is nowhere."""
    if press.conversation is None:
        raise ValueError("a press in no conversation")
    return InboundMessage(
        conversation=press.conversation,
        external_id=press.key,
        sender=press.by,
        sender_name=Untrusted(""),
        text=Untrusted(""),
        at=press.at,
        vouched=press.vouched,
        language=press.language,
        zone=press.zone,
    )
