"""The log's key pair, from a private key file of the market's home."""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clawmarket.domain.kernel.secret import Secret


@dataclass(frozen=True)
class Ed25519Signer:
    """Signs with an Ed25519 seed that stays in memory (RFC 8032)."""

    name: str
    public_key: bytes
    _key: Ed25519PrivateKey

    @classmethod
    def from_seed(cls, name: str, seed: Secret) -> "Ed25519Signer":
        """Return the signer of a 32-byte seed in hexadecimal."""
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed.reveal()))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cls(name, public, key)

    def sign(self, message: bytes) -> bytes:
        """Return the signature over a message."""
        return self._key.sign(message)


def is_signed(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether a signature over a message is this key's (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
