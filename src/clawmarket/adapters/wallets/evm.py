"""Wallets of the EVM world: sign-in by EIP-4361, statements by EIP-191.

There is no memory twin: the port is pure computation, so tests use this very adapter.
"""

import importlib
import os
import re
from functools import lru_cache
from types import ModuleType
from typing import Protocol, cast

from clawmarket.adapters.wallets.eip191 import recover
from clawmarket.domain.kernel.errors import UnavailableError
from clawmarket.domain.kernel.moment import from_iso, iso
from clawmarket.ports.wallets import SignatureInvalidError, SignIn, SignInRefusedError

MAX_MESSAGE_BYTES = 1024
MAX_LINE_CHARS = 256

_FAST_BACKEND = "eth_keys.backends.CoinCurveECCBackend"
_SIGNATURE_CHARS = 132
_NOBODY = f"0x{0:040}"
_NONCE = re.compile(r"[0-9A-Za-z]{8,}")


class SlowSignaturesError(UnavailableError):
    """Signatures would be checked by slow code that does not run in constant time."""

    advice = "Install coincurve and leave ECC_BACKEND_CLASS unset, then start again."
    next_command = "clawmarket doctor"
    retryable = False


class _Message(Protocol):
    """The parts of the EIP-4361 library's message that are used here."""

    domain: str
    address: str
    statement: str | None
    uri: str
    chain_id: int
    nonce: str
    issued_at: str
    expiration_time: str | None
    not_before: str | None
    warnings: list[str]

    def prepare_message(self) -> str:
        """Return the text that is signed."""
        ...


class EvmWallets:
    """Key-pair wallets (EOA). Raises SlowSignaturesError where libsecp256k1 is not in use."""

    def __init__(self) -> None:
        _demand_coincurve()

    def challenge(self, sign_in: SignIn) -> str:
        """Return the EIP-4361 message for a sign-in, the address in its EIP-55 spelling.

        Raises SignInRefusedError for a field that the message's grammar has no room for.
        """
        from eth_utils.address import to_checksum_address  # noqa: PLC0415 - half a second to load

        try:
            frame = _frame(sign_in.domain, sign_in.statement, sign_in.uri, sign_in.chain_id)
            address = to_checksum_address(sign_in.address)
            moments = [f"Issued At: {iso(sign_in.issued_at)}"]
            if sign_in.expires_at is not None:
                moments.append(f"Expiration Time: {iso(sign_in.expires_at)}")
        except (ValueError, OverflowError):
            raise SignInRefusedError("No EIP-4361 message has such fields.") from None
        if not _NONCE.fullmatch(sign_in.nonce):
            raise SignInRefusedError("A nonce has 8 letters and digits or more.")
        return "\n".join((frame[0], address, frame[1], f"Nonce: {sign_in.nonce}", *moments))

    def read_sign_in(self, message: str) -> SignIn:
        """Return what an EIP-4361 message says, its address in lower case.

        Scheme, not-before, request id and resources have no place in a SignIn: whoever needs them
        absent compares the message with the challenge. Raises SignInRefusedError.
        """
        parsed = _parse(message)
        return SignIn(
            domain=parsed.domain,
            address=parsed.address.lower(),
            statement=parsed.statement or "",
            uri=parsed.uri,
            chain_id=parsed.chain_id,
            nonce=parsed.nonce,
            issued_at=from_iso(parsed.issued_at),
            expires_at=_moment(parsed.expiration_time),
        )

    def check_sign_in(self, message: str, signature: str, now: int) -> str:
        """Return the address that signed an EIP-4361 message that is valid at `now` (ms).

        Domain, nonce, URI and chain are for the caller to compare. Raises SignInRefusedError.
        """
        parsed = _parse(message)
        expires_at, not_before = _moment(parsed.expiration_time), _moment(parsed.not_before)
        if expires_at is not None and now >= expires_at:
            raise SignInRefusedError(f"The sign-in message expired at {iso(expires_at)}.")
        if not_before is not None and now < not_before:
            raise SignInRefusedError(f"The sign-in message is not valid before {iso(not_before)}.")
        return _demand_signer(message, signature, parsed.address.lower())

    def signer(self, digest: bytes, signature: str) -> str:
        """Return the address whose EIP-191 signature over 32 bytes this is.

        Raises SignatureInvalidError.
        """
        if len(digest) != 32:  # noqa: PLR2004 - the name says so: the length of a SHA-256
            raise SignatureInvalidError("Wallets sign digests of 32 bytes.")
        return recover(digest, signature)


@lru_cache(maxsize=16)
def _frame(domain: str, statement: str, uri: str, chain_id: int) -> tuple[str, str]:
    """Return what a message says before its address, and from there to its nonce.

    The library takes some 8 ms to write a message, and strangers ask for them; those of one
    market differ in address, nonce and moments only. Raises ValueError.
    """
    message = cast(
        "_Message",
        _siwe().SiweMessage(
            domain=domain,
            address=_NOBODY,
            statement=statement or None,
            uri=uri,
            version="1",
            chain_id=chain_id,
            nonce="0" * 8,
            issued_at=iso(0),
        ),
    )
    before, _, rest = message.prepare_message().partition(f"\n{_NOBODY}\n")
    return before, rest.rpartition("\nNonce: ")[0]


def _parse(message: str) -> _Message:
    """Read a message strictly: what it says, written again, is the same text.

    Strangers send these, and the grammar's parser takes time in the square of their length: within
    the two bounds it is done in some 60 ms, for 4 KiB in one line it took a second and a half.
    """
    if len(message) > MAX_MESSAGE_BYTES or not message.isascii():
        raise SignInRefusedError(f"A sign-in message is ASCII, up to {MAX_MESSAGE_BYTES} bytes.")
    if max(map(len, message.split("\n"))) > MAX_LINE_CHARS:
        raise SignInRefusedError(f"A line of a sign-in message has up to {MAX_LINE_CHARS} bytes.")
    try:
        parsed = cast("_Message", _siwe().SiweMessage.from_message(message))
        _moment(parsed.issued_at)
    except ValueError:
        raise SignInRefusedError("The message is not in the form of EIP-4361.") from None
    if parsed.warnings:
        raise SignInRefusedError("The message's address is not in the spelling of EIP-55.")
    if parsed.prepare_message() != message:
        raise SignInRefusedError("The message is not in the one spelling that EIP-4361 gives it.")
    return parsed


def _demand_signer(message: str, signature: str, address: str) -> str:
    if len(signature) != _SIGNATURE_CHARS:
        raise SignInRefusedError(
            "The signature is not one of 65 bytes; contract wallets (EIP-1271, EIP-6492) cannot"
            " sign in, since this market has no chain to ask about them."
        )
    try:
        signer = recover(message.encode(), signature)
    except SignatureInvalidError as error:
        raise SignInRefusedError(error.what) from None
    if signer != address:
        raise SignInRefusedError(f"Another wallet than {address} signed this message.")
    return address


def _moment(text: str | None) -> int | None:
    return None if text is None else from_iso(text)


def _siwe() -> ModuleType:
    import siwe  # noqa: PLC0415 - brings web3, a second to load

    return cast("ModuleType", siwe)


def _demand_coincurve() -> None:
    # What eth_keys would choose, said without loading it: a tenth of a second of each start.
    if os.environ.get("ECC_BACKEND_CLASS", _FAST_BACKEND) != _FAST_BACKEND:
        raise SlowSignaturesError("ECC_BACKEND_CLASS names another library than coincurve.")
    try:
        importlib.import_module("coincurve")
    except ImportError:
        raise SlowSignaturesError("coincurve cannot be loaded.") from None
