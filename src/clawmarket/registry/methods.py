"""The one list of everything the service can be asked to do."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.trust.session import Role
from clawmarket.registry.disclosure import Disclosure, disclosure_of, shown_once_in
from clawmarket.registry.fields import Answer, Request, SignedRequest

H = TypeVar("H", bound=Callable[..., Any])


class Manner(StrEnum):
    """How a method runs: on a snapshot, inside the transaction, or around one."""

    READ = "read"
    WRITE = "write"
    ASK = "ask"


class Scope(StrEnum):
    """What a credential must allow; each scope includes those before it."""

    PUBLIC = "public"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Risk(StrEnum):
    """What a call can cost the caller."""

    READ = "read"
    WRITE = "write"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Need:
    """Where a parameter's value comes from: a field of an earlier answer, and who gets it.

    `by` is self, other (the other party) or others (two parties, none of them oneself).
    """

    param: str
    method: str
    field: str
    by: str = "self"


@dataclass(frozen=True, slots=True)
class Verb:
    """How the command line names a method, and which parameters stand without a flag."""

    words: str
    positional: tuple[str, ...] = ()


@dataclass(frozen=True)
class Method:
    """One use case as the outside sees it.

    `role` is what an account has to be beside holding the scope; operators may do it too.
    """

    name: str
    manner: Manner
    scope: Scope
    role: Role | None
    risk: Risk
    summary: str
    description: str
    request: type[Request]
    answer: type[Answer]
    errors: tuple[type[Refused], ...]
    needs: tuple[Need, ...]
    example: Mapping[str, object]
    verb: Verb | None
    handler: Callable[..., Any]
    disclosure: Disclosure = field(repr=False)
    shown_once: tuple[str, ...]

    @property
    def alias(self) -> str | None:
        """The operators' tools' name of a `web3.market.…` method."""
        return self.name.removeprefix("web3.") if self.name.startswith("web3.market.") else None

    @property
    def signed(self) -> bool:
        """Whether a party's wallet signs the call's statement."""
        return issubclass(self.request, SignedRequest)


METHODS: dict[str, Method] = {}
_BY_NAME: dict[str, Method] = {}


@dataclass(frozen=True, kw_only=True)
class _Declaration:
    scope: Scope | None = None
    role: Role | None = None
    risk: Risk | None = None
    errors: tuple[type[Refused], ...] = ()
    needs: tuple[Need, ...] = ()
    example: Mapping[str, object] = field(default_factory=dict)
    verb: Verb | None = None


def read(name: str, **about: Any) -> Callable[[H], H]:  # noqa: ANN401 - checked by _Declaration
    """Declare a method that answers from a snapshot and changes nothing."""
    return _declare(name, Manner.READ, Scope.READ, Risk.READ, _Declaration(**about))


def write(name: str, **about: Any) -> Callable[[H], H]:  # noqa: ANN401 - checked by _Declaration
    """Declare a method that runs inside the transaction and leaves exactly one record."""
    return _declare(name, Manner.WRITE, Scope.WRITE, Risk.WRITE, _Declaration(**about))


def ask(name: str, **about: Any) -> Callable[[H], H]:  # noqa: ANN401 - checked by _Declaration
    """Declare a method that asks a port first and then submits its writes itself."""
    return _declare(name, Manner.ASK, Scope.WRITE, Risk.WRITE, _Declaration(**about))


def _declare(
    name: str, manner: Manner, scope: Scope, risk: Risk, about: _Declaration
) -> Callable[[H], H]:
    def declare(handler: H) -> H:
        hints = get_type_hints(handler)
        *_, request_name = inspect.signature(handler).parameters
        summary, _, description = (inspect.getdoc(handler) or "").partition("\n")
        if not summary:
            raise ValueError(f"{name} has no docstring, so no summary for catalog and docs")
        _register(
            Method(
                name=name,
                manner=manner,
                scope=about.scope or scope,
                role=about.role,
                risk=about.risk or risk,
                summary=summary,
                description=description.strip(),
                request=hints[request_name],
                answer=hints["return"],
                errors=about.errors,
                needs=about.needs,
                example=about.example,
                verb=about.verb,
                handler=handler,
                disclosure=disclosure_of(hints["return"]),
                shown_once=shown_once_in(hints["return"]),
            )
        )
        return handler

    return declare


def _register(method: Method) -> None:
    for name in filter(None, (method.name, method.alias)):
        if name in _BY_NAME:
            raise ValueError(f"{name} is declared twice")
        _BY_NAME[name] = method
    METHODS[method.name] = method


def method_named(name: str) -> Method | None:
    """Return the method with a name or an alias, or None."""
    return _BY_NAME.get(name)
