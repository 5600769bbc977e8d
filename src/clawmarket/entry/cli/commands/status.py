"""`status`: one look at the market, and what was not looked at said so."""

from clawmarket.domain.kernel.errors import Refused
from clawmarket.entry.cli.catalog import Entry, method_entry
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.labels import counted, percent
from clawmarket.entry.cli.output import disclosed, finish
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal, reach
from clawmarket.entry.cli.tables import pairs

_METHOD = "web3.status.summary"
_SCHEMA_VERSION = 1


def status(invocation: Invocation) -> None:
    """Show who the market is, how it is, and who is signed in."""
    deep = bool(invocation.values.get("deep"))
    with reach(invocation) as market:
        answer = disclosed(market.call(_METHOD, {"deep": deep}), method_entry(_METHOD))
        account, why = _account(market)
    skipped = [] if deep else [{"what": "probes", "reason": "ask with --deep"}]
    if account is None:
        skipped.append({"what": "account", "reason": why})
    document = answer | {
        "schemaVersion": _SCHEMA_VERSION,
        "accountId": account,
        "collection": {"notCollected": skipped},
    }
    finish(invocation, document, _lines(answer, account or why), [answer["origin"]])


def _account(market: Market) -> tuple[str | None, str]:
    if market.credential is None:
        return None, "not signed in"
    try:
        return str(market.call("web3.wallet.show")["accountId"]), ""
    except (RemoteRefusal, Refused) as refusal:
        return None, f"not signed in ({str(refusal).partition(':')[0]})"


def _lines(answer: Entry, account: str) -> list[str]:
    money = "TEST MONEY" if answer["testMoney"] else "credits without a faucet"
    signed_at = answer["logSignedAt"] or "not yet"
    rows = [
        ("market", f"{answer['origin']}, version {answer['version']}"),
        ("money", f"{money}, fee {percent(answer['feeBps'])}"),
        ("log", f"{counted(answer['logSize'], 'record')}, signed {signed_at}"),
        ("log key", answer["vkey"]),
        ("waiting", _waiting(answer)),
        ("account", account),
    ]
    if answer["probes"] is None:
        return pairs([*rows, ("probes", "not checked (clawmarket status --deep)")])
    for probe in answer["probes"]:
        verdict = "well" if probe["ok"] else "NOT WELL"
        hint = f" Try: {probe['fixHint']}" if probe["fixHint"] else ""
        rows.append((probe["name"], f"{verdict}: {probe['message']}{hint}"))
    return pairs(rows)


def _waiting(answer: Entry) -> str:
    waiting = {
        "records for the log": answer["recordsWaiting"],
        "jobs": answer["jobsWaiting"],
        "jobs that were given up": answer["jobsDead"],
    }
    return ", ".join(name for name, is_so in waiting.items() if is_so) or "nothing"
