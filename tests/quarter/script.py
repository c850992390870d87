"""What happens in the quarter, from a seed: who writes where and when, who is away, when the bot is down.

Only what comes from outside is here; what our people do about it is their nature, in `player.py`.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from adapters.message import Channel

BEGINS = date(2026, 2, 2)
WEEKS = 13
#: Three days, over a change of the clocks in Europe.
DOWN = (datetime(2026, 3, 27, 15, 0, tzinfo=UTC), datetime(2026, 3, 30, 15, 0, tzinfo=UTC))
MESSAGES = 560
#: A word to what was answered, which asks for nothing.
COURTESIES = ("Thanks!", "Thank you", "Great, thanks")
#: How often somebody asks the desk itself after what they wrote.
ASKING = 0.06
TOPICS = (
    "The export of {day} has failed",
    "Can you add a user for us, number {n}?",
    "Payroll {n} does not add up",
    "Where do I find report {n}?",
    "The dashboard {n} is slow",
    "Import {n} stopped halfway",
    "The API {n} is down",
    "We need invoice {n} again",
)
FURTHER = ("Any news about {n}?", "One more thing about {n}", "It happens with {n} as well", "I attach what {n} says")


@dataclass(frozen=True, slots=True)
class Writer:
    """A contact with their addresses, where they live, and how much they write."""

    name: str
    zone: str
    addresses: dict[Channel, str]
    weight: int


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody writes."""

    at: datetime
    channel: Channel
    address: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody asks the desk itself, by a word of command."""

    at: datetime
    channel: Channel
    address: str
    name: str
    word: str


@dataclass(frozen=True, slots=True)
class Leave:
    """What somebody of ours tells the desk about being there, in the words of `/desk`."""

    at: datetime
    person: str
    words: str


def _addresses(telegram: str, email: str, slack: str, inapp: str) -> dict[Channel, str]:
    found = {Channel.TELEGRAM: telegram, Channel.EMAIL: email, Channel.SLACK: slack, Channel.INAPP: inapp}
    return {channel: address for channel, address in found.items() if address}


WRITERS = (
    Writer("Lena", "America/Chicago", _addresses("1001", "lena@acme.test", "T2/U9", "user-17"), 4),
    Writer("Rick", "America/Chicago", _addresses("1011", "rick@acme.test", "", "user-18"), 2),
    Writer("Taras", "Europe/Kyiv", _addresses("1002", "taras@globex.test", "T3/U21", "user-27"), 5),
    Writer("Blanca", "Europe/Madrid", _addresses("1003", "blanca@initech.test", "T4/U31", "user-37"), 4),
    Writer("Jonas", "Europe/Berlin", _addresses("1004", "jonas@umbrella.test", "T5/U41", "user-47"), 4),
    Writer("Nobody", "Europe/Lisbon", _addresses("9001", "", "", "guest-1"), 1),
)
LEAVES = (
    Leave(datetime(2026, 2, 10, 8, 30, tzinfo=UTC), "vera", "away until 2026-02-16"),
    Leave(datetime(2026, 2, 24, 13, 0, tzinfo=UTC), "pau", "away until 2026-02-27 backup vera"),
    Leave(datetime(2026, 3, 4, 15, 0, tzinfo=UTC), "bob", "away from 2026-03-09 until 2026-03-14"),
    Leave(datetime(2026, 3, 10, 9, 0, tzinfo=UTC), "mira", "away"),
    Leave(datetime(2026, 3, 18, 9, 30, tzinfo=UTC), "mira", "back"),
    Leave(datetime(2026, 3, 23, 9, 0, tzinfo=UTC), "vera", "away from 2026-04-07 until 2026-04-15"),
    # Those who stand in for each other are away together for two days.
    Leave(datetime(2026, 3, 24, 9, 0, tzinfo=UTC), "oleg", "away from 2026-04-09 until 2026-04-11"),
    Leave(datetime(2026, 4, 20, 9, 0, tzinfo=UTC), "oleg", "away until 2026-04-22"),
    Leave(datetime(2026, 4, 20, 12, 0, tzinfo=UTC), "oleg", "away until 2026-04-24"),
)


def said(seed: int = 7, *, messages: int = MESSAGES, weeks: int = WEEKS) -> Sequence[Said]:
    """All that clients write, in its order: mostly in their own working hours, some of it at night and at weekends."""
    chance = random.Random(seed)
    found: list[Said] = []
    for number in range(messages):
        writer = chance.choices(WRITERS, [one.weight for one in WRITERS])[0]
        channel = chance.choice(sorted(writer.addresses))
        day = BEGINS + timedelta(days=chance.randrange(weeks * 7))
        is_early = day.weekday() > 4 and chance.random() < 0.7
        day = day - timedelta(days=3) if is_early and day - timedelta(days=3) >= BEGINS else day
        hour = chance.randrange(9, 18) if chance.random() < 0.85 else chance.randrange(24)
        local = datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), ZoneInfo(writer.zone))
        words = chance.choice(TOPICS if chance.random() < 0.75 else FURTHER)
        text = words.format(n=number, day=f"{day:%d %B}")
        if chance.random() < 0.06:
            text = chance.choice(COURTESIES)
        found.append(Said(local.astimezone(UTC), channel, writer.addresses[channel], writer.name, text))
    return sorted(found, key=lambda one: (one.at, one.address, one.text))


def asked(words: Sequence[Said], seed: int = 7) -> Sequence[Asked]:
    """After some of their words a client asks how it stands, or for somebody higher up; some do so twice."""
    chance = random.Random(f"asked {seed}")
    found: list[Asked] = []
    for one in words:
        if one.text in COURTESIES or chance.random() >= ASKING:
            continue
        word = chance.choice(("/status", "/escalate", "/escalate"))
        moments = [one.at + timedelta(minutes=chance.choice((4, 20, 70)))]
        if chance.random() < 0.3:
            moments.append(moments[0] + timedelta(minutes=15))
        found += [Asked(at, one.channel, one.address, one.name, word) for at in moments]
    return sorted(found, key=lambda one: (one.at, one.address, one.word))
