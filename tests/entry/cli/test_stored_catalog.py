"""The stored catalog is the registry, and whatever people see of it is complete."""

import subprocess
import sys
from pathlib import Path

from clawmarket.domain.kernel.errors import REFUSALS
from clawmarket.entry.cli.catalog import Entry, stored
from clawmarket.entry.cli.commands.followups import _NEXT, _UNDO
from clawmarket.entry.cli.commands.spend import MOVES
from clawmarket.registry.codes import CODES, EXITS
from clawmarket.registry.methods import METHODS
from clawmarket.services.discover import discover

# Bidding moves nothing yet, forgiving nothing any more; their dry runs say how much it is about.
EARNING = {"web3.market.placeBid", "web3.market.tab.forgive"}
# Methods that move money, but none that the caller has or gets: a grant, and what disputes do.
COSTLESS = {
    "market.credits.grant",
    "market.repair.resolve",
    "web3.dispute.open",
    "web3.dispute.reject",
}
ROOT = Path(__file__).parents[3]


def test_the_stored_copies_are_what_the_registry_says() -> None:
    """Catalog and reference pages are those that the generator writes now."""
    command = [sys.executable, "tools/generate.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_method_error_code_and_exit_is_stored() -> None:
    """Nothing that is registered is missing in the catalog."""
    discover()
    catalog = stored()
    assert set(catalog["methods"]) == set(METHODS)
    ours = {cause for cause, r in REFUSALS.items() if r.__module__.startswith("clawmarket.")}
    assert set(catalog["errors"]) >= ours
    assert set(catalog["codes"]) == set(CODES)
    assert set(catalog["exits"]) == {str(status) for status in EXITS}
    assert {row["exit"] for row in catalog["codes"].values()} <= set(EXITS)


def test_every_amount_is_marked_as_one() -> None:
    """Digits in minor units are recognised wherever they stand, so that people see decimals."""
    publish = stored()["methods"]["web3.market.publishTask"]
    assert publish["params"]["properties"]["budget"]["format"] == "amount"
    for entry in stored()["methods"].values():
        for part in _parts(entry["answer"]):
            is_digits = str(part.get("pattern")).endswith(("[1-9][0-9]{0,15})$", "-?[1-9][0-9]*)$"))
            assert (part.get("format") == "amount") == is_digits


def _parts(schema: Entry) -> list[Entry]:
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    inner += [schema["items"]] if "items" in schema else []
    return [schema, *(found for part in inner for found in _parts(part))]


def test_every_method_that_moves_money_has_a_price() -> None:
    """A new spending method can't be called before somebody said what its quote is."""
    moving = {n for n, entry in stored()["methods"].items() if entry["risk"] == "money"}
    assert moving == MOVES.keys() - EARNING | COSTLESS


def test_followups_belong_to_methods() -> None:
    """Inverses and next commands are noted for methods that exist."""
    assert set(_UNDO) | set(_NEXT) <= set(stored()["methods"])


def test_secrets_and_evidence_stay_as_they_are_everything_else_does_not() -> None:
    """The new key, salts and proofs are verbatim; free texts of the market are not."""
    methods = stored()["methods"]
    assert "key" in methods["web3.keys.create"]["verbatim"]
    assert {"salt", "proof"} <= set(methods["web3.audit.prove"]["verbatim"])
    assert "probes.message" not in methods["web3.status.summary"]["verbatim"]
