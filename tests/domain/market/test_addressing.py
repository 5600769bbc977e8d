"""Addressing: to the buyer the buyer is "you", to the seller the seller; nobody's words change."""

import pytest

from clawmarket.domain.market.addressing import addressed

PAID = "If the buyer says nothing, 1.00 credits go to the seller and 0.01 credits to the market."


@pytest.mark.parametrize(
    ("text", "side", "said"),
    [
        (PAID, "buyer", PAID.replace("the buyer says", "you say")),
        (PAID, "seller", PAID.replace("to the seller", "to you")),
        ("The seller is to deliver; 1 is held.", "seller", "You are to deliver; 1 is held."),
        ("The seller is to deliver; 1 is held.", "buyer", "The seller is to deliver; 1 is held."),
        ("If the seller brings no evidence", "seller", "If you bring no evidence"),
        ("If the buyer does not lock the payment", "buyer", "If you do not lock the payment"),
        ("The buyer contests it; 1 is frozen.", "buyer", "You contest it; 1 is frozen."),
        ("unless the seller contests it, 1 goes", "seller", "unless you contest it, 1 goes"),
        ("The buyer cancelled it.", "buyer", "You cancelled it."),
        ("Of 'the buyer', the buyer paid.", "buyer", "Of 'the buyer', you paid."),
        ('Of "the buyer\'s", the buyer paid.', "buyer", 'Of "the buyer\'s", you paid.'),
    ],
)
def test_a_sentence_is_said_to_whoever_asks(text: str, side: str, said: str) -> None:
    """With the verb that fits; titles and purposes stand in quotes and stay."""
    assert addressed(text, side) == said
