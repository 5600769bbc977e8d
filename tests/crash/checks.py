"""What has to hold of a market that was killed: nothing answered is lost, nothing doubled."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

from books import Books
from clawmarket.adapters.store.copies.sqlite import file_faults
from clawmarket.domain.market.award import Award
from clawmarket.domain.market.bid import Bid
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.delivering.result import Result
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.receipt import Receipt
from clawmarket.domain.market.task import Task
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.domain.trust.checkpoint import open_checkpoint, parse_vkey
from clawmarket.domain.trust.merkle import verify_consistency
from clawmarket.domain.trust.tiles import consistency_proof
from clawmarket.entry.cli.verify import crypto
from clawmarket.ports.store import Snapshot
from clawmarket.runtime.config import FAUCET_MINOR
from clawmarket.services.trust.log import log_head, read_tile
from crash.lifecycle import FEE, PRICE, RECORDED, Lifecycle
from crash.market import Prepared, Site
from real.server import Server
from receipts import VERIFIERS

ONE_EACH = (Award, Bid, Delivery, Order, Receipt, Result, Settlement)
# What opening a market and letting two members come leaves in its records.
PREPARING = {"market.open": 1, "web3.siwe.verify": 2, "web3.keys.create": 2}


def check_running(
    server: Server, prepared: Prepared, lives: Sequence[Lifecycle], receipts: Sequence[str]
) -> None:
    """Assert what the market itself says: probes, reconciliation, balances, receipts."""
    status = server.call("", "web3.status.summary", deep=True)
    assert [probe for probe in status["probes"] if not probe["ok"]] == []
    for life, receipt in zip(lives, receipts, strict=True):
        order = {"orderId": life.order}
        books = server.call(prepared.buyer, "web3.market.reconciliation.summary", **order)
        assert (books["agrees"], books["differences"]) == (True, [])
        for verify in VERIFIERS:
            verdict = verify(receipt, status["vkey"])
            assert (verdict["ok"], verdict["failed"]) == (True, []), verdict
    count = len(lives)
    assert _purse(server, prepared.buyer) == (FAUCET_MINOR - count * PRICE, 0, 0, 0)
    earned = count * (PRICE - FEE)
    assert _purse(server, prepared.worker) == (FAUCET_MINOR + earned, 0, 0, earned)


def _purse(server: Server, token: str) -> tuple[int, int, int, int]:
    shown = server.call(token, "web3.wallet.show")
    available, held, coming, earned = (
        int(shown[name]) for name in ("available", "held", "onItsWay", "earned")
    )
    return available, held, coming, earned


def check_rows(site: Site, lives: Sequence[Lifecycle], heads: Sequence[str], vkey: str) -> None:
    """Assert what a market that has stopped left: rows, records, log and files."""
    if site.database is None:
        assert file_faults(site.home / "market.db") == []
    store = site.open()
    try:
        books = Books(store)
        books.check_over()
        count = len(lives)
        rows = {kind.__name__: len(books.rows(kind)) for kind in (*ONE_EACH, Task)}
        assert rows == dict.fromkeys((kind.__name__ for kind in ONE_EACH), count) | {
            "Task": 2 * count
        }
        recorded = Counter(record["method"] for record in books.told())
        expected = {method: each * count for method, each in RECORDED.items()}
        assert recorded == Counter(expected) + Counter(PREPARING), recorded
        check_grown(vkey, heads, books)
        check_files(site, lives, books)
    finally:
        store.close()


def check_files(site: Site, lives: Sequence[Lifecycle], books: Books) -> None:
    """Assert that each stored file has the bytes of its name, and none that is named is missing."""
    files = site.home / "files"
    found = {f"sha256:{path.parent.name}{path.name}": path for path in _files(files / "sha256")}
    hashes = {
        digest: f"sha256:{sha256(path.read_bytes()).hexdigest()}" for digest, path in found.items()
    }
    assert hashes == {digest: digest for digest in found}
    named = {f"sha256:{sha256(life.work()).hexdigest()}" for life in lives}
    named |= {receipt.digest for receipt in books.rows(Receipt)}
    # A receipt that was written and not recorded is made anew; nobody asks for the first.
    assert named <= found.keys()
    assert [*_files(files / "quarantine")] == []


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def check_grown(vkey: str, heads: Sequence[str], books: Books) -> None:
    """Assert that each head of the log is a part of the last one (RFC 6962 section 2.1.2)."""
    head = books.store.read(log_head)
    assert head is not None
    *known, last = (
        open_checkpoint(text, parse_vkey(vkey), crypto().verify)
        for text in (*heads, head.checkpoint)
    )
    for older in known:
        proof = books.store.read(partial(_proof_between, older.size, last.size))
        verify_consistency(older.size, last.size, proof, older.root, last.root)


def _proof_between(size1: int, size2: int, rows: Snapshot) -> list[bytes]:
    """Return the stored log's proof that it only grew from one size to the other."""
    return consistency_proof(size1, size2, lambda *at: read_tile(rows, *at))
