"""A phone system's mail is a machine's, and is heard all the same where the desk directory names it."""

from dataclasses import replace

import pytest

from adapters.email.classify import Ourselves, reason_to_park
from adapters.email.letter import Letter
from adapters.email.threading import Signer

PBX = "voicemail@pbx.test"
US = Ourselves(("support@desk.test",), frozenset(), Signer(b"a key of this desk"))
HEARING = replace(US, machines=lambda: {PBX})


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"auto-submitted": ("auto-generated",)}, id="it says that nobody wrote it"),
        pytest.param({"return-path": ("<>",)}, id="it has no sender to return it to"),
        pytest.param({"precedence": ("bulk",)}, id="it calls itself bulk"),
    ],
)
def test_a_named_machine_is_heard_and_any_other_is_not(headers: dict[str, tuple[str, ...]]) -> None:
    letter = Letter(headers)
    assert reason_to_park(letter, US, sender=PBX, is_answer=False)
    assert reason_to_park(letter, HEARING, sender="other@pbx.test", is_answer=False)
    assert reason_to_park(letter, HEARING, sender=PBX, is_answer=False) == ""


def test_a_circle_is_a_circle_whoever_is_in_it() -> None:
    assert reason_to_park(Letter({}, received=51), HEARING, sender=PBX, is_answer=False)
