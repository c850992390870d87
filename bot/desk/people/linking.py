"""Codes that make somebody known on another channel: asked for where they are known, written where they are not.

Whoever writes a code proves that they belong to a client (semantics 4). The words with it are kept nowhere but in the
journal, where they came in: not in a transcript, not in a log. Whatever is wrong with a code gets the same polite line,
so that trying teaches nothing; after five wrong ones within an hour nothing is even looked up. Asking for codes has the
same bound, and whoever asks for one by mail is never told whether we know the address.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from adapters.message import (
    Channel,
    Conversation,
    Identity,
    InboundEdit,
    InboundLine,
    InboundMessage,
    Untrusted,
)
from bot.desk.directory import Directory
from bot.desk.people.inviting import ANY, LINK_FOR, own_place, purpose_of, subject_of_contact
from bot.desk.people.proving import Proving
from bot.desk.sending.auto_answers import AutoAnswers
from bot.store import audit
from bot.store.channels import presses
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_messages
from bot.store.people import following, links, tokens
from bot.store.people.invitations import Invitation, invitation_row
from bot.store.remembered import recall, remember
from bot.store.revisions import Revisions
from bot.store.unit import write, write_outbox
from bot.tickets.facts import Decision, Facts, MessageKind, Say
from bot.tickets.outcome import contact_texts
from bot.tickets.ticket import number
from bot.tickets.words.link_words import HIDDEN, LinkWord, Wish, link_word, without_codes
from routing.people import ClientId
from sla.duration import Instant, length

log = structlog.get_logger()

MOST_WRONG: Final = 5
WRONG_WITHIN: Final = timedelta(hours=1)
_TRIED: Final = "link tries"
_ASKED: Final = "link asks"


def subject_of(client: ClientId, contact: Identity | None) -> str:
    """What a link stands for, as it is stored with its token."""
    return client if contact is None else f"{client} {contact.key}"


def without_code(one: InboundLine) -> InboundLine:
    """A code that is no code of its writer's is kept nowhere: one that a message is changed into, or passes on."""
    if isinstance(one, InboundEdit):
        word = link_word(one.text, channel=one.conversation.channel)
        first, mark, below = one.text.strip().partition("\n")
        if word is not None and word.wish is Wish.REDEEM:
            return replace(one, text=Untrusted(f"{first.partition(' ')[0]} {HIDDEN}{mark}{below}"))
        return replace(one, text=Untrusted(without_codes(one.text, channel=one.conversation.channel)))
    if isinstance(one, InboundMessage) and link_word(one.text, channel=one.conversation.channel) is None:
        text = without_codes(one.text, channel=one.conversation.channel)
        return one if text == one.text else replace(one, text=Untrusted(text))
    return one


class Linking:
    """Gives and redeems codes; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, directory: Directory, *, link_for: timedelta = LINK_FOR) -> None:
        """`link_for`: so long a code is good, fifteen minutes of the life of whoever reads it."""
        self._revisions = revisions
        self._directory = directory
        self._auto_answers = AutoAnswers(revisions, directory)
        self._proving = Proving(revisions, directory.whereto)
        self._link_for = link_for

    def take(self, conn: Connection, said: Sequence[InboundMessage], *, now: Instant) -> list[InboundMessage]:
        """Answer those that carry a code, or ask for one; gives the rest, and what else was said with a code."""
        rest: list[InboundMessage] = []
        for one in said:
            word = link_word(one.text, channel=one.conversation.channel)
            if word is None or self._directory.person_of(one.sender):
                rest.append(one)
                continue
            key = f"start:{one.conversation.key}:{one.external_id}"
            if key not in presses.answers(conn, [key]):
                self._answer(conn, one, word, key, now)
                presses.keep(conn, [presses.Answered(key, "", now)])
                if word.below:
                    rest.append(replace(one, text=Untrusted(word.below)))
        return rest

    def confirm(self, conn: Connection, one: InboundMessage, code: str, key: str, *, now: Instant) -> str:
        """Redeem a code that was entered where `one` would be said: what is wrong with it, empty where nothing is.

        Whoever is known by it reads so in their conversation.
        """
        before = self._facts(conn, one, now)
        facts, words = self._redeem(conn, one, before, code, now)
        if facts is before:
            return words
        decision = Decision(effects=(Say(words, MessageKind.AUTO),))
        decision = self._auto_answers.limited(conn, one, key, facts, decision, now=now, is_asked=True)
        write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)
        return ""

    def _answer(self, conn: Connection, one: InboundMessage, word: LinkWord, key: str, now: Instant) -> None:
        facts = self._facts(conn, one, now)  # who writes first is known from here
        words = ""
        match word.wish:
            case Wish.REDEEM:
                facts, words = self._redeem(conn, one, facts, word.what, now)
            case Wish.CODE:
                words = self._code(conn, one, facts, word.what, key, now)
            case Wish.MAIL:
                words = self._mail(conn, one, facts, word.what, key, now)
        if one.conversation.channel is Channel.SLACK:
            words = words.replace("/link", "!link")  # Slack keeps a slash to itself
        decision = Decision(effects=(Say(words, MessageKind.AUTO),) if words else ())
        decision = self._auto_answers.limited(conn, one, key, facts, decision, now=now, is_asked=True)
        write(conn, [(facts, decision)], recorded_at=now, whereto=self._directory.whereto)

    def _redeem(
        self, conn: Connection, one: InboundMessage, facts: Facts, token: str, now: Instant
    ) -> tuple[Facts, str]:
        """The facts as they are now, and who the sender is known as.

        The one ticket of theirs that goes on elsewhere goes on here as well from now on.
        """
        client = self._redeemed(conn, one, token, now)
        if client is None:
            log.warning("a link was refused", channel=one.conversation.channel)
            return facts, contact_texts(facts)("link_refused")
        log.info("a link was used", channel=one.conversation.channel, client=client)
        facts = self._facts(conn, one, now)
        speak, name = contact_texts(facts), self._revisions.current.clients[client].name
        ticket = following.only_open(conn, facts.talk, facts.speaker.contact)
        if ticket is None:
            return facts, speak("link_done", client=name)
        facts = replace(facts, talk=replace(facts.talk, current=ticket))
        return facts, speak("link_done_ticket", client=name, number=number(ticket))

    def _redeemed(self, conn: Connection, one: InboundMessage, token: str, now: Instant) -> ClientId | None:
        """The client that the sender belongs to from now on; None, and nothing is changed, where anything is wrong."""
        if not _is_alone(one) or not self._may(conn, _TRIED, one.sender.key, now):
            return None
        subject = self._used(conn, token, one.conversation.channel, now)
        name, _, contact = (subject or "").partition(" ")
        client = ClientId(name)
        owner = None
        if client in self._revisions.current.clients:
            owner = links.link(conn, one.sender, client, contact or None, at=now)
        if owner is None:
            self._count(conn, _TRIED, one.sender.key, now)
            return None
        audit.append(conn, [audit.Deed(now, one.sender.key, "linked", f"client:{client}", {"contact": owner})])
        self._proving.prove(conn, owner, client, "contact", now)
        return client

    def _used(self, conn: Connection, token: str, channel: Channel, now: Instant) -> str | None:
        """What a code stands for; one that was made for another channel stays good there."""
        found = (tokens.use_link(conn, token, purpose=purpose_of(one), now=now) for one in (channel, ANY))
        return next((subject for subject in found if subject is not None), None)

    def _code(self, conn: Connection, one: InboundMessage, facts: Facts, channel: str, key: str, now: Instant) -> str:
        """A code for whoever is known here, sent to where nobody else reads; the text to say instead, if there is."""
        speak = contact_texts(facts)
        if not _is_alone(one):
            return speak("link_alone")
        owner = links.owner_of(conn, one.sender)
        client = self._revisions.current.client(owner.client) if owner is not None else None
        if owner is None or client is None or not facts.speaker.is_verified:
            return speak("link_unknown")
        if not self._may(conn, _ASKED, one.sender.key, now):
            return speak("link_too_often")
        where = own_place(conn, owner.contact, one.conversation)
        if where is None:
            return speak("link_not_shown")
        self._count(conn, _ASKED, one.sender.key, now)
        purpose, subject = purpose_of(channel), subject_of_contact(client.id, owner.contact)
        self._invite(conn, key, where, Invitation(purpose, subject, client.name, facts.speaker.language, channel), now)
        audit.append(conn, [audit.Deed(now, one.sender.key, "made a link", f"{purpose}:{subject}")])
        return "" if where == one.conversation else speak("link_mailed")

    def _mail(self, conn: Connection, one: InboundMessage, facts: Facts, address: str, key: str, now: Instant) -> str:
        """A code to an address that we know: whoever reads it there is that contact. Nothing is said about the rest."""
        speak = contact_texts(facts)
        if not _is_alone(one):
            return speak("link_alone")
        if not self._may(conn, _ASKED, one.sender.key, now):
            return speak("link_too_often")
        self._count(conn, _ASKED, one.sender.key, now)
        mail = Identity(Channel.EMAIL, address)
        owner = links.owner_of(conn, mail)
        client = self._revisions.current.client(owner.client) if owner is not None else None
        # Counted for the address as well: nobody fills a stranger's mailbox from many accounts.
        if owner is None or client is None or not self._may(conn, _ASKED, mail.key, now):
            return speak("link_mailed")
        self._count(conn, _ASKED, mail.key, now)
        channel = one.conversation.channel
        purpose, subject = purpose_of(channel), subject_of_contact(client.id, owner.contact)
        asked = Invitation(purpose, subject, client.name, facts.speaker.language, channel, asked_on=channel)
        self._invite(conn, key, Conversation(Channel.EMAIL, "desk", address), asked, now)
        audit.append(conn, [audit.Deed(now, one.sender.key, "made a link", f"{purpose}:{subject}", {"by": "mail"})])
        return speak("link_mailed")

    def _facts(self, conn: Connection, one: InboundMessage, now: Instant) -> Facts:
        """Who speaks, and where. Such words open no ticket, so they take no number."""
        (facts,) = facts_of_messages(conn, self._revisions, [one], now=now, is_ours=lambda _: True)
        return facts

    def _invite(self, conn: Connection, key: str, where: Conversation, asked: Invitation, now: Instant) -> None:
        write_outbox(conn, [invitation_row(key, asked, where, self._link_for, now)])

    def _may(self, conn: Connection, what: str, who: str, now: Instant) -> bool:
        return len(self._times(conn, what, who, now)) < MOST_WRONG

    def _count(self, conn: Connection, what: str, who: str, now: Instant) -> None:
        times = [*self._times(conn, what, who, now), now]
        remember(conn, f"{what}:{who}", " ".join(map(str, times)))

    def _times(self, conn: Connection, what: str, who: str, now: Instant) -> list[int]:
        """When this identity did so within the last hour."""
        kept = (recall(conn, f"{what}:{who}") or "").split()
        return [at for at in map(int, kept) if length(now - at) < WRONG_WITHIN]


def _is_alone(one: InboundMessage) -> bool:
    """Whether nobody but the sender reads there, and the sender is proven to be who they say."""
    return one.conversation.place == one.sender.address and not one.doubt
