"""Who would get a client's question at a moment, and where in the weeks ahead nobody would: `who` and `radar`.

Clients who are promised the same by the same people are looked at once. What counts in real time and is urgent is
covered out of hours where its policy pages somebody who is not on leave; what is not urgent pages nobody, and is a gap.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import product, takewhile
from types import MappingProxyType
from typing import Final

from bot.tickets.ladder.calling import is_loud
from bot.tickets.outcome import MAIL, route_facts, served_as
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from routing.ladder import Ladder, answering
from routing.people import Client, ClientId, LineId, Person, PersonId, Plan, PlanId
from routing.radar import Gap, Watch, gaps
from routing.route import Assignment, route, stand_ins
from sla.calendar import ALWAYS, Calendar, parse_zone
from sla.duration import Instant, instant, later, length, moment
from sla.layers import calendar_named
from sla.policy import Metric, Policy, Unit, targets_for

WEEKS: Final = 4
#: Nobody plans further ahead, and calendars of holidays end somewhere.
MOST_WEEKS: Final = 26
#: So many days with the same gap are told in one line.
ALIKE_FROM: Final = 3
NO_LOAD: Final[Mapping[PersonId, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A gap with whom it concerns: clients of one plan, or whoever is not known, where `clients` is empty."""

    gap: Gap
    plan: PlanId
    line: LineId
    clients: tuple[ClientId, ...] = ()


@dataclass(slots=True)
class _Group:
    client: Client | None
    plan: Plan
    clients: list[ClientId] = field(default_factory=list)


def who_answers(
    revision: Revision,
    client: Client | None,
    *,
    at: Instant,
    kind: str | None = None,
    channel: str = "",
    load: Mapping[PersonId, int] = NO_LOAD,
) -> Assignment:
    """Who would be given a new ticket of a client then, and by which rule; None for somebody whom nobody knows.

    `channel` matters where their plan covers that one at hours of its own; none is served as mail is.
    """
    plan = revision.plan(client.plan if client else revision.public_plan)
    language = (client.language if client else None) or revision.language
    known = route_facts(revision, plan, client, at, channel=served_as(plan, channel), language=language)
    return route(replace(known, kind=kind, load=load))


def radar(revision: Revision, *, since: Instant, weeks: int = WEEKS) -> tuple[Uncovered, ...]:
    """Every hour of so many weeks in which a promise counts and nobody is there who would be given the work."""
    until = later(since, timedelta(weeks=weeks))
    turns = _turns(revision, since, until)
    found: list[Uncovered] = []
    for group in _groups(revision):
        policy = revision.policies[(group.client.policy if group.client else None) or group.plan.policy]
        people = _people(revision, group, since)
        ladder = revision.ladders.get(revision.off_hours.get(policy.key, ""))
        for hours, calendar, channel, urgent in _hours(revision, policy, group.plan, since):
            paged = ladder if urgent and not hours else None

            def is_covered(
                at: Instant,
                client: Client | None = group.client,
                *,
                channel: str = channel,
                paged: Ladder | None = paged,
            ) -> bool:
                if who_answers(revision, client, at=at, channel=channel).person is not None:
                    return True
                return paged is not None and _reaches_somebody(revision, paged, at)

            watch = Watch(hours, calendar, people)
            ahead = gaps(watch, is_covered, revision.coverage, since=since, until=until, further=turns)
            found += [Uncovered(gap, group.plan.id, group.plan.line, tuple(group.clients)) for gap in ahead]
    return tuple(sorted(found, key=lambda one: (one.gap.since, one.gap.until, one.plan, one.clients)))


def uncovered_lines(found: Sequence[Uncovered], revision: Revision, speak: Texts) -> list[str]:
    """Each gap as one line: when, for how long, for whom, and why. What comes back day after day is one line."""
    zone = parse_zone(speak.zone)
    alike: dict[tuple[str, ...], list[Gap]] = {}
    for one in found:
        since, until = (moment(at).astimezone(zone) for at in (one.gap.since, one.gap.until))
        hours = f"{since:%H:%M}–{until:%H:%M}"
        if since.date() != until.date():  # a night, or days: told with both its ends
            hours = f"{since:%Y-%m-%d %H:%M}–{until:%Y-%m-%d %H:%M}"
        alike.setdefault((hours, _whom(one, revision), why(one.gap, revision, speak)), []).append(one.gap)
    lines: list[tuple[Instant, str]] = []
    for (hours, whom, reason), each in alike.items():
        said = {"whom": whom, "why": reason, "length": speak.length(length(each[0].until - each[0].since))}
        days = [f"{moment(gap.since).astimezone(zone):%Y-%m-%d}" for gap in each]
        if len(each) >= ALIKE_FROM:
            text = speak("radar_gaps", hours=hours, first=days[0], last=days[-1], count=len(each), **said)
            lines.append((each[0].since, text))
            continue
        for gap, day in zip(each, days, strict=True):
            lines.append((gap.since, speak("radar_gap", when=hours if " " in hours else f"{day} {hours}", **said)))
    return [line for _, line in sorted(lines, key=lambda one: one[0])]


def _whom(one: Uncovered, revision: Revision) -> str:
    names = [found.name for client in one.clients if (found := revision.client(client))]
    whom = ", ".join(names[:3]) + (f" +{len(names) - 3}" if len(names) > 3 else "")  # noqa: PLR2004 - a line is short
    return whom or revision.plans[one.plan].name


def why(gap: Gap, revision: Revision, speak: Texts) -> str:
    """Who is on leave, and who is not on shift."""
    said = [
        speak(key, names=", ".join(revision.people[one].name for one in people))
        for key, people in (("radar_away", gap.away), ("radar_off", gap.off))
        if people
    ]
    return "; ".join(said) or speak("radar_nobody")


def _groups(revision: Revision) -> list[_Group]:
    """Clients who are served alike, and whoever is not known, last."""
    found: dict[tuple[object, ...], _Group] = {}
    for client in sorted(revision.clients.values(), key=lambda one: one.id):
        key = (client.plan, client.manager, client.backup, client.policy, client.language, client.skills)
        group = found.setdefault(key, _Group(client, revision.plan(client.plan)))
        group.clients.append(client.id)
    return [*found.values(), _Group(None, revision.plan(revision.public_plan))]


def _people(revision: Revision, group: _Group, at: Instant) -> tuple[Person, ...]:
    """Those who would answer if they were there: the manager, whoever stands in, the line."""
    manager = group.client.manager if group.client else None
    named = [manager, *stand_ins(revision.people, revision.coverage, group.client, manager, at)]
    lines = (revision.lines.get(one) for one in (group.plan.line, group.plan.off_hours_line) if one is not None)
    ordered = dict.fromkeys((*named, *(person for line in lines if line is not None for person in line.people)))
    return tuple(revision.people[one] for one in ordered if one is not None and one in revision.people)


def _hours(revision: Revision, policy: Policy, plan: Plan, at: Instant) -> Iterator[tuple[str, Calendar, str, bool]]:
    """The hours in which anything guaranteed counts, "" being real time, and a channel for which they do.

    And whether all that counts in them is worth waking somebody for. Channels that have no hours of their own are one.
    """
    channels = dict.fromkeys((*plan.channels, MAIL))
    plain = next((one for one in channels if one not in plan.coverage), MAIL)
    found: dict[tuple[str, str], bool] = {}
    for channel, urgency, metric in product(channels, policy.urgencies, Metric):
        for target in targets_for(policy, urgency, metric, channel, at=at):
            if target.goal:
                continue
            hours = "" if target.unit is Unit.WALL else target.calendar or ""
            key = hours, channel if channel in plan.coverage else plain
            found[key] = found.get(key, True) and is_loud(policy, urgency)
    for (hours, channel), urgent in sorted(found.items()):
        yield hours, calendar_named(hours, revision.calendars) if hours else ALWAYS, channel, urgent


def _turns(revision: Revision, since: Instant, until: Instant) -> list[Instant]:
    """The midnights at which the turn of a line may pass to somebody else."""
    found: list[Instant] = []
    for zone in {revision.calendars[one.calendar].zone for one in revision.lines.values() if one.turns_from}:
        day = moment(since).astimezone(parse_zone(zone)).date()
        midnights = (datetime.combine(day + timedelta(days=ahead), time(0), parse_zone(zone)) for ahead in range(400))
        found += takewhile(lambda at: at <= until, map(instant, midnights))
    return found


def _reaches_somebody(revision: Revision, paged: Ladder, at: Instant) -> bool:
    """Whether anybody stands on a ladder at that moment who is not on leave."""
    return any(answering(step.tell, revision.people, revision.lines, revision.coverage, at) for step in paged.steps)
