"""What runs in the child that parses mail: one mail after the other from its input, until that ends. See child.py.

The machine keeps the limits: a clock on the processor time of each mail whose alarm ends the process, whatever it is
just doing, and a limit on memory. Nothing is imported here that knows of settings, stores or networks.
"""

import json
import resource
import signal
import sys
from collections.abc import Callable, Iterable
from typing import BinaryIO, Final

from adapters.email.child import LENGTH, READY
from adapters.email.letter import fields_from_letter
from adapters.email.parse import letter_from_bytes
from adapters.errors import MalformedError

_ARGUMENTS: Final = 4
#: What a large mail may take longer: four times what was measured for one honest file.
_BYTES_A_SECOND: Final = 8 * 1024 * 1024


#: What is written back for one mail, in pieces.
Answer = Callable[[bytes], Iterable[bytes]]


def main(answer: Answer | None = None) -> None:
    """Read mails until there are no more; the arguments are the place of the code, seconds and bytes for one mail."""
    if len(sys.argv) < _ARGUMENTS:
        raise SystemExit(2)
    cpu_s, memory = float(sys.argv[2]), int(sys.argv[3])
    _limit(memory)
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    answer_all(sys.stdin.buffer, sys.stdout.buffer, cpu_s, answer or answer_to)


def _limit(memory: int) -> None:
    # What it writes to is counted; what is only reserved or shared with others costs nobody anything, up to a bound.
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_AS, (4 * memory, 4 * memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us


def answer_all(mails: BinaryIO, answers: BinaryIO, cpu_s: float, answer: Answer) -> None:
    """One answer to each mail; whoever takes longer over one than `cpu_s` allows is no more."""
    while len(head := mails.read(LENGTH)) == LENGTH:
        mail = mails.read(int.from_bytes(head, "big"))
        signal.setitimer(signal.ITIMER_PROF, cpu_s + len(mail) / _BYTES_A_SECOND)
        pieces = answer(mail)
        signal.setitimer(signal.ITIMER_PROF, 0)
        del mail
        answers.writelines(pieces)
        answers.flush()


def answer_to(mail: bytes) -> tuple[bytes, ...]:
    """What is written back for one mail."""
    try:
        letter, files = letter_from_bytes(mail)
        told = {"letter": fields_from_letter(letter), "sizes": [len(one) for one in files]}
    except MalformedError as error:
        told, files = {"unreadable": str(error), "sizes": []}, ()
    except Exception as error:  # noqa: BLE001 - a parser that trips over a mail is no reason to lose the mail
        told, files = {"unreadable": f"could not be read: {type(error).__name__}", "sizes": []}, ()
    words = json.dumps(told).encode("ascii")
    return (len(words).to_bytes(LENGTH, "big"), words, *files)
