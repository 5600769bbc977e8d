"""Receipts: made from an order's records once the log has the last of them."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.market.order import Order, OrderNotFoundError
from clawmarket.domain.market.receipt import (
    OrderNotOverError,
    Receipt,
    ReceiptNotFoundError,
    ReceiptNotReadyError,
    receipt_state,
)
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.domain.trust.receipt import LoggedRecord, make_receipt
from clawmarket.domain.trust.record import LogHead, Record
from clawmarket.domain.trust.session import Account
from clawmarket.ports.blobs import Blob, BlobDamagedError
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    Answer,
    Digest,
    OrderId,
    ReceiptId,
    Request,
    Verbatim,
    Word,
)
from clawmarket.registry.methods import Need, Scope, ask
from clawmarket.services.call import THE_MARKET, Call, Terms
from clawmarket.services.market.orders import own_order
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.log import index_of, log_head, proofs_of
from clawmarket.services.work import Work


@event
@dataclass(frozen=True, slots=True)
class ReceiptMade(Event):
    """The receipt file of a finished order was made."""

    receipt_id: str
    order_id: str
    digest: str


class GetReceipt(Request):
    """The order the receipt is of."""

    order_id: OrderId


class ReceiptView(Answer):
    """A receipt: what it says, and the file that proves it offline."""

    receipt_id: ReceiptId
    order_id: OrderId
    status: Word
    digest: Digest
    size: int
    receipt: Annotated[str, Field(description="The receipt file's exact text."), Verbatim]


@ask(
    "web3.market.receipt.get",
    scope=Scope.READ,
    errors=(
        OrderNotFoundError,
        OrderNotOverError,
        ReceiptNotFoundError,
        ReceiptNotReadyError,
        BlobDamagedError,
    ),
    needs=(Need("orderId", "web3.market.reviewResult", "orderId"),),
)
async def get_receipt(call: Call, pipeline: Pipeline, request: GetReceipt) -> ReceiptView:
    """Return the receipt file of a finished order; anybody can check it without this market."""
    store = pipeline.ports.store
    store.read(lambda rows: own_order(rows, request.order_id, call.actor, side="any"))
    receipt = await make_receipt_file(pipeline, request.order_id)
    chunks = [chunk async for chunk in pipeline.ports.blobs.read(receipt.digest)]
    return ReceiptView(
        receipt_id=receipt.receipt_id,
        order_id=receipt.order_id,
        status=receipt.state,
        digest=receipt.digest,
        size=receipt.size,
        receipt=b"".join(chunks).decode(),
    )


async def make_receipt_file(pipeline: Pipeline, order_id: str) -> Receipt:
    """Make the receipt of a finished order once, and return it.

    Raises:
        OrderNotOverError: The order goes on.
        ReceiptNotFoundError: The order ended before anything was paid.
        ReceiptNotReadyError: The log lacks one of its records.
    """
    receipt_id = same_ulid("receipt", order_id)
    store, terms = pipeline.ports.store, pipeline.terms
    made = store.read(lambda rows: rows.get(Receipt, receipt_id))
    if made is not None:
        return made
    text, settlement = store.read(lambda rows: _compose(rows, terms, order_id))
    blob = await pipeline.ports.blobs.keep(_once(text.encode()))
    call = pipeline.call(THE_MARKET, "web3.market.receipt.get")
    receipt: Receipt = await pipeline.write(
        call, lambda work: _keep(work, order_id, settlement, blob)
    )
    return receipt


def _keep(work: Work, order_id: str, settlement: Settlement, blob: Blob) -> Receipt:
    receipt_id = same_ulid("receipt", order_id)
    made = work.get(Receipt, receipt_id)
    if made is not None:
        raise ReceiptMadeAlreadyError("The receipt was made in the meantime.", orderId=order_id)
    state = receipt_state(settlement.state)
    receipt = Receipt(receipt_id, order_id, state, blob.digest, blob.size, work.now)
    work.add(receipt)
    work.emit(ReceiptMade(receipt_id, order_id, blob.digest))
    work.involve((settlement.payer, settlement.payee))
    return receipt


class ReceiptMadeAlreadyError(ReceiptNotReadyError):
    """Somebody else made the receipt at the same moment; ask again for it."""


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _compose(rows: Snapshot, terms: Terms, order_id: str) -> tuple[str, Settlement]:
    order = rows.get(Order, order_id)
    head = log_head(rows)
    settlement = (
        rows.get(Settlement, order.settlement_id) if order and order.settlement_id else None
    )
    if order is None or not order.is_over:
        raise OrderNotOverError("The order is not over yet.", orderId=order_id)
    if settlement is None:
        raise ReceiptNotFoundError("Nothing was paid for this order, so it has no receipt.")
    if head is None:
        raise ReceiptNotReadyError("The log has no signed head yet.", orderId=order_id)
    told = (*_opening_records(rows, _heard(rows, order)), *order.records)
    records = _logged(rows, told, order_id, head)
    text = make_receipt(
        origin=terms.origin,
        vkey=terms.vkey,
        test_money=terms.test_money,
        records=records,
        checkpoint=head.checkpoint,
    )
    return text, settlement


def _heard(rows: Snapshot, order: Order) -> tuple[str, ...]:
    """Return the accounts that an order's story names: its parties, and who ruled."""
    dispute = rows.get(Dispute, order.dispute_id) if order.dispute_id else None
    arbiter = dispute.arbiter if dispute else None
    return (*order.parties, arbiter) if arbiter else order.parties


def _opening_records(rows: Snapshot, parties: tuple[str, ...]) -> list[str]:
    """Return the ids of the records that bound the parties' wallets to their accounts."""
    accounts = (rows.get(Account, party) for party in parties)
    return [account.record_id for account in accounts if account is not None]


def _logged(
    rows: Snapshot, told: Iterable[str], order_id: str, head: LogHead
) -> list[LoggedRecord]:
    found: list[tuple[Record, int]] = []
    for record_id in told:
        record, index = rows.get(Record, record_id), index_of(rows, record_id)
        if record is None or index is None or index >= head.size:
            raise ReceiptNotReadyError("The log takes the last record in soon.", orderId=order_id)
        found.append((record, index))
    proofs = proofs_of(rows, [index for _, index in found], head.size)
    return [
        LoggedRecord(record.body.decode(), record.salt.hex(), index, tuple(proof))
        for (record, index), proof in zip(found, proofs, strict=True)
    ]
