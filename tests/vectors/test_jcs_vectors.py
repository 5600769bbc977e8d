"""The published RFC 8785 vectors: equal to the byte, or refused where they leave our subset."""

import json
from pathlib import Path

import pytest

from clawmarket.domain.kernel.canonical import CanonicalError, canonical_bytes

VECTORS = Path(__file__).parent / "jcs"
WRITTEN = {"arrays", "unicode"}
REFUSED = {
    "french": "$ has a name that is not an ASCII string",
    "structures": ('$["1"]["\\n"] is not a whole number; amounts are written as strings of digits'),
    "values": "$.numbers[0] is not a whole number; amounts are written as strings of digits",
    "weird": "$ has a name that is not an ASCII string",
}


def the_input(name: str) -> str:
    """Read a published input."""
    return (VECTORS / "input" / f"{name}.json").read_text(encoding="utf-8")


def the_output(name: str) -> bytes:
    """Read the published bytes."""
    return bytes.fromhex((VECTORS / "outhex" / f"{name}.txt").read_text(encoding="ascii"))


def test_every_vector_is_judged() -> None:
    """No published vector is left out."""
    assert {path.stem for path in VECTORS.glob("input/*.json")} == WRITTEN | set(REFUSED)


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_vectors_of_the_subset_match(name: str) -> None:
    """What fits the subset is written as published, byte for byte."""
    assert canonical_bytes(json.loads(the_input(name))) == the_output(name)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_vectors_beyond_the_subset_are_refused(name: str) -> None:
    """Fractions and names beyond ASCII are refused with their place."""
    with pytest.raises(CanonicalError) as refusal:
        canonical_bytes(json.loads(the_input(name)))
    assert str(refusal.value) == REFUSED[name]


def test_structures_match_once_the_float_is_a_whole_number() -> None:
    """The nested structures vector differs from the subset only in writing 56 as 56.0."""
    value = json.loads(the_input("structures"), parse_float=lambda text: int(float(text)))
    assert canonical_bytes(value) == the_output("structures")
