"""The wallet: four figures, equal to the unit everywhere; credits come from operators only."""

import orjson
import pytest

from books import Books
from clawmarket.domain.kernel.ids import MARKET_ACCOUNT, PREFIXES
from clawmarket.domain.kernel.money import MAX_AMOUNT_MINOR, MAX_BALANCE_MINOR
from clawmarket.domain.treasury.account import BalanceOverflowError
from clawmarket.domain.trust.session import ScopeMissingError
from clawmarket.services.treasury.wallet import AccountNotFoundError
from world import World

GRANT = "market.credits.grant"


def test_a_wallet_shows_who_and_how_much(world: World) -> None:
    """A new member has the faucet's test credits and nothing else."""
    member = world.member()
    assert member.wallet is not None
    assert member.do("web3.wallet.show") == {
        "accountId": member.id,
        "role": "member",
        "addresses": [member.wallet.address],
        "asset": "credits",
        "available": "1000000000",
        "held": "0",
        "onItsWay": "0",
        "earned": "0",
        "asOf": member.do("web3.audit.query", limit=1)["items"][0]["recordId"],
        "testMoney": True,
    }


def test_the_operator_has_an_account_without_money(world: World) -> None:
    """No faucet, no wallet; the role says what it is."""
    shown = world.operator.do("web3.wallet.show")
    assert (shown["role"], shown["addresses"], shown["available"]) == ("operator", [], "0")


def test_the_four_figures_follow_a_deal(world: World) -> None:
    """From the promise to the pay, on both sides."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes("50")
    steps = [(buyer.figures(), worker.figures())]
    award = buyer.awards(worker.bids(task, "40"))
    steps.append((buyer.figures(), worker.figures()))
    buyer.accepts(worker.submits(award))
    steps.append((buyer.figures(), worker.figures()))

    assert steps == [
        (("950000000", "50000000", "0", "0"), ("1000000000", "0", "0", "0")),
        (("960000000", "40000000", "0", "0"), ("1000000000", "0", "39600000", "0")),
        (("960000000", "0", "0", "0"), ("1039600000", "0", "0", "39600000")),
    ]


def test_without_a_faucet_nobody_begins_with_money() -> None:
    """A market without test money hands nothing out."""
    world = World(faucet=0)
    assert world.member().figures() == ("0", "0", "0", "0")
    Books(world.store).check()
    world.close()


def test_an_operator_grants_credits(world: World) -> None:
    """They come from the rail's outside, so that the books balance, and the member can see it."""
    member = world.member()
    granted = world.operator.do(GRANT, accountId=member.id, amount="5", reason="a prize")

    assert granted == {"accountId": member.id, "asset": "credits", "available": "1000000005"}
    seen = member.do("web3.audit.query", limit=1)["items"][0]
    assert seen["actor"] == world.operator.id
    assert orjson.loads(seen["record"])["postings"] == [
        ["rail:credits", "credits", "-5"],
        [f"{member.id}/available", "credits", "5"],
    ]
    Books(world.store).check()


def test_a_member_grants_nothing(world: World) -> None:
    """Not to others and not to themselves."""
    member = world.member()
    with pytest.raises(ScopeMissingError):
        member.do(GRANT, accountId=member.id, amount="5")
    assert member.figures()[0] == "1000000000"


@pytest.mark.parametrize("account", [PREFIXES["account"] + "7" + "z" * 25, MARKET_ACCOUNT])
def test_credits_go_to_accounts_that_somebody_has(world: World, account: str) -> None:
    """Neither unknown accounts nor the market's own take any."""
    with pytest.raises(AccountNotFoundError):
        world.operator.do(GRANT, accountId=account, amount="5")


def test_a_grant_with_a_key_is_made_once(world: World) -> None:
    """An operator who asks twice pays once."""
    member = world.member()
    for _ in range(2):
        world.operator.do(GRANT, "k", accountId=member.id, amount=str(MAX_AMOUNT_MINOR))
    assert member.figures()[0] == str(MAX_AMOUNT_MINOR + 1_000_000_000)


def test_a_purse_holds_what_64_bits_hold(world: World) -> None:
    """It is shown to the unit however much it is; one unit more is refused as bad input."""
    member, largest = world.member(), 10**16 - 1
    missing = MAX_BALANCE_MINOR - 1_000_000_000
    for amount in [*[largest] * (missing // largest), missing % largest]:
        world.operator.do(GRANT, accountId=member.id, amount=str(amount))
    full = str(MAX_BALANCE_MINOR)
    assert member.figures() == (full, "0", "0", "0")
    assert member.do("web3.wallet.statement", limit=1)["balance"]["available"] == full
    with pytest.raises(BalanceOverflowError):
        world.operator.do(GRANT, accountId=member.id, amount="1")
    assert member.figures() == (full, "0", "0", "0")
    Books(world.store).check()
