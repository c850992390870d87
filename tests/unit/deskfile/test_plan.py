"""What applying a desk would change is told in lines an admin can read."""

import copy
from typing import Any

import pytest

from bot.deskfile.plan import meaning, plan

DESK: dict[str, Any] = {
    "format": 1,
    "desk": {"name": "Desk", "language": "en", "texts": {}},
    "rules": {"burst_within": "2m"},
    "triage": {"rules": [{"words": ["down"], "urgency": "critical"}]},
    "calendars": {"office": {"zone": "UTC", "week": {"mon": ["09:00-17:00"]}, "days": {}, "holidays": ["2026-01-01"]}},
    "policies": {
        "premium": {
            "source": "The contract",
            "targets": {"high": {"first_response": {"within": "1h", "unit": "business", "quote": "", "goal": False}}},
        }
    },
    "ladders": {"premium": {"steps": [{"after": "0m", "tell": "lead"}]}},
    "lines": {"first": {"people": ["vera", "oleg"], "calendar": "office", "kinds": []}},
    "plans": {"premium": {"name": "Premium", "policy": "premium", "line": "first", "senior": False}},
    "people": {
        "vera": {"name": "Vera", "roles": ["manager"], "backup": "oleg"},
        "oleg": {"name": "Oleg", "roles": ["lead", "manager"]},
    },
    "clients": {
        "acme": {
            "name": "Acme",
            "plan": "premium",
            "manager": "vera",
            "contacts": [{"name": "Lena", "email": "lena@acme.test"}],
        }
    },
}


def changed(**tables: dict[str, Any]) -> dict[str, Any]:
    """The desk with parts of its tables replaced; None takes an entry or key away."""

    def over(old: dict[str, Any], new: dict[str, Any]) -> None:
        for key, value in new.items():
            if value is None:
                del old[key]
            elif isinstance(value, dict) and isinstance(old.get(key), dict):
                over(old[key], value)
            else:
                old[key] = value

    desk = copy.deepcopy(DESK)
    over(desk, tables)
    return desk


def test_the_same_desk_changes_nothing() -> None:
    assert plan(DESK, changed()) == ()


@pytest.mark.parametrize(
    ("new", "lines"),
    [
        pytest.param(
            changed(policies={"premium": {"targets": {"high": {"first_response": {"within": "30m"}}}}}),
            ["~ policies.premium.targets.high.first_response within 1h -> 30m"],
            id="a shorter promise",
        ),
        pytest.param(
            changed(policies={"premium": {"targets": {"high": {"next_response": {"within": "4h"}}}}}),
            ["+ policies.premium.targets.high next_response 4h"],
            id="another promise",
        ),
        pytest.param(
            changed(clients={"globex": {"name": "Globex", "plan": "premium", "manager": "oleg", "contacts": []}}),
            ["+ client globex (Globex; plan premium, manager oleg)"],
            id="a new client",
        ),
        pytest.param(changed(people={"oleg": None}), ["- person oleg"], id="a person who is gone"),
        pytest.param(
            changed(people={"vera": {"backup": None}}), ["- people.vera backup oleg"], id="no backup any more"
        ),
        pytest.param(
            changed(lines={"first": {"people": ["vera", "mira"]}}),
            ["~ lines.first people -oleg +mira"],
            id="other people on a line",
        ),
        pytest.param(
            changed(lines={"first": {"people": ["oleg", "vera"]}}),
            ["~ lines.first people vera, oleg -> oleg, vera"],
            id="the same people in another order",
        ),
        pytest.param(
            changed(calendars={"office": {"days": {"2026-12-24": []}}}),
            ["+ calendars.office.days 2026-12-24 none"],
            id="a day that is closed",
        ),
        pytest.param(
            changed(calendars={"office": {"holidays": ["2026-01-01", *(f"2027-01-0{day}" for day in range(1, 8))]}}),
            ["~ calendars.office holidays +2027-01-01 +2027-01-02 +2027-01-03 +2027-01-04 and 3 more"],
            id="many holidays",
        ),
        pytest.param(
            changed(clients={"acme": {"contacts": [{"name": "Lena", "email": "lena@acme.test", "telegram": "1"}]}}),
            ["+ clients.acme.contacts.Lena telegram 1"],
            id="another address of a contact",
        ),
        pytest.param(
            changed(
                clients={
                    "acme": {"contacts": [{"name": "Lena", "email": "lena@acme.test"}, {"name": "Al", "email": "a@x"}]}
                }
            ),
            ["+ clients.acme.contacts Al"],
            id="another contact",
        ),
        pytest.param(changed(desk={"name": "New"}), ["~ desk name Desk -> New"], id="another name"),
        pytest.param(
            changed(plans={"premium": {"senior": True}}), ["~ plans.premium senior no -> yes"], id="senior people"
        ),
    ],
)
def test_a_difference_is_one_line(new: dict[str, Any], lines: list[str]) -> None:
    assert [str(change) for change in plan(DESK, new)] == lines


def test_what_a_change_means_for_open_work_is_said_once() -> None:
    changes = plan(
        DESK,
        changed(
            people={"oleg": None},
            policies={"premium": {"targets": {"high": {"first_response": {"within": "30m", "goal": True}}}}},
        ),
    )
    assert meaning(changes) == (
        "new tickets get the new promises; open tickets keep theirs",
        "whoever is removed gets nothing new; hand over their open tickets",
    )


def test_another_plan_of_a_client_counts_for_open_work() -> None:
    bought, renamed = (
        meaning(plan(DESK, changed(clients={"acme": one}))) for one in ({"plan": "vip"}, {"name": "Acme Inc"})
    )

    assert bought == (
        "a client with another plan has it for open tickets too, from their own start; what is broken stays so",
    )
    assert renamed == ()
