"""The Slack app described for Slack, which makes it after this description."""

from typing import Final

from adapters.slack.manifest import manifest, yaml_from_manifest

#: Stands in the manifest over HTTP until the real address is known.
UNKNOWN_ADDRESS: Final = "https://desk.example.org"


def slack_manifest(*, is_http: bool, address: str | None = None) -> str:
    """The manifest as YAML; `address` is where Slack reaches us over HTTP."""
    return yaml_from_manifest(manifest((address or UNKNOWN_ADDRESS) if is_http else None))
