"""`clawmarket verify`: check a receipt file offline, and say what it does not prove."""

import sys
from pathlib import Path

from clawmarket.domain.kernel.errors import InvalidArgumentError, Refused
from clawmarket.domain.trust.checkpoint import CheckpointError, parse_vkey
from clawmarket.domain.trust.receipt import MAX_RECEIPT_BYTES, NotAReceiptError
from clawmarket.domain.trust.verification import (
    Check,
    Crypto,
    Outcome,
    Verdict,
    check_receipt,
    verdict_document,
)
from clawmarket.entry.cli.fields import picked
from clawmarket.entry.cli.output import print_json
from clawmarket.runtime.program import as_started

_WORDS = {
    Outcome.PASSED: "PASS",
    Outcome.FAILED: "FAIL",
    Outcome.UNPINNED: "NOT PINNED",
    Outcome.SKIPPED: "SKIPPED",
}
_OK, _NEGATIVE, _UNREADABLE = 0, 1, 2


class LogKeyInvalidError(InvalidArgumentError):
    """What was pinned as the market's log key is none."""

    advice = "Give it as the market shows it: a name, eight hexadecimal digits and base64."
    next_command = "clawmarket help verify"


def verify(
    path: str,
    key: str | None,
    as_json: bool,  # noqa: FBT001 - the flag --json
    *,
    quiet: bool = False,
    fields: tuple[str, ...] = (),
) -> int:
    """Check a receipt file and print the verdict.

    Args:
        path: The file.
        key: The market's verifier key, if the caller knows it.
        as_json: Print one JSON document instead of lines for people.
        quiet: Print only the line with OK or FAIL.
        fields: Which fields of the JSON document are wanted; none for all.

    Returns:
        The exit status: 0 when every check holds, 1 when one failed, 2 for a file that cannot
        be read or is no receipt, and for a key that is none.
    """
    try:
        source = _read(path)
        check_pin(key)
        verdict = check_receipt(source, pinned=key, crypto=crypto())
    except (NotAReceiptError, LogKeyInvalidError) as refusal:
        return _refuse(refusal, as_json=as_json)
    if as_json:
        print_json(picked(verdict_document(verdict, path), fields))
    else:
        _print_verdict(verdict, path, quiet=quiet)
    return _OK if verdict.ok else _NEGATIVE


def check_pin(key: str | None) -> None:
    """Raise LogKeyInvalidError for what was given as the log's key and is none; None is fine."""
    try:
        if key is not None:
            parse_vkey(key.strip())
    except CheckpointError:
        raise LogKeyInvalidError(f"This is no log key: {key}.") from None


def _read(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_RECEIPT_BYTES + 1).decode()
    except UnicodeDecodeError:
        raise NotAReceiptError("The file is not text in UTF-8.") from None
    except (OSError, ValueError) as error:
        # ValueError: a path with a zero byte.
        reason = getattr(error, "strerror", None) or "no such path"
        raise NotAReceiptError(f"{path} cannot be read: {reason}.") from None


def crypto() -> Crypto:
    """Return the signature schemes, from compiled code."""
    from clawmarket.adapters.signer.ed25519 import is_signed  # noqa: PLC0415 - loads cryptography
    from clawmarket.adapters.wallets.eip191 import recover  # noqa: PLC0415 - loads coincurve
    from clawmarket.ports.wallets import SignatureInvalidError  # noqa: PLC0415 - for `signer` only

    def signer(digest: bytes, signature: bytes) -> str | None:
        try:
            return recover(digest, f"0x{signature.hex()}")
        except SignatureInvalidError:
            return None

    return Crypto(is_signed, signer)


def _refuse(refusal: Refused, *, as_json: bool) -> int:
    error = f"{refusal.code}: {refusal.what} {refusal.advice}"
    sys.stderr.write(f"error[{refusal.code}]: {_plain(f'{refusal.what} {refusal.advice}')}\n")
    sys.stderr.write(f"next: {as_started(refusal.next_step)}\n")
    if as_json:
        details = {"cause": refusal.cause, "next": refusal.next_step, "retryable": False}
        print_json({"ok": False, "error": error, "details": details, "next": [refusal.next_step]})
    return _UNREADABLE


def _print_verdict(verdict: Verdict, path: str, *, quiet: bool) -> None:
    if not quiet:
        _print_checks(verdict)
    failed = ", ".join(verdict.failed)
    unpinned = any(check.outcome is Outcome.UNPINNED for check in verdict.checks)
    note = ", but the market is not confirmed (no --key)" if unpinned else ""
    _print(f"FAIL: {path} ({failed})" if failed else f"OK: {path}{note}")


def _print_checks(verdict: Verdict) -> None:
    for check in verdict.checks:
        _print_check(check)
    if verdict.not_proven:
        _print("")
        _print("Not proven by this file:")
        for gap in verdict.not_proven:
            _print(f"  - {gap}")
    _print("")


def _print_check(check: Check) -> None:
    _print(f"{_WORDS[check.outcome]:<11} {check.name:<11} {check.sentence}")
    if check.outcome is Outcome.FAILED and (check.expected or check.found):
        _print(f"{'':<23} expected {check.expected}")
        _print(f"{'':<23} found    {check.found}")


def _print(line: str) -> None:
    sys.stdout.write(f"{_plain(line)}\n")


def _plain(text: str) -> str:
    """Keep a hostile file from moving the cursor or adding lines of its own."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
