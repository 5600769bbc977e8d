"""Wallets in a browser, as an extension brings them; keys are made in the test."""

from collections.abc import Sequence
from typing import Any

from clawmarket.adapters.wallets.eip191 import sign
from clawmarket.adapters.wallets.keyfile import Wallet

# A wallet as an extension brings it: announced by EIP-6963, asked by EIP-1193.
PROVIDER = """
const provider = { request: ({ method, params }) => window.wallet(method, params ?? []) };
const detail = Object.freeze({
  info: { uuid: "6f0f2c1e-0000-4000-8000-000000000001", name: "Test wallet", icon: "data:,",
    rdns: "test.wallet" },
  provider,
});
const announce = () =>
  window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
window.addEventListener("eip6963:requestProvider", announce);
announce();
"""


def with_wallets(page: Any, held: Sequence[Wallet]) -> list[str]:
    """Put a wallet with some accounts into a page, the chosen one first; list what it signed."""
    asked: list[str] = []

    def answer(method: str, params: list[str]) -> Any:
        if method in ("eth_requestAccounts", "eth_accounts"):
            return [wallet.address for wallet in held]
        assert method == "personal_sign"
        wallet = next(each for each in held if each.address.lower() == params[1].lower())
        data = bytes.fromhex(params[0].removeprefix("0x"))
        asked.append(params[0])
        return sign(data, bytes.fromhex(wallet.key.reveal().removeprefix("0x")))

    page.expose_function("wallet", answer)
    page.add_init_script(PROVIDER)
    return asked
