"""`reconcile`: whether all that is known about an order's money agrees."""

import re

from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.cli.catalog import Entry, method_entry
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.output import disclosed, finish
from clawmarket.entry.cli.remote.client import Market, reach
from clawmarket.entry.cli.tables import pairs, table
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE

_SUMMARY = "web3.market.reconciliation.summary"
_LIST = "market.reconciliation.list"
_PAGE = 50
_DIGITS = re.compile(r"-?[0-9]+", re.ASCII)


def reconcile(invocation: Invocation) -> int:
    """Check one order, or as an operator the latest ones; 1 when something differs."""
    order_id = invocation.values.get("order_id")
    with reach(invocation) as market:
        if order_id is None:
            document = _latest(market, invocation.values["limit"])
        else:
            document = disclosed(
                market.call(_SUMMARY, {"orderId": order_id}), method_entry(_SUMMARY)
            )
    items: list[Entry] = document["items"] if order_id is None else [document]
    differing = [item for item in items if not item["agrees"]]
    document |= {"ok": not differing, "next": _next(differing)}
    lines = _order_lines(document) if order_id is not None else _latest_lines(document)
    lines += [f"next: {step}" for step in document["next"]]
    finish(invocation, document, lines, [item["orderId"] for item in differing])
    return EXIT_NEGATIVE if differing else EXIT_DONE


def _latest(market: Market, limit: int) -> Entry:
    """Return the differences of the latest orders, walked page by page."""
    items: list[Entry] = []
    orders, cursor = 0, None
    while orders < limit:
        params = {"limit": min(_PAGE, limit - orders)} | ({"cursor": cursor} if cursor else {})
        page = disclosed(market.call(_LIST, params), method_entry(_LIST))
        items += page["items"]
        orders, cursor = orders + page["orders"], page["nextCursor"]
        if cursor is None:
            break
    return {**page, "items": items, "orders": orders, "agrees": not items}


def _next(differing: list[Entry]) -> list[str]:
    return [f"clawmarket order trace {item['orderId']}" for item in differing[:1]]


def _latest_lines(document: Entry) -> list[str]:
    if not document["items"]:
        return [f"All agrees: {document['orders']} orders checked."]
    rows = [
        (item["orderId"], one["what"], _shown(one["expected"]), _shown(one["found"]))
        for item in document["items"]
        for one in item["differences"]
    ]
    head = ("order", "what", "expected", "found")
    return [*table(head, rows), f"{len(document['items'])} of {document['orders']} orders differ."]


def _order_lines(document: Entry) -> list[str]:
    settlement, receipt = document["settlement"], document["receipt"]
    rows = [("order", f"{document['orderId']}, {document['status']}")]
    if settlement is not None:
        names = {"amount": "locked", "sellerAmount": "seller", "fee": "fee", "refundAmount": "back"}
        parts = [f"{shown} {_shown(settlement[name])}" for name, shown in names.items()]
        rows.append(("settlement", f"{settlement['status']}: {', '.join(parts)}"))
    rows += [("ledger", f"{_shown(m['amount'])} {m['account']}") for m in document["ledger"]]
    rows += [("rail", _step(step)) for step in (document["rail"] or {}).get("steps", [])]
    made = "none yet" if receipt is None else f"{receipt['status']}, {receipt['digest']}"
    rows.append(("receipt", made))
    rows.append(("disputes", str(document["disputes"]["total"])))
    rows.append(("verdict", "all agrees" if document["agrees"] else "NOT ALL AGREES"))
    for one in document["differences"]:
        told = f"expected {_shown(one['expected'])}, found {_shown(one['found'])}"
        rows.append(("differs", f"{one['what']}: {told}"))
    return pairs(rows)


def _step(step: Entry) -> str:
    said = "does not answer" if step["said"] is None else f"says: {step['said']}"
    return f"{step['stepKey']}, {step['status']}; the rail {said}"


def _shown(fact: str) -> str:
    """Return an amount as a person reads it; every other fact is a word."""
    return format_amount(int(fact)) if _DIGITS.fullmatch(fact) else fact
