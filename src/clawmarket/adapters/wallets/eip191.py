"""EIP-191 personal signatures with secp256k1 keys: hash, sign, recover.

Signatures are `0x` and 130 hex digits: r, s and v. Imports neither eth_account nor web3, which
take a second to load.
"""

import re

from coincurve import PrivateKey, PublicKey
from Crypto.Hash import keccak

from clawmarket.ports.wallets import SignatureInvalidError

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""The number of points of secp256k1 (SEC 2, section 2.4.1); keys lie below it."""

_SIGNATURE = re.compile(r"0x([0-9a-fA-F]{130})")
_RECOVERY_ID = {0: 0, 1: 1, 27: 0, 28: 1}


def recover(message: bytes, signature: str) -> str:
    """Return the lower-case address whose key signed the message.

    Raises:
        SignatureInvalidError: The signature is not one, or is the malleable twin of one.
    """
    match = _SIGNATURE.fullmatch(signature)
    if match is None:
        raise SignatureInvalidError("A signature is 0x and 130 hex digits (65 bytes).")
    raw = bytes.fromhex(match[1])
    recovery_id = _RECOVERY_ID.get(raw[64])
    if recovery_id is None:
        raise SignatureInvalidError("A signature's last byte is 0, 1, 27 or 28.")
    # EIP-2: for each s there is a second one, n - s, that anybody can compute; only the lower
    # half counts, so that nobody but the wallet can make another signature of the same words.
    if int.from_bytes(raw[32:64]) > ORDER // 2:
        raise SignatureInvalidError("The signature's s lies in the upper half (EIP-2).")
    try:
        public_key = PublicKey.from_signature_and_message(
            raw[:64] + bytes([recovery_id]), _personal_hash(message), hasher=None
        )
    except ValueError:
        raise SignatureInvalidError("No key can have made this signature.") from None
    return _address(public_key)


def sign(message: bytes, key: bytes) -> str:
    """Return the signature of the message by a 32-byte key (RFC 6979, low s, v is 27 or 28)."""
    raw = PrivateKey(key).sign_recoverable(_personal_hash(message), hasher=None)
    return f"0x{raw[:64].hex()}{raw[64] + 27:02x}"


def address_of(key: bytes) -> str:
    """Return the lower-case address of a 32-byte key. Raises ValueError outside of 1 … n-1."""
    return _address(PrivateKey(key).public_key)


def _personal_hash(message: bytes) -> bytes:
    # EIP-191, version byte 0x45 ("E").
    return _keccak256(b"\x19Ethereum Signed Message:\n%d%b" % (len(message), message))


def _address(public_key: PublicKey) -> str:
    return f"0x{_keccak256(public_key.format(compressed=False)[1:])[12:].hex()}"


def _keccak256(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()
