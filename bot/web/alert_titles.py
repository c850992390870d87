"""What somebody was alerted by, with its times as whoever reads the page lives: an alert is said in its hearer's zone.

The words are kept as they were said. Which moments they name is known from the ticket, so each is looked for as its
hearer read it, and said anew. Times that are found nowhere keep their zone beside them.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bot.store.delivery.alert_receipts import AlertReceipt
from bot.store.reading.reads import Page
from bot.tickets.outcome import person_texts
from bot.tickets.texts import Texts
from sla.duration import Instant

_CLOCK: Final = re.compile(r"\b\d\d:\d\d\b")


def title_for(alert: AlertReceipt, page: Page, reader: Texts) -> str:
    """The title of an alert as the reader of the page understands its times."""
    if alert.person not in page.facts.revision.people:
        return alert.title
    moments = {
        at for one in page.facts.clocks for at in (one.due_at, one.breached_at, one.started_at) if at is not None
    }
    hearer = person_texts(page.facts.revision, alert.person)
    return retold(
        alert.title, hearer, reader.zone, {*moments, alert.alerted_at}, said_at=alert.alerted_at, now=page.facts.now
    )


def retold(title: str, hearer: Texts, zone: str, moments: Iterable[Instant], *, said_at: Instant, now: Instant) -> str:
    """Words that a hearer was told at `said_at`, with these moments as somebody in that zone reads them now."""
    there = replace(hearer, zone=zone)
    said = {hearer.moment(at, now=said_at): there.moment(at, now=now) for at in moments}
    # The longest first: "Tuesday 15:00" holds "15:00". Nothing that was said anew is looked at again.
    named = re.compile("|".join(map(re.escape, sorted(said, key=len, reverse=True))))
    known = named.sub(lambda found: said[found[0]], title)
    is_whole = not _CLOCK.search(named.sub("", title))
    return known if is_whole or hearer.zone == zone else f"{known} ({hearer.zone})"
