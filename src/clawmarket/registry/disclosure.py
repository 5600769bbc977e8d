"""Which parts of an answer the redactor has to look at, worked out once per answer type.

Ids, hashes, amounts, moments and the words that one party wrote for another stay as they are;
every other string passes the redactor. Numbers and booleans cannot hold a secret.
"""

from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from clawmarket.domain.trust.redaction import redact
from clawmarket.registry.fields import ShownOnce, Verbatim

Disclosure = Callable[[Any], Any]

ALREADY_SHOWN = "already shown"


def disclosure_of(answer: type[BaseModel]) -> Disclosure:
    """Return the function that makes a dumped answer of this type safe to show."""
    return _of_model(answer) or _as_it_is


def shown_once_in(answer: type[BaseModel]) -> tuple[str, ...]:
    """Return the names of an answer's fields that hold a new secret."""
    return tuple(
        info.alias or name
        for name, info in answer.model_fields.items()
        if any(mark is ShownOnce for mark in info.metadata)
    )


def withheld(once: tuple[str, ...], dumped: dict[str, Any]) -> dict[str, Any]:
    """Return an answer fit to be kept for replays: a new secret is replaced by a note."""
    return dumped | dict.fromkeys(once, ALREADY_SHOWN) if once else dumped


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return value


def _of_model(model: type[BaseModel]) -> Disclosure | None:
    steps: list[tuple[str, Disclosure]] = []
    for name, info in model.model_fields.items():
        if any(mark in (Verbatim, ShownOnce) for mark in info.metadata):
            continue
        step = _of_type(info.annotation)
        if step is not None:
            steps.append((info.alias or name, step))
    return _each_field(steps) if steps else None


def _of_type(kind: Any) -> Disclosure | None:  # noqa: ANN401 - any annotation
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *marks = get_args(kind)
        return None if Verbatim in marks or ShownOnce in marks else _of_type(inner)
    if origin in (Union, UnionType):
        return next((step for arm in get_args(kind) if (step := _of_type(arm))), None)
    if origin in (list, tuple):
        step = _of_type(get_args(kind)[0])
        return None if step is None else _each_item(step)
    if origin is Literal or kind in (int, bool, type(None)):
        return None
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _of_model(kind)
    return redact


def _each_field(steps: list[tuple[str, Disclosure]]) -> Disclosure:
    def disclose(dumped: dict[str, Any] | None) -> dict[str, Any] | None:
        if dumped is not None:
            for name, step in steps:
                dumped[name] = step(dumped[name])
        return dumped

    return disclose


def _each_item(step: Disclosure) -> Disclosure:
    def disclose(items: list[Any] | None) -> list[Any] | None:
        return None if items is None else [step(item) for item in items]

    return disclose
