"""Write what is derived: the stored catalog, docs/reference, the plugin's lists, the page's rules.

python tools/generate.py            write what differs
python tools/generate.py --check    write nothing; fail if anything differs
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import click
from fastapi.routing import APIRoute

import clawmarket
from clawmarket.entry.openclaw import manifest
from clawmarket.entry.rest.app import ROUTERS
from clawmarket.entry.web.receipt_rules import rules_script
from clawmarket.registry.catalog import catalog

Entry = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
CATALOG = ROOT / "src" / "clawmarket" / "entry" / "cli" / "catalog.json"
PLUGIN = ROOT / "openclaw-plugin"
RULES = ROOT / "src" / "clawmarket" / "entry" / "web" / "static" / "receipt" / "rules.mjs"
_NOTE = "<!-- Written by tools/generate.py from the registry; edit the declarations instead. -->"


def main(arguments: list[str]) -> int:
    """Write or check every derived file and return the exit status."""
    check = arguments == ["--check"]
    if arguments and not check:
        print(__doc__)
        return 2
    register_everything()
    entries = catalog()
    stale = _keep(CATALOG, json.dumps(entries, ensure_ascii=False, indent=1) + "\n", check=check)
    stale += _keep(RULES, rules_script(), check=check)
    for file, part in plugin_files().items():
        text = json.dumps(part, ensure_ascii=False, indent=2) + "\n"
        stale += _keep(PLUGIN / file, text, check=check)
    for name, page in PAGES.items():
        lines = [_NOTE, "", *page(entries)]
        stale += _keep(REFERENCE / f"{name}.md", "\n".join(lines).rstrip() + "\n", check=check)
    for path in stale:
        print(f"{'differs' if check else 'written'}: {path.relative_to(ROOT)}")
    if check and stale:
        print("Run: python tools/generate.py")
        return 1
    return 0


def register_everything() -> None:
    """Import every module, so that each method, refusal, machine and event is declared."""
    for module in walk_packages(clawmarket.__path__, "clawmarket."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            import_module(module.name)


def plugin_files() -> dict[str, Entry]:
    """Return the generated files of the OpenClaw plugin by their names."""
    return {
        "package.json": manifest.package(),
        "openclaw.plugin.json": manifest.manifest(),
        "declared.json": manifest.declarations(),
    }


def _keep(path: Path, text: str, *, check: bool) -> list[Path]:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return []
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [path]


def methods_page(entries: Entry) -> Iterator[str]:
    """Yield the page with every method: what it takes, what it answers, what it refuses."""
    yield from ("# Methods", "")
    yield "`POST /rpc/<method>` with the parameters as a JSON object. Names that begin with"
    yield "`web3.market.` have an alias without `web3.`. Amounts are strings in minor units."
    yield ""
    yield from _table(
        ("method", "scope", "risk", "what it does"),
        [
            (f"[`{m['name']}`](#{_anchor(m['name'])})", m["scope"], m["risk"], m["summary"])
            for m in entries["methods"].values()
        ],
    )
    for method in entries["methods"].values():
        yield from _method(method)


def rest_page(_entries: Entry) -> Iterator[str]:
    """Yield the page with every route of `/v1`."""
    yield from ("# Routes of `/v1`", "")
    yield "Schemas stand in `/v1/openapi.json`, the wire form in [the guide](../guide/rest.md)."
    for router in ROUTERS:
        rows = [
            (f"`{verb} /v1{route.path}`", str(route.summary), route.description.replace("\n", " "))
            for route in router.routes
            if isinstance(route, APIRoute)
            for verb in sorted(route.methods or ())
        ]
        yield from ("", *_table(("route", "", "what it does"), rows))


def _method(method: Entry) -> Iterator[str]:
    yield from ("", f"## {method['name']}", "", method["summary"])
    if method["description"]:
        yield from ("", method["description"])
    signed = "; signed by the wallet" if method["signed"] else ""
    role = f" for an {method['role']}" if method["role"] else ""
    yield from ("", f"Scope {method['scope']}{role}, {method['manner']}{signed}. {method['cost']}")
    if method["verb"]:
        positional = "".join(f" {name}" for name in method["verb"]["positional"])
        yield from ("", f"Command: `clawmarket {method['verb']['words']}{positional}`")
    yield from _fields("Takes", method["params"])
    yield from _fields("Answers", method["answer"])
    if method["needs"]:
        yield from ("", "Where values come from:", "")
        for need in method["needs"]:
            by = {"other": " of the other party", "others": " of others"}.get(need["by"], "")
            yield f"- `{need['param']}`: `{need['field']}` from `{need['method']}`{by}"
    if method["example"]:
        example = json.dumps(method["example"], ensure_ascii=False, indent=2)
        yield from ("", "Example:", "", "```json", example, "```")
    if method["errors"]:
        yield from ("", "Refusals:", "")
        for error in method["errors"]:
            yield f"- `{error['cause']}` ({error['code']}): {error['meaning']}"


def _fields(title: str, schema: Entry) -> Iterator[str]:
    properties: Entry = schema.get("properties", {})
    if not properties:
        yield from ("", f"{title}: nothing.")
        return
    required = schema.get("required", [])
    rows = [
        (f"`{name}`", _type(part), "" if name in required else _default(part), _about(part))
        for name, part in properties.items()
    ]
    yield from ("", f"{title}:", "")
    yield from _table(("field", "type", "if left out", "meaning"), rows)


def _type(schema: Entry) -> str:
    words = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    if words:
        return ", ".join(f"`{word}`" for word in words)
    if "anyOf" in schema:
        return " or ".join(_type(arm) for arm in schema["anyOf"])
    if "properties" in schema:
        return "object (" + ", ".join(f"`{name}`" for name in schema["properties"]) + ")"
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    return "amount" if schema.get("format") == "amount" else str(schema.get("type", "any"))


def _default(schema: Entry) -> str:
    default = schema.get("default")
    return "" if default in (None, "", []) else f"`{json.dumps(default)}`"


def _about(schema: Entry) -> str:
    arms = schema.get("anyOf", ())
    inner = next((arm["description"] for arm in arms if "description" in arm), "")
    return str(schema.get("description", inner))


def errors_page(entries: Entry) -> Iterator[str]:
    """Yield the page with every code and every cause below it."""
    yield from ("# Errors", "")
    yield 'A failure is `{ok: false, error: "E_CODE: what happened. What to do", details}`;'
    yield "`details` holds `cause`, `next` (a command) and `retryable`. Offline:"
    yield "`clawmarket explain CODE_OR_CAUSE`."
    for code, row in entries["codes"].items():
        yield from ("", f"## {code}", "", f"{row['meaning'].capitalize()}.", "")
        yield f"HTTP {row['http']}, JSON-RPC {row['rpc']}, exit status {row['exit']}."
        yield ""
        causes = {c: e for c, e in entries["errors"].items() if e["code"] == code}
        rows = [
            (f"`{cause}`", e["meaning"], e["advice"], f"`{e['next']}`", _yes(e["retryable"]))
            for cause, e in causes.items()
        ]
        yield from _table(("cause", "meaning", "what to do", "next", "retryable"), rows)


def machines_page(entries: Entry) -> Iterator[str]:
    """Yield the page with every state machine and its diagram."""
    yield from ("# Machines", "", "What may follow what; everything else is refused.")
    for noun, machine in entries["machines"].items():
        yield from ("", f"## {noun}", "", "```mermaid", machine["diagram"], "```", "")
        rows = [
            (f"`{before}`", action.replace("_", " "), f"`{after}`")
            for action, table in machine["moves"].items()
            for before, after in table.items()
        ]
        yield from _table(("from", "step", "to"), rows)


def events_page(entries: Entry) -> Iterator[str]:
    """Yield the page with every event and its facts."""
    yield from ("# Events", "", "What records say happened; the first fact is the thing's id.", "")
    rows = [
        (f"`{kind}`", event["meaning"], ", ".join(f"`{fact}`" for fact in event["facts"]))
        for kind, event in entries["events"].items()
    ]
    yield from _table(("kind", "meaning", "facts"), rows)


def exits_page(entries: Entry) -> Iterator[str]:
    """Yield the page with the exit statuses of the command."""
    yield from ("# Exit codes", "")
    rows = [
        (status, meaning, ", ".join(f"`{c}`" for c in _codes_of(entries, status)))
        for status, meaning in entries["exits"].items()
    ]
    yield from _table(("status", "meaning", "error codes"), rows)


def _codes_of(entries: Entry, status: str) -> list[str]:
    return [code for code, row in entries["codes"].items() if str(row["exit"]) == status]


def cli_page(_entries: Entry) -> Iterator[str]:
    """Yield the page with every command, its arguments and its options."""
    # The tree reads the stored catalog, which is written before any page.
    tree = import_module("clawmarket.entry.cli.tree")
    topics = import_module("clawmarket.entry.cli.commands.explain")
    yield from ("# Commands", "", "`clawmarket COMMAND --help` shows the same.", "")
    leaves = sorted(tree.leaves(), key=lambda leaf: str(leaf.words))
    names = {leaf.words: f"clawmarket {leaf.words}" for leaf in leaves}
    yield from _table(
        ("command", "what it does"),
        [
            (f"[`{names[leaf.words]}`](#{_anchor(names[leaf.words])})", leaf.short_help)
            for leaf in leaves
        ],
    )
    for leaf in leaves:
        yield from ("", f"## {names[leaf.words]}", "", leaf.help, "")
        yield from _parameters(leaf.params)
    yield from ("", "## Environment", "")
    yield from _table(("variable", "meaning"), [(f"`{n}`", m) for n, m in topics.ENVIRONMENT])


def _parameters(params: list[click.Parameter]) -> Iterator[str]:
    rows = [
        (
            " ".join(f"`{opt}`" for opt in (*param.opts, *param.secondary_opts))
            if isinstance(param, click.Option)
            else f"`{param.human_readable_name}`",
            "yes" if param.required else "",
            str(getattr(param, "help", None) or ""),
        )
        for param in params
    ]
    yield from _table(("argument or option", "required", "meaning"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _anchor(heading: str) -> str:
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def _yes(value: object) -> str:
    return "yes" if value else ""


PAGES: dict[str, Callable[[Entry], Iterator[str]]] = {
    "methods": methods_page,
    "errors": errors_page,
    "machines": machines_page,
    "events": events_page,
    "cli": cli_page,
    "exit-codes": exits_page,
    "rest": rest_page,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
