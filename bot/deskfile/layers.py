"""Policies in layers: a policy that extends others, and what single clients are promised on top of their plan.

A layer keeps its own cells, because which of several promises is tighter depends on when a clock starts. What else a
policy says (which replies count, urgencies, reminders) is taken from the nearest layer that says it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.deskfile.promise_tables import DEFAULT_URGENCY, URGENCIES, Addendum, Cell, Cells, Policy
from bot.deskfile.tables import DeskDirectory
from sla.duration import BusinessDays, parse_within

#: What a client may have on top of its plan, the more specific last.
ADDENDA = ("addendum", "hypercare")
_METRICS = tuple(Cells.model_fields)
_OF_ITS_OWN = {"targets", "extends", "source", "review", "calendar", "since", "until"}


def policies_document(tables: DeskDirectory) -> dict[str, Any]:
    """All policies, those that a client has alone included."""
    policies = {**tables.policies, **dict(_addenda(tables))}
    return {key: _policy(key, policies, _zone_of(key, tables)) for key in policies}


def policy_of_client(key: str, tables: DeskDirectory) -> str | None:
    """The policy of a client that has promises of its own; None: its plan's policy counts."""
    return next((name for part in reversed(ADDENDA) if (name := _named(key, part, tables))), None)


def chain_of(key: str, policies: Mapping[str, Policy]) -> tuple[tuple[str, Policy], ...]:
    """A policy and those it extends by name, the most general first."""
    chain = [(key, policies[key])]
    while (below := chain[0][1].extends) is not None:
        chain.insert(0, (below, policies[below]))
    return tuple(chain)


def all_policies(tables: DeskDirectory) -> dict[str, Policy]:
    """The policies of the desk and those made of addenda, by name."""
    return {**tables.policies, **dict(_addenda(tables))}


def _addenda(tables: DeskDirectory) -> Iterator[tuple[str, Policy]]:
    """Each addendum as a policy that extends what the client is promised without it."""
    for key, client in tables.clients.items():
        below = tables.plans[client.plan].policy
        for part in ADDENDA:
            written: Addendum | None = getattr(client, part)
            if written is not None:
                # Checked already as an addendum, so nothing of it is judged again.
                named = {name: getattr(written, name) for name in Addendum.model_fields}
                yield f"{key}.{part}", Policy.model_construct(extends=below, **named)
                below = f"{key}.{part}"


def _named(key: str, part: str, tables: DeskDirectory) -> str | None:
    return None if getattr(tables.clients[key], part) is None else f"{key}.{part}"


def _zone_of(policy: str, tables: DeskDirectory) -> str:
    """Where the days of a policy begin: in the client's zone where it belongs to one, else in the desk's."""
    client = tables.clients.get(policy.partition(".")[0]) if "." in policy else None
    own = client.zone if client is not None else None
    return own or (tables.desk.zone if tables.desk is not None else "UTC")


def _policy(key: str, policies: Mapping[str, Policy], zone: str) -> dict[str, Any]:
    chain = chain_of(key, policies)
    stated: dict[str, Any] = {}
    for _, policy in chain:
        stated |= policy.model_dump(mode="json", exclude_none=True, exclude=_OF_ITS_OWN)
    urgencies = stated.get("urgencies", list(URGENCIES))
    *below, own = _layers(chain, urgencies)
    written: dict[str, Any] = {
        **{name: value for name, value in own.items() if name != "name"},
        "zone": zone,
        "satisfied_by": stated.get("satisfied_by", "human_reply"),
        "urgencies": urgencies,
        "default_urgency": stated.get("default_urgency", DEFAULT_URGENCY),
        "immediate": [urgency for urgency in urgencies if urgency in stated.get("immediate", [])],
        "floor": stated.get("floor", "15m"),
        "marks": stated["reminders"]["marks"] if "reminders" in stated else ["50%", "80%", "last_call"],
        "layers": below,
    }
    if "off_hours_ladder" in stated:
        written["off_hours_ladder"] = stated["off_hours_ladder"]
    if policies[key].review is not None:
        written["review"] = str(policies[key].review)
    return written


def _layers(chain: tuple[tuple[str, Policy], ...], urgencies: list[str]) -> Iterator[dict[str, Any]]:
    """The cells of each layer, the most general first. Only the last has cells of channels: they are not inherited."""
    calendar: str | None = None
    for key, policy in chain:
        calendar = policy.calendar or calendar
        is_own = key == chain[-1][0]
        layer: dict[str, Any] = {
            "name": key,
            "source": policy.source or "",
            "targets": {
                urgency: cells
                for urgency in urgencies
                if urgency in policy.targets and (cells := _cells(policy, urgency, calendar, is_own=is_own))
            },
        }
        yield layer | {name: str(day) for name in ("since", "until") if (day := getattr(policy, name)) is not None}


def _cells(policy: Policy, urgency: str, calendar: str | None, *, is_own: bool) -> dict[str, Any]:
    own = policy.targets[urgency]
    cells = _written_cells(own, calendar)
    if is_own and own.channels is not None:
        named = {name: getattr(own.channels, name) for name in type(own.channels).model_fields}
        cells["channels"] = {
            channel: _written_cells(channel_cells, calendar)
            for channel, channel_cells in named.items()
            if channel_cells is not None
        }
    return cells


def _written_cells(cells: Cells, calendar: str | None) -> dict[str, Any]:
    return {metric: _cell(cell, calendar) for metric in _METRICS if (cell := getattr(cells, metric)) is not None}


def _cell(cell: Cell, calendar: str | None) -> dict[str, Any]:
    written = cell.model_dump(mode="json", exclude_none=True)
    if cell.unit == "business":
        written.setdefault("calendar", calendar)
    if not any(isinstance(parse_within(one), BusinessDays) for one in (cell.within, cell.high_load) if one):
        del written["mode"]
    return written
