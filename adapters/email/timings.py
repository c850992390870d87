"""How long the mail channel waits for what, in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """The defaults are for the world; tests have less patience.

    `command_within_s` is also how long a server may pause within an answer. IDLE is renewed every `idle_for_s`, long
    before the 29 minutes after which servers hang up, because a connection that died in silence is noticed only then.
    A wrong password is tried every five minutes at the most, since servers lock accounts; another is looked for every
    `look_every_s`. A folder that cannot be opened is looked for more often. How full the mail box is is asked every
    `room_every_s`.
    """

    connect_within_s: float = 10.0
    command_within_s: float = 30.0
    fetch_within_s: float = 600.0
    idle_for_s: float = 240.0
    poll_every_s: float = 30.0
    retry_first_s: float = 1.0
    retry_longest_s: float = 120.0
    refused_first_s: float = 600.0
    refused_longest_s: float = 3_600.0
    look_every_s: float = 5.0
    unopened_first_s: float = 30.0
    unopened_longest_s: float = 900.0
    probe_every_s: float = 60.0
    send_within_s: float = 20.0
    room_every_s: float = 900.0
