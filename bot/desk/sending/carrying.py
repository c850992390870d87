"""The mail that replies follow in which were not read in the chat: all of them, each with its author and its moment.

Where they are about several tickets each says which, and so may whoever answers: `references` reads the number.
"""

from adapters.message import OutboundMessage, conversation_from_key
from bot.desk.sending.dropped import Dropped
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.sending import Background
from bot.tickets.outcome import contact_texts
from bot.tickets.ticket import MessageId, TicketId, number
from routing.people import PersonId
from sla.duration import Instant, moment


def carried_message(row: Outgoing, known: Background, now: Instant) -> OutboundMessage | Dropped:
    """What of it nobody has read to this moment, in the reader's language and zone."""
    facts = known.facts.get(TicketId(row.ticket_id or 0))
    unread = [one for one in known.unread.get(row.key, ()) if MessageId(one.line) in known.lines]
    lines = [known.lines[MessageId(one.line)] for one in unread]
    if facts is None or not lines:
        return Dropped("it was read in the meantime")
    speak = contact_texts(facts)
    pieces = [speak("unread_by_mail")]
    has_several = len({one.ticket for one in unread}) > 1
    if has_several:
        pieces.append(speak("unread_of_several", number=number(unread[0].ticket)))
    for one, line in zip(unread, lines, strict=True):
        about = f"{number(one.ticket)}, " if has_several else ""
        person = facts.revision.person(PersonId(line.author or ""))
        name = person.name if person is not None else speak("the_team")
        pieces.append(f"{about}{name}, {speak.moment(line.at, now=now)}:\n{line.text}")
    return OutboundMessage(
        key=row.key,
        conversation=conversation_from_key(row.lane),
        text="\n\n".join(pieces),
        at=moment(row.created_at),
        author=lines[-1].author,
        attachments=tuple(file for line in lines for file in line.attachments),
    )
