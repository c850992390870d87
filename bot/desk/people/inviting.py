"""What a message with a one-time code says, and where codes for a contact may be sent at all.

A code goes where nobody but its contact reads: to a conversation of their own, or by mail to an address that is proven
to be theirs. The window on our own pages shows what is stored, and a code is stored nowhere, so none is shown there.
"""

from datetime import timedelta
from typing import Final

from adapters.message import Channel, Conversation
from bot.store.driver.connection import Connection
from bot.store.people.invitations import Code, Invitation
from bot.store.people.links import proven_addresses
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import ContactId
from routing.people import ClientId

#: A link is made for somebody who is there to use it.
LINK_FOR: Final = timedelta(minutes=15)
#: What a link is made for: one channel, so that a token of another opens nothing; or any, as its owner asked.
PURPOSE: Final = "link"
ANY: Final = "any"


def purpose_of(channel: str) -> str:
    """What a code is made for that is good on this channel; on any where it is empty."""
    return f"{PURPOSE}:{channel or ANY}"


def subject_of_contact(client: ClientId, contact: ContactId) -> str:
    """What a code stands for that makes an identity this contact's, as it is stored with its token."""
    return f"{client} #{contact}"


def invited(asked: Invitation, code: Code, revision: Revision | None) -> str:
    """The text of a message that carries a code."""
    speak = Texts(asked.language, overrides=revision.texts if revision is not None else {})
    within = speak.length(LINK_FOR)
    if asked.asked_on:
        lines = [speak("link_mail", channel=speak(f"channel_{asked.asked_on}"), client=asked.client, within=within)]
    else:
        lines = [speak("link_code", client=asked.client, within=within)]
    if code.bot and asked.channel in {"", Channel.TELEGRAM}:
        lines.append(speak("link_open", url=f"https://t.me/{code.bot}?start={code.token}"))
    if asked.channel != Channel.SLACK and not (code.bot and asked.channel == Channel.TELEGRAM):
        lines.append(speak("link_write", code=f"/link {code.token}"))
    if asked.channel in {"", Channel.SLACK}:
        lines.append(speak("link_write_slack", code=f"!link {code.token}"))
    if asked.asked_on:
        lines.append(speak("link_mail_else"))
    return "\n".join(lines)


def own_place(conn: Connection, contact: ContactId, here: Conversation) -> Conversation | None:
    """Where a code for a contact may be sent: here, if that is theirs alone, else by mail; None for neither."""
    addresses = proven_addresses(conn, contact)
    if here.channel in {Channel.TELEGRAM, Channel.SLACK, Channel.EMAIL} and (here.channel, here.place) in addresses:
        return here
    mail = next((address for channel, address in addresses if channel is Channel.EMAIL), None)
    return Conversation(Channel.EMAIL, "desk", mail) if mail is not None else None
