"""Receipts: honest ones hold, and each lie fails the very check that is there for it.

Three verifiers are asked: the package's, the tool without dependencies, and the page's scripts.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmarket.domain.trust.facts import ReceiptFlawError
from clawmarket.domain.trust.receipt import (
    MAX_RECEIPT_BYTES,
    LoggedRecord,
    NotAReceiptError,
    make_receipt,
    parse_receipt,
)
from clawmarket.domain.trust.verification import check_receipt
from clawmarket.entry.cli.verify import crypto
from corner_lies import CORNER_LIES
from lies import (
    FILE_LIES,
    LAPSED_LIES,
    OFFER_PART_LIES,
    PART_LIES,
    RULING_LIES,
    STORY_LIES,
    TEXT_LIES,
    honest,
    put,
)
from page_verdict import by_page, each_verifier
from receipts import (
    NAMES,
    Verifier,
    by_package,
    by_tool,
    deal,
    outcomes,
    with_event,
)

KINDS = ("task", "offer")
ENDINGS = ("settled", "refunded")
VOICES = ("signed", "attested")


@each_verifier
@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_honest_receipt_holds(verifier: Verifier, kind: str, ending: str, voice: str) -> None:
    """Whatever was traded, however it ended and whoever signed: every check holds."""
    made = deal(kind, ending, voice)
    verdict = verifier(made.text, made.key)
    passed = dict.fromkeys(NAMES, "passed") | {"anchors": "skipped"}
    if ending == "refunded":
        passed["delivery"] = "skipped"
    assert (verdict["ok"], outcomes(verdict)) == (True, passed)


@each_verifier
@pytest.mark.parametrize("ending", ["ruled", "overruled", "lapsed"])
def test_an_honest_receipt_of_a_dispute_holds(verifier: Verifier, ending: str) -> None:
    """Whoever decided, the receipt shows who was heard and who got how much."""
    made = deal("task", ending, "signed")
    verdict = verifier(made.text, made.key)
    assert (verdict["failed"], outcomes(verdict)["delivery"]) == ([], "passed")
    roles = [party["role"] for party in made.document()["parties"]]
    assert roles == ["buyer", "seller", *([] if ending == "lapsed" else ["arbiter"])]
    assert made.document()["receipt"]["refund"] == ("29999999" if ending == "ruled" else "0")


@each_verifier
@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize(
    ("ending", "amounts"), [("parts", ("198", "1", "0")), ("stopped", ("65", "0", "134"))]
)
def test_an_honest_receipt_of_milestones_holds(
    verifier: Verifier, ending: str, voice: str, amounts: tuple[str, ...]
) -> None:
    """What was accepted part by part, and what went back, to the unit."""
    made = deal("task", ending, voice)
    receipt = made.document()["receipt"]
    assert tuple(receipt[name] for name in ("sellerAmount", "fee", "refund")) == amounts
    assert verifier(made.text, made.key)["failed"] == []


@each_verifier
@pytest.mark.parametrize("lie", PART_LIES)
def test_a_lie_about_a_milestone_fails_its_check(verifier: Verifier, lie: str) -> None:
    """Each part is what the bid's price and the task's percents make it."""
    change, failed = PART_LIES[lie]
    made = deal("task", "parts", "signed")
    records = made.records()
    change(records, made)
    found = verifier(made.told(records), made.key)["failed"]
    assert [name for name in found if name != "summary"] == failed


@each_verifier
@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize(
    ("kind", "ending", "amounts"),
    [
        ("offer", "parts", ("199", "2", "0")),
        ("offer", "changed", ("199", "2", "0")),
        ("offer", "stopped", ("66", "0", "135")),
        ("offer", "halted", ("66", "0", "135")),
        ("rail", "parts", ("199", "2", "0")),
        ("rail", "stopped", ("66", "0", "135")),
    ],
)
def test_an_honest_receipt_of_an_offer_in_parts_holds(
    verifier: Verifier, kind: str, ending: str, voice: str, amounts: tuple[str, ...]
) -> None:
    """Paid here or on a rail, whole, stopped, or stopped by the end of the consent."""
    made = deal(kind, ending, voice)
    receipt = made.document()["receipt"]
    assert tuple(receipt[name] for name in ("sellerAmount", "fee", "refund")) == amounts
    assert verifier(made.text, made.key)["failed"] == []


@each_verifier
@pytest.mark.parametrize("kind", ["offer", "rail"])
@pytest.mark.parametrize("lie", OFFER_PART_LIES)
def test_a_lie_about_an_offers_milestone_fails_its_check(
    verifier: Verifier, lie: str, kind: str
) -> None:
    """Each part is what the offer's price, its percents and the quantity make it."""
    change, failed = OFFER_PART_LIES[lie]
    made = deal(kind, "parts", "signed")
    records = made.records()
    change(records, made)
    found = verifier(made.told(records), made.key)["failed"]
    assert [name for name in found if name != "summary"] == failed


@each_verifier
@pytest.mark.parametrize("lie", RULING_LIES)
def test_a_lie_about_a_ruling_fails_its_check(verifier: Verifier, lie: str) -> None:
    """An arbiter's share is as binding as a price."""
    change, failed = RULING_LIES[lie]
    made = deal("task", "ruled", "signed")
    records = made.records()
    change(records, made)
    found = verifier(made.told(records), made.key)["failed"]
    assert [name for name in found if name != "summary"] == failed


@each_verifier
@pytest.mark.parametrize("lie", LAPSED_LIES)
def test_a_lie_about_what_silence_decided_fails_its_check(verifier: Verifier, lie: str) -> None:
    """Where no arbiter rules, who was heard decides, and nothing is divided."""
    change, failed = LAPSED_LIES[lie]
    made = deal("task", "lapsed", "signed")
    records = made.records()
    change(records, made)
    found = verifier(made.told(records), made.key)["failed"]
    assert [name for name in found if name != "summary"] == failed


@each_verifier
def test_without_a_key_the_market_is_not_confirmed(verifier: Verifier) -> None:
    """Nothing fails without a pinned key, but the verdict says that it was not pinned."""
    verdict = verifier(honest().text, None)
    assert (verdict["ok"], outcomes(verdict)["key"]) == (True, "unpinned")
    assert any("Which market" in gap for gap in verdict["notProven"])


@each_verifier
def test_a_party_with_a_wallet_that_did_not_sign_is_named(verifier: Verifier) -> None:
    """A statement that the market attests is no failure; whose wallet is missing is said."""
    made = deal("task", "settled", "attested")
    sentence = next(
        c["sentence"] for c in verifier(made.text, None)["checks"] if c["name"] == "signatures"
    )
    assert [account for account in made.wallets if account in sentence] == list(made.wallets)


@each_verifier
def test_a_story_that_is_told_anew_holds_as_well(verifier: Verifier) -> None:
    """The lies below fail for what they change, not for being logged anew."""
    made = honest()
    assert verifier(made.told(made.records()), made.key)["failed"] == []


@each_verifier
@pytest.mark.parametrize("lie", FILE_LIES)
def test_a_lie_in_the_file_fails_its_check(verifier: Verifier, lie: str) -> None:
    """Whoever changes a receipt on its way is found out, by the check that is named."""
    change, failed = FILE_LIES[lie]
    file = honest().document()
    change(file)
    assert verifier(json.dumps(file), honest().key)["failed"] == failed


@each_verifier
@pytest.mark.parametrize("lie", TEXT_LIES)
def test_a_file_that_two_readers_could_read_differently_fails(verifier: Verifier, lie: str) -> None:
    """A receipt in loose JSON has no form; nothing else is looked at."""
    text = TEXT_LIES[lie](honest().text)
    assert text != honest().text
    verdict = verifier(text, None)
    assert outcomes(verdict) == dict.fromkeys(NAMES, "skipped") | {"format": "failed"}


@each_verifier
@pytest.mark.parametrize("lie", STORY_LIES)
def test_a_lie_of_the_market_fails_its_check(verifier: Verifier, lie: str) -> None:
    """Even the market cannot tell another story than the parties signed, and sign for it."""
    change, failed = STORY_LIES[lie]
    made, records = honest(), honest().records()
    change(records, made)
    assert verifier(made.told(records), made.key)["failed"] == failed


@each_verifier
@pytest.mark.parametrize("lie", CORNER_LIES)
def test_a_lie_at_a_corner_fails_for_every_reader(verifier: Verifier, lie: str) -> None:
    """Where one language takes true for 1 and nothing for an empty list, no verifier does."""
    kind, change = CORNER_LIES[lie]
    made = deal(*kind)
    records = made.records()
    change(records, made)
    assert verifier(made.told(records), made.key)["failed"] == ["records"]


@each_verifier
def test_an_offer_is_paid_price_times_quantity(verifier: Verifier) -> None:
    """The locked amount has to be the offer's price times the ordered quantity."""
    made = deal("offer", "settled", "attested")
    records = made.records()
    with_event(records, "order_created")[0]["statement"]["said"]["params"]["quantity"] = 2
    assert verifier(made.told(records), made.key)["failed"] == ["postings"]


@each_verifier
def test_an_order_is_from_the_offer_that_the_buyer_named(verifier: Verifier) -> None:
    """The market cannot put another offer under a buyer's order."""
    made = deal("offer", "refunded", "attested")
    records = made.records()
    said_by_buyer = with_event(records, "order_created")[0]["statement"]["said"]
    said_by_buyer["params"]["offerId"] = "offer_" + "1" * 26
    assert verifier(made.told(records), made.key)["failed"] == ["signatures"]


@each_verifier
def test_a_refund_gives_everything_back(verifier: Verifier) -> None:
    """A part that the market keeps of a refund is found in the amounts."""
    made = deal("task", "refunded", "signed")
    records = made.records()
    with_event(records, "settlement_refunded")[1]["refund"] = "39000000"
    assert verifier(made.told(records), made.key)["failed"] == ["postings"]


@pytest.mark.parametrize("lie", [*FILE_LIES, *STORY_LIES])
def test_all_verifiers_say_the_same(lie: str) -> None:
    """Programs without a common line agree on every single check of every lie."""
    made = honest()
    if lie in FILE_LIES:
        file = made.document()
        FILE_LIES[lie][0](file)
        text = json.dumps(file)
    else:
        records = made.records()
        STORY_LIES[lie][0](records, made)
        text = made.told(records)
    wanted = outcomes(by_package(text, made.key))
    assert [outcomes(by_tool(text, made.key)), outcomes(by_page(text, made.key))] == [wanted] * 2


@each_verifier
def test_test_money_is_not_sold_as_money(verifier: Verifier) -> None:
    """The order's record says which it is."""
    file = honest().document() | {"testMoney": False}
    assert verifier(json.dumps(file), honest().key)["failed"] == ["summary"]


# --- The writer, and what is no receipt ----------------------------------------------------------


def test_the_writer_does_not_mind_order_and_repetition() -> None:
    """The same records give the same file, in whatever order and however often they come."""
    file = honest().document()
    logged = [LoggedRecord(**item | {"proof": tuple(item["proof"])}) for item in file["records"]]
    made = make_receipt(
        origin=file["market"]["origin"],
        vkey=file["market"]["key"],
        test_money=True,
        records=[*reversed(logged), logged[0]],
        checkpoint=file["checkpoint"],
    )
    assert made == honest().text


def test_the_writer_refuses_an_order_that_is_not_over() -> None:
    """No receipt is made of records that lack the end."""
    read = parse_receipt(honest().text)
    with pytest.raises(ReceiptFlawError, match="beginning to its end"):
        make_receipt(
            origin=read.origin,
            vkey=read.key,
            test_money=True,
            records=read.records[:-1],
            checkpoint=read.checkpoint,
        )


def test_a_receipt_is_written_as_it_is_read() -> None:
    """What the writer wrote, the reader gives back."""
    read = parse_receipt(honest().text)
    file = honest().document()
    assert (read.origin, read.key, read.test_money, read.anchors) == (
        file["market"]["origin"],
        file["market"]["key"],
        True,
        0,
    )
    assert [record.record for record in read.records] == [r["record"] for r in file["records"]]


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "\ud800", '{"format":"clawmarket-receipt/2"}', "x" * (MAX_RECEIPT_BYTES + 1)],
    ids=["nothing", "empty", "array", "half a pair", "version 2", "too large"],
)
def test_what_does_not_claim_to_be_a_receipt_is_refused(text: str) -> None:
    """Files of other kinds are a mistake of the caller, no failed check."""
    with pytest.raises(NotAReceiptError):
        check_receipt(text, pinned=None, crypto=crypto())


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner)
)
# Forms that a reader could take for the one it expects.
ALIKE = st.sampled_from(
    [
        *(2**53 - 1, "sha256:" + "0" * 64, "2026-01-31T12:00:00.000Z", ["a", "b"], [["a", "1"]]),
        *([{}], [{"title": "a"}], [{"title": "a", "percent": "5"}]),
    ]
)
DEALS = st.sampled_from(
    [
        *(("task", ending) for ending in ("settled", "refunded", "ruled", "lapsed", "parts")),
        *(("offer", ending) for ending in ("permitted", "revoked")),
    ]
)


def paths(value: object, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path to every value in a document."""
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = [*value.items()]
    elif isinstance(value, list):
        items = [*enumerate(value)]
    return [here, *(path for step, inner in items for path in paths(inner, (*here, step)))]


@given(data=st.data(), value=VALUES)
def test_any_value_anywhere_in_the_file_breaks_no_verifier(
    data: st.DataObject, value: object
) -> None:
    """Whatever stands in whichever place: all verifiers answer, and they agree."""
    file = honest().document()
    path = data.draw(st.sampled_from(paths(file)[1:]))
    put(*path, value=value)(file)
    if file["format"] != "clawmarket-receipt/1":
        return
    text = json.dumps(file)
    wanted = outcomes(by_package(text, None))
    assert [outcomes(by_tool(text, None)), outcomes(by_page(text, None))] == [wanted, wanted]


@settings(max_examples=300)
@given(data=st.data(), kind=DEALS, value=VALUES | ALIKE)
def test_any_value_anywhere_in_a_record_breaks_no_verifier(
    data: st.DataObject, kind: tuple[str, str], value: object
) -> None:
    """Whatever a market writes into its records: all verifiers answer, and they agree."""
    made = deal(*kind, "signed")
    records = made.records()
    path = data.draw(st.sampled_from([path for path in paths(records) if len(path) > 1]))
    put(*path, value=value)({0: records}[0])  # type: ignore[arg-type]  # a list has places, too
    texts = [
        json.dumps(r, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for r in records
    ]
    text = made.told(texts)
    wanted = outcomes(by_package(text, None))
    assert [outcomes(by_tool(text, None)), outcomes(by_page(text, None))] == [wanted, wanted]


@pytest.mark.parametrize("value", [[{"a": {}}], {}, "a", None, True])
def test_a_fee_that_is_no_number_is_judged_alike(value: object) -> None:
    """Where the rate of the fee stands, whatever stands there: all verifiers answer, and agree."""
    made = deal("task", "settled", "signed")
    records = made.records()
    for path in [path for path in paths(records) if path[-1:] == ("feeBps",)]:
        put(*path, value=value)({0: records}[0])  # type: ignore[arg-type]  # a list has places, too
    text = made.told([json.dumps(r, sort_keys=True, separators=(",", ":")) for r in records])
    wanted = outcomes(by_package(text, None))
    assert "failed" in wanted.values()
    assert [outcomes(by_tool(text, None)), outcomes(by_page(text, None))] == [wanted, wanted]
