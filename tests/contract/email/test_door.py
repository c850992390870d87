"""The way into a mail server: a wrong password is tried seldom, however many folders want in."""

import asyncio
from collections.abc import Callable

import pytest

from adapters.email.door import Door
from adapters.email.imap import Connection, LoginRefusedError, LostError
from adapters.email.timings import Timings

WITHIN_S = 60.0


class Server:
    """Counts who asks to be let in, and when; lets nobody in that it is told to refuse."""

    def __init__(self, *answers: Callable[[], Exception]) -> None:
        self._answers = list(answers)
        self.asked_at: list[float] = []
        self.at_once = 0
        self.most_at_once = 0

    async def login(self) -> Connection:
        self.asked_at.append(asyncio.get_running_loop().time())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        raise self._answers.pop(0)() if self._answers else LostError("nobody is there any more")


def refused() -> Exception:
    return LoginRefusedError("[AUTHENTICATIONFAILED] no")


def resting(seconds: float) -> Timings:
    return Timings(refused_first_s=seconds, refused_longest_s=seconds)


async def knock(door: Door, server: Server) -> str:
    with pytest.raises((LoginRefusedError, LostError)) as error:
        await door.enter(server.login)
    return type(error.value).__name__


def test_a_refused_login_rests_for_five_minutes_at_the_least() -> None:
    timings = Timings()
    assert min(timings.refused_first_s, timings.refused_longest_s) / 2 >= 300  # half of it is chance


async def test_after_a_refusal_all_folders_rest_together() -> None:
    door, server = Door(resting(0.2)), Server(refused)
    async with asyncio.timeout(WITHIN_S):
        assert await knock(door, server) == "LoginRefusedError"
        assert await asyncio.gather(*(knock(door, server) for _ in range(3))) == ["LostError"] * 3
    first, *others = server.asked_at
    assert min(others) - first >= 0.1
    assert server.most_at_once == 1


async def test_each_further_refusal_makes_the_rest_begin_anew_for_everybody() -> None:
    door, server = Door(resting(0.2)), Server(refused, refused, refused)
    async with asyncio.timeout(WITHIN_S):
        await asyncio.gather(*(knock(door, server) for _ in range(3)))
    gaps = [after - before for before, after in zip(server.asked_at, server.asked_at[1:], strict=False)]
    assert min(gaps) >= 0.1


async def test_what_is_no_refusal_makes_nobody_rest() -> None:
    door, server = Door(resting(600)), Server()
    async with asyncio.timeout(WITHIN_S):
        assert [await knock(door, server) for _ in range(3)] == ["LostError"] * 3


async def test_another_secret_is_tried_at_once() -> None:
    secrets = ["stale"]
    door = Door(Timings(look_every_s=0.01), lambda: secrets[-1])
    server = Server(refused)
    async with asyncio.timeout(WITHIN_S):
        assert await knock(door, server) == "LoginRefusedError"
        waiting = asyncio.create_task(knock(door, server))
        secrets.append("")  # its file is being written
        await asyncio.sleep(0.05)
        assert len(server.asked_at) == 1
        secrets.append("fresh")
        assert await waiting == "LostError"
    assert len(server.asked_at) == 2
