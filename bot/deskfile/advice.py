"""What is allowed and yet worth a look: warnings of `check`, which never keep a desk from being used."""

from collections.abc import Callable, Iterator
from datetime import date

from bot.deskfile.days_off import is_empty_this_year
from bot.deskfile.lint import lint
from bot.deskfile.places import KeyPath
from bot.deskfile.reading import Problem, Reading
from bot.deskfile.tables import DeskDirectory
from bot.deskfile.triage_lint import triage_lint
from routing.people import Role

Advice = Iterator[tuple[KeyPath, str]]


def advise(
    reading: Reading, tables: DeskDirectory, *, today: date, is_told: Callable[[KeyPath], bool] = lambda _: True
) -> tuple[Problem, ...]:
    """All advice on a desk without errors, as far as its place is one to tell of."""
    return tuple(
        reading.problem(path, message, is_error=False)
        for ask in ADVISERS
        for path, message in ask(tables, today)
        if is_told(path)
    )


def _holidays_missing(tables: DeskDirectory, today: date) -> Advice:
    for key, calendar in tables.calendars.items():
        if calendar.holidays is not None and is_empty_this_year(calendar.holidays, today):
            country = calendar.holidays.country
            words = f"{country} has no public holidays in {today.year} ([calendars.{key}]): list your own as `dates`"
            yield ("calendars", key, "holidays"), words


def _steps_reach_nobody(tables: DeskDirectory, _today: date) -> Advice:
    held = {role for person in tables.people.values() for role in person.roles}
    for key, ladder in tables.ladders.items():
        for index, step in enumerate(ladder.steps):
            if step.tell in set(Role) - held:
                path = ("ladders", key, "steps", index)
                yield path, f"nobody has the role {step.tell!r}: step {index + 1} of [ladders.{key}] will be skipped"


def _nobody_leads(tables: DeskDirectory, _today: date) -> Advice:
    leads = {key: person for key, person in tables.people.items() if "lead" in person.roles}
    if not leads:
        yield ("people",), 'nobody has the role "lead": nobody is told when a promise is about to break'
    for key, person in leads.items():
        if person.identities.slack is None:
            yield ("people", key, "identities"), f"{key} leads and has no Slack identity, where leads are told first"


def _managers_manage(tables: DeskDirectory, _today: date) -> Advice:
    for key, client in tables.clients.items():
        manager = tables.people.get(client.manager or "")
        if manager is not None and not {"manager", "senior"} & set(manager.roles):
            words = f"{client.manager} is the manager of {key} and has neither the role manager nor senior"
            yield ("clients", key, "manager"), words


def _clients_are_recognised(tables: DeskDirectory, _today: date) -> Advice:
    for key, client in tables.clients.items():
        if not client.contacts and not client.channels.slack and not client.channels.telegram:
            words = f"[clients.{key}] has no contacts and no channels: only in-app tokens that name it are recognised"
            yield ("clients", key), words


def _stand_ins_go_round(tables: DeskDirectory, _today: date) -> Advice:
    """Nobody beyond a circle stands in; who stands in for a stand-in is never asked."""
    for key in tables.people:
        circle = [key]
        while (following := tables.people[circle[-1]].backup) is not None and following not in circle:
            circle.append(following)
        if following == key and key == min(circle):
            named = " -> ".join([*circle, key])
            words = f"people stand in for each other in a circle ({named}): while all of them are away nobody does"
            yield ("people", key, "backup"), f"{words}, and the line answers: name somebody else for one of them"


ADVISERS: tuple[Callable[[DeskDirectory, date], Advice], ...] = (
    lint,
    triage_lint,
    _holidays_missing,
    _steps_reach_nobody,
    _nobody_leads,
    _managers_manage,
    _stand_ins_go_round,
    _clients_are_recognised,
)
