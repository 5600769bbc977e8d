"""Suggestions for what somebody typed: wire words and commands."""

from collections.abc import Iterable

from clawmarket.registry.suggestions import MAX_SHOWN, edits_apart, nearest


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
        edits = edits_apart(given, path) if len(typed) >= length else None
        if edits:  # what was typed right needs no suggestion
            near.append((edits, -length, changes, path))
    near.sort()
    return [path for *_, path in near][:MAX_SHOWN]
