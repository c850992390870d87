"""A small desk that is right, for tests that break it in one place."""

from collections.abc import Mapping
from datetime import date

from bot.deskfile.load import Loaded, judge
from bot.deskfile.reading import merge

TODAY = date(2026, 3, 2)

DESK: Mapping[str, str] = {
    "desk.toml": """\
[desk]
name = "Desk"
public_plan = "standard"

[calendars.office]
zone = "Europe/Berlin"
week = { mon-fri = ["09:00-17:00"] }

[triage]
rules = [
  { words = ["down"], urgency = "critical" },
]
""",
    "plans.toml": """\
[policies.standard]
calendar = "office"
review = 2027-01-08
[policies.standard.targets.high]
first_response = { within = "1h" }
next_response = { within = "2h" }

[ladders.standard]
steps = [
  { after = "0m", tell = "lead" },
  { after = "30m", tell = "vera" },
]

[plans.standard]
policy = "standard"
line = "first"
ladder = "standard"

[lines.first]
people = ["vera", "dana"]
calendar = "office"

[policies.standard.targets.critical]
first_response.within = "30m"
next_response.within = "45m"

[policies.standard.targets.medium]
first_response.within = "3h"
next_response.within = "3h"

[policies.standard.targets.low]
first_response.within = "5h"
next_response.within = "5h"

[policies.standard.targets.informational]
first_response.within = "6h"
next_response.within = "6h"

[policies.standard.targets.feature]
first_response.within = "6h"
next_response.within = "6h"
""",
    "people.toml": """\
[people.vera]
name = "Vera"
roles = ["manager"]
calendar = "office"
backup = "dana"
identities = { email = "vera@desk.test", telegram = 42 }

[people.dana]
name = "Dana"
roles = ["lead"]
calendar = "office"
identities = { slack = "T1/U2" }

[clients.acme]
name = "Acme"
plan = "standard"
manager = "vera"
contacts = [
  { name = "Lena", email = "lena@acme.test" },
]
channels = { telegram = [-100] }
""",
}


def desk(*changes: tuple[str, str]) -> Loaded:
    """The desk above with words replaced; each must be there once, so that a test cannot change nothing."""
    texts = dict(DESK)
    for old, new in changes:
        file = next(name for name, text in texts.items() if old in text)
        assert sum(text.count(old) for text in texts.values()) == 1
        texts[file] = texts[file].replace(old, new)
    reading, unread = merge(texts.items())
    return judge(reading, unread, today=TODAY)
