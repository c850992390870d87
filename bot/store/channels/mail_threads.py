"""What is known of a conversation for whoever writes the next mail of it: its subject, and what that mail answers."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from bot.store.tables.channel_schema import margin
from bot.store.tables.schema import contact, conversation, message, ticket


@dataclass(frozen=True, slots=True)
class MailThread:
    """`last` is the name of the contact's last message; `is_verified` tells whether it was surely theirs."""

    subject: str
    is_verified: bool
    language: str | None
    last: str | None


_LAST = (
    select(message.c.external_id)
    .where(message.c.conversation_id == conversation.c.id, message.c.direction == "in")
    .order_by(message.c.rev.desc())
    .limit(1)
    .scalar_subquery()
)
#: What the mail that is answered calls itself: mail programs keep together what is called the same.
_SUBJECT = (
    select(margin.c.subject)
    .join(message, message.c.id == margin.c.message_id)
    .where(message.c.conversation_id == conversation.c.id, message.c.direction == "in", margin.c.subject != "")
    .order_by(message.c.rev.desc())
    .limit(1)
    .scalar_subquery()
)
_KNOWN = (
    select(
        func.coalesce(_SUBJECT, ticket.c.subject).label("subject"),
        ticket.c.is_verified,
        contact.c.language,
        _LAST.label("last"),
    )
    .select_from(
        conversation.join(contact, contact.c.id == conversation.c.contact_id).outerjoin(
            ticket, ticket.c.id == conversation.c.ticket_id
        )
    )
    .where(conversation.c.key == bindparam("which"))
)


def thread_of(conn: Connection, key: str) -> MailThread | None:
    """None for a conversation that nobody has begun."""
    found = conn.execute(_KNOWN, {"which": key}).first()
    if found is None:
        return None
    return MailThread(found.subject or "", bool(found.is_verified), found.language, found.last)
