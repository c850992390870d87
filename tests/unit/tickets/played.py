"""One ticket played through without a store: decisions change values, and what must always hold is watched."""

from dataclasses import dataclass, field

from adapters.message import Channel, Conversation, Untrusted
from bot.deskfile.revise import revision_from_document
from bot.tickets.command import Command
from bot.tickets.decide_client import client_says
from bot.tickets.decide_due import promises_due, shift_begins, waiting_due
from bot.tickets.decide_staff import staff_does
from bot.tickets.facts import Decision, Effect, Facts, Heard, Ping, Say, Speaker, Talk
from bot.tickets.ladder.decide_pick_up import shift_over
from bot.tickets.revision import Revision
from bot.tickets.ticket import ContactId, ConversationId, Status, Ticket, TicketId
from routing.people import ClientId, PersonId
from sla.clock import Clock, State, is_owing
from sla.duration import Instant, instant
from tests.builders import document
from tests.harness import NOON

REVISION: Revision = revision_from_document(document(), 1)
TALK = Talk(ConversationId(1), Conversation(Channel.TELEGRAM, "desk", "1001"), ContactId(1), current=TicketId(1))


@dataclass
class Played:
    """What the store would hold, and everything that was said to anybody."""

    client: str = "acme"
    revision: Revision = field(default_factory=lambda: REVISION)
    now: Instant = field(default_factory=lambda: instant(NOON))
    ticket: Ticket | None = None
    clocks: tuple[Clock, ...] = ()
    alarms: dict[str, Instant] = field(default_factory=dict)
    told: list[Effect] = field(default_factory=list)
    pinged: list[tuple[Instant, Ticket, Ping]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    numbers: int = 0
    heard: int = 0

    def facts(self) -> Facts:
        client = self.revision.clients[ClientId(self.client)]
        zone = client.zone or self.revision.zone
        speaker = Speaker(ContactId(1), "Lena", client.id, is_verified=True, language="en", zone=zone)
        number = TicketId(self.numbers + 1)
        return Facts(self.now, self.revision, self.revision, TALK, speaker, number, self.ticket, self.clocks)

    def says(self, text: str) -> None:
        self.heard += 1
        key = f"m{self.heard}"
        self._write(client_says(self.facts(), Heard(key, key, Untrusted(text), self.now)))

    def does(self, person: str, command: Command) -> Decision:
        decision = staff_does(self.facts(), PersonId(person), command)
        self._write(decision)
        return decision

    def waits(self, until: Instant) -> None:
        """Let time pass, firing every alarm on the way in its order."""
        while self.alarms and min(self.alarms.values()) <= until:
            owner = min(self.alarms, key=lambda one: (self.alarms[one], one))
            self.now = max(self.now, self.alarms.pop(owner))
            rules = {"promises": promises_due, "waiting": waiting_due, "opening": shift_begins}
            rule = rules.get(owner.partition(":")[0])
            if rule is not None:
                self._write(rule(self.facts()))
            elif owner.startswith("shift_end:"):
                self._write(shift_over(self.facts(), PersonId(owner.partition(":")[2])))
        self.now = max(self.now, until)

    def _write(self, decision: Decision) -> None:
        if decision.ticket is not None:
            is_same = self.ticket is not None and self.ticket.id == decision.ticket.id
            assert decision.ticket.version == (self.ticket.version + 1 if is_same and self.ticket else 1)
            if not is_same:
                self.numbers, self.clocks = decision.ticket.id, ()
                self.alarms = {owner: at for owner, at in self.alarms.items() if not owner.endswith(":1")}
            self.ticket = decision.ticket
            for clock in decision.clocks:
                kept = [one for one in self.clocks if (one.metric, one.started_at) != (clock.metric, clock.started_at)]
                self.clocks = (*kept, clock)
            for wake in decision.wakes:
                self.alarms.pop(wake.owner, None)
                if wake.due_at is not None:
                    self.alarms[wake.owner] = wake.due_at
        if decision.ticket is not None:
            pings = [one for one in decision.effects if isinstance(one, Ping) and one.key not in self.keys]
            self.pinged += [(self.now, decision.ticket, one) for one in pings]
        self.told += [one for one in decision.effects if not isinstance(one, Ping) or one.key not in self.keys]
        self.keys |= {one.key for one in decision.effects if isinstance(one, Ping)}
        self.watch()

    def watch(self) -> None:
        """What must hold after whatever happened."""
        ticket = self.ticket
        if ticket is None:
            return
        promises, waiting = self.alarms.get(f"promises:{ticket.id}"), self.alarms.get(f"waiting:{ticket.id}")
        owed = [clock for clock in self.clocks if is_owing(clock)]
        assert len({clock.metric for clock in owed}) == len(owed), "one question has one clock"
        if not ticket.status.is_open:
            assert promises is None
            assert all(
                clock.state in {State.BREACHED, State.CANCELLED, State.STOPPED} or not is_owing(clock) for clock in owed
            )
            return
        for clock in owed:
            if clock.state is State.RUNNING:
                assert promises is not None
                assert clock.due_at is not None
                assert promises <= clock.due_at + 1
            elif clock.state is State.PAUSED:
                assert ticket.status in {Status.WAITING_CLIENT, Status.WAITING_THIRD_PARTY}
            else:
                assert clock.breached_at is not None
        if ticket.status in {Status.WAITING_CLIENT, Status.WAITING_THIRD_PARTY}:
            assert waiting is not None, "whoever is waited for is not waited for without end"
        if ticket.assignee is None:
            assert any(owner.startswith("opening:") for owner in self.alarms)

    @property
    def words(self) -> str:
        """Everything that was said to anybody, in one text."""
        return "\n".join(
            effect.text if isinstance(effect, Say) else "\n".join((effect.title, *effect.lines, effect.quote))
            for effect in self.told
            if isinstance(effect, Say | Ping)
        )
