"""How the wallet checker starts."""

import sys

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_keys.backends import get_backend_class
from eth_keys.backends.coincurve import CoinCurveECCBackend

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.evm import EvmWallets, SlowSignaturesError
from clawmarket.adapters.wallets.keyfile import Wallet


@pytest.mark.parametrize(
    "backend",
    ["eth_keys.backends.NativeECCBackend", "eth_keys.backends.NoSuchBackend", "nowhere.X"],
)
def test_without_coincurve_it_does_not_start(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    """Whether the setting names the slow code or nothing at all."""
    monkeypatch.setenv("ECC_BACKEND_CLASS", backend)
    with pytest.raises(SlowSignaturesError) as refused:
        EvmWallets()
    assert refused.value.next_step == "clawmarket doctor"


def test_without_the_library_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where coincurve is not installed."""
    monkeypatch.setitem(sys.modules, "coincurve", None)
    with pytest.raises(SlowSignaturesError):
        EvmWallets()


def test_where_it_starts_the_sign_in_library_uses_coincurve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own choice, of which the check is a short copy: by default and when it is named."""
    monkeypatch.delenv("ECC_BACKEND_CLASS", raising=False)
    EvmWallets()
    assert get_backend_class() is CoinCurveECCBackend
    monkeypatch.setenv("ECC_BACKEND_CLASS", "eth_keys.backends.CoinCurveECCBackend")
    EvmWallets()
    assert get_backend_class() is CoinCurveECCBackend


def test_a_foreign_wallets_signatures_are_read() -> None:
    """Those of eth_account, the library that others sign with, over 32 bytes and over a text."""
    account = Account.create()
    digest = SystemEntropy().draw(32)
    signed = account.sign_message(encode_defunct(digest))
    signer = EvmWallets().signer(digest, f"0x{bytes(signed.signature).hex()}")
    assert signer == account.address.lower()


def test_a_foreign_reader_reads_our_wallets_signatures() -> None:
    """eth_account finds our wallet's address from digest and text signatures."""
    wallet = Wallet.create(SystemEntropy())
    digest, text = SystemEntropy().draw(32), "grüezi\n"
    found = [
        Account.recover_message(encode_defunct(digest), signature=wallet.sign_digest(digest)),
        Account.recover_message(encode_defunct(text=text), signature=wallet.sign_message(text)),
    ]
    assert [address.lower() for address in found] == [wallet.address] * 2
