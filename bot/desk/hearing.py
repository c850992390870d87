"""From kept payloads to committed decisions, a batch at a time: the set-based heart of intake.

Runs inside the committer's transaction. The payloads of a batch belong to different lanes, so their decisions are
independent; a payload that holds several things is decided in rounds. What cannot be read becomes a dead letter that an
admin is told about, and the rest of the batch never notices.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from adapters.errors import InboundError, MalformedError, UnfinishedError, UnsupportedError
from adapters.message import (
    Attachment,
    Channel,
    DeliveryNotice,
    Identity,
    Inbound,
    InboundDeletion,
    InboundEdit,
    InboundGap,
    InboundLine,
    InboundMessage,
    InboundPlace,
)
from adapters.port import Adapter, Raw
from adapters.text import clean, is_blank
from bot.desk.albums import Albums, album_of
from bot.desk.calls.attendance import NOT_OURS
from bot.desk.calls.door import Calls
from bot.desk.directory import Directory
from bot.desk.people.linking import Linking, without_code
from bot.desk.people.offboarding import ENDS, Offboarding
from bot.desk.sending.auto_answers import AutoAnswers
from bot.desk.sending.copies import Copies, LostCopy
from bot.desk.sending.returned import Returns
from bot.desk.sending.unread import Following
from bot.desk.stubs import Stubs
from bot.desk.talk.desk_words import DeskWords
from bot.desk.talk.passing_on import PassingOn
from bot.desk.talk.refusing import Refusing
from bot.desk.talk.scores import Scores
from bot.desk.talk.threads import Threads
from bot.desk.whereabouts import Whereabouts
from bot.store import journal
from bot.store.channels import margins, stubs
from bot.store.channels.margins import Noted
from bot.store.delivery import failing, signs
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_messages, facts_of_tickets
from bot.store.people.elsewhere import other_channels
from bot.store.people.following import seen_together
from bot.store.reading import lines
from bot.store.revisions import Revisions
from bot.store.unit import write, write_ping
from bot.tickets import command as c
from bot.tickets.calling_back import as_called, called, kind_of
from bot.tickets.decide_client import client_deletes, client_edits, client_says
from bot.tickets.decide_due import delivery_failed
from bot.tickets.decide_reading import unreadable
from bot.tickets.decide_staff import staff_does
from bot.tickets.facts import Decision, Facts, Heard, Ping
from bot.tickets.outcome import person_texts
from bot.tickets.ticket import TicketId
from bot.tickets.words.decide_words import client_asks, word_from_text
from routing.people import PersonId
from sla.duration import EPOCH, Instant, instant
from sla.promise import ReplyKind

Adapters = Mapping[Channel, Adapter]

REASON_LENGTH: Final = 500


class Hearing:
    """Decides kept payloads; one per process."""

    def __init__(
        self,
        adapters: Adapters,
        revisions: Revisions,
        directory: Directory,
        now: Callable[[], Instant],
        *,
        words: DeskWords | None = None,
        page: str = "",
    ) -> None:
        """`page` is where our pages are seen from outside."""
        self._adapters = adapters
        self._revisions = revisions
        self._directory = directory
        self._threads = Threads(adapters, revisions, directory, words, page=page)
        self._albums = Albums(revisions, directory)
        self._scores = Scores(revisions, directory.whereto)
        self._refusing = Refusing(revisions)
        self._following = Following(revisions, adapters)
        self._linking = Linking(revisions, directory)
        calls = Calls(revisions, directory, page)
        self._calls, self._attendance = calls.talk, calls.attendance
        self._whereabouts = Whereabouts(revisions, directory, adapters)
        self._offboarding = Offboarding(revisions, directory)
        self._auto_answers = AutoAnswers(revisions, directory)
        self._passing_on = PassingOn(revisions, directory.person_of)
        self._stubs = Stubs(revisions, directory)
        self._copies = Copies(revisions, directory, now)
        self._returns = Returns(revisions, directory)
        self._now = now

    def decide(self, conn: Connection, ids: Sequence[int]) -> Sequence[bool | Raw]:
        """A Change for the committer: whether each payload is decided; False means that it is not ours right now.

        A payload that has to be completed first comes back itself, and stays where it is.
        """
        rows = [(row.id, _raw(row)) for row in journal.claim(conn, ids)]
        ends, unfinished = self._decide(conn, rows, is_retried=True)
        ours = {number for number, _ in rows}
        journal.done(conn, [number for number in ours if number not in ends])
        journal.end(conn, ends)
        return [unfinished.get(one, one in ours) for one in ids]

    def decide_kept(self, conn: Connection, rows: Sequence[tuple[int, Raw]]) -> set[int]:
        """Decide payloads that this transaction kept as decided; gives those that are."""
        ends, unfinished = self._decide(conn, rows, is_retried=False)
        journal.leave(conn, ends)
        return {number for number, _ in rows if number not in unfinished}

    def _decide(
        self, conn: Connection, rows: Sequence[tuple[int, Raw]], *, is_retried: bool
    ) -> tuple[dict[int, journal.End], dict[int, Raw]]:
        """What became of those that are not decided, and which of them have to be completed first."""
        read, ends, unfinished = self._read_all(conn, rows)
        if is_retried:
            mails = {number: read[number] for number, raw in rows if number in read and raw.channel is Channel.EMAIL}
            for number in self._stubs.settle(conn, mails, now=self._now()) if mails else ():
                del read[number]
        rest = self._attendance.take(conn, read, now=self._now())
        ends |= dict.fromkeys(read.keys() - rest.keys(), ("parked", NOT_OURS))
        for place in range(max(map(len, rest.values()), default=0)):
            found = [inbound[place] for inbound in rest.values() if len(inbound) > place]
            for one in found:
                if isinstance(one, InboundPlace) and one.change in ENDS:
                    self._offboarding.hear(conn, one, now=self._now())
                elif isinstance(one, InboundPlace | InboundGap):
                    self._whereabouts.hear(conn, one, now=self._now())
            self._decide_round(conn, [one for one in found if isinstance(one, InboundLine)])
        return ends, unfinished

    def _read_all(
        self, conn: Connection, rows: Sequence[tuple[int, Raw]]
    ) -> tuple[dict[int, Sequence[Inbound]], dict[int, journal.End], dict[int, Raw]]:
        """What they say; what became of those that say nothing yet, and which have to be completed before they do."""
        read: dict[int, Sequence[Inbound]] = {}
        ends: dict[int, journal.End] = {}
        unfinished: dict[int, Raw] = {}
        instead: dict[int, InboundMessage] = {}
        for number, raw in rows:
            try:
                read[number] = self._read(conn, raw)
            except UnfinishedError as error:
                unfinished[number], ends[number] = raw, ("new", journal.BEHIND)
                self._threads.is_fetched(conn, error.so_far, now=self._now())
            except UnsupportedError as error:
                ends[number] = ("parked", str(error))
            except InboundError as error:
                ends[number] = ("dead", str(error)[:REASON_LENGTH])
                self._tell_of_dead(conn, number)
                instead |= {number: error.instead} if isinstance(error, MalformedError) and error.instead else {}
        for number, stub in instead.items():  # whoever wrote what cannot be read is answered all the same
            self._decide_round(conn, [stub], is_readable=False)
            stubs.keep(conn, {number: _key(stub)})
        return read, ends, unfinished

    def bury(self, conn: Connection, number: int, reason: str) -> None:
        """Put a payload aside as a dead letter and tell the admins where it lies."""
        journal.end(conn, {number: ("dead", reason[:REASON_LENGTH])})
        self._tell_of_dead(conn, number)

    def _tell_of_dead(self, conn: Connection, number: int) -> None:
        for person in self._directory.admins():
            title = person_texts(self._revisions.current, person)("ping_dead_letter", inbound=number)
            ping = Ping(person, f"dead:{number}:{person}", title, is_alert=True)
            write_ping(conn, ping, at=self._now(), whereto=self._directory.whereto)

    def _read(self, conn: Connection, raw: Raw) -> Sequence[Inbound]:
        if raw.channel not in self._adapters:
            raise UnsupportedError(f"no {raw.channel} channel is served here")
        try:
            return self._adapters[raw.channel].convert(raw)
        except UnfinishedError as error:
            if self._is_known(conn, error.so_far):  # it came in another payload: nothing is fetched twice
                return ()
            raise

    def _is_known(self, conn: Connection, one: InboundMessage | None) -> bool:
        return one is not None and (self._threads.knows(conn, _key(one)) or bool(lines.known_keys(conn, [_key(one)])))

    def _decide_round(self, conn: Connection, inbound: Sequence[InboundLine], *, is_readable: bool = True) -> None:
        ours: list[InboundLine] = []
        theirs: list[InboundLine] = []
        for came in inbound:
            one = self._passing_on.authored(conn, without_code(came))
            if self._offboarding.refused(conn, one, now=self._now()):
                continue
            if self._threads.has(one):
                ours.append(one)
            elif isinstance(one, InboundMessage) and one.is_inward:
                self._refusing.refuse(conn, one, now=self._now())
            else:
                theirs.append(one)
        inbound = theirs
        said = [called(one, self._revisions.current) for one in inbound if isinstance(one, InboundMessage)]
        known = lines.known_keys(conn, [_key(one) for one in said])
        now = self._now()
        said = self._linking.take(conn, [one for one in said if _key(one) not in known], now=now)
        said = self._albums.join(conn, said, now=now)
        # Whoever is not proven to be the sender is heard, and asks the desk for nothing.
        doubtful, said = [one for one in said if one.doubt], [one for one in said if not one.doubt]
        said = self._calls.take(conn, said, now=now)
        said = self._scores.take(conn, said, self._directory, now=now)
        said += doubtful
        pairs: list[tuple[Facts, Decision]] = []
        noted: list[Noted] = []
        facts_of_said = facts_of_messages(conn, self._revisions, said, now=now, is_ours=self._directory.person_of)
        for message, facts in zip(said, facts_of_said, strict=True):
            decision = self._heard(facts, message, now)
            if decision is not None:
                decision = self._auto_answers.limited(conn, message, _key(message), facts, decision, now=now)
                decision = self._passing_on.noted(decision, message, now=now)
                decision = decision if is_readable else unreadable(decision)
                _count_load(facts, decision)
                pairs.append((facts, decision))
                noted.append(_noted(message, facts, decision, self._passing_on.passer(message)))
        write(conn, seen_together(conn, pairs), recorded_at=now, whereto=self._directory.whereto)
        margins.keep(conn, noted, at=now)
        failing.clear(conn, [one.sender.key for one in said if one.conversation.channel == Channel.EMAIL])
        for facts, decision in pairs:
            self._following.go_along(conn, facts, decision, at=now)
        self._albums.begin(conn, said)
        for one in inbound:
            self._changed(conn, one, now)
        for one in ours:
            self._threads.hear(conn, one, _key(one), now=now)

    def _heard(self, facts: Facts, message: InboundMessage, now: Instant) -> Decision | None:
        text = clean(message.text)
        if is_blank(text) and not message.attachments:
            return None
        key, name, at = _key(message), message.external_id, min(instant(message.at), now)
        word = word_from_text(text, channel=message.conversation.channel)
        person = self._directory.person_of(message.sender)
        if person is not None:
            # One of ours wrote in the client's own place: that is an answer the client has seen already.
            # In their own conversation with the desk no client reads what they write.
            is_own = message.conversation.address == message.sender.address
            if facts.ticket is None or word is not None or is_own:
                return None
            files = message.attachments
            reply = c.Reply(text, ReplyKind.UNSET, files, is_said=True, key=key, external_id=name, at=at)
            return staff_does(facts, person, reply)
        kind, files = kind_of(facts, message), message.attachments
        quoted = clean(message.quoted)
        heard = Heard(key, name, text, at, files, message.sender.address, album_of(message), kind, quoted)
        return as_called(facts, client_says(facts, heard) if word is None else client_asks(facts, heard, word))

    def _changed(self, conn: Connection, one: InboundLine, now: Instant) -> None:
        """What happens to a line that was said before; a line we never had changes nothing."""
        if isinstance(one, InboundMessage):
            return
        at = min(instant(one.at), now)
        ticket: TicketId | None = None
        said_at: Instant | None = None
        files: tuple[Attachment, ...] = ()
        if isinstance(one, InboundEdit):
            files = lines.new_files(conn, _key(one), one.attachments)
            ticket = lines.reword(conn, _key(one), clean(one.text), at=at, files=files)
        elif isinstance(one, InboundDeletion):
            ticket = lines.reword(conn, _key(one), None, at=at)
        elif isinstance(one, DeliveryNotice) and (one.state == "unwanted" or one.to is not None):
            self._of_a_reader(conn, one, now)
        elif isinstance(one, DeliveryNotice):
            ticket, said_at = lines.mark(conn, one.conversation.key, one.external_id, one.state)
            self._flag(conn, one)
        if ticket is None:
            return
        if isinstance(one, DeliveryNotice) and one.state == "failed":
            signs.mark_sent(conn, one.conversation.key, one.external_id, "failed", at=now)
        found = facts_of_tickets(conn, self._revisions, [ticket], now=now, is_whole=True, is_locked=True)
        for facts in found.values():
            decision = self._decided_change(conn, facts, one, at, said_at, files)
            if decision is not None:
                write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)

    def _of_a_reader(self, conn: Connection, one: DeliveryNotice, now: Instant) -> None:
        """Word that changes nothing about the line itself."""
        if one.state == "unwanted":
            self._returns.unwanted(conn, one, now=now)
        elif one.to is not None:
            self._copy(conn, one, one.to)

    def _copy(self, conn: Connection, one: DeliveryNotice, to: Identity) -> None:
        """Word of somebody else's copy: of a reply that arrived, and says so."""
        line = lines.sent(conn, one.conversation.key, one.external_id)
        if line is None or line.ticket is None:
            return
        if one.state == "failed":
            self._copies.lost(conn, [LostCopy(line.ticket, line.author, _key(one), to, one.reason, one.is_address)])
        else:
            failing.clear(conn, [to.key])

    def _flag(self, conn: Connection, one: DeliveryNotice) -> None:
        """Mail that comes back says something about its address; anybody may tell us so, so only of what we sent."""
        where = one.conversation
        if where.channel is not Channel.EMAIL:
            return
        if lines.sent(conn, where.key, one.external_id) is None:
            self._returns.hear(conn, one, now=self._now())
            return
        key = Identity(where.channel, where.place).key
        if one.state == "failed":
            if one.is_address:
                failing.flag(conn, key, one.reason, at=self._now())
        else:
            failing.clear(conn, [key])

    def _decided_change(
        self,
        conn: Connection,
        facts: Facts,
        one: InboundLine,
        at: Instant,
        said_at: Instant | None,
        files: tuple[Attachment, ...],
    ) -> Decision | None:
        if isinstance(one, InboundEdit):
            return client_edits(facts, at, self._directory.person_of(one.sender) or "contact", clean(one.text), files)
        if isinstance(one, InboundDeletion):
            return client_deletes(facts, at, self._directory.person_of(one.sender) or "contact")
        if isinstance(one, DeliveryNotice) and one.state == "failed":
            elsewhere = list(other_channels(conn, facts, self._adapters))
            return delivery_failed(
                facts, None, _key(one), one.reason, is_certain=True, said_at=said_at, elsewhere=elsewhere
            )
        return None


def _raw(row: journal.Kept) -> Raw:
    """A payload as its channel handed it over."""
    received_at = EPOCH + timedelta(milliseconds=row.received_at)
    return Raw(Channel(row.channel), row.account, row.external_id, row.payload, received_at, row.lane)


def _noted(message: InboundMessage, facts: Facts, decision: Decision, passed_on_by: PersonId | None) -> Noted:
    """A message for the store to keep what stands beside it: in the conversation that its ticket is talked about in."""
    ticket, speaker = decision.ticket, facts.speaker
    talk, client = ticket.conversation if ticket is not None else facts.talk.id, speaker.client
    return Noted(message, _key(message), talk, speaker.contact, client if speaker.is_verified else None, passed_on_by)


def _key(one: InboundLine) -> str:
    """The key of a message over all payloads it may come in: its conversation's and the channel's own id."""
    return f"{one.conversation.key}:{one.external_id}"


def _count_load(facts: Facts, decision: Decision) -> None:
    """Later decisions of a batch see what earlier ones gave to whom; all facts of a batch share this mapping."""
    load = facts.load
    if not isinstance(load, dict):
        return
    before = facts.ticket if facts.ticket and decision.ticket and facts.ticket.id == decision.ticket.id else None
    for ticket, step in ((before, -1), (decision.ticket, 1)):
        if ticket is not None and ticket.assignee is not None and ticket.status.is_open:
            load[ticket.assignee] = load.get(ticket.assignee, 0) + step
