"""How long the pipe waits for what, in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """The defaults are for the world; tests have less patience.

    `answer_within_s` is a little less than the 3 s after which Slack takes nothing for an answer. `margin_s` is read
    again before the moment until which everything was heard: longer than a dead connection goes unnoticed, than Slack
    goes on trying to reach us, and than two clocks are apart. An outage between Slack and us cannot always be seen from
    here, over HTTP never, so everything is looked through every `sweep_every_s` as well. Slack holds events back by the
    minute: `held_back_s` after it said so, that minute is over. What stands at the top of a place is looked at
    `threads_back_s` before that moment: the first message of a thread says there when it was last answered, so one call
    for two hundred of them finds the threads that went on. Replies are looked at for `edits_back_s`, for new wordings.
    An acknowledgement waits `names_within_s` for names, once a person.
    """

    answer_within_s: float = 2.8
    connect_within_s: float = 10.0
    ping_every_s: float = 10.0
    retry_first_s: float = 0.5
    retry_longest_s: float = 30.0
    tick_every_s: float = 60.0
    held_back_s: float = 90.0
    sweep_every_s: float = 3_600.0
    margin_s: float = 600.0
    edits_back_s: float = 86_400.0
    threads_back_s: float = 2_592_000.0
    names_within_s: float = 0.25
