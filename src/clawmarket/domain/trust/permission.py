"""Permission in a story: nothing is handed over but with the buyer's consent, and while it lasts.

Orders without a usage scope know no consent. The checks raise ReceiptFlawError.

What cannot be found out: a revocation after the delivery that was left out. It moves neither
money nor the order, so the story is the same with it and without it, and the log's other leaves
are only salted hashes. Whoever took a consent back sees that record, and can prove it by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clawmarket.domain.kernel.canonical import CanonicalError, content_digest
from clawmarket.domain.kernel.moment import DAY_MS, iso
from clawmarket.domain.trust.facts import Facts, Json, ReceiptFlawError, alike

REVOKE = "web3.market.consent.revoke"
_GRANTED, _REVOKED = "consent_granted", "consent_revoked"


def agreed_usage(demand: Facts, priced: Json, order: Json) -> Json | None:
    """Return the usage scope of an order, which has to be what its offer asked for.

    The offer's last event tells all that stands, also what its seller did not say again in it. A
    task asks for none; and a new offer's own statement says all of it.
    """
    usage = order.get("usageScope")
    asked = stripped(demand.params.get("usageScope"))
    whole = "offer_updated" not in demand.kinds and demand.statement is not None
    if "usageScope" not in priced and priced["kind"] != "bid_placed" and not whole:
        raise ReceiptFlawError("The offer does not tell its usage scope.")
    told = priced.get("usageScope", asked)
    if (whole or asked is not None) and not alike(told, asked):
        raise ReceiptFlawError("The offer has another usage scope than its seller said.")
    if not alike(usage, told):
        raise ReceiptFlawError("The order has another usage scope than its offer.")
    if usage is None:
        return None
    if type(usage) is not dict or type(usage.get("purpose")) is not str:
        raise ReceiptFlawError("The order's usage scope names no purpose.")
    if "durationDays" in usage and type(usage["durationDays"]) is not int:
        raise ReceiptFlawError("The order's usage scope names no whole number of days.")
    return usage


def stripped(scope: object) -> object:
    """Return a scope without what it leaves open."""
    if not isinstance(scope, dict):
        return scope
    return {name: value for name, value in scope.items() if value is not None}


@dataclass(frozen=True, slots=True)
class _Permission:
    """What is permitted at one place of a story: by which event, since when, and if no more.

    `locked` is whether the payment was; before it, there is nothing to consent to.
    """

    usage: Json | None
    locked: bool = False
    granted: Json | None = None
    at: int = 0
    revoked: bool = False


def check_consent(records: Sequence[Facts], order: Json, agreement: Json) -> None:
    """Check that everything that was handed over was permitted at its moment.

    Args:
        records: All records of the order, in their order.
        order: The event that made it.
        agreement: What both sides agreed on; `usageScope` in it if the offer had one.
    """
    permission = _Permission(agreement.get("usageScope"))
    for facts in records:
        for event in facts.events:
            match event["kind"]:
                case "payment_locked":
                    permission = replace(permission, locked=True)
                case "consent_granted":
                    permission = _grant(permission, facts, event, (order, agreement))
                case "consent_revoked":
                    permission = _revoke(permission, facts, event, order)
                case "delivery_issued" | "delivery_completed" if permission.usage is not None:
                    _check_permitted(permission, facts, event["kind"])
        _check_told(permission, facts, order)


def _grant(
    permission: _Permission, facts: Facts, event: Json, about: tuple[Json, Json]
) -> _Permission:
    if permission.usage is None or permission.granted is not None:
        raise ReceiptFlawError("A consent that nobody asked for, or a second one.")
    if not permission.locked:
        raise ReceiptFlawError(f"{facts.record_id}: it was consented to before it was paid.")
    _check_grant(facts, event, *about)
    return replace(permission, granted=event, at=facts.at)


def _revoke(permission: _Permission, facts: Facts, event: Json, order: Json) -> _Permission:
    if permission.granted is None or permission.revoked:
        raise ReceiptFlawError("A consent was revoked that did not stand.")
    by_buyer = facts.method == REVOKE and facts.actor == order["buyer"]
    if not by_buyer and "settlement_refunded" not in facts.kinds:
        raise ReceiptFlawError("A consent was revoked by nobody who may, and no money went back.")
    _check_revocation(facts, event, permission.granted)
    return replace(permission, revoked=True)


def _check_permitted(permission: _Permission, facts: Facts, what: str) -> None:
    if permission.granted is None or permission.usage is None or permission.revoked:
        raise ReceiptFlawError(f"{facts.record_id}: {what} was without the buyer's consent.")
    if facts.at < permission.at:
        raise ReceiptFlawError(f"{facts.record_id}: the buyer's consent came after this moment.")
    days = permission.granted["scope"].get("durationDays", permission.usage.get("durationDays"))
    if days is not None and facts.at >= permission.at + days * DAY_MS:
        raise ReceiptFlawError(f"{facts.record_id}: the buyer's consent was over by then.")


def _check_told(permission: _Permission, facts: Facts, order: Json) -> None:
    """Check that the order stands as permitted, or as stopped, only once an event said so."""
    entered = {after for thing, _, after in facts.states if thing == order["orderId"]}
    granted = permission.granted is not None or _GRANTED not in entered
    if not granted or (_REVOKED in entered and not permission.revoked):
        raise ReceiptFlawError(f"{facts.record_id}: no event tells of the order's consent.")


def _check_grant(facts: Facts, event: Json, order: Json, agreement: Json) -> None:
    scope, usage = event.get("scope"), agreement["usageScope"]
    if type(scope) is not dict or {**scope, "durationDays": 0} != {
        "purpose": usage["purpose"],
        "durationDays": 0,
    }:
        raise ReceiptFlawError("The consent is to something else than the offer asked for.")
    days = scope.get("durationDays", 1)
    if type(days) is not int or not 1 <= days <= usage.get("durationDays", days):
        raise ReceiptFlawError("The consent is for a longer time than the offer asked for.")
    said = stripped(facts.params.get("consentScope"))
    if facts.statement is not None and not alike(scope, said):
        raise ReceiptFlawError("The consent has another scope than the buyer said.")
    told = {"orderId": order["orderId"], "offerId": agreement["offerId"], "buyerId": order["buyer"]}
    _check_hash(event, "consentHash", told | {"scope": scope})


def _check_revocation(facts: Facts, event: Json, granted: Json) -> None:
    if not alike(event.get("consentId"), granted.get("consentId")):
        raise ReceiptFlawError("Another consent was revoked than was granted.")
    told: Json = {"consentId": granted.get("consentId"), "revokedAt": _moment(facts.at)}
    reason = facts.params.get("reason") if facts.method == REVOKE else None
    told |= {"scope": granted["scope"]} | ({"reason": reason} if reason else {})
    _check_hash(event, "revokeHash", told)


def _moment(at: int) -> str:
    try:
        return iso(at)
    except (ValueError, OverflowError, OSError):
        return "no moment"


def _check_hash(event: Json, name: str, told: Json) -> None:
    try:
        wanted = content_digest(told)
    except CanonicalError:
        wanted = "a content hash"
    if event.get(name) != wanted:
        what = f"{event['kind']}.{name} is not the hash of what it is about."
        raise ReceiptFlawError(what, wanted, str(event.get(name)))
