"""Where an invitation to a call goes."""

import pytest

from adapters.message import Channel, Conversation
from bot.tickets.calls.invite import mailbox


@pytest.mark.parametrize(
    ("channel", "address", "mail"),
    [
        pytest.param(Channel.EMAIL, "lena@acme.test#0a1b2c", "lena@acme.test", id="without the thread"),
        pytest.param(Channel.EMAIL, "lena@acme.test", "lena@acme.test", id="no thread"),
        pytest.param(Channel.EMAIL, "lena#2@acme.test", "lena#2@acme.test", id="an address that holds the sign"),
        pytest.param(Channel.EMAIL, "lena#2@acme.test#0a1b", "lena#2@acme.test", id="and a thread"),
        pytest.param(Channel.TELEGRAM, "1001", "", id="a chat"),
    ],
)
def test_a_calendar_is_told_at_the_address_of_a_mail_and_not_of_its_thread(
    channel: Channel, address: str, mail: str
) -> None:
    assert mailbox(Conversation(channel, "desk", address)) == mail
