"""Every published RFC 6962 proof case; origin and licence in merkle/README.md."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from clawmarket.domain.trust.merkle import ProofError, verify_consistency, verify_inclusion

FOLDER = Path(__file__).parent / "merkle"
INCLUSION = sorted((FOLDER / "inclusion").rglob("*.json"))
CONSISTENCY = sorted((FOLDER / "consistency").rglob("*.json"))


def name(path: Path) -> str:
    """A case's folder and file, to find it again."""
    return f"{path.parent.name}/{path.stem}"


def proof_of(case: dict[str, Any]) -> list[bytes]:
    """The proof of a case; null is the empty one."""
    return [b64decode(text) for text in case["proof"] or []]


def check_inclusion(case: dict[str, Any]) -> None:
    """Run one inclusion case."""
    leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
    verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof_of(case), root)


def check_consistency(case: dict[str, Any]) -> None:
    """Run one consistency case."""
    root1, root2 = b64decode(case["root1"]), b64decode(case["root2"])
    verify_consistency(case["size1"], case["size2"], proof_of(case), root1, root2)


def test_all_cases_are_here() -> None:
    """53 inclusion and 43 consistency cases, four and three of them good."""
    cases = [json.loads(path.read_bytes()) for path in (*INCLUSION, *CONSISTENCY)]
    assert (len(INCLUSION), len(CONSISTENCY)) == (53, 43)
    assert [case["wantErr"] for case in cases].count(False) == 7


@pytest.mark.parametrize("path", INCLUSION, ids=name)
def test_inclusion(path: Path) -> None:
    """The verdict is the published one."""
    case = json.loads(path.read_bytes())
    if case["wantErr"]:
        with pytest.raises(ProofError):
            check_inclusion(case)
    else:
        check_inclusion(case)


@pytest.mark.parametrize("path", CONSISTENCY, ids=name)
def test_consistency(path: Path) -> None:
    """The verdict is the published one."""
    case = json.loads(path.read_bytes())
    if case["wantErr"]:
        with pytest.raises(ProofError):
            check_consistency(case)
    else:
        check_consistency(case)
