"""Suggestions: what was probably meant, at most three, never more than two edits away."""

from collections.abc import Iterable

MAX_SHOWN = 3
MAX_EDITS = 2


def distance(typed: str, meant: str) -> int:
    """Return the number of single edits between two words.

    An edit inserts, deletes or replaces a character, or swaps two neighbours (optimal string
    alignment).
    """
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, a in enumerate(typed, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(meant, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == meant[j - 2] and typed[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def nearest(typed: str, words: Iterable[str]) -> list[str]:
    """Return at most three of the words, the nearest first, none further than two edits."""
    near = [(distance(typed, word), word) for word in words if _comparable(typed, word)]
    return [word for edits, word in sorted(near) if edits <= _limit(word)][:MAX_SHOWN]


def meant(typed: str, words: Iterable[str]) -> list[str]:
    """Return what a mistyped wire word may have meant: the nearest, or `task_open` for open."""
    words = list(words)
    return nearest(typed, words) or [w for w in words if typed in w.split("_")][:MAX_SHOWN]


def nearest_command(typed: list[str], commands: dict[str, bool]) -> list[str]:
    """Return at most three command paths that the leading words may have meant.

    A path is compared with as many typed words as it has. A command that changes something is
    never offered where one that only reads is at least as near.

    Args:
        typed: The words before the first option.
        commands: Path of every command and group, and whether it can change something.
    """
    near: list[tuple[int, int, bool, str]] = []
    for path, changes in commands.items():
        length = path.count(" ") + 1
        given = " ".join(typed[:length])
        if len(typed) >= length and _comparable(given, path):
            edits = distance(given, path)
            if 0 < edits <= _limit(path):  # what was typed right needs no suggestion
                near.append((edits, -length, changes, path))
    near.sort()
    return [path for *_, path in near][:MAX_SHOWN]


def said(suggestions: list[str]) -> str:
    """Return the suggestions as a sentence with a leading space, or nothing."""
    if not suggestions:
        return ""
    return " Did you mean " + " or ".join(f"`{word}`" for word in suggestions) + "?"


def _comparable(typed: str, word: str) -> bool:
    return abs(len(typed) - len(word)) <= MAX_EDITS


def _limit(word: str) -> int:
    """Two edits turn a word of three letters into almost any other; so those get one."""
    return 1 if len(word) <= MAX_EDITS + 1 else MAX_EDITS
