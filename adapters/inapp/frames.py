"""What widget and server say to each other: one JSON object per WebSocket frame.

    widget                                          server
    hello {token | visitor, after, ...}  ->
                                         <-  welcome {profile, texts, rev, ticket, now, limits, visitor?}
                                         <-  lines {lines, rev}            now and after every change
    say {id, text, files}                ->
                                         <-  ack {id}                      it is safe in the database
                                         <-  refused {id, reason}          it never will be; nothing was kept
    edit {id, of, text}                  ->  (acknowledged in the same way)
    seen {position}                      ->
    press {id, action, value, fields}    ->  a button or a form; sent again under the same id it counts once
                                         <-  answer {id, text, refused, errors, form}
    refresh {}                           ->  the ticket for files has run out
                                         <-  profile {profile, ticket, now}  then, each minute as a sign of life, and
                                                                         when something of it changed
                                         <-  bye {reason}                  expired, identity, busy, restart

The token travels in the first frame and never in the address, which servers and proxies write to their logs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from adapters.inapp.ids import CLIENT_ID
from adapters.inapp.transcript import Line, Profile
from adapters.port import Answer

ClientId = Annotated[str, Field(pattern=CLIENT_ID)]
#: Past this a number is no longer exact in a browser, nor does it fit a database's integer.
Counter = Annotated[int, Field(ge=0, le=2**53 - 1)]


_Name = Annotated[str, Field(pattern=r"^[a-z_]+$", max_length=40)]
_Entered = Annotated[str, Field(max_length=2_000)]


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Hello(_Frame):
    """The first frame. `after` is the greatest `rev` the page already shows, 0 for a fresh page."""

    type: Literal["hello"]
    token: Annotated[str, Field(max_length=8_192)] | None = None
    visitor: Annotated[str, Field(max_length=100)] | None = None
    after: Counter = 0
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=35)] | None = None
    zone: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+/-]+$", max_length=64)] | None = None


class Say(_Frame):
    """A message. `files` are the notes that the upload path gave, never names or digests."""

    type: Literal["say"]
    id: ClientId
    text: str
    files: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Edit(_Frame):
    """A new wording of message `of`; it has an id of its own, so that its repeat is recognised too."""

    type: Literal["edit"]
    id: ClientId
    of: ClientId
    text: str


class Seen(_Frame):
    """The person has the transcript open up to here."""

    type: Literal["seen"]
    position: Counter


class Pressed(_Frame):
    """A button of ours, or a form with what was entered; `value` and the names are the ones that came with it."""

    type: Literal["press"]
    id: ClientId
    action: Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z_]+)?$", max_length=40)]
    value: Annotated[str, Field(max_length=200)] = ""
    fields: Annotated[dict[_Name, _Entered], Field(max_length=10)] = {}


class Refresh(_Frame):
    """The page slept, or its day runs faster than ours: it needs a ticket that still holds."""

    type: Literal["refresh"]


PageFrame = Hello | Say | Edit | Seen | Pressed | Refresh
_frames: TypeAdapter[PageFrame] = TypeAdapter(Annotated[PageFrame, Field(discriminator="type")])


def frame_from_json(text: str) -> PageFrame:
    """Read a frame of the widget; raises ValueError with no word of what was in it."""
    try:
        return _frames.validate_json(well_formed(text))
    except ValidationError as error:
        where = sorted({".".join(map(str, flaw["loc"])) for flaw in error.errors()})
        raise ValueError(f"the frame is wrong at: {', '.join(where)[:200]}") from None
    except ValueError:
        raise ValueError("the frame is not JSON") from None


def well_formed(text: str | bytes) -> bytes:
    """The same JSON with every lone half of a surrogate pair replaced: JavaScript can send one, UTF-8 cannot hold it.

    Raises ValueError if it is not JSON, or nested beyond all sense.
    """
    try:
        plain = json.dumps(json.loads(text), ensure_ascii=False)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def welcome_frame(
    profile: Profile, *, now: datetime, rev: int, ticket: str, limits: Mapping[str, int], visitor: str | None
) -> dict[str, Any]:
    """`rev` is where the lines that follow begin: less than the page asked for means "forget what you show"."""
    welcome = {**profile_frame(profile, now=now, ticket=ticket), "type": "welcome", "rev": rev, "limits": dict(limits)}
    return {**welcome, "texts": dict(profile.texts), **({"visitor": visitor} if visitor else {})}


def profile_frame(profile: Profile, *, now: datetime, ticket: str) -> dict[str, Any]:
    """`now` is the desk's: what is of today goes by it, whatever the page's own clock shows."""
    shown = asdict(profile)
    del shown["texts"]
    return {"type": "profile", "profile": shown, "ticket": ticket, "now": int(now.timestamp() * 1000)}


def answer_frame(client_id: str, answer: Answer) -> dict[str, Any]:
    """What became of a press: words, a form to fill in, or which of its fields are wrong."""
    return {
        "type": "answer",
        "id": client_id,
        "text": answer.text,
        "refused": answer.is_refused,
        "errors": dict(answer.errors),
        "form": None if answer.form is None else asdict(answer.form),
    }


def line_frame(line: Line) -> dict[str, Any]:
    """A line as the widget draws it; a deleted one keeps its place and loses its words here already."""
    return {
        "position": line.position,
        "id": line.id,
        "own": line.external_id if line.direction == "in" else None,
        "direction": line.direction,
        "kind": line.kind,
        "author": line.author,
        "text": "" if line.is_deleted else line.text,
        "at": int(line.at.timestamp() * 1000),
        "state": line.state,
        "edited": line.is_edited,
        "deleted": line.is_deleted,
        "files": [] if line.is_deleted else [asdict(attachment) for attachment in line.attachments],
    }


def lines_frames(lines: Sequence[Line], *, per_frame: int = 50) -> list[dict[str, Any]]:
    """All lines, a few per frame, so that a long history does not become one huge frame.

    Lines come by position while a page resumes by `rev`: only the last frame names the `rev` it has reached, because a
    connection that dies in the middle may have left out a line with a smaller `rev` than one it carried.
    """
    frames: list[dict[str, Any]] = [
        {"type": "lines", "lines": [line_frame(line) for line in lines[start : start + per_frame]]}
        for start in range(0, len(lines), per_frame)
    ]
    if frames:
        frames[-1]["rev"] = max(line.rev for line in lines)
    return frames
