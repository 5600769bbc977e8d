"""What the plugin declares to OpenClaw: commands, tools, gateway methods, and what a status reads.

`tools/generate.py` writes it into `openclaw-plugin/`. The host wants all of it before the plugin
can ask anybody, so it is written down when the plugin is built.
"""

from dataclasses import dataclass

from clawmarket.registry.methods import METHODS, Manner, Method, Scope

PLUGIN_ID = "clawmarket"
# The host waits fifteen seconds for a hook, then it refuses every tool.
MIN_GUARD_MS, GUARD_MS, MAX_GUARD_MS = 20, 1_000, 5_000


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: the host runs it without asking the model.

    `required_scopes` are the host's; with one it says who its owner is, and in a channel lets
    nobody else in.
    """

    name: str
    summary: str
    takes_arguments: bool = False
    required_scopes: tuple[str, ...] = ()


_OWNED = ("operator.write",)

COMMANDS = (
    Command("web3", "Your identity, billing, audit and market on one page."),
    Command("web3-market", "Look at the market: help, status [deep] [timeoutMs=…], start.", True),
    Command("market", "Trade: find, hire, tasks, orders, receipts; help.", True, _OWNED),
    Command("whoami_web3", "Which account and wallets you are at the market."),
    Command("bind_wallet", "Bind a wallet: 0x…; a text to sign elsewhere.", True, _OWNED),
    Command("unbind_wallet", "Take a wallet off your account: 0x…", True, _OWNED),
    Command("credits", "Your four figures, and what this session used."),
    Command("pay_status", "Where money is: order:<id>, settlement:<id>, or this session.", True),
    Command("audit_status", "The last ten things that were recorded of the agent."),
    Command("health", "Whether the market is well, check by check."),
)


# What the host calls the scope that a caller of its gateway has to hold.
_HOST_SCOPES = {Scope.PUBLIC: "operator.read", Scope.READ: "operator.read"}


def gateway_methods() -> dict[str, str]:
    """Return the methods that the host's gateway passes on, and the host's scope for each.

    Only what reads, and nothing for operators of the market: the plugin's key may do no more.
    """
    return {
        name: _HOST_SCOPES[method.scope]
        for name, method in sorted(METHODS.items())
        if _is_passed_on(method)
    }


def public_methods() -> list[str]:
    """Return the methods that want no key, so that a wrong one does not stand in their way."""
    return sorted(name for name, method in METHODS.items() if method.scope is Scope.PUBLIC)


def _is_passed_on(method: Method) -> bool:
    return method.manner is Manner.READ and method.scope in _HOST_SCOPES and method.role is None
