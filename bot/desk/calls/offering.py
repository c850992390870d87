"""Times that a client may have, said in their conversation: each with its number, its button, and a page for all.

Nothing is held by it: whoever chooses is judged anew (`life.py`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from adapters.message import Button, Invite
from bot.desk.calls.rooms import INSTEAD, Room, people_for, room, rules_of, times
from bot.desk.directory import Directory
from bot.store.calls import call_offers
from bot.store.calls.call_offers import Asker, Offered, Standing, asker_to_text
from bot.store.calls.reaching import reached
from bot.store.driver.connection import Connection
from bot.store.people import tokens
from bot.store.unit import write
from bot.tickets.calls.call import Call, CallRules
from bot.tickets.calls.telling import times_text
from bot.tickets.calls.texts import Time, name_of_kind, said_notice, said_time
from bot.tickets.facts import Decision, Facts, Heard, MessageKind, Say
from bot.tickets.outcome import contact_texts, first_name
from bot.tickets.ticket import number
from sla.duration import Instant, later

#: What a link opens; it is good for as long as what was offered with it.
BOOK: Final = "book"
OFFERED_FOR: Final = timedelta(days=7)
#: Far more often than anybody opens one link; they are not used up.
_USES: Final = 1_000_000


class Offering:
    """Says which times there are; holds nothing, so there may be several."""

    def __init__(self, directory: Directory, page: str) -> None:
        """`page` is where our pages are seen from outside; without it no links are given."""
        self._directory = directory
        self._page = page

    def offer(
        self,
        conn: Connection,
        facts: Facts,
        kind: str = "",
        *,
        heard: Heard | None = None,
        said: str = "call_offer",
        moves: Call | None = None,
        wanted: Offered | None = None,
        first: Sequence[Offered] = (),
        can_ask_lead: bool = False,
        invite: Invite | None = None,
    ) -> tuple[Offered, ...]:
        """Say which times there are, each with the number that means it; what was offered before counts no more.

        `said` is the sentence above them, `first` are times that stand before the others, `wanted` is what somebody
        wanted and could not have. `invite` tells their calendar of what is off.
        """
        facts = reached(conn, facts, self._directory.served) or facts
        rules, speak = rules_of(facts, moves), contact_texts(facts)
        kind = moves.kind if moves is not None else kind if kind in rules.kinds else next(iter(rules.kinds))
        but, person = (moves.key, None) if moves is not None else ("", None)
        many = rules.offered if said == "call_offer" else INSTEAD
        found = room(conn, facts, rules, kind, number=many, person=person, but=but)
        offered = tuple(dict.fromkeys((*first, *(found.offered if found is not None else ()))))[:many]
        values = values_of(facts, rules, kind, found, wanted)
        lines = [times_text(facts, times(offered), said, **values)]
        if found is not None and found.instead_of is not None and offered:
            away = first_name(facts.revision, found.instead_of, speak("the_team"))
            name = first_name(facts.revision, found.person, speak("the_team"))
            lines.insert(0, speak("call_instead", away=away, name=name))
        if can_ask_lead:
            lines.append(speak("call_ask_lead"))
        if said == "call_offer" and len(rules.kinds) > 1 and moves is None:
            others = ", ".join(f"{name_of_kind(one, rules, speak)} (/call {one})" for one in rules.kinds if one != kind)
            lines.append(speak("call_kinds", kinds=others))
        ends_at = later(facts.now, OFFERED_FOR)
        if link := self._link(conn, facts, ends_at):
            lines.append(speak("call_page", link=link))
        standing = Standing(facts.talk.id, kind, offered, facts.now, ends_at, moves.key if moves else "")
        if wanted is not None:
            standing = replace(standing, wanted_at=wanted.begins_at, wanted_of=wanted.person)
        call_offers.put(conn, standing)
        buttons = tuple(
            Button(
                "client.slot",
                f"{place}. {said_time(facts.revision, speak, one, now=facts.now)}",
                button_value(facts, place),
            )
            for place, one in enumerate(times(offered), 1)
        )
        if can_ask_lead:
            buttons += (Button("client.call_lead", speak("button_client_call_lead"), button_value(facts, 0)),)
        self.say(conn, facts, "\n".join(lines), heard=heard, buttons=buttons, invite=invite)
        return offered

    def say(
        self,
        conn: Connection,
        facts: Facts,
        text: str,
        *,
        heard: Heard | None = None,
        buttons: tuple[Button, ...] = (),
        offers: tuple[str, ...] = (),
        invite: Invite | None = None,
    ) -> None:
        """Words in the conversation that change nothing."""
        facts = reached(conn, facts, self._directory.served) or facts
        said = Say(text, MessageKind.AUTO, buttons=buttons, offers=offers, invite=invite)
        decision = Decision(heard=heard, effects=(said,))
        write(conn, [(facts, decision)], recorded_at=facts.now, whereto=self._directory.whereto)

    def _link(self, conn: Connection, facts: Facts, ends_at: Instant) -> str:
        """A page to choose on, for whoever has no buttons."""
        limits = self._directory.limits_of(facts.talk.conversation.channel)
        if not self._page or facts.speaker.client is None or (limits is not None and limits.has_buttons):
            return ""
        asker = Asker(facts.talk.id, facts.speaker.contact, facts.speaker.client)
        token = tokens.make_link(
            conn, purpose=BOOK, subject=asker_to_text(asker), now=facts.now, expires_at=ends_at, uses=_USES
        )
        return f"{self._page.rstrip('/')}/book/{token}"


def button_value(facts: Facts, place: int) -> str:
    """What stands behind the button of an offered time: which offer, and which of its times."""
    return f"{facts.talk.id}.{facts.now}.{place}"


def values_of(facts: Facts, rules: CallRules, kind: str, found: Room | None, wanted: Offered | None) -> dict[str, str]:
    """What a sentence about times is filled in with; `wanted` is what somebody wanted and could not have."""
    speak = contact_texts(facts)
    whom = wanted.person if wanted is not None else found.person if found is not None else None
    if whom is None:
        whom = next((one.id for one in people_for(facts)), None)
    time = said_time(facts.revision, speak, Time(wanted.person, wanted.begins_at), now=facts.now) if wanted else ""
    return {
        "name": first_name(facts.revision, whom, speak("the_team")),
        "kind": name_of_kind(kind, rules, speak),
        "length": speak.length(rules.kinds[kind].length),
        "time": time,
        "notice": said_notice(rules, speak),
        "number": number(facts.ticket.id) if facts.ticket is not None else "",
    }
