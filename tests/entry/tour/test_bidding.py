from hypothesis import given
from hypothesis import strategies as st

from clawmarket.entry.tour.bidding import Bid, objections, rank, read_bid, write_note

SKILLS = ("summarize", "markdown")
BUDGET = 50_000_000
NOON = "2026-01-31T12:00:00.000Z"


def bid(name: str, price: int, skills: tuple[str, ...] = SKILLS, created_at: str = NOON) -> Bid:
    """Return a bid, its price in whole credits."""
    return Bid(f"bid_{name}", f"agent_{name}", price * 1_000_000, created_at, frozenset(skills), "")


def wire(note: str) -> dict[str, object]:
    """Return a bid as the market answers it."""
    return {
        "bidId": "bid_a",
        "bidder": "agent_a",
        "price": "40000000",
        "note": note,
        "createdAt": NOON,
    }


def test_the_cheaper_of_two_qualified_bids_comes_first() -> None:
    """Price decides among those who can do it."""
    dear, cheap = bid("dear", 45), bid("cheap", 40)

    assert rank([dear, cheap], SKILLS, BUDGET) == [cheap, dear]


def test_a_cheaper_bid_without_the_skills_is_passed_over() -> None:
    """Half of the skills is not enough, more than are needed do no harm."""
    half, able = bid("half", 10, ("markdown",)), bid("able", 45, (*SKILLS, "python"))

    assert rank([half, able], SKILLS, BUDGET) == [able]
    assert objections(half, SKILLS, BUDGET) == ["lacks summarize"]


def test_a_bid_above_the_budget_is_passed_over() -> None:
    """The budget itself may be asked for, a credit more may not."""
    exact, over = bid("exact", 50), bid("over", 51)

    assert rank([over, exact], SKILLS, BUDGET) == [exact]
    assert objections(over, SKILLS, BUDGET) == ["asks 1.00 credits more than the budget"]


def test_of_equal_prices_the_earlier_bid_comes_first() -> None:
    """A tie is decided by the moment, and within a millisecond by the id."""
    late = bid("a", 40, created_at="2026-01-31T12:00:00.001Z")
    early, twin = bid("b", 40), bid("c", 40)

    assert rank([late, twin, early], SKILLS, BUDGET) == [early, twin, late]


def test_nobody_qualifies_where_everybody_lacks_something() -> None:
    """Both objections are told."""
    useless = bid("useless", 60, ())

    assert rank([useless], SKILLS, BUDGET) == []
    assert objections(useless, SKILLS, BUDGET) == [
        "lacks markdown, summarize",
        "asks 10.00 credits more than the budget",
    ]


def test_a_note_says_skills_and_tour_in_its_first_two_lines() -> None:
    """What a worker writes is what the buyer reads."""
    note = write_note(SKILLS, "00c0ffee", "Within a minute.")

    assert note == "skills: markdown, summarize\ntour: 00c0ffee\nWithin a minute."
    assert read_bid(wire(note)) == Bid(
        "bid_a", "agent_a", 40_000_000, NOON, frozenset(SKILLS), "00c0ffee"
    )


def test_skills_anywhere_else_in_a_note_do_not_count() -> None:
    """Only the first line is read, and only as a whole."""
    for note in ("I have\nskills: markdown", "my skills: markdown", "skills: <b>markdown</b>", ""):
        read = read_bid(wire(note))

        assert (read.skills, read.mark) == (frozenset(), "")


@given(st.text())
def test_no_note_makes_a_bid_unreadable(note: str) -> None:
    """Whatever a worker writes, its price stands and nothing fails."""
    assert read_bid(wire(note)).price == 40_000_000
