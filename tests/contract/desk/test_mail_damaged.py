"""Damaged mails at a whole desk: none stops it, none goes round, and machines answer few of them and repeat nothing."""

from collections import Counter
from itertools import islice

from adapters.message import OutboundMessage
from bot.desk.sending.auto_answers import MOST_A_DAY
from bot.store import journal
from tests.contract.desk.mail_home import US, Home
from tests.unit.email.fuzz import mutations

#: `python -m tests.unit.email.fuzz` has more of them; here each is kept, decided and answered as well.
MAILS, AT_ONCE, AN_HOUR = 200, 50, 60
UNFORESEEN = "an unexpected error"


def answers(home: Home) -> list[OutboundMessage]:
    """What machines of ours said to whoever wrote."""
    shown = [one.message for one in home.channel.sent]
    return [one for one in shown if isinstance(one, OutboundMessage) and one.automatic and not one.is_inward]


async def outcomes(home: Home) -> list[tuple[str, str]]:
    states = ["new", "done", "dead", "parked"]
    kept = await home.database.read(lambda conn: journal.listing(conn, states=states, count=2 * MAILS))
    return [(one.state, one.reason or "") for one in kept]


async def test_damage_ends_in_an_outcome_and_a_few_answers(home: Home) -> None:
    mails = list(islice(mutations(20260303), MAILS))
    for first in range(0, MAILS, AT_ONCE):
        await home.receives(*mails[first : first + AT_ONCE])
    found = await outcomes(home)
    assert len(found) == len(set(mails))
    assert {state for state, _ in found} <= {"done", "parked", "dead"}
    assert not [reason for _, reason in found if UNFORESEEN in reason]
    said = answers(home)
    to = Counter(one.conversation.place for one in said)
    assert 0 < len(said) <= AN_HOUR + sum(count for place, count in to.items() if place.endswith("@acme.test"))
    assert max(to.values()) <= MOST_A_DAY
    assert "support@desk.test" not in to


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
