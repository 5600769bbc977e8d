"""`ledger`: your balances, the entries behind them, and statements, all from the same records."""

import sys
import time

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.moment import from_iso
from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.cli.books.sheet import Cell, Money, Sheet
from clawmarket.entry.cli.catalog import Entry, method_entry
from clawmarket.entry.cli.formats import FormatsExcludedError
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.output import disclosed, finish, tell
from clawmarket.entry.cli.remote.client import Market, reach
from clawmarket.entry.cli.tables import pairs
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE

_STATEMENT = "web3.wallet.statement"
_PAGE = 200
_PATIENCE_S = 1.0
_NEXT = "clawmarket ledger statement"

_POCKETS = ("available", "held")
_ABOUT = ("at", "record", "log_index", "method", "order", "task", "tab", "bill")
_CHANGES = ("available_change", "held_change")
# A table has to fit on a screen; the other forms have every column.
_FOR_PEOPLE = ("line", "at", "record", "method", "account", "amount", *_CHANGES, *_POCKETS)


class SpanUnusedError(InvalidArgumentError):
    """Balances are those of now; --from and --until are for entries and statements."""

    advice = "Ask for the statement of that time; it says what you had before and after."
    next_command = _NEXT


class SpanBackwardsError(InvalidArgumentError):
    """--from is later than --until, so nothing lies between them."""

    advice = "Give the earlier day to --from and the later one to --until."
    next_command = "clawmarket help ledger"


def ledger(invocation: Invocation) -> int:
    """Show balances, entries or a statement.

    Raises SpanUnusedError, SpanBackwardsError, FormatsExcludedError.
    """
    values, what = invocation.values, invocation.values["what"]
    span = {"from": values.get("since"), "until": values.get("until")}
    form = "csv" if values.get("csv") else invocation.form
    if form != "table" and (invocation.as_json or invocation.quiet):
        raise FormatsExcludedError("--format and --csv go with neither --json nor -q.")
    if what == "balances" and any(span.values()):
        raise SpanUnusedError("Balances have no --from and no --until.")
    if all(span.values()) and from_iso(str(span["from"])) > from_iso(str(span["until"])):
        raise SpanBackwardsError(f"{span['from']} is later than {span['until']}.")
    with reach(invocation) as market:
        if what == "balances":
            document = _balances(_page(market, {"limit": 1}))
        else:
            document = walk(market, {name: moment for name, moment in span.items() if moment})
    if what == "entries":
        document |= {"items": _entries(document)}
    _show(invocation, what, form, document)
    if document.get("agrees") is False:
        tell("The records do not lead to this balance.", "next: clawmarket audit query")
        return EXIT_NEGATIVE
    return EXIT_DONE


def walk(market: Market, span: Entry) -> Entry:
    """Return a whole statement, the oldest line first, as of its first page."""
    first = page = _page(market, span | {"limit": _PAGE})
    items, told = list(page["items"]), time.monotonic()
    while page["nextCursor"]:
        if time.monotonic() - told > _PATIENCE_S:
            told = _progress(items)
        page = _page(market, span | {"limit": _PAGE, "cursor": page["nextCursor"]})
        items += page["items"]
    newest = items[0] if items else page["opening"]
    return {name: value for name, value in first.items() if name != "nextCursor"} | {
        "from": span.get("from"),
        "until": span.get("until"),
        "opening": page["opening"],
        "closing": {pocket: newest[pocket] for pocket in _POCKETS},
        "agrees": page["agrees"],
        "items": items[::-1],
    }


def _progress(items: list[Entry]) -> float:
    if sys.stderr is not None and sys.stderr.isatty():
        where = f", back to {items[-1]['at']}" if items else ""
        tell(f"{len(items)} lines so far{where}")
    return time.monotonic()


def _page(market: Market, params: Entry) -> Entry:
    return disclosed(market.call(_STATEMENT, params), method_entry(_STATEMENT))


def _balances(page: Entry) -> Entry:
    kept = ("ok", "requestId", "testMoney", "accountId", "asset", "asOf", "asOfIndex")
    about: Entry = {name: page[name] for name in kept if name in page}
    return {**about, **page["balance"], "next": [_NEXT]}


def _entries(statement: Entry) -> list[Entry]:
    about = ("at", "recordId", "index", "method", "orderId", "taskId", "tabId", "billId")
    return [
        {name: line[name] for name in about} | posting | {"asset": statement["asset"]}
        for line in statement["items"]
        for posting in line["postings"]
    ]


def _show(invocation: Invocation, what: str, form: str, document: Entry) -> None:
    ids = list(dict.fromkeys(line["recordId"] for line in document.get("items", ())))
    if form != "table":
        lines = _SHEETS[what](document).lines(form)
    elif what == "balances":
        ids, lines = [str(document["accountId"])], pairs(_figures(document))
    else:
        sheet = _SHEETS[what](document).only(_FOR_PEOPLE)
        lines = [*sheet.lines(form), f"as of {_as_of(document)}"]
    finish(invocation, document, lines, ids)


def _figures(document: Entry) -> list[tuple[str, str]]:
    names = {"available": "available", "held": "held", "onItsWay": "on its way", "earned": "earned"}
    figures = [(shown, format_amount(int(document[name]))) for name, shown in names.items()]
    return [*figures, ("as of", _as_of(document)), ("next", _NEXT)]


def _as_of(document: Entry) -> str:
    index = document["asOfIndex"]
    where = "not in the log yet" if index is None else f"number {index} in the log"
    return f"record {document['asOf'] or '-'}, {where}"


def _balance_sheet(document: Entry) -> Sheet:
    columns = ("account", "asset", *_POCKETS, "on_its_way", "earned", "record", "log_index")
    figures = [_money(document[name]) for name in (*_POCKETS, "onItsWay", "earned")]
    index = document["asOfIndex"]
    row = (document["accountId"], document["asset"], *figures, document["asOf"], _number(index))
    return Sheet(columns, [row])


def _entry_sheet(document: Entry) -> Sheet:
    rows = [
        (*_about(line), line["account"], _money(line["amount"]), line["asset"])
        for line in document["items"]
    ]
    return Sheet((*_ABOUT, "account", "amount", "asset"), rows)


def _statement_sheet(document: Entry) -> Sheet:
    asset = document["asset"]
    lines = [
        (
            "entry",
            *_about(line),
            *(_money(line[name]) for name in ("availableChange", "heldChange", *_POCKETS)),
            asset,
        )
        for line in document["items"]
    ]
    rows = [_edge("opening", document), *lines, _edge("closing", document)]
    return Sheet(("line", *_ABOUT, *_CHANGES, *_POCKETS, "asset"), rows)


def _edge(name: str, document: Entry) -> tuple[Cell, ...]:
    """Return the first or the last row of a statement: what there was before or after it."""
    moment = document["from" if name == "opening" else "until"]
    blanks = (None,) * (len(_ABOUT) + 1)
    pockets = (_money(document[name][pocket]) for pocket in _POCKETS)
    return (name, moment, *blanks, *pockets, document["asset"])


def _about(line: Entry) -> tuple[Cell, ...]:
    record = (line["at"], line["recordId"], _number(line["index"]))
    things = (line[name] for name in ("orderId", "taskId", "tabId", "billId"))
    return (*record, line["method"], *things)


def _number(index: int | None) -> str | None:
    return None if index is None else str(index)


def _money(digits: str) -> Money:
    return Money(int(digits))


_SHEETS = {"balances": _balance_sheet, "entries": _entry_sheet, "statement": _statement_sheet}
