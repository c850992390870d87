"""Things tests need again and again, small and readable: the desk that stories happen on."""

from copy import deepcopy
from datetime import date
from functools import cache

from bot.deskfile.document import Document
from bot.deskfile.load import judge
from bot.deskfile.reading import merge

TODAY = date(2026, 1, 1)

#: Office hours 10:00-19:00 at +03:00; Dana, the lead, is there from 9 to 21. One hour promised to everybody.
STORY_DESK = """
[desk]
name = "Story Desk"
language = "en"
zone = "fixed:+03:00"
public_plan = "public"

[rules]
pick_up = "never"

[calendars.office]
zone = "fixed:+03:00"
week = { mon-fri = ["10:00-19:00"] }

[calendars.long]
zone = "fixed:+03:00"
week = { mon-fri = ["09:00-21:00"] }

[policies.premium]
source = "Premium agreement"
calendar = "office"
satisfied_by = "human_reply"
urgencies = ["critical", "high", "medium", "low"]
default_urgency = "medium"
reminders = { marks = ["50%", "80%", "last_call"] }
[policies.premium.targets.critical]
first_response = { within = "15m", quote = "respond promptly" }
next_response = { within = "15m" }
[policies.premium.targets.high]
first_response = { within = "30m" }
next_response = { within = "30m" }
[policies.premium.targets.medium]
first_response = { within = "1h", quote = "within 1 hour" }
next_response = { within = "1h" }
[policies.premium.targets.low]
first_response = { within = "4h" }
next_response = { within = "4h" }

[policies.strict]
extends = "premium"
source = "Premium agreement, answers only"
satisfied_by = "answer"

[plans.premium]
name = "Premium"
policy = "premium"
line = "managers"
ladder = "lead"
channels = ["telegram", "slack", "email", "inapp"]
[plans.strict]
name = "Strict"
policy = "strict"
line = "managers"
ladder = "lead"
channels = ["telegram", "slack", "email", "inapp"]
[plans.public]
name = "Public"
policy = "premium"
line = "managers"
ladder = "lead"
channels = ["telegram", "slack", "email", "inapp"]

[ladders.lead]
steps = [{ after = "0m", tell = "lead" }]

[lines.managers]
people = ["oleg", "mira"]
calendar = "office"
[lines.second]
people = ["tara"]
calendar = "office"
kinds = ["integration"]

[people.vera]
name = "Vera Kova"
roles = ["manager"]
calendar = "office"
backup = "oleg"
identities = { slack = "T1/U1", telegram = 2001 }
[people.oleg]
name = "Oleg Hnatiuk"
roles = ["manager"]
calendar = "office"
identities = { slack = "T1/U2" }
[people.mira]
name = "Mira Solano"
roles = ["manager"]
calendar = "office"
identities = { slack = "T1/U3" }
[people.tara]
name = "Tara Lindt"
roles = ["senior"]
calendar = "office"
identities = { slack = "T1/U4" }
[people.dana]
name = "Dana Orlyk"
roles = ["lead", "admin"]
calendar = "long"
identities = { slack = "T1/U5" }
[people.ines]
name = "Ines Prado"
roles = ["executive"]
calendar = "office"
identities = { slack = "T1/U6" }

[clients.acme]
name = "Acme"
plan = "premium"
manager = "vera"
zone = "Europe/Lisbon"
contacts = [{ name = "Lena", telegram = 1001, email = "lena@acme.test", slack = "T2/U9", inapp = "user-17" }]
channels = { telegram = [-1001234] }
[clients.globex]
name = "Globex"
plan = "strict"
manager = "oleg"
backup = "mira"
zone = "Europe/Kyiv"
language = "uk"
contacts = [{ name = "Taras", telegram = 1002, email = "taras@globex.test", slack = "T3/U21", inapp = "user-27" }]
[clients.initech]
name = "Initech"
plan = "premium"
zone = "America/Chicago"
contacts = [{ name = "Bill", telegram = 1003, email = "bill@initech.test", slack = "T4/U31", inapp = "user-37" }]

[triage]
rules = [
    { words = ["is down"], urgency = "critical" },
    { words = ["webhook"], kind = "integration" },
]
"""


#: The same people where nobody has Slack: they work in Telegram.
ON_TELEGRAM = (
    ('identities = { slack = "T1/U1", telegram = 2001 }', "identities = { telegram = 2001 }"),
    *((f'identities = {{ slack = "T1/U{one}" }}', f"identities = {{ telegram = 200{one} }}") for one in range(2, 7)),
)

#: The same people where nobody has anything but mail.
ON_MAIL = (
    ('identities = { slack = "T1/U1", telegram = 2001 }', 'identities = { email = "vera@desk.test" }'),
    *(
        (f'identities = {{ slack = "T1/U{one}" }}', f'identities = {{ email = "{name}@desk.test" }}')
        for one, name in enumerate(("oleg", "mira", "tara", "dana", "ines"), start=2)
    ),
)


def document(text: str = STORY_DESK) -> Document:
    """The document of a desk written as TOML; an AssertionError lists what is wrong with it."""
    return deepcopy(_judged(text))  # so that no test sees what another does to it


@cache  # a judgement takes as long as a short story, and most stories happen at the same desk
def _judged(text: str) -> Document:
    loaded = judge(*merge([("desk.toml", text)]), today=TODAY)
    assert loaded.document is not None, "\n".join(map(str, loaded.problems))
    return loaded.document


def story_desk(*changes: tuple[str, str], more: str = "") -> str:
    """The story's desk with some lines written otherwise, and tables of its own at the end."""
    text = STORY_DESK
    for written, instead in changes:
        assert text.count(written) == 1, f"the story's desk has this {text.count(written)} times: {written}"
        text = text.replace(written, instead)
    return text + more
