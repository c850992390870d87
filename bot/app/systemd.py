"""Word to the service manager: ready, alive, stopping. Silent where nobody listens."""

import asyncio
import socket
from typing import Final

ALIVE_EVERY_SECONDS: Final = 10.0


class Notifier:
    """Speaks sd_notify over the datagram socket the manager named; an abstract one begins with `@`."""

    def __init__(self, address: str | None) -> None:
        self._address = ("\0" + address[1:] if address.startswith("@") else address) if address else None

    def say(self, state: str) -> None:
        """Tell `READY=1` or its kin; a manager that is gone is not our trouble."""
        if self._address is None:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            try:
                sender.connect(self._address)
                sender.sendall(state.encode())
            except OSError:
                return

    async def stay_alive(self) -> None:
        """Say so for as long as the loop turns; a blocked loop falls silent and is restarted."""
        while True:
            self.say("WATCHDOG=1")
            await asyncio.sleep(ALIVE_EVERY_SECONDS)
