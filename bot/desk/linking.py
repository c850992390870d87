"""`/start TOKEN`: whoever opens a one-time link proves that they belong to a client (semantics 4).

The words with the token are kept nowhere but in the journal, where they came in: not in a transcript, not in a log.
Whatever is wrong with a token gets the same polite line, so that trying teaches nothing; after five wrong ones within
an hour nothing is even looked up.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from adapters.message import Identity, InboundMessage
from bot.desk.directory import Directory
from bot.store import audit, links, presses, tokens
from bot.store.connection import Connection
from bot.store.facts import facts_of_messages, facts_of_tickets
from bot.store.remembered import recall, remember
from bot.store.revisions import Revisions
from bot.store.unit import write
from bot.tickets.decide_words import word_from_text
from bot.tickets.facts import Decision, Event, MessageKind, Say
from bot.tickets.outcome import concluded, contact_texts
from bot.tickets.ticket import ContactId
from routing.people import ClientId
from sla.duration import Instant, length

log = structlog.get_logger()

#: What a link is made for: one channel, so that a token of another opens nothing.
PURPOSE: Final = "link"
MOST_WRONG: Final = 5
WRONG_WITHIN: Final = timedelta(hours=1)
_TRIED: Final = "link tries"


def subject_of(client: ClientId, contact: Identity | None) -> str:
    """What a link stands for, as it is stored with its token."""
    return client if contact is None else f"{client} {contact.key}"


class Linking:
    """Redeems links; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, directory: Directory) -> None:
        self._revisions = revisions
        self._directory = directory

    def take(self, conn: Connection, said: Sequence[InboundMessage], *, now: Instant) -> list[InboundMessage]:
        """Answer those that carry a token; gives the rest."""
        rest: list[InboundMessage] = []
        for one in said:
            word = word_from_text(one.text, channel=one.conversation.channel)
            if word is None or word.name != "start" or not word.rest or self._directory.person_of(one.sender):
                rest.append(one)
                continue
            key = f"start:{one.conversation.key}:{one.external_id}"
            if key not in presses.answers(conn, [key]):
                self._answer(conn, one, word.rest, now)
                presses.keep(conn, [presses.Answered(key, "", now)])
        return rest

    def _answer(self, conn: Connection, one: InboundMessage, token: str, now: Instant) -> None:
        facts_of_messages(conn, self._revisions, [one], now=now)  # whoever writes for the first time is known from here
        client = self._redeemed(conn, one, token, now)
        (facts,) = facts_of_messages(conn, self._revisions, [one], now=now)
        speak = contact_texts(facts)
        if client is None:
            log.warning("a link was refused", channel=one.conversation.channel)
            words = speak("link_refused")
        else:
            log.info("a link was used", channel=one.conversation.channel, client=client)
            words = speak("link_done", client=self._revisions.current.clients[client].name)
        decision = Decision(effects=(Say(words, MessageKind.AUTO),))
        write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)

    def _redeemed(self, conn: Connection, one: InboundMessage, token: str, now: Instant) -> ClientId | None:
        """The client that the sender belongs to from now on; None, and nothing is changed, where anything is wrong."""
        is_alone = one.conversation.address == one.sender.address
        if not is_alone or not self._may_try(conn, one.sender, now):
            return None
        subject = tokens.use_link(conn, token, purpose=f"{PURPOSE}:{one.sender.channel}", now=now)
        name, _, contact = (subject or "").partition(" ")
        client = ClientId(name)
        owner = None
        if client in self._revisions.current.clients:
            owner = links.link(conn, one.sender, client, contact or None, at=now)
        if owner is None:
            self._tried(conn, one.sender, now)
            return None
        audit.append(conn, [audit.Deed(now, one.sender.key, "linked", f"client:{client}", {"contact": owner})])
        self._prove(conn, owner, client, now)
        return client

    def _prove(self, conn: Connection, owner: ContactId, client: ClientId, now: Instant) -> None:
        """Open tickets of theirs are the client's from now on; what was promised on them stays (semantics 1.6)."""
        found = facts_of_tickets(conn, self._revisions, links.unproven(conn, owner), now=now, is_locked=True)
        for facts in found.values():
            if facts.ticket is not None:
                proven = replace(facts.ticket, client=client, is_verified=True)
                event = Event("linked", now, "contact", "", {"client": client})
                decision = concluded(facts, proven, facts.clocks, events=(event,))
                write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)

    def _may_try(self, conn: Connection, who: Identity, now: Instant) -> bool:
        return len(self._tries(conn, who, now)) < MOST_WRONG

    def _tried(self, conn: Connection, who: Identity, now: Instant) -> None:
        tries = [*self._tries(conn, who, now), now]
        remember(conn, f"{_TRIED}:{who.key}", " ".join(map(str, tries)))

    def _tries(self, conn: Connection, who: Identity, now: Instant) -> list[int]:
        """When this identity tried what was wrong, within the last hour."""
        kept = (recall(conn, f"{_TRIED}:{who.key}") or "").split()
        return [at for at in map(int, kept) if length(now - at) < WRONG_WITHIN]
