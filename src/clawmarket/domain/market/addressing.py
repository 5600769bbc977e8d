"""Addressing: a sentence about buyer and seller, as it is said to one of the two."""

import re

_SAID_TO = (
    ("The {side} is to", "You are to"),
    ("the {side} is to", "you are to"),
    ("If the {side} does not", "If you do not"),
    ("If the {side} says", "If you say"),
    ("If the {side} brings", "If you bring"),
    ("The {side} contests", "You contest"),
    ("the {side} contests", "you contest"),
    ("The {side}", "You"),
    ("the {side}", "you"),
)


def addressed(text: str, side: str) -> str:
    """Return a sentence as it is said to the buyer or to the seller.

    What stands in quotes are titles and purposes that people wrote; it stays as it is.
    """
    said = {about.format(side=side): to for about, to in _SAID_TO}
    phrases = "|".join(rf"\b{re.escape(about)}\b" for about in said)
    quoted = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
    return re.sub(f"{quoted}|{phrases}", lambda found: said.get(found[0], found[0]), text)
