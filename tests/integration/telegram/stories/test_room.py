"""What this room says about the stories it tells is true of them."""

import re
from pathlib import Path

import pytest

from tests.integration.telegram.stories.conftest import NOT_IN_TELEGRAM

HERE = Path(__file__).parent
STORIES = HERE.parents[2] / "stories"
FILES = sorted(place.name for place in HERE.glob("test_*.py") if place != Path(__file__))


OTHER_CHANNEL = "of what another channel alone can do: mail, the widget, Slack, the telephone"
PROMISES = "of clocks, ladders and policies: no word of it depends on the channel"
PEOPLE = "of who is there and who gets it: no word of it depends on the channel"
TICKETS = "of tickets among themselves, by commands of our people; the words are those of the files that are told"
PROCESSES = "of processes that die and of databases; tests/chaos does it to the real channel"
OF_ITS_OWN = "it has a clock, a database or a desk of its own to begin with, in which no stage stands"
OUTSIDE = "of what no channel brings: calendars of ours, files, a simulation"
#: Stories that are not told here, by the reason. A new file belongs into this room, or here.
NOT_TOLD = {
    OTHER_CHANNEL: {
        "test_automatic_mail.py",
        "test_call_backs.py",
        "test_calls_in_calendars.py",
        "test_calls_in_the_widget.py",
        "test_calls_in_windows.py",
        "test_calls_proposed.py",
        "test_copies_later.py",
        "test_given_places.py",
        "test_guests.py",
        "test_held_back.py",
        "test_late_words.py",
        "test_mail_beside.py",
        "test_mail_patience.py",
        "test_nobody_elses_words.py",
        "test_not_spam.py",
        "test_one_person.py",
        "test_returned_mail.py",
        "test_slack_places.py",
        "test_staff_by_mail.py",
        "test_suspended_places.py",
        "test_unread.py",
    },
    PROMISES: {
        "test_agreed_for_later.py",
        "test_clocks.py",
        "test_digests_last.py",
        "test_judging.py",
        "test_ladder.py",
        "test_long_closures.py",
        "test_lost_hours.py",
        "test_more_promises.py",
        "test_other_hours.py",
        "test_other_plans.py",
        "test_paged_again.py",
        "test_paging.py",
        "test_reapply.py",
        "test_terms.py",
        "test_uncounted.py",
        "test_unheeded.py",
    },
    PEOPLE: {
        "test_absences.py",
        "test_alert_channel.py",
        "test_called_in_time.py",
        "test_coverage.py",
        "test_handed_to_the_absent.py",
        "test_leads_on_leave.py",
        "test_left_alone.py",
        "test_new_shifts.py",
        "test_own_hours.py",
        "test_pick_up.py",
        "test_put_off.py",
        "test_radar.py",
        "test_routing.py",
        "test_said_of_leave.py",
        "test_second_line.py",
        "test_told_hours.py",
        "test_told_later.py",
        "test_unmanned.py",
        "test_waiting_list.py",
    },
    TICKETS: {
        "test_calls_accepted.py",
        "test_calls_asked_for.py",
        "test_calls_counted_anew.py",
        "test_calls_in_changed_hours.py",
        "test_calls_of_one_contact.py",
        "test_calls_of_one_person.py",
        "test_calls_off.py",
        "test_calls_refused.py",
        "test_high_load.py",
        "test_merging.py",
        "test_splitting.py",
        "test_unmerging.py",
    },
    PROCESSES: {
        "test_auditor.py",
        "test_bad_input.py",
        "test_calls_at_once.py",
        "test_crashes.py",
        "test_hanging_sends.py",
        "test_missing_alarms.py",
        "test_hearing_at_once.py",
        "test_replicas.py",
        "test_tidying.py",
    },
    OF_ITS_OWN: {
        "test_notes_stay_inside.py",
        "test_other_zones.py",
        "test_piles.py",
        "test_quarter.py",
    },
    OUTSIDE: {"test_feeds.py", "test_simulations.py"},
}


def test_every_file_of_stories_is_told_here_or_left_out_with_its_reason() -> None:
    left_out = [name for names in NOT_TOLD.values() for name in names]
    assert sorted([*FILES, *left_out]) == sorted(place.name for place in STORIES.glob("test_*.py"))


@pytest.mark.parametrize("name", FILES)
def test_each_file_tells_the_stories_of_its_name(name: str) -> None:
    assert (STORIES / name).exists()
    assert f"from tests.stories.{name.removesuffix('.py')} import *" in (HERE / name).read_text()


def test_only_stories_that_exist_are_left_out() -> None:
    told = {name for file in FILES for name in re.findall(r"def (test_\w+)", (STORIES / file).read_text())}
    assert {name.partition("[")[0] for name in NOT_IN_TELEGRAM} <= told
