"""Offline help: what a code means, which exit says what, which settings there are."""

import click
from click.shell_completion import get_completion_class

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.cli.catalog import Entry, exit_status, method_entry, method_names, stored
from clawmarket.entry.cli.completion import TOPICS
from clawmarket.entry.cli.invocation import PROGRAM, Invocation
from clawmarket.entry.cli.output import finish
from clawmarket.entry.cli.tables import pairs
from clawmarket.entry.cli.tree import command_tree
from clawmarket.registry.suggestions import nearest, said

_COMPLETE_VARIABLE = "_CLAWMARKET_COMPLETE"

ENVIRONMENT = (
    ("CLAWMARKET_URL", "where the market is; --url wins"),
    ("CLAWMARKET_PORT", "the port on 127.0.0.1, for `serve` and for commands; 8787 if not set"),
    ("CLAWMARKET_PUBLIC_URL", "as `serve --public-url`: where a proxy makes the market reachable"),
    (
        "CLAWMARKET_DATABASE",
        "a PostgreSQL URL for `serve`, `backup` and `migrate`; SQLite in the home if not set",
    ),
    ("CLAWMARKET_HOME", "the folder with wallet, session and market; .clawmarket if not set"),
    ("CLAWMARKET_API_KEY", "an API key or an operator's token; wins over the session file"),
    ("CLAWMARKET_API_KEY_FILE", "a file with the API key instead; `keys rotate` replaces it"),
    ("CLAWMARKET_A2A_KEY", "a key for the agent that `a2a call` or `a2a card` names"),
    ("CLAWMARKET_JSON", "1: every command prints one JSON document, as with --json"),
    ("CLAWMARKET_FAUCET", "1: as `serve --faucet`"),
    ("CLAWMARKET_PRODUCTION", "1: `serve` refuses everything that is for tests"),
    ("CLAWMARKET_REVOCATION_URL", "where `serve` sends revocation notices; nowhere if not set"),
    ("CLAWMARKET_REVOCATION_SECRET", "signs those notices; at least 16 characters"),
    ("CLAWMARKET_REVOCATION_SECRET_FILE", "a file with that secret instead"),
    ("CLAWMARKET_CALLS_PER_S", "calls a second that `serve` lets an account make; 0: any number"),
    ("CLAWMARKET_OPEN_TASKS", "open tasks an account may have at once, 200; 0: any number"),
    ("CLAWMARKET_ACCOUNTS_PER_DAY", "accounts one address may open a day, 1000; 0: any number"),
    ("CLAWMARKET_A2A_REHEARSAL", "1: `serve` answers the A2A conformance kit; test money only"),
    ("CLAWMARKET_LOG", "how much `serve` writes to stderr"),
    ("CLAWMARKET_DEBUG", "1: failures show where in the program they happened"),
    ("OPENCLAW_SHELL", "set by OpenClaw: no prompts; spending needs --yes"),
    ("NO_COLOR", "no colour"),
    ("TERM", "dumb: no colour, no prompts"),
    ("CI", "no colour, no prompts"),
    ("HTTPS_PROXY", "a proxy for markets that are not on this machine; NO_PROXY as usual"),
)


class WordUnknownError(InvalidArgumentError):
    """There is no code, cause, method or topic of this name."""

    advice = "The codes are in `clawmarket help exit-codes`."
    next_command = "clawmarket help exit-codes"


def explain(invocation: Invocation) -> None:
    """Explain a code, a cause or a method from the stored catalog. Raises WordUnknownError."""
    word = invocation.values["word"]
    catalog, entry = stored(), method_entry(word)
    code, cause = word.upper(), word.lower().replace("-", "_")
    if code in catalog["codes"]:
        _explain_code(invocation, code, catalog)
    elif cause in catalog["errors"]:
        _explain_cause(invocation, cause, catalog["errors"][cause])
    elif entry is not None:
        _explain_method(invocation, entry)
    else:
        known = [*catalog["codes"], *catalog["errors"], *method_names()]
        near = nearest(word, known) or nearest(cause, known) or nearest(code, known)
        raise WordUnknownError(f"{word!r} is not known here.{said(near)}", suggestions=near)


def _explain_code(invocation: Invocation, code: str, catalog: Entry) -> None:
    row = catalog["codes"][code]
    causes = {c: e for c, e in catalog["errors"].items() if e["code"] == code}
    family = next(e for e in causes.values() if e["family"])
    document = {"ok": True, "code": code, **row, "advice": family["advice"], "causes": causes}
    lines = [
        f"{code}: {row['meaning']}",
        f"exit status {row['exit']}, HTTP {row['http']}, JSON-RPC {row['rpc']}",
        f"what to do: {family['advice']}",
        "causes:",
        *("  " + line for line in pairs([(c, e["meaning"]) for c, e in causes.items()])),
        f"next: {PROGRAM} explain CAUSE",
    ]
    finish(invocation, document, lines)


def _explain_cause(invocation: Invocation, cause: str, error: Entry) -> None:
    document = {"ok": True, "cause": cause, **error, "exit": exit_status(error["code"])}
    lines = [
        f"{cause} ({error['code']}, exit status {exit_status(error['code'])}): {error['meaning']}",
        f"what to do: {error['advice']}",
        "the same request may succeed later" if error["retryable"] else "repeating does not help",
    ]
    if error["methods"]:
        lines.append(f"methods: {', '.join(error['methods'])}")
    finish(invocation, document, [*lines, f"next: {error['next']}"])


def _explain_method(invocation: Invocation, entry: Entry) -> None:
    required = entry["params"].get("required", [])
    params = [
        (name, f"{part.get('description', '')}{' (required)' if name in required else ''}")
        for name, part in entry["params"].get("properties", {}).items()
    ]
    verb = entry["verb"]
    signed = "signed by the wallet" if entry["signed"] else "not signed"
    lines = [
        f"{entry['name']}: {entry['summary']}",
        entry["description"],
        f"scope {entry['scope']}, {signed}. {entry['cost']}",
        *pairs(params),
        "refusals: " + (", ".join(error["cause"] for error in entry["errors"]) or "only general"),
        f"next: {PROGRAM} {'help ' + verb['words'] if verb else 'help call'}",
    ]
    finish(invocation, {"ok": True, **entry}, [line for line in lines if line])


def completion(invocation: Invocation) -> None:
    """Print the completion script of a shell."""
    shell = invocation.values["shell"]
    kind = get_completion_class(shell)
    if kind is None:
        raise WordUnknownError(f"There is no completion for {shell!r}.")
    script = kind(command_tree(), {}, PROGRAM, _COMPLETE_VARIABLE).source()
    lines = script.splitlines()
    finish(invocation, {"ok": True, "shell": shell, "script": script}, lines, lines)


def help_topic(invocation: Invocation) -> None:
    """Print a topic's page or a command's help. Raises WordUnknownError."""
    words = list(invocation.values.get("topic", ()))
    if words == ["exit-codes"]:
        _exit_codes(invocation)
    elif words == ["environment"]:
        document = {"ok": True, "environment": dict(ENVIRONMENT)}
        finish(invocation, document, lines := pairs(ENVIRONMENT), lines)
    else:
        text = _command_help(words)
        finish(invocation, {"ok": True, "help": text}, text.splitlines(), text.splitlines())


def _exit_codes(invocation: Invocation) -> None:
    catalog = stored()
    codes = [(f"{row['exit']}", f"{code}: {row['meaning']}") for code, row in _by_exit(catalog)]
    lines = ["exit statuses:", *pairs(list(catalog["exits"].items())), "", "error codes:"]
    document = {"ok": True, "exits": catalog["exits"], "codes": catalog["codes"]}
    lines += pairs(codes)
    finish(invocation, document, lines, lines)


def _by_exit(catalog: Entry) -> list[tuple[str, Entry]]:
    return sorted(catalog["codes"].items(), key=lambda item: int(item[1]["exit"]))


def _command_help(words: list[str]) -> str:
    command: click.Command = command_tree()
    context = _context(command, None, PROGRAM)
    for word in words:
        found = command.get_command(context, word) if isinstance(command, click.Group) else None
        if found is None:
            topics = [*TOPICS, *getattr(command, "commands", {})]
            near = nearest(word, topics)
            raise WordUnknownError(f"There is no help on {' '.join(words)!r}.{said(near)}")
        command, context = found, _context(found, context, word)
    return command.get_help(context)


def _context(command: click.Command, parent: click.Context | None, name: str) -> click.Context:
    """Return a context with the command's own settings, as running it has."""
    return click.Context(command, parent=parent, info_name=name, **command.context_settings)
