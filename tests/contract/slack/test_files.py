"""Files of clients and of our own people in Slack: fetched from Slack alone, and said to be missing where they are."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from adapters.errors import DeskAwayError, TemporaryError, UnfinishedError
from adapters.message import Attachment, InboundMessage
from adapters.port import Completing, Raw
from adapters.slack.adapter import SlackAdapter
from adapters.slack.files import LARGEST
from tests.peers.slack_adapter import adapter_for
from tests.peers.slack_api import Fault
from tests.peers.slack_front import Said, SlackFront
from tests.unit.slack.captured import raw_from

LENA, ACME = "U0LENA", "C0ACME"
CONTENT = b"name;amount\n" * 20_000


@dataclass
class Keep:
    """Keeps files in memory; `is_away` as a desk whose disk is full."""

    kept: dict[str, bytes] = field(default_factory=dict)
    is_away: bool = False

    async def __call__(self, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        if self.is_away:
            raise DeskAwayError("the disk is full")
        content = b"".join([chunk async for chunk in chunks])
        digest = hashlib.sha256(content).hexdigest()
        self.kept[digest] = content
        return digest, len(content)


@pytest.fixture
async def adapter(slack: SlackFront) -> AsyncIterator[SlackAdapter]:
    await slack.channel(ACME, members=[await slack.person(LENA, "Lena Ortiz")])
    adapter = adapter_for(slack)
    assert isinstance(adapter, Completing)
    yield adapter
    await adapter.close()


async def shared(slack: SlackFront, content: bytes = CONTENT) -> Raw:
    """A message with a file, as the journal keeps it."""
    return raw_of(await slack.shares(LENA, ACME, "payroll.csv", content, text="the report"))


def raw_of(said: Said) -> Raw:
    return raw_from(said.told.payload)


def elsewhere(raw: Raw, address: str) -> Raw:
    """The same message, its file at another address."""
    payload = json.loads(raw.payload)
    for file in payload["event"]["files"]:
        file |= {"url_private": address, "url_private_download": address}
    return replace(raw, payload=json.dumps(payload).encode())


def file_of(adapter: SlackAdapter, raw: Raw) -> Attachment:
    (said,) = adapter.convert(raw)
    assert isinstance(said, InboundMessage)
    assert said.text == "the report"
    (file,) = said.attachments
    return file


async def test_a_file_is_fetched_before_its_message_is_read(slack: SlackFront, adapter: SlackAdapter) -> None:
    raw, keep = await shared(slack), Keep()
    with pytest.raises(UnfinishedError):
        adapter.convert(raw)
    whole = await adapter.completed(raw, keep, is_last=False)
    assert whole.payload.startswith(raw.payload[:-1])  # what came stays as it came
    file = file_of(adapter, whole)
    assert (file.name, file.size, file.note) == ("payroll.csv", len(CONTENT), "")
    assert keep.kept == {file.digest: CONTENT}
    assert whole.key == raw.key


async def test_a_file_that_cannot_be_fetched_now_is_tried_again_and_given_up_at_last(
    slack: SlackFront, adapter: SlackAdapter
) -> None:
    raw = elsewhere(await shared(slack), f"{slack.api_url}/nothing-here")
    slack.api.fail("nothing-here", Fault(status=500), times=2)
    with pytest.raises(TemporaryError):
        await adapter.completed(raw, Keep(), is_last=False)
    file = file_of(adapter, await adapter.completed(raw, Keep(), is_last=True))
    assert (file.digest, file.note) == (None, "could not be fetched from Slack")


async def test_a_file_that_came_is_not_fetched_again_because_another_did_not(
    slack: SlackFront, adapter: SlackAdapter
) -> None:
    raw = await shared(slack)
    payload = json.loads(raw.payload)
    (file,) = payload["event"]["files"]
    away = f"{slack.api_url}/nothing-here"
    payload["event"]["files"] = [file, {**file, "id": "F2", "url_private": away, "url_private_download": away}]
    raw, keep = replace(raw, payload=json.dumps(payload).encode()), Keep()
    slack.api.fail("nothing-here", Fault(status=500), times=2)
    with pytest.raises(TemporaryError):
        await adapter.completed(raw, keep, is_last=False)
    slack.api.is_revoked = True  # whatever is asked for now is not to be had
    (said,) = adapter.convert(await adapter.completed(raw, Keep(), is_last=True))
    assert isinstance(said, InboundMessage)
    assert [file.note for file in said.attachments] == ["", "could not be fetched from Slack"]
    assert said.attachments[0].digest in keep.kept


async def test_a_file_slack_does_not_give_out_says_so_at_once(slack: SlackFront, adapter: SlackAdapter) -> None:
    raw = await shared(slack)
    slack.api.is_revoked = True
    file = file_of(adapter, await adapter.completed(raw, Keep(), is_last=False))
    assert (file.digest, file.note) == (None, "Slack does not give the file to the app")


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("https://files.evil.test/payroll.csv", id="somebody else's"),
        pytest.param("https://files.slack.com.evil.test/payroll.csv", id="a name that begins like Slack's"),
        pytest.param("https://evilslack.com/payroll.csv", id="a name that ends like Slack's"),
        pytest.param("http://files.slack.com/payroll.csv", id="unencrypted"),
        pytest.param("http://169.254.169.254/latest/meta-data", id="the machine's own"),
        pytest.param("file:///etc/passwd", id="the disk"),
        pytest.param("https://[half", id="no address"),
    ],
)
async def test_the_token_goes_nowhere_but_to_slack(slack: SlackFront, adapter: SlackAdapter, address: str) -> None:
    raw = elsewhere(await shared(slack), address)
    file = file_of(adapter, await adapter.completed(raw, Keep(), is_last=False))
    assert (file.digest, file.note) == (None, "kept outside Slack")


async def test_a_file_that_is_larger_than_it_says_is_not_kept(slack: SlackFront, adapter: SlackAdapter) -> None:
    raw = await shared(slack, b"x" * (LARGEST + 1))
    payload = json.loads(raw.payload)
    payload["event"]["files"][0]["size"] = 12
    keep = Keep()
    whole = await adapter.completed(replace(raw, payload=json.dumps(payload).encode()), keep, is_last=False)
    assert file_of(adapter, whole).note == "larger than 20 MB; it stays in Slack"
    assert keep.kept == {}


async def test_a_desk_that_can_keep_nothing_is_not_the_files_fault(slack: SlackFront, adapter: SlackAdapter) -> None:
    with pytest.raises(DeskAwayError):
        await adapter.completed(await shared(slack), Keep(is_away=True), is_last=False)
