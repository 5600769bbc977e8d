"""`doctor`: what could be wrong here, offline checks first, each with what to do about it."""

import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import SECOND_MS, from_iso, span
from clawmarket.domain.kernel.own_text import OwnText
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.checks.check import Check
from clawmarket.entry.cli.checks.openclaw import plugin_checks
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.labels import counted
from clawmarket.entry.cli.output import finish
from clawmarket.entry.cli.remote.client import MarketAwayError, RemoteRefusal, reach
from clawmarket.entry.cli.remote.session import home_folder, market_url, stored_session
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE
from clawmarket.runtime.home import PLUGIN

_SCHEMA_VERSION = 1
_PYTHON = (3, 11)
_PYSQLITE = (0, 6, 1)
_SQLITE = (3, 53, 4)
_MB = 1024 * 1024
_DISK_LOW, _DISK_FULL = 1024 * _MB, 100 * _MB
_SKEW_WARNING_MS, _SKEW_ERROR_MS = 5 * SECOND_MS, 60 * SECOND_MS
_FOLDER_MODE, _FILE_MODE, _OTHERS = 0o700, 0o600, 0o077
_GRADES = ("ok", "info", "warning", "error")


def doctor(invocation: Invocation) -> int:
    """Run every check; with `fix`, repair file modes first; with `lint`, a finding exits 1."""
    home = home_folder()
    fixed = list(_repair(home)) if invocation.values.get("fix") else []
    checks = [*_runtime(), *_home(home), *_session(invocation, home), *_market(invocation)]
    checks += plugin_checks(deep=bool(invocation.values.get("deep")))
    findings = [check for check in checks if check.severity in ("warning", "error")]
    lint = bool(invocation.values.get("lint"))
    document = {
        "ok": not (lint and findings),
        "schemaVersion": _SCHEMA_VERSION,
        "findings": [check.document() for check in findings],
        "passed": [check.document() for check in checks if check not in findings],
        "fixed": fixed,
    }
    lines = [*(f"fixed: {path}" for path in fixed), *_lines(checks)]
    finish(invocation, document, lines, map(_brief, findings))
    return EXIT_NEGATIVE if lint and findings else EXIT_DONE


def _brief(check: Check) -> str:
    return f"{check.severity}  {check.check_id}  {check.document()['message']}"


def _lines(checks: list[Check]) -> Iterator[str]:
    width = max(len(check.check_id) for check in checks)
    for check in checks:
        facts = check.document()
        yield f"{check.severity.ljust(7)}  {check.check_id.ljust(width)}  {facts['message']}"
        if facts["fixHint"]:
            yield f"{' ' * (width + 11)}next: {facts['fixHint']}"
    worst = max(checks, key=lambda check: _GRADES.index(check.severity)).severity
    bad = sum(check.severity in ("warning", "error") for check in checks)
    yield f"{counted(len(checks), 'check')}, {counted(bad, 'finding')}, worst: {worst}"


def _runtime() -> Iterator[Check]:
    good = sys.version_info >= _PYTHON
    hint = "" if good else "Install Python 3.11 or newer."
    said = f"Python {platform.python_version()}"
    yield Check("runtime/python", "ok" if good else "error", said, fix_hint=hint)
    yield _sqlite()
    yield _coincurve()


def _sqlite() -> Check:
    hint = "pip install --upgrade pysqlite3"
    try:
        package = version("pysqlite3")
        library = str(import_module("pysqlite3").sqlite_version)
    except (PackageNotFoundError, ImportError):
        return Check("runtime/sqlite", "error", "pysqlite3 is not installed.", fix_hint=hint)
    good = _numbers(package) >= _PYSQLITE and _numbers(library) >= _SQLITE
    said = f"pysqlite3 {package} with SQLite {library}"
    return Check("runtime/sqlite", "ok" if good else "error", said, fix_hint="" if good else hint)


def _coincurve() -> Check:
    try:
        import_module("coincurve")
    except ImportError:
        said = "coincurve cannot be loaded; wallets cannot sign."
        hint = "pip install --upgrade coincurve"
        return Check("runtime/coincurve", "error", said, fix_hint=hint)
    return Check("runtime/coincurve", "ok", f"coincurve {version('coincurve')}")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdecimal())


def _home(home: Path) -> Iterator[Check]:
    if not home.is_dir():
        yield Check("home/permissions", "ok", "There is no home yet; the first use makes it.")
    else:
        loose = [path for path in _private(home) if _mode(path) & _OTHERS]
        for path in loose:
            name = path.relative_to(home).as_posix()
            which = "the home" if path == home else f"`{name}`"
            said = f"Others may read {which}: mode {_mode(path):04o}."
            yield Check("home/permissions", "error", said, name, "clawmarket doctor --fix")
        if not loose:
            yield Check("home/permissions", "ok", "Only you can read the home.", ".")
    yield _disk(home)


def _disk(home: Path) -> Check:
    there = next(folder for folder in (home, *home.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    severity = "error" if free < _DISK_FULL else "warning" if free < _DISK_LOW else "ok"
    hint = "" if severity == "ok" else "Make room on the disk of the home."
    return Check("home/disk", severity, f"{free // _MB:,} MB are free.", ".", hint)


def _private(home: Path) -> Iterator[Path]:
    """Yield the home, the files right in it, and the plugin's; the rest is as private as it is."""
    yield home
    for folder in (home, home / PLUGIN):
        files = folder.iterdir() if folder.is_dir() else ()
        yield from sorted(p for p in files if p.is_file() and not p.is_symlink())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _repair(home: Path) -> Iterator[str]:
    for path in _private(home) if home.is_dir() else ():
        if _mode(path) & _OTHERS:
            path.chmod(_FOLDER_MODE if path.is_dir() else _FILE_MODE)
            yield path.relative_to(home).as_posix()


def _session(invocation: Invocation, home: Path) -> Iterator[Check]:
    login = "clawmarket wallet login"
    try:
        session, url = stored_session(home), market_url(invocation.url)
    except Refused as refused:
        yield Check("session/file", "error", refused.what, fix_hint=refused.next_step)
        return
    if session is None:
        yield Check("session/file", "info", "Nobody is signed in here.", fix_hint=login)
    elif from_iso(session.expires_at) <= SystemClock().now():
        said = f"The session ended at {session.expires_at}."
        yield Check("session/file", "warning", said, "session.json", login)
    elif session.url != url:
        said = "The session is of another market."
        yield Check("session/file", "info", said, "session.json", login)
    else:
        yield Check("session/file", "ok", f"Signed in until {session.expires_at}.", "session.json")


def _market(invocation: Invocation) -> Iterator[Check]:
    try:
        with reach(invocation) as market:
            answer = market.call("web3.status.summary", {"deep": True})
    except Refused as refused:
        # Not `doctor` again, which the refusal itself would name.
        away = isinstance(refused, MarketAwayError) and "url" not in refused.details
        hint = refused.next_step if away else refused.advice
        own = tuple(each for each in refused.details.values() if isinstance(each, OwnText))
        yield Check("market/reachable", "warning", refused.what, fix_hint=hint, own=own)
        return
    except RemoteRefusal as refusal:
        yield Check("market/reachable", "error", str(refusal), fix_hint="clawmarket status")
        return
    yield Check("market/reachable", "ok", f"{answer['origin']} answers.")
    yield _clock_skew(answer)
    yield _log_head(answer)
    for probe in answer["probes"] or ():
        severity = "ok" if probe["ok"] else "error"
        yield Check(f"probe/{probe['name']}", severity, probe["message"], "", probe["fixHint"])


def _clock_skew(answer: Entry) -> Check:
    skew = abs(from_iso(answer["now"]) - SystemClock().now())
    severity = "ok"
    if skew >= _SKEW_WARNING_MS:
        severity = "error" if skew >= _SKEW_ERROR_MS else "warning"
    hint = "" if severity == "ok" else "Set this machine's clock, for example with NTP."
    return Check("market/clock", severity, f"The clocks differ by {span(skew)}.", "", hint)


def _log_head(answer: Entry) -> Check:
    if answer["logSignedAt"] is None:
        hint = "clawmarket status --deep"
        return Check("market/log", "warning", "The log has no signed head yet.", "", hint)
    size = counted(answer["logSize"], "record")
    said = f"The log has {size}, signed {answer['logSignedAt']}."
    return Check("market/log", "ok", said)
