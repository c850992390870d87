"""From a button or a form to a command, and from a button to the form it opens. Pure; words are the person's own."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from adapters.card import Form, Input
from adapters.port import Answer, Press
from bot.desk.calls.presses import FIELDS, call_command, call_form, is_about_calls
from bot.tickets import command as c
from bot.tickets.decide_place import OTHER_CHANNEL
from bot.tickets.decide_staff import ACTING
from bot.tickets.pairs.following import SAME
from bot.tickets.revision import Revision
from bot.tickets.texts import Texts
from bot.tickets.ticket import ticket_id_from_number
from bot.tickets.words.eta import parse_eta
from bot.tickets.words.link_words import LINKED
from routing.people import PersonId
from sla.calendar import Calendar
from sla.duration import Instant
from sla.promise import ReplyKind

#: What those buttons begin with that stand below our words to clients.
CLIENTS: Final = "client."
#: Chosen in place of a person; no person can have this id, and a channel's lists bear no empty value.
BY_THE_RULES: Final = "*"

_PLAIN: Final[Mapping[str, Callable[[Mapping[str, str]], c.Command]]] = {
    "ticket.take": lambda _: c.Take(),
    "ticket.ack": lambda _: c.Acknowledge(),
    "ticket.noreply": lambda _: c.NeedsNoAnswer(),
    "ticket.reply": lambda fields: c.Reply(fields.get("text", "")),
    "ticket.note": lambda fields: c.AddNote(fields.get("text", "")),
    "ticket.clarify": lambda fields: c.AskDetails(fields.get("text", "")),
    "ticket.resolve": lambda fields: c.Resolve(fields.get("text", "")),
    "ticket.escalate": lambda fields: c.Escalate(fields.get("why", "")),
    "ticket.urgency": lambda fields: c.SetUrgency(fields.get("urgency", "")),
    "ticket.handover": lambda fields: c.HandOver(
        None if fields.get("to", "") in {"", BY_THE_RULES} else PersonId(fields["to"]), fields.get("why", "")
    ),
    "ticket.second_line": lambda fields: c.HandOver(None, fields.get("why", ""), is_second_line=True),
    "ticket.third_party": lambda fields: c.WaitThirdParty(fields.get("reference", "")),
    "ticket.not_covered": lambda fields: c.NotCovered(fields.get("clause", "")),
    "ticket.covered": lambda _: c.Covered(),
    "ticket.resume": lambda _: c.Resume(),
    "ticket.unsnooze": lambda _: c.Unsnooze(),
    "ticket.unmerge": lambda _: c.Unmerge(),
    SAME: lambda _: c.Same(),
    "ticket.two_people": lambda _: c.TwoPeople(),
    "ticket.link": lambda fields: c.LinkChannel(fields.get("channel", "")),
    "ticket.spam": lambda _: c.MarkSpam(),
    "ticket.not_spam": lambda _: c.NotSpam(),
    OTHER_CHANNEL: lambda fields: c.GoElsewhere(fields.get("channel", ""), fields.get("text", "")),
    "ticket.kind_answer": lambda _: c.NameReply(ReplyKind.ANSWER),
    "ticket.kind_clarify": lambda _: c.NameReply(ReplyKind.CLARIFY),
}
#: Buttons that ask for words first, and which.
_WORDS: Final = {
    "ticket.reply": "text",
    "ticket.note": "text",
    "ticket.clarify": "text",
    "ticket.eta": "eta",
    "ticket.kind_eta": "moment",
    "ticket.snooze": "until",
    "ticket.link": "link",
    "ticket.same_person": "other",
    "ticket.handover": "to",
    "ticket.escalate": "why",
    "ticket.urgency": "urgency",
    "ticket.third_party": "reference",
    "ticket.second_line": "why",
    "ticket.not_covered": "clause",
    OTHER_CHANNEL: "channel",
}


#: Forms that ask for a moment, and in which field.
_MOMENTS: Final = {"ticket.eta": "eta", "ticket.kind_eta": "eta", "ticket.snooze": "until"}


def command_from_press(press: Press, *, now: Instant, calendar: Calendar, speak: Texts) -> c.Command | Answer:
    """The command behind a press; an Answer that names the field when something in the form is wrong, by `speak`."""
    if is_about_calls(press.action):
        return call_command(press.action, press.fields, now=now, calendar=calendar, speak=speak)
    if (named := _MOMENTS.get(press.action)) is not None:
        try:
            written = press.fields.get(named, "")
            due_at = parse_eta(written, now=now, zone=calendar.zone, calendar=calendar, speak=speak)
        except ValueError as error:
            return Answer(errors={named: str(error)}, is_refused=True)
        if press.action == "ticket.snooze":
            return c.Snooze(due_at)
        if press.action == "ticket.kind_eta":
            return c.NameReply(ReplyKind.ETA, due_at)
        return c.GiveEta(due_at, press.fields.get("text", ""))
    if press.action == "ticket.same_person":
        try:
            return c.SamePerson(ticket_id_from_number(press.fields.get("other", "")))
        except ValueError as error:
            return Answer(errors={"other": str(error)}, is_refused=True)
    make = _PLAIN.get(press.action)
    if make is None:
        return Answer(f"There is no button {press.action} here.", is_refused=True)
    return make(press.fields)


#: Forms whose words go to the client: they say to whom.
TO_CLIENT: Final = frozenset({"ticket.reply", "ticket.clarify", "ticket.eta"})
#: What of a form a client reads.
CLIENT_READS: Final[Mapping[str, str]] = {
    "ticket.reply": "text",
    "ticket.clarify": "text",
    "ticket.eta": "text",
    "ticket.resolve": "text",
    "ticket.not_covered": "clause",
    OTHER_CHANNEL: "text",
}
#: Forms that make sense on a ticket that is done.
AFTERWARDS: Final = frozenset({*FIELDS, "ticket.reply", "ticket.note"})


def answer_to_text(answer: Answer) -> str:
    """What of an answer is kept, so that a repeat of its press gets the same."""
    return json.dumps({"text": answer.text, "is_refused": answer.is_refused})


def answer_from_text(kept: str) -> Answer:
    """Undo `answer_to_text`."""
    return Answer(**json.loads(kept))


def opens_form(action: str) -> bool:
    """Whether a button asks for words first."""
    return action in _WORDS or action in FIELDS


def elsewhere_form(value: str, speak: Texts, channels: Sequence[str], words: str) -> Form:
    """Where a ticket goes on, and what is said there first: the words that did not arrive, unless there are others."""
    label = speak("button_other_channel")
    choices = tuple((channel, speak(f"channel_{channel}")) for channel in channels)
    inputs = (
        Input("channel", label, "choice", choices, initial=choices[0][0]),
        Input("text", speak("button_reply"), "long_text", initial=words),
    )
    return Form(OTHER_CHANNEL, f"{label} · {value}", value, inputs, label)


def form_for(action: str, value: str, speak: Texts, revision: Revision, *, to: str = "") -> Form | None:
    """The form a button opens, None for one that acts at once. `to` says who reads what is written into it."""
    wanted = _WORDS.get(action)
    if wanted is None:
        return call_form(action, value, speak, revision)
    label = speak(f"button_{action.partition('.')[2]}")
    inputs: tuple[Input, ...]
    if wanted == "eta":
        inputs = (
            Input("eta", speak("metric_eta"), "moment"),
            Input("text", to or speak("button_reply"), "long_text", required=False),
        )
    elif wanted == "until":
        inputs = (Input("until", label, "moment"),)
    elif wanted == "link":
        inputs = (Input("channel", label, "choice", tuple((one, speak(f"channel_{one}")) for one in LINKED)),)
    elif wanted == "other":
        inputs = (Input("other", label, "text"),)
    elif wanted == "moment":
        inputs = (Input("eta", speak("metric_eta"), "moment"),)
    elif wanted == "to":
        people = tuple((person.id, person.name) for person in revision.people.values() if person.roles & ACTING)
        choices = ((BY_THE_RULES, speak("by_the_rules")), *people)
        inputs = (
            Input("to", label, "choice", choices),
            Input("why", speak("button_note"), "long_text", required=False),
        )
    elif wanted == "urgency":
        levels = tuple(dict.fromkeys(level for policy in revision.policies.values() for level in policy.urgencies))
        inputs = (Input("urgency", label, "choice", tuple((level, level) for level in levels)),)
    elif wanted == "reference":
        inputs = (Input("reference", speak("third_party_reference"), "text"),)
    else:
        inputs = (Input(wanted, to or label, "long_text"),)
    return Form(action, f"{label} · {value}", value, inputs, label)
