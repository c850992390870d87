"""The Telegram adapter honours the port, with the Bot API's emulator at the other end."""

from tests.contract.adapter_contract import AdapterContract, CardContract, EditingContract, FaultContract


class TestTelegram(AdapterContract, EditingContract, CardContract, FaultContract):
    """Updates that are asked for; the peer is the fixture of this room."""
