"""The rules of receipts for the page that checks one: the domain's own tables, as a script.

The page judges by these alone and has none of its own, so that a rule is declared in one place
for both languages (ADR 0039).
"""

import json
from types import NoneType

from clawmarket.domain.kernel.canonical import MAX_DEPTH
from clawmarket.domain.kernel.ids import MARKET_ACCOUNT, ULID_PATTERN
from clawmarket.domain.kernel.money import ASSETS
from clawmarket.domain.trust import claims, facts, receipt, story
from clawmarket.domain.trust.checkpoint import MAX_SIGNATURES
from clawmarket.domain.trust.claiming import BY_SELLER, CLAIM, UNCLAIM
from clawmarket.domain.trust.permission import REVOKE
from clawmarket.domain.trust.rails import BOOKED, RESOLVE
from clawmarket.domain.trust.statement import AHEAD_MS, GOOD_FOR_MS, VERSION

Json = dict[str, object]

_TYPES = {str: "text", int: "whole", bool: "truth", dict: "object", list: "list"}
_TYPES |= {NoneType: "nothing"}
_HEAD = """\
// Written by tools/generate.py from the domain; edit the declarations there instead.

export const RULES = """


def rules_script() -> str:
    """Return the module that the page's scripts import the rules from."""
    return f"{_HEAD}{json.dumps(receipt_rules(), indent=2)};\n"


def receipt_rules() -> Json:
    """Return every table that a verdict on a receipt is made by."""
    return {**_forms(), **_limits(), **_course()}


def _forms() -> Json:
    return {
        "format": receipt.FORMAT,
        "shapes": {
            "file": _shape(receipt.FILE),
            "market": _shape(receipt.MARKET),
            "logged": _shape(receipt.LOGGED),
            "record": _shape(facts.RECORD),
            "statement": _shape(facts.STATEMENT),
            "said": _shape(facts.SAID),
            "saidFirst": _shape(facts.SAID_FIRST),
        },
        "amount": story.AMOUNT.pattern,
        "signedAmount": facts.SIGNED_AMOUNT.pattern,
        "ulid": ULID_PATTERN,
        "statementVersion": VERSION,
        "marketAccount": MARKET_ACCOUNT,
        "byTheMarket": receipt.BY_THE_MARKET,
        "decimals": {asset.asset_id: asset.decimals for asset in ASSETS.values()},
    }


def _limits() -> Json:
    return {
        "maxBytes": receipt.MAX_RECEIPT_BYTES,
        "maxRecords": receipt.MAX_RECORDS,
        "maxProof": receipt.MAX_PROOF,
        "maxDepth": MAX_DEPTH,
        "maxSignatures": MAX_SIGNATURES,
        "goodForMs": GOOD_FOR_MS,
        "aheadMs": AHEAD_MS,
    }


def _course() -> Json:
    return {
        "acts": {
            kind: {"roles": act.roles, "methods": act.methods} for kind, act in story.ACTS.items()
        },
        "bySeller": dict(BY_SELLER),
        "booked": {
            step: {"kind": kind, "amounts": dict(amounts)}
            for step, (kind, amounts) in BOOKED.items()
        },
        "begins": story.BEGINS,
        "ends": story.ENDS,
        "ruled": story.RULED,
        "conditions": story.CONDITIONS,
        "termed": claims.TERMED,
        "decided": claims.DECIDED,
        "handedOver": claims.HANDED_OVER,
        "review": claims.REVIEW,
        "claim": CLAIM,
        "unclaim": UNCLAIM,
        "revokeConsent": REVOKE,
        "resolve": RESOLVE,
    }


def _shape(shape: facts.Shape) -> dict[str, list[str]]:
    return {name: [_TYPES[each] for each in types] for name, types in shape.items()}
