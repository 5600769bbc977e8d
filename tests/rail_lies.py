"""Lies about an order that was paid on an outside rail, by the market that writes the records."""

from lies import StoryLie, event, record
from receipts import Deal, Json, with_event

ASKED, ANSWERED, FOUND = "rail_asked", "rail_answered", "rail_resolved"
RELEASED, LOCKED = "settlement_released", "payment_locked"


def without(kind: str) -> StoryLie:
    """Leave an event out."""

    def change(records: list[Json], _: Deal) -> None:
        record, told = with_event(records, kind)
        record["events"].remove(told)

    return change


def again(kind: str) -> StoryLie:
    """Tell an event a second time, in its record."""

    def change(records: list[Json], _: Deal) -> None:
        record, told = with_event(records, kind)
        record["events"].append(dict(told))

    return change


def answer_first(records: list[Json], _: Deal) -> None:
    """Let the answer stand before its question."""
    asked, question = with_event(records, ASKED)
    answered, answer = with_event(records, ANSWERED)
    asked["events"].remove(question)
    answered["events"].append(question)
    answered["events"].remove(answer)
    asked["events"].append(answer)


def book_elsewhere(records: list[Json], _: Deal) -> None:
    """Book what the rail moved in another record than its answer."""
    record, told = with_event(records, RELEASED)
    record["events"].remove(told)
    with_event(records, ASKED)[0]["events"].append(told)


def by_the_buyer(records: list[Json], _: Deal) -> None:
    """Let a party say what the rail answered."""
    buyer = with_event(records, "order_created")[1]["buyer"]
    with_event(records, ANSWERED)[0]["actor"] = buyer


def into_the_ledger(records: list[Json], _: Deal) -> None:
    """Book what the rail paid as if the seller had it here."""
    record, _told = with_event(records, RELEASED)
    seller = with_event(records, "order_created")[1]["seller"]
    for moved in record["postings"]:
        if moved[0].endswith(seller):
            moved[0] = f"{seller}/available"


def without_any_rail(records: list[Json], _: Deal) -> None:
    """Leave every word about the rail out: then the market itself locked the buyer's money."""
    for one in records:
        one["events"] = [e for e in one["events"] if not e["kind"].startswith("rail_")]


def on_another_rail(records: list[Json], _: Deal) -> None:
    """Name another rail than the buyer chose and signed."""
    for one in records:
        for told in one["events"]:
            if "rail" in told:
                told["rail"] = "other"
        for moved in one["postings"]:
            moved[0] = moved[0].replace("rail:twin:", "rail:other:")


def ask_ahead(records: list[Json], _: Deal) -> None:
    """Ask the rail to pay before it has said whether it locked."""
    asked, _question = with_event(records, ASKED)
    records.remove(asked)
    first, _question = with_event(records, ASKED)
    records.insert(records.index(first) + 1, asked)


RAIL_LIES: dict[str, tuple[StoryLie, list[str]]] = {
    "a question left out": (without(ASKED), ["records"]),
    "an answer left out": (without(ANSWERED), ["records"]),
    "a question asked twice": (again(ASKED), ["records"]),
    "an answer given twice": (again(ANSWERED), ["records"]),
    "an answer before its question": (answer_first, ["records"]),
    "a question under another key": (event(ASKED, key="settlement_x.002.release"), ["records"]),
    "an answer under another key": (event(ANSWERED, key="settlement_x.002.release"), ["records"]),
    "a question for another step": (event(ASKED, step="refund"), ["records"]),
    "a question for no step": (event(ASKED, step="bonus"), ["records"]),
    "a question for more": (event(ASKED, sellerAmount="1"), ["records"]),
    "a question about another lock": (event(ASKED, locked="1"), ["records"]),
    "a question to credits": (event(ASKED, rail="credits"), ["records"]),
    "a question to nobody": (event(ASKED, rail=None), ["records"]),
    "an answer of another rail": (event(ANSWERED, rail="other"), ["records"]),
    "a refusal that pays": (event(ANSWERED, outcome="refused"), ["records"]),
    "an answer that is none": (event(ANSWERED, outcome="perhaps"), ["records"]),
    "an answer by nobody": (event(ANSWERED, source="hearsay"), ["records"]),
    "a finding that nobody made": (event(ANSWERED, source="operator"), ["records"]),
    "a payment booked elsewhere": (book_elsewhere, ["records"]),
    "an answer told by the buyer": (by_the_buyer, ["records"]),
    "a payment into the ledger": (into_the_ledger, ["postings"]),
    "no rail at all": (without_any_rail, ["records"]),
    "another rail than was signed": (on_another_rail, ["signatures"]),
    "a payment asked before the lock was answered": (ask_ahead, ["records"]),
}


def found_otherwise(records: list[Json], _: Deal) -> None:
    """Let the operator have found the opposite."""
    with_event(records, FOUND)[1]["moved"] = True


def refused_by_the_rail(records: list[Json], _: Deal) -> None:
    """Let go of a payment on the rail's word alone, and pay by another key."""
    answers = [told for r in records for told in r["events"] if told["kind"] == ANSWERED]
    answers[1]["source"] = "rail"


def pay_both(records: list[Json], _: Deal) -> None:
    """Say that the payment which was given up had moved as well."""
    answers = [told for r in records for told in r["events"] if told["kind"] == ANSWERED]
    answers[1].update(outcome="moved", source="rail")


def repeat_at_once(records: list[Json], _: Deal) -> None:
    """Ask for the payment and for its repetition in one record."""
    again, repetition = with_event(records, ASKED)
    again["events"].remove(repetition)
    with_event(records, ASKED)[0]["events"].append(repetition)


def repeat_too_early(records: list[Json], _: Deal) -> None:
    """Ask again a word before the first question was answered."""
    again, repetition = with_event(records, ASKED)
    again["events"].remove(repetition)
    again["events"].insert(0, repetition)


RESOLVED_LIES: dict[str, tuple[StoryLie, list[str]]] = {
    "a finding that is a number": (event(FOUND, moved=0), ["records"]),
    "a finding by way of a payment": (
        record(FOUND, method="web3.market.settlement.release"),
        ["records"],
    ),
    "a finding of the opposite": (found_otherwise, ["records"]),
    "a payment let go by the rail": (refused_by_the_rail, ["records"]),
    "a payment under two keys": (pay_both, ["records"]),
    "a repetition for more": (event(ASKED, refund="1"), ["records"]),
    "two questions at once": (repeat_at_once, ["records"]),
    "a repetition before the answer": (repeat_too_early, ["records"]),
}
