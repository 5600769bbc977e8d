"""Checkpoints of the log (C2SP tlog-checkpoint) as signed notes (C2SP signed-note).

Signing and verifying are the caller's: a signature is bytes here, a verifier a function.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from clawmarket.domain.trust.merkle import HASH_BYTES, MAX_SIZE

Verify = Callable[[bytes, bytes, bytes], bool]
"""From public key, signature and message to whether the signature is good."""

# signed-note asks for a limit of at least 16; each signature of a note costs a line to parse.
MAX_SIGNATURES = 64

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_PUBLIC_KEY_BYTES = 32
_DASH = "\u2014 "
_HEAD_LINES = 3
# Control characters are forbidden by signed-note, Format; lone surrogates have no UTF-8 form.
_NOT_IN_LINE = re.compile(r"[\x00-\x1f\ud800-\udfff]")
_NOT_IN_NOTE = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,19}")
_VKEY = re.compile(r"([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]*)")


class CheckpointError(ValueError):
    """A checkpoint, a note or a key has the wrong form, or no good signature."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log at one size.

    The form allows what the published cases allow: roots of any length and empty extension lines.
    `open_checkpoint` is stricter.

    Args:
        origin: The log's identity, one line.
        size: Number of leaves, at most 2^64 - 1.
        root: The root hash.
        extensions: Further lines, opaque; tlog-checkpoint advises against any.

    Raises:
        CheckpointError: A value could not be written so that it reads back the same.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.origin:
            raise CheckpointError("a checkpoint needs an origin")
        for line in (self.origin, *self.extensions):
            _check_text(line, "line", _NOT_IN_LINE)
        if not 0 <= self.size <= MAX_SIZE:
            raise CheckpointError(f"size {self.size} is not between 0 and 2^64 - 1")

    def body(self) -> str:
        """Return the text that is signed."""
        lines = (self.origin, str(self.size), _base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_body(text: str) -> Checkpoint:
    """Return the checkpoint that `Checkpoint.body` wrote. Raises CheckpointError."""
    *lines, rest = text.split("\n")
    if rest:
        raise CheckpointError("the last line of the checkpoint has no newline")
    if len(lines) < _HEAD_LINES:
        raise CheckpointError(f"a checkpoint has at least 3 lines, not {len(lines)}")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise CheckpointError(f"{size[:40]!r} is not a decimal tree size")
    return Checkpoint(origin, int(size), _from_base64(root, "root hash"), tuple(extensions))


class VerifierKey(NamedTuple):
    """An Ed25519 key as a reader of the log pins it: its name, its id and 32 bytes."""

    name: str
    key_id: bytes
    public_key: bytes


class NoteSignature(NamedTuple):
    """One signature line: whose key, the key's four-byte id, and the signature itself."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A signed text, its final newline included, and the signatures below it."""

    body: str
    signatures: tuple[NoteSignature, ...]


def key_id(name: str, public_key: bytes) -> bytes:
    """Return the four bytes that hint at an Ed25519 key (signed-note, Ed25519 signatures)."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:_KEY_ID_BYTES]


def vkey(name: str, public_key: bytes) -> str:
    """Return a verifier key as text. Raises CheckpointError for a name or key of wrong form."""
    _check_name(name)
    if len(public_key) != _PUBLIC_KEY_BYTES:
        raise CheckpointError(f"an Ed25519 key has 32 bytes, not {len(public_key)}")
    return f"{name}+{key_id(name, public_key).hex()}+{_base64(_ED25519 + public_key)}"


def parse_vkey(text: str) -> VerifierKey:
    """Return the Ed25519 key that `vkey` wrote.

    Raises:
        CheckpointError: Wrong form, another signature type, or an id that is not the key's.
    """
    match = _VKEY.fullmatch(text)
    if match is None:
        raise CheckpointError("a verifier key is written <name>+<8 hex digits>+<base64>")
    name, written_id, encoded = match.groups()
    key = _from_base64(encoded, "verifier key")
    if key[:1] != _ED25519:
        raise CheckpointError(f"signature type {key[:1].hex() or 'none'} is not Ed25519 (01)")
    public_key = key[1:]
    if vkey(name, public_key) != text:
        wanted = key_id(name, public_key).hex()
        raise CheckpointError(f"key id {written_id} does not fit the key, whose id is {wanted}")
    return VerifierKey(name, bytes.fromhex(written_id), public_key)


def note(body: str, signatures: Sequence[tuple[str, bytes, bytes]]) -> str:
    """Return the signed note of a text.

    Args:
        body: The text that was signed, in UTF-8, its final newline included.
        signatures: Name, key id and signature of each signer, 1 to 64.

    Raises:
        CheckpointError: A part could not be written so that it reads back the same.
    """
    _check_body(body)
    _check_count(len(signatures))
    lines = (_signature_line(NoteSignature(*signature)) for signature in signatures)
    return f"{body}\n{''.join(lines)}"


def _signature_line(signed: NoteSignature) -> str:
    _check_signature(signed)
    return f"{_DASH}{signed.name} {_base64(signed.key_id + signed.signature)}\n"


def parse_note(text: str) -> Note:
    """Return the text and signatures of a note that `note` wrote; verifies nothing.

    Raises:
        CheckpointError: The text has not the form of a signed note.
    """
    # The text may hold empty lines itself: the last one parts it (signed-note, Format).
    head, gap, tail = text.rpartition("\n\n")
    *lines, rest = tail.split("\n")
    if not gap or rest:
        raise CheckpointError("a note is a text, an empty line and lines of signatures")
    body = f"{head}\n"
    _check_body(body)
    _check_count(len(lines))
    return Note(body, tuple(_parse_signature(line) for line in lines))


def _parse_signature(line: str) -> NoteSignature:
    if not line.startswith(_DASH):
        raise CheckpointError(f"{line[:80]!r} does not begin with an em dash and a space")
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = _from_base64(encoded, "signature")
    signed = NoteSignature(name, data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])
    _check_signature(signed)
    return signed


def open_checkpoint(text: str, key: VerifierKey, verify: Verify) -> Checkpoint:
    """Return the checkpoint in a note once the log's own key is shown to have signed it.

    Signatures of other keys are passed over; each by the known key has to be good
    (signed-note, Signatures).

    Args:
        text: The signed note.
        key: The key that is known to be the log's.
        verify: Says whether a signature is good.

    Raises:
        CheckpointError: No good signature by the key, or a checkpoint that the log may not sign.
    """
    signed = parse_note(text)
    known = [
        one.signature
        for one in signed.signatures
        if (one.name, one.key_id) == (key.name, key.key_id)
    ]
    if not known:
        raise CheckpointError(f"the note carries no signature of {key.name}")
    message = signed.body.encode()
    if not all(verify(key.public_key, signature, message) for signature in known):
        raise CheckpointError(f"the signature of {key.name} is wrong")
    checkpoint = parse_body(signed.body)
    _check_signable(checkpoint, key.name)
    return checkpoint


def _check_signable(checkpoint: Checkpoint, name: str) -> None:
    # A key that signs for two logs must not let one pass as the other.
    if checkpoint.origin != name:
        raise CheckpointError(f"{name} signed for another origin: {checkpoint.origin}")
    if len(checkpoint.root) != HASH_BYTES:
        raise CheckpointError(f"the root hash has {len(checkpoint.root)} bytes, not {HASH_BYTES}")
    if "" in checkpoint.extensions:
        raise CheckpointError("an extension line must not be empty")


def _check_name(name: str) -> None:
    _check_text(name, "key name", _NOT_IN_LINE)
    if not name or "+" in name or any(char.isspace() for char in name):
        raise CheckpointError(f"{name!r} is no key name: empty, or holding a space or a plus")


def _check_signature(signed: NoteSignature) -> None:
    _check_name(signed.name)
    if len(signed.key_id) != _KEY_ID_BYTES or not signed.signature:
        raise CheckpointError(f"{signed.name}: a key id has 4 bytes and a signature at least one")


def _check_body(body: str) -> None:
    if not body.endswith("\n"):
        raise CheckpointError("the text of a note ends in a newline")
    _check_text(body, "note", _NOT_IN_NOTE)


def _check_text(text: str, what: str, forbidden: re.Pattern[str]) -> None:
    found = forbidden.search(text)
    if found:
        raise CheckpointError(f"a {what} must not hold the character U+{ord(found[0]):04X}")


def _check_count(signatures: int) -> None:
    if not 1 <= signatures <= MAX_SIGNATURES:
        raise CheckpointError(f"a note has 1 to {MAX_SIGNATURES} signatures, not {signatures}")


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _from_base64(text: str, what: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise CheckpointError(f"the {what} is not base64") from None
    # Loose trailing bits would let one value be written in several ways.
    if _base64(data) != text:
        raise CheckpointError(f"the {what} is not base64 as RFC 4648 writes it")
    return data
