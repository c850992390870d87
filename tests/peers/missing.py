"""What a test says when the real program it talks to is not on this machine.

It fails, it never skips: a silent gap helps nobody.
"""


class PeerMissingError(RuntimeError):
    """A peer is not installed; the sentence names it and the line that mends it."""

    def __init__(self, peer: str, package: str, otherwise: str) -> None:
        super().__init__(f"{peer} is not installed. Mend it: apt-get install {package} ({otherwise}).")
