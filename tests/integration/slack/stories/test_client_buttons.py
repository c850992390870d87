"""Those of tests/stories/test_client_buttons.py that happen in Slack, on Slack."""

from tests.stories.test_client_buttons import (  # noqa: F401 - its stories are collected here
    test_one_of_ours_may_look_as_well_and_escalates_under_their_own_name,
    test_whoever_may_speak_in_a_clients_place_may_press_there,
)
