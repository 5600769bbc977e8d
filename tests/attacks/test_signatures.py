"""Signatures of one statement used for another, and keys that want more than they have."""

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import HOUR_MS, MINUTE_MS, iso
from clawmarket.domain.market.task import Task
from clawmarket.domain.trust.session import KeyMakerError, KeyRevokedError, ScopeMissingError
from clawmarket.domain.trust.statement import StatementStaleError, statement_digest
from clawmarket.ports.wallets import SignatureInvalidError
from clawmarket.registry.disclosure import ALREADY_SHOWN
from clawmarket.services.signing import SignatureMissingError, SignedWithoutKeyError
from clawmarket.services.trust.identity import identify
from world import ORIGIN, Fields, Member, World

PUBLISH = "web3.market.publishTask"
TASK = {"title": "Digest", "budget": "50000000"}
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signed(member: Member, **said: object) -> Fields:
    """Return the parameters of a task, signed over a statement with these members changed."""
    statement: Fields = {
        "v": 2,
        "market": ORIGIN,
        "method": PUBLISH,
        "actor": member.id,
        "key": "k",
        "signedAt": iso(member.world.clock.now()),
        "params": dict(TASK),
    }
    assert member.wallet is not None
    signature = member.wallet.sign_digest(statement_digest(statement | said))
    return TASK | {"signature": signature, "signedAt": statement["signedAt"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("market", "market.other/1"),
        ("method", "market.publishTask"),
        ("method", "web3.market.placeBid"),
        ("actor", "agent_01h00000000000000000000000"),
        ("key", "another"),
        ("params", TASK | {"budget": "50000001"}),
        ("params", TASK | {"title": "Digest "}),
        ("params", TASK | {"title": "Di\N{LATIN SMALL LETTER G}est\N{COMBINING ACUTE ACCENT}"}),
        ("params", TASK | {"fund": True}),
        ("v", 1),
        ("signedAt", None),
        ("signedAt", "2026-01-31T12:00:00.000Z"),
    ],
)
def test_a_signature_is_for_one_statement(world: World, name: str, value: object) -> None:
    """Over any other market, method, actor, key or parameter it is worth nothing."""
    member = world.member()
    with pytest.raises(SignatureInvalidError):
        world.submit(member.caller, PUBLISH, signed(member, **{name: value}), "k")
    assert world.all(Task) == []


@pytest.mark.parametrize("off_ms", [-HOUR_MS - 1, 5 * MINUTE_MS + 1, -10 * 24 * HOUR_MS])
def test_an_old_statement_is_worth_nothing(world: World, off_ms: int) -> None:
    """Whoever finds a session and what was signed in it can send nothing again."""
    member = world.member()
    moment = iso(world.clock.now() + off_ms)
    params = signed(member, signedAt=moment) | {"signedAt": moment}
    with pytest.raises(StatementStaleError):
        world.submit(member.caller, PUBLISH, params, "k")
    assert world.all(Task) == []


@pytest.mark.parametrize("moment", [None, "", "yesterday", "2026-01-31T12:00:00", "0" * 30])
def test_a_signature_needs_its_moment(world: World, moment: str | None) -> None:
    """Without one, or with a text that is none, the statement is as good as old."""
    member = world.member()
    with pytest.raises(StatementStaleError):
        world.submit(member.caller, PUBLISH, signed(member) | {"signedAt": moment}, "k")


@pytest.mark.parametrize("off_ms", [-HOUR_MS, 5 * MINUTE_MS])
def test_a_statement_is_good_for_an_hour(world: World, off_ms: int) -> None:
    """And for a clock that is a little ahead."""
    member = world.member()
    moment = iso(world.clock.now() + off_ms)
    params = signed(member, signedAt=moment) | {"signedAt": moment}
    assert world.submit(member.caller, PUBLISH, params, "k")["status"] == "task_open"


def test_the_alias_needs_no_second_signature_and_makes_no_second_task(world: World) -> None:
    """Under its other name the same request is answered with what was answered before."""
    member = world.member()
    once = world.submit(member.caller, PUBLISH, signed(member), "k")
    again = world.submit(member.caller, "market.publishTask", signed(member), "k")
    assert (again, len(world.all(Task))) == (once, 1)


def test_a_stranger_s_signature_is_worth_nothing(world: World) -> None:
    """Somebody else's statement, sent as it is with another session, is refused."""
    victim, thief = world.member(), world.member()
    with pytest.raises(SignatureInvalidError):
        world.submit(thief.caller, PUBLISH, signed(victim), "k")


def test_the_malleable_twin_is_refused(world: World) -> None:
    """From s anybody can compute n - s; only the lower one counts (EIP-2)."""
    member = world.member()
    params = signed(member)
    r, s, v = params["signature"][2:66], params["signature"][66:130], params["signature"][130:]
    twin = f"0x{r}{ORDER - int(s, 16):064x}{0x1B + 0x1C - int(v, 16):02x}"
    with pytest.raises(SignatureInvalidError):
        world.submit(member.caller, PUBLISH, params | {"signature": twin}, "k")


def test_a_session_alone_spends_nothing(world: World) -> None:
    """Without a signature, or with one that holds no key, a wallet's session is refused."""
    member = world.member()
    with pytest.raises(SignatureMissingError):
        world.submit(member.caller, PUBLISH, TASK, "k")
    with pytest.raises(SignedWithoutKeyError):
        world.submit(member.caller, PUBLISH, signed(member, key=""), "")


@pytest.mark.parametrize(
    ("scope", "refusal"), [("read", ScopeMissingError), ("write", KeyMakerError)]
)
def test_a_key_makes_no_key(world: World, scope: str, refusal: type[Refused]) -> None:
    """Whoever stole one has nothing left once it is revoked; nor does it become an operator's."""
    member = world.member()
    key = member.do("web3.keys.create", scope=scope)["key"]
    caller = identify(world.store, world.clock, key)
    for wanted in ("read", "write", "admin"):
        with pytest.raises(refusal):
            world.submit(caller, "web3.keys.create", {"scope": wanted})
    assert len(member.do("web3.keys.list")["items"]) == 1
    with pytest.raises(ScopeMissingError):
        world.submit(
            caller, "market.credits.grant", {"accountId": member.id, "amount": "1", "reason": ""}
        )


def test_a_new_key_is_shown_once(world: World) -> None:
    """The kept answer of the repeated request, and every stored row, are without it."""
    member = world.member()
    key = member.do("web3.keys.create", key="k", scope="write")["key"]
    again = member.do("web3.keys.create", key="k", scope="write")
    assert again["key"] == ALREADY_SHOWN
    assert key not in repr(world.store.__dict__)


def test_a_revoked_key_repeats_nothing(world: World) -> None:
    """Not even a request whose answer is kept."""
    member = world.member()
    made = member.do("web3.keys.create", scope="write")
    worker = Member(world, identify(world.store, world.clock, made["key"]), None)
    worker.do(PUBLISH, key="k", **TASK)
    member.do("web3.keys.revoke", credentialId=made["credentialId"])
    with pytest.raises(KeyRevokedError):
        identify(world.store, world.clock, made["key"])


def test_nobody_s_key_can_be_revoked_by_others(world: World) -> None:
    """Somebody else's credential is refused like one that does not exist."""
    owner, thief = world.member(), world.member()
    theirs = owner.do("web3.keys.create", scope="read")["credentialId"]
    none = theirs[:-4] + "0000"
    said = []
    for credential_id in (theirs, none):
        with pytest.raises(Refused) as refused:
            thief.do("web3.keys.revoke", credentialId=credential_id)
        said.append((refused.value.cause, refused.value.what.replace(credential_id, "")))
    assert said[0] == said[1]
    assert len(owner.do("web3.keys.list")["items"]) == 1
