"""The first schema: one table for each kind of row."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger()
BLOB = sa.LargeBinary()

Types = dict[str, sa.Text | sa.BigInteger | sa.LargeBinary]


def _table(name: str, types: Types, *, empty: tuple[str, ...] = (), keyed: bool = False) -> None:
    """Create a table; the first column is the key, those in `empty` may hold nothing."""
    key = next(iter(types))
    columns = [
        sa.Column(
            column, kind, primary_key=column == key, nullable=column in empty, autoincrement=False
        )
        for column, kind in types.items()
    ]
    op.create_table(name, *columns, sqlite_with_rowid=not keyed)


def _index(table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(f"{table}_by_{'_'.join(columns)}", table, list(columns), unique=unique)


def upgrade() -> None:
    """Create every table and index."""
    _accounts()
    _awards()
    _balances()
    _bids()
    _credentials()
    _deliveries()
    _entries()
    _file_rights()
    _holds()
    _jobs()
    _kept_answers()
    _log_entries()
    _log_heads()
    _log_tiles()
    _offers()
    _orders()
    _receipts()
    _record_parties()
    _records()
    _results()
    _sessions()
    _settlements()
    _tallies()
    _tasks()
    _used_nonces()


def _accounts() -> None:
    _table(
        "accounts",
        {
            "account_id": TEXT,
            "role": TEXT,
            "record_id": TEXT,
            "created_at": INT,
        },
    )


def _awards() -> None:
    _table(
        "awards",
        {
            "award_id": TEXT,
            "task_id": TEXT,
            "bid_id": TEXT,
            "order_id": TEXT,
            "awarder": TEXT,
            "state": TEXT,
            "created_at": INT,
        },
        keyed=True,
    )


def _balances() -> None:
    _table(
        "balances",
        {
            "balance_id": TEXT,
            "available": INT,
            "held": INT,
            "on_its_way": INT,
            "earned": INT,
        },
        keyed=True,
    )


def _bids() -> None:
    _table(
        "bids",
        {
            "bid_id": TEXT,
            "task_id": TEXT,
            "bidder": TEXT,
            "asset": TEXT,
            "price": INT,
            "eta_s": INT,
            "note": TEXT,
            "state": TEXT,
            "created_at": INT,
            "record_id": TEXT,
        },
    )
    _index("bids", "bidder", "bid_id")
    _index("bids", "task_id", "state", "bid_id")


def _credentials() -> None:
    _table(
        "credentials",
        {
            "credential_id": TEXT,
            "account_id": TEXT,
            "kind": TEXT,
            "lookup": TEXT,
            "label": TEXT,
            "prefix": TEXT,
            "scope": TEXT,
            "created_at": INT,
            "revoked_at": INT,
        },
        empty=("revoked_at",),
    )
    _index("credentials", "account_id")
    _index("credentials", "lookup", unique=True)


def _deliveries() -> None:
    _table(
        "deliveries",
        {
            "delivery_id": TEXT,
            "order_id": TEXT,
            "seller": TEXT,
            "artifacts": BLOB,
            "digest": TEXT,
            "note": TEXT,
            "state": TEXT,
            "issued_at": INT,
            "completed_at": INT,
        },
        empty=("digest", "completed_at"),
    )


def _entries() -> None:
    _table(
        "entries",
        {
            "entry_id": TEXT,
            "reason": TEXT,
            "ref": TEXT,
            "at": INT,
            "postings": BLOB,
        },
        keyed=True,
    )


def _file_rights() -> None:
    _table(
        "file_rights",
        {
            "right_id": TEXT,
            "digest": TEXT,
            "account_id": TEXT,
            "size": INT,
            "created_at": INT,
        },
        keyed=True,
    )


def _holds() -> None:
    _table(
        "holds",
        {
            "hold_id": TEXT,
            "owner": TEXT,
            "ref": TEXT,
            "asset": TEXT,
            "amount": INT,
            "posted": INT,
            "state": TEXT,
        },
        keyed=True,
    )


def _jobs() -> None:
    _table(
        "jobs",
        {
            "job_id": TEXT,
            "kind": TEXT,
            "ref": TEXT,
            "state": TEXT,
            "attempts": INT,
            "fence": INT,
            "last_failure": TEXT,
            "created_at": INT,
            "acts_at": INT,
        },
        empty=("acts_at",),
    )
    _index("jobs", "acts_at")
    _index("jobs", "state", "job_id")


def _kept_answers() -> None:
    _table(
        "kept_answers",
        {
            "scope": TEXT,
            "params_hash": TEXT,
            "answer": BLOB,
            "created_at": INT,
        },
    )


def _log_entries() -> None:
    _table(
        "log_entries",
        {
            "idx": INT,
            "record_id": TEXT,
        },
    )
    _index("log_entries", "record_id", unique=True)


def _log_heads() -> None:
    _table(
        "log_heads",
        {
            "name": TEXT,
            "size": INT,
            "last_record_id": TEXT,
            "frontier": BLOB,
            "checkpoint": TEXT,
            "signed_at": INT,
        },
    )


def _log_tiles() -> None:
    _table(
        "log_tiles",
        {
            "tile_id": TEXT,
            "hashes": BLOB,
        },
        keyed=True,
    )


def _offers() -> None:
    _table(
        "offers",
        {
            "offer_id": TEXT,
            "seller": TEXT,
            "title": TEXT,
            "description": TEXT,
            "asset_type": TEXT,
            "delivery_type": TEXT,
            "asset": TEXT,
            "price": INT,
            "delivery_s": INT,
            "review_s": INT,
            "resubmit_s": INT,
            "state": TEXT,
            "created_at": INT,
            "record_id": TEXT,
        },
    )
    _index("offers", "seller", "offer_id")
    _index("offers", "state", "offer_id")


def _orders() -> None:
    _table(
        "orders",
        {
            "order_id": TEXT,
            "task_id": TEXT,
            "offer_id": TEXT,
            "bid_id": TEXT,
            "buyer": TEXT,
            "seller": TEXT,
            "title": TEXT,
            "asset": TEXT,
            "quantity": INT,
            "price": INT,
            "fee_bps": INT,
            "delivery_s": INT,
            "review_s": INT,
            "resubmit_s": INT,
            "settlement_id": TEXT,
            "delivery_id": TEXT,
            "result_id": TEXT,
            "rejections": INT,
            "state": TEXT,
            "created_at": INT,
            "due_at": INT,
            "acts_at": INT,
            "records": BLOB,
        },
        empty=(
            "task_id",
            "offer_id",
            "bid_id",
            "settlement_id",
            "delivery_id",
            "result_id",
            "acts_at",
        ),
    )
    _index("orders", "acts_at")
    _index("orders", "buyer", "order_id")
    _index("orders", "seller", "order_id")


def _receipts() -> None:
    _table(
        "receipts",
        {
            "receipt_id": TEXT,
            "order_id": TEXT,
            "state": TEXT,
            "digest": TEXT,
            "size": INT,
            "made_at": INT,
        },
    )


def _record_parties() -> None:
    _table(
        "record_parties",
        {
            "link_id": TEXT,
            "record_id": TEXT,
        },
        keyed=True,
    )


def _records() -> None:
    _table(
        "records",
        {
            "record_id": TEXT,
            "at": INT,
            "actor": TEXT,
            "method": TEXT,
            "body": BLOB,
            "salt": BLOB,
        },
    )


def _results() -> None:
    _table(
        "results",
        {
            "result_id": TEXT,
            "task_id": TEXT,
            "order_id": TEXT,
            "delivery_id": TEXT,
            "deliverer": TEXT,
            "artifacts": BLOB,
            "digest": TEXT,
            "note": TEXT,
            "feedback": TEXT,
            "state": TEXT,
            "submitted_at": INT,
        },
    )


def _sessions() -> None:
    _table(
        "sessions",
        {
            "token_hash": TEXT,
            "account_id": TEXT,
            "credential_id": TEXT,
            "kind": TEXT,
            "scope": TEXT,
            "created_at": INT,
            "expires_at": INT,
        },
    )
    _index("sessions", "expires_at")


def _settlements() -> None:
    _table(
        "settlements",
        {
            "settlement_id": TEXT,
            "order_id": TEXT,
            "payer": TEXT,
            "payee": TEXT,
            "rail": TEXT,
            "asset": TEXT,
            "amount": INT,
            "fee_bps": INT,
            "hold_id": TEXT,
            "seller_amount": INT,
            "fee": INT,
            "refund_amount": INT,
            "state": TEXT,
            "locked_at": INT,
            "released_at": INT,
            "refunded_at": INT,
        },
        empty=("released_at", "refunded_at"),
        keyed=True,
    )


def _tallies() -> None:
    _table(
        "tallies",
        {
            "tally_id": TEXT,
            "amount": INT,
        },
        keyed=True,
    )


def _tasks() -> None:
    _table(
        "tasks",
        {
            "task_id": TEXT,
            "buyer": TEXT,
            "title": TEXT,
            "summary": TEXT,
            "requirements": TEXT,
            "skills": BLOB,
            "attachments": BLOB,
            "asset": TEXT,
            "budget": INT,
            "hold_id": TEXT,
            "delivery_s": INT,
            "review_s": INT,
            "resubmit_s": INT,
            "state": TEXT,
            "bid_count": INT,
            "order_id": TEXT,
            "created_at": INT,
            "expires_at": INT,
            "acts_at": INT,
            "record_id": TEXT,
        },
        empty=("hold_id", "order_id", "acts_at"),
    )
    _index("tasks", "acts_at")
    _index("tasks", "buyer", "task_id")
    _index("tasks", "state", "task_id")


def _used_nonces() -> None:
    _table(
        "used_nonces",
        {
            "nonce": TEXT,
            "expires_at": INT,
        },
    )
    _index("used_nonces", "expires_at")
