"""Stories told once more, their mail coming from a real Dovecot and leaving through a real Exim.

Each file of this room names a file of tests/stories whose stories hold there as well. Where such a story names no
channel its clients write mails; our people are where they always are, or in their own mail.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.message import Channel
from tests.harness import Story
from tests.integration.email.stage import MailStage
from tests.peers.dovecot import Box
from tests.peers.exim import Exim
from tests.retold import leave_out, retelling
from tests.stories.conftest import MakeStory

#: What cannot be told by mail, each with the reason.
NO_SECOND_THOUGHTS = "a mail that was sent cannot be changed or taken back"
NO_NAME = "nobody answers a mail that was never sent"
HEADERS_SAY = "what it says of its mail, headers say here; the corpus has such mails"
ONE_THREAD = "whoever was written to answers that mail, so a second ticket of theirs opens nowhere"
ONE_NOTICE = "by mail a ticket has one notice a day"
ELSEWHERE = "its client is written to on Telegram, and is looked for where the clients of this room are"
NUMBERS = "its strangers have numbers, as in Telegram, which are no addresses of mail"
GROUP = "a part of it happens in a group"
NOT_BY_MAIL = {
    "test_thanks_with_a_file_are_a_message": "a story's file has no bytes; test_bot.py sends a real one",
    "test_an_edit_is_a_version_on_the_card_and_never_a_new_ticket": NO_SECOND_THOUGHTS,
    "test_an_edit_that_comes_after_a_later_one_changes_nothing": NO_SECOND_THOUGHTS,
    "test_a_deletion_takes_the_words_from_the_card_and_keeps_them_for_us": NO_SECOND_THOUGHTS,
    "test_a_premium_client_is_told_who_answers_and_by_when": "its card says that Lena wrote on Telegram",
    "test_a_machine_that_answers_our_word_for_stray_mail_gets_no_second_one": NO_NAME,
    "test_whoever_left_the_desk_answers_nobody": NO_NAME,
    "test_another_ticket_of_the_client_is_owed_what_it_was": ONE_THREAD,
    "test_it_goes_with_a_ticket_that_is_merged_and_comes_back_with_it": ONE_THREAD,
    "test_a_mail_that_nobody_proves_makes_nobody_take_part": HEADERS_SAY,
    "test_what_is_folded_away_is_kept_and_goes_nowhere": HEADERS_SAY,
    "test_an_answer_to_what_was_sent_to_another_counts_for_who_takes_part_alone": HEADERS_SAY,
    "test_words_that_a_resolution_overlooked_are_owed_an_answer_from_then_on": ONE_NOTICE,
    "test_what_was_resolved_on_saturday_and_is_down_again_pages_again": ONE_NOTICE,
    "test_a_reopened_ticket_has_no_first_response_again": ONE_NOTICE,
    "test_later_words_make_it_more_urgent_once_and_say_so": ONE_NOTICE,
    "test_out_of_hours_later_words_page_whoever_is_on_call": ONE_NOTICE,
    "test_whoever_leaves_hands_their_tickets_to_the_one_who_stands_in_with_one_digest": ELSEWHERE,
    "test_back_sooner_than_said_ends_it_at_once_and_only_once": ELSEWHERE,
    "test_a_press_that_comes_twice_is_answered_twice_and_done_once": ELSEWHERE,
    "test_what_nobody_could_take_from_leave_without_an_end_goes_to_whoever_is_back_first": ELSEWHERE,
    "test_a_process_that_dies_right_after_it_was_said_hands_on_after_its_start": ELSEWHERE,
    "test_out_of_hours_the_lead_reads_it_when_they_come": ELSEWHERE,
    "test_words_right_after_a_score_belong_to_it": ELSEWHERE,
    "test_a_low_score_tells_the_lead_once_and_offers_them": ELSEWHERE,
    "test_a_client_presses_that_it_is_urgent": ELSEWHERE,
    "test_an_answer_that_never_arrives_ends_nothing": ELSEWHERE,
    "test_other_channels_are_answered_as_ever": ELSEWHERE,
    "test_one_ticket_that_cannot_be_counted_keeps_no_other_waiting": ONE_THREAD,
    "test_nobody_is_asked_where_there_is_nothing_to_ask[merged]": ONE_THREAD,
    "test_nor_does_what_is_merged_into_it": ONE_THREAD,
    "test_a_digest_leaves_after_what_changes_on_cards": ONE_THREAD,
    "test_a_digest_behind_an_edit_that_has_to_wait_leaves_within_two_minutes": ONE_THREAD,
    "test_two_tickets_that_become_one_are_picked_up_once": GROUP,
    "test_the_newest_is_current_and_a_reply_leads_to_either": ONE_THREAD,
    "test_what_was_gathered_by_a_merge_is_split_off_where_it_was_said": ONE_THREAD,
    "test_new_makes_the_next_message_a_ticket_of_its_own": ONE_THREAD,
    "test_a_button_below_a_call_cancels_that_call_and_not_the_next_tickets": ONE_THREAD,
    "test_a_calendars_no_counts_for_the_call_it_names_whatever_is_talked_about": ONE_THREAD,
    "test_other_channels_go_on_meanwhile": "it is mail that is down",
    "test_in_a_chat_a_plain_word_is_a_message": ELSEWHERE,
    "test_a_channel_that_cannot_tell_a_repeat_is_sent_to_one_by_one": ELSEWHERE,
    "test_a_reply_that_fails_takes_back_neither_the_acknowledgement_nor_who_was_told": ELSEWHERE,
    "test_a_closed_link_and_an_old_answer_go_and_a_fresh_answer_still_answers": "it counts rows, and a mail is one",
    "test_of_fifty_who_want_one_time_one_has_it_and_each_gets_a_clear_answer": NUMBERS,
    "test_help_says_what_there_is": NUMBERS,
    "test_the_opening_shares_the_list_out_and_respects_capacity": NUMBERS,
    "test_a_ticket_waits_for_room_and_then_goes_to_whoever_has_it": NUMBERS,
    "test_a_manager_finds_the_night_in_one_digest_and_quiet_cards": GROUP,
    "test_a_client_who_goes_on_at_night_hears_it_once_and_the_manager_in_the_morning": ONE_NOTICE,
    "test_the_next_closing_is_told_again": ONE_NOTICE,
    "test_more_than_one_batch_of_a_night_is_one_digest_in_the_morning": "its threads are named as no mail is",
    "test_several_that_change_hands_as_a_shift_ends_are_one_digest": GROUP,
    "test_whoever_has_very_many_tickets_goes_home_and_none_is_forgotten": GROUP,
    "test_a_line_answers_at_night_and_the_manager_reads_of_it_in_the_morning": GROUP,
    "test_by_day_a_page_says_that_nobody_is_free": NUMBERS,
    "test_after_three_days_each_person_hears_once_and_of_the_few_critical_ones": NUMBERS,
    "test_feature_requests_of_a_plan_that_is_ahead_come_first_in_their_queue": NUMBERS,
    "test_wrong_codes_by_forged_mail_are_answered_once_a_day": "whoever answers what we sent them is proven by that",
    "test_whoever_sends_more_than_we_take_is_told_so_once": "no mail of a story is too large; test_fetching.py has one",
    "test_a_refusal_for_now_is_tried_again_after_one_five_fifteen_and_sixty_minutes": "it looks to the second",
    "test_open_promises_follow_a_country_that_moves_its_clocks": "it opens a database of its own, and nobody writes",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    leave_out(config, items, NOT_BY_MAIL, Path(__file__).parent)


@pytest.fixture
async def make_desk(box: Box, exim: Exim, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[MakeStory]:
    async with retelling(
        Channel.EMAIL,
        lambda database, now: MailStage(box, exim, database, now=now),
        sqlite_template,
        tmp_path,
        speaks_on=Channel.EMAIL,
    ) as make:
        yield make


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    """The usual desk at noon on a Tuesday."""
    return await make_desk()
