"""The Message-ID of a mail is known before it leaves, and whoever lists what waits says the one it will have."""

import json
from dataclasses import replace

import pytest

from adapters.card import Card, OutboundCard
from adapters.email.letters import Sender
from adapters.email.memory import Known
from adapters.email.posting import Posting
from adapters.message import Channel, Conversation, Identity, OutboundMessage, conversation_from_key
from bot.app.channels.email_app import email_config, message_id_of, ourselves_from
from bot.settings import Settings
from bot.store.delivery.copy_rows import copy_row
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.told import where_aside
from sla.duration import Instant
from tests.unit.email.corpus import AT

SETTINGS = Settings.model_validate(
    {
        "MAIL_ADDRESS": "support@desk.test",
        "SMTP_HOST": "mx.desk.test",
        "MAITRED_SECRET_KEY": "of-the-tests-only-0123456789abcdef-0123456789",
    }
)
CLIENT, OURS = "email:desk:lena@acme.test#0f3a0f3a0f3a0f3a", "email:desk:vera@desk.test"


class Nothing:
    async def known(self, _conversation: Conversation) -> Known | None:
        return None

    async def read(self, digest: str) -> bytes:
        raise FileNotFoundError(digest)


def row(what: str, lane: str, payload: str = "", channel: str = "email") -> Outgoing:
    return Outgoing(
        7, "out:7", channel, lane, what, 1, None, None, None, payload, "", 1, "pending", 0, Instant(0), Instant(0), ""
    )


def copy() -> Outgoing:
    reply = replace(row("reply", CLIENT), message_id=9)
    to = Identity(Channel.EMAIL, "max@acme.test")
    kept = copy_row(reply, to, [to], "450 later", at=Instant(0), not_before=Instant(0))
    return replace(row("copy", kept["lane"], kept["payload"]), key=kept["key"])


@pytest.mark.parametrize(
    ("waits", "is_inward"),
    [
        pytest.param(row("reply", CLIENT), False, id="a reply"),
        pytest.param(row("auto", CLIENT), False, id="a receipt"),
        pytest.param(row("carried", "email:desk:lena@acme.test"), False, id="what was not read in the chat"),
        pytest.param(copy(), False, id="a copy that goes later"),
        pytest.param(row("card", OURS), True, id="a card"),
        pytest.param(row("ping", OURS), True, id="a ping"),
        pytest.param(row("word", OURS, json.dumps({"text": "x"})), True, id="a word to one of us"),
        pytest.param(row("invite", f"{OURS}#invite"), True, id="what a calendar of ours is told"),
        pytest.param(row("word", OURS, json.dumps({"text": "x", "is_outward": True})), False, id="a refusal"),
    ],
)
async def test_the_name_that_is_listed_is_the_name_that_is_sent(
    waits: Outgoing,
    is_inward: bool,  # noqa: FBT001 - a row of a table
) -> None:
    config = email_config(SETTINGS)
    assert config is not None
    ours = Sender(config.address, config.name, ourselves_from(SETTINGS, config).signer, config.has_plus)
    posting = Posting(ours, Nothing(), Nothing(), lambda name, _language: name, str)
    where, key = where_aside(waits.lane, waits.what), waits.key
    if waits.what == "copy":
        where, key = conversation_from_key(CLIENT), "out:7"
    sent = (
        OutboundCard(key, where, Card("T-1"), AT)
        if waits.what in {"card", "ping"}
        else OutboundMessage(key, where, "Hello", AT, is_inward=is_inward)
    )
    assert message_id_of(waits, SETTINGS) == (await posting.letter(sent)).name


def test_what_is_no_mail_has_no_such_name() -> None:
    assert message_id_of(row("reply", "slack:T1:C1", channel="slack"), SETTINGS) is None
    assert message_id_of(row("reply", CLIENT), Settings.model_validate({})) is None


def test_whoever_has_not_the_key_says_none(tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.getbasetemp() / "nowhere"
    keyless = SETTINGS.model_copy(update={"secret_key": None, "files": elsewhere})
    assert message_id_of(row("reply", CLIENT), keyless) is None
    assert not elsewhere.exists()
