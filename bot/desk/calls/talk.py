"""What clients say about calls: `/call`, the number of an offered time, a moment in their own words.

    /call   /call education   /call tomorrow 15:00   /call 2   /call move   /call cancel   /call lead

A moment in words is never booked by itself: it comes back as the first of some times, to be chosen by its number. A
number or a moment without `/call` counts while what was offered is the newest thing we said there, or in reply to it.
Words that are neither go on as a message like any other.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from adapters.message import Channel, InboundMessage
from adapters.text import clean
from bot.desk.calls.keyboard import SLOT
from bot.desk.calls.life import CallLife
from bot.desk.calls.rooms import people_for, rules_of
from bot.desk.calls.wishes import CallWishes, Via
from bot.desk.directory import Directory
from bot.store.calls import call_offers
from bot.store.calls.answered import line_named, said_since
from bot.store.calls.call_offers import Asker, Standing, facts_of_asker
from bot.store.driver.connection import Connection
from bot.store.facts import facts_of_messages
from bot.store.revisions import Revisions
from bot.tickets.calls.answering import Means, meant
from bot.tickets.calls.words import Wish, is_like_an_answer, wish_from_text, without_a_name_below
from bot.tickets.facts import Facts, Heard
from bot.tickets.outcome import contact_texts
from bot.tickets.words.decide_words import word_from_text
from sla.duration import Instant, instant

CALL: Final = "call"


class CallTalk:
    """Hears them, inside a transaction that is open."""

    def __init__(self, life: CallLife, wishes: CallWishes, revisions: Revisions, directory: Directory) -> None:
        self._life = life
        self._wishes = wishes
        self._revisions = revisions
        self._directory = directory

    def take(self, conn: Connection, said: Sequence[InboundMessage], *, now: Instant) -> list[InboundMessage]:
        """Answer those that are about a call; gives the rest."""
        return [one for one in said if not self._heard(conn, one, now)]

    def _heard(self, conn: Connection, one: InboundMessage, now: Instant) -> bool:
        text = clean(one.text)
        word = word_from_text(text, channel=one.conversation.channel)
        is_asked = word is not None and word.name == CALL
        answer = without_a_name_below(text) if text and one.conversation.channel is Channel.EMAIL else text
        if not is_asked and (word is not None or one.attachments or not is_like_an_answer(answer)):
            return False
        if self._directory.person_of(one.sender) is not None:
            return False
        talk = call_offers.talk_named(conn, one.conversation.key)
        standing = call_offers.standing(conn, talk) if talk is not None else None
        at = min(instant(one.at), now)
        means = _meant(conn, one, standing, at=at, now=now)
        if not is_asked and means is Means.ELSE:
            return False
        (facts,) = facts_of_messages(conn, self._revisions, [one], now=now)
        heard = Heard(f"{one.conversation.key}:{one.external_id}", one.external_id, text, at, sender=one.sender.address)
        asking = self._asking(conn, facts, now)
        if asking is None:
            self._life.offering.say(
                conn, replace(facts, ticket=None), contact_texts(facts)("call_not_for_you"), heard=heard
            )
            return True
        is_theirs = standing is None or standing.contact == facts.speaker.contact
        if not is_asked and means is Means.NEWEST and not is_theirs:
            return False  # it was offered to somebody else of those who write here
        if asking.ticket is None:
            asking = replace(asking, number=facts.number)
        words = word.rest if word is not None and is_asked else answer
        wish = self._wish(asking, words)
        asking = self._wishes.about(conn, asking, wish)
        if not is_asked and wish.what not in {"choice", "moment"}:
            return False
        if wish.what == "choice" and means is Means.OLDER:
            self._wishes.again(conn, asking, standing, "call_offer_over", Via(heard))
        else:
            self._wishes.grant(conn, asking, wish, Via(heard))
        return True

    def _asking(self, conn: Connection, facts: Facts, now: Instant) -> Facts | None:
        """The facts as calls need them; None for whoever is not proven to be a client's."""
        speaker = facts.speaker
        if speaker.client is None or not speaker.is_verified:
            return None
        asker = Asker(facts.talk.id, speaker.contact, speaker.client)
        return facts_of_asker(conn, self._revisions, asker, now=now)

    def _wish(self, facts: Facts, text: str) -> Wish:
        rules, people = rules_of(facts), people_for(facts)
        calendar = facts.revision.calendars[people[0].calendar] if people else None
        if calendar is None:
            return Wish("offer")
        return wish_from_text(text, rules.kinds, now=facts.now, zone=facts.speaker.zone, calendar=calendar)


def _meant(conn: Connection, one: InboundMessage, standing: Standing | None, *, at: Instant, now: Instant) -> Means:
    """What a number in these words would be about; an offer whose days are over is about nothing by itself."""
    named = line_named(conn, one.conversation.key, one.reply_to, SLOT) if one.reply_to else None
    if standing is None or now >= standing.ends_at:
        return meant(None, named, (), at=at)
    return meant(standing.shown, named, said_since(conn, standing.talk), at=at)
