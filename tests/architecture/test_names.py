"""Names: one stem in all its forms, and no module called after nothing."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from clawmarket.domain.kernel.errors import REFUSALS
from clawmarket.domain.kernel.events import EVENTS
from clawmarket.domain.kernel.ids import PREFIXES
from clawmarket.registry.methods import METHODS, Method
from clawmarket.services.discover import discover

discover()

ROOT = Path(__file__).parents[2]
EMPTY_WORDS = {
    *("base", "common", "data", "helper", "helpers", "impl", "info"),
    *("manager", "managers", "misc", "processor", "util", "utils"),
}
VERSIONED = re.compile(r"_v[0-9]+$")

# Methods whose function says more or less than their wire name, and why.
FUNCTIONS = {
    "web3.siwe.challenge": "challenge",  # EIP-4361's own word; `siwe` is no noun of ours
    "web3.siwe.verify": "verify",  # the same
    "web3.siwe.logout": "logout",  # the same
    "web3.keys.revokeAll": "revoke_all_keys",  # all keys, not one called all
    "web3.status.ping": "ping",  # a status is nothing to ping
    "web3.status.summary": "status",  # the summary is all there is
    "web3.market.status.summary": "market_status",  # beside the other status
    "web3.audit.append": "append_activity",  # what is appended is activity
    "web3.audit.activity": "list_activity",  # the same
    "web3.audit.prove": "prove_record",  # what is proven is a record
    "web3.market.audit.query": "query_market_audit",  # beside the other audit
    "web3.wallet.statement": "wallet_statement",  # a statement is nothing to do
    "web3.market.reconciliation.summary": "reconcile_order",  # what is reconciled is an order
    "market.reconciliation.tabs": "reconcile_tabs",  # what is reconciled are tabs
    "market.reconciliation.bills": "reconcile_bills",  # what is reconciled are bills
    "web3.market.ledger.append": "append_usage",  # the wire's older word for usage
    "web3.market.ledger.list": "list_usage",  # the same
    "web3.market.ledger.summary": "usage_summary",  # the same
    "web3.market.transparency.summary": "transparency_summary",  # as the other summaries
    "web3.market.transparency.trace": "trace_order",  # what is traced is an order
    "market.treasury.summary": "treasury_summary",  # as the other summaries
    "web3.billing.check": "check_use",  # what is checked is a use; `billing` is no noun of ours
    "web3.billing.reserve": "reserve_credits",  # the same: credits are reserved
    "web3.billing.settle": "settle_reservation",  # the same
    "web3.billing.release": "release_reservation",  # the same
    "web3.billing.meter": "meter_run",  # the same: a model's run is metered
    "web3.billing.status": "billing_status",  # as the other statuses
    "web3.billing.summary": "billing_summary",  # as the other summaries
    "web3.agents.heartbeat": "send_heartbeat",  # a heartbeat is nothing to do
    "web3.agents.card": "agent_card",  # the same
    "web3.market.stats": "market_stats",  # as the other summaries
    "web3.market.settlement.status": "settlement_status",  # `status` is a noun here
    "web3.market.task.mine": "list_own_tasks",  # `mine` is nothing to do
}

# Requests that several methods share, or that ask for nothing by themselves.
SHARED_REQUESTS = {"NameArbiter", "NameJob", "NameOffer", "NameOrder", "Page"}
NOUN_REQUESTS = {"MarketStatusRequest", "SettlementStatus"}

# Events of things that have no id of their own, by the field that names what they are about.
FIRST_FIELDS = {
    "activity": "session_id_hash",
    "agent": "account_id",
    "api_key": "credential_id",
    "arbiter": "account_id",
    "context": "task_id",
    "credits": "account_id",
    "dispute_evidence": "dispute_id",
    "endpoint": "account_id",
    "file": "digest",
    "payment": "order_id",
    "profile": "account_id",
    "rail": "order_id",
    "repair": "order_id",
    "rollback": "account_id",
    "session": "account_id",
    "settlement_part": "settlement_id",
    "wallet": "account_id",
}
KINDS = sorted(kind for kind, cls in EVENTS.items() if cls.__module__.startswith("clawmarket."))
CAUSES = sorted(
    c for c, refusal in REFUSALS.items() if refusal.__module__.startswith("clawmarket.")
)

PARTICIPLE = re.compile(r"(?P<noun>[a-z_]+)_(?:[a-z]+ed|made|withdrawn|forgiven|bound|unbound)")


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _singular(noun: str) -> str:
    return noun.removesuffix("ies") + "y" if noun.endswith("ies") else noun.removesuffix("s")


def functions_of(name: str) -> set[str]:
    """Return what the function of a wire name may be called: verb and noun."""
    if name in FUNCTIONS:
        return {FUNCTIONS[name]}
    *_, noun, verb = name.split(".")
    if _snake(verb) != verb:
        return {_snake(verb)}
    return {f"{verb}_{noun}", f"{verb}_{_singular(noun)}", f"{verb}_{noun.removesuffix('s')}s"}


@pytest.mark.parametrize("folder", ["src", "tests", "tools", "bench"])
def test_no_module_has_a_name_that_says_nothing(folder: str) -> None:
    """No module or folder is called utils, helpers, common, misc, manager, or carries a number."""
    paths = (path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.py"))
    words = {part for path in paths for part in path.with_suffix("").parts}

    assert {name for name in words if set(name.split("_")) & EMPTY_WORDS} == set()
    assert {name for name in words if VERSIONED.search(name)} == set()


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_function_has_the_stem_of_its_wire_name(method: Method) -> None:
    """`web3.market.offer.create` is `create_offer`, `web3.market.placeBid` is `place_bid`."""
    assert method.handler.__name__ in functions_of(method.name)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_request_has_the_stem_of_its_function(method: Method) -> None:
    """`place_bid` takes a `PlaceBid`, unless several methods share what they take."""
    name = method.request.__name__
    stem = method.handler.__name__.title().replace("_", "")

    assert name in {stem, f"{stem}Request"} | SHARED_REQUESTS | NOUN_REQUESTS


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_a_noun_and_what_happened_to_it(kind: str) -> None:
    """`bid_placed` is about a bid, and its first field is that bid's id."""
    match = PARTICIPLE.fullmatch(kind)
    assert match is not None
    noun = match["noun"]

    assert noun in PREFIXES or noun in FIRST_FIELDS
    assert fields(EVENTS[kind])[0].name == FIRST_FIELDS.get(noun, f"{noun}_id")


@pytest.mark.parametrize("cause", CAUSES)
def test_a_refusal_is_called_after_what_is_wrong(cause: str) -> None:
    """A refusal's class ends in Error, and its cause is the rest of the name."""
    name = REFUSALS[cause].__name__

    assert name.endswith("Error")
    assert _snake(name.removesuffix("Error")) == cause
