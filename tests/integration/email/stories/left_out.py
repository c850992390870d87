"""Files of tests/stories that are not told once more by mail, each with its reason: a new one is told or is here."""

from collections.abc import Mapping, Sequence

#: Reason -> names without `test_` and `.py`.
LEFT_OUT: Mapping[str, Sequence[str]] = {
    "its copies are refused as the channel in memory can be told to; test_copies_put_off.py has a server that does": (
        "copies_later",
    ),
    "a promise of a chat stands in it beside one of mail": ("second_line", "told_later"),
    "what happens in it is Telegram": (
        "albums",
        "calls_booked_by_keyboard",
        "calls_by_keyboard",
        "forms_in_words",
        "groups",
        "linking",
        "managers_forum",
        "our_albums",
        "quotes",
        "staff_on_telegram",
    ),
    "what happens in it is Slack": (
        "alert_channel",
        "client_buttons",
        "desk_commands",
        "given_places",
        "guests",
        "offboarding",
        "slack_places",
        "staff_threads",
        "suspended_places",
    ),
    "what happens in it is the chat of an application": ("calls_in_the_widget",),
    "its people go from one channel to another, mostly past mail": (
        "belonging",
        "calls_across_channels",
        "calls_found_elsewhere",
        "following",
        "identity",
        "link_codes",
        "merging",
        "nobody_elses_words",
        "one_person",
        "unmerging",
    ),
    "its clients press times, ring, or talk to us in two places at once": (
        "call_backs",
        "calls",
        "calls_answered",
        "calls_in_calendars",
        "calls_life",
        "calls_of_one_contact",
        "calls_off",
        "calls_proposed",
    ),
    "it has a channel fail as the one in memory can be told to": (
        "after_all",
        "hanging_sends",
        "places",
        "sending",
    ),
    "it kills desks, runs several, or says what no mail can hold; tests/chaos kills them with mail": (
        "bad_input",
        "crashes",
        "hearing_at_once",
        "quarter",
        "replicas",
        "simulations",
    ),
}
