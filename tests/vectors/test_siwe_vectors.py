"""Every published EIP-4361 case; origin and licence in eip4361/README.md."""

import json
from pathlib import Path
from typing import Any

import pytest
import siwe

from clawmarket.adapters.wallets.evm import EvmWallets
from clawmarket.domain.kernel.moment import from_iso
from clawmarket.ports.wallets import SignIn, SignInRefusedError

FOLDER = Path(__file__).parent / "eip4361"
READ, REFUSED, SIGNED = (
    json.loads((FOLDER / f"{name}.json").read_bytes())
    for name in ("parsing_positive", "parsing_negative", "verification_positive")
)


def message_of(case: dict[str, Any]) -> str:
    """Write the text of a case that lists fields in the wire's camel case."""
    names = {"chainId": "chain_id", "issuedAt": "issued_at"}
    names |= {"expirationTime": "expiration_time", "notBefore": "not_before"}
    fields = {names.get(k, k): v for k, v in case.items() if k not in {"signature", "time"}}
    text: str = siwe.SiweMessage(**fields).prepare_message()
    return text


def test_all_cases_are_here() -> None:
    """As many as the README says."""
    assert (len(READ), len(REFUSED), len(SIGNED)) == (19, 29, 4)


@pytest.mark.parametrize("name", READ)
def test_a_good_message_is_read(name: str) -> None:
    """Its fields come out; an address in lower case, a missing statement as an empty one."""
    fields = READ[name]["fields"]
    assert EvmWallets().read_sign_in(READ[name]["message"]) == SignIn(
        domain=fields["domain"],
        address=fields["address"].lower(),
        statement=fields.get("statement", ""),
        uri=fields["uri"],
        chain_id=fields["chainId"],
        nonce=fields["nonce"],
        issued_at=from_iso(fields["issuedAt"]),
        expires_at=None,
    )


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_message_is_refused(name: str) -> None:
    """Reading and checking refuse it alike."""
    with pytest.raises(SignInRefusedError):
        EvmWallets().read_sign_in(REFUSED[name])
    with pytest.raises(SignInRefusedError):
        EvmWallets().check_sign_in(REFUSED[name], f"0x{1:0128x}00", 1_650_000_000_000)


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_message_is_accepted(name: str) -> None:
    """At the moment it names, or when it was issued."""
    case = SIGNED[name]
    now = from_iso(case.get("time", case["issuedAt"]))
    signer = EvmWallets().check_sign_in(message_of(case), case["signature"], now)
    assert signer == case["address"].lower()


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_message_is_refused_for_another_wallet(name: str) -> None:
    """The same signature below the message of another case proves nothing."""
    case = SIGNED[name]
    other = next(SIGNED[n] for n in SIGNED if n != name and "notBefore" not in SIGNED[n])
    with pytest.raises(SignInRefusedError, match="Another wallet"):
        EvmWallets().check_sign_in(message_of(other), case["signature"], 0)


def test_the_moments_of_the_signed_messages_count() -> None:
    """One millisecond outside of what they say, they are refused."""
    early, late = SIGNED["not yet valid"], SIGNED["expired message"]
    with pytest.raises(SignInRefusedError, match="not valid before"):
        EvmWallets().check_sign_in(
            message_of(early), early["signature"], from_iso(early["notBefore"]) - 1
        )
    with pytest.raises(SignInRefusedError, match="expired"):
        EvmWallets().check_sign_in(
            message_of(late), late["signature"], from_iso(late["expirationTime"])
        )
