"""Binding a wallet at the command line: by its file, or by a text that is signed elsewhere."""

from collections.abc import Callable
from pathlib import Path

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from cli.terminal import Cli

Join = Callable[[str], Cli]


def test_a_wallet_in_a_file_signs_by_itself(join: Join, tmp_path: Path) -> None:
    """It is bound at once, and taken off by its address in any spelling."""
    ann, wallet = join("ann"), Wallet.create(SystemEntropy())
    wallet.save(tmp_path / "other" / "wallet.json")
    bound = ann("wallet", "bind", str(tmp_path / "other" / "wallet.json"), "--json").document

    account = ann("wallet", "show", "--json").document["accountId"]
    assert (bound["address"], bound["accountId"], bound["scope"]) == (
        wallet.address,
        account,
        "write",
    )
    spelled = "0x" + wallet.address[2:].upper()
    assert ann("wallet", "unbind", spelled, "--json").document["address"] == wallet.address
    assert wallet.address not in ann("wallet", "show", "--json").document["addresses"]


def test_another_wallet_signs_elsewhere(join: Join, tmp_path: Path) -> None:
    """The text is shown and kept until the signature comes."""
    ann, wallet = join("ann"), Wallet.create(SystemEntropy())
    early = ann("wallet", "bind", wallet.address, "--signature", "0x00", "--json").document
    assert early["details"]["cause"] == "binding_unknown"
    asked = ann("wallet", "bind", wallet.address, "--json").document
    signature = wallet.sign_message(asked["message"])
    line = ("wallet", "bind", wallet.address, "--signature", signature, "--json")

    [kept] = (tmp_path / "ann").glob("bind-*")
    assert kept.stat().st_mode & 0o077 == 0
    assert asked["next"] == [f"clawmarket wallet bind {wallet.address} --signature 0x…"]
    wrong = ann(*line[:-2], "0x" + "00" * 65, "--json").document
    assert wrong["details"]["cause"] == "sign_in_refused"
    bound = ann(*line).document
    assert bound["address"] == wallet.address
    assert ann(*line).document["details"]["cause"] == "binding_unknown"
    assert wallet.address in ann("wallet", "show", "--json").document["addresses"]


def test_a_file_and_a_signature_do_not_fit(join: Join, tmp_path: Path) -> None:
    """It is said which of the two is meant."""
    ann = join("ann")
    Wallet.create(SystemEntropy()).save(tmp_path / "w" / "wallet.json")
    line = ("wallet", "bind", str(tmp_path / "w" / "wallet.json"), "--signature", "0x00", "--json")
    assert ann(*line).document["details"]["cause"] == "signature_unneeded"
    missing = ann("wallet", "bind", str(tmp_path / "none.json"), "--json").document
    assert missing["details"]["cause"] == "wallet_missing"
