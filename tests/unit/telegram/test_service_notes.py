"""What Telegram itself writes into a chat: nobody said it, so it is no message and opens nothing."""

import pytest

from adapters.errors import UnsupportedError
from adapters.telegram.convert import inbound_from_raw
from adapters.telegram.words import SERVICE
from tests.unit.telegram.captured import captured, raw_from


@pytest.mark.parametrize("note", sorted(SERVICE))
def test_a_note_of_telegrams_own_is_named_and_not_heard(note: str) -> None:
    update = captured("pinned")
    update["message"][note] = update["message"].pop("pinned_message")
    with pytest.raises(UnsupportedError, match=note):
        inbound_from_raw(raw_from(update), "acme_desk_bot")
