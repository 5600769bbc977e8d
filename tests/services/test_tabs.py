"""Post-pay: trust, open, use, close; caps, rates, debts, and whoever tries it wrongly."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.ids import MARKET_ACCOUNT
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.replay import KeyReusedError
from clawmarket.domain.market.postpay.tab import (
    Tab,
    TabCapHighError,
    TabCapLowError,
    TabDebtError,
    TabNotFoundError,
    TabOverError,
    TabPaceHighError,
    TabPrepaidError,
    TabSideError,
    TabState,
)
from clawmarket.domain.market.postpay.trust import (
    OwnTrustError,
    Trust,
    TrustCapLowError,
    TrustEndedError,
    TrustInUseError,
    TrustNotFoundError,
)
from clawmarket.domain.market.postpay.usage import (
    MAX_ENTRIES,
    TabEntriesFullError,
    TabFullError,
    Usage,
    UsageTooFastError,
    UsageTooLargeError,
    UsageUnfitError,
)
from clawmarket.domain.treasury.account import FundsMissingError
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.trust.record import Record
from clawmarket.services.market.postpay.reconciling import MAX_DIFFERENCES
from clawmarket.services.market.postpay.tabs import TabPriceError
from clawmarket.services.market.postpay.usage import UsageKeyNeededError
from clawmarket.services.pipeline import FieldInvalidError
from clawmarket.services.treasury.wallet import AccountNotFoundError
from world import START, Fields, Member, World

FULL = ("1000000000", "0", "0", "0")
DAY_S = 86_400


def spend_all(member: Member, but: int = 0) -> Fields:
    """Hold everything that a member has available for a task, but for so much."""
    rest = int(member.figures()[0]) - but
    return member.do(
        "web3.market.publishTask", title="Other work", budget=str(rest), expirySec=90 * DAY_S
    )


def refused(
    world: World, why: type[Refused], member: Member, method: str, **params: Any
) -> Refused:
    """Return the refusal of a call, which left no record and changed no figure."""
    before = len(world.all(Record)), world.all(Tab), world.all(Trust), world.all(Usage)
    with pytest.raises(why) as refusal:
        member.do(method, **params)
    assert (len(world.all(Record)), world.all(Tab), world.all(Trust), world.all(Usage)) == before
    return refusal.value


# --- The whole way -------------------------------------------------------------------------------


def test_use_first_and_pay_at_the_end(world: World) -> None:
    """The provider writes down 3 and 2 calls at 0.01, closes, and is paid 0.05 less one percent."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 3)
    provider.appends(tab, 2)
    assert (consumer.figures(), provider.figures()) == (FULL, FULL)

    closed = provider.closes(tab)

    assert (closed["status"], closed["owed"], closed["sellerAmount"], closed["fee"]) == (
        "tab_settled",
        "50000",
        "49500",
        "500",
    )
    assert consumer.figures() == ("999950000", "0", "0", "0")
    assert provider.figures() == ("1000049500", "0", "0", "49500")


def test_a_tab_says_all_that_was_agreed(world: World) -> None:
    """The whole view after one use."""
    provider, consumer, tab = world.on_a_tab(perUnits="2")
    provider.appends(tab, 3)

    assert consumer.tab(tab) == {
        "tabId": tab["tabId"],
        "trustId": world.all(Trust)[0].trust_id,
        "provider": provider.id,
        "consumer": consumer.id,
        "asset": "credits",
        "unit": "call",
        "price": "10000",
        "perUnits": "2",
        "unitsPerMinute": "60",
        "cap": "5000000",
        "prepaid": False,
        "quantity": "3",
        "owed": "15000",
        "remaining": "4985000",
        "unitsNow": "57",
        "entries": 1,
        "feeBps": 100,
        "sellerAmount": "0",
        "fee": "0",
        "status": "tab_open",
        "why": "",
        "openedAt": iso(START),
        "expiresAt": iso(START + DAY_S * 1000),
        "actsAt": iso(START + DAY_S * 1000),
        "closedAt": None,
        "endedAt": None,
    }


def test_each_use_is_one_record_that_both_sides_see(world: World) -> None:
    """Entries stand in the list of both, and the record of each can be proven by both."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 3, reference="run 1")
    provider.appends(tab, 4, reference="run 2")
    world.log()

    seen = [who.do("web3.market.ledger.list", tabId=tab["tabId"]) for who in (provider, consumer)]
    assert seen[0] == seen[1]
    told = [(u["quantity"], u["cost"], u["owed"], u["reference"]) for u in seen[0]["items"]]
    assert told == [("4", "40000", "70000", "run 2"), ("3", "30000", "30000", "run 1")]
    for usage in seen[0]["items"]:
        assert consumer.do("web3.audit.prove", recordId=usage["recordId"])["recordId"]


def test_settling_is_one_entry_of_one_command(world: World) -> None:
    """What the consumer pays is what the provider and the market get, in one posting."""
    provider, consumer, tab = world.on_a_tab(price="333")
    provider.appends(tab, 1)
    provider.closes(tab)

    [entry] = [entry for entry in world.all(Entry) if entry.ref == tab["tabId"]]
    assert entry.reason == "tab"
    assert [(p.account, p.amount) for p in entry.postings] == [
        (f"{consumer.id}/available", -333),
        (f"{provider.id}/available", 330),
        ("fees", 3),
    ]


def test_a_tab_without_use_costs_nothing(world: World) -> None:
    """Nothing owed, nothing moved, and the trust carries the next tab."""
    provider, consumer, tab = world.on_a_tab()
    before = len(world.all(Entry))

    assert provider.closes(tab)["status"] == "tab_settled"
    assert (len(world.all(Entry)), consumer.figures()) == (before, FULL)
    assert consumer.opens({"trustId": tab["trustId"]})["status"] == "tab_open"


def test_many_small_uses_cost_what_a_large_one_costs(world: World) -> None:
    """A price of 5 for 3 tokens: seven single tokens owe 11, as seven at once do."""
    provider, consumer, tab = world.on_a_tab(price="5", perUnits="3", unit="token")
    for _ in range(7):
        provider.appends(tab, 1)

    costs = [usage.cost for usage in world.all(Usage)]
    assert (costs, consumer.tab(tab)["owed"]) == ([1, 2, 2, 1, 2, 2, 1], "11")


# --- Cap -----------------------------------------------------------------------------------------


def test_over_the_cap_is_refused(world: World) -> None:
    """Five calls fit under 0.05; after three, three more do not, and the refusal says why."""
    provider, consumer, tab = world.on_a_tab("0.05")
    provider.appends(tab, 3)

    asked = {"tabId": tab["tabId"], "quantity": "3"}
    full = refused(world, TabFullError, provider, "web3.market.ledger.append", **asked)
    assert (full.code, full.next_step) == (
        "E_QUOTA_EXCEEDED",
        f"clawmarket tab show {tab['tabId']}",
    )
    assert full.details == {
        "tabId": tab["tabId"],
        "cap": "50000",
        "owed": "30000",
        "cost": "30000",
    }
    assert consumer.tab(tab)["status"] == "tab_open"


def test_at_the_cap_the_tab_is_settled(world: World) -> None:
    """The use that reaches the cap is written down and paid for in the same command."""
    provider, consumer, tab = world.on_a_tab("0.05")
    records = len(world.all(Record))

    after = provider.appends(tab, 5)

    assert (after["status"], after["why"], after["owed"]) == (
        "tab_settled",
        "the cap was reached",
        "50000",
    )
    assert len(world.all(Record)) == records + 1
    assert consumer.figures()[0] == "999950000"
    with pytest.raises(TransitionRefusedError):
        provider.appends(tab, 1)


def test_a_rest_that_buys_nothing_is_the_cap(world: World) -> None:
    """Where not one more unit fits, the cap is reached though it is not used up."""
    provider, _, tab = world.on_a_tab("0.055")

    assert provider.appends(tab, 5)["status"] == "tab_settled"


def test_a_second_confirmation_lets_more_be_used(world: World) -> None:
    """The consumer raises the cap, at most to what the provider trusts them with."""
    provider, consumer = world.member(), world.member()
    tab = consumer.opens(provider.trusts(consumer, "0.08"), cap="50000")
    provider.appends(tab, 3)
    call: Fields = {"tabId": tab["tabId"]}

    raises = "web3.market.tab.raise"
    refused(world, TabCapLowError, consumer, raises, cap="50000", **call)
    refused(world, TabCapHighError, consumer, raises, cap="80001", **call)
    refused(world, TabSideError, provider, raises, cap="80000", **call)
    assert consumer.do(raises, cap="80000", **call)["remaining"] == "50000"
    assert provider.appends(tab, 4)["owed"] == "70000"


def test_nobody_raises_on_a_trust_that_was_taken_back(world: World) -> None:
    """The tab goes on under its cap; more is not trusted."""
    provider, consumer = world.member(), world.member()
    trust = provider.trusts(consumer)
    tab = consumer.opens(trust, cap="50000")
    provider.do("web3.market.trust.revoke", trustId=trust["trustId"])

    raised = {"tabId": tab["tabId"], "cap": "60000"}
    refused(world, TrustEndedError, consumer, "web3.market.tab.raise", **raised)
    assert provider.appends(tab, 5)["status"] == "tab_settled"
    refused(world, TrustEndedError, consumer, "web3.market.tab.open", trustId=trust["trustId"])


# --- Rate ----------------------------------------------------------------------------------------


def test_the_rate_lets_a_minute_through_and_then_waits(world: World) -> None:
    """60 a minute: 60 at once, then one a second; a millisecond before the second it is refused."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 60)
    assert consumer.tab(tab)["unitsNow"] == "0"

    asked = {"tabId": tab["tabId"], "quantity": "2"}
    fast = refused(world, UsageTooFastError, provider, "web3.market.ledger.append", **asked)
    assert (fast.code, fast.details["retryAfterSec"], fast.details["retryAfterMs"]) == (
        "E_RATE_LIMITED",
        2,
        2_000,
    )
    world.clock.advance(1_999)
    refused(world, UsageTooFastError, provider, "web3.market.ledger.append", **asked)
    world.clock.advance(1)
    assert provider.appends(tab, 2)["unitsNow"] == "0"


def test_a_pause_fills_no_more_than_a_minute(world: World) -> None:
    """After an hour sixty fit again, and not one more."""
    provider, _, tab = world.on_a_tab()
    provider.appends(tab, 60)
    world.pass_time(seconds=3_600)

    asked = {"tabId": tab["tabId"], "quantity": "61"}
    refused(world, UsageTooLargeError, provider, "web3.market.ledger.append", **asked)
    assert provider.appends(tab, 60)["unitsNow"] == "0"


def test_a_consumer_slows_the_provider_down(world: World) -> None:
    """The consumer's own rate holds; it can only be below the provider's."""
    provider, consumer = world.member(), world.member()
    trust = provider.trusts(consumer)
    opening = {"trustId": trust["trustId"], "unitsPerMinute": "61"}
    refused(world, TabPaceHighError, consumer, "web3.market.tab.open", **opening)
    tab = consumer.opens(trust, unitsPerMinute="10")

    asked = {"tabId": tab["tabId"], "quantity": "11"}
    refused(world, UsageTooLargeError, provider, "web3.market.ledger.append", **asked)
    assert provider.appends(tab, 10)["unitsNow"] == "0"


# --- Who and what ---------------------------------------------------------------------------------


def test_a_stranger_sees_no_tab(world: World) -> None:
    """Somebody else's tab looks like one that does not exist, whatever is tried on it."""
    _, _, tab = world.on_a_tab()
    stranger, call = world.member(), {"tabId": tab["tabId"]}

    refused(world, TabNotFoundError, stranger, "web3.market.ledger.append", quantity="1", **call)
    refused(world, TabNotFoundError, stranger, "web3.market.tab.raise", cap="6000000", **call)
    for verb in ("tab.get", "tab.close", "tab.pay", "tab.forgive", "ledger.list"):
        refused(world, TabNotFoundError, stranger, f"web3.market.{verb}", **call)
    for side in ("provider", "consumer"):
        assert stranger.do("web3.market.tab.list", side=side)["items"] == []
        assert stranger.do("web3.market.trust.list", side=side)["items"] == []


def test_a_trust_is_for_one_account(world: World) -> None:
    """Nobody opens on somebody else's trust, not even the provider; nobody else revokes it."""
    provider, consumer, stranger = (world.member() for _ in range(3))
    trust = {"trustId": provider.trusts(consumer)["trustId"]}

    for other in (provider, stranger):
        refused(world, TrustNotFoundError, other, "web3.market.tab.open", **trust)
    for other in (consumer, stranger):
        refused(world, TrustNotFoundError, other, "web3.market.trust.revoke", **trust)


def test_only_the_provider_writes_usage_down(world: World) -> None:
    """The consumer cannot, and no consumer's record counts as use."""
    _, consumer, tab = world.on_a_tab()

    asked = {"tabId": tab["tabId"], "quantity": "1"}
    refused(world, TabSideError, consumer, "web3.market.ledger.append", **asked)


def test_a_trust_carries_one_tab_at_a_time(world: World) -> None:
    """So a provider never risks more than the cap of each trust that they granted."""
    provider, consumer = world.member(), world.member()
    trust = provider.trusts(consumer)
    tab = consumer.opens(trust)

    asked = {"trustId": trust["trustId"]}
    in_use = refused(world, TrustInUseError, consumer, "web3.market.tab.open", **asked)
    assert in_use.next_step == f"clawmarket tab show {tab['tabId']}"
    consumer.closes(tab)
    refused(world, TrustInUseError, consumer, "web3.market.tab.open", **asked)


@pytest.mark.parametrize(
    ("why", "terms"),
    [
        (TrustCapLowError, {"cap": "9999"}),
        (AccountNotFoundError, {"accountId": "agent_01h00000000000000000000000"}),
        (AccountNotFoundError, {"accountId": MARKET_ACCOUNT}),
        (FieldInvalidError, {"price": "0"}),
        (FieldInvalidError, {"perUnits": "0"}),
        (FieldInvalidError, {"unitsPerMinute": "0"}),
        (FieldInvalidError, {"unitsPerMinute": "10000000000"}),
        (FieldInvalidError, {"cap": "-1"}),
        (FieldInvalidError, {"unit": "hour"}),
        (FieldInvalidError, {"asset": "iso4217:USD"}),
    ],
)
def test_a_grant_that_makes_no_sense(world: World, why: type[Refused], terms: Fields) -> None:
    """Amounts, units and accounts are checked before anybody relies on them."""
    provider, consumer = world.member(), world.member()
    asked = {"accountId": consumer.id, "unit": "call", "price": "10000", "cap": "50000"}

    granted = asked | {"unitsPerMinute": "60"} | terms
    refused(world, why, provider, "web3.market.trust.grant", **granted)


def test_nobody_trusts_themselves(world: World) -> None:
    """That would only pay a fee."""
    provider = world.member()
    asked = {"unit": "call", "price": "1", "cap": "50000", "unitsPerMinute": "60"}

    refused(
        world, OwnTrustError, provider, "web3.market.trust.grant", accountId=provider.id, **asked
    )


@pytest.mark.parametrize(
    ("why", "terms"),
    [
        (TabCapHighError, {"cap": "5000001"}),
        (TabCapLowError, {"cap": "9999"}),
        (TabPriceError, {"price": "9999"}),
        (FieldInvalidError, {"cap": "0"}),
        (FieldInvalidError, {"cap": "1e3"}),
        (FieldInvalidError, {"expirySec": 0}),
    ],
)
def test_an_opening_outside_the_trust(world: World, why: type[Refused], terms: Fields) -> None:
    """Cap and rate are within the provider's, and the price is the provider's."""
    provider, consumer = world.member(), world.member()
    trust = provider.trusts(consumer)

    asked = {"trustId": trust["trustId"]} | terms
    refused(world, why, consumer, "web3.market.tab.open", **asked)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (UsageUnfitError, {"unit": "token"}),
        (UsageUnfitError, {"cost": "29999"}),
        (UsageUnfitError, {"cost": "0"}),
        (FieldInvalidError, {"quantity": "0"}),
        (FieldInvalidError, {"quantity": "-1"}),
        (FieldInvalidError, {"quantity": "1.5"}),
        (FieldInvalidError, {"quantity": "\u0663"}),
        (FieldInvalidError, {"quantity": 3}),
        (FieldInvalidError, {"cost": "0.30000000000000004"}),
    ],
)
def test_a_provider_claims_units_and_no_sum(world: World, why: type[Refused], said: Fields) -> None:
    """Another unit or another cost than the price makes is refused; the right ones are not."""
    provider, _, tab = world.on_a_tab()
    asked: Fields = {"tabId": tab["tabId"], "quantity": "3"}

    refused(world, why, provider, "web3.market.ledger.append", **(asked | said))
    assert provider.appends(tab, 3, unit="call", cost="30000")["owed"] == "30000"


def test_a_repeated_use_counts_once(world: World) -> None:
    """The same key has the same answer, also after the end; without a key nothing counts."""
    provider, consumer, tab = world.on_a_tab("0.05")
    append = "web3.market.ledger.append"
    first = provider.do(append, "use-1", tabId=tab["tabId"], quantity="5")
    world.pass_time(seconds=3)

    assert provider.do(append, "use-1", tabId=tab["tabId"], quantity="5") == first
    with pytest.raises(KeyReusedError):
        provider.do(append, "use-1", tabId=tab["tabId"], quantity="4")
    assert (consumer.figures()[0], len(world.all(Usage))) == ("999950000", 1)
    by_key = world.with_key(provider)
    with pytest.raises(UsageKeyNeededError):
        by_key.do(append, "", tabId=tab["tabId"], quantity="5")


def race(world: World, provider: Member, tab: Fields, quantity: str) -> list[object]:
    """Let sixteen callers write so many units down at once; return their answers and refusals."""
    caller = world.with_key(provider).caller
    asked = {"tabId": tab["tabId"], "quantity": quantity}

    async def run() -> list[object]:
        submit = world.pipeline.submit
        calls = [
            submit(caller, "web3.market.ledger.append", asked, key=f"use-{n}") for n in range(16)
        ]
        return list(await asyncio.gather(*calls, return_exceptions=True))

    answers: list[object] = world.run(run())
    return answers


def test_several_callers_race_for_the_rest(world: World) -> None:
    """Sixteen calls for three units each, ten fit: three are written down, each once."""
    provider, consumer, tab = world.on_a_tab("0.1")

    answers = race(world, provider, tab, "3")

    full = [answer for answer in answers if isinstance(answer, TabFullError)]
    assert (len(full), len(world.all(Usage)), consumer.tab(tab)["owed"]) == (13, 3, "90000")


def test_several_callers_race_for_the_last_unit(world: World) -> None:
    """Sixteen calls for all there is: one is written down and settles, and it is paid once."""
    provider, consumer, tab = world.on_a_tab("0.05")

    answers = race(world, provider, tab, "5")

    over = [answer for answer in answers if isinstance(answer, TransitionRefusedError)]
    assert (len(over), len(world.all(Usage)), consumer.figures()[0]) == (15, 1, "999950000")


# --- Prepaid -------------------------------------------------------------------------------------


def test_what_is_locked_is_released_in_proportion(world: World) -> None:
    """Of a lock of 0.09, three of nine calls are paid, less one percent; the rest comes back."""
    provider, consumer, tab = world.on_a_tab("0.09", prepaid=True)
    assert (tab["prepaid"], consumer.figures()) == (True, ("999910000", "90000", "0", "0"))
    provider.appends(tab, 3)
    spend_all(consumer)
    assert found(consumer, tab) == []

    closed = provider.closes(tab)

    assert (closed["status"], closed["sellerAmount"], closed["fee"]) == (
        "tab_settled",
        "29700",
        "300",
    )
    assert (consumer.figures()[0], provider.figures()[3]) == ("60000", "29700")
    assert found(provider, tab) == []


def test_a_lock_without_use_comes_back_whole(world: World) -> None:
    """Nothing used, or all of it forgiven: by the close, by silence and by the provider."""
    for end in ("closed", "silent", "forgiven"):
        provider, consumer, tab = world.on_a_tab(prepaid=True)
        if end == "closed":
            provider.closes(tab)
        elif end == "forgiven":
            provider.appends(tab, 3)
            provider.do("web3.market.tab.forgive", tabId=tab["tabId"])
        else:
            world.reaches(tab["expiresAt"])
            world.sweep()
        assert (consumer.figures(), provider.figures()) == (FULL, FULL)
        assert found(consumer, tab) == []


def test_what_is_locked_is_never_owed(world: World) -> None:
    """Too little money opens no prepaid tab, and a locked cap is not raised."""
    provider, consumer = world.member(), world.member()
    trust = provider.trusts(consumer, "1001", prepaid=True)

    opening = {"trustId": trust["trustId"]}
    refused(world, FundsMissingError, consumer, "web3.market.tab.open", **opening)
    refused(world, TabCapHighError, consumer, "web3.market.tab.open", cap="1001000001", **opening)
    tab = consumer.opens(trust, cap="1000000000")
    asked = {"tabId": tab["tabId"], "cap": "1000000001"}
    refused(world, TabPrepaidError, consumer, "web3.market.tab.raise", **asked)


# --- Ending --------------------------------------------------------------------------------------


def test_after_the_consumer_closed_the_last_uses_still_count(world: World) -> None:
    """The provider has a minute for what was used before; then the market settles."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 1)
    closing = consumer.closes(tab)
    assert (closing["status"], closing["actsAt"]) == ("tab_closing", iso(START + 60_000))

    world.clock.advance(59_999)
    assert provider.appends(tab, 1)["owed"] == "20000"
    assert world.sweep().due == 0
    world.clock.advance(1)
    with pytest.raises(TabOverError):
        provider.appends(tab, 1)
    assert world.sweep().tabs_settled == 1
    assert consumer.figures()[0] == "999980000"


def test_the_provider_ends_the_wait(world: World) -> None:
    """Once the consumer closed, the provider's close settles at once; then all is over."""
    provider, consumer, tab = world.on_a_tab()
    consumer.closes(tab)
    with pytest.raises(TransitionRefusedError):
        consumer.do("web3.market.tab.raise", tabId=tab["tabId"], cap="5000001")

    assert provider.closes(tab)["status"] == "tab_settled"
    for side in (provider, consumer):
        with pytest.raises(TransitionRefusedError) as over:
            side.closes(tab)
        assert over.value.next_step == f"clawmarket tab show {tab['tabId']}"


def test_at_its_end_a_tab_is_settled_by_itself(world: World) -> None:
    """Nobody closes: the last use is a millisecond before, and the market settles."""
    provider, consumer = world.member(), world.member()
    tab = consumer.opens(provider.trusts(consumer), expirySec=60)
    world.reaches(tab["expiresAt"], -1)
    provider.appends(tab, 1)
    assert world.sweep().due == 0
    world.reaches(tab["expiresAt"])
    with pytest.raises(TabOverError):
        provider.appends(tab, 1)
    with pytest.raises(TabOverError):
        consumer.do("web3.market.tab.raise", tabId=tab["tabId"], cap="5000001")
    assert (world.sweep().tabs_settled, world.sweep().due) == (1, 0)
    assert consumer.tab(tab)["why"] == "its time was over"


def test_paying_an_open_tab_closes_it(world: World) -> None:
    """Nobody pays their way around the provider's last minute."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 1)

    assert consumer.pays(tab)["status"] == "tab_closing"
    with pytest.raises(TransitionRefusedError):
        consumer.pays(tab)
    assert provider.appends(tab, 1)["owed"] == "20000"


def test_a_late_close_settles(world: World) -> None:
    """After the end a consumer's close needs no further minute."""
    _, consumer, tab = world.on_a_tab()
    world.reaches(tab["expiresAt"])

    assert consumer.closes(tab)["status"] == "tab_settled"


# --- Debts ---------------------------------------------------------------------------------------


def owing(world: World) -> tuple[Member, Member, Fields]:
    """Return a provider, a consumer whose money is gone, and the tab that could not be paid."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 10)
    spend_all(consumer, but=99_999)
    return provider, consumer, provider.closes(tab)


def test_what_cannot_be_paid_whole_is_owed_whole(world: World) -> None:
    """One unit is missing: nothing is taken, and the tab says what is owed."""
    provider, consumer, tab = owing(world)

    assert (tab["status"], tab["owed"], tab["sellerAmount"], tab["actsAt"]) == (
        "tab_unpaid",
        "100000",
        "0",
        iso(START + 3_600_000),
    )
    assert (consumer.figures()[0], provider.figures()) == ("99999", FULL)
    pay = {"tabId": tab["tabId"]}
    refused(world, FundsMissingError, consumer, "web3.market.tab.pay", **pay)
    refused(world, TabSideError, provider, "web3.market.tab.pay", **pay)


def test_whoever_owes_opens_no_tab_with_anybody(world: World) -> None:
    """Neither with this provider nor with another one, until it is paid."""
    provider, consumer, tab = owing(world)
    other = world.member().trusts(consumer)

    again = {"trustId": tab["trustId"]}
    refused(world, TrustInUseError, consumer, "web3.market.tab.open", **again)
    debt = refused(world, TabDebtError, consumer, "web3.market.tab.open", trustId=other["trustId"])
    assert (debt.code, debt.next_step) == (
        "E_PAYMENT_REQUIRED",
        f"clawmarket tab pay {tab['tabId']}",
    )
    world.operator.do("market.credits.grant", accountId=consumer.id, amount="1")
    assert consumer.pays(tab)["status"] == "tab_settled"
    assert provider.figures() == ("1000099000", "0", "0", "99000")
    assert consumer.opens(other)["status"] == "tab_open"
    with pytest.raises(TransitionRefusedError):
        consumer.pays(tab)


def test_the_market_takes_it_when_money_is_there(world: World) -> None:
    """It is tried after an hour, after two more, and paid as soon as there is enough."""
    provider, consumer, tab = owing(world)
    world.pass_time(seconds=3_599)
    assert world.sweep().due == 0
    world.pass_time(seconds=1)
    assert (world.sweep().tabs_unpaid, world.sweep().due) == (1, 0)
    assert consumer.tab(tab)["actsAt"] == iso(START + 3 * 3_600_000)
    world.operator.do("market.credits.grant", accountId=consumer.id, amount="1")
    world.pass_time(seconds=7_200)
    assert world.sweep().tabs_settled == 1
    assert (consumer.figures()[0], provider.figures()[3]) == ("0", "99000")


def test_what_is_never_paid_is_written_off(world: World) -> None:
    """After thirty days the debt ends, with a record, and with it the trust."""
    provider, consumer, tab = owing(world)
    for _ in range(30):
        world.pass_time(seconds=DAY_S)
        world.sweep()

    after = provider.tab(tab)
    assert (after["status"], after["actsAt"], after["endedAt"]) == (
        "tab_written_off",
        None,
        iso(START + 30 * DAY_S * 1000),
    )
    assert [trust.state for trust in world.all(Trust)] == ["trust_revoked"]
    assert world.sweep().due == 0
    with pytest.raises(TransitionRefusedError):
        consumer.pays(tab)


def test_a_provider_forgives(world: World) -> None:
    """What is forgiven is over: the trust stays, and the consumer may open again."""
    provider, consumer, tab = owing(world)
    refused(world, TabSideError, consumer, "web3.market.tab.forgive", tabId=tab["tabId"])

    forgiven = provider.do("web3.market.tab.forgive", tabId=tab["tabId"], reason="My mistake.")

    assert (forgiven["status"], forgiven["why"]) == ("tab_forgiven", "My mistake.")
    assert (consumer.figures()[0], provider.figures()) == ("99999", FULL)
    assert consumer.opens({"trustId": tab["trustId"]})["status"] == "tab_open"


# --- The books -----------------------------------------------------------------------------------


def plant(world: World, row: object) -> None:
    """Replace a row behind the market's back."""
    world.run(world.store.write(lambda rows: rows.save(row)))


def found(member: Member, tab: Fields) -> list[tuple[str, str, str]]:
    """Return what does not agree about a tab."""
    said = member.do("web3.market.tab.reconcile", tabId=tab["tabId"])
    assert said["agrees"] is (said["differences"] == [])
    return [(one["what"], one["expected"], one["found"]) for one in said["differences"]]


def test_a_tab_agrees_at_every_stage(world: World) -> None:
    """Empty, used, unpaid, paid: entries, sum and ledger agree, for both sides and operators."""
    provider, consumer, tab = world.on_a_tab(price="333", perUnits="2")
    assert found(provider, tab) == []
    provider.appends(tab, 3)
    provider.appends(tab, 4)
    assert found(consumer, tab) == []
    spend_all(consumer)
    provider.closes(tab)
    assert found(world.operator, tab) == []
    world.operator.do("market.credits.grant", accountId=consumer.id, amount="1165")
    consumer.pays(tab)
    said = provider.do("web3.market.tab.reconcile", tabId=tab["tabId"])
    moved = {move["account"]: move["amount"] for move in said["ledger"]}
    assert moved == {
        f"{consumer.id}/available": "-1165",
        f"{provider.id}/available": "1154",
        "fees": "11",
    }
    assert (said["agrees"], said["entries"], said["quantity"], said["cost"]) == (
        True,
        2,
        "7",
        "1165",
    )
    with pytest.raises(TabNotFoundError):
        found(world.member(), tab)


def test_a_tab_that_was_changed_is_seen(world: World) -> None:
    """A sum, a use or a payment that somebody changed behind the market's back differs."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 3)
    provider.closes(tab)
    [row], [use] = world.all(Tab), world.all(Usage)

    plant(world, replace(row, owed=40_000))
    assert ("owed", "30000", "40000") in found(consumer, tab)
    plant(world, replace(row, state=TabState.FORGIVEN))
    assert (f"ledger {consumer.id}/available credits", "0", "-30000") in found(consumer, tab)
    plant(world, row)
    plant(world, replace(use, cost=30_001))
    assert (f"{use.usage_id} cost", "30000", "30001") in found(consumer, tab)


def test_a_tab_has_so_many_entries_and_no_more(world: World) -> None:
    """The one beyond is refused and changes nothing; the tab is closed and paid as ever."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 3)
    [row] = world.all(Tab)
    plant(world, replace(row, entries=MAX_ENTRIES))
    asked: Fields = {"tabId": tab["tabId"], "quantity": "1"}
    refused(world, TabEntriesFullError, provider, "web3.market.ledger.append", **asked)
    plant(world, row)
    assert provider.closes(tab)["status"] == "tab_settled"
    assert found(consumer, tab) == []


def test_of_many_differences_the_first_are_shown(world: World) -> None:
    """The answer is bounded and says that there are more."""
    provider, consumer, tab = world.on_a_tab()
    for _ in range(MAX_DIFFERENCES + 1):
        provider.appends(tab, 1)
        world.pass_time(seconds=1)
    for use in world.all(Usage):
        plant(world, replace(use, cost=use.cost + 1))
    said = consumer.do("web3.market.tab.reconcile", tabId=tab["tabId"])
    shown = (len(said["differences"]), said["entries"], said["complete"], said["agrees"])
    assert shown == (MAX_DIFFERENCES, MAX_DIFFERENCES + 1, False, False)


def test_a_statement_names_the_tab(world: World) -> None:
    """The line of a settled tab says which one, on both sides."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 3)
    provider.closes(tab)

    lines = [who.do("web3.wallet.statement")["items"][0] for who in (provider, consumer)]
    assert [(line["tabId"], line["availableChange"]) for line in lines] == [
        (tab["tabId"], "29700"),
        (tab["tabId"], "-30000"),
    ]
    world.log()
    counted = consumer.do("web3.market.status.summary")["tabs"]
    assert {state: n for state, n in counted.items() if n} == {"tab_settled": 1}


def test_a_summary_adds_up_by_unit(world: World) -> None:
    """Two tabs in two units, one of them paid; each side sees its own, a stranger nothing."""
    provider, consumer, tab = world.on_a_tab()
    provider.appends(tab, 3)
    provider.closes(tab)
    other = consumer.opens(provider.trusts(consumer, unit="token"))
    provider.appends(other, 7)
    provider.appends(other, 1)

    def summed(who: Member, **of: Any) -> Fields:
        return who.do("web3.market.ledger.summary", **of)

    assert summed(consumer) == {
        "byUnit": {
            "call": {"quantity": "3", "cost": "30000"},
            "token": {"quantity": "8", "cost": "80000"},
        },
        "asset": "credits",
        "totalCost": "110000",
        "paid": "30000",
        "tabs": 2,
        "entries": 3,
        "complete": True,
    }
    assert summed(provider, side="provider") == summed(consumer)
    assert summed(provider)["tabs"] == 0
    assert summed(provider, tabId=other["tabId"])["byUnit"] == {
        "token": {"quantity": "8", "cost": "80000"}
    }
    with pytest.raises(TabNotFoundError):
        summed(world.member(), tabId=tab["tabId"])
