#!/usr/bin/env python3
"""Check a ClawMarket receipt offline, with nothing but Python 3.11 and this file.

    python3 verify_receipt.py RECEIPT [--key VKEY] [--json]

Checks, their names and exit statuses are those of `clawmarket verify`: 0 when every check holds,
1 when one failed, 2 for a file that is no receipt. It shares no code with that command, so that
a mistake in one of them shows. Sources: RFC 8032 (Ed25519), SEC 1 and 2 (secp256k1), the Keccak
of Ethereum, RFC 8785 (canonical JSON), RFC 6962 (tree), C2SP signed-note and tlog-checkpoint,
EIP-191 and EIP-2 (wallet signatures).
"""

import argparse
import json
import re
import sys
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

Json = dict[str, Any]
FORMAT, MAX_BYTES, MAX_RECORDS = "clawmarket-receipt/1", 20_000_000, 10_000
MARKET_ACCOUNT = "agent_" + "0" * 26
SHAPES = {
    "file": "format:str market:dict testMoney:bool receipt:dict parties:list statements:list"
    " postings:list records:list checkpoint:str anchors:list",
    "market": "origin:str key:str",
    "logged": "record:str salt:str index:int proof:list",
    "record": "v:int id:str at:int actor:str method:str events:list states:list postings:list",
    "statement": "said:dict signature:str|NoneType address:str|NoneType",
    "said": "v:int market:str method:str actor:str key:str params:dict",
}
AMOUNT, ORDER_ID = "0|[1-9][0-9]{0,15}", "order_[0-7][0-9a-hjkmnp-tv-z]{25}"
NAME, BASE64 = r"[^\s+\x00-\x1f]+", "[A-Za-z0-9+/=]+"
WINDOWS = {"timeoutSec": 86_400, "disputeWindowSec": 600, "resubmitSec": 86_400}
TASK, OFFER = ("task_published", "bid_placed"), ("offer_created", "offer_updated")
HANDED_OVER = ("result_submitted", "delivery_completed")
ENDS = {
    "settlement_released": ("settlement_completed",),
    "settlement_refunded": ("order_refunded", "settlement_cancelled"),
}
# Event: who may cause it, and the methods (after `web3.market.`) with which they say so.
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
    "result_accepted": ("buyer market", "reviewResult settlement.release"),
    "settlement_released": ("buyer market", "reviewResult settlement.release"),
    "settlement_refunded": ("buyer seller market", "settlement.refund"),
}


class NotAReceiptError(Exception):
    """The file does not even claim to be a receipt."""


class SkippedError(Exception):
    """A check has nothing to look at."""


class FlawError(Exception):
    """A check failed; the second and third argument are what was expected and found."""


def demand(holds: object, sentence: str, expected: object = None, found: object = None) -> None:
    """Fail the check with this sentence unless the condition holds."""
    if not holds:
        shown = [
            value if isinstance(value, str | None) else text(value) for value in (expected, found)
        ]
        raise FlawError(sentence, *(value and value[:200] for value in shown))


def same(sentence: str, expected: object, found: object) -> None:
    """Fail the check unless both are the same JSON value, type and all."""
    shown = [value if isinstance(value, str) else text(value) for value in (expected, found)]
    demand(text(expected) == text(found), sentence, *shown)


def text(value: object) -> str:
    """Write a value so that 1, true and "1" differ."""
    return json.dumps(value, sort_keys=True)


# --- Curves: points are pairs (x, y) modulo a prime; None is the point at infinity ---------------

Point = tuple[int, int] | None
P1, P2 = 2**255 - 19, 2**256 - 2**32 - 977
N1 = 2**252 + 27742317777372353535851937790883648493
N2 = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
D = -121665 * pow(121666, -1, P1) % P1
BASE2 = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def multiply(add: Callable[[Point, Point], Point], scalar: int, point: Point) -> Point:
    """Multiply a point by doubling and adding."""
    total: Point = None
    while scalar:
        total = add(total, point) if scalar & 1 else total
        point, scalar = add(point, point), scalar >> 1
    return total


def add1(a: Point, b: Point) -> Point:
    """Add on Ed25519's curve, -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, section 5.1)."""
    (x1, y1), (x2, y2) = a or (0, 1), b or (0, 1)
    t = D * x1 * x2 * y1 * y2
    x, y = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P1), (y1 * y2 + x1 * x2) * pow(1 - t, -1, P1)
    return x % P1, y % P1


def add2(a: Point, b: Point) -> Point:
    """Add on secp256k1, y^2 = x^3 + 7 (SEC 1, section 2.2.1)."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P2 == 0:
        return None
    double = a[0] == b[0]
    rise, run = (3 * a[0] ** 2, 2 * a[1]) if double else (b[1] - a[1], b[0] - a[0])
    slope = rise * pow(run, -1, P2) % P2
    x = (slope * slope - a[0] - b[0]) % P2
    return x, (slope * (a[0] - x) - a[1]) % P2


def decode1(data: bytes) -> Point:
    """Read a point of Ed25519's curve (RFC 8032, section 5.1.3); None for what is none."""
    number = int.from_bytes(data, "little")
    odd, y = number >> 255, number % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P1) % P1
    x = pow(square, (P1 + 3) // 8, P1)
    x = x if x * x % P1 == square else x * pow(2, (P1 - 1) // 4, P1) % P1
    if y >= P1 or x * x % P1 != square or (x == 0 and odd):
        return None
    return (x if x & 1 == odd else P1 - x), y


def ed25519_verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether an Ed25519 signature is good (RFC 8032, section 5.1.7, without cofactor)."""
    key, s = decode1(public_key), int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or s >= N1:  # noqa: PLR2004 - R and s, 32 bytes each
        return False
    hashed = sha512(signature[:32] + public_key + message).digest()
    base, negative = decode1(bytes([0x58] + [0x66] * 31)), (P1 - key[0], key[1])
    h = int.from_bytes(hashed, "little") % N1
    x, y = add1(multiply(add1, s, base), multiply(add1, h, negative)) or (0, 1)
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
    r, s, v = (
        int.from_bytes(signature[:32], "big"),
        int.from_bytes(signature[32:64], "big"),
        signature[64],
    )
    y = pow(r**3 + 7, (P2 + 1) // 4, P2)
    if not (0 < r < N2 and 0 < s < N2) or (y * y - r**3 - 7) % P2:
        return None
    point, inverse = (r, y if y & 1 == v % 27 else P2 - y), pow(r, -1, N2)
    back = multiply(add2, -int.from_bytes(hashed, "big") * inverse % N2, BASE2)
    key = add2(multiply(add2, s * inverse % N2, point), back)
    if key is None:
        return None
    return "0x" + keccak256(b"".join(part.to_bytes(32, "big") for part in key))[12:].hex()


# --- Reading: strict JSON, canonical JSON, signed notes ------------------------------------------


def strict_json(source: str, where: str, limit: int = 2**63) -> object:
    """Read JSON that no two readers understand differently; below 2^53 names are ASCII, too."""

    def refuse(what: str) -> object:
        raise ValueError(f"{what[:40]} is not taken")

    def unique(pairs: list[tuple[str, object]]) -> object:
        good = len(dict(pairs)) == len(pairs) and (limit > 2**53 or "".join(dict(pairs)).isascii())
        return dict(pairs) if good else refuse("a name that is given twice or is not ASCII")

    def whole(digits: str) -> object:
        good = len(digits) <= 20 and digits != "-0" and abs(int(digits)) < limit  # noqa: PLR2004
        return int(digits) if good else refuse(digits)

    hooks: Json = {"parse_int": whole, "parse_float": refuse, "parse_constant": refuse}
    try:
        value: object = json.loads(source, object_pairs_hook=unique, **hooks)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise FlawError(f"{where} is not strict JSON: {error}.") from None
    level = [value]
    for _ in range(32):
        groups = [
            i.values() if isinstance(i, dict) else i for i in level if isinstance(i, dict | list)
        ]
        level = [member for group in groups for member in group]
    demand(not any(isinstance(i, dict | list) for i in level), f"{where} is nested too deep.")
    return value


def canonical(value: object) -> bytes:
    """Write what `strict_json` read below 2^53 as RFC 8785 does."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(value: object) -> str:
    """Name a value by the SHA-256 of its canonical form."""
    return "sha256:" + sha256(canonical(value)).hexdigest()


def shaped(value: object, shape: str, where: str) -> Json:
    """Return an object that has exactly the members of a shape."""
    types = dict(part.split(":") for part in SHAPES[shape].split())
    if not isinstance(value, dict) or value.keys() != types.keys():
        raise FlawError(f"{where} has not exactly the members {', '.join(types)}.")
    for name, member in value.items():
        good = type(member).__name__ in types[name].split("|")
        demand(good, f"{where}.{name} has the wrong type.")
    return value


def from_base64(encoded: str) -> bytes:
    """Read base64 in its one form (RFC 4648)."""
    try:
        data = b64decode(encoded, validate=True)
    except ValueError:
        data = b""
    demand(b64encode(data).decode() == encoded, "Something is not base64.")
    return data


def read_note(note: str) -> tuple[list[str], bytes, list[tuple[str, bytes]]]:
    """Read a checkpoint: its lines, the text that is signed, and names with id and signature."""
    head, gap, tail = note.rpartition("\n\n")
    *found, rest = tail.split("\n")
    signed = [re.fullmatch(f"\u2014 ({NAME}) ({BASE64})", line) for line in found]
    lines = head.split("\n")
    plain = not re.search(r"[\x00-\x09\x0b-\x1f]", head) and 0 < len(found) <= 64  # noqa: PLR2004
    demand(gap and not rest and plain and len(lines) > 2 and lines[0], "This is no signed note.")  # noqa: PLR2004
    size = re.fullmatch("0|[1-9][0-9]{0,19}", lines[1]) and int(lines[1]) < 2**64
    demand(size and from_base64(lines[2]) is not None, "This is no tree head.")
    names = [(match[1], from_base64(match[2])) for match in signed if match]
    demand(len(names) == len(found) and all(len(data) > 4 for _, data in names), "No signatures.")  # noqa: PLR2004
    return lines, f"{head}\n".encode(), names


# --- The story that the records tell -------------------------------------------------------------


def read_record(source: str, where: str) -> Json:
    """Read one record, which has to stand there in canonical form; adds `params` and `kinds`."""
    value = strict_json(source, where, 2**53)
    demand(canonical(value) == source.encode(), f"{where} is not written as RFC 8785 demands.")
    given = isinstance(value, dict) and "statement" in value
    statement = value.pop("statement") if isinstance(value, dict) and given else None
    record = shaped(value, "record", where)
    demand(record["v"] == 1, f"{where} has another version.", "1", record["v"])
    kinds = [event.get("kind") for event in record["events"] if isinstance(event, dict)]
    good = len(kinds) == len(record["events"]) and all(isinstance(kind, str) for kind in kinds)
    demand(good, f"{where} has an event without a kind.")
    for triple in (*record["states"], *record["postings"]):
        good = isinstance(triple, list) and [type(part) for part in triple] == [str] * 3
        demand(good, f"{where} has a state or a posting that is not three texts.")
    for _, _, amount in record["postings"]:
        good = re.fullmatch("-?[1-9][0-9]{0,18}", amount)
        demand(good, f"{where} has a posting that is no whole amount.", None, amount)
    if given:
        said = shaped(shaped(statement, "statement", where)["said"], "said", where)
        demand(said["v"] == 1, f"{where} has another statement version.", "1", said["v"])
    params = statement["said"]["params"] if statement else {}
    return {**record, "kinds": kinds, "statement": statement, "params": params}


def only(records: list[Json], *kinds: str) -> tuple[Json, Json]:
    """Return the one event of these kinds, with its record."""
    found = [(r, event) for r in records for event in r["events"] if event["kind"] in kinds]
    sentence = "The records do not tell one order from its beginning to its end."
    demand(len(found) == 1, sentence, f"one {' or '.join(kinds)}", str(len(found)))
    return found[0]


def word(event: Json, name: str, pattern: str = "(?s:.*)") -> str:
    """Return a text of an event."""
    value = event.get(name)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise FlawError(f"The event {event['kind']} lacks its {name}.")
    return value


def agree(event: Json, wanted: Json) -> None:
    """Check that an event is about the very things that another one named."""
    for name, value in wanted.items():
        same(f"The event {event['kind']} is about another {name}.", value, event.get(name))


def read_story(records: list[Json]) -> Json:
    """Read what the order came to, and check that the records connect and belong to it."""
    made, order = only(records, "order_created")
    (_, locked), (_, end) = only(records, "payment_locked"), only(records, *ENDS)
    order_id, buyer, seller = (word(order, name) for name in ("orderId", "buyer", "seller"))
    demand(re.fullmatch(ORDER_ID, order_id) and buyer != seller, "There is no proper order.")
    agree(locked, {name: word(order, name) for name in ("orderId", "asset", "amount")})
    agree(end, {name: word(locked, name) for name in ("orderId", "asset", "settlementId")})
    terms = {name: order[name] for name in ("orderId", "buyer", "seller", "asset")}
    terms |= {"taskId": None, "offerId": None, "bidId": None}
    terms["quantity"] = made["params"].get("quantity", 1)
    if "task_awarded" in made["kinds"]:
        (_, award), begins = only(records, "task_awarded"), TASK
        (asked, task), (_, priced) = only(records, TASK[0]), only(records, TASK[1])
        terms |= {"taskId": word(award, "taskId"), "bidId": word(award, "bidId")}
        agree(award, {"orderId": order_id})
        agree(task, {"taskId": terms["taskId"], "buyer": buyer})
        agree(priced, {"taskId": terms["taskId"], "bidId": terms["bidId"], "bidder": seller})
    else:
        (asked, priced), begins = only(records, *OFFER), OFFER
        terms["offerId"] = word(priced, "offerId")
    demand(type(terms["quantity"]) is int and terms["quantity"] > 0, "The quantity is no number.")
    terms |= {name: asked["params"].get(name, usual) for name, usual in WINDOWS.items()}
    terms["price"] = word(priced, "price", AMOUNT)
    settled = end["kind"] == "settlement_released"
    story = {**terms, "terms": terms, "settled": settled, "records": records, "order": order}
    story |= {"hash": word(order, "terms"), "settlementId": word(locked, "settlementId")}
    story["amount"], story["refund"] = (
        int(word(order, "amount", AMOUNT)),
        int(word(end, "refund", AMOUNT)),
    )
    for name in ("sellerAmount", "fee"):
        story[name] = int(word(end, name, AMOUNT)) if settled else 0
    story["digest"] = delivered(records) if settled else None
    story["wallets"] = {party: wallet(records, party) for party in (buyer, seller)}
    story["trade"] = [r for r in records if "account_opened" not in r["kinds"]]
    check_story(story, begins, ENDS[end["kind"]])
    return story


def delivered(records: list[Json]) -> str:
    """Return the content hash of what was paid for: the accepted result, else the delivery."""
    events = [event for r in records for event in r["events"]]
    named = [event for event in events if event["kind"] == "delivery_completed"]
    if any(event["kind"] == "result_accepted" for event in events):
        result = only(records, "result_accepted")[1].get("resultId")
        named = [e for e in events if e["kind"] == HANDED_OVER[0] and e.get("resultId") == result]
    demand(len(named) == 1, "What was paid for is not told.", "one delivery", str(len(named)))
    return word(named[0], "digest")


def wallet(records: list[Json], party: str) -> str | None:
    """Return the address that was bound to an account when it was opened."""
    events = [e for r in records for e in r["events"] if e["kind"] == "account_opened"]
    found = [event.get("address") for event in events if event.get("accountId") == party]
    good = len(found) == 1 and isinstance(found[0], str | None)
    demand(good, f"The opening of the account {party} is not told.", "one record", str(len(found)))
    return found[0]


def check_story(story: Json, begins: tuple[str, ...], ends: tuple[str, ...]) -> None:
    """Check that every record belongs to the order, by the right account, without a gap."""
    roles = {"buyer": story["buyer"], "seller": story["seller"], "market": MARKET_ACCOUNT}
    flow: Counter[str] = Counter()
    for record in story["records"]:
        ours = False
        for event in record["events"]:
            kind, where = event["kind"], record["id"]
            agree({"orderId": story["orderId"], **event}, {"orderId": story["orderId"]})
            opens = kind == "account_opened" and event.get("accountId") in story["wallets"]
            ours = ours or opens or kind in begins or "orderId" in event
            allowed = [roles[role] for role in ACTS.get(kind, ("", ""))[0].split()]
            good = kind not in ACTS or record["actor"] in allowed
            demand(
                good,
                f"{where}: {kind} was not for this account.",
                " or ".join(allowed),
                record["actor"],
            )
        demand(ours, f"{record['id']} is no part of this order.")
        for thing, before, after in record["states"]:
            flow.update({after: 1} if thing == story["orderId"] else {})
            flow.subtract({before: 1} if thing == story["orderId"] else {})
    loose = {state: times for state, times in flow.items() if times}
    good = loose in [{"": -1, end: 1} for end in ends]
    demand(good, "The states of the order do not connect.", " or ".join(ends), loose)


# --- The checks ----------------------------------------------------------------------------------


def check_records(file: Json) -> str:
    """Let the records tell a story, in the order of the log, each once."""
    if isinstance(file["story"], FlawError):
        raise file["story"]
    places = [item["index"] for item in file["records"]]
    demand(places == sorted(set(places)), "The records are not in the order of the log, each once.")
    ids = {record["id"] for record in file["story"]["records"]}
    same("A record is told twice.", len(places), len(ids))
    return f"{len(places)} records tell the order {file['story']['orderId']}."


def check_inclusion(file: Json) -> str:
    """Follow each record's proof to the root (RFC 6962, section 2.1.1)."""
    try:
        lines, _, _ = read_note(file["checkpoint"])
    except FlawError:
        raise SkippedError("Not checked: the checkpoint cannot be read.") from None
    size, root = int(lines[1]), from_base64(lines[2])
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
    return f"The tree of {size} records holds all {len(file['records'])} of them."


def check_checkpoint(file: Json) -> str:
    """Verify the market's signature under the head of its log."""
    key = re.fullmatch(rf"({NAME})\+([0-9a-f]{{8}})\+({BASE64})", file["market"]["key"])
    name, key_id, public = (key[1], key[2], from_base64(key[3])) if key else ("", "", b"")
    good = len(public) == 33 and public[0] == 1  # noqa: PLR2004 - a type byte and the key
    good = good and sha256(f"{name}\n".encode() + public).hexdigest()[:8] == key_id
    demand(good, "The market's key is no verifier key.")
    lines, body, signatures = read_note(file["checkpoint"])
    wanted = (name, bytes.fromhex(key_id))
    known = [data[4:] for signer, data in signatures if (signer, data[:4]) == wanted]
    good = known and all(ed25519_verify(public[1:], signature, body) for signature in known)
    demand(good, f"The checkpoint carries no good signature of {name}.")
    demand(len(from_base64(lines[2])) == 32 and "" not in lines[3:], "This is no tree head.")  # noqa: PLR2004
    same("The key signed for another log.", name, lines[0])
    same("The checkpoint is of another market.", file["market"]["origin"], name)
    return f"{name} signed the tree of {lines[1]} records."


def check_key(file: Json) -> str:
    """Compare the market's key with the one that the reader knows."""
    if file["pinned"] is None:
        return "The market is not confirmed: compare its key with one that you know (--key)."
    same("Another key than the pinned one.", file["pinned"].strip(), file["market"]["key"])
    return "The market's key is the pinned one."


def check_signatures(file: Json) -> str:
    """Check that what each party said is what happened, and who signed it."""
    story, signed = file["story"], 0
    for record in story["records"]:
        statement, params, where = record["statement"], record["params"], record["id"]
        if statement is None:
            continue
        said = {name: statement["said"][name] for name in ("market", "actor", "method")}
        happened = {
            "market": file["market"]["origin"],
            "actor": record["actor"],
            "method": record["method"],
        }
        same(f"{where}: the statement is about something else.", happened, said)
        for event in record["events"]:
            kind = event["kind"]
            methods = [f"web3.market.{name}" for name in ACTS.get(kind, ("", ""))[1].split()]
            demand(
                not methods or record["method"] in methods, f"{where}: {kind} was not asked for."
            )
            for name, asked in params.items():
                what = f"{where}: {kind}.{name} is not what was said."
                same(what, asked, event[name] if name in event and asked is not None else asked)
            if kind in TASK + OFFER:
                same(f"{where}: other terms than said.", digest_of(params), event.get("terms"))
        decision = params.get("decision")
        verdict = {"accept": "result_accepted", "reject": "result_rejected"}.get(str(decision))
        demand(
            decision is None or verdict in record["kinds"], f"{where}: another verdict.", decision
        )
        if "order_created" in record["kinds"] and story["offerId"] is not None:
            same(f"{where}: another offer was ordered.", params.get("offerId"), story["offerId"])
        if statement["signature"] is None:
            same(f"{where}: an address without a signature.", None, statement["address"])
            continue
        good = re.fullmatch("0x[0-9a-f]{130}", statement["signature"])
        data = bytes.fromhex(statement["signature"][2:]) if good else bytes(65)
        good = good and int.from_bytes(data[32:64], "big") <= N2 // 2 and data[64] in (0, 1, 27, 28)
        demand(good, f"{where}: the signature is not 65 bytes with a low s (EIP-2).")
        claimed = (statement["address"] or "").lower()
        signer = recover(sha256(canonical(statement["said"])).digest(), data)
        same(f"{where}: another wallet signed.", claimed, signer)
        bound = (story["wallets"].get(record["actor"]) or "").lower()
        same(f"{where}: the wallet that signed is not the account's.", bound, claimed)
        signed += 1
    attested = [r for r in story["trade"] if not (r["statement"] or {}).get("signature")]
    owners = [r for r in attested if story["wallets"].get(r["actor"])]
    gaps = "".join(f" {r['actor']} has a wallet and did not sign {r['method']}." for r in owners)
    return (
        f"{signed} statements are signed by wallets, {len(attested)} attested by the market.{gaps}"
    )


def sums(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Sum amounts by name, leaving out what comes to zero."""
    total: Counter[str] = Counter()
    for name, amount in amounts:
        total[name] += amount
    return {name: amount for name, amount in total.items() if amount}


def check_postings(file: Json) -> str:
    """Check that every record balances and that all of them move what the events say."""
    story = file["story"]
    for record in story["records"]:
        off = sums((asset, int(amount)) for _, asset, amount in record["postings"])
        demand(not off, f"{record['id']}: the postings do not sum to zero.", "0", off)
    amount, seller, fee, back = (story[n] for n in ("amount", "sellerAmount", "fee", "refund"))
    same("Seller, fee and refund are not what was locked.", amount, seller + fee + back)
    same(
        "The locked amount is not what was agreed.", int(story["price"]) * story["quantity"], amount
    )
    for bps in range(10_001) if story["settled"] else ():
        if digest_of({**story["terms"], "feeBps": bps}) == story["hash"]:
            same(f"The fee is not {bps} bps, rounded down.", amount * bps // 10_000, fee)
    asset = story["asset"]
    moves = sums(
        [
            (f"{story['buyer']}/available {asset}", back - amount),
            (f"{story['seller']}/available {asset}", seller),
            (f"fees {asset}", fee),
        ]
    )
    moved = sums((f"{p[0]} {p[1]}", int(p[2])) for r in story["trade"] for p in r["postings"])
    same("The postings do not move what the events say.", moves, moved)
    return f"{amount} {asset} (minor units): {seller} to the seller, {fee} fee, {back} back."
