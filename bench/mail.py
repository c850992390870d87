"""P1: mails from files to committed tickets, one at a time and 64 in flight, beside django-helpdesk on the same mails.

Without the wire and the child that the email channel parses in: a reader of the bench's own parses each file with the
standard library's `compat32` policy, as the channel does, and says it on the channel in memory.
"""

import asyncio
import json
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

from adapters.fake import FakeChannel
from adapters.message import Channel
from adapters.port import Raw
from bench.measure import Pace, best, complain, tell, timed, title, verdict
from bench.stand import FREE, NOON, Stand, count, hear, hear_alone, sqlite_url, stand

ROUNDS = 8
MAILS = 600
CONTROL_MAILS = 60
#: Beside the project's own packages, and gone with them: its licence and its dependencies are none of ours.
CONTROL = Path(sys.prefix) / "bench-django-helpdesk"
INSTALL_WITHIN_SECONDS = 240

_MAIL = """From: Contact {number} <contact{number}@client.example>\r
To: support@desk.example\r
Subject: =?utf-8?q?Payroll_export_{number}_stops_=E2=80=93_please_look?=\r
Message-ID: <{number}@client.example>\r
Date: Tue, 3 Mar 2026 09:00:00 +0000\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
\r
"""


async def mails() -> None:
    """P1."""
    title("P1 mail file to ticket", "5 times django-helpdesk one at a time, 15 times with 64 in flight")
    with tempfile.TemporaryDirectory(prefix="maitred-bench-") as name, sqlite_url() as url:
        folder = Path(name)
        # Channels are up in the order in which somebody is there; our own people are told on Slack.
        channels = {
            one: FakeChannel(one, now=lambda: datetime.now(UTC), limits=FREE) for one in (Channel.EMAIL, Channel.SLACK)
        }
        single, together, theirs = [], [], []
        is_controlled = await asyncio.to_thread(_has_control)
        async with stand(url, channels) as ours:
            for place in range(ROUNDS):
                single.append(await _read(ours, _written(folder, place * 10_000, MAILS // 4), in_flight=1))
                together.append(await _read(ours, _written(folder, place * 10_000 + 5_000, MAILS), in_flight=64))
                if is_controlled:
                    theirs.append(await asyncio.to_thread(_django_helpdesk, folder, place))
    alone, many, helpdesk = best(single), best(together), max(theirs, default=0.0)
    tell("ours, one at a time", alone)
    tell("ours, 64 in flight", many)
    if not is_controlled:
        complain("the control is left out: django-helpdesk could not be installed here")
        return
    tell("django-helpdesk, SQLite with a write-ahead log", f"{helpdesk:,.0f} per s")
    tell("times django-helpdesk", f"{alone.per_second / helpdesk:.1f} one at a time, {many.per_second / helpdesk:.0f}")
    verdict(
        ("5 times one at a time", alone.per_second >= 5 * helpdesk),
        ("15 times with 64 in flight", many.per_second >= 15 * helpdesk),
    )


def _written(folder: Path, first: int, mails: int) -> list[Path]:
    """Mails of two kilobytes in files."""
    files = []
    for number in range(first, first + mails):
        files.append(folder / f"{number}.eml")
        head = _MAIL.format(number=number)
        files[-1].write_bytes((head + "The export of our payroll stops.\r\n" * 51).encode())
    return files


async def _read(ours: Stand, files: list[Path], *, in_flight: int) -> Pace:
    before = await count(ours.database, "ticket")
    with timed(len(files)) as pace:
        if in_flight == 1:
            for file in files:
                await hear_alone(ours.desk, _raw(file))
        else:
            await hear(ours.desk, [_raw(file) for file in files], in_flight=in_flight)
    assert await count(ours.database, "ticket") == before + len(files), "a mail is missing"
    return pace


def _raw(file: Path) -> Raw:
    """A mail as a payload of the channel in memory."""
    mail = message_from_bytes(file.read_bytes(), policy=policy.compat32)
    name, address = parseaddr(str(mail["From"]))
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    key = re.sub(r"[<>]", "", str(mail["Message-ID"]))
    fields = {
        "kind": "message",
        "chat": address,
        "id": key,
        "from": address,
        "name": name,
        "text": f"{make_header(decode_header(mail['Subject']))}\n\n{body.decode()}",
        "at": parsedate_to_datetime(str(mail["Date"])).isoformat(),
    }
    return Raw(Channel.EMAIL, "desk", key, json.dumps(fields).encode(), NOON, f"email:desk:{address}")


def _has_control() -> bool:
    """Install the control where it is missing; whether it is there."""
    python = CONTROL / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", CONTROL], check=True, capture_output=True)
        install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "django-helpdesk==2.6.1"]
        subprocess.run(install, check=True, capture_output=True, timeout=INSTALL_WITHIN_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _django_helpdesk(folder: Path, place: int) -> float:
    """Mails a second of one round of the control."""
    inbox = folder / f"inbox{place}"
    inbox.mkdir()
    _written(inbox, place * CONTROL_MAILS, CONTROL_MAILS)
    script = Path(__file__).with_name("helpdesk_control.py")
    told = subprocess.run(
        [CONTROL / "bin" / "python", script, folder / f"helpdesk{place}.db", inbox, str(CONTROL_MAILS)],
        check=True,
        capture_output=True,
        text=True,
    )
    return CONTROL_MAILS / float(told.stdout.splitlines()[-1])
