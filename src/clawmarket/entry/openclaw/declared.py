"""What the plugin declares to OpenClaw: commands, tools, gateway methods, and what a status reads.

`tools/generate.py` writes it into `openclaw-plugin/`. The host wants all of it before the plugin
can ask anybody, so it is written down when the plugin is built.
"""

from dataclasses import dataclass
from operator import itemgetter

from clawmarket.registry.methods import METHODS, Manner, Method, Risk, Scope

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


# Of what changes something: what no key may call, sign-ins, and the books that the plugin itself
# keeps of what the agent does and spends.
_OWN = ("web3.audit.", "web3.billing.", "web3.files.", "web3.keys.create", "web3.siwe.")


def gateway_methods() -> dict[str, str]:
    """Return the methods that the host's gateway passes on, and the host's scope for each.

    Each also under its alias. Nothing for operators of the market: the plugin's key may do no more.
    """
    passed_on = [method for method in METHODS.values() if _is_passed_on(method)]
    named = [(name, method) for method in passed_on for name in (method.name, method.alias) if name]
    return {name: _host_scope(method) for name, method in sorted(named, key=itemgetter(0))}


def writing_methods() -> list[str]:
    """Return the names under which the gateway passes on what changes something."""
    return sorted(
        name
        for method in METHODS.values()
        if _is_passed_on(method) and method.manner is not Manner.READ
        for name in (method.name, method.alias)
        if name
    )


def _host_scope(method: Method) -> str:
    """Return what a caller of the host's gateway has to hold there.

    Who may write in a chat is not yet who may spend, or say who the account is.
    """
    if method.scope in (Scope.PUBLIC, Scope.READ):
        return "operator.read"
    owned = method.risk is Risk.MONEY or method.name.startswith(("web3.keys.", "web3.wallet."))
    return "operator.admin" if owned else "operator.write"


def public_methods() -> list[str]:
    """Return the methods that want no key, so that a wrong one does not stand in their way."""
    public = [method for method in METHODS.values() if method.scope is Scope.PUBLIC]
    return sorted(name for method in public for name in (method.name, method.alias) if name)


def _is_passed_on(method: Method) -> bool:
    if method.scope is Scope.ADMIN or method.role is not None:
        return False
    return method.manner is Manner.READ or not method.name.startswith(_OWN)
