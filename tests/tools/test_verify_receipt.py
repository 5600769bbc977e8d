"""The verifier without dependencies: its own cryptography, and that it answers like the command."""

import json
import re
import subprocess
import sys
from pathlib import Path
from secrets import token_bytes

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.adapters.wallets.eip191 import ORDER, address_of, sign
from clawmarket.domain.trust.checkpoint import vkey
from clawmarket.entry.cli.verify import crypto, verify
from receipts import NAMES, TOOL, Json, by_package, by_tool, deal, tool

LIMIT = 2**252 + 27742317777372353535851937790883648493
KEYS = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
HASHES = st.binary(min_size=32, max_size=32)


def run_tool(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run the tool as a stranger would: isolated, so that nothing installed can help it."""
    command = [sys.executable, "-I", "-S", str(TOOL), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def receipt(tmp_path: Path) -> Path:
    """Return the file of an honest receipt."""
    path = tmp_path / "receipt.json"
    path.write_text(deal("task", "settled", "signed").text, encoding="utf-8")
    return path


# --- Cryptography, against the compiled libraries ------------------------------------------------


@given(seed=HASHES, message=st.binary(max_size=300))
def test_ed25519_takes_what_was_signed(seed: bytes, message: bytes) -> None:
    """Each signature by a compiled RFC 8032 is good, over its own message only."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert tool.ed25519_verify(public, signature, message)
    assert not tool.ed25519_verify(public, signature, message + b"!")


@given(seed=HASHES, place=st.integers(0, 511))
def test_ed25519_refuses_a_changed_bit(seed: bytes, place: int) -> None:
    """No bit of a signature is free, and the compiled verifier says the same."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    signature = bytearray(key.sign(b"message"))
    signature[place // 8] ^= 1 << place % 8
    assert not tool.ed25519_verify(public, bytes(signature), b"message")
    assert not crypto().verify(public, bytes(signature), b"message")


def test_ed25519_refuses_a_second_form_of_a_signature() -> None:
    """S plus the group's order would verify as well; RFC 8032, section 5.1.7 forbids it."""
    key = Ed25519PrivateKey.generate()
    signature = key.sign(b"message")
    high = int.from_bytes(signature[32:], "little") + LIMIT
    other = signature[:32] + high.to_bytes(32, "little")
    assert not tool.ed25519_verify(key.public_key().public_bytes_raw(), other, b"message")


@given(public=HASHES, signature=st.binary(max_size=70), message=st.binary(max_size=9))
def test_ed25519_answers_whatever_it_is_given(
    public: bytes, signature: bytes, message: bytes
) -> None:
    """Bytes that are no key or no signature are refused, never an error."""
    assert not tool.ed25519_verify(public, signature, message)


@given(message=st.binary(max_size=600))
def test_keccak_hashes_as_ethereum_does(message: bytes) -> None:
    """Every length, also around the block of 136 bytes, gives the compiled library's hash."""
    from Crypto.Hash import keccak  # noqa: PLC0415 - only this test knows the compiled library

    assert tool.keccak256(message) == keccak.new(digest_bits=256, data=message).digest()


@pytest.mark.parametrize("length", [0, 1, 135, 136, 137, 271, 272, 273])
def test_keccak_pads_at_the_edges_of_a_block(length: int) -> None:
    """The padding's two bits fall into one byte, or into a block of their own."""
    from Crypto.Hash import keccak  # noqa: PLC0415 - only this test knows the compiled library

    message = token_bytes(length)
    assert tool.keccak256(message) == keccak.new(digest_bits=256, data=message).digest()


@given(key=KEYS, digest=HASHES)
def test_the_wallet_that_signed_is_recovered(key: bytes, digest: bytes) -> None:
    """The address of a signature is that of its key, with v from 0 as well as from 27."""
    signature = bytes.fromhex(sign(digest, key)[2:])
    bare = signature[:64] + bytes([signature[64] - 27])
    assert tool.recover(digest, signature) == tool.recover(digest, bare) == address_of(key)


@given(numbers=st.binary(min_size=64, max_size=64), digest=HASHES, v=st.sampled_from([27, 28]))
def test_recovery_agrees_with_the_compiled_one(numbers: bytes, digest: bytes, v: int) -> None:
    """Random numbers give the same address, or none, as libsecp256k1 does (low s only)."""
    low = int.from_bytes(numbers[32:], "big") % (ORDER // 2)
    signature = numbers[:32] + low.to_bytes(32, "big") + bytes([v])
    assert tool.recover(digest, signature) == crypto().recover(digest, signature)


@pytest.mark.parametrize("r", [0, ORDER, ORDER + 1, 2**256 - 1])
def test_recovery_refuses_numbers_outside_of_the_group(r: int) -> None:
    """R has to be from 1 to n - 1 (SEC 1, section 4.1.6)."""
    signature = r.to_bytes(32, "big") + (1).to_bytes(32, "big") + b"\x1b"
    assert tool.recover(bytes(32), signature) is None
    assert crypto().recover(bytes(32), signature) is None


# --- The program -------------------------------------------------------------------------------


def test_the_tool_needs_the_standard_library_only(receipt: Path) -> None:
    """Isolated from everything installed it says OK, a line per check, and what is not proven."""
    done = run_tool(str(receipt), "--key", deal("task", "settled", "signed").key)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr, lines[-1]) == (0, "", f"OK: {receipt}")
    assert [line.split()[1] for line in lines[: len(NAMES)]] == list(NAMES)
    assert "Not proven by this file:" in lines


def test_the_tool_names_the_check_that_failed(receipt: Path) -> None:
    """A lie exits 1, with what was expected and found, and the check in the last line."""
    text = receipt.read_text(encoding="utf-8").replace('"fee": "400000"', '"fee": "0"')
    receipt.write_text(text, encoding="utf-8")
    done = run_tool(str(receipt))
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[-1]) == (1, f"FAIL: {receipt} (summary)")
    shown = [line.split() for line in lines if line.startswith(" " * 23)]
    assert shown == [["expected", "400000"], ["found", "0"]]


@pytest.mark.parametrize("key", [None, "right", "another"])
def test_both_programs_answer_alike(
    receipt: Path, capsys: pytest.CaptureFixture[str], key: str | None
) -> None:
    """Exit status, members, every check's name and outcome, and the gaps are the same in JSON."""
    keys = {"right": deal("task", "settled", "signed").key, "another": another_key()}
    pinned = keys.get(key or "")
    done = run_tool(str(receipt), "--json", *(["--key", pinned] if pinned else []))
    assert verify(str(receipt), pinned, as_json=True) == done.returncode == (key == "another")
    ours, theirs = json.loads(capsys.readouterr().out), json.loads(done.stdout)
    assert _form(ours) == _form(theirs)


def _form(verdict: Json) -> Json:
    checks = [[c["name"], c["outcome"], sorted(c)] for c in verdict["checks"]]
    return {**verdict, "checks": checks}


def another_key() -> str:
    """Return the log key of another market."""
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return vkey("clawmarket.local/other", public)


@pytest.mark.parametrize("way", ["task", "offer"])
@pytest.mark.parametrize("end", ["settled", "refunded"])
@pytest.mark.parametrize("signed", ["signed", "attested"])
def test_both_programs_say_the_same_of_money_and_files(way: str, end: str, signed: str) -> None:
    """Credits and hashes stand in the same words, and so does what is not proven."""
    text = deal(way, end, signed).text
    ours, theirs = by_package(text, None), by_tool(text, None)
    for name in ("postings", "delivery"):
        said = [
            next(c["sentence"] for c in verdict["checks"] if c["name"] == name)
            for verdict in (ours, theirs)
        ]
        assert said[0] == said[1]
    assert ours["notProven"] == theirs["notProven"]


def test_the_sentences_name_credits_and_the_files_own_hashes() -> None:
    """A person can hold the sum against the deal and a file against its hash."""
    honest = deal("task", "settled", "signed")
    said = {check["name"]: check["sentence"] for check in by_tool(honest.text, None)["checks"]}
    assert said["postings"] == (
        "The buyer locked 40.00 credits: 39.60 credits to the seller, 0.40 credits fee "
        "(100 bps agreed), 0.00 credits back."
    )
    digest = json.loads(honest.text)["receipt"]["deliveryDigest"]
    begin = f"What was handed over is the list of files whose hash is {digest}; in it "
    assert re.fullmatch(re.escape(begin) + r"\S+ sha256:[0-9a-f]{64}\.", said["delivery"])


def test_an_unknown_asset_has_no_decimals() -> None:
    """Nobody here knows where its point would be."""
    assert tool.credits_of(1_234_567_890, "credits") == "1,234.56789 credits"
    assert tool.credits_of(40, "shells") == "40 of shells"


@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_no_log_key_exits_2(
    receipt: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    """A mistyped key is said to be none; it is no verdict on the receipt."""
    done = run_tool(str(receipt), "--key", "garbage", *(["--json"] if as_json else []))
    assert (verify(str(receipt), "garbage", as_json=as_json), done.returncode) == (2, 2)
    ours = capsys.readouterr()
    for out, err in ((ours.out, ours.err), (done.stdout, done.stderr)):
        assert err.startswith("error[E_INVALID_ARGUMENT]: This is no log key: garbage.")
        answer = json.loads(out) if as_json else None
        assert (answer and answer["details"]["cause"]) == ((as_json and "log_key_invalid") or None)


def test_without_a_key_the_last_line_says_what_is_missing(
    receipt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads that line alone does not take the market for confirmed."""
    assert verify(str(receipt), None, as_json=False) == 0
    for out in (capsys.readouterr().out, run_tool(str(receipt)).stdout):
        last = out.splitlines()[-1]
        assert last == f"OK: {receipt}, but the market is not confirmed (no --key)"


def test_the_tools_next_step_can_be_pasted(tmp_path: Path) -> None:
    """It names the file that was run, wherever that lies."""
    step = run_tool(str(tmp_path / "gone")).stderr.splitlines()[-1]
    assert step == f"next: python3 {TOOL} --help"


def test_a_refused_name_is_said_in_full(tmp_path: Path) -> None:
    """The sentence ends where it should; a long number is cut, and says so."""
    path = tmp_path / "twice.json"
    for text, said in (
        ('"a": 1, "a": 1', "a name that is given twice or is not ASCII is not taken."),
        (f'"a": {"1" * 50}.5', f"{'1' * 40}... is not taken."),
    ):
        path.write_text(f'{{"format": "clawmarket-receipt/1", {text}}}')
        assert f"This is not strict JSON: {said}" in run_tool(str(path)).stdout


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", None], ids=repr)
def test_what_is_no_receipt_exits_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, *, as_json: bool
) -> None:
    """Another file, or none, is an error with a next step, in both programs."""
    path = tmp_path / "other.json"
    if content is not None:
        path.write_bytes(content)
    done = run_tool(str(path), *(["--json"] if as_json else []))
    assert (verify(str(path), None, as_json=as_json), done.returncode) == (2, 2)
    ours = capsys.readouterr()
    for out, err in ((ours.out, ours.err), (done.stdout, done.stderr)):
        assert err.startswith("error[E_INVALID_ARGUMENT]: ")
        assert "\nnext: " in err
        answer = json.loads(out) if as_json else None
        assert (answer and [answer["ok"], answer["details"]["cause"]]) == (
            [False, "not_a_receipt"] if as_json else None
        )


def test_no_control_character_reaches_the_terminal(
    receipt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hostile file can neither move the cursor nor add a line that says OK."""
    text = receipt.read_text(encoding="utf-8")
    receipt.write_text(text.replace('"fee": "400000"', '"fee": "\\u001b[2J\\nOK: x"'), "utf-8")
    assert verify(str(receipt), None, as_json=False) == run_tool(str(receipt)).returncode == 1
    for out in (capsys.readouterr().out, run_tool(str(receipt)).stdout):
        assert "\x1b" not in out
        assert [line for line in out.splitlines() if line.startswith("OK")] == []


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_breaks_the_tool(content: bytes) -> None:
    """Whatever stands behind the claim to be a receipt, the answer is a verdict."""
    text = content.decode("utf-8", "replace")
    claim = '{"format": "clawmarket-receipt/1"'
    for hostile in (text, claim + text, f"{claim}, {text}}}"):
        assert tool.examine(hostile, None, "x")["failed"] == ["format"]
