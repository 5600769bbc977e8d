"""What a receipt's story claims, checked: who said it, how the money moved, what was delivered.

Each check returns the sentence of its success and raises ReceiptFlawError otherwise.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from clawmarket.domain.kernel.canonical import content_digest
from clawmarket.domain.kernel.money import ASSETS, format_amount
from clawmarket.domain.trust.facts import Facts, Json, ReceiptFlawError, Statement
from clawmarket.domain.trust.permission import stripped
from clawmarket.domain.trust.receipt import summary_of
from clawmarket.domain.trust.statement import VERSION, is_fresh, statement_digest
from clawmarket.domain.trust.story import Story, act_of

Recover = Callable[[bytes, bytes], str | None]
"""From a digest of 32 bytes and 65 of signature (EIP-191) to the lower-case address, or None."""

_SIGNATURE = re.compile(r"0x[0-9a-f]{130}")
# Half the order of secp256k1: a larger s is the same signature written a second way (EIP-2).
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_RECOVERY_BYTES = (0, 1, 27, 28)
_ALL_BPS = 10_000
TERMED = ("task_published", "bid_placed", "offer_created", "offer_updated")
DECIDED = {"accept": "result_accepted", "reject": "result_rejected"}
_SHOWN_FILES = 5
REVIEW = "web3.market.reviewResult"
HANDED_OVER = ("result_submitted", "delivery_completed")


def same(sentence: str, expected: object, found: object) -> None:
    """Raise ReceiptFlawError with both values unless they are equal, type and all."""
    if written(expected) != written(found):
        raise ReceiptFlawError(sentence, _plain(expected), _plain(found))


def written(value: object) -> str:
    """Write a JSON value so that 1, true and "1" differ."""
    return json.dumps(value, sort_keys=True)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else written(value)


def check_signatures(story: Story, origin: str, recover: Recover) -> str:
    """Check every statement, and every signature under one."""
    signed = 0
    for facts in story.records:
        if facts.statement is None:
            continue
        _check_said(facts, facts.statement, origin)
        _check_terms(facts, story)
        if facts.statement.signature is not None:
            _check_signature(facts, facts.statement, story, recover)
            signed += 1
        else:
            what = f"{facts.record_id}: an address without a signature."
            same(what, None, facts.statement.address)
    attested = len(attested_in(story))
    gaps = "".join(f" {gap}" for gap in _unsigned(story))
    return f"{signed} statements are signed by wallets, {attested} attested by the market.{gaps}"


def attested_in(story: Story) -> list[Facts]:
    """Return the records that nobody's wallet stands behind, only the market."""
    return [
        facts
        for facts in story.trade
        if facts.statement is None or facts.statement.signature is None
    ]


def _unsigned(story: Story) -> list[str]:
    """Name the parties that have a wallet and yet did not sign."""
    methods: dict[str, list[str]] = {}
    for facts in attested_in(story):
        if story.addresses.get(facts.actor):
            methods.setdefault(facts.actor, []).append(facts.method)
    return [
        f"{actor} has the wallet {story.addresses[actor]} and did not sign {', '.join(missing)}."
        for actor, missing in methods.items()
    ]


def _check_said(facts: Facts, statement: Statement, origin: str) -> None:
    """Check that what was asked for is what happened: same market, actor, method and ids."""
    where, said = facts.record_id, statement.said
    same(f"{where}: the statement was made to another market.", origin, said["market"])
    same(f"{where}: somebody else made the statement.", facts.actor, said["actor"])
    same(f"{where}: the statement asks for another method.", facts.method, said["method"])
    for event in facts.events:
        act = act_of(event, facts.method)
        if act and facts.method not in act.methods:
            what = f"{where}: {event['kind']} is not what was asked for."
            raise ReceiptFlawError(what, " or ".join(act.methods), facts.method)
        _check_params(where, event, facts.params)
    decision = facts.params.get("decision")
    if decision is not None and DECIDED.get(str(decision)) not in facts.kinds:
        raise ReceiptFlawError(f"{where}: the verdict is not what was said.", _plain(decision))


def _check_params(where: str, event: Json, params: Json) -> None:
    for name, asked in params.items():
        if asked is not None and name in event:
            what = f"{where}: {event['kind']}.{name} is not what was said."
            same(what, stripped(asked), event[name])


def _check_terms(facts: Facts, story: Story) -> None:
    if facts.method == REVIEW:
        _check_rating(facts, story)
    for event in facts.events:
        if event["kind"] in TERMED:
            what = f"{facts.record_id}: {event['kind']}.terms is not the hash of what was said."
            same(what, content_digest(facts.params), event.get("terms"))
        if event["kind"] == "dispute_evidence_submitted":
            what = f"{facts.record_id}: another content hash than that of the evidence in it."
            same(what, _evidence(facts), event.get("evidenceDigest"))
    if "order_created" in facts.kinds and story.offer_id is not None:
        what = f"{facts.record_id}: another offer was ordered."
        same(what, facts.params.get("offerId"), story.offer_id)


def _check_rating(facts: Facts, story: Story) -> None:
    rating = facts.params.get("rating")
    told = [[e.get("worker"), e.get("rating")] for e in facts.events if e["kind"] == "result_rated"]
    what = f"{facts.record_id}: the result was rated otherwise than was said."
    same(what, [] if rating is None else [[story.seller, rating]], told)


def _check_signature(facts: Facts, statement: Statement, story: Story, recover: Recover) -> None:
    where, signature = facts.record_id, statement.signature or ""
    if not _SIGNATURE.fullmatch(signature):
        raise ReceiptFlawError(f"{where}: the signature is not 65 bytes in hexadecimal.")
    data = bytes.fromhex(signature[2:])
    if int.from_bytes(data[32:64], "big") > _HALF_ORDER or data[64] not in _RECOVERY_BYTES:
        raise ReceiptFlawError(f"{where}: the signature is not in its one form (low s, EIP-2).")
    claimed = (statement.address or "").lower()
    signer = recover(statement_digest(statement.said), data)
    same(f"{where}: another wallet signed.", claimed, signer)
    bound = (story.addresses.get(facts.actor) or "").lower()
    same(f"{where}: the wallet that signed is not the account's.", bound, claimed)
    signed_at = statement.said.get("signedAt")
    if statement.said["v"] == VERSION and not (signed_at and is_fresh(signed_at, facts.at)):
        what = f"{where}: the statement was not made within the hour before the record."
        raise ReceiptFlawError(what, f"at {facts.at} ms", signed_at)


def check_postings(story: Story) -> str:
    """Check that every posting balances and that all of them move what the events say."""
    for facts in story.records:
        for asset, total in _sums((asset, amount) for _, asset, amount in facts.postings).items():
            what = f"{facts.record_id}: the postings of {asset} do not sum to zero."
            raise ReceiptFlawError(what, "0", str(total))
    divided = story.seller_amount + story.fee + story.refund
    same("Seller, fee and refund are not what was locked.", story.amount, divided)
    same("The locked amount is not what was agreed.", story.agreed, story.amount)
    what = "The order's terms are not the content hash of what was agreed."
    same(what, content_digest(story.agreement), story.terms)
    what = "What leaves the lock for the seller is not what was accepted or ruled."
    same(what, story.share, story.amount - story.refund)
    bps = _check_fee(story)
    moved = _sums(
        (f"{account} {asset}", amount)
        for facts in story.trade
        for account, asset, amount in facts.postings
    )
    same("The postings do not move what the events say.", _moves(story), moved)
    parts = (story.amount, story.seller_amount, story.fee, story.refund)
    locked, earned, fee, back = (_amount(part, story.asset) for part in parts)
    return (
        f"The buyer locked {locked}: {earned} to the seller, {fee} fee ({bps} bps agreed), "
        f"{back} back."
    )


def _amount(amount: int, asset: str) -> str:
    """Return an amount for people, also of an asset that nobody here knows."""
    return format_amount(amount, asset) if asset in ASSETS else f"{amount} of {asset}"


def _sums(amounts: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Sum amounts by name, leaving out what comes to zero."""
    sums: Counter[str] = Counter()
    for name, amount in amounts:
        sums[name] += amount
    return {name: amount for name, amount in sums.items() if amount}


def _moves(story: Story) -> Mapping[str, int]:
    """Return what the order as a whole changes on which ledger account, by its events."""
    back = story.refund - story.held_again
    moves = (
        (f"{story.purse(story.buyer)} {story.asset}", back - story.amount),
        (f"{story.buyer}/held {story.asset}", story.held_again),
        (f"{story.purse(story.seller)} {story.asset}", story.seller_amount),
        (f"fees {story.asset}", story.fee),
    )
    return {name: amount for name, amount in moves if amount}


def _check_fee(story: Story) -> int:
    """Hold the fee against the agreed rate, and return the rate."""
    bps = story.agreement["feeBps"]
    if type(bps) is not int or not 0 <= bps <= _ALL_BPS:
        raise ReceiptFlawError("The order names no fee rate in hundredths of a percent.")
    wanted = story.share * bps // _ALL_BPS
    same(f"The fee is not the agreed {bps} bps, rounded down.", wanted, story.fee)
    return bps


def check_delivery(story: Story, claimed: object) -> str:
    """Check every content hash that was handed over, and the one that the receipt names."""
    for facts in story.records:
        digests = [event.get("digest") for event in facts.events if event["kind"] in HANDED_OVER]
        for digest in digests:
            what = f"{facts.record_id}: another content hash than that of the files in it."
            same(what, _manifest(facts) if facts.statement else digests[0], digest)
    same("The receipt names another delivery than its records.", story.delivery_digest, claimed)
    return (
        f"What was handed over is the list of files whose hash is {story.delivery_digest}; "
        f"{_named_files(story)}."
    )


def _named_files(story: Story) -> str:
    """Return the hashes of the files themselves, to be held against what one has."""
    records = [
        facts
        for facts in story.records
        for event in facts.events
        if event["kind"] in HANDED_OVER and event.get("digest") == story.delivery_digest
    ]
    files = [file for facts in records[-1:] for file in facts.params.get("artifacts", [])]
    if not files:
        return "no record names the files themselves"
    named = ", ".join(f"{file.get('name')} {file.get('digest')}" for file in files[:_SHOWN_FILES])
    rest = len(files) - _SHOWN_FILES
    return f"in it {named}" + (f" and {rest} more" if rest > 0 else "")


def _manifest(facts: Facts) -> str:
    """Return the content hash over the files that a statement names."""
    return content_digest(_files_of(facts))


def _evidence(facts: Facts) -> str:
    """Return the content hash over the evidence that a statement brings."""
    summary = facts.params.get("summary")
    return content_digest({"summary": summary, "artifacts": _files_of(facts)})


def _files_of(facts: Facts) -> list[Json]:
    files = facts.params.get("artifacts", [])
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise ReceiptFlawError(f"{facts.record_id}: the files are not a list of objects.")
    return [{name: file.get(name) for name in ("digest", "name", "size")} for file in files]


def check_summary(story: Story, summary: Mapping[str, object], *, test_money: bool) -> str:
    """Check that the sections for people say what the records say."""
    same("testMoney is not what the records say.", story.test_money, test_money)
    for section, wanted in summary_of(story).items():
        for place, expected, found in _parts(section, wanted, summary[section]):
            same(f"{place} is not what the records say.", expected, found)
    return "Everything the file says before its records follows from them."


def _parts(section: str, wanted: object, found: object) -> list[tuple[str, object, object]]:
    """Take a section apart, so that a lie is named by its place; the whole comes last."""
    whole: tuple[str, object, object] = (section, wanted, found)
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [*((f"{section}.{n}", wanted[n], found.get(n)) for n in wanted), whole]
    if isinstance(wanted, list) and isinstance(found, list):
        pairs = enumerate(zip(wanted, found, strict=False))
        return [*((f"{section}[{i}]", w, f) for i, (w, f) in pairs), whole]
    return [whole]
