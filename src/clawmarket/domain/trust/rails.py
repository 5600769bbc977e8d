"""What the records tell of an outside rail: each question asked once, answered once, and booked.

One question at a time: the next stands after the answer to the one before, be it in one record.

Nobody can check from records that a rail did what it said; only that the market tells one story
of it, without a payment that nobody asked for or an answer that was booked twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from clawmarket.domain.trust.facts import Facts, Json, ReceiptFlawError, alike

# Which event books what a step moved, and which of its amounts are then equal.
BOOKED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "lock": ("payment_locked", {"amount": "locked"}),
    "part": ("settlement_part_released", {"sellerAmount": "sellerAmount", "fee": "fee"}),
    "release": (
        "settlement_released",
        {"sellerAmount": "sellerAmount", "fee": "fee", "refund": "refund"},
    ),
    "refund": ("settlement_refunded", {"refund": "refund"}),
}
MONEY = tuple(kind for kind, _ in BOOKED.values())

_ASKED, _ANSWERED, _FOUND = "rail_asked", "rail_answered", "rail_resolved"
RESOLVE = "market.repair.resolve"
_SAME = ("orderId", "settlementId", "rail", "step")


@dataclass(frozen=True, slots=True)
class _Told:
    """An event: its number among all events, its record, and that record's place."""

    number: int
    place: int
    facts: Facts
    event: Json


def rail_in(records: Sequence[Facts], locked: Json) -> str | None:
    """Return the outside rail that a story's money was on; None for the market's own credits.

    Raises ReceiptFlawError: What was asked, answered and booked does not fit together.
    """
    asked, answered = list(_told(records, _ASKED)), list(_told(records, _ANSWERED))
    if not asked and not answered:
        return None
    _check_asked(asked, locked)
    for finding in _told(records, _FOUND):
        if finding.facts.method != RESOLVE or type(finding.event.get("moved")) is not bool:
            raise _flaw("What a person found out is not said as an operator says it.", None, None)
    moved: list[_Told] = []
    heard = -1
    for number, question in enumerate(asked):
        if question.number < heard:
            raise _flaw(
                "A rail was asked again before it had answered.", None, question.event["key"]
            )
        answer = _answer_to(question, answered)
        heard = answer.number
        _check_source(records, answer)
        if answer.event.get("outcome") == "moved":
            _check_booked(question, answer)
            moved.append(answer)
        else:
            _check_repeated(answer, asked[number : number + 2])
    booked = list(_told(records, *MONEY))
    if len(answered) != len(asked) or len(booked) != len(moved):
        raise _flaw("Not every movement was asked for and answered once.", len(moved), len(booked))
    return str(asked[0].event["rail"])


def _told(records: Sequence[Facts], *kinds: str) -> Iterator[_Told]:
    number = 0
    for place, facts in enumerate(records):
        for event in facts.events:
            number += 1
            if event["kind"] in kinds:
                yield _Told(number, place, facts, event)


def _check_asked(asked: Sequence[_Told], locked: Json) -> None:
    """Check that every question is about this lock, on one outside rail, numbered from 1."""
    rail = asked[0].event.get("rail") if asked else None
    if type(rail) is not str or rail == "credits":
        raise _flaw("The rail has no name.", None, rail)
    for number, question in enumerate(asked, 1):
        step = question.event.get("step")
        if (step == "lock") != (number == 1) or step not in [*BOOKED]:
            raise _flaw("A rail was asked for a step out of turn.", None, step)
        wanted = {
            "orderId": locked.get("orderId"),
            "settlementId": locked.get("settlementId"),
            "asset": locked.get("asset"),
            "locked": locked.get("amount"),
            "rail": rail,
            "key": f"{locked.get('settlementId')}.{number:03}.{step}",
        }
        _agree(question, wanted)


def _answer_to(question: _Told, answered: Sequence[_Told]) -> _Told:
    found = [each for each in answered if each.event.get("key") == question.event["key"]]
    if len(found) != 1 or found[0].place <= question.place:
        raise _flaw("A question to a rail has not one answer after it.", 1, len(found))
    _agree(found[0], {name: question.event[name] for name in _SAME})
    return found[0]


def _check_source(records: Sequence[Facts], answer: _Told) -> None:
    """Check that what a person found out is told where they stand behind an answer."""
    outcome, source = answer.event.get("outcome"), answer.event.get("source")
    if outcome not in ("moved", "refused") or source not in ("rail", "operator"):
        raise _flaw("A rail's answer is none.", "moved or refused", outcome)
    findings = [
        each.event.get("moved")
        for each in _told(records, _FOUND)
        if each.event.get("key") == answer.event["key"] and each.place < answer.place
    ]
    if source == "operator" and (outcome == "moved") not in findings[-1:]:
        raise _flaw("Nobody found out what an operator is said to have found.", outcome, None)


def _check_booked(question: _Told, answer: _Told) -> None:
    kind, amounts = BOOKED[question.event["step"]]
    booked = [event for event in answer.facts.events if event["kind"] == kind]
    if len(booked) != 1:
        raise _flaw(f"What a rail moved is not booked as {kind}.", 1, len(booked))
    wanted = {name: question.event.get(asked) for name, asked in amounts.items()}
    _agree(replace(answer, event=booked[0]), wanted)


def _check_repeated(answer: _Told, questions: Sequence[_Told]) -> None:
    """Check that a payment which did not happen was asked for again, word for word."""
    again = {name: value for name, value in questions[0].event.items() if name != "key"}
    if answer.event["source"] != "operator" or len(questions) == 1:
        raise _flaw("A payment that was refused was let go.", None, answer.event.get("key"))
    _agree(questions[1], again)


def _agree(told: _Told, wanted: Json) -> None:
    for name, value in wanted.items():
        if not alike(told.event.get(name), value):
            what = f"{told.facts.record_id}: {told.event['kind']}.{name} is not what was asked."
            raise _flaw(what, value, told.event.get(name))


def _flaw(sentence: str, expected: object, found: object) -> ReceiptFlawError:
    shown = [None if each is None else str(each) for each in (expected, found)]
    return ReceiptFlawError(sentence, *shown)
