"""Files of clients and of our own people in Slack: fetched from Slack alone, and said to be missing where they are."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

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

LENA, OLEG, ACME = "U0LENA", "U0OLEG", "C0ACME"
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
    lena, oleg = await slack.person(LENA, "Lena Ortiz"), await slack.person(OLEG, "Oleg", team="T0ACMECO")
    await slack.channel(ACME, members=[lena, oleg])
    adapter = adapter_for(slack)
    assert isinstance(adapter, Completing)
    yield adapter
    await adapter.close()


async def shared(slack: SlackFront, content: bytes = CONTENT, *, by: str = LENA) -> Raw:
    """A message with a file, as the journal keeps it."""
    return raw_of(await slack.shares(by, ACME, "payroll.csv", content, text="the report"))


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


async def test_a_file_from_another_workspace_is_asked_about_and_fetched(
    slack: SlackFront, adapter: SlackAdapter
) -> None:
    raw, keep = await shared(slack, by=OLEG), Keep()
    assert b"payroll.csv" not in raw.payload  # Slack says no more than its id
    (file,) = json.loads(raw.payload)["event"]["files"]
    slack.api.files[file["id"]] = {"mimetype": "text/csv"}
    with pytest.raises(UnfinishedError):
        adapter.convert(raw)
    whole = await adapter.completed(raw, keep, is_last=False)
    found = file_of(adapter, whole)
    assert (found.name, found.type, found.size, found.note) == ("payroll.csv", "text/csv", len(CONTENT), "")
    assert keep.kept == {found.digest: CONTENT}
    assert len(slack.api.asked("files.info")) == 1
    await adapter.completed(whole, Keep(is_away=True), is_last=False)  # what is known is not asked for again
    assert len(slack.api.asked("files.info")) == 1


async def test_a_file_of_our_own_workspace_is_not_asked_about(slack: SlackFront, adapter: SlackAdapter) -> None:
    await adapter.completed(await shared(slack), Keep(), is_last=False)
    assert slack.api.asked("files.info") == []


@pytest.mark.parametrize(
    ("error", "note"),
    [
        pytest.param("file_not_found", "no longer in Slack", id="gone"),
        pytest.param("file_deleted", "deleted in Slack", id="deleted"),
        pytest.param("access_denied", "Slack does not give the file to the app", id="denied"),
        pytest.param("missing_scope", "Slack does not give the file to the app", id="not permitted"),
        pytest.param("token_revoked", "Slack does not give the file to the app", id="the app was removed"),
        pytest.param("something_new", "Slack does not give the file to the app", id="a word nobody knows"),
    ],
)
async def test_a_file_slack_will_not_tell_of_says_why_and_is_asked_about_once(
    slack: SlackFront, adapter: SlackAdapter, error: str, note: str
) -> None:
    raw = await shared(slack, by=OLEG)
    slack.api.fail("files.info", Fault(error), times=9)
    file = file_of(adapter, await adapter.completed(raw, Keep(), is_last=False))
    assert (file.name, file.digest, file.note) == ("file", None, note)
    assert len(slack.api.asked("files.info")) == 1


@pytest.mark.parametrize(
    ("more", "note"),
    [
        pytest.param({"size": LARGEST + 1}, "larger than 20 MB; it stays in Slack", id="too large"),
        pytest.param({"mode": "tombstone"}, "deleted in Slack", id="deleted meanwhile"),
        pytest.param({"is_external": True, "mode": "external"}, "kept outside Slack", id="in a drive"),
        pytest.param({"file_access": "access_denied"}, "Slack does not give the file to the app", id="denied"),
        pytest.param({"file_access": "file_not_found"}, "no longer in Slack", id="gone"),
        pytest.param({"file_access": "check_file_info"}, "it stays in Slack", id="told to ask again"),
        pytest.param({"url_private": "", "url_private_download": ""}, "it stays in Slack", id="without an address"),
    ],
)
async def test_what_slack_tells_of_a_file_may_speak_against_it(
    slack: SlackFront, adapter: SlackAdapter, more: dict[str, object], note: str
) -> None:
    raw, keep = await shared(slack, by=OLEG), Keep()
    (file,) = json.loads(raw.payload)["event"]["files"]
    slack.api.files[file["id"]] = more
    found = file_of(adapter, await adapter.completed(raw, keep, is_last=False))
    assert (found.name, found.note, keep.kept) == ("payroll.csv", note, {})


async def test_whoever_asks_slack_for_patience_is_asked_again_after_it(
    slack: SlackFront, adapter: SlackAdapter
) -> None:
    raw = await shared(slack, by=OLEG)
    slack.api.fail("files.info", Fault(retry_after=30))
    with pytest.raises(TemporaryError) as refused:
        await adapter.completed(raw, Keep(), is_last=False)
    assert refused.value.retry_after == timedelta(seconds=30)
    with pytest.raises(TemporaryError):
        await adapter.completed(raw, Keep(), is_last=False)
    assert len(slack.api.asked("files.info")) == 1  # too soon, so Slack was not even asked
    file = file_of(adapter, await adapter.completed(raw, Keep(), is_last=True))
    assert (file.digest, file.note) == (None, "could not be fetched from Slack")
