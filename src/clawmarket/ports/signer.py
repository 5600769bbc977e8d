"""Who signs the log's checkpoints."""

from typing import Protocol


class LogSigner(Protocol):
    """An Ed25519 key pair; the name is the log's origin."""

    @property
    def name(self) -> str:
        """The name that stands in signed notes."""
        ...

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over a message (RFC 8032)."""
        ...
