"""`maitred check --live` asks the mail servers, and says what to mend."""

from dataclasses import replace

from adapters.email.check import doubts
from adapters.email.config import Config, Server
from adapters.email.timings import Timings
from tests.peers.dovecot import Box
from tests.peers.exim import PASSWORD, USER, Exim
from tests.peers.hoodiecrow import PASSWORD as OTHER_PASSWORD
from tests.peers.hoodiecrow import USER as OTHER_USER
from tests.peers.hoodiecrow import hoodiecrow
from tests.peers.ports import free_port

QUICK = Timings(connect_within_s=60, command_within_s=60)


def config(box: Box, exim: Exim) -> Config:
    chain = str(exim.certificate.chain)
    return Config(
        box.user,
        imap=Server("127.0.0.1", box.server.imap, "none", box.user, box.password),
        smtp=Server("localhost", exim.port, "starttls", USER, PASSWORD, ca_file=chain),
    )


async def said(config: Config) -> list[tuple[str, str]]:
    return [(one.name, one.mend) for one in await doubts(config, timings=QUICK)]


async def test_servers_that_are_right_raise_no_doubt(box: Box, exim: Exim) -> None:
    assert await said(config(box, exim)) == []
    assert box.mails() == []


async def test_wrong_passwords_are_named_on_both_sides(box: Box, exim: Exim) -> None:
    right = config(box, exim)
    assert right.imap is not None
    assert right.smtp is not None
    wrong = replace(right, imap=replace(right.imap, password="wrong"), smtp=replace(right.smtp, password="wrong"))

    reading, sending = await said(wrong)

    assert reading[0] == "IMAP_PASSWORD"
    assert "refuses our login" in reading[1]
    assert sending[0] == "SMTP_HOST"
    assert "mend SMTP_USER and SMTP_PASSWORD" in sending[1]


async def test_folders_that_are_missing_are_named(box: Box, exim: Exim) -> None:
    found = await said(replace(config(box, exim), mailboxes=("INBOX", "Sales"), processed="Done"))

    assert [name for name, _ in found] == ["IMAP_MAILBOX", "IMAP_PROCESSED"]
    assert [mend.partition(" ")[0] for _, mend in found] == ["Sales", "Done"]


async def test_servers_that_are_not_there_are_named(box: Box, exim: Exim) -> None:
    nowhere = Server("127.0.0.1", free_port(), "none")

    found = await said(replace(config(box, exim), imap=nowhere, smtp=nowhere))

    assert [name for name, _ in found] == ["IMAP_HOST", "SMTP_HOST"]
    assert all("cannot be reached" in mend for _, mend in found)


async def test_a_server_that_does_not_push_is_worth_a_word() -> None:
    with hoodiecrow() as server:
        known = Server("127.0.0.1", server.port, "none", OTHER_USER, OTHER_PASSWORD)
        (doubt,) = await doubts(Config("support@desk.test", imap=known), timings=QUICK)

    assert not doubt.is_error
    assert "does not push" in doubt.mend
