"""The tables: one for each row dataclass, with the columns its type hints ask for.

Columns are TEXT, BIGINT and BLOB only: booleans and moments are integers, JSON is bytes. The first
field is the primary key. Text is ordered by its bytes on every database, because listings
page by key.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.types import TypeEngine

from clawmarket.adapters.store.codec import Form, forms_of
from clawmarket.domain.kernel.job import Job
from clawmarket.domain.kernel.replay import KeptAnswer
from clawmarket.domain.market.agents.endpoint import Endpoint
from clawmarket.domain.market.agents.presence import Presence
from clawmarket.domain.market.agents.profile import Profile
from clawmarket.domain.market.agents.standing import Counterparty, Standing
from clawmarket.domain.market.award import Award
from clawmarket.domain.market.bid import Bid
from clawmarket.domain.market.board.index import BoardColumn, BoardHead, BoardPlace, BoardTile
from clawmarket.domain.market.claiming.claim import LiveClaim
from clawmarket.domain.market.claiming.context import TaskContext
from clawmarket.domain.market.claiming.message import Message
from clawmarket.domain.market.claiming.stepping_back import StepBack
from clawmarket.domain.market.consenting.consent import Consent
from clawmarket.domain.market.consenting.revocation import Revocation
from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.delivering.result import Result
from clawmarket.domain.market.dispute import Dispute, Evidence
from clawmarket.domain.market.inspection.verdict import Inspection
from clawmarket.domain.market.offer import Offer
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.postpay.tab import Tab
from clawmarket.domain.market.postpay.trust import Trust
from clawmarket.domain.market.postpay.usage import Usage
from clawmarket.domain.market.receipt import Receipt
from clawmarket.domain.market.task import OpenTasks, Task
from clawmarket.domain.treasury.account import Balance
from clawmarket.domain.treasury.bill import Bill
from clawmarket.domain.treasury.budget import Spend
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.treasury.hold import Hold
from clawmarket.domain.treasury.period import Period, RunningPeriod
from clawmarket.domain.treasury.plan import Plan
from clawmarket.domain.treasury.rail import RailStep
from clawmarket.domain.treasury.reservation import Charge, Reservation
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.domain.trust.activity import Activity, Stream
from clawmarket.domain.trust.file import FileRight
from clawmarket.domain.trust.record import LogEntry, LogHead, LogTile, Record, RecordParty, Tally
from clawmarket.domain.trust.session import Account, Credential, Session, UsedNonce

KINDS: dict[str, type] = {
    "accounts": Account,
    "activities": Activity,
    "activity_streams": Stream,
    "agent_counterparties": Counterparty,
    "agent_endpoints": Endpoint,
    "agent_presences": Presence,
    "agent_profiles": Profile,
    "agent_standings": Standing,
    "awards": Award,
    "balances": Balance,
    "bids": Bid,
    "bills": Bill,
    "board_columns": BoardColumn,
    "board_heads": BoardHead,
    "board_places": BoardPlace,
    "board_tiles": BoardTile,
    "charges": Charge,
    "consents": Consent,
    "credentials": Credential,
    "deliveries": Delivery,
    "disputes": Dispute,
    "entries": Entry,
    "evidence": Evidence,
    "file_rights": FileRight,
    "holds": Hold,
    "inspections": Inspection,
    "jobs": Job,
    "kept_answers": KeptAnswer,
    "live_claims": LiveClaim,
    "messages": Message,
    "log_entries": LogEntry,
    "log_heads": LogHead,
    "log_tiles": LogTile,
    "offers": Offer,
    "open_tasks": OpenTasks,
    "orders": Order,
    "periods": Period,
    "plans": Plan,
    "rail_steps": RailStep,
    "receipts": Receipt,
    "record_parties": RecordParty,
    "records": Record,
    "reservations": Reservation,
    "results": Result,
    "revocations": Revocation,
    "running_periods": RunningPeriod,
    "sessions": Session,
    "settlements": Settlement,
    "spends": Spend,
    "step_backs": StepBack,
    "tabs": Tab,
    "tallies": Tally,
    "task_contexts": TaskContext,
    "tasks": Task,
    "trusts": Trust,
    "usages": Usage,
    "used_nonces": UsedNonce,
}

# Every index costs each insert; each stands here for one listing, sweep or look-up.
INDEXES: tuple[tuple[type, tuple[str, ...]], ...] = (
    (Activity, ("account_id", "place")),
    (Activity, ("account_id", "session_id_hash", "place")),
    (Bid, ("task_id", "state", "bid_id")),
    (Bid, ("bidder", "bid_id")),
    (Bill, ("acts_at",)),
    (Bill, ("payee", "bill_id")),
    (Bill, ("payer", "bill_id")),
    (Charge, ("period_id",)),
    (Credential, ("account_id",)),
    (Dispute, ("initiator", "dispute_id")),
    (Dispute, ("order_id", "dispute_id")),
    (Dispute, ("respondent", "dispute_id")),
    (Dispute, ("state", "dispute_id")),
    (Evidence, ("dispute_id", "evidence_id")),
    (Job, ("kind", "acts_at")),
    (Job, ("state", "job_id")),
    (LiveClaim, ("worker",)),
    (Message, ("task_id", "message_id")),
    (Message, ("task_id", "peer", "message_id")),
    (Offer, ("state", "offer_id")),
    (Offer, ("seller", "offer_id")),
    (Order, ("buyer", "order_id")),
    (Order, ("seller", "order_id")),
    (Order, ("acts_at",)),
    (Period, ("acts_at",)),
    (Presence, ("online_until",)),
    (Presence, ("place",)),
    (Profile, ("state", "account_id")),
    (RailStep, ("order_id", "key")),
    (RailStep, ("state", "key")),
    (Reservation, ("acts_at",)),
    (Reservation, ("period_id",)),
    (Session, ("account_id",)),
    (Session, ("expires_at",)),
    (Standing, ("place",)),
    (Standing, ("worked_at",)),
    (StepBack, ("worker",)),
    (Tab, ("acts_at",)),
    (Tab, ("consumer", "state")),
    (Tab, ("consumer", "tab_id")),
    (Tab, ("provider", "tab_id")),
    (Task, ("state", "task_id")),
    (Task, ("buyer", "task_id")),
    (Task, ("acts_at",)),
    (Trust, ("consumer", "trust_id")),
    (Trust, ("provider", "trust_id")),
    (Usage, ("tab_id", "usage_id")),
    (UsedNonce, ("expires_at",)),
)

# Small rows that lie in their key's own tree: a commit costs by the pages it touches, and a
# table beside its key's index is a page more. Rows with long texts would overflow there.
KEYED: frozenset[type] = frozenset(
    {
        Award,
        Balance,
        BoardPlace,
        BoardTile,
        Counterparty,
        Entry,
        FileRight,
        Hold,
        LogTile,
        OpenTasks,
        Presence,
        RecordParty,
        RunningPeriod,
        Settlement,
        Spend,
        Standing,
        Tally,
        TaskContext,
    }
)

# Columns that came after their table, and what rows from before hold in them.
LATER: dict[tuple[type, str], str] = {
    (Order, "milestone"): "0",
    (Order, "milestones"): "'[]'",
    (Offer, "milestones"): "'[]'",
    (Offer, "usage_scope"): "'[]'",
    (Order, "usage_scope"): "'[]'",
    (Order, "sealed"): "0",
    (Result, "attempt"): "1",
    (Task, "claims"): "0",
    (Task, "milestones"): "'[]'",
    (Task, "sealed"): "0",
    (Result, "appeal"): "''",
    (Task, "checks"): "'[]'",
    (Task, "inspect"): "0",
    (Settlement, "why"): "''",
}

# Rows whose key the market draws itself, makes of one it drew, or counts up under the write lock:
# no other row can have it.
DRAWN: frozenset[type] = frozenset(
    {
        Award,
        Bid,
        BoardPlace,
        Consent,
        Delivery,
        Entry,
        Hold,
        Job,
        LiveClaim,
        LogEntry,
        Message,
        Offer,
        Order,
        Record,
        RecordParty,
        Result,
        Settlement,
        Task,
    }
)

# Rows that nearly every command of an agent or of a deal looks for, and hardly any changes.
READ_OFTEN: frozenset[type] = frozenset({Counterparty, FileRight, Plan, RunningPeriod})

# Values that no two rows share, beside the key; None may stand in many rows.
UNIQUE: tuple[tuple[type, str], ...] = ((Credential, "lookup"), (LogEntry, "record_id"))

WITH_UNIQUE: frozenset[type] = frozenset(kind for kind, _ in UNIQUE)

METADATA = MetaData()

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def _column(form: Form, *, is_key: bool, default: str | None) -> Column[Any]:
    types: dict[Any, TypeEngine[Any]] = {int: BigInteger(), bool: BigInteger()}
    binary = form.is_tuple or form.base is bytes
    kind = LargeBinary() if binary else types.get(form.base, _TEXT)
    return Column(
        form.name,
        kind,
        primary_key=is_key,
        nullable=form.optional,
        autoincrement=False,
        server_default=None if default is None else text(default),
    )


def _table(name: str, kind: type) -> Table:
    forms = forms_of(kind)
    columns = [
        _column(form, is_key=form is forms[0], default=LATER.get((kind, form.name)))
        for form in forms
    ]
    return Table(name, METADATA, *columns, sqlite_with_rowid=kind not in KEYED)


TABLES: dict[type, Table] = {kind: _table(name, kind) for name, kind in KINDS.items()}


def _index(kind: type, names: tuple[str, ...], *, unique: bool) -> Index:
    table = TABLES[kind]
    name = f"{table.name}_by_{'_'.join(names)}"
    return Index(name, *(table.c[each] for each in names), unique=unique)


for _kind, _names in INDEXES:
    _index(_kind, _names, unique=False)
for _kind, _name in UNIQUE:
    _index(_kind, (_name,), unique=True)


def unique_names(kind: type) -> tuple[str, ...]:
    """Return the fields of a row class that no two rows share, beside the key."""
    return tuple(name for each, name in UNIQUE if each is kind)
