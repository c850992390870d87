"""Damaged mails at a whole desk: none stops it, none goes round, and machines answer few of them and repeat nothing."""

from itertools import islice
from pathlib import Path

from adapters.message import OutboundMessage
from tests.contract.desk.mail_damage import damaged, damaged_home, wrong_with
from tests.contract.desk.mail_home import US, Home
from tests.unit.email.fuzz import mutations

#: `make proof` has a hundred times as many.
MAILS, AT_ONCE = 200, 50


def answers(home: Home) -> list[OutboundMessage]:
    """What machines of ours said to whoever wrote."""
    shown = [one.message for one in home.channel.sent]
    return [one for one in shown if isinstance(one, OutboundMessage) and one.automatic and not one.is_inward]


async def test_damage_ends_in_an_outcome_and_a_few_answers(tmp_path: Path) -> None:
    async with damaged_home(tmp_path) as home:
        assert await wrong_with(home, damaged(20260303, MAILS)) == []


async def test_what_answers_each_of_our_answers_ends(home: Home) -> None:
    """Whoever wrote has a machine that sends every answer of ours back, damaged as the mail was, without saying so."""
    mails = list(islice(mutations(20260304), AT_ONCE))
    await home.receives(*mails)
    rounds = []
    for turn in range(6):
        before = len(answers(home))
        again = [mail.replace(b"Message-ID: <", b"Message-ID: <again%d." % turn, 1) for mail in mails]
        await home.receives(*again)
        rounds.append(len(answers(home)) - before)
    assert rounds[-2:] == [0, 0], rounds
    assert US.addresses[0] not in {one.conversation.place for one in answers(home)}
