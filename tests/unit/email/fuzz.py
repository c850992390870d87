"""Mails of the corpus, damaged at random: cut, doubled, swapped, with bytes and headers from elsewhere.

python -m tests.unit.email.fuzz 20000 [SEED]
"""

import random
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from adapters.errors import InboundError
from adapters.message import DeliveryNotice, InboundAttendance, InboundMessage
from tests.unit.email.corpus import entries, inbound_from

_SPICES: Final = (
    b"\0",
    b"\r",
    b"\n\n",
    b"\r\n\r\n",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"=?utf-8?b?",
    b"?=",
    b'"',
    b"(",
    b"\\",
    b"<",
    b">",
    b";",
    b"--=_b\r\n",
    b"--=_b--\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Type: text/html; charset=idna\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n",
    b"Content-Disposition: attachment; filename*0*=\r\n",
    b"From: \r\n",
    b"From: a@b.test, (\r\n",
    b"To: <support+aaaa@desk.test>\r\n",
    b"Message-ID: <\xff>\r\n",
    b"References: <<<>>>\r\n",
    b"Authentication-Results: mx.desk.test; dmarc=pass (\r\n",
    b"Auto-Submitted: \r\n",
    b"> ",
    b"-- \r\n",
    b"On 1 Jan a@b wrote:\r\n",
    "\u202e😀".encode(),
)


def mutations(seed: int) -> Iterator[bytes]:
    """Damaged mails without end, the same ones for the same seed."""
    chance = random.Random(seed)
    mails = [one.mail for one in entries() if len(one.mail) < 20_000]
    while True:
        mail = bytearray(chance.choice(mails))
        for _ in range(chance.randint(1, 6)):
            _damage(mail, mails, chance)
        yield bytes(mail)


def _damage(mail: bytearray, mails: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(mail) + 1)
    end = min(len(mail), at + chance.randint(1, 60))
    match chance.randrange(7):
        case 0:
            del mail[at:end]
        case 1:
            mail[at:at] = mail[at:end]
        case 2:
            mail[at:at] = chance.choice(_SPICES)
        case 3:
            mail[at:end] = chance.randbytes(end - at)
        case 4:
            other = chance.choice(mails)
            start = chance.randrange(len(other))
            mail[at:at] = other[start : start + chance.randint(1, 400)]
        case 5:
            mail[at:end] = bytes(reversed(mail[at:end]))
        case 6:
            del mail[at:]
            mail.extend(chance.choice(_SPICES))


def outcome(mail: bytes) -> str:
    """What becomes of a mail: a word for it. Anything but words and values is a defect, and raises."""
    try:
        found = inbound_from(mail)
    except InboundError as error:
        return type(error).__name__
    for one in found:
        if isinstance(one, InboundMessage):
            _check(one.text + one.beneath + one.sender_name + one.external_id + one.conversation.key + one.sender.key)
            for file in one.attachments:
                _check(file.name + file.type)
        elif isinstance(one, InboundAttendance):
            _check(one.uid + one.external_id + one.conversation.key + one.sender.key)
        elif not isinstance(one, DeliveryNotice):
            raise TypeError(f"a mail became {one!r}")
    return type(found[0]).__name__


def _check(words: str) -> None:
    """Both databases and JSON take it: no NUL, no half of a pair."""
    words.encode()
    if "\0" in words:
        raise ValueError("a NUL came through")


def main() -> None:
    """Say what became of so many."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    counts: dict[str, int] = {}
    for _, mail in zip(range(count), mutations(seed), strict=False):
        word = outcome(mail)
        counts[word] = counts.get(word, 0) + 1
    sys.stdout.write(f"{counts}\n")


if __name__ == "__main__":
    main()
