"""The child in which mail is parsed: it is really killed, by the machine or by us, and the next mail never notices."""

import asyncio

import pytest

from adapters.email.child import Allowance, Reader
from adapters.errors import MalformedError, TemporaryError
from tests.unit.email.bombs import mail as mail_of
from tests.unit.email.corpus import FOLDER

PLAIN = (FOLDER / "plain/simple.eml").read_bytes()
WITH_FILE = (FOLDER / "files/plain.eml").read_bytes()

#: A child whose parser has every fault there is: the body of a mail says which.
FAULTY = """
import json, os, signal, sys
sys.path.insert(0, sys.argv[1])
from adapters.email import parsing

def answer(mail):
    if b"SPIN" in mail:
        while True:
            pass
    if b"WAIT" in mail:
        signal.pause()
    if b"GROW" in mail:
        hoard = bytearray(1 << 30)
    if b"EXIT" in mail:
        raise SystemExit(3)
    if b"BABBLE" in mail:
        return (b"not an answer at all, " * 10,)
    if b"TELL" in mail:
        told = json.dumps({"unreadable": repr((dict(os.environ), os.listdir("/proc/self/fd"))), "sizes": []}).encode()
        return (len(told).to_bytes(8, "big"), told)
    return parsing.answer_to(mail)

def guarded(mail):
    try:
        return answer(mail)
    except MemoryError:
        return parsing.answer_to(b"X: y\\n" * 2_000)

parsing.main(guarded)
"""


async def test_a_mail_is_read_in_the_child_as_it_is_here() -> None:
    reader = Reader()
    letter, files = await reader.read(WITH_FILE)
    assert letter.said == "See the file."
    assert [bytes(one) for one in files] == [b"a,b"]
    again, _ = await reader.read(PLAIN)
    assert again.first("from") == "Lena Novak <lena@acme.test>"
    await reader.close()


async def test_a_large_file_comes_through_whole() -> None:
    content = b"0123456789abcdef" * 200_000
    reader = Reader()
    letter, files = await reader.read(
        mail_of(content, more=b"Content-Disposition: attachment; filename=large.bin\r\n", type_=b"application/x-large")
    )
    assert letter.files[0].size == len(content)
    assert files == [content]
    await reader.close()


@pytest.mark.parametrize(
    ("fault", "allowance"),
    [
        pytest.param(b"SPIN", Allowance(cpu_s=0.2), id="that never ends"),
        pytest.param(b"WAIT", Allowance(within_s=3), id="that waits for ever"),
        pytest.param(b"GROW", Allowance(), id="that wants a gigabyte"),
        pytest.param(b"EXIT", Allowance(), id="that ends the process"),
        pytest.param(b"BABBLE", Allowance(), id="whose answer is none"),
    ],
)
async def test_a_parser_costs_one_mail_and_no_other(fault: bytes, allowance: Allowance) -> None:
    reader = Reader(allowance, FAULTY)
    with pytest.raises(MalformedError, match="could not be read"):
        await reader.read(mail_of(fault))
    letter, _ = await reader.read(mail_of(b"a good one"))
    assert letter.said == "a good one"
    await reader.close()


async def test_whoever_took_too_long_is_told_of_as_that_each_time() -> None:
    """The machine ends the child a moment before our loop hears of it: who asks too early takes the reason away."""
    reader = Reader(Allowance(cpu_s=0.02), FAULTY)
    told = [str(await _refusal(reader)) for _ in range(25)]
    await reader.close()
    assert set(told) == {"could not be read within the time a mail may take"}


async def _refusal(reader: Reader) -> MalformedError:
    with pytest.raises(MalformedError) as refused:
        await reader.read(mail_of(b"SPIN"))
    return refused.value


async def test_twenty_good_mails_around_a_bad_one_are_all_read_while_others_work_on() -> None:
    reader = Reader(Allowance(cpu_s=0.3), FAULTY)
    turns = 0
    is_over = False

    async def others() -> None:
        nonlocal turns
        while not is_over:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    mails = [mail_of(b"good %d" % number) for number in range(20)]
    mails.insert(10, mail_of(b"SPIN"))
    read = await asyncio.gather(*(reader.read(one) for one in mails), return_exceptions=True)
    is_over = True
    await beside
    await reader.close()

    assert isinstance(read[10], MalformedError)
    good = [one[0].said for one in read if not isinstance(one, BaseException)]
    assert good == [f"good {number}" for number in range(20)]
    assert turns > 1_000


async def test_a_reader_who_is_called_away_leaves_no_half_answer_behind() -> None:
    reader = Reader(Allowance(within_s=60), FAULTY)
    waiting = asyncio.create_task(reader.read(mail_of(b"WAIT")))
    await asyncio.wait([waiting], timeout=0.2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    letter, _ = await reader.read(mail_of(b"the next one"))
    assert letter.said == "the next one"
    await reader.close()


async def test_the_child_has_no_secrets_and_no_files_but_its_own() -> None:
    reader = Reader(Allowance(), FAULTY)
    with pytest.raises(MalformedError) as caught:
        await reader.read(mail_of(b"TELL"))
    environment, files = str(caught.value).split("}, [")
    assert "PATH" not in environment
    assert "HOME" not in environment
    assert files.count("'") // 2 <= 4  # what it reads, writes and complains to, and the folder it looks at
    await reader.close()


async def test_without_a_program_there_is_no_reader_for_now() -> None:
    with pytest.raises(TemporaryError, match="did not start"):
        await Reader(Allowance(), "raise SystemExit(1)").read(PLAIN)


async def test_a_mail_beyond_all_size_is_not_even_given_to_the_child() -> None:
    with pytest.raises(MalformedError, match="larger than"):
        await Reader(Allowance(), "raise SystemExit(1)").read(bytes(40_000_000))
