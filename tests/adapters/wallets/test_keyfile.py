"""A wallet in a file."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.adapters.entropy.memory import SeededEntropy
from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.eip191 import ORDER
from clawmarket.adapters.wallets.keyfile import (
    Wallet,
    WalletExistsError,
    WalletMissingError,
    WalletUnreadableError,
    WalletUnsavedError,
)


class Dealt:
    """Entropy that deals out what it was given."""

    def __init__(self, *cards: bytes) -> None:
        self._cards = list(cards)

    def draw(self, count: int) -> bytes:
        """Return the next card."""
        assert len(self._cards[0]) == count
        return self._cards.pop(0)


def test_the_address_of_a_known_key() -> None:
    """Key 1's public key is the generator itself; the whole world knows its address."""
    wallet = Wallet.create(Dealt((1).to_bytes(32)))
    assert wallet.address == "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"


def test_a_draw_that_is_no_key_is_drawn_again() -> None:
    """Zero and everything from the group's order on are passed over."""
    bad = [bytes(32), ORDER.to_bytes(32), b"\xff" * 32]
    wallet = Wallet.create(Dealt(*bad, (1).to_bytes(32)))
    assert wallet == Wallet.create(Dealt((1).to_bytes(32)))


def test_a_saved_wallet_is_opened_again(tmp_path: Path) -> None:
    """The same key, in a file that only its owner reads, in a folder made for it."""
    path = tmp_path / "new" / "wallet.json"
    wallet = Wallet.create(SystemEntropy())
    wallet.save(path)
    assert Wallet.open(path) == wallet
    assert json.loads(path.read_bytes()) == {
        "version": 1,
        "address": wallet.address,
        "key": wallet.key.reveal(),
    }
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]
    assert list(path.parent.iterdir()) == [path]


def test_a_wallet_is_never_overwritten(tmp_path: Path) -> None:
    """Not by another and not by itself; nothing is left beside it."""
    path = tmp_path / "wallet.json"
    first = Wallet.create(SeededEntropy(1))
    first.save(path)
    for wallet in (first, Wallet.create(SeededEntropy(2))):
        with pytest.raises(WalletExistsError):
            wallet.save(path)
    assert Wallet.open(path) == first
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_takes_no_file_is_named(tmp_path: Path) -> None:
    """Here a file stands where the folder would be."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WalletUnsavedError, match=r"Not a directory|File exists"):
        Wallet.create(SystemEntropy()).save(tmp_path / "file" / "deeper" / "wallet.json")


def test_a_missing_wallet_names_the_command_that_makes_one(tmp_path: Path) -> None:
    """So that a newcomer knows what to run."""
    with pytest.raises(WalletMissingError) as refused:
        Wallet.open(tmp_path / "wallet.json")
    assert refused.value.next_step == "clawmarket wallet new"


def test_a_folder_is_no_wallet(tmp_path: Path) -> None:
    """The system's own words say why."""
    with pytest.raises(WalletUnreadableError, match="Is a directory"):
        Wallet.open(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"address": "0x" + "0" * 40},
        {"address": None},
        {"key": "0x" + "0" * 64},
        {"key": "0x" + "f" * 64},
        {"key": 7},
        {"key": None},
        {"key": "0x12"},
        {"note": "more"},
    ],
)
def test_a_changed_wallet_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    """Each field is checked, and the refusal does not show the key."""
    path, changed = tmp_path / "wallet.json", tmp_path / "changed.json"
    Wallet.create(SystemEntropy()).save(path)
    fields = json.loads(path.read_bytes())
    changed.write_text(json.dumps(fields | change))
    with pytest.raises(WalletUnreadableError) as refused:
        Wallet.open(changed)
    assert fields["key"][2:] not in f"{refused.value} {refused.value.details}"


@given(content=st.binary(max_size=60) | st.sampled_from([b"[]", b"null", b"[" * 4000, b"{}"]))
def test_any_other_content_is_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Never a traceback."""
    path = tmp_path_factory.mktemp("wallets") / "wallet.json"
    path.write_bytes(content)
    with pytest.raises(WalletUnreadableError):
        Wallet.open(path)


@given(seed=st.integers(0, 2**32), digest=st.binary(min_size=32, max_size=32))
def test_signatures_have_a_low_s_and_do_not_change(seed: int, digest: bytes) -> None:
    """EIP-2 and RFC 6979: the same digest gives the same 65 bytes, v being 27 or 28."""
    wallet = Wallet.create(SeededEntropy(seed))
    signature = wallet.sign_digest(digest)
    raw = bytes.fromhex(signature[2:])
    assert signature == wallet.sign_digest(digest)
    assert (len(raw), raw[64] in {27, 28}) == (65, True)
    assert 0 < int.from_bytes(raw[32:64]) <= ORDER // 2


def test_a_wallet_does_not_show_its_key() -> None:
    """Neither printed nor formatted."""
    wallet = Wallet.create(SystemEntropy())
    assert wallet.key.reveal()[2:] not in f"{wallet} {wallet!r} {wallet.key}"


def test_opening_a_wallet_does_not_load_the_heavy_libraries() -> None:
    """The command line starts without eth_account, eth_keys and web3."""
    code = (
        "import sys, clawmarket.adapters.wallets.keyfile;"
        "print(sorted({'eth_account', 'eth_keys', 'eth_utils', 'siwe', 'web3'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
