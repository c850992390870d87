"""Calls in the desk directory: what an admin may write, what it means, and how each mistake is named."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.deskfile.load import judge
from bot.deskfile.reading import Problem, merge
from bot.deskfile.revise import revision_from_document
from bot.tickets.calls.call import KINDS, CallRules
from routing.calls import CallTerms
from routing.people import ClientId, PersonId, PlanId
from sla.duration import BusinessDays
from tests.builders import document, story_desk
from tests.unit.deskfile.desks import DESK, TODAY

CALLS = """
[calls]
notice = "2bd"
buffer = "10m"
usual = "review"
video = "https://meet.example.test/{call}"
[calls.kinds.review]
length = "45m"
[calls.kinds.audit]
length = "2h"
name = "Yearly audit"
[plans.premium.calls]
kinds = ["audit"]
entitled.audit = { count = 1, per = "year" }
[clients.acme.calls]
notice_mode = "end_of_day"
confirm = "manager"
[clients.globex.calls]
notice = "none"
"""


def beside(text: str) -> Sequence[Problem]:
    """What is wrong with a file of calls beside the others."""
    return judge(*merge({**DESK, "calls.toml": text}.items()), today=TODAY).problems


def rules(text: str) -> CallRules:
    return revision_from_document(document(text), 1).calls


def test_a_clients_agreement_stands_before_the_plans_and_that_before_the_desks() -> None:
    known = rules(
        story_desk(
            ('identities = { slack = "T1/U3" }', 'identities = { slack = "T1/U3" }\nvideo = "https://a.test/m"'),
            more=CALLS,
        )
    )
    acme, globex = (
        known.of(ClientId("acme"), PlanId("premium")),
        known.of(ClientId("globex"), PlanId("strict")),
    )

    assert list(known.kinds) == ["review", "audit"]
    assert (list(acme.kinds), acme.confirms, acme.notice) == (["audit"], True, BusinessDays(2, "end_of_day"))
    assert (list(globex.kinds), globex.confirms, globex.notice) == (["review", "audit"], False, None)
    hours = CallTerms(BusinessDays(2, "end_of_day"), timedelta(hours=2), timedelta(minutes=30), timedelta(minutes=10))
    assert acme.terms("audit") == hours
    bought = known.entitled(ClientId("acme"), PlanId("premium"), "audit")
    assert bought is not None
    assert (bought.count, bought.per) == (1, "year")
    assert known.entitled(ClientId("globex"), PlanId("strict"), "audit") is None
    assert known.link(PersonId("vera"), "5f0e-77@maitred") == "https://meet.example.test/5f0e-77"
    assert known.link(PersonId("mira"), "5f0e-77@maitred") == "https://a.test/m"


def test_without_a_table_calls_can_be_had_and_nothing_offers_them() -> None:
    known = rules(story_desk())

    assert known == CallRules()
    assert not known.is_offered
    assert list(known.kinds) == list(KINDS)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param('notice = "4h"', "'4h' is no notice: it is counted in working days", id="hours of notice"),
        pytest.param('grid = "7m"', "'7m' is no whole number of 5m", id="a grid of seven minutes"),
        pytest.param('grid = "30h"', "a grid of more than a day offers almost nothing", id="a grid of days"),
        pytest.param('buffer = "3m"', "'3m' is no whole number of 5m", id="a buffer of three minutes"),
        pytest.param('video = "meet.test"', "'meet.test' is no place for a call", id="no address"),
        pytest.param('confirm = "lead"', "confirm", id="somebody else who accepts"),
        pytest.param("ahead = 400", "ahead", id="more than ninety days"),
        pytest.param(
            'usual = "chat"', "names the kind of call 'chat': there is none; known are troubleshooting", id="usual"
        ),
        pytest.param('length = "30m"', "unknown key `length` in [calls]", id="a key of another table"),
    ],
)
def test_what_cannot_be_is_named_with_its_line(written: str, said: str) -> None:
    found = beside(f"[calls]\n{written}\n")

    assert [str(one) for one in found if str(one).startswith("calls.toml:") and said in str(one)], found


def test_a_kind_that_a_plan_names_must_exist() -> None:
    text = '[plans.standard.calls]\nkinds = ["review", "talk"]\nentitled.chat = { count = 1 }\n'
    loaded = judge(*merge({**DESK, "plans.toml": DESK["plans.toml"] + text}.items()), today=TODAY)

    assert [str(one).partition(": ")[2].partition(": there is")[0] for one in loaded.problems] == [
        "`plans.standard.calls.kinds[1]` names the kind of call 'talk'",
        "`plans.standard.calls.entitled.chat` names the kind of call 'chat'",
    ]
