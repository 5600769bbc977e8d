"""What the plugin declares: names that host and providers take, nothing that writes."""

import re

import pytest

from clawmarket.entry.openclaw.declared import (
    COMMANDS,
    gateway_methods,
    public_methods,
    writing_methods,
)
from clawmarket.entry.openclaw.manifest import manifest
from clawmarket.entry.tools.status import PROBES, MarketStatusTool
from clawmarket.entry.tools.use import TOOLS
from clawmarket.registry.methods import METHODS, Manner, Risk, Scope, method_named
from clawmarket.services.discover import discover

discover()

COMMAND = re.compile(r"[a-z][a-z0-9_-]*")
TOOL = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def test_names_are_taken_by_host_and_providers() -> None:
    """Commands have no dots, two never differ in `-` and `_` alone, tools fit every provider."""
    commands = [command.name for command in COMMANDS]

    assert [name for name in commands if not COMMAND.fullmatch(name)] == []
    assert len({name.replace("_", "-") for name in commands}) == len(commands)
    assert [tool.name for tool in TOOLS if not TOOL.fullmatch(tool.name)] == []


def test_the_host_is_told_of_every_tool() -> None:
    """A tool that the manifest does not name would be dropped without a word."""
    assert manifest()["contracts"]["tools"] == [tool.name for tool in TOOLS]


def test_the_gateway_passes_on_what_a_key_may_do() -> None:
    """Reading under the host's scope for it; what moves money only for the gateway's owner."""
    passed_on = {name: (method_named(name), scope) for name, scope in gateway_methods().items()}
    for name, (method, scope) in passed_on.items():
        assert method is not None
        assert (method.role, method.scope is Scope.ADMIN) == (None, False)
        assert (scope == "operator.read") == (method.scope in (Scope.PUBLIC, Scope.READ))
        assert scope == "operator.admin" or method.risk is not Risk.MONEY
        assert (name in writing_methods()) == (method.manner is not Manner.READ)
        assert (method.alias is None) or method.alias in passed_on


@pytest.mark.parametrize(
    "name",
    [
        "market.treasury.summary",
        "web3.audit.append",
        "web3.billing.plan.set",
        "web3.billing.release",
        "web3.keys.create",
        "web3.siwe.verify",
    ],
)
def test_the_gateway_does_not_pass_on(name: str) -> None:
    """What operators do, sign-ins, and the books that the plugin keeps of its agent."""
    assert name in METHODS
    assert name not in gateway_methods()


def test_a_probe_asks_what_is_passed_on_with_parameters_that_it_takes() -> None:
    """Every section is answered by a reading method, and its deep parameters are valid."""
    for probe in PROBES:
        assert probe.method in gateway_methods()
        METHODS[probe.method].request.model_validate(dict(probe.deep_params))
    sections = MarketStatusTool.model_validate({}).include
    assert sections == [probe.section for probe in PROBES]


def test_public_methods_are_those_that_want_no_key() -> None:
    """The plugin shows its key to no method that does without."""
    for method in METHODS.values():
        names = {method.name, method.alias} - {None}
        assert names & {*public_methods()} == (names if method.scope is Scope.PUBLIC else set())
