"""How long the way in waits for what, in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """The defaults are for the world; tests have less patience.

    `conflict_s` and `revoked_s` are the rests after which Telegram is asked again where somebody else reads the updates
    or the token is none any more: a person has to act, and asking more often helps nobody. An outage shorter than
    `outage_s` loses nothing. Telegram chooses ids anew after a week in which nothing came, so that after `idle_s` of
    it nothing is asked for by its id. `look_every_s`: how often the webhook is looked after;
    `holes_after_s`: how long what it has still to bring is waited for. `files_within_s`: how long a send waits for its
    files before the others have their turn; they go on meanwhile.
    """

    poll_for_s: float = 25.0
    answer_margin_s: float = 10.0
    retry_first_s: float = 0.5
    retry_longest_s: float = 20.0
    conflict_s: float = 5.0
    revoked_s: float = 60.0
    outage_s: float = 60.0
    idle_s: float = 6 * 86_400.0
    week_s: float = 7 * 86_400.0
    body_within_s: float = 10.0
    look_every_s: float = 300.0
    menu_every_s: float = 60.0
    holes_after_s: float = 120.0
    files_within_s: float = 2.0
