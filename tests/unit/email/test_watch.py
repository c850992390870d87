"""Who sends for us is greeted at the start; whoever ends the channel meanwhile is heard."""

import asyncio

from adapters.email.config import Server
from adapters.email.smtp import Smtp
from adapters.email.timings import Timings


class Answering(Smtp):
    """A server whose answer is waited for as the library waits."""

    def __init__(self) -> None:
        super().__init__(Server("localhost", 25, "none", "", ""), "desk.test", Timings())
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def greet(self) -> None:
        await asyncio.wait_for(self.answer, 60)


async def test_a_watch_that_is_ended_as_the_answer_comes_ends() -> None:
    server = Answering()
    watching = asyncio.create_task(server.watch())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    server.answer.set_result(None)
    watching.cancel()
    for _ in range(10):
        await asyncio.sleep(0)

    assert watching.done()
