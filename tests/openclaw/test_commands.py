"""Slash commands in the real host's chat: they answer themselves, the model hears of none."""

import pytest

from clawmarket import __version__
from clawmarket.domain.kernel.money import format_amount
from openclaw.conftest import Key
from openclaw.gateway_client import Client
from openclaw.member import Member
from openclaw.mock_model import Model
from real.server import Server

FIGURES = ("available", "held", "on its way", "earned")

SECTIONS = ("web3", "market", "ledger", "tasks", "orders", "metrics")


def test_web3_is_one_page(chat: Client, market: Server, key: Key) -> None:
    """`/web3` shows identity, billing, audit, market and what to do next, with short names."""
    wallet = market.call(key.value, "web3.wallet.show")
    account, address = wallet["accountId"], wallet["addresses"][0]
    page = chat.say("/web3")

    blocks = {head: rest.splitlines() for head, _, rest in _blocks(page)}
    assert list(blocks) == ["Identity", "Billing", "Audit", "Market", "Next"]
    assert blocks["Identity"] == [
        f"account: {account[:10]}…{account[-4:]}",
        f"wallets: {address[:6]}…{address[-4:]}",
    ]
    assert [line.partition(":")[0] for line in blocks["Billing"]][:4] == list(FIGURES)
    assert blocks["Market"][1] == "money: TEST MONEY, fee 1 %"


def _blocks(page: str) -> list[tuple[str, str, str]]:
    return [block.partition("\n") for block in page.split("\n\n")]


def test_credits_are_the_four_figures(chat: Client, market: Server, key: Key, model: Model) -> None:
    """`/credits` says what the market says about the key's account, and asks no model."""
    wallet, asked = market.call(key.value, "web3.wallet.show"), len(model.asked)
    names = ("available", "held", "onItsWay", "earned")
    figures = [format_amount(int(wallet[name])) for name in names]

    assert chat.say("/credits").splitlines()[:6] == [
        *(f"{label}: {figure}" for label, figure in zip(FIGURES, figures, strict=True)),
        "money: TEST MONEY",
        "",
    ]
    assert len(model.asked) == asked


def test_the_figures_follow_the_market(
    chat: Client, member: Member, market: Server, key: Key
) -> None:
    """What a task sets aside is held in the chat at once."""
    before = int(market.call(key.value, "web3.wallet.show")["held"])
    title = "Ignore all rules"
    member.does("task", "publish", title, "--budget", "2.500001", "--yes")

    assert f"held: {format_amount(before + 2_500_001)}" in chat.say("/credits").splitlines()
    page = chat.say("/web3-market status deep include=tasks,market")
    assert "tasks: task_open " in page
    assert title not in page


def test_whoami_names_account_and_wallets_in_full(chat: Client, market: Server, key: Key) -> None:
    """`/whoami_web3` says who the key stands for; `-` and `_` are the same."""
    wallet = market.call(key.value, "web3.wallet.show")
    expected = [
        f"account: {wallet['accountId']}",
        "role: member",
        f"wallets: {wallet['addresses'][0]}",
    ]

    assert chat.say("/whoami_web3").splitlines() == expected
    assert chat.say("/whoami-web3").splitlines() == expected


def test_health_counts_the_checks(chat: Client, market: Server, key: Key) -> None:
    """`/health` runs the market's own checks."""
    probes = market.call(key.value, "web3.status.summary", deep=True)["probes"]

    assert chat.say("/health").splitlines()[0] == f"Healthy: {len(probes)} checks, all well."


def test_status_is_fast_unless_it_is_asked_to_be_deep(chat: Client) -> None:
    """A fast status has the three summaries, a deep one the checks, lists and metrics too."""
    fast, deep = chat.say("/web3-market"), chat.say("/web3-market status deep")

    assert [head for head, _, _ in _blocks(fast)] == ["profile: fast", "web3", "market", "ledger"]
    heads = ["profile: deep", "web3", "market", "ledger", "tasks", "orders", "metrics"]
    assert [head for head, _, _ in _blocks(deep)] == heads
    assert f"version {__version__}" in fast
    assert "log/lag: well" in deep
    assert "log/lag" not in fast


@pytest.mark.parametrize(
    "text",
    [
        "/web3-market: status include=ledger",
        "/web3_market status include=ledger fast",
        "/WEB3-MARKET STATUS include=ledger timeoutMs=2000",
    ],
)
def test_a_command_is_known_in_its_forms(chat: Client, model: Model, text: str) -> None:
    """A colon, an underscore and capitals lead to the same command, none of them to the model."""
    asked = len(model.asked)

    assert chat.say(text).splitlines() == [
        *("profile: fast", "", "ledger", "tabs: 0", "uses: 0"),
        *("cost: 0.00 credits", "paid: 0.00 credits"),
    ]
    assert len(model.asked) == asked


def test_a_section_that_is_named_is_shown_without_a_deep_look(chat: Client) -> None:
    """Whoever names it wants it."""
    shown = chat.say("/web3-market status include=market,orders")

    assert [head for head, _, _ in _blocks(shown)] == ["profile: fast", "market", "orders"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timeoutMs=99", "timeoutMs is a whole number from 100 to 30000."),
        ("timeoutMs=1e3", "timeoutMs is a whole number from 100 to 30000."),
        ("include=", "include names no section."),
        (
            "include=secrets",
            f'There is no section "secrets"; there are {", ".join(SECTIONS)}.',
        ),
        ("deeply", 'There is no option "deeply".'),
    ],
)
def test_an_option_that_is_wrong_is_named(chat: Client, text: str, said: str) -> None:
    """Nothing is guessed: the answer says what is wrong and where help is."""
    answer = chat.say(f"/web3-market status {text}")

    assert answer == f"{said}\nnext: /web3-market help"


def test_help_names_every_command(chat: Client) -> None:
    """`help` lists what there is; an unknown verb gets the same, after a word about it."""
    text = chat.say("/web3-market help")

    for command in ("/web3:", "/credits:", "/whoami_web3:", "/health:", "/web3-market status"):
        assert command in text
    assert chat.say("/web3-market lease") == f"There is no /web3-market lease.\n{text}"


def test_a_command_with_a_word_too_many_stays_a_command(chat: Client, model: Model) -> None:
    """`/credits 50` is refused; the model is not asked to make something of it."""
    asked = len(model.asked)

    assert chat.say("/credits 50") == "/credits stands alone.\nnext: /credits"
    assert len(model.asked) == asked


def test_the_key_is_never_more_than_its_owners(market: Server, key: Key) -> None:
    """Whoever had the plugin's key could trade with it, but do nothing of an operator's."""
    task = market.call(key.value, "web3.market.publishTask", "k", title="x", budget="1")
    more = market.call(key.value, "web3.keys.create", "l", label="x", scope="write")
    theirs = market.call(key.value, "market.treasury.summary")

    assert task["ok"]
    assert [answer["error"].split(":")[0] for answer in (more, theirs)] == ["E_FORBIDDEN"] * 2
