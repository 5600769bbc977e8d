"""Money and deadlines on the screen, against a real market: true, and only while they count."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import Cli, LocalMarket, Outcome

Join = Callable[[str], Cli]


def done(outcome: Outcome) -> dict[str, Any]:
    """Return the document of a command that has to succeed."""
    assert outcome.status == 0, outcome.err
    return outcome.document


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what is handed in."""
    return tmp_path_factory.mktemp("papers")


def published(buyer: Cli, *more: str) -> str:
    """Publish a task of 50 credits and return its id."""
    return buyer("task", "publish", "Digest", "--budget", "50", "--yes", "-q", *more).out.strip()


def test_a_bid_says_what_it_would_earn(join: Join) -> None:
    """The price less the fee, and until when the bid can be taken back."""
    buyer, worker = join("buyer"), join("worker")
    task_id = published(buyer)
    bid = ["task", "bid", task_id, "--price", "40", "--dry-run"]
    quote = done(worker(*bid, "--json"))["quote"]
    assert [quote[name] for name in ("price", "fee", "earned", "total", "undo")] == [
        *("40000000", "400000", "39600000", "0"),
        "clawmarket task withdraw, until it is awarded",
    ]
    assert "yours  39.60 credits: when the buyer accepts your work on 'Digest'" in worker(*bid).out


def test_a_milestone_is_quoted_by_what_it_pays(join: Join, folder: Path) -> None:
    """33.33 in two parts: the first acceptance pays 10.9989 and no more."""
    buyer, worker = join("buyer"), join("worker")
    task_id = published(buyer, "--milestone", "Outline=33", "--milestone", "Text=67")
    bid = worker("task", "bid", task_id, "--price", "33.33", "-q").out.strip()
    order_id = done(buyer("task", "award", bid, "--yes", "--json"))["orderId"]
    paper = folder / "outline.md"
    paper.write_text("# Outline\n")
    sent = done(worker("task", "submit", order_id, "--attach", str(paper), "--json"))
    review = ("task", "review", sent["resultId"], "--decision", "accept")
    quote = done(buyer(*review, "--dry-run", "--json"))["quote"]
    assert [quote[name] for name in ("price", "fee", "what")] == [
        *("10998900", "109989", "milestone 1 of 2, paid out of what is held"),
    ]
    done(buyer(*review, "--yes", "--json"))
    refund = ("call", "market.settlement.refund", f"orderId={order_id}", "--dry-run", "--json")
    assert done(worker(*refund))["quote"]["returned"] == "22331100"


def test_a_release_of_a_milestone_is_quoted_by_what_it_pays(join: Join) -> None:
    """An order of an offer is asked for its part at stake; each part begins and ends anew."""
    seller, buyer = join("seller"), join("buyer")
    parts = '[{"title": "Draft", "percent": 40}, {"title": "Text", "percent": 60}]'
    offer = done(
        seller(
            *("call", "market.offer.create", "title=A text", "price=10000000"),
            *(f"milestones:={parts}", "--json"),
        )
    )["offerId"]
    done(seller("call", "market.offer.publish", f"offerId={offer}", "--json"))
    order = done(buyer("call", "market.order.create", f"offerId={offer}", "--json"))["orderId"]
    lock = ("call", "market.settlement.lock", f"orderId={order}", "--json")
    refund = "clawmarket call web3.market.settlement.refund, until the seller begins"
    assert done(buyer(*lock, "--dry-run"))["quote"]["undo"] == refund
    cancel = "; while its rail is asked clawmarket call web3.market.order.cancel"
    assert done(buyer(*lock, "rail=http", "--dry-run"))["quote"]["undo"] == refund + cancel
    done(buyer(*lock, "--yes"))
    release = ("call", "market.settlement.release", f"orderId={order}", "--dry-run", "--json")
    quote = done(buyer(*release))["quote"]
    assert (quote["price"], quote["fee"]) == ("4000000", "40000")
    begin = f"call web3.market.delivery.issue orderId={order}"
    for _ in ("Draft", "Text"):
        explained = done(seller("order", "explain", order, "--json"))["next"]
        assert explained == [f"clawmarket {begin}"]
        delivery = done(seller(*begin.split(), "--json"))["deliveryId"]
        end = f"call web3.market.delivery.complete deliveryId={delivery}"
        explained = done(seller("order", "explain", order, "--json"))["next"]
        assert explained == [f"clawmarket {end}"]
        done(seller(*end.split(), "--json"))
        done(buyer(*release[:-2], "--yes", "--json"))
    settled = done(buyer("order", "show", order, "--json"))
    assert settled["status"] == "settlement_completed"


@pytest.mark.parametrize("method", ["lock", "release"])
def test_who_does_not_pay_is_asked_for_no_yes(join: Join, method: str) -> None:
    """A seller who locks or releases spends nothing: it is refused, and no price is shown."""
    seller, buyer = join("seller"), join("buyer")
    offer = done(seller("call", "market.offer.create", "title=Prices", "price=5000000", "--json"))[
        "offerId"
    ]
    done(seller("call", "market.offer.publish", f"offerId={offer}", "--json"))
    order = done(buyer("call", "market.order.create", f"offerId={offer}", "--json"))["orderId"]
    refused = seller("call", f"market.settlement.{method}", f"orderId={order}")
    assert (refused.status, refused.out) == (3, "")
    assert refused.err.startswith("error[E_FORBIDDEN]: You are the seller")


def test_a_consent_taken_back_says_what_comes_back(join: Join) -> None:
    """Before the delivery is complete the lock returns with it."""
    seller, buyer = join("seller"), join("buyer")
    scope = 'usageScope:={"purpose":"research"}'
    terms = ("call", "market.offer.create", "title=Prices", "price=5000000", scope, "--json")
    created = done(seller(*terms))
    offer = created["offerId"]
    publish = f"clawmarket call web3.market.offer.publish offerId={offer}"
    assert created["next"] == [publish]
    done(seller("call", "market.offer.publish", f"offerId={offer}", "--json"))
    order = done(buyer("call", "market.order.create", f"offerId={offer}", "--json"))["orderId"]
    lock = ("call", "market.settlement.lock", f"orderId={order}", "--yes", "--json")
    assert done(buyer(*lock))["next"] == [f"clawmarket order explain {order}"]
    granted = done(buyer("consent", "grant", order, "--purpose", "research", "--json"))
    revoke = ("consent", "revoke", granted["consentId"])
    planned = buyer(*revoke, "--dry-run")
    assert "back   5.00 credits: locked for the order, back to you" in planned.out
    assert done(buyer(*revoke, "--dry-run", "--json"))["quote"]["returned"] == "5000000"


def test_a_ruling_shows_who_gets_what_and_asks(
    join: Join, market: LocalMarket, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """At stake 40: 10 to the seller less the fee, 30 back; without a yes nothing is ruled."""
    buyer, worker, arbiter = join("buyer"), join("worker"), join("arbiter")
    bid = worker("task", "bid", published(buyer), "--price", "40", "-q").out.strip()
    order_id = done(buyer("task", "award", bid, "--yes", "--json"))["orderId"]
    paper = folder / "third.md"
    paper.write_text("# A third\n")
    done(worker("task", "submit", order_id, "--attach", str(paper), "--json"))
    reason = ("--reason", "Two chapters of three are missing.")
    opened = done(buyer("dispute", "open", order_id, *reason, "--json"))
    dispute = opened["disputeId"]
    assert opened["next"] == [f"clawmarket dispute evidence {dispute} --summary TEXT"]
    for side in (buyer, worker):
        done(side("dispute", "evidence", dispute, "--summary", "See the file.", "--json"))
    who = done(arbiter("wallet", "show", "--json"))["accountId"]
    token = (market.folder / "market" / "operator.token").read_text().strip()
    with monkeypatch.context() as operator:
        operator.setenv("CLAWMARKET_API_KEY", token)
        done(arbiter("call", "market.arbiter.appoint", f"accountId={who}", "--json"))
    given = ("--resolution", "partial", "--seller-share", "10", "--reason", "A third is there.")
    ruling = ("dispute", "resolve", dispute, *given)
    quote = done(arbiter(*ruling, "--dry-run", "--json"))["quote"]
    assert [quote[name] for name in ("atStake", "seller", "fee", "buyer")] == [
        *("40000000", "9900000", "100000", "30000000"),
    ]
    for share in ([], ["--seller-share", "0"], ["--seller-share", "40"], ["--seller-share", "41"]):
        unfit = (*ruling[:5], *share, *given[4:])
        assert "atStake" not in done(arbiter(*unfit, "--dry-run", "--json"))["quote"]
        assert arbiter(*unfit, "--yes", "--json").document["details"]["cause"] == "share_invalid"
    unagreed = arbiter(*ruling, "--json")
    assert (unagreed.status, unagreed.document["details"]["cause"]) == (2, "consent_missing")
    assert done(arbiter(*ruling, "--yes", "--json"))["sellerShare"] == "10000000"


def test_a_cancellation_says_what_comes_back(join: Join) -> None:
    """The held budget, or nothing for a task that holds none."""
    buyer = join("buyer")
    held, unheld = published(buyer), published(buyer, "--no-fund")
    back = [
        done(buyer("task", "cancel", task_id, "--dry-run", "--json"))["quote"]["returned"]
        for task_id in (held, unheld)
    ]
    assert back == ["50000000", "0"]


def test_what_moves_no_money_quotes_none(join: Join) -> None:
    """A new API key costs nothing, so nothing is said about a price."""
    buyer = join("buyer")
    outcome = buyer("keys", "new", "ci", "--dry-run")
    assert outcome.out.splitlines()[-1] == "It moves no money of yours."
    assert done(buyer("keys", "new", "ci", "--dry-run", "--json"))["quote"] is None


def test_a_refusal_that_is_known_comes_before_the_quote(join: Join, home: Path) -> None:
    """Too little money and nobody signed in are said instead of a price."""
    assert home
    buyer = join("buyer")
    poor = buyer("task", "publish", "T", "--budget", "5000", "--yes")
    assert (poor.status, "total" in poor.err) == (7, False)
    assert "4,000.00 credits more are needed" in poor.err
    assert buyer("wallet", "logout").status == 0
    nobody = buyer("task", "publish", "T", "--budget", "5", "--yes")
    assert (nobody.status, "total" in nobody.err) == (3, False)


def test_quiet_with_consent_prints_the_id_alone(join: Join) -> None:
    """-q and --yes: no quote on stderr either."""
    buyer = join("buyer")
    outcome = buyer("task", "publish", "T", "--budget", "1", "--yes", "-q")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("task_")


def test_a_key_is_shown_with_what_to_do_with_it(join: Join) -> None:
    """-q prints the key; people also read that it is the only time, and how to use it."""
    buyer = join("buyer")
    lines = buyer("keys", "new", "ci").out.splitlines()
    key = next(line.split()[1] for line in lines if line.startswith("key "))
    assert key.startswith("cmk_")
    assert "It is shown this once and kept nowhere: copy it now." in lines
    assert lines[-1] == f"next: export CLAWMARKET_API_KEY={key}"
    quiet = buyer("keys", "new", "ci", "-q", "--idempotency-key", "k")
    assert (quiet.out[:4], quiet.out.count("\n")) == ("cmk_", 1)
    again = buyer("keys", "new", "ci", "--idempotency-key", "k").out
    assert "already shown" in again
    assert "export" not in again


def test_an_ended_order_has_no_running_deadline(join: Join, folder: Path) -> None:
    """While it runs, each side reads what it may do; afterwards no deadline runs on the screen."""
    buyer, worker = join("buyer"), join("worker")
    bid = worker("task", "bid", published(buyer), "--price", "40", "-q").out.strip()
    order_id = done(buyer("task", "award", bid, "--yes", "--json"))["orderId"]

    def steps(party: Cli) -> list[str]:
        explained = done(party("order", "explain", order_id, "--json"))
        return [str(step) for step in explained["next"]]

    assert steps(worker) == [f"clawmarket task submit {order_id} --attach FILE"]
    assert steps(buyer) == [f"clawmarket order watch {order_id} --until delivered"]
    assert "due " in buyer("order", "explain", order_id).out
    paper = folder / "digest.md"
    paper.write_text("# Digest\n")
    result = done(worker("task", "submit", order_id, "--attach", str(paper), "--json"))["resultId"]
    assert steps(buyer) == [f"clawmarket task result {result}"]
    assert steps(worker) == [f"clawmarket order watch {order_id} --until ended"]
    review = f"clawmarket task review {result} --decision accept"
    assert done(buyer("task", "result", result, "--json"))["next"] == [review]
    assert buyer(*review.split()[1:], "--yes").status == 0
    for words in (("order", "explain", order_id), ("order", "show", order_id)):
        assert "(in " not in buyer(*words).out
    receipt = f"clawmarket receipt get {order_id} -o {order_id}.receipt.json"
    assert steps(buyer) == steps(worker) == [receipt]


def test_after_the_last_rejection_the_seller_is_led_to_a_dispute(join: Join, folder: Path) -> None:
    """Nothing can be handed in, so it is the only way not to lose the price; the buyer waits."""
    buyer, worker = join("buyer"), join("worker")
    bid = worker("task", "bid", published(buyer), "--price", "40", "-q").out.strip()
    order_id = done(buyer("task", "award", bid, "--yes", "--json"))["orderId"]
    paper = folder / "thrice.md"
    paper.write_text("# Digest\n")
    for _ in range(3):
        sent = done(worker("task", "submit", order_id, "--attach", str(paper), "--json"))
        words = ("--decision", "reject", "--feedback", "Not this one.", "--yes", "--json")
        done(buyer("task", "review", sent["resultId"], *words))

    def steps(party: Cli) -> list[str]:
        return list(done(party("order", "explain", order_id, "--json"))["next"])

    ended = [f"clawmarket order watch {order_id} --until ended"]
    assert steps(worker) == [f"clawmarket dispute open {order_id} --reason TEXT"]
    assert steps(buyer) == ended
    opened = ("dispute", "open", order_id, "--reason", "Each had all three sections.", "--json")
    dispute = done(worker(*opened))["disputeId"]
    assert steps(worker) == [f"clawmarket dispute evidence {dispute} --summary TEXT"]
    assert steps(buyer) == ended


def test_a_watch_says_pending_and_never_in_their_own_words(join: Join) -> None:
    """No label of a code that would exit differently; JSON says the outcome."""
    buyer, worker = join("buyer"), join("worker")
    bid = worker("task", "bid", published(buyer), "--price", "40", "-q").out.strip()
    order_id = done(buyer("task", "award", bid, "--yes", "--json"))["orderId"]
    watch = ["order", "watch", order_id, "--timeout", "0.1", "--until"]
    pending = buyer(*watch, "settled")
    said = f"pending: the time is up; {order_id} is delivery_ready, not settled yet.\n"
    assert (pending.status, pending.out.splitlines(keepends=True)[0]) == (8, said)
    assert "E_" not in pending.err
    never = buyer(*watch, "cancelled", "--json")
    document = never.document
    assert (never.status, document["ok"], document["outcome"]) == (1, False, "never")
    assert "error" not in document
    assert buyer(*watch, "working", "-q").out == "delivery_ready\n"


def test_status_shows_the_log_key(join: Join) -> None:
    """Whoever wants to pin the market finds the key where the guide says."""
    buyer = join("buyer")
    key = done(buyer("status", "--json"))["vkey"]
    assert f"log key  {key}\n" in buyer("status").out
    assert buyer("status", "-q").out == done(buyer("status", "--json"))["origin"] + "\n"


def test_a_key_from_the_environment_is_named_when_it_is_refused(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing in would not help, so the next step is to unset the variable."""
    buyer = join("buyer")
    monkeypatch.setenv("CLAWMARKET_API_KEY", "cmk_" + "x" * 43)
    refused = buyer("wallet", "show", "--json")
    assert refused.status == 3
    assert refused.document["next"] == ["unset CLAWMARKET_API_KEY"]
    signed_in = buyer("wallet", "login")
    assert signed_in.status == 0
    assert signed_in.err.startswith("CLAWMARKET_API_KEY is set: ")
    assert signed_in.out.endswith("next: unset CLAWMARKET_API_KEY\n")


def test_lists_come_as_csv_and_lines_of_json(join: Join) -> None:
    """The wire's names and values, and the next page on stderr."""
    buyer = join("buyer")
    ids = [published(buyer) for _ in range(3)][:0:-1]
    page = ["task", "list", "--limit", "2", "--fields", "items.taskId,budget", "--format"]
    csv = buyer(*page, "csv")
    assert csv.out == "taskId,budget\n" + "".join(f"{task_id},50000000\n" for task_id in ids)
    lines = buyer(*page, "ndjson")
    assert lines.out.splitlines()[0] == f'{{"taskId": "{ids[0]}", "budget": "50000000"}}'
    assert lines.err.startswith("next: clawmarket task list")
    items = done(buyer(*page[:-1], "--json"))["items"]
    assert items == [{"taskId": task_id, "budget": "50000000"} for task_id in ids]


def test_the_audit_goes_on_where_it_was_left(join: Join) -> None:
    """--after takes the oldest that follow, at most --limit, and says where to go on."""
    buyer = join("buyer")
    for _ in range(3):
        published(buyer)
    ids = buyer("audit", "tail", "-q").out.split()
    first = buyer("audit", "tail", "-q", "--after", ids[0], "--limit", "2")
    assert first.out.split() == ids[1:3]
    following = first.err.removeprefix("next: clawmarket ").split()
    assert buyer(*following).out.split() == ids[3:]
