"""The Slack adapter honours the port, with Slack's emulator at the other end."""

from tests.contract.adapter_contract import AdapterContract, CardContract, EditingContract, FaultContract


class TestSlack(AdapterContract, EditingContract, CardContract, FaultContract):
    """Socket Mode; the peer is the fixture of this room."""
