"""The corpus of tests/fixtures/email: mails, and beside each folder of them what is to become of each, as a table.

outcome     "message" (the default), "parked", "notice", "attendance", "malformed"
reason      a part of why it is parked or malformed
text …      what the message holds; a key that is not there is not looked at
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from adapters.email.classify import Ourselves
from adapters.email.convert import inbound_from_raw, payload_from_letter
from adapters.email.parse import letter_from_bytes
from adapters.email.threading import Signer
from adapters.message import Channel, Inbound
from adapters.port import Raw

FOLDER = Path(__file__).parents[2] / "fixtures/email"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SIGNER = Signer(b"the corpus")
US = Ourselves(("support@desk.test", "help@desk.test"), frozenset({"mx.desk.test"}), SIGNER)


@dataclass(frozen=True)
class Entry:
    """One mail and what is to become of it."""

    group: str
    name: str
    mail: bytes
    expected: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.group}/{self.name}"


def entries() -> Iterator[Entry]:
    """Every mail of the corpus; a mail without its table, or a table without its mail, is an error."""
    for table in sorted(FOLDER.glob("*/expected.toml")):
        expected = tomllib.loads(table.read_text("utf-8"))
        mails = {path.stem: path for path in table.parent.glob("*.eml")}
        if expected.keys() != mails.keys():
            raise LookupError(f"{table.parent.name}: {sorted(expected.keys() ^ mails.keys())}")
        for name, path in sorted(mails.items()):
            yield Entry(table.parent.name, name, path.read_bytes(), expected[name])


def raw_from(mail: bytes) -> Raw:
    """The payload of a mail once the child has read it; its files kept under the digests of their bytes."""
    letter, contents = letter_from_bytes(mail)
    files = [
        one if one.note else type(one)(one.name, one.type, one.size, sha256(content).hexdigest())
        for one, content in zip(letter.files, contents, strict=True)
    ]
    payload = payload_from_letter(letter.with_files(files), AT)
    return Raw(Channel.EMAIL, "desk", sha256(mail).hexdigest(), payload, AT)


def inbound_from(mail: bytes, us: Ourselves = US) -> list[Inbound]:
    return list(inbound_from_raw(raw_from(mail), us))
