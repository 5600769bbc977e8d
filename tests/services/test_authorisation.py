"""Authorisation: who may call what; what is not yours answers like what does not exist."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.ids import PREFIXES
from clawmarket.domain.kernel.job import Job
from clawmarket.domain.trust.session import AuthNeededError, RoleMissingError, ScopeMissingError
from clawmarket.registry.methods import METHODS, Manner, Method, Scope
from world import Fields, Member, World

NOUNS = {f"{noun}Id": noun for noun in PREFIXES}
NAMED = {
    name: sorted({str(i.alias) for i in method.request.model_fields.values()} & set(NOUNS))
    for name, method in METHODS.items()
}
# What these name is for every account to see; everything else belongs to its parties.
OPEN = {
    "web3.market.getTask": "tasks are public",
    "web3.market.placeBid": "the same",
    "web3.market.claimTask": "the same",
    "web3.market.message.send": "the same",
    "web3.market.context.name": "the same",
    "web3.market.message.list": "what others wrote is left out of the answer",
    "web3.market.listBids": "a task's other bids are left out of the answer",
    "web3.market.order.list": "orders of others are left out of the answer",
    "web3.dispute.list": "disputes of others are left out of the answer",
    "web3.market.trust.grant": "anybody may be trusted",
    "web3.agents.card": "agents list themselves",
}
PRIVATE = [
    (name, param)
    for name, params in NAMED.items()
    for param in params
    if name not in OPEN and METHODS[name].scope is not Scope.ADMIN and not METHODS[name].role
]
LISTS = ["web3.market.listBids", "web3.market.order.list", "web3.market.message.list"]
SAID_BY_A_WALLET = {"address": "0x" + "0" * 39 + "2", "message": "a challenge of nobody"}
CLOSED = [name for name, method in METHODS.items() if method.scope is not Scope.PUBLIC]
# Whoever may read may have a session of their own to read in, and end that one.
OWN_SESSION = {"web3.sessions.open", "web3.siwe.logout"}
CHANGING = [
    name for name in CLOSED if METHODS[name].manner is Manner.WRITE and name not in OWN_SESSION
]
ANYBODYS = [
    name
    for name, method in METHODS.items()
    if method.scope is Scope.PUBLIC and method.manner is Manner.READ
]
ROLED = [name for name in CLOSED if METHODS[name].role]
ADMIN = [name for name in CLOSED if METHODS[name].scope is Scope.ADMIN]
OPERATORS_MAY = {
    "web3.audit.prove": "an operator sees every record",
    "web3.dispute.get": "an operator rules in disputes",
    "web3.market.reconciliation.summary": "an operator answers for the money",
    "web3.market.transparency.summary": "an operator sees what stands where",
    "web3.market.transparency.trace": "an operator sees every record",
    "web3.market.tab.reconcile": "an operator answers for the money",
}


@dataclass(frozen=True)
class Stage:
    """A market in which two parties own one thing of each kind, and others look on."""

    world: World
    stranger: Member
    reader: Member
    things: dict[str, str]

    def params(self, method: Method, *, known: bool) -> Fields:
        """Return a valid request about what is there, or about what is not."""
        params = dict(method.example)
        for need in method.needs:
            params[need.param] = self.value(need.param, known=known)
        return params

    def value(self, param: str, *, known: bool) -> Any:
        """Return what a parameter names."""
        if param == "sessionId":  # a hash: what is there cannot be told from what is not
            return "0" * 64
        if param == "stepKey":
            return unknown("settlement") + ".001.lock"
        if param in NOUNS:
            return self.things[param] if known else unknown(NOUNS[param])
        if param in SAID_BY_A_WALLET:
            return SAID_BY_A_WALLET[param]
        return [{"name": "a", "digest": "sha256:" + "0" * 64, "size": 1}]


def unknown(noun: str) -> str:
    """Return an id that has the right form and names nothing."""
    return PREFIXES[noun] + "7" + "z" * 25


def two_deals(world: World) -> dict[str, str]:
    """Let two parties make one thing of each kind, and return the ids."""
    buyer, worker, award = world.hired()
    files = {"orderId": award["orderId"], "artifacts": [worker.stores(b"the result")]}
    inspection = worker.do("web3.market.inspection.run", **files)
    result = worker.submits(award)
    offer = worker.do("web3.market.offer.create", title="Draft", price="1")
    order = buyer.orders(worker.offers())
    buyer.locks(order)
    delivery = worker.begins(order)
    made = buyer.do("web3.keys.create", label="hers")
    record = buyer.do("web3.audit.query", limit=1)["items"][0]
    world.log()
    account = {"accountId": buyer.id}
    things = order | delivery | result | {"inspectionId": inspection["inspectionId"]}
    things |= offer | award | made | record | account
    done = buyer.awards(worker.bids(buyer.publishes()))
    buyer.accepts(worker.submits(done))
    contested = buyer.awards(worker.bids(buyer.publishes()))
    worker.submits(contested)
    things |= buyer.contests(contested)
    permitted = buyer.orders(worker.offers(usageScope={"purpose": "research"}))
    buyer.locks(permitted)
    things["consentId"] = buyer.consents(permitted)["consentId"]
    trust = worker.trusts(buyer)
    things |= trust | buyer.opens(trust) | account
    buyer.do("web3.agents.profile.set", displayName="Buyer")
    buyer.do("web3.billing.plan.set", toolPrices={"search": "1"})
    named = {"sessionIdHash": "0" * 64, "tool": "search", "callId": "1"}
    things |= buyer.do("web3.billing.reserve", **named)
    things |= {"orderId": award["orderId"], "jobId": world.all(Job)[0].job_id}
    return {name: value for name, value in things.items() if name in NOUNS}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """One stage for all: nothing here is allowed to change it."""
    world = World()
    things = two_deals(world)
    stranger = world.member()
    yield Stage(world, stranger, world.with_key(world.member(), "read"), things)
    world.close()


def refusal(member: Member, name: str, params: Fields) -> Refused:
    """Return how the market says no."""
    with pytest.raises(Refused) as refused:
        member.do(name, **params)
    return refused.value


def shown(refused: Refused, *ids: str) -> list[str]:
    """Return everything that a caller sees of a refusal, with the ids taken out."""
    seen = [refused.cause, refused.code, refused.what, refused.advice, refused.next_step]
    texts = [*seen, repr(sorted(refused.details.items()))]
    for some_id in ids:
        texts = [text.replace(some_id, "…") for text in texts]
    return texts


@pytest.mark.parametrize("name", CLOSED)
def test_nobody_may_call_it(stage: Stage, name: str) -> None:
    """Without a credential a method that is not public asks to sign in."""
    refused = refusal(stage.world.nobody, name, stage.params(METHODS[name], known=True))
    assert (type(refused), refused.code) == (AuthNeededError, "E_AUTH_REQUIRED")


@pytest.mark.parametrize("name", CHANGING)
def test_a_key_for_reading_changes_nothing(stage: Stage, name: str) -> None:
    """A read key is refused with the scope that is missing, whatever it names."""
    refused = refusal(stage.reader, name, stage.params(METHODS[name], known=True))
    assert (type(refused), refused.code) == (ScopeMissingError, "E_FORBIDDEN")
    assert refused.details == {"scope": str(METHODS[name].scope)}


@pytest.mark.parametrize("name", ADMIN)
def test_a_member_is_no_operator(stage: Stage, name: str) -> None:
    """An operator's method is refused to members before it looks at anything."""
    asked = (stage.params(METHODS[name], known=known) for known in (True, False))
    first, second = (refusal(stage.stranger, name, params) for params in asked)
    assert type(first) is ScopeMissingError
    assert shown(first) == shown(second)


@pytest.mark.parametrize("name", ROLED)
def test_a_member_is_no_arbiter(stage: Stage, name: str) -> None:
    """A method for a role is refused to others before it looks at anything."""
    asked = (stage.params(METHODS[name], known=known) for known in (True, False))
    first, second = (refusal(stage.stranger, name, params) for params in asked)
    assert type(first) is RoleMissingError
    assert shown(first) == shown(second)


@pytest.mark.parametrize(("name", "param"), PRIVATE)
@pytest.mark.parametrize("who", ["stranger", "operator"])
def test_what_is_not_yours_is_not_there(stage: Stage, name: str, param: str, who: str) -> None:
    """A foreign id is answered byte for byte like one that names nothing."""
    if who == "operator" and name in OPERATORS_MAY:
        pytest.skip(OPERATORS_MAY[name])
    member = stage.stranger if who == "stranger" else stage.world.operator
    answers = []
    for known in (True, False):
        params = stage.params(METHODS[name], known=known)
        params = {k: v for k, v in params.items() if k not in NOUNS} | {
            param: stage.value(param, known=known)
        }
        refused = refusal(member, name, params)
        answers.append(shown(refused, str(params[param])))
    assert answers[0] == answers[1]
    assert answers[0][1] == "E_NOT_FOUND"


@pytest.mark.parametrize("name", LISTS)
def test_lists_leave_out_what_belongs_to_others(stage: Stage, name: str) -> None:
    """A stranger's page is empty where the parties see rows."""
    params = {"taskId": stage.things["taskId"]}
    assert stage.stranger.do(name, **params) == {"items": [], "nextCursor": None}


def test_an_exemption_is_of_a_method_that_takes_an_id() -> None:
    """Nothing stands in the list of what everybody sees that names nothing."""
    assert set(OPEN) <= {name for name, params in NAMED.items() if params}


@pytest.mark.parametrize("name", ANYBODYS)
def test_a_public_method_asks_nobody_who_they_are(stage: Stage, name: str) -> None:
    """Public reads answer a caller without any credential as they answer members."""
    params = stage.params(METHODS[name], known=True)
    if name == "web3.market.offer.get":
        params["offerId"] = stage.stranger.offers()["offerId"]
    assert set(stage.world.nobody.do(name, **params)) == set(stage.stranger.do(name, **params))
