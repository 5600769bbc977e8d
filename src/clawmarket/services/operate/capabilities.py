"""Capabilities: everything the market can be asked to do, enough to call it without other docs."""

from typing import Annotated, Any

from pydantic import Field

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.ports.store import Snapshot
from clawmarket.registry.catalog import method_entry
from clawmarket.registry.fields import Answer, Request, Verbatim, Word
from clawmarket.registry.methods import METHODS, Scope, method_named, read
from clawmarket.services.call import Call


class CapabilityNotFoundError(NotFoundError):
    """There is no method with this name."""

    next_command = "clawmarket call web3.capabilities.list"


class ListCapabilities(Request):
    """Which methods."""

    group: Annotated[
        str | None,
        Field(strict=True, max_length=80, description="Only names that begin so: web3.market."),
    ] = None


class CapabilitySummary(Answer):
    """A method in one line."""

    name: Word
    alias: Word | None
    summary: Word
    scope: Word
    risk: Word
    manner: Word
    signed: bool


class CapabilityList(Answer):
    """All methods."""

    items: list[CapabilitySummary]
    next_cursor: None = None


@read("web3.capabilities.list", scope=Scope.PUBLIC)
def list_capabilities(_call: Call, _rows: Snapshot, request: ListCapabilities) -> CapabilityList:
    """List everything the market can be asked to do."""
    return CapabilityList(
        items=[
            CapabilitySummary(
                name=method.name,
                alias=method.alias,
                summary=method.summary,
                scope=method.scope,
                risk=method.risk,
                manner=method.manner,
                signed=method.signed,
            )
            for method in METHODS.values()
            if request.group is None or method.name.startswith(request.group)
        ]
    )


class DescribeCapability(Request):
    """The method to describe."""

    name: Annotated[str, Field(strict=True, max_length=80, description="A method or its alias.")]


class Capability(Answer):
    """A method with its schemas, errors, prerequisites and an example."""

    capability: Annotated[
        dict[str, Any],
        Field(description="name, alias, summary, scope, risk, params, answer, errors, needs, …"),
        Verbatim,
    ]


@read(
    "web3.capabilities.describe",
    scope=Scope.PUBLIC,
    errors=(CapabilityNotFoundError,),
    example={"name": "web3.market.publishTask"},
)
def describe_capability(_call: Call, _rows: Snapshot, request: DescribeCapability) -> Capability:
    """Describe one method so completely that it can be called from the answer alone."""
    method = method_named(request.name)
    if method is None:
        raise CapabilityNotFoundError(f"There is no method {request.name!r}.")
    return Capability(capability=method_entry(method))
