"""Every published checkpoint body and signed note; origin and licence in tlog/README.md."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from clawmarket.domain.trust.checkpoint import (
    Checkpoint,
    CheckpointError,
    note,
    parse_body,
    parse_note,
    parse_vkey,
    vkey,
)

FOLDER = Path(__file__).parent / "tlog"
BODIES = json.loads((FOLDER / "checkpoint_body_cases.json").read_bytes())
EXAMPLES = json.loads((FOLDER / "signed_note_examples.json").read_bytes())


def test_all_cases_are_here() -> None:
    """13 bodies, six of them good."""
    assert [case["wantErr"] for case in BODIES] == [False] * 5 + [True] * 7 + [False]


@pytest.mark.parametrize("case", BODIES, ids=lambda case: case["desc"])
def test_checkpoint_body(case: dict[str, Any]) -> None:
    """A bad body is refused; a good one is read and written back to the byte."""
    if case["wantErr"]:
        with pytest.raises(CheckpointError):
            parse_body(case["text"])
    else:
        assert parse_body(case["text"]).body() == case["text"]


def test_the_specifications_note_is_verified_by_its_key() -> None:
    """Key id, parting of text and signature, and signed bytes are those that others use."""
    example = EXAMPLES["signedNote"]
    key = parse_vkey(example["vkey"])
    signed = parse_note(example["note"])
    assert (key.name, key.key_id.hex()) == (example["name"], example["keyId"])
    assert signed.body == example["body"]
    [signature] = signed.signatures
    assert signature[:2] == key[:2]
    ed25519 = Ed25519PublicKey.from_public_bytes(key.public_key)
    ed25519.verify(signature.signature, signed.body.encode())
    with pytest.raises(InvalidSignature):
        ed25519.verify(signature.signature, signed.body.encode()[:-1])


def test_the_specifications_note_is_written_back() -> None:
    """Writers give the published key, note and checkpoint to the byte."""
    key = parse_vkey(EXAMPLES["signedNote"]["vkey"])
    assert vkey(key.name, key.public_key) == EXAMPLES["signedNote"]["vkey"]
    for example in EXAMPLES.values():
        assert note(*parse_note(example["note"])) == example["note"]


def test_the_specifications_checkpoint_is_read() -> None:
    """Origin, size and root are the ones its text shows."""
    example = EXAMPLES["checkpoint"]
    expected = Checkpoint(example["origin"], example["size"], b64decode(example["root"]))
    assert parse_body(parse_note(example["note"]).body) == expected
