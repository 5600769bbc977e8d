#!/usr/bin/env python3
"""Check a ClawMarket receipt offline, with nothing but Python 3.11 and this file.

    python3 verify_receipt.py RECEIPT [--key VKEY] [--json]

Checks, their names and exit statuses are those of `clawmarket verify`: 0 when every check holds,
1 when one failed, 2 for a file that is no receipt. It shares no code with that command, so that
a mistake in one of them shows. Sources: RFC 8032 (Ed25519), SEC 1 and 2 (secp256k1), the Keccak
of Ethereum, RFC 8785 (canonical JSON), RFC 6962 (tree), C2SP signed-note and tlog-checkpoint,
EIP-191 and EIP-2 (wallet signatures).
"""

# ruff: noqa: PLR2004 - sizes of the formats above stand where they are used

import argparse
import json
import re
import shlex
import sys
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512
from itertools import accumulate, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Json = dict[str, Any]
Space = SimpleNamespace
FORMAT, MAX_BYTES, MAX_RECORDS = "clawmarket-receipt/1", 20_000_000, 10_000
MARKET_ACCOUNT = "agent_" + "0" * 26
SHAPES = {
    "file": "format:str market:dict testMoney:bool receipt:dict parties:list statements:list"
    " postings:list records:list checkpoint:str anchors:list",
    "market": "origin:str key:str",
    "proven record": "record:str salt:str index:int proof:list",
    "record": "v:int id:str at:int actor:str method:str events:list states:list postings:list"
    " statement:dict|NoneType",
    "statement": "said:dict signature:str|NoneType address:str|NoneType",
    "said": "v:int market:str method:str actor:str key:str signedAt:str|NoneType params:dict",
}
AMOUNT, ORDER_ID = "0|[1-9][0-9]{0,15}", "order_[0-7][0-9a-hjkmnp-tv-z]{25}"
LINE, NAME, BASE64 = r"[^\x00-\x1f]", r"[^\s+\x00-\x1f]+", "[A-Za-z0-9+/=]+"
SIGNED = f"\u2014 ({NAME}) ({BASE64})\n"
HEAD = rf"({LINE}+)\n(0|[1-9][0-9]{{0,19}})\n({BASE64})\n((?:{LINE}*\n)*)"
VKEY = rf"({NAME})\+([0-9a-f]{{8}})\+({BASE64})"
WORDS = {"passed": "PASS", "failed": "FAIL", "unpinned": "NOT PINNED", "skipped": "SKIPPED"}
CONDITIONS = ("feeBps", "timeoutSec", "disputeWindowSec", "resubmitSec")
TASK, OFFER = ("task_published", "bid_placed"), ("offer_created", "offer_updated")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
HANDED_OVER = ("result_submitted", "delivery_completed")
ENDS = {
    "settlement_released": ("settlement_completed",),
    "settlement_refunded": ("order_refunded", "settlement_cancelled"),
}
RULED, RULING = ("dispute_resolved", "dispute_rejected"), "dispute.resolve dispute.reject"
# Event: who may cause it, and the methods (after `web3.market.`, or `web3.` for disputes) with
# which they say so.
ACTS = {
    "task_published": ("buyer", "publishTask"),
    "bid_placed": ("seller", "placeBid"),
    "task_awarded": ("buyer", "awardBid"),
    "offer_created": ("seller", "offer.create"),
    "offer_updated": ("seller", "offer.update"),
    "order_created": ("buyer", "awardBid order.create"),
    "payment_locked": ("buyer", "awardBid settlement.lock"),
    "delivery_issued": ("seller", "delivery.issue"),
    "delivery_revoked": ("seller", "delivery.revoke"),
    "delivery_completed": ("seller", "submitResult delivery.complete"),
    "result_submitted": ("seller", "submitResult"),
    "result_rejected": ("buyer", "reviewResult"),
    "result_rated": ("buyer", "reviewResult"),
    "result_accepted": ("buyer arbiter market", f"reviewResult settlement.release {RULING}"),
    "dispute_opened": ("buyer seller", "dispute.open"),
    "dispute_evidence_submitted": ("buyer seller", "dispute.submitEvidence"),
    "dispute_resolved": ("arbiter market", "dispute.resolve"),
    "dispute_rejected": ("arbiter market", RULING),
    "consent_granted": ("buyer", "consent.grant"),
    "consent_revoked": (
        "buyer seller arbiter market",
        f"consent.revoke settlement.refund {RULING}",
    ),
    "settlement_part_released": ("buyer market", "reviewResult settlement.release"),
    "settlement_released": ("buyer arbiter market", f"reviewResult settlement.release {RULING}"),
    "settlement_refunded": ("buyer seller arbiter market", f"settlement.refund {RULING}"),
    "rail_answered": ("market", ""),
    "task_reopened": ("seller", "unclaimTask"),
}
# What a worker says alone: to take a task by its terms, and to give it back before delivering.
ALONE = {
    "claimTask": ("bid_placed", "task_awarded", "order_created", "payment_locked"),
    "unclaimTask": ("settlement_refunded", "task_reopened"),
}
# What a step of an outside rail is booked as, and which amounts are then equal.
BOOKED = {
    "lock": ("payment_locked", {"amount": "locked"}),
    "part": ("settlement_part_released", {"sellerAmount": "sellerAmount", "fee": "fee"}),
    "release": (
        "settlement_released",
        {name: name for name in ("sellerAmount", "fee", "refund")},
    ),
    "refund": ("settlement_refunded", {"refund": "refund"}),
}


class StopError(Exception):
    """A check ends early: outcome, sentence, and what was expected and found, if one value was."""


def demand(holds: object, sentence: str, *values: object) -> None:
    """Fail the check with this sentence unless the condition holds."""
    if not holds:
        raise StopError("failed", sentence, *values)


def same(sentence: str, expected: object, found: object) -> None:
    """Fail the check unless both are the same JSON value; 1, true and "1" differ."""
    texts = [json.dumps(value, sort_keys=True) for value in (expected, found)]
    demand(texts[0] == texts[1], sentence, expected, found)


# --- Curves: a point is (X, Y, Z) for x = X / Z and y = Y / Z, modulo a prime --------------------

Point = tuple[int, int, int]
P1, P2 = 2**255 - 19, 2**256 - 2**32 - 977
N1 = 2**252 + 27742317777372353535851937790883648493
N2 = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
D = -121665 * pow(121666, -1, P1) % P1
ZERO1, ZERO2 = (0, 1, 1), (0, 1, 0)
BASE1 = (
    0x216936D3CD6E53FEC0A4E231FDD6DC5C692CC7609525A7B2C9562D608F25D51A,
    0x6666666666666666666666666666666666666666666666666666666666666658,
    1,
)
BASE2 = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    1,
)


def combine(add: Callable[[Point, Point], Point], zero: Point, *terms: tuple[int, Point]) -> Point:
    """Return the sum of two points, each so many times; what both need is doubled once."""
    (s, a), (t, b) = terms
    sums, total = (zero, a, b, add(a, b)), zero
    for place in reversed(range(256)):
        total = add(total, total)
        chosen = (s >> place & 1) + 2 * (t >> place & 1)
        total = add(total, sums[chosen]) if chosen else total
    return total


def affine(point: Point, prime: int) -> tuple[int, int]:
    """Return x and y of a point that is not at infinity."""
    x, y, z = point
    inverse = pow(z, -1, prime)
    return x * inverse % prime, y * inverse % prime


def add1(a: Point, b: Point) -> Point:
    """Add any two points of Ed25519's curve, -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, section 5.1)."""
    (x1, y1, z1), (x2, y2, z2) = a, b
    x, y, z = x1 * x2 % P1, y1 * y2 % P1, z1 * z2 % P1
    t, square, cross = D * x * y % P1, z * z % P1, x1 * y2 + x2 * y1
    less, more = square - t, square + t
    return z * less * cross % P1, z * more * (y + x) % P1, less * more % P1


def add2(a: Point, b: Point) -> Point:
    """Add any two points of secp256k1, y^2 = x^3 + 7 (SEC 2), by the complete formulas.

    They are those of Renes, Costello and Batina (2015), section 3.
    """
    (x1, y1, z1), (x2, y2, z2) = a, b
    x, y, z = 3 * x1 * x2 % P2, y1 * y2 % P2, 21 * z1 * z2 % P2
    xy, yz, xz = (x1 * y2 + x2 * y1) % P2, (y1 * z2 + y2 * z1) % P2, 21 * (x1 * z2 + x2 * z1) % P2
    less, more = y - z, y + z
    return (xy * less - yz * xz) % P2, (more * less + x * xz) % P2, (yz * more + x * xy) % P2


def decode1(data: bytes) -> Point | None:
    """Read a point of Ed25519's curve (RFC 8032, section 5.1.3); None for what is none."""
    number = int.from_bytes(data, "little")
    odd, y = number >> 255, number % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P1) % P1
    x = pow(square, (P1 + 3) // 8, P1)
    x = x if x * x % P1 == square else x * pow(2, (P1 - 1) // 4, P1) % P1
    if y >= P1 or x * x % P1 != square or (x == 0 and odd):
        return None
    return (x if x & 1 == odd else P1 - x), y, 1


def ed25519_verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether an Ed25519 signature is good (RFC 8032, section 5.1.7, without cofactor)."""
    key, s = decode1(public_key), int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or s >= N1:
        return False
    hashed = sha512(signature[:32] + public_key + message).digest()
    h, negative = int.from_bytes(hashed, "little") % N1, (P1 - key[0], key[1], 1)
    x, y = affine(combine(add1, ZERO1, (s, BASE1), (h, negative)), P1)
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def keccak256(data: bytes) -> bytes:
    """Hash as Ethereum does: Keccak with the padding from before FIPS 202."""
    padded = bytearray(data) + bytes(136 - len(data) % 136)
    padded[len(data)] ^= 0x01
    padded[-1] ^= 0x80
    mask, a = 2**64 - 1, [0] * 25
    for start in range(0, len(padded), 136):
        for i in range(17):
            a[i] ^= int.from_bytes(padded[start + 8 * i :][:8], "little")
        bits = 1
        for _ in range(24):
            c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
            turned = [(lane << 1 | lane >> 63) & mask for lane in c]
            a = [a[i] ^ c[(i + 4) % 5] ^ turned[(i + 1) % 5] for i in range(25)]
            x, y, lane = 1, 0, a[1]
            for step in range(24):
                turn = (step + 1) * (step + 2) // 2 % 64
                x, y, moved = y, (2 * x + 3 * y) % 5, (lane << turn | lane >> (64 - turn)) & mask
                lane, a[x + 5 * y] = a[x + 5 * y], moved
            rows = [a[i - i % 5 :][:5] for i in range(25)]
            a = [row[i % 5] ^ ~row[(i + 1) % 5] & row[(i + 2) % 5] for i, row in enumerate(rows)]
            for power in range(7):
                a[0] ^= (bits & 1) << (2**power - 1)
                bits = bits << 1 ^ (bits >> 7) * 0x171
    return b"".join(lane.to_bytes(8, "little") for lane in a[:4])


def recover(digest: bytes, signature: bytes) -> str | None:
    """Return the address whose EIP-191 signature over 32 bytes this is (SEC 1, section 4.1.6)."""
    hashed = keccak256(b"\x19Ethereum Signed Message:\n32" + digest)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    y = pow(r**3 + 7, (P2 + 1) // 4, P2)
    if not (0 < r < N2 and 0 < s < N2) or (y * y - r**3 - 7) % P2:
        return None
    point, inverse = (r, y if y & 1 == signature[64] % 27 else P2 - y, 1), pow(r, -1, N2)
    back = -int.from_bytes(hashed, "big") * inverse % N2
    key = combine(add2, ZERO2, (s * inverse % N2, point), (back, BASE2))
    if key[2] == 0:
        return None
    written = b"".join(part.to_bytes(32, "big") for part in affine(key, P2))
    return "0x" + keccak256(written)[12:].hex()


# --- Reading: strict JSON, canonical JSON, signed notes, records ---------------------------------


def strict_json(source: str, limit: int) -> object:
    """Read JSON that no two readers understand differently; below 2^53 names are ASCII, too."""

    def refuse(what: str) -> object:
        raise ValueError(f"{what} is not taken")

    def unique(pairs: list[tuple[str, object]]) -> object:
        members = dict(pairs)
        good = len(members) == len(pairs) and (limit > 2**53 or "".join(members).isascii())
        return members if good else refuse("a name that is given twice or is not ASCII")

    def broken(number: str) -> object:
        return refuse(number if len(number) < 40 else f"{number[:40]}...")

    def whole(digits: str) -> object:
        good = len(digits) < 21 and digits != "-0" and abs(int(digits)) < limit
        return int(digits) if good else broken(digits)

    hooks: Json = {"parse_int": whole, "parse_float": broken, "parse_constant": refuse}
    try:
        value: object = json.loads(source, object_pairs_hook=unique, **hooks)
        json.dumps(value, ensure_ascii=False).encode()  # refuses half of a surrogate pair
    except (ValueError, RecursionError) as error:
        raise StopError("failed", f"This is not strict JSON: {error}.") from None
    brackets = re.sub(r'"(?:[^"\\]|\\.)*"|[^][}{"]+', "", source)
    depth = max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0)
    demand(depth <= 32, "The JSON is nested too deep.")
    return value


def canonical(value: object) -> bytes:
    """Write what `strict_json` read below 2^53 as RFC 8785 does."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(value: object) -> str:
    """Name a value by the SHA-256 of its canonical form."""
    return "sha256:" + sha256(canonical(value)).hexdigest()


def from_base64(encoded: str) -> bytes:
    """Read base64 in its one form (RFC 4648)."""
    try:
        data = b64decode(encoded, validate=True)
    except ValueError:
        data = b""
    demand(b64encode(data).decode() == encoded, "Something is not base64.")
    return data


def shaped(value: object, shape: str) -> Json:
    """Return an object that has exactly the members of a shape."""
    types = dict(part.split(":") for part in SHAPES[shape].split())
    if not isinstance(value, dict) or value.keys() != types.keys():
        raise StopError("failed", f"This {shape} has not exactly the members {', '.join(types)}.")
    for name, member in value.items():
        good = type(member).__name__ in types[name].split("|")
        demand(good, f"The {name} of this {shape} has the wrong type.")
    return value


def read_file(source: str) -> Json:
    """The file has the form of a receipt."""
    file = shaped(strict_json(source, 2**63), "file")
    same("The file has another format.", FORMAT, file["format"])
    shaped(file["market"], "market")
    demand(1 <= len(file["records"]) <= MAX_RECORDS, "There are too few or too many records.")
    for item in file["records"]:
        hashes = [shaped(item, "proven record")["salt"], *item["proof"]]
        good = all(isinstance(one, str) and re.fullmatch("[0-9a-f]{64}", one) for one in hashes)
        demand(good and len(hashes) < 66, "Salt or proof are not hashes in hexadecimal.")
    return file


def read_note(note: str) -> tuple[bytes, str, int, bytes, str, list[tuple[str, bytes]]]:
    """Read a checkpoint: signed text, origin, size, root, further lines, names with signatures."""
    match = re.fullmatch(rf"({HEAD})\n((?:{SIGNED}){{1,64}})", note)
    if match is None or int(match[3]) >= 2**64:
        raise StopError("failed", "The checkpoint is no signed note.")
    signed = [(name, from_base64(data)) for name, data in re.findall(SIGNED, match[6])]
    demand(all(len(data) > 4 for _, data in signed), "A signature is too short.")
    return match[1].encode(), match[2], int(match[3]), from_base64(match[4]), match[5], signed


def read_record(source: str) -> Space:
    """Read one record, which has to stand there in canonical form."""
    value = strict_json(source, 2**53)
    if not isinstance(value, dict) or canonical(value) != source.encode():
        raise StopError("failed", "A record is not written as RFC 8785 demands.")
    said: Json = {"v": 2, "params": {}}
    if "statement" in value:
        said = shaped(value["statement"], "statement")["said"]
        first = said.get("v") == 1 and "signedAt" not in said  # these named no moment
        said = shaped(said | {"signedAt": None} if first else said, "said")
        same("A statement has another version.", 1 if first else 2, said["v"])
    record = shaped({"statement": None, **value}, "record")
    same("A record has another version.", 1, record["v"])
    events, triples = record["events"], record["states"] + record["postings"]
    good = all(isinstance(event, dict) and isinstance(event.get("kind"), str) for event in events)
    good = good and all(isinstance(t, list) and [*map(type, t)] == [str] * 3 for t in triples)
    good = good and all(re.fullmatch("-?[1-9][0-9]{0,18}", p[2]) for p in record["postings"])
    demand(good, "A record has an event, a state or a posting of the wrong form.")
    kinds = [event["kind"] for event in events]
    return Space(**record, params=said["params"], kinds=kinds)


# --- The story that the records tell -------------------------------------------------------------


def only(records: list[Space], *kinds: str, **about: object) -> tuple[Space, Json]:
    """Return the one event of these kinds (about one thing), with its record."""
    told = [(r, event) for r in records for event in r.events if event["kind"] in kinds]
    found = [(r, event) for r, event in told if {**event, **about} == event]
    sentence = "The records do not tell one order from its beginning to its end."
    demand(len(found) == 1, sentence, f"one {' or '.join(kinds)}", str(len(found)))
    return found[0]


def word(event: Json, name: str, pattern: str = "(?s:.*)") -> str:
    """Return a text of an event."""
    value = event.get(name)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise StopError("failed", f"The event {event['kind']} lacks its {name}.")
    return value


def agree(event: Json, **wanted: object) -> None:
    """Check that an event is about the very things that another one named."""
    for name, value in wanted.items():
        same(f"The event {event['kind']} is about another {name}.", value, event.get(name))


def read_story(file: Json) -> Space:
    """The records tell one order from its beginning to its end."""
    records = [read_record(item["record"]) for item in file["records"]]
    places = [item["index"] for item in file["records"]]
    demand(places == sorted(set(places)), "The records are not in the order of the log, each once.")
    demand(len(places) == len({record.id for record in records}), "A record is told twice.")
    made, order = only(records, "order_created")
    (_, locked), (_, end) = only(records, "payment_locked"), only(records, *ENDS)
    order_id, asset = word(order, "orderId", ORDER_ID), word(order, "asset")
    amount, settlement = word(order, "amount", AMOUNT), word(locked, "settlementId")
    agree(locked, orderId=order_id, asset=asset, amount=amount)
    agree(end, orderId=order_id, asset=asset, settlementId=settlement)
    agreed, settled = read_agreement(records, made, order), end["kind"] == "settlement_released"
    story = Space(**agreed, agreed=agreed, settled=settled, records=records, amount=int(amount))
    story.settlementId, story.terms = settlement, word(order, "terms")
    story.testMoney = order.get("testMoney")
    money = {"refund"} if not settled else {"refund", "sellerAmount", "fee"}
    for name in ("sellerAmount", "fee", "refund"):
        setattr(story, name, int(word(end, name, AMOUNT)) if name in money else 0)
    parts = read_parts(records, agreed["milestones"], locked)
    story.sellerAmount += sum(net for net, _ in parts)
    story.fee += sum(fee for _, fee in parts)
    paid = sum(net + fee for net, fee in parts)
    coming = agreed["milestones"][len(parts) :]
    stake = int(coming[0][1]) if coming else int(amount) - paid
    story.deliveryDigest = delivered(records) if settled else None
    story.arbiter, share = read_ruling(records, order, stake, int(amount) - paid if settled else 0)
    story.share = paid + share
    parties = [party for party in (story.buyer, story.seller, story.arbiter) if party]
    opened = [only(records, "account_opened", accountId=party)[1] for party in parties]
    story.wallets = {event["accountId"]: event.get("address") for event in opened}
    good = all(wallet is None or isinstance(wallet, str) for wallet in story.wallets.values())
    demand(good and len(story.wallets) == len(parties), "One account stands on two sides.")
    story.rail = read_rail(records, locked)
    story.again = read_reopened(records, made, order, agreed["taskId"])
    story.trade = [record for record in records if "account_opened" not in record.kinds]
    check_consent(records, order, agreed)
    check_belonging(story)
    # A buyer may cancel while a rail is asked to lock; what it turns out to have locked goes back.
    late = ("order_cancelled",) if story.rail and not settled else ()
    check_states(story, ENDS[end["kind"]] + late)
    return story


def read_agreement(records: list[Space], made: Space, order: Json) -> Json:
    """Return what both sides agreed on, as the order's content hash has it."""
    agreed: Json = {name: word(order, name) for name in ("orderId", "buyer", "seller", "asset")}
    agreed |= {"taskId": None, "offerId": None, "bidId": None}
    if "task_awarded" in made.kinds:
        (_, award), (asked, task) = only(records, "task_awarded"), only(records, TASK[0])
        agreed |= {"taskId": word(award, "taskId"), "bidId": word(award, "bidId")}
        agree(award, orderId=agreed["orderId"])
        agree(task, taskId=agreed["taskId"], buyer=agreed["buyer"])
        bid, priced = only(records, TASK[1])
        agree(priced, taskId=agreed["taskId"], bidId=agreed["bidId"], bidder=agreed["seller"])
        check_claim(made, asked, task, bid, priced)
    else:
        asked, priced = only(records, *OFFER)
        agreed["offerId"] = word(priced, "offerId")
    count = agreed["quantity"] = made.params.get("quantity", 1)
    demand(type(count) is int and count > 0, "The quantity is no whole number.")
    agreed["price"] = word(priced, "price", AMOUNT)
    agree(order, **conditions_of(asked, made if agreed["taskId"] else None))
    parts = asked.params.get("milestones")
    if agreed["offerId"]:
        said = [] if parts is None and asked.statement and "offer_created" in asked.kinds else parts
        # A change that leaves the milestones as they were does not say them again.
        parts = priced.get("milestones", said or [])
        told = parts if said is None else said
        same("The offer has other milestones than its seller said.", told, parts)
    elif "milestones" not in asked.params:
        parts = []
    percent, dues = 0, [0]
    good = isinstance(parts, list) and all(isinstance(part, dict) for part in parts)
    shapes = [(type(p.get("title")), type(p.get("percent"))) for p in parts] if good else [None]
    demand(set(shapes) <= {(str, int)}, "The milestones are not titles with percents.")
    for part in parts:
        percent += part["percent"]
        dues.append(int(agreed["price"]) * count * percent // 100)
    whole = 100 if parts else 0
    demand(percent == whole, "The milestones are not all of the price, or more than that.")
    sums = [str(due - before) for before, due in pairwise(dues)]
    titles = [part["title"] for part in parts]
    agree(order, milestones=[list(pair) for pair in zip(titles, sums, strict=True)])
    usage, said = order.get("usageScope"), stripped(asked.params.get("usageScope"))
    entire = asked.statement and "offer_updated" not in asked.kinds
    good = entire or agreed["offerId"] is None or "usageScope" in priced
    demand(good, "The offer does not tell its usage scope.")
    told = priced.get("usageScope", said)
    said = told if said is None and not entire else said
    same("The offer has another usage scope than its seller said.", said, told)
    same("The order has another usage scope than its offer.", told, usage)
    if usage is not None:
        days = usage.get("durationDays", 1) if isinstance(usage, dict) else None
        good = type(days) is int and isinstance(usage.get("purpose"), str)
        demand(good, "The usage scope names no purpose, or no whole number of days.")
        agreed["usageScope"] = usage
    return agreed | {name: order.get(name) for name in (*CONDITIONS, "milestones")}


def check_claim(made: Space, asked: Space, task: Json, bid: Space, priced: Json) -> None:
    """Check that a claimed order is what the buyer said that whoever fits may have."""
    if not made.method.endswith(".claimTask"):
        return
    good = asked.params.get("claims") is True and task.get("funded") is True
    demand(good, "The task was claimed, and its buyer did not say that it may be.")
    same("The claim is not at the budget.", asked.params.get("budget"), priced.get("price"))
    demand(bid is made and made.statement, "The claim is not one statement of its worker.")


def conditions_of(asked: Space, made: Space | None) -> Json:
    """Return the conditions that a demand names, for the order that was made of a task."""
    wanted = {name: asked.params[name] for name in CONDITIONS if name in asked.params}
    if made and asked.params.get("deadline") is not None:
        wanted["timeoutSec"] = seconds_until(asked.params["deadline"], made)
    return wanted


def seconds_until(deadline: object, made: Space) -> int:
    """Return the whole seconds that an order had until its task's deadline."""
    try:
        moment = datetime.fromisoformat(str(deadline)) - BEGINNING
    except (ValueError, OverflowError, TypeError):
        raise StopError(
            "failed", "The task's deadline is no moment.", None, str(deadline)
        ) from None
    left = (moment - timedelta(milliseconds=made.at)) // timedelta(seconds=1)
    demand(left > 0, "The order was made after the task's deadline.")
    return left


def read_reopened(records: list[Space], made: Space, order: Json, task_id: str | None) -> int:
    """Return what is held for the task again, since its worker gave it back; else 0."""
    steps = [record for record in records if record.method.endswith(".unclaimTask")]
    if not steps and not any("task_reopened" in record.kinds for record in records):
        return 0
    record, event = only(records, "task_reopened")
    claimed = made.method.endswith(".claimTask") and steps == [record]
    good = claimed and record.statement and "settlement_refunded" in record.kinds
    demand(good, "A task was opened again that nobody had claimed and given back.")
    late = any("delivery_completed" in one.kinds for one in records)
    demand(not late, "The worker stepped back after something was delivered.")
    agree(event, taskId=task_id, **{name: order[name] for name in ("orderId", "asset", "amount")})
    return int(order["amount"])


def stripped(scope: object) -> object:
    """Return a scope without what it leaves open."""
    if not isinstance(scope, dict):
        return scope
    return {name: value for name, value in scope.items() if value is not None}


def check_consent(records: list[Space], order: Json, agreed: Json) -> None:
    """Check that what was handed over was permitted: by the buyer, before, and still then."""
    usage, given, over, locked = agreed.get("usageScope"), Space(at=0, event={}), True, False
    for told, event in [(record, event) for record in records for event in record.events]:
        locked = locked or event["kind"] == "payment_locked"
        if event["kind"] == "consent_granted":
            first = usage is not None and not given.event
            demand(first, "A consent that nobody asked for, or a second one.")
            demand(locked, f"{told.id}: it was consented to before it was paid.")
            check_grant(told, event, order, agreed)
            given, over = Space(at=told.at, event=event), False
        elif event["kind"] == "consent_revoked":
            demand(not over, "A consent was revoked that did not stand.")
            by_buyer = told.method.endswith("consent.revoke") and told.actor == order["buyer"]
            may = by_buyer or "settlement_refunded" in told.kinds
            demand(may, "A consent was revoked by nobody who may, and no money went back.")
            check_revocation(told, event, given.event)
            over = True
        elif event["kind"] in ("delivery_issued", "delivery_completed") and usage is not None:
            demand(not over, f"{told.id}: {event['kind']} was without the buyer's consent.")
            days = given.event["scope"].get("durationDays", usage.get("durationDays"))
            good = days is None or told.at < given.at + days * 86_400_000
            demand(good, f"{told.id}: the buyer's consent was over by then.")
            demand(told.at >= given.at, f"{told.id}: the buyer's consent came after this moment.")
    told_of: set[str] = set()
    for record in records:
        told_of |= {*record.kinds}
        entered = {after for thing, _, after in record.states if thing == order["orderId"]}
        silent = (entered & {"consent_granted", "consent_revoked"}) - told_of
        demand(not silent, f"{record.id}: no event tells of the order's consent.")


def check_grant(record: Space, event: Json, order: Json, agreed: Json) -> None:
    """Check that a consent is to what the offer asked for, and that the buyer said so."""
    scope, usage = event.get("scope"), agreed["usageScope"]
    named: Json = scope if isinstance(scope, dict) else {}
    days = named.get("durationDays", 1)
    good = type(days) is int and {**named, "durationDays": 0} == {
        "purpose": usage["purpose"],
        "durationDays": 0,
    }
    demand(good and 1 <= days <= usage.get("durationDays", days), "A consent to something else.")
    said = stripped(record.params.get("consentScope")) if record.statement else scope
    same("The consent has another scope than the buyer said.", said, scope)
    told = {"orderId": order["orderId"], "offerId": agreed["offerId"], "buyerId": order["buyer"]}
    agree(event, consentHash=digest_of(told | {"scope": scope}))


def check_revocation(record: Space, event: Json, granted: Json) -> None:
    """Check that a revocation is of the consent that was given, and hashes what was said."""
    try:
        moment = (BEGINNING + timedelta(milliseconds=record.at)).isoformat(timespec="milliseconds")
    except OverflowError:
        moment = "no moment"
    agree(event, consentId=granted.get("consentId"))
    told = {"consentId": granted.get("consentId"), "scope": granted["scope"]}
    told["revokedAt"] = moment.replace("+00:00", "Z")
    reason = record.params.get("reason") if record.method.endswith("consent.revoke") else None
    agree(event, revokeHash=digest_of(told | ({"reason": reason} if reason else {})))


def read_parts(
    records: list[Space], milestones: list[list[str]], locked: Json
) -> list[tuple[int, int]]:
    """Return net and fee of each milestone that was paid, in their order."""
    parts: list[tuple[int, int]] = []
    told = [event for record in records for event in record.events]
    steps = ("delivery_completed", "settlement_part_released", "settlement_released")
    for pair in pairwise(["", *[event["kind"] for event in told if event["kind"] in steps]]):
        demand(steps[0] in pair, "It was paid before it was delivered.")
    for event in [event for event in told if event["kind"] == "settlement_part_released"]:
        agree(event, **{name: locked.get(name) for name in ("orderId", "settlementId", "asset")})
        agree(event, milestone=len(parts))
        net, fee = int(word(event, "sellerAmount", AMOUNT)), int(word(event, "fee", AMOUNT))
        agreed = int(milestones[len(parts)][1]) if len(parts) < len(milestones) else -1
        demand(net + fee == agreed, "A milestone was paid with another part than agreed.")
        parts.append((net, fee))
    return parts


def read_rail(records: list[Space], locked: Json) -> str | None:
    """Return the outside rail of the money: each step asked once, answered once, and booked."""
    told = [(place, r, event) for place, r in enumerate(records) for event in r.events]
    asked = [one for one in told if one[2]["kind"] == "rail_asked"]
    answers = [one for one in told if one[2]["kind"] == "rail_answered"]
    booked = [one for one in told if one[2]["kind"] in dict(BOOKED.values())]
    if not asked and not answers:
        return None
    rail = asked[0][2].get("rail") if asked else None
    demand(isinstance(rail, str) and rail != "credits", "The rail has no name.")
    about = {"orderId": locked.get("orderId"), "settlementId": locked.get("settlementId")}
    about |= {"rail": rail}
    for _, record, event in [one for one in told if one[2]["kind"] == "rail_resolved"]:
        good = record.method == "market.repair.resolve" and isinstance(event.get("moved"), bool)
        demand(good, "What a person found out is not said as an operator says it.")
    moved, heard = 0, -1
    where = {id(event): number for number, (_, _, event) in enumerate(told)}
    for number, (place, _, event) in enumerate(asked, 1):
        step = event.get("step")
        good = step in [*BOOKED] and (step == "lock") == (number == 1)
        demand(good, "A rail was asked for a step out of turn.")
        key = f"{locked.get('settlementId')}.{number:03}.{step}"
        agree(event, **about, key=key, asset=locked.get("asset"), locked=locked.get("amount"))
        found = [one for one in answers if one[2].get("key") == key and one[0] > place]
        demand(len(found) == 1, "A question to a rail has not one answer after it.")
        later, record, answer = found[0]
        demand(where[id(event)] > heard, "A rail was asked again before it had answered.")
        heard = where[id(answer)]
        agree(answer, **about, step=step)
        check_source(told[:heard], answer, later)
        if answer["outcome"] == "moved":
            kind, amounts = BOOKED[str(step)]
            agree(only([record], kind)[1], **{n: event.get(name) for n, name in amounts.items()})
            moved += 1
            continue
        good = answer["source"] == "operator" and number < len(asked)
        demand(good, "A payment that was refused was let go.")
        agree(asked[number][2], **{n: v for n, v in event.items() if n not in ("kind", "key")})
    good = len(answers) == len(asked) and len(booked) == moved
    demand(good, "Not every movement was asked for and answered once.", moved, len(booked))
    return str(rail)


def check_source(before: list[tuple[int, Space, Json]], answer: Json, place: int) -> None:
    """Check that what a person found out is told where they stand behind an answer."""
    outcome, source = answer.get("outcome"), answer.get("source")
    good = outcome in ("moved", "refused") and source in ("rail", "operator")
    demand(good, "A rail's answer is none.", "moved or refused", outcome)
    events = [event for at, _, event in before if event["kind"] == "rail_resolved" and at < place]
    found = [event.get("moved") for event in events if event.get("key") == answer["key"]]
    good = source == "rail" or (outcome == "moved") in found[-1:]
    demand(good, "Nobody found out what an operator is said to have found.")


def act_of(event: Json, record: Space) -> tuple[str, str]:
    """Return who may cause an event of a record, and with which methods a party says so."""
    kind, method = event["kind"], record.method.removeprefix("web3.market.")
    if kind in ALONE.get(method, ()):
        return "seller", method
    if kind == "rail_asked":
        kind = BOOKED.get(str(event.get("step")), ("", {}))[0]
    return ACTS.get(kind, ("", ""))


def read_ruling(
    records: list[Space], order: Json, stake: int, usual: int
) -> tuple[str | None, int]:
    """Return who ruled in the order's dispute, if somebody did, and the seller's share."""
    kinds = {kind for record in records for kind in record.kinds}
    if not kinds & {"dispute_opened", *RULED}:
        return None, usual
    (first, opened), (record, ruled) = only(records, "dispute_opened"), only(records, *RULED)
    agree(ruled, orderId=opened.get("orderId"), disputeId=opened.get("disputeId"))
    claim, other = ("refund", "release")[:: 1 if first.actor == order["buyer"] else -1]
    agree(opened, claim=claim)
    allowed = {claim, "partial"} if ruled["kind"] == "dispute_resolved" else {other}
    if record.actor == MARKET_ACCOUNT:
        heard = {r.actor for r in records if "dispute_evidence_submitted" in r.kinds}
        allowed &= {claim if heard == {first.actor} else other}
    ends = " or ".join(sorted(allowed)) or "another end"
    ending = ruled.get("resolution")
    demand(ending in [*allowed], "The dispute cannot have ended so.", ends, str(ending))
    share = int(word(ruled, "sellerShare", AMOUNT))
    good = {"release": share == stake, "refund": share == 0, "partial": 0 < share < stake}
    demand(good.get(word(ruled, "resolution")), "The ruling does not say what it gives.")
    return (None if record.actor == MARKET_ACCOUNT else record.actor), share


def delivered(records: list[Space]) -> str:
    """Return the content hash of what was paid for: the accepted result, else the delivery."""
    if not any("result_accepted" in record.kinds for record in records):
        paid = [n for n, one in enumerate(records) if "settlement_part_released" in one.kinds]
        rest = records[paid[-1] :] if paid else records
        return word(only(rest, "delivery_completed")[1], "digest")
    told = [event for record in records for event in record.events]
    result = [e for e in told if e["kind"] == "result_accepted"][-1].get("resultId")
    return word(only(records, "result_submitted", resultId=result)[1], "digest")


def check_belonging(story: Space) -> None:
    """Check that every record belongs to the order, and that the right account made it."""
    roles = {"buyer": story.buyer, "seller": story.seller, "market": MARKET_ACCOUNT}
    roles |= {"arbiter": story.arbiter} if story.arbiter else {}
    begins = OFFER if story.offerId else TASK
    for record in story.records:
        ours = False
        for event in record.events:
            kind = event["kind"]
            agree({"orderId": story.orderId, **event}, orderId=story.orderId)
            opens = kind == "account_opened" and event.get("accountId") in [*story.wallets]
            ours = ours or opens or kind in begins or "orderId" in event
            # Nobody but the market hears what a rail answers.
            heard = story.rail and kind in dict(BOOKED.values())
            who = "market" if heard else act_of(event, record)[0]
            allowed = [roles[r] for r in who.split() if r in roles]
            good = not who or record.actor in allowed
            demand(good, f"{kind} was not for this account.", " or ".join(allowed), record.actor)
        demand(ours, f"{record.id} is no part of this order.")


def check_states(story: Space, ends: tuple[str, ...]) -> None:
    """Check that each move of the order begins at the state where the one before it ended."""
    stands = ""
    for _, before, after in [s for r in story.records for s in r.states if s[0] == story.orderId]:
        same("The states of the order do not connect.", stands, before)
        stands = after
    demand(stands in ends, "The order does not come to its end.", " or ".join(ends), stands)


# --- The checks: the docstring is the sentence of success, a text that is returned replaces it ---


def check_inclusion(file: Json) -> None:
    """The log's tree holds all records (RFC 6962, section 2.1.1)."""
    try:
        note = read_note(file["checkpoint"])
    except StopError:
        raise StopError("skipped", "Not checked: the checkpoint cannot be read.") from None
    size, root = note[2], note[3]
    for item in file["records"]:
        index, last, proof = item["index"], size - 1, list(item["proof"])
        commit = sha256(bytes.fromhex(item["salt"]) + item["record"].encode()).hexdigest()
        node = sha256(b"\x00" + canonical({"commit": commit, "v": 1})).digest()
        good = 0 <= index < size
        while good and last:
            if index & 1 or index < last:
                sibling = bytes.fromhex(proof.pop(0)) if proof else b""
                pair = sibling + node if index & 1 else node + sibling
                node = sha256(b"\x01" + pair).digest()
            index, last = index >> 1, last >> 1
        demand(good and not proof and node == root, f"Index {item['index']} is not in the tree.")


def check_checkpoint(file: Json) -> None:
    """The market's key signed the head of the log's tree."""
    name, key_id, public = read_vkey(file["market"]["key"])
    body, origin, _size, root, more, signed = read_note(file["checkpoint"])
    known = [data[4:] for who, data in signed if (who, data[:4].hex()) == (name, key_id)]
    good = known != [] and all(ed25519_verify(public[1:], signature, body) for signature in known)
    demand(good, f"The checkpoint carries no good signature of {name}.")
    demand(len(root) == 32 and "" not in more.split("\n")[:-1], "This is no tree head.")
    same("The checkpoint is of another market.", [file["market"]["origin"]] * 2, [origin, name])


def read_vkey(text: str) -> tuple[str, str, bytes]:
    """Read a verifier key (C2SP signed-note): name, key id, and type byte with the key."""
    key = re.fullmatch(VKEY, text)
    name, key_id, public = (key[1], key[2], from_base64(key[3])) if key else ("", "", b"")
    good = len(public) == 33 and public[0] == 1
    good = good and sha256(f"{name}\n".encode() + public).hexdigest()[:8] == key_id
    demand(good, "The market's key is no verifier key.")
    return name, key_id, public


def check_key(file: Json, pinned: list[str | None]) -> None:
    """The market's key is the pinned one."""
    if pinned[0] is None:
        raise StopError("unpinned", "The market is not confirmed: pin a key that you know (--key).")
    what = "Another key than the pinned one: another market, or one whose key was replaced."
    same(what, pinned[0].strip(), file["market"]["key"])


def check_anchors(_: Json) -> None:
    """Say that nobody else recorded the checkpoint."""
    raise StopError("skipped", "No outside witness recorded the checkpoint, or none known here.")


def check_signatures(file: Json, story: Space) -> str:
    """Check what each party said, and who signed it."""
    for record in story.records:
        if record.statement is not None:
            check_said(file["market"]["origin"], record, story)
            check_signature(record, story.wallets.get(record.actor))
    attested = [r for r in story.trade if not (r.statement and r.statement["signature"])]
    owners = sorted({record.actor for record in attested if story.wallets.get(record.actor)})
    gaps = "".join(f" {owner} has a wallet and did not sign all." for owner in owners)
    return f"The market alone attests {len(attested)} records; the rest is signed.{gaps}"


def check_said(origin: str, record: Space, story: Space) -> None:
    """Check that what was said is what happened."""
    said, params, where = record.statement["said"], record.params, record.id
    happened = [origin, record.actor, record.method]
    same(f"{where}: other words.", happened, [said[n] for n in ("market", "actor", "method")])
    for event in record.events:
        kind = event["kind"]
        names = act_of(event, record)[1].split()
        methods = [f"web3.{'' if n.startswith('dispute') else 'market.'}{n}" for n in names]
        demand(not methods or record.method in methods, f"{where}: {kind} was not asked for.")
        for name in [name for name in params if name in event and params[name] is not None]:
            asked = stripped(params[name])
            same(f"{where}: {kind}.{name} is not what was said.", asked, event[name])
        if kind in TASK + OFFER:
            same(f"{where}: other terms than said.", digest_of(params), event.get("terms"))
        if kind == "dispute_evidence_submitted":
            brought = {"summary": params.get("summary"), "artifacts": named_files(record)}
            same(f"{where}: other evidence.", digest_of(brought), event.get("evidenceDigest"))
    verdict = {"None": "", "accept": "result_accepted", "reject": "result_rejected"}
    needed = verdict.get(str(params.get("decision")))
    demand(needed in ["", *record.kinds], f"{where}: the verdict is not what was said.")
    if record.method == "web3.market.reviewResult":
        told = [event for event in record.events if event["kind"] == "result_rated"]
        rated = [[event.get("worker"), event.get("rating")] for event in told]
        wanted = [] if params.get("rating") is None else [[story.seller, params["rating"]]]
        same(f"{where}: rated otherwise than was said.", wanted, rated)
    if "order_created" in record.kinds and story.offerId is not None:
        same(f"{where}: another offer was ordered.", params.get("offerId"), story.offerId)


def named_files(record: Space) -> list[Json]:
    """Return the files that a statement names: hash, name and size of each."""
    files = record.params.get("artifacts", [])
    good = isinstance(files, list) and all(isinstance(one, dict) for one in files)
    demand(good, f"{record.id}: the files are not a list of objects.")
    return [{name: one.get(name) for name in ("digest", "name", "size")} for one in files]


def check_signature(record: Space, bound: str | None) -> None:
    """Check that the wallet which signed a statement is the account's (EIP-191, EIP-2)."""
    signature, address = record.statement["signature"], record.statement["address"]
    if signature is None:
        same(f"{record.id}: an address without a signature.", None, address)
        return
    data = bytes.fromhex(signature[2:]) if re.fullmatch("0x[0-9a-f]{130}", signature) else b""
    good = data and int.from_bytes(data[32:64], "big") <= N2 // 2 and data[64] in (0, 1, 27, 28)
    demand(good, f"{record.id}: the signature is not 65 bytes with a low s.")
    signer = recover(sha256(canonical(record.statement["said"])).digest(), data)
    same(f"{record.id}: another wallet signed.", (address or "").lower(), signer)
    same(f"{record.id}: the wallet is not the account's.", (bound or "").lower(), signer)
    said = record.statement["said"]
    try:
        at = datetime.fromisoformat(said.get("signedAt") or "") - BEGINNING
    except (ValueError, OverflowError, TypeError):
        at = timedelta(milliseconds=record.at if said["v"] == 1 else 0)
    late = timedelta(milliseconds=record.at) - at
    good = timedelta(minutes=-5) <= late <= timedelta(hours=1)
    demand(good, f"{record.id}: the statement was not made within the hour before.")


def sums(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Sum amounts by name, leaving out what comes to zero."""
    total: Counter[str] = Counter()
    for name, amount in amounts:
        total[name] += amount
    return {name: amount for name, amount in total.items() if amount}


def check_postings(_: Json, story: Space) -> str:
    """Check that every record balances and that all of them move what the events say."""
    for record in story.records:
        off = sums((asset, int(amount)) for _, asset, amount in record.postings)
        demand(not off, f"{record.id}: the postings do not sum to zero.", "0", off)
    amount, seller, fee, back = story.amount, story.sellerAmount, story.fee, story.refund
    same("Seller, fee and refund are not what was locked.", amount, seller + fee + back)
    same("The locked amount is not the agreed one.", int(story.price) * story.quantity, amount)
    same("The terms are not the hash of what was agreed.", digest_of(story.agreed), story.terms)
    bps = story.feeBps
    demand(type(bps) is int and 0 <= bps <= 10_000, "The order names no fee rate.")
    same("The seller's share is not what was accepted or ruled.", story.share, amount - back)
    wanted = story.share * bps // 10_000
    same(f"The fee is not {bps} bps, rounded down.", wanted, fee)
    purse = "{}/available" if story.rail is None else f"rail:{story.rail}:{{}}"
    ends = {purse.format(story.buyer): back - story.again - amount}
    ends |= {purse.format(story.seller): seller, f"{story.buyer}/held": story.again}
    moves = sums((f"{name} {story.asset}", part) for name, part in (ends | {"fees": fee}).items())
    moved = sums((f"{p[0]} {p[1]}", int(p[2])) for r in story.trade for p in r.postings)
    same("The postings do not move what the events say.", moves, moved)
    locked, earned, kept, rest = (credits_of(n, story.asset) for n in (amount, seller, fee, back))
    parted = f"{earned} to the seller, {kept} fee ({bps} bps agreed), {rest} back."
    return f"The buyer locked {locked}: {parted}"


def credits_of(amount: int, asset: str) -> str:
    """Write an amount for people: credits have six decimals, two of them always shown."""
    if asset != "credits":
        return f"{amount} of {asset}"
    fraction = f"{amount % 10**6:06}".rstrip("0").ljust(2, "0")
    return f"{amount // 10**6:,}.{fraction} credits"


def check_delivery(file: Json, story: Space) -> str:
    """Check that what was handed over has the content hash that the receipt names."""
    named = "no record names the files themselves"
    for record in story.records:
        digests = [e.get("digest") for e in record.events if e["kind"] in HANDED_OVER]
        parts = named_files(record) if digests else []
        wanted = [digest_of(parts)] if record.statement else digests[:1]
        same(f"{record.id}: another hash than its files have.", wanted * len(digests), digests)
        if parts and story.deliveryDigest in digests:
            named = "in it " + ", ".join(f"{one['name']} {one['digest']}" for one in parts[:5])
            named += f" and {len(parts) - 5} more" if len(parts) > 5 else ""
    claimed = file["receipt"].get("deliveryDigest")
    same("The receipt names another delivery than its records.", story.deliveryDigest, claimed)
    if not story.settled:
        raise StopError("skipped", "No delivery was accepted; the money went back.")
    digest = story.deliveryDigest
    return f"What was handed over is the list of files whose hash is {digest}; {named}."


def check_summary(file: Json, story: Space) -> None:
    """Everything the file says before its records follows from them."""
    same("testMoney is not what the records say.", story.testMoney, file["testMoney"])
    ids = ("orderId", "taskId", "offerId", "bidId", "settlementId", "asset", "deliveryDigest")
    receipt = {name: getattr(story, name) for name in ids}
    receipt |= {n: str(getattr(story, n)) for n in ("amount", "sellerAmount", "fee", "refund")}
    receipt |= {"payer": story.buyer, "payee": story.seller}
    receipt["receiptId"] = "receipt_" + story.orderId[-26:]
    receipt["status"] = "receipt_settled" if story.settled else "receipt_refunded"
    for name in receipt:
        what = f"receipt.{name} is not what the records say."
        same(what, receipt[name], file["receipt"].get(name))
    wanted: Json = {"receipt": receipt, "parties": [], "statements": [], "postings": []}
    for role in ("buyer", "seller", "arbiter"):
        account = getattr(story, role)
        if account is None:
            continue
        party = {"account": account, "role": role, "address": story.wallets[account]}
        wanted["parties"].append(party)
    for r in story.records:
        said = {"recordId": r.id, "method": r.method, "actor": r.actor}
        by = {"signedBy": (r.statement or {}).get("address") or "the market"}
        wanted["statements"] += [said | by] if r.statement else []
    for posting in [[r.id, *p] for r in story.trade for p in r.postings]:
        names = ("recordId", "account", "asset", "amount")
        wanted["postings"].append(dict(zip(names, posting, strict=True)))
    for name, section in wanted.items():
        same(f"The section {name} is not what the records say.", section, file[name])


# --- The verdict ---------------------------------------------------------------------------------

Checks = dict[str, Callable[..., object]]
ON_THE_LOG: Checks = {"inclusion": check_inclusion, "checkpoint": check_checkpoint}
ON_THE_STORY: Checks = {"signatures": check_signatures, "postings": check_postings}
ON_THE_STORY |= {"delivery": check_delivery, "summary": check_summary}
UNPINNED = "Which market this is: its key was not pinned."
ATTESTED = "That the parties said what the market alone attests."
NOT_PROVEN = [
    "When it happened: the moments are the market's own clock.",
    "That the market shows everybody the same log: compare checkpoints with others.",
    "That the files are any good: the receipt names them by their hashes only.",
]


def examine(source: str, pinned: str | None, path: str) -> Json:
    """Check a receipt and return the verdict as one document."""
    checks: list[Json] = []

    def attempt(name: str, check: Callable[..., Any], *inputs: object) -> Any:  # noqa: ANN401 - what the check returns
        result, values = None, [None, None]
        try:
            result = (unread if None in inputs else check)(*inputs)
            outcome = "passed"
            sentence = result if isinstance(result, str) else check.__doc__
        except StopError as stop:
            outcome, sentence, *values = (*stop.args, None, None)[:4]
        shown = [v if isinstance(v, str | None) else json.dumps(v) for v in values]
        expected, found = (value and value[:200] for value in shown)
        verdict = {"name": name, "outcome": outcome, "sentence": sentence}
        checks.append(verdict | {"expected": expected, "found": found})
        return result

    file = attempt("format", read_file, source)
    story = attempt("records", read_story, file)
    for name, check in ON_THE_LOG.items():
        attempt(name, check, file)
    attempt("key", check_key, file, [pinned])
    for name, check in ON_THE_STORY.items():
        attempt(name, check, file, story)
    attempt("anchors", check_anchors, file)
    failed = [check["name"] for check in checks if check["outcome"] == "failed"]
    verdict = {"ok": not failed, "file": path, "failed": failed, "checks": checks}
    return verdict | {"notProven": gaps(story, pinned) if file else []}


def gaps(story: Space | None, pinned: str | None) -> list[str]:
    """Return what even a good receipt does not prove."""
    said = [r.statement and r.statement["signature"] for r in story.trade] if story else []
    first = [UNPINNED] if pinned is None else []
    return [*first, *NOT_PROVEN, *([] if all(said) else [ATTESTED])]


def unread(*_: object) -> None:
    """Stand in for a check whose file or story could not be read."""
    raise StopError("skipped", "Not checked: what it needs cannot be read.")


def read_source(path: str) -> str:
    """Read a file that claims to be a receipt; raises ValueError with the reason for others."""
    try:
        with Path(path).open("rb") as file:
            source = file.read(MAX_BYTES + 1).decode()
    except UnicodeDecodeError:
        raise ValueError("The file is not text in UTF-8.") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from None
    if len(source.encode()) > MAX_BYTES or not re.search(rf'"format"\s*:\s*"{FORMAT}"', source):
        raise ValueError(f"The file is too large, or does not say that its format is {FORMAT}.")
    return source


def check_pin(key: str | None) -> None:
    """Raise ValueError for a pinned key that is none."""
    try:
        read_vkey(key.strip()) if key is not None else None
    except StopError:
        raise ValueError(f"This is no log key: {key}.") from None


def show(verdict: Json) -> None:
    """Print a verdict for people, one line per check; no control character gets through."""
    lines = []
    for check in verdict["checks"]:
        word = WORDS[check["outcome"]]
        lines.append(f"{word:<11} {check['name']:<11} {check['sentence']}")
        if check["outcome"] == "failed" and (check["expected"] or check["found"]):
            lines.append(f"{'':<23} expected {check['expected']}")
            lines.append(f"{'':<23} found    {check['found']}")
    unpinned = any(check["outcome"] == "unpinned" for check in verdict["checks"])
    end = f"OK: {verdict['file']}" + ", but the market is not confirmed (no --key)" * unpinned
    lines += ["Not proven by this file:", *(f"  - {gap}" for gap in verdict["notProven"])]
    failed = ", ".join(verdict["failed"])
    lines.append(f"FAIL: {verdict['file']} ({failed})" if failed else end)
    for line in lines:
        print("".join(char if char.isprintable() else "\ufffd" for char in line))


def main() -> int:
    """Read the command line, check the file, print the verdict."""
    parser = argparse.ArgumentParser(description="Check a ClawMarket receipt offline.")
    parser.add_argument("receipt", help="the receipt file")
    parser.add_argument("--key", help="the market's verifier key, as you know it from elsewhere")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    cause = "not_a_receipt"
    try:
        source = read_source(options.receipt)
        cause = "log_key_invalid"
        check_pin(options.key)
        verdict = examine(source, options.key, options.receipt)
    except ValueError as error:
        what, advice = f"{error}", shlex.join(["python3", sys.argv[0], "--help"])
        print(f"error[E_INVALID_ARGUMENT]: {what}\nnext: {advice}", file=sys.stderr)
        details = {"cause": cause, "next": advice, "retryable": False}
        answer = {"ok": False, "error": f"E_INVALID_ARGUMENT: {what}", "details": details}
        print(json.dumps(answer) if options.json else "", end="\n" if options.json else "")
        return 2
    print(json.dumps(verdict)) if options.json else show(verdict)
    return 0 if verdict["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
