"""The page's own scripts, run by Node: what they say of a receipt, and single functions of them."""

import atexit
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from clawmarket.entry.web.words.catalog import LANGUAGES
from receipts import VERIFIERS

Json = dict[str, Any]

_TESTS = Path(__file__).parent
_WEB = _TESTS.parent / "src" / "clawmarket" / "entry" / "web"
SCRIPTS = _WEB / "static" / "receipt"


def by_page(text: str, pinned: str | None) -> Json:
    """Check a receipt with the page's verifier, in the form of the other two."""
    verdict = asked({"text": text, "pinned": pinned})
    checks = [
        {
            "name": check["name"],
            "outcome": check["outcome"],
            "sentence": check["said"][0],
            "expected": check["values"].get("expected"),
            "found": check["values"].get("found"),
        }
        for check in verdict["checks"]
    ]
    failed = [check["name"] for check in checks if check["outcome"] == "failed"]
    said = json.loads((_WEB / "words" / "en.json").read_text(encoding="utf-8"))
    gaps = [said[f"receipt.js.gap.{gap}"] for gap in verdict["gaps"]]
    return {
        "ok": not failed,
        "file": "receipt.json",
        "failed": failed,
        "checks": checks,
        "notProven": gaps,
    }


# Whatever a receipt claims, the package, the tool without dependencies and the page agree on it.
each_verifier = pytest.mark.parametrize(
    "verifier", [*VERIFIERS, by_page], ids=["package", "tool", "page"]
)


def called(module: str, name: str, *args: object) -> Any:
    """Call one function of the page's scripts; bytes and large whole numbers are taken, too."""
    return asked({"module": module, "name": name, "args": [_sent(each) for each in args]})["value"]


def _sent(value: object) -> object:
    if isinstance(value, bytes):
        return f"bytes:{value.hex()}"
    return f"{value}n" if type(value) is int else value


def asked(question: Json) -> Json:
    """Ask the scripts; a defect in them fails the test."""
    node = _node()
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(json.dumps(question) + "\n")
    node.stdin.flush()
    answer: Json = json.loads(node.stdout.readline())
    assert not answer.get("defect"), answer["defect"]
    return answer


@cache
def _node() -> "subprocess.Popen[str]":
    path = shutil.which("node")
    if path is None:
        pytest.skip("node is not installed")
    catalogs = [str(_WEB / "words" / f"{lang}.json") for lang in LANGUAGES]
    command = [path, "--no-warnings", str(_TESTS / "judge.mjs"), str(SCRIPTS), *catalogs]
    node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(_end, node)
    return node


def _end(node: "subprocess.Popen[str]") -> None:
    """Let the scripts end by themselves, as their input does."""
    node.communicate()
