"""Receipt files: the self-contained proof of a finished order, written and read back.

The file is one JSON object. What stands before `records` is a summary for people; it follows
from the records, and a verifier works it out anew.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from clawmarket.domain.kernel.canonical import StrictJsonError, parse_strict
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.trust.facts import (
    Facts,
    Json,
    ReceiptFlawError,
    Shape,
    check_shape,
    read_facts,
)
from clawmarket.domain.trust.story import Story, read_story

FORMAT = "clawmarket-receipt/1"
MAX_RECEIPT_BYTES = 20_000_000
MAX_RECORDS = 10_000
BY_THE_MARKET = "the market"

MAX_PROOF = 64
_CLAIM = re.compile(r'"format"\s*:\s*"clawmarket-receipt/1"')
_HASH = re.compile(r"[0-9a-f]{64}")
FILE: Shape = {
    "format": (str,),
    "market": (dict,),
    "testMoney": (bool,),
    "receipt": (dict,),
    "parties": (list,),
    "statements": (list,),
    "postings": (list,),
    "records": (list,),
    "checkpoint": (str,),
    "anchors": (list,),
}
MARKET: Shape = {"origin": (str,), "key": (str,)}
LOGGED: Shape = {"record": (str,), "salt": (str,), "index": (int,), "proof": (list,)}


class NotAReceiptError(InvalidArgumentError):
    """A file is no receipt at all, so there is nothing to check."""

    advice = "Name a receipt file, as `web3.market.receipt.get` returns it."
    next_command = "clawmarket explain not_a_receipt"


@dataclass(frozen=True, slots=True)
class LoggedRecord:
    """A record's exact text, its salt, its place in the log and the proof of it, all in hex."""

    record: str
    salt: str
    index: int
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    """A receipt as read; `summary` holds the sections that follow from the records."""

    origin: str
    key: str
    test_money: bool
    summary: Mapping[str, object]
    records: tuple[LoggedRecord, ...]
    checkpoint: str
    anchors: int


def make_receipt(
    *,
    origin: str,
    vkey: str,
    test_money: bool,
    records: Iterable[LoggedRecord],
    checkpoint: str,
) -> str:
    """Write the receipt file of a finished order.

    Args:
        origin: The log's name.
        vkey: The log's public key in note form.
        test_money: Whether the market's credits are worth nothing.
        records: All records of the order; their order and repetitions do not matter.
        checkpoint: The signed note that the proofs are for.

    Raises:
        ReceiptFlawError: The records do not tell a finished order.
    """
    by_index = {record.index: record for record in records}
    logged = [by_index[index] for index in sorted(by_index)]
    story = read_story(facts_of(logged))
    document = {
        "format": FORMAT,
        "market": {"origin": origin, "key": vkey},
        "testMoney": test_money,
        **summary_of(story),
        "records": [asdict(record) for record in logged],
        "checkpoint": checkpoint,
        "anchors": [],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def facts_of(records: Iterable[LoggedRecord]) -> tuple[Facts, ...]:
    """Read the records of a receipt. Raises ReceiptFlawError naming the first bad one."""
    return tuple(read_facts(r.record, f"records[{place}]") for place, r in enumerate(records))


def summary_of(story: Story) -> dict[str, object]:
    """Return the sections of a receipt that its records determine."""
    return {
        "receipt": _outcome(story),
        "parties": [
            {"account": account, "role": role, "address": story.addresses[account]}
            for account, role in story.parties
        ],
        "statements": [
            {
                "recordId": facts.record_id,
                "method": facts.method,
                "actor": facts.actor,
                "signedBy": facts.statement.address or BY_THE_MARKET,
            }
            for facts in story.records
            if facts.statement is not None
        ],
        "postings": [
            {
                "recordId": facts.record_id,
                "account": account,
                "asset": asset,
                "amount": str(amount),
            }
            for facts in story.trade
            for account, asset, amount in facts.postings
        ],
    }


def _outcome(story: Story) -> Json:
    return {
        "receiptId": same_ulid("receipt", story.order_id),
        "orderId": story.order_id,
        "taskId": story.task_id,
        "offerId": story.offer_id,
        "bidId": story.bid_id,
        "settlementId": story.settlement_id,
        "payer": story.buyer,
        "payee": story.seller,
        "asset": story.asset,
        "amount": str(story.amount),
        "sellerAmount": str(story.seller_amount),
        "fee": str(story.fee),
        "refund": str(story.refund),
        "status": "receipt_settled" if story.settled else "receipt_refunded",
        "deliveryDigest": story.delivery_digest,
    }


def parse_receipt(text: str) -> ReceiptFile:
    """Read the form of a receipt file; nothing in it is checked against anything yet.

    Raises:
        NotAReceiptError: The text does not even claim to be a receipt of this format.
        ReceiptFlawError: It claims to be one and has not the form.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise NotAReceiptError("The file is not text in UTF-8.") from None
    if len(data) > MAX_RECEIPT_BYTES:
        raise NotAReceiptError(f"The file is larger than {MAX_RECEIPT_BYTES} bytes.")
    if not _CLAIM.search(text):
        raise NotAReceiptError(f"The file does not say that its format is {FORMAT}.")
    try:
        value = parse_strict(data)
    except StrictJsonError as error:
        raise ReceiptFlawError(f"The file is not strict JSON: {error}.") from None
    return _file(check_shape(value, FILE, "The file"))


def _file(value: Json) -> ReceiptFile:
    if value["format"] != FORMAT:
        raise ReceiptFlawError("The file has another format.", FORMAT, value["format"])
    market = check_shape(value["market"], MARKET, "market")
    if not 1 <= len(value["records"]) <= MAX_RECORDS:
        raise ReceiptFlawError(
            "The number of records is out of range.",
            f"1 to {MAX_RECORDS}",
            str(len(value["records"])),
        )
    return ReceiptFile(
        market["origin"],
        market["key"],
        value["testMoney"],
        {name: value[name] for name in ("receipt", "parties", "statements", "postings")},
        tuple(_logged(item, f"records[{place}]") for place, item in enumerate(value["records"])),
        value["checkpoint"],
        len(value["anchors"]),
    )


def _logged(value: object, where: str) -> LoggedRecord:
    item = check_shape(value, LOGGED, where)
    hashes = [item["salt"], *item["proof"]]
    if len(item["proof"]) > MAX_PROOF or not all(map(_is_hash, hashes)):
        raise ReceiptFlawError(f"{where}: salt and proof are not 32 bytes each in hexadecimal")
    return LoggedRecord(item["record"], item["salt"], item["index"], tuple(item["proof"]))


def _is_hash(value: object) -> bool:
    return type(value) is str and _HASH.fullmatch(value) is not None
