"""Hashes of the original market: the same words have the same hash here."""

import json
from pathlib import Path

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.market.consenting.consent import consent_digest
from clawmarket.domain.market.terms import scope_facts

VECTOR = json.loads((Path(__file__).parent / "market" / "consent.json").read_text("utf-8"))


def test_a_consent_has_the_original_hash() -> None:
    """Message and hash are those of the original, whatever order the scope is written in."""
    scope = scope_facts(VECTOR["scope"]["purpose"], VECTOR["scope"]["durationDays"])
    about = {name: VECTOR[name] for name in ("orderId", "offerId", "buyerId")}

    assert canonical_bytes(about | {"scope": scope}).decode() == VECTOR["message"]
    hashed = consent_digest(about["orderId"], about["offerId"], about["buyerId"], scope)
    assert hashed == f"sha256:{VECTOR['sha256']}"
