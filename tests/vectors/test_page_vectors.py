"""The page's cryptography and JSON against published vectors, and against compiled libraries."""

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import siwe
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.adapters.wallets.eip191 import ORDER, address_of, sign
from clawmarket.domain.kernel.canonical import StrictJsonError, canonical_bytes, parse_strict
from clawmarket.domain.kernel.moment import from_iso, iso
from clawmarket.entry.cli.verify import crypto
from page_verdict import asked, called

FOLDER = Path(__file__).parent
PRIME = 2**256 - 2**32 - 977
KEYS = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
HASHES = st.binary(min_size=32, max_size=32)
# The examples of EIP-55, whose capitals are bits of the Keccak-256 of the address in small letters.
CHECKSUMMED = (
    "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
)


def keccak(data: bytes) -> bytes:
    """Hash as the page does."""
    return bytes.fromhex(called("proof/keccak.mjs", "keccak256", data))


@pytest.mark.parametrize("address", CHECKSUMMED)
def test_keccak_gives_the_capitals_of_published_addresses(address: str) -> None:
    """A letter is a capital where the hash has 8 or more (EIP-55)."""
    digits = zip(address.lower(), keccak(address.lower().encode()).hex(), strict=False)
    assert "".join(c.upper() if int(d, 16) > 7 else c for c, d in digits) == address


@given(data=st.binary(max_size=300))
def test_keccak_is_the_compiled_one(data: bytes) -> None:
    """Whatever is hashed, around the edges of a block too."""
    from Crypto.Hash import keccak as compiled  # noqa: PLC0415 - only this test knows it

    assert keccak(data) == compiled.new(digest_bits=256, data=data).digest()


@pytest.mark.parametrize("length", [0, 1, 135, 136, 137, 271, 272])
def test_keccak_pads_at_the_edges_of_a_block(length: int) -> None:
    """The padding's two bits fall into one byte, or into a block of their own."""
    from Crypto.Hash import keccak as compiled  # noqa: PLC0415 - only this test knows it

    data = bytes(range(256)) * 2
    wanted = compiled.new(digest_bits=256, data=data[:length]).digest()
    assert keccak(data[:length]) == wanted


# --- secp256k1 -----------------------------------------------------------------------------------


def _numbers(der: bytes) -> tuple[int, int] | None:
    """Return r and s of a signature in strict DER; None for any other bytes."""
    numbers, rest = [], der[2:]
    if der[:1] != b"\x30" or len(der) > 72 or der[1:2] != bytes([len(rest)]):
        return None
    for _ in range(2):
        if len(rest) < 3 or rest[0] != 2 or not 0 < rest[1] <= len(rest) - 2:
            return None
        numbers.append(rest[2 : 2 + rest[1]])
        rest = rest[2 + rest[1] :]
    strict = all(n[0] < 128 and (len(n) == 1 or n[0] or n[1] > 127) for n in numbers)
    r, s = (int.from_bytes(number) for number in numbers)
    return (r, s) if strict and not rest else None


def _wycheproof() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    path = FOLDER / "wycheproof" / "ecdsa_secp256k1_sha256_test.json"
    groups = json.loads(path.read_bytes())["testGroups"]
    return [(group["publicKey"], case) for group in groups for case in group["tests"]]


def _recovers(key: dict[str, Any], case: dict[str, Any]) -> bool | None:
    """Tell whether the published key is one that its signature leads to; None if unreadable."""
    numbers = _numbers(bytes.fromhex(case["sig"]))
    if numbers is None:
        return None
    hashed = int.from_bytes(sha256(bytes.fromhex(case["msg"])).digest())
    found = [
        called("proof/secp256k1.mjs", "recovered", hashed, *numbers, odd) for odd in (False, True)
    ]
    return [str(int(key["wx"], 16)), str(int(key["wy"], 16))] in found


def test_the_published_signatures_lead_to_their_keys() -> None:
    """Valid ones to theirs, invalid ones never; r above the order is one that wallets never write.

    A point whose x is r + n needs a recovery byte of 2 or 3, which no receipt has.
    """
    told = [(case["result"], _recovers(key, case), case) for key, case in _wycheproof()]
    wrong = [
        case["tcId"]
        for result, found, case in told
        if found is not None and found != (result == "valid") and not _beyond(case)
    ]
    assert (len(told), wrong) == (476, [])
    assert [(result, found) for result, found, _ in told].count(("valid", True)) > 150


def _beyond(case: dict[str, Any]) -> bool:
    numbers = _numbers(bytes.fromhex(case["sig"]))
    return numbers is not None and numbers[0] + ORDER < PRIME


def _signer(message: bytes, signature: bytes) -> str | None:
    found: str | None = called("proof/wallet.mjs", "signerOf", message, signature)
    return found


@pytest.mark.parametrize(
    "case", json.loads((FOLDER / "eip4361" / "verification_positive.json").read_bytes()).values()
)
def test_published_sign_ins_are_by_their_wallets(case: dict[str, Any]) -> None:
    """Signatures that other programs made over sign-in texts (EIP-4361) lead to the address."""
    names = {"chainId": "chain_id", "issuedAt": "issued_at"}
    names |= {"expirationTime": "expiration_time", "notBefore": "not_before"}
    fields = {names.get(k, k): v for k, v in case.items() if k not in {"signature", "time"}}
    message = siwe.SiweMessage(**fields).prepare_message().encode()
    assert _signer(message, bytes.fromhex(case["signature"][2:])) == case["address"].lower()


@given(key=KEYS, digest=HASHES)
def test_the_wallet_that_signed_is_recovered(key: bytes, digest: bytes) -> None:
    """The address of a signature is that of its key, with v from 0 as well as from 27."""
    signature = bytes.fromhex(sign(digest, key)[2:])
    bare = signature[:64] + bytes([signature[64] - 27])
    assert [_signer(digest, signature), _signer(digest, bare)] == [address_of(key)] * 2


@given(numbers=st.binary(min_size=64, max_size=64), digest=HASHES, v=st.sampled_from([27, 28]))
def test_recovery_agrees_with_the_compiled_one(numbers: bytes, digest: bytes, v: int) -> None:
    """Random numbers give the same address, or none, as libsecp256k1 does (low s only)."""
    low = int.from_bytes(numbers[32:], "big") % (ORDER // 2)
    signature = numbers[:32] + low.to_bytes(32, "big") + bytes([v])
    assert _signer(digest, signature) == crypto().recover(digest, signature)


@pytest.mark.parametrize("r", [0, ORDER, ORDER + 1, PRIME + 1, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, ORDER])
def test_recovery_refuses_numbers_outside_of_the_group(r: int, s: int) -> None:
    """R and s have to be from 1 to n - 1 (SEC 1, section 4.1.6)."""
    assert called("proof/secp256k1.mjs", "recovered", 1, r, s, False) is None


# --- Trees, notes, JSON, moments ----------------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "merkle" / "inclusion").rglob("*.json")), ids=lambda path: path.stem
)
def test_inclusion_is_judged_as_published(path: Path) -> None:
    """Every published case of RFC 6962 proofs."""
    case = json.loads(path.read_bytes())
    proof = [b64decode(text).hex() for text in case["proof"] or []]
    leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
    where = (case["leafIdx"], case["treeSize"], proof, root)
    good = all(len(each) == 64 for each in proof) and len(leaf) == 32
    assert (good and called("proof/merkle.mjs", "isIncluded", leaf, *where)) != case["wantErr"]


@pytest.mark.parametrize("name", ["signedNote", "checkpoint"])
def test_the_specifications_notes_are_read(name: str) -> None:
    """The notes that the specifications print have the form that the page takes."""
    example = json.loads((FOLDER / "tlog" / "signed_note_examples.json").read_bytes())[name]
    if "vkey" in example:
        key = called("proof/checkpoint.mjs", "parseKey", example["vkey"])
        assert (key["name"], key["id"]) == (example["name"], example["keyId"])
    else:
        head = called("proof/checkpoint.mjs", "readHead", example["note"])
        assert (head["origin"], head["size"]) == (example["origin"], str(example["size"]))
        assert head["root"] == b64decode(example["root"]).hex()


def _written(text: str) -> bytes | None:
    """Write JSON as the page does; None for what it does not read, or a record may not hold."""
    answer = asked({"json": text})
    return None if answer.get("refused") else str(answer["value"]).encode()


@pytest.mark.parametrize("name", ["arrays", "unicode", "french", "structures", "values", "weird"])
def test_canonical_json_is_as_published(name: str) -> None:
    """To the byte within the subset that records hold, and refused beyond it (RFC 8785)."""
    text = (FOLDER / "jcs" / "input" / f"{name}.json").read_text(encoding="utf-8")
    output = bytes.fromhex((FOLDER / "jcs" / "outhex" / f"{name}.txt").read_text(encoding="ascii"))
    assert _written(text) == (output if name in ("arrays", "unicode") else None)


HOSTILE = st.sampled_from(
    [
        *("-0", "1.0", "1e3", "01", "+1", "NaN", "-Infinity", "9007199254740992", '"\\ud800"'),
        *(
            '"\\ud83d\\ude00"',
            '"\\u00e9"',
            '"\x01"',
            '"\\x"',
            '{"a":1,"a":1}',
            "[1,]",
            "{,}",
            "tru",
        ),
        *('{"__proto__":1}', '{"1":1,"0":2}', "[" * 32 + "]" * 32, "[" * 33 + "]" * 33, "\ufeff1"),
        *(
            '"\\/\\b\\f"',
            "\u00a01",
            "[1 2]",
            '{"a" 1}',
            "1 1",
            "",
            "null",
            '"\u2028"',
            '{"\u00e9":1}',
        ),
    ]
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
).map(json.dumps)


@given(text=HOSTILE | PLAIN | st.text(max_size=8) | st.lists(HOSTILE, max_size=3).map("".join))
def test_strict_json_is_read_and_written_as_the_market_does(text: str) -> None:
    """The same texts are refused, and the others give the same bytes."""
    try:
        wanted = canonical_bytes(parse_strict(text.encode()))
    except (StrictJsonError, ValueError):
        wanted = None
    assert _written(text) == wanted


ZONES = st.sampled_from(
    ["Z", "", "+00:00", "-0530", "+14", "+05:30:15", "+24:00", "z", "+1", "Z1", "-00:00:00.5"]
)
DAYS = st.dates().map(str) | st.sampled_from(
    [
        *(
            "2026-W05-6",
            "2026W056",
            "2026W05",
            "2026-W53-1",
            "2020-W53-7",
            "2021-W53-1",
            "20260131",
        ),
        *("2026-02-29", "2024-02-29", "0000-01-01", "2026-1-1", "2026-W00-1", "2026-W05-8", "2026"),
        *("2026-0131", "202601-31", "2026-W056", "0001-W01-1", "9999-12-31", "\u0662026-01-01"),
    ]
)
TIMES = st.times().map(str) | st.sampled_from(
    [
        "12",
        "12:30",
        "1230",
        "123015",
        "12:3015",
        "24:00",
        "12:00:60",
        "12:00:00,5",
        "12:00:00.1234567",
    ]
)


@given(day=DAYS, mark=st.sampled_from(["T", " ", "", "\U0001f600", "-"]), time=TIMES, zone=ZONES)
def test_a_moment_is_read_as_the_market_reads_it(day: str, mark: str, time: str, zone: str) -> None:
    """Every form of ISO 8601 that one of them takes, the other takes for the same moment."""
    text = f"{day}{mark}{time}{zone}"
    try:
        wanted = from_iso(text)
    except (ValueError, OverflowError):
        wanted = None
    assert called("text/moment.mjs", "momentOf", text) == wanted


@given(moment=st.integers(-62_135_596_800_000, 253_402_300_799_999).filter(lambda m: m > -3e13))
def test_a_moment_is_written_as_the_market_writes_it(moment: int) -> None:
    """From the year 1000 to the end of calendars."""
    assert called("text/moment.mjs", "iso", float(moment)) == iso(moment)
