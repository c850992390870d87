"""Automatic answers by mail are few, whoever asks for them, and repeat nothing of what a stranger wrote.

    who is not proven      one a day and address, in fixed words, and only where it opened a ticket
    anybody                one a day and ticket, three a day and address; words of command are answered more often
    whoever is no client's contact    so many an hour in all (`auto_answers_per_hour`); then none for an hour

Otherwise whoever forges senders has us write to people who never wrote to us, and two machines talk all night. A ticket
is opened and promised all the same. Admins hear of it when the hour's share is gone, and of what looks like a machine.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Final

import structlog

from adapters.message import Channel, InboundMessage
from bot.desk.directory import Directory
from bot.store.delivery import auto_answers
from bot.store.delivery.auto_answers import HOUR, AutoAnswer
from bot.store.driver.connection import Connection
from bot.store.remembered import recall, remember
from bot.store.revisions import Revisions
from bot.store.unit import write_ping
from bot.tickets.facts import Decision, Effect, Facts, MessageKind, Ping, Say
from bot.tickets.outcome import contact_texts, person_texts
from bot.tickets.ticket import number
from bot.tickets.words.decide_words import word_from_text
from sla.duration import Instant, later, length

log = structlog.get_logger()

MOST_A_DAY: Final = 3
MOST_ASKED_A_DAY: Final = 20
#: Whoever writes again so soon after each of our answers is probably no person.
AT_ONCE: Final = timedelta(minutes=15)
#: Where a mail names nobody who wrote it, and nothing ever arrives (RFC 2606).
NO_DOMAIN: Final = (".invalid", "@invalid")
_REST: Final = "automatic answers rest until"


class AutoAnswers:
    """Holds decisions to these limits; runs inside the committer's transaction."""

    def __init__(self, revisions: Revisions, directory: Directory) -> None:
        self._revisions = revisions
        self._directory = directory

    def limited(
        self,
        conn: Connection,
        message: InboundMessage,
        key: str,
        facts: Facts,
        decision: Decision,
        *,
        now: Instant,
        is_asked: bool = False,
    ) -> Decision:
        """The decision with the automatic answer that may go out, or without any. `key` is the message's own.

        `is_asked`: it answers a word of command that opens no ticket, in fixed words whoever wrote it.
        """
        if message.conversation.channel is not Channel.EMAIL:
            return decision
        decision = _with_refusal(message, facts, decision)
        if not any(map(_is_automatic, decision.effects)):
            return decision
        auto_answers.hold(conn)
        address = message.conversation.place.lower()
        word = word_from_text(message.text, channel=message.conversation.channel)
        ticket = decision.ticket.id if decision.ticket is not None else None
        one = AutoAnswer(now, ticket, is_asked=is_asked or word is not None)
        is_opened = ticket is not None and (facts.ticket is None or facts.ticket.id != ticket)
        if not self._may_go_out(conn, message, facts, one, address, is_worth_it=is_asked or is_opened):
            rest = tuple(each for each in decision.effects if not _is_automatic(each))
            return _untold(facts, replace(decision, effects=rest))
        auto_answers.note(conn, key, address, one, is_known=facts.speaker.is_verified)
        return _in_fixed_words(message, facts, decision) if message.doubt and is_opened else decision

    def _may_go_out(
        self,
        conn: Connection,
        message: InboundMessage,
        facts: Facts,
        one: AutoAnswer,
        address: str,
        *,
        is_worth_it: bool,
    ) -> bool:
        if address.endswith(NO_DOMAIN):
            return False
        past = auto_answers.lately(conn, address, now=one.at)
        if message.doubt:
            # Whoever is only said to have written a mail that was passed on did not write to us.
            if past or not is_worth_it or message.original is not None:
                return False
        elif one.is_asked:
            if sum(each.is_asked for each in past) >= MOST_ASKED_A_DAY:
                return False
        else:
            notices = [each for each in past if not each.is_asked]
            if len(notices) >= MOST_A_DAY:
                self._tell_of_loop(conn, address, notices, one.at)
                return False
            if any(each.ticket == one.ticket for each in notices):
                return False
        return facts.speaker.is_verified or self._has_room(conn, one.at)

    def _has_room(self, conn: Connection, now: Instant) -> bool:
        """Whether the hour's share of strangers is not used up; once it is, they wait for a whole hour."""
        if now < int(recall(conn, _REST) or 0):
            return False
        most = self._revisions.current.rules.auto_answers_per_hour
        if auto_answers.to_strangers(conn, now=now) < most:
            return True
        until = later(now, HOUR)
        remember(conn, _REST, str(until))
        log.warning("automatic answers to strangers rest", until=until, most=most)
        for person in self._directory.admins():
            speak = person_texts(self._revisions.current, person)
            title = speak("ping_auto_answers_rest", count=most, until=speak.moment(until, now=now))
            ping = Ping(person, f"auto_answers:{until}:{person}", title, is_alert=True)
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)
        return False

    def _tell_of_loop(self, conn: Connection, address: str, past: Sequence[AutoAnswer], now: Instant) -> None:
        """Each of our answers was answered at once: told once a day, and no more is said to them for that long."""
        moments = [*(one.at for one in past[-MOST_A_DAY:]), now]
        if any(length(after - before) > AT_ONCE for before, after in pairwise(moments)):
            return
        until = later(moments[0], auto_answers.DAY)
        for person in self._directory.admins():
            speak = person_texts(self._revisions.current, person)
            values = {"address": address, "until": speak.moment(until, now=now)}
            ping = Ping(
                person, f"mail_loop:{address}:{until}:{person}", speak("ping_mail_loop", **values), is_alert=True
            )
            write_ping(conn, ping, at=now, whereto=self._directory.whereto)


def _is_automatic(effect: Effect) -> bool:
    return isinstance(effect, Say) and effect.kind is MessageKind.AUTO and not effect.is_said


def _with_refusal(message: InboundMessage, facts: Facts, decision: Decision) -> Decision:
    """Whoever sent more than we take is told, beside what they are told anyway."""
    if not message.is_cut or decision.ticket is None:
        return decision
    words = contact_texts(facts)("mail_cut")
    effects = list(decision.effects)
    place = next((place for place, one in enumerate(effects) if _is_automatic(one)), None)
    if place is None:
        effects.append(Say(words, MessageKind.AUTO))
    elif isinstance(said := effects[place], Say):
        effects[place] = replace(said, text=f"{said.text}\n{words}")
    return replace(decision, effects=tuple(effects))


def _in_fixed_words(message: InboundMessage, facts: Facts, decision: Decision) -> Decision:
    speak = contact_texts(facts)
    text = speak("receipt_unproven", number=number(facts.number))
    words = f"{text}\n{speak('mail_cut')}" if message.is_cut else text
    effects = [one for one in decision.effects if not _is_automatic(one)]
    return _untold(facts, replace(decision, effects=(Say(words, MessageKind.AUTO), *effects)))


def _untold(facts: Facts, decision: Decision) -> Decision:
    """What is not said promises no moment: there is nothing to put right later."""
    ticket, before = decision.ticket, facts.ticket
    if ticket is None:
        return decision
    told = before.told_due_at if before is not None and before.id == ticket.id else None
    return replace(decision, ticket=replace(ticket, told_due_at=told))
