"""Moves of tabs: what one may cost or bring, refused where the market would refuse it."""

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.money import format_amount
from clawmarket.domain.market.postpay.tab import TAB, TabCapHighError, TabPrepaidError, TabState
from clawmarket.domain.market.postpay.trust import TrustEndedError, TrustState, cost_of
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.moves.quotes import NEVER, Earning, Find, Loss, Move, Price, amount_of
from clawmarket.entry.cli.remote.client import Market

_AT_MOST = "at the most, for what is used; paid at the session's end"
_CLOSE = "clawmarket tab close, at any time; what was used until then is paid"


class TrustUnknownError(InvalidArgumentError):
    """The trust is none that was granted to you, so its price is not known."""

    advice = "List who trusts you; a tab is only opened with a known cap."
    next_command = "clawmarket trust list --side consumer"


def _open_tab(market: Market, params: Entry) -> Price:
    trust = _trust(market, str(params["trustId"]))
    amount = amount_of(params.get("cap") or trust["cap"])
    _check_good(trust)
    _check_cap(trust, amount)
    if trust["prepaid"]:
        return Price(amount, "locked; what is not used comes back at the end", _CLOSE, purse=True)
    return Price(amount, _AT_MOST, _CLOSE)


def _check_good(trust: Entry) -> None:
    if trust["status"] != TrustState.GRANTED:
        raise TrustEndedError("This trust was taken back.", trustId=trust["trustId"])


def _check_cap(trust: Entry, cap: int) -> None:
    most = amount_of(trust["cap"])
    if cap > most:
        raise TabCapHighError(f"The provider's cap is {format_amount(most)}.")


def _tab(market: Market, params: Entry, action: str) -> Entry:
    """Return a tab that an action is possible on. Raises TransitionRefusedError."""
    tab = market.call("web3.market.tab.get", {"tabId": params["tabId"]})
    TAB.step(TabState(tab["status"]), action, tabId=tab["tabId"])
    return tab


def _trust(market: Market, trust_id: str) -> Entry:
    page: Entry = {"nextCursor": None}
    while True:
        query = {"side": "consumer", "limit": 200, "cursor": page["nextCursor"]}
        page = market.call("web3.market.trust.list", {k: v for k, v in query.items() if v})
        found: Entry | None = next((t for t in page["items"] if t["trustId"] == trust_id), None)
        if found is not None:
            return found
        if page["nextCursor"] is None:
            raise TrustUnknownError("Nobody granted you such a trust.")


def _raise_tab(market: Market, params: Entry) -> Price:
    tab = _tab(market, params, "raise")
    if tab["prepaid"]:
        raise TabPrepaidError("The cap of this tab is locked.", tabId=tab["tabId"])
    if market.call("web3.wallet.show")["accountId"] == tab["consumer"]:
        trust = _trust(market, tab["trustId"])
        _check_good(trust)
        _check_cap(trust, amount_of(params["cap"]))
    return Price(amount_of(params["cap"]), _AT_MOST, _CLOSE)


def _close_tab(market: Market, params: Entry) -> Move:
    tab = _tab(market, params, "settle")
    if market.call("web3.wallet.show")["accountId"] == tab["provider"]:
        return Earning(amount_of(tab["owed"]), "paid at once if the consumer has it", NEVER)
    last = "with what the provider writes down within a minute, up to the cap"
    return Price(amount_of(tab["owed"]), f"used so far; {last}", NEVER)


def _pay_tab(market: Market, params: Entry) -> Price:
    tab = market.call("web3.market.tab.get", {"tabId": params["tabId"]})
    if tab["status"] != TabState.OPEN:
        TAB.step(TabState(tab["status"]), "pay", tabId=tab["tabId"])
    purse = not tab["prepaid"]
    return Price(amount_of(tab["owed"]), "paid for what was used", NEVER, purse=purse)


def _append(market: Market, params: Entry) -> Earning:
    tab = market.call("web3.market.tab.get", {"tabId": params["tabId"]})
    units = int(tab["quantity"]) + amount_of(params["quantity"])
    cost = cost_of(units, int(tab["price"]), int(tab["perUnits"])) - int(tab["owed"])
    return Earning(cost, "owed, and paid at the session's end", "clawmarket tab forgive, all of it")


def _forgive(market: Market, params: Entry) -> Loss:
    tab = _tab(market, params, "forgive")
    return Loss(amount_of(tab["owed"]), "owed to you, and given up", NEVER)


TAB_MOVES: dict[str, Find] = {
    "web3.market.tab.open": _open_tab,
    "web3.market.tab.raise": _raise_tab,
    "web3.market.tab.close": _close_tab,
    "web3.market.tab.pay": _pay_tab,
    "web3.market.tab.forgive": _forgive,
    "web3.market.ledger.append": _append,
}
