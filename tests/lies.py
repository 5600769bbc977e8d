"""Lies about one honest deal: in the receipt's file, or by the market that writes the records.

Each lie is a change with the names of the checks that have to fail, and no others.
"""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

from clawmarket.adapters.signer.ed25519 import Ed25519Signer
from clawmarket.adapters.wallets.eip191 import ORDER
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.trust.checkpoint import key_id, note, vkey
from receipts import Deal, Json, deal, with_event


def honest() -> Deal:
    """The deal that most lies are about: a task, rejected once, then settled, all signed."""
    return deal("task", "settled", "signed")


def stranger() -> Ed25519Signer:
    """Another market of the same name."""
    name = honest().world.terms.origin
    return Ed25519Signer.from_seed(name, Secret(sha256(b"another market").hexdigest()))


# --- Lies in the file: whoever passes a receipt on can change every byte of it ------------------

FileLie = Callable[[Json], None]


def put(*path: str | int, value: object) -> FileLie:
    """Change one value of the file."""

    def change(file: Json) -> None:
        place = file
        for step in path[:-1]:
            place = place[step]  # type: ignore[index]  # lists have numbers
        place[path[-1]] = value  # type: ignore[index]  # the same

    return change


def within(place: int, old: str, new: str) -> FileLie:
    """Change the text of one record."""

    def change(file: Json) -> None:
        text = file["records"][place]["record"]
        assert old in text
        file["records"][place]["record"] = text.replace(old, new, 1)

    return change


def name_another_format(file: Json) -> None:
    """Be of another format, and claim to be of this one further down."""
    file["format"] = "clawmarket-receipt/2"
    file["receipt"]["format"] = "clawmarket-receipt/1"


def swap_records(file: Json) -> None:
    """Let two records change places."""
    records = file["records"]
    records[2], records[3] = records[3], records[2]


def swap_salts(file: Json) -> None:
    """Let two records change salts."""
    one, two = file["records"][2:4]
    one["salt"], two["salt"] = two["salt"], one["salt"]


def drop(place: int) -> FileLie:
    """Leave one record out."""

    def change(file: Json) -> None:
        del file["records"][place]

    return change


def repeat_record(file: Json) -> None:
    """Tell one record twice."""
    file["records"].insert(3, file["records"][3])


def cut_proof(file: Json) -> None:
    """Shorten a proof."""
    file["records"][4]["proof"].pop()


def lengthen_proof(file: Json) -> None:
    """Lengthen a proof."""
    file["records"][4]["proof"].append("00" * 32)


def append_to_note(file: Json) -> None:
    """Add something behind the checkpoint."""
    file["checkpoint"] += "And this.\n"


def grow_tree(file: Json) -> None:
    """Let the checkpoint claim more records than were signed."""
    origin, size, rest = file["checkpoint"].split("\n", 2)
    file["checkpoint"] = f"{origin}\n{int(size) + 1}\n{rest}"


def change_root(file: Json) -> None:
    """Let the checkpoint claim another root than was signed."""
    origin, size, _, rest = file["checkpoint"].split("\n", 3)
    root = b64encode(sha256(b"another tree").digest()).decode()
    file["checkpoint"] = f"{origin}\n{size}\n{root}\n{rest}"


def sign_as_stranger(file: Json) -> None:
    """Let another key of the same name sign the checkpoint."""
    signer = stranger()
    body = file["checkpoint"].rpartition("\n\n")[0] + "\n"
    signed = (signer.name, key_id(signer.name, signer.public_key), signer.sign(body.encode()))
    file["checkpoint"] = note(body, [signed])


def sign_and_name_stranger(file: Json) -> None:
    """Let another key of the same name sign the checkpoint, and stand in the file."""
    sign_as_stranger(file)
    file["market"]["key"] = vkey(stranger().name, stranger().public_key)


FILE_LIES: dict[str, tuple[FileLie, list[str]]] = {
    "another format": (name_another_format, ["format"]),
    "a member too many": (put("note", value="clawmarket-receipt/1"), ["format"]),
    "a market without name": (put("market", "origin", value=None), ["format"]),
    "a flag that is a number": (put("testMoney", value=1), ["format"]),
    "no records": (put("records", value=[]), ["format"]),
    "an index that is a truth": (put("records", 0, "index", value=True), ["format"]),
    "a salt in capitals": (put("records", 0, "salt", value="AB" * 32), ["format"]),
    "a proof of numbers": (put("records", 0, "proof", value=[1]), ["format"]),
    "a fraction": (put("records", 0, "index", value=0.5), ["format"]),
    "records swapped": (swap_records, ["records"]),
    "a record twice": (repeat_record, ["records"]),
    "no end": (drop(-1), ["records"]),
    "no bid": (drop(3), ["records"]),
    "no award": (drop(4), ["records"]),
    "no rejection": (drop(6), ["records"]),
    "no opening of an account": (drop(0), ["records"]),
    "a record with a space": (within(2, '"v":1', '"v": 1'), ["records", "inclusion"]),
    "another record version": (within(2, '"v":1}', '"v":2}'), ["records", "inclusion"]),
    "another moment": (within(2, '"at":1790000', '"at":1690000'), ["inclusion", "signatures"]),
    "another amount": (
        within(8, '"sellerAmount":"39600000"', '"sellerAmount":"39700000"'),
        ["inclusion", "postings", "summary"],
    ),
    "salts swapped": (swap_salts, ["inclusion"]),
    "another place": (put("records", 0, "index", value=0), ["inclusion"]),
    "a place outside": (put("records", 8, "index", value=2**40), ["inclusion"]),
    "a negative place": (put("records", 0, "index", value=-1), ["inclusion"]),
    "a proof too short": (cut_proof, ["inclusion"]),
    "a proof too long": (lengthen_proof, ["inclusion"]),
    "a larger tree": (grow_tree, ["inclusion", "checkpoint"]),
    "another tree": (change_root, ["inclusion", "checkpoint"]),
    "a note with a tail": (append_to_note, ["checkpoint"]),
    "a note without signature": (put("checkpoint", value="a\n1\nAA==\n"), ["checkpoint"]),
    "a note by a stranger": (sign_as_stranger, ["checkpoint"]),
    "a stranger's market": (sign_and_name_stranger, ["key"]),
    "no key": (put("market", "key", value="market.test/1"), ["checkpoint", "key"]),
    "another origin": (put("market", "origin", value="m.test"), ["checkpoint", "signatures"]),
    "another fee": (put("receipt", "fee", value="0"), ["summary"]),
    "a fee that is a number": (put("receipt", "fee", value=400000), ["summary"]),
    "another payee": (put("receipt", "payee", value="agent_" + "1" * 26), ["summary"]),
    "another status": (put("receipt", "status", value="receipt_refunded"), ["summary"]),
    "another task": (put("receipt", "taskId", value=None), ["summary"]),
    "one word more": (put("receipt", "bonus", value="1"), ["summary"]),
    "another delivery": (
        put("receipt", "deliveryDigest", value="sha256:" + "0" * 64),
        ["delivery", "summary"],
    ),
    "another address": (put("parties", 0, "address", value=None), ["summary"]),
    "another signer": (put("statements", 0, "signedBy", value="the market"), ["summary"]),
    "no postings": (put("postings", value=[]), ["summary"]),
    "a posting that is true": (put("postings", 0, "amount", value=True), ["summary"]),
}


TEXT_LIES: dict[str, Callable[[str], str]] = {
    "a name twice": lambda text: text.replace('"testMoney"', '"testMoney": false, "testMoney"'),
    "cut off": lambda text: text[: len(text) // 2],
    "a tail": lambda text: text + "{}",
    "an exponent": lambda text: text.replace('"index": 3', '"index": 3e0'),
    "half a pair": lambda text: text.replace('"anchors": []', '"anchors": ["\\ud800"]'),
    "too deep": lambda text: text.replace('"anchors": []', f'"anchors": {"[" * 40}{"]" * 40}'),
    "a byte order mark": lambda text: "\ufeff" + text,
    "not a number": lambda text: text.replace('"anchors": []', '"anchors": [NaN]'),
    "minus zero": lambda text: text.replace('"anchors": []', '"anchors": [-0]'),
    "a huge number": lambda text: text.replace('"anchors": []', '"anchors": [9223372036854775808]'),
}


# --- Lies of the market itself: it writes the records, and signs whatever tree it likes ----------

StoryLie = Callable[[list[Json], Deal], None]


def event(kind: str, /, **values: object) -> StoryLie:
    """Change an event."""
    return lambda records, _: with_event(records, kind)[1].update(values)


def record(kind: str, **values: object) -> StoryLie:
    """Change the record that an event stands in."""
    return lambda records, _: with_event(records, kind)[0].update(values)


def said(kind: str, **values: object) -> StoryLie:
    """Change what was said, under the old signature."""
    return lambda records, _: with_event(records, kind)[0]["statement"]["said"].update(values)


def said_and_signed(kind: str, **values: object) -> StoryLie:
    """Change what was said, and let its party sign that."""

    def change(records: list[Json], made: Deal) -> None:
        lied, _ = with_event(records, kind)
        lied["statement"]["said"].update(values)
        made.sign(lied)

    return change


def signature(kind: str, **values: object) -> StoryLie:
    """Change a statement's signature or address."""
    return lambda records, _: with_event(records, kind)[0]["statement"].update(values)


def all_of(*lies: StoryLie) -> StoryLie:
    """Lie several times."""

    def change(records: list[Json], made: Deal) -> None:
        for lie in lies:
            lie(records, made)

    return change


def by_somebody_else(records: list[Json], made: Deal) -> None:
    """Let the buyer's wallet sign the seller's bid."""
    bid, _ = with_event(records, "bid_placed")
    buyer = with_event(records, "task_published")[0]["actor"]
    made.sign(bid, made.wallets[buyer])


def by_a_new_wallet(records: list[Json], made: Deal) -> None:
    """Let a wallet sign that is bound to nobody."""
    bid, _ = with_event(records, "bid_placed")
    wallet = Wallet.create(made.world.entropy)
    made.sign(bid, wallet)
    bid["statement"]["address"] = wallet.address


def twin(records: list[Json], _: Deal) -> None:
    """Write a signature in its second form, which anybody can compute."""
    statement = with_event(records, "bid_placed")[0]["statement"]
    data = bytes.fromhex(statement["signature"][2:])
    high = ORDER - int.from_bytes(data[32:64], "big")
    other = data[:32] + high.to_bytes(32, "big") + bytes([55 - data[64]])
    statement["signature"] = f"0x{other.hex()}"


def accept_what_was_rejected(records: list[Json], made: Deal) -> None:
    """Pay out on a verdict by which the buyer rejected."""
    end, _ = with_event(records, "settlement_released")
    end["statement"]["said"]["params"]["decision"] = "reject"
    made.sign(end)


def pay_on_a_refund(records: list[Json], made: Deal) -> None:
    """Pay out on words by which the buyer asked for the money back."""
    end, paid = with_event(records, "settlement_released")
    end["method"] = end["statement"]["said"]["method"] = "web3.market.settlement.refund"
    end["statement"]["said"]["params"] = {"orderId": paid["orderId"]}
    made.sign(end)


def posting(kind: str, place: int, amount: str) -> StoryLie:
    """Change the amount of a posting."""
    return lambda records, _: with_event(records, kind)[0]["postings"][place].__setitem__(2, amount)


def other_files(records: list[Json], _: Deal) -> None:
    """Let both events name other files than the seller signed for."""
    digest = content_digest([])
    for kind in ("result_submitted", "delivery_completed"):
        with_event(records, kind)[1]["digest"] = digest


def lose_a_state(records: list[Json], _: Deal) -> None:
    """Leave a move of the order out."""
    delivery, told = with_event(records, "delivery_completed")
    delivery["states"] = [step for step in delivery["states"] if step[0] != told["orderId"]]


def change_turns(records: list[Json], _: Deal) -> None:
    """Let the order be paid out before it was delivered; each move is there once, as it was."""
    one, other = (with_event(records, kind)[0] for kind in ("delivery_completed", RELEASED))
    one["states"], other["states"] = other["states"], one["states"]


def tell_of_another(records: list[Json], _: Deal) -> None:
    """Put another order's record among these."""
    other = deal("offer", "settled", "signed").records()[-1]
    records.append(other)


def open_twice(records: list[Json], _: Deal) -> None:
    """Tell the opening of an account a second time, under another id."""
    records.append(records[0] | {"id": "rec_" + "7" * 26})


def keep_a_part_back(records: list[Json], _: Deal) -> None:
    """Give the buyer a quarter back that nobody ruled; the fee stays that of all."""
    released, told = with_event(records, RELEASED)
    told.update(sellerAmount="29600000", refund="10000000")
    released["postings"][1][2] = "29600000"
    buyer = with_event(records, "order_created")[1]["buyer"]
    released["postings"].append([f"{buyer}/available", "credits", "10000000"])


RELEASED = "settlement_released"
FULL_PAY = {"sellerAmount": "40000000", "fee": "0"}
STORY_LIES: dict[str, tuple[StoryLie, list[str]]] = {
    "a dearer bid": (event("bid_placed", price="41000000"), ["signatures", "postings"]),
    "a dearer fee": (event("order_created", feeBps=200), ["postings"]),
    "a dearer fee, taken": (
        all_of(
            event("order_created", feeBps=200),
            event(RELEASED, sellerAmount="39200000", fee="800000"),
            posting(RELEASED, 1, "39200000"),
            posting(RELEASED, 2, "800000"),
        ),
        ["postings"],
    ),
    "a fee rate that is a word": (event("order_created", feeBps="100"), ["postings"]),
    "no fee rate": (
        lambda records, _: with_event(records, "order_created")[1].pop("feeBps"),
        ["postings"],
    ),
    "a shorter review": (event("order_created", disputeWindowSec=1), ["postings"]),
    "real money": (event("order_created", testMoney=False), ["summary"]),
    "another budget": (event("task_published", budget="60000000"), ["signatures"]),
    "other terms": (event("task_published", terms="sha256:" + "0" * 64), ["signatures"]),
    "another bid awarded": (event("task_awarded", bidId="bid_" + "1" * 26), ["records"]),
    "another settlement": (event(RELEASED, settlementId="settlement_"), ["records"]),
    "another asset": (event(RELEASED, asset="gold"), ["records"]),
    "an amount with a sign": (event(RELEASED, fee="+400000"), ["records"]),
    "a buyer who sells": (
        lambda records, _: event("order_created", seller=records[0]["actor"])(records, _),
        ["records"],
    ),
    "no rejection": (lambda records, _: records.__delitem__(6), ["records"]),
    "a lost move": (lose_a_state, ["records"]),
    "moves in another order": (change_turns, ["records"]),
    "another order's record": (tell_of_another, ["records"]),
    "an account opened twice": (open_twice, ["records"]),
    "a delivery by the buyer": (
        lambda records, _: record("delivery_completed", actor=records[0]["actor"])(records, _),
        ["records"],
    ),
    "a posting that is a word": (posting(RELEASED, 0, "all"), ["records"]),
    "an event without kind": (lambda records, _: records[2]["events"].append({}), ["records"]),
    "a state of two": (lambda records, _: records[2]["states"].append(["a", "b"]), ["records"]),
    "a statement of nothing": (record("bid_placed", statement=None), ["records"]),
    "a statement of version 3": (said("bid_placed", v=3), ["records"]),
    "a statement of version 1": (said("bid_placed", v=1), ["records"]),
    "a statement of no moment": (said_and_signed("bid_placed", signedAt=None), ["signatures"]),
    "a statement of another day": (
        said_and_signed("bid_placed", signedAt="2020-01-31T12:00:00.000Z"),
        ["signatures"],
    ),
    "a statement of some moment": (
        said_and_signed("bid_placed", signedAt="2020-01-31T12:00:00"),
        ["signatures"],
    ),
    "a pay that is not divided": (event(RELEASED, **FULL_PAY), ["postings"]),
    "no fee": (
        all_of(
            event(RELEASED, **FULL_PAY),
            posting(RELEASED, 1, "40000000"),
            lambda records, _: with_event(records, RELEASED)[0]["postings"].pop(),
        ),
        ["postings"],
    ),
    "more than was locked": (event(RELEASED, refund="1"), ["postings"]),
    "a part kept back": (keep_a_part_back, ["postings"]),
    "an entry that does not balance": (posting(RELEASED, 1, "39600001"), ["postings"]),
    "a share for somebody": (
        lambda records, _: with_event(records, RELEASED)[0]["postings"][2].__setitem__(0, "tips"),
        ["postings"],
    ),
    "another market's statement": (said("bid_placed", market="m.test"), ["signatures"]),
    "somebody else's statement": (said("bid_placed", actor="agent_x"), ["signatures"]),
    "a statement for another method": (said("bid_placed", method="x"), ["signatures"]),
    "another idempotency key": (said("bid_placed", key="other"), ["signatures"]),
    "a signature by the other side": (by_somebody_else, ["signatures"]),
    "a signature by nobody": (by_a_new_wallet, ["signatures"]),
    "a signature with a high s": (twin, ["signatures"]),
    "a signature of zeros": (signature("bid_placed", signature="0x" + "00" * 65), ["signatures"]),
    "a signature cut short": (signature("bid_placed", signature="0x00"), ["signatures"]),
    "an address alone": (signature("bid_placed", signature=None), ["signatures"]),
    "a signature alone": (signature("bid_placed", address=None), ["signatures"]),
    "a wallet of another account": (
        lambda records, _: records[1]["events"][0].update(address="0x" + "0" * 40),
        ["signatures"],
    ),
    "a rejection that pays": (accept_what_was_rejected, ["signatures"]),
    "a refund that pays": (pay_on_a_refund, ["signatures"]),
    "other files": (other_files, ["delivery"]),
}


RULED = "dispute_resolved"


def ruled_by_the_buyer(records: list[Json], made: Deal) -> None:
    """Let a party rule, and sign that; nobody else is there."""
    lied, _ = with_event(records, RULED)
    records.remove(next(record for record in records if record["actor"] == lied["actor"]))
    lied["actor"] = lied["statement"]["said"]["actor"] = records[0]["actor"]
    made.sign(lied)


def without(kind: str) -> StoryLie:
    """Leave the record of an event out."""
    return lambda records, _: records.remove(with_event(records, kind)[0])


SHOWN = "dispute_evidence_submitted"


# About an order that an arbiter divided: 10.000001 of 40 to the seller.
RULING_LIES: dict[str, tuple[StoryLie, list[str]]] = {
    "a larger share": (
        all_of(
            event(RULED, sellerShare="20000000"),
            event(RELEASED, sellerAmount="19800000", fee="200000", refund="20000000"),
            posting(RELEASED, 1, "19800000"),
            posting(RELEASED, 2, "200000"),
            posting(RELEASED, 3, "20000000"),
        ),
        ["signatures"],
    ),
    "more than was ruled": (
        all_of(
            event(RELEASED, sellerAmount="19800000", fee="200000", refund="20000000"),
            posting(RELEASED, 1, "19800000"),
            posting(RELEASED, 2, "200000"),
            posting(RELEASED, 3, "20000000"),
        ),
        ["postings"],
    ),
    "a fee on everything": (
        all_of(
            event(RELEASED, sellerAmount="9600001", fee="400000"),
            posting(RELEASED, 1, "9600001"),
            posting(RELEASED, 2, "400000"),
        ),
        ["postings"],
    ),
    "all called a part": (event(RULED, sellerShare="40000000"), ["records"]),
    "another resolution": (event(RULED, resolution="release"), ["records"]),
    "another dispute": (event(RULED, disputeId="dispute_"), ["records"]),
    "another claim": (event("dispute_opened", claim="release"), ["records"]),
    "a claim rejected in part": (event(RULED, kind="dispute_rejected"), ["records"]),
    "a resolution that is a list": (event(RULED, resolution=["partial"]), ["records"]),
    "other evidence": (event(SHOWN, evidenceDigest="sha256:" + "0" * 64), ["signatures"]),
    "a party that rules": (ruled_by_the_buyer, ["records"]),
    "a ruling of nothing": (without("dispute_opened"), ["records"]),
    "a dispute without end": (
        lambda records, _: with_event(records, RULED)[0]["events"].pop(0),
        ["records"],
    ),
    "an arbiter nobody knows": (
        lambda records, _: records.remove(
            next(r for r in records if r["actor"] == with_event(records, RULED)[0]["actor"])
        ),
        ["records"],
    ),
}


LAPSED = "dispute_rejected"
# About an order whose seller won because both were heard and no arbiter ruled.
LAPSED_LIES: dict[str, tuple[StoryLie, list[str]]] = {
    "only the buyer was heard": (without(SHOWN), ["records"]),
    "the seller loses": (event(LAPSED, resolution="refund", sellerShare="0"), ["records"]),
    "the claim holds": (event(LAPSED, kind=RULED), ["records"]),
    "the market divides": (
        event(LAPSED, kind=RULED, resolution="partial", sellerShare="20000000"),
        ["records"],
    ),
}


def swap_parts(records: list[Json], _: Deal) -> None:
    """Let a part be paid before it was delivered."""
    paid, _told = with_event(records, PART)
    place = records.index(paid)
    delivered = next(
        n
        for n in range(place, 0, -1)
        if any(one["kind"] == "delivery_completed" for one in records[n]["events"])
    )
    records[place], records[delivered] = records[delivered], paid


def offered(percents: tuple[int, ...]) -> StoryLie:
    """Let the seller have offered other parts, and signed that; the order stays what it was."""

    def change(records: list[Json], made: Deal) -> None:
        record, told = with_event(records, "offer_created")
        parts = [{"title": f"Part {n}", "percent": p} for n, p in enumerate(percents)]
        params = record["statement"]["said"]["params"]
        params["milestones"] = told["milestones"] = parts
        told["terms"] = content_digest(params)
        made.sign(record)

    return change


PART = "settlement_part_released"
# About 0.000199 credits in three parts, 65 and 66 and 68 minor units.
PART_LIES: dict[str, tuple[StoryLie, list[str]]] = {
    "a larger part": (
        all_of(event(PART, sellerAmount="67"), posting(PART, 1, "67")),
        ["records"],
    ),
    "a part for another milestone": (event(PART, milestone=0), ["records"]),
    "a part that nobody was paid": (without(PART), ["records"]),
    "other milestones": (event("order_created", milestones=[["All", "199"]]), ["records"]),
    "no milestones": (event("order_created", milestones=[]), ["records"]),
    "a part of another settlement": (event(PART, settlementId="settlement_"), ["records"]),
}


# About 0.000201 credits (three pieces) in three parts, 66 and 66 and 69 minor units, of an offer.
OFFER_PART_LIES: dict[str, tuple[StoryLie, list[str]]] = {
    "a larger part": (
        all_of(event(PART, sellerAmount="67"), posting(PART, 1, "67")),
        ["records"],
    ),
    "a part for another milestone": (event(PART, milestone=0), ["records"]),
    "a part that nobody was paid": (without(PART), ["records"]),
    "a part that was not delivered": (without("delivery_completed"), ["records"]),
    "a part paid before its delivery": (swap_parts, ["records"]),
    "other milestones": (event("order_created", milestones=[["All", "201"]]), ["records"]),
    "no milestones": (event("order_created", milestones=[]), ["records"]),
    "the milestones of one piece": (
        event("order_created", milestones=[["Part 0", "22"], ["Part 1", "22"], ["Part 2", "23"]]),
        ["records"],
    ),
    "a part of another settlement": (event(PART, settlementId="settlement_"), ["records"]),
    "an offer of other parts": (offered((50, 25, 25)), ["records"]),
    "an offer of fewer hundredths": (offered((33, 33, 33)), ["records"]),
    "an offer of no parts": (offered(()), ["records"]),
    "an offer that says other parts than its seller": (
        event("offer_created", milestones=[{"title": "All", "percent": 100}]),
        ["records"],
    ),
    "an offer that forgets its parts": (event("offer_created", milestones=[]), ["records"]),
    "parts of nothing": (event("offer_created", milestones="all"), ["records"]),
}
