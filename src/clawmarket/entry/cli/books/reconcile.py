"""`reconcile`: whether all that is known about the money of orders, tabs and bills agrees."""

import re
from collections import Counter

from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.cli.catalog import Entry, method_entry
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.labels import counted
from clawmarket.entry.cli.output import disclosed, finish
from clawmarket.entry.cli.remote.client import Market, reach
from clawmarket.entry.cli.tables import pairs, table
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE

_SUMMARY = "web3.market.reconciliation.summary"
# From what is looked at to the method that lists it.
_LISTS = {
    "orders": "market.reconciliation.list",
    "tabs": "market.reconciliation.tabs",
    "bills": "market.reconciliation.bills",
}
_NEXT = {
    "tabId": "clawmarket tab reconcile",
    "billId": "clawmarket call market.reconciliation.bills",
    "orderId": "clawmarket order trace",
}
_PAGE = 50
_DIGITS = re.compile(r"-?[0-9]+", re.ASCII)
_COUNTS = ("entries", "quantity")


def reconcile(invocation: Invocation) -> int:
    """Check one order, or as an operator the latest orders, tabs, bills; 1 when some differ."""
    order_id = invocation.values.get("order_id")
    with reach(invocation) as market:
        if order_id is None:
            document = _latest(market, invocation.values["limit"])
        else:
            document = disclosed(
                market.call(_SUMMARY, {"orderId": order_id}), method_entry(_SUMMARY)
            )
    items: list[Entry] = document["items"] if order_id is None else [document]
    differing = [item for item in items if not _is_well(item)]
    document |= {"ok": not differing, "next": _next(differing)}
    lines = _order_lines(document) if order_id is not None else _latest_lines(document)
    lines += [f"next: {step}" for step in document["next"]]
    finish(invocation, document, lines, [_id_of(item) for item in differing])
    return EXIT_NEGATIVE if differing else EXIT_DONE


def _latest(market: Market, limit: int) -> Entry:
    """Return the differences of the latest orders, tabs and bills, and how many were looked at."""
    orders, tabs, bills = (_walked(market, things, limit) for things in _LISTS)
    items = [*orders["items"], *tabs["items"], *bills["items"]]
    counts = {"orders": orders["orders"], "tabs": tabs["tabs"], "bills": bills["bills"]}
    cursors = {
        "nextCursor": orders["nextCursor"],
        "nextTabCursor": tabs["nextCursor"],
        "nextBillCursor": bills["nextCursor"],
    }
    return {**orders, "items": items, **counts, **cursors, "agrees": not items}


def _walked(market: Market, things: str, limit: int) -> Entry:
    """Return what differs among the latest orders, tabs or bills, walked page by page."""
    items: list[Entry] = []
    looked, cursor = 0, None
    while looked < limit:
        params = {"limit": min(_PAGE, limit - looked)} | ({"cursor": cursor} if cursor else {})
        page = disclosed(market.call(_LISTS[things], params), method_entry(_LISTS[things]))
        items += page["items"]
        looked, cursor = looked + page[things], page["nextCursor"]
        if cursor is None:
            break
    return {**page, "items": items, things: looked}


def _is_well(item: Entry) -> bool:
    """Tell whether all agrees, and all of it could be looked at."""
    return bool(item["agrees"] and item.get("complete", True))


def _id_of(item: Entry) -> str:
    return str(item[_named_by(item)])


def _named_by(item: Entry) -> str:
    """Return which id an item has: a tab's, a bill's or an order's."""
    return next(name for name in _NEXT if name in item)


def _next(differing: list[Entry]) -> list[str]:
    return [_look_into(item) for item in differing[:1]]


def _look_into(item: Entry) -> str:
    name = _named_by(item)
    if name == "billId":
        return _NEXT[name]
    # An order's rail that did not answer may answer by now.
    again = name == "orderId" and item["agrees"]
    return f"{'clawmarket reconcile' if again else _NEXT[name]} {_id_of(item)}"


def _latest_lines(document: Entry) -> list[str]:
    looked = {noun: counted(document[f"{noun}s"], noun) for noun in ("order", "tab", "bill")}
    orders, tabs, bills = looked.values()
    if not document["items"]:
        return [f"All agrees: the latest {orders}, {tabs} and {bills} were checked."]
    rows = [row for item in document["items"] for row in _difference_rows(item)]
    differ = Counter(_named_by(item) for item in document["items"])
    head = ("order, tab or bill", "what", "expected", "found")
    told = f"{differ['orderId']} of {orders}, {differ['tabId']} of {tabs}"
    return [*table(head, rows), f"{told} and {differ['billId']} of {bills} differ."]


def _difference_rows(item: Entry) -> list[tuple[str, str, str, str]]:
    rows = [
        (_id_of(item), one["what"], _fact(one, "expected"), _fact(one, "found"))
        for one in item["differences"]
    ]
    unread = not item.get("complete", True)
    return [*rows, (_id_of(item), "not all was looked at", "", "")] if unread else rows


def _fact(one: Entry, name: str) -> str:
    return str(one[name]) if one["what"] in _COUNTS else _shown(one[name])


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
    rows.append(("verdict", _verdict(document)))
    for one in document["differences"]:
        told = f"expected {_shown(one['expected'])}, found {_shown(one['found'])}"
        rows.append(("differs", f"{one['what']}: {told}"))
    return pairs(rows)


def _verdict(document: Entry) -> str:
    if not document["agrees"]:
        return "NOT ALL AGREES"
    return "all agrees" if document["complete"] else "NOT ALL IS KNOWN: the rail does not answer"


def _step(step: Entry) -> str:
    said = "does not answer" if step["said"] is None else f"says: {step['said']}"
    return f"{step['stepKey']}, {step['status']}; the rail {said}"


def _shown(fact: str) -> str:
    """Return an amount as a person reads it; every other fact is a word."""
    return format_amount(int(fact)) if _DIGITS.fullmatch(fact) else fact
