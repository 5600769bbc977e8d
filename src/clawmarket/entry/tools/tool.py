"""What a tool is, and the types of its arguments."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from clawmarket.entry.tools.using import Fields, ToolUse
from clawmarket.registry.fields import Cursor, Request

Run = Callable[[ToolUse, Any], Awaitable[Fields]]

Credits = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,6})?$",
        description='Credits as a decimal text such as "5.00"; a text, never a number, with at '
        "most six decimals.",
        examples=["5.00"],
    ),
]
Shown = Annotated[int, Field(strict=True, ge=1, le=20, description="How many at the most.")]


class Listed(Request):
    """What every tool that lists takes."""

    limit: Shown = 10
    cursor: Annotated[Cursor | None, Field(description="`nextCursor` of the answer before.")] = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of an agent; model providers refuse names with dots.

    Args:
        name: What models call.
        label: What people read.
        description: What it does, for a model that chooses.
        request: Its arguments; nothing unknown is taken.
        methods: The market's methods that it uses.
        run: What it does.
        writes: Whether it changes something.
        amount: The argument that says what it spends; empty for a tool that spends nothing. What
            was agreed to is what runs, since the argument is held against the market's own price.
        final: Whether what it does cannot be taken back, though it spends nothing.
        spends: Whether these arguments spend; only asked for a tool with an `amount`.
    """

    name: str
    label: str
    description: str
    request: type[Request]
    methods: tuple[str, ...]
    run: Run
    writes: bool = False
    amount: str = ""
    final: bool = False
    spends: Callable[[Any], bool] = lambda _request: True
