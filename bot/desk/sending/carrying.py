"""The mail that replies follow in which were not read in the chat: all of them, each with its author and its moment.

Where they are about several tickets each names its own, and an answer may (`references`).
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
    tickets = sorted({one.ticket for one in unread})
    if len(tickets) > 1:
        pieces.append(speak("unread_of_several", tickets=", ".join(map(number, tickets))))
    for one, line in zip(unread, lines, strict=True):
        person = facts.revision.person(PersonId(line.author or ""))
        name = person.name if person is not None else speak("the_team")
        of = f" ({number(one.ticket)})" if len(tickets) > 1 else ""
        pieces.append(f"{name}, {speak.moment(line.at, now=now)}{of}:\n{line.text}")
    return OutboundMessage(
        key=row.key,
        conversation=conversation_from_key(row.lane),
        text="\n\n".join(pieces),
        at=moment(row.created_at),
        author=lines[-1].author,
        attachments=tuple(file for line in lines for file in line.attachments),
    )
