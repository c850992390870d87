"""Who gets a ticket: an ordered list of rules that a team lead can read aloud.

The first rule that names a person on shift wins, and its name is stored with the ticket and shown to whoever asks. A
rule never decides alone that nobody is there: it yields, and the next one is asked. Source: semantics, section 5.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from routing.coverage import Coverage
from routing.people import Client, Line, LineId, Person, PersonId, Plan, Role
from sla.duration import Instant

WAITING_LIST = "waiting_list"


@dataclass(frozen=True, slots=True)
class Facts:
    """All a rule may look at. `load` counts the open tickets each person answers for; absent means none.

    `channel` is the one the client is served as writing on, `language` the one they are answered in.
    """

    at: Instant
    plan: Plan
    people: Mapping[PersonId, Person]
    lines: Mapping[LineId, Line]
    coverage: Coverage
    client: Client | None = None
    assignee: PersonId | None = None
    kind: str | None = None
    load: Mapping[PersonId, int] = field(default_factory=dict)
    passed_over: frozenset[PersonId] = frozenset()
    channel: str = ""
    language: str = ""

    def on_shift(self, person: PersonId | None) -> PersonId | None:
        """The person, if they exist, are on shift and were not passed over."""
        if person is None or person not in self.people or person in self.passed_over:
            return None
        return person if self.coverage.is_on_shift(self.people[person], self.at) else None


@dataclass(frozen=True, slots=True)
class Assignment:
    """The result with its reason: `rule` is the rule's name, `person` None for the waiting list."""

    person: PersonId | None
    rule: str


def own_assignee(facts: Facts) -> PersonId | None:
    """Whoever already answers for the ticket goes on with it."""
    return facts.on_shift(facts.assignee)


def second_line(facts: Facts) -> PersonId | None:
    """Kinds of work that belong to the second line, and plans that buy senior people, go there straight."""
    if facts.plan.is_senior:
        return _least_loaded(sorted(one.id for one in facts.people.values() if Role.SENIOR in one.roles), facts)
    line = next((line for line in facts.lines.values() if facts.kind in line.kinds), None)
    return _least_loaded(_of_line(line.id, facts), facts) if line else None


def own_manager(facts: Facts) -> PersonId | None:
    """The client's own manager."""
    return facts.on_shift(facts.client.manager) if facts.client else None


def backup(facts: Facts) -> PersonId | None:
    """Who stands in: named on the leave, on the client, or on the manager, in that order.

    A stand-in who is away is passed by; who stands in for them is not asked, so that no circle of them goes round.
    """
    named = stand_ins(facts.people, facts.coverage, facts.client, facts.assignee, facts.at)
    return next((person for person in named if facts.on_shift(person)), None)


def stand_ins(
    people: Mapping[PersonId, Person],
    coverage: Coverage,
    client: Client | None,
    assignee: PersonId | None,
    at: Instant,
) -> tuple[PersonId, ...]:
    """Whoever is named to stand in at that moment, there or not, in the order in which they are asked.

    Leave counts of whoever has the ticket, and of the client's manager.
    """
    manager = people.get(client.manager) if client is not None and client.manager else None
    concerned = [one for one in (people.get(assignee) if assignee else None, manager) if one is not None]
    leaves = [coverage.absence(one, at) for one in concerned]
    named = (
        *(leave.backup for leave in leaves if leave is not None),
        client.backup if client is not None else None,
        manager.backup if manager is not None else None,
        # Whoever has it and is away is stood in for as a client's manager is.
        *(one.backup for one, leave in zip(concerned, leaves, strict=True) if leave is not None),
    )
    return tuple(dict.fromkeys(one for one in named if one is not None))


def skilled(facts: Facts) -> PersonId | None:
    """Of the contract's line, whoever knows what the client asks for and this kind of work, where anybody does.

    Of several the one who answers in the client's language.
    """
    line = _line(facts)
    needed = facts.client.skills if facts.client else frozenset()
    if facts.kind is not None and any(facts.kind in facts.people[one].skills for one in line):
        needed |= {facts.kind}
    able = [one for one in line if needed and needed <= facts.people[one].skills]
    return _least_loaded(_speaking(able, facts), facts) or _least_loaded(able, facts)


def same_language(facts: Facts) -> PersonId | None:
    """Of the contract's line, whoever answers in the client's language, where the desk says who does."""
    return _least_loaded(_speaking(_line(facts), facts), facts)


def least_loaded(facts: Facts) -> PersonId | None:
    """Of the contract's line, whoever on shift has the fewest open tickets and room for one more; ties go by name."""
    return _least_loaded(_line(facts), facts)


def off_hours_line(facts: Facts) -> PersonId | None:
    """The line that a plan names for the hours in which nobody else is there."""
    line = facts.plan.off_hours_line
    return _least_loaded(_of_line(line, facts), facts) if line is not None else None


RULES: tuple[Callable[[Facts], PersonId | None], ...] = (
    own_assignee,
    own_manager,
    backup,
    second_line,
    skilled,
    same_language,
    least_loaded,
    off_hours_line,
)


def route(facts: Facts) -> Assignment:
    """Ask the rules in order. Nobody on shift: the line's waiting list, which the opening of the next shift empties."""
    for rule in RULES:
        if person := rule(facts):
            return Assignment(person, rule.__name__)
    return Assignment(None, WAITING_LIST)


def _line(facts: Facts) -> Sequence[PersonId]:
    """The people of the contract's line; none in hours in which the plan does not cover the channel."""
    hours = facts.plan.coverage.get(facts.channel)
    if hours is not None and not facts.coverage.calendars[hours].is_open(facts.at):
        return ()
    return _of_line(facts.plan.line, facts)


def _of_line(line: LineId, facts: Facts) -> Sequence[PersonId]:
    return facts.coverage.whose_turn(facts.lines[line], facts.people, facts.at) if line in facts.lines else ()


def _speaking(people: Sequence[PersonId], facts: Facts) -> Sequence[PersonId]:
    return [one for one in people if facts.language in facts.people[one].languages]


def _least_loaded(people: Sequence[PersonId], facts: Facts) -> PersonId | None:
    def has_room(person: PersonId) -> bool:
        capacity = facts.people[person].capacity
        return capacity is None or facts.load.get(person, 0) < capacity

    # Whether somebody is on shift is the dearer question, and the first who is there is the one.
    waiting = sorted(people, key=lambda person: (facts.load.get(person, 0), person))
    return next((person for person in waiting if has_room(person) and facts.on_shift(person)), None)
