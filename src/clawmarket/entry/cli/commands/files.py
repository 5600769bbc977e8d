"""Files and receipts: store, fetch, check while writing."""

import hashlib
import sys
import time
from pathlib import Path

from clawmarket.domain.kernel.errors import InvalidArgumentError, UnavailableError
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.fields import picked
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.output import finish, print_json
from clawmarket.entry.cli.remote.client import FileDamagedError, Market, RemoteRefusal, reach
from clawmarket.entry.cli.tables import pairs

LOOKS, LOOK_S = 12, 0.25
_NOT_YET = frozenset({"receipt_not_ready", "receipt_made_already"})


class OutNeededError(InvalidArgumentError):
    """A file and a JSON document cannot both go to stdout."""

    advice = "Name a file with -o."
    next_command = "clawmarket help files get"


class FileUnwritableError(UnavailableError):
    """The file cannot be written here."""

    advice = "Choose another place with -o."
    next_command = "clawmarket help files get"
    retryable = False


def put(invocation: Invocation) -> None:
    """Store a file."""
    with reach(invocation) as market:
        stored = market.put_file(invocation.values["path"])
    next_step = f"clawmarket files get {stored['digest']}"
    rows = [(name, str(stored[name])) for name in ("name", "digest", "size")]
    lines = [*pairs(rows), "undo: can't be undone", f"next: {next_step}"]
    document = {"ok": True, **stored, "next": [next_step]}
    _finish(invocation, document, lines)


def get(invocation: Invocation) -> None:
    """Fetch a file; it appears under its name only when its bytes are the right ones."""
    digest, out = invocation.values["digest"], _out(invocation)
    if out is None and invocation.as_json:
        raise OutNeededError("The file itself would go to stdout.")
    with reach(invocation) as market:
        if out is None:
            market.get_file(digest, sys.stdout.buffer)
            return
        size = _fetch(market, digest, out)
    document = {"ok": True, "digest": digest, "size": size, "file": out.name}
    _finish(invocation, document, [f"saved: {out.name} ({size} bytes, {digest})"])


def get_receipt(invocation: Invocation) -> None:
    """Fetch the receipt of an order and check it against its hash. Raises FileDamagedError."""
    out = _out(invocation)
    with reach(invocation) as market:
        answer = _receipt(market, {"orderId": invocation.values["order_id"]})
    receipt = str(answer["receipt"]).encode()
    if f"sha256:{hashlib.sha256(receipt).hexdigest()}" != answer["digest"]:
        raise FileDamagedError("The receipt that came is not the one that its hash names.")
    if out is not None:
        _write(out, receipt)
        next_step = f"clawmarket verify {out.name}"
        kept = {name: value for name, value in answer.items() if name != "receipt"}
        document = {**kept, "file": out.name, "next": [next_step]}
        saved = f"saved: {out.name} ({len(receipt)} bytes, {answer['status']})"
        _finish(invocation, document, [saved, f"next: {next_step}"])
    elif invocation.as_json:
        print_json(picked(answer, invocation.fields))
    else:
        sys.stdout.buffer.write(receipt)
        sys.stdout.buffer.flush()


def _receipt(market: Market, order: Entry) -> Entry:
    # The log takes an order's last record in within a second of its end: nobody has to ask twice.
    for _ in range(LOOKS):
        try:
            return market.call("web3.market.receipt.get", order)
        except RemoteRefusal as refusal:
            if refusal.envelope.get("details", {}).get("cause") not in _NOT_YET:
                raise
            time.sleep(LOOK_S)
    return market.call("web3.market.receipt.get", order)


def _finish(invocation: Invocation, document: Entry, lines: list[str]) -> None:
    finish(invocation, document, lines, [str(document.get("receiptId") or document["digest"])])


def _out(invocation: Invocation) -> Path | None:
    out: Path | None = invocation.values.get("out")
    return None if out is None or str(out) == "-" else out


def _fetch(market: Market, digest: str, out: Path) -> int:
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as file:
            size = market.get_file(digest, file)
        part.replace(out)
    except OSError as error:
        raise FileUnwritableError(f"{out.name}: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    return size


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        raise FileUnwritableError(f"{out.name}: {error.strerror}.") from None
