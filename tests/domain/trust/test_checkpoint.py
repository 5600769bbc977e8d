"""Checkpoints as signed notes, with Ed25519 keys made for each run."""

from base64 import b64encode
from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import assume, given
from hypothesis import strategies as st

from clawmarket.domain.trust.checkpoint import (
    Checkpoint,
    CheckpointError,
    Note,
    NoteSignature,
    VerifierKey,
    key_id,
    note,
    open_checkpoint,
    parse_body,
    parse_note,
    parse_vkey,
    vkey,
)

NAME = "market.example/log"
SECRET = Ed25519PrivateKey.generate()
PUBLIC = SECRET.public_key().public_bytes_raw()
KEY = VerifierKey(NAME, key_id(NAME, PUBLIC), PUBLIC)
ROOT = sha256(b"root").digest()
HEAD = Checkpoint(NAME, 20_852_163, ROOT)

LINES = st.text(st.characters(min_codepoint=0x20, codec="utf-8"))
NAMES = LINES.map(lambda line: "".join(line.replace("+", "").split())).filter(bool)
CHECKPOINTS = st.builds(
    Checkpoint,
    LINES.filter(bool),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=40),
    st.lists(LINES).map(tuple),
)
SIGNATURES = st.builds(
    NoteSignature, NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1)
)


def ed25519(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether cryptography's Ed25519 takes the signature."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def signed_by_log(body: str) -> NoteSignature:
    """The log's own signature over a text."""
    return NoteSignature(NAME, KEY.key_id, SECRET.sign(body.encode()))


def log_note(body: str) -> str:
    """A note that the log signed."""
    return note(body, [signed_by_log(body)])


def test_a_body_is_origin_size_and_root() -> None:
    """Three lines, each ended by a newline, and the extensions after them."""
    encoded = b64encode(ROOT).decode()
    assert HEAD.body() == f"{NAME}\n20852163\n{encoded}\n"
    longer = Checkpoint(NAME, 0, ROOT, ("one", "two"))
    assert longer.body() == f"{NAME}\n0\n{encoded}\none\ntwo\n"


@given(CHECKPOINTS)
def test_each_body_reads_back(checkpoint: Checkpoint) -> None:
    """Whatever can be written is read as the same checkpoint."""
    assert parse_body(checkpoint.body()) == checkpoint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a checkpoint has at least 3 lines, not 0"),
        ("a\n1\n", "a checkpoint has at least 3 lines, not 2"),
        ("a\n1\nAAAA", "the last line of the checkpoint has no newline"),
        ("\n1\nAAAA\n", "a checkpoint needs an origin"),
        ("a\n01\nAAAA\n", "'01' is not a decimal tree size"),
        ("a\n+1\nAAAA\n", "'+1' is not a decimal tree size"),
        ("a\n1_0\nAAAA\n", "'1_0' is not a decimal tree size"),
        ("a\n\nAAAA\n", "'' is not a decimal tree size"),
        ("a\n\u0661\nAAAA\n", "'\u0661' is not a decimal tree size"),
        (f"a\n{2**64}\nAAAA\n", "size 18446744073709551616 is not between 0 and 2^64 - 1"),
        ("a\n1\nA\n", "the root hash is not base64"),
        ("a\n1\nA-_A\n", "the root hash is not base64"),
        ("a\n1\nAB==\n", "the root hash is not base64 as RFC 4648 writes it"),
        ("a\r\n1\nAAAA\n", "a line must not hold the character U+000D"),
        ("a\n1\nAAAA\nx\x00\n", "a line must not hold the character U+0000"),
        ("a\ud800\n1\nAAAA\n", "a line must not hold the character U+D800"),
    ],
)
def test_a_bad_body_says_what_is_wrong(text: str, message: str) -> None:
    """A size or root has one spelling, and control characters none."""
    with pytest.raises(CheckpointError) as refusal:
        parse_body(text)
    assert str(refusal.value) == message


def test_a_checkpoint_that_could_not_be_read_back_is_refused() -> None:
    """A newline within a line would make another checkpoint of it."""
    with pytest.raises(CheckpointError, match=r"U\+000A"):
        Checkpoint("two\nlines", 1, ROOT)
    with pytest.raises(CheckpointError, match=r"U\+000A"):
        Checkpoint(NAME, 1, ROOT, ("one\ntwo",))
    with pytest.raises(CheckpointError, match="size -1 is not between"):
        Checkpoint(NAME, -1, ROOT)


def test_a_verifier_key_shows_name_id_and_typed_key() -> None:
    """The id is the first four bytes over name, newline, type and key."""
    digest = sha256(NAME.encode() + b"\n\x01" + PUBLIC).digest()
    assert key_id(NAME, PUBLIC) == digest[:4]
    encoded = b64encode(b"\x01" + PUBLIC).decode()
    assert vkey(NAME, PUBLIC) == f"{NAME}+{digest[:4].hex()}+{encoded}"


@given(NAMES, st.binary(min_size=32, max_size=32))
def test_each_verifier_key_reads_back(name: str, public_key: bytes) -> None:
    """Also with a plus in the base64 part."""
    expected = VerifierKey(name, key_id(name, public_key), public_key)
    assert parse_vkey(vkey(name, public_key)) == expected


def test_a_bad_verifier_key_is_refused() -> None:
    """Wrong forms, other key types, other lengths and an id of another key are told apart."""
    good = vkey(NAME, PUBLIC)
    typed = b64encode(b"\x04" + PUBLIC).decode()
    longer = b64encode(b"\x01" + PUBLIC + b"\x00").decode()
    cases = {
        "is written": ["", NAME, f"{NAME}+{KEY.key_id.hex()}", good.replace("+", "-"), f"{good}\n"],
        "base64": [f"{good}="],
        "signature type 04 is not Ed25519": [f"{NAME}+00000000+{typed}"],
        "signature type none": [f"{NAME}+00000000+"],
        "32 bytes, not 33": [f"{NAME}+00000000+{longer}"],
        "whose id is": [good.replace(KEY.key_id.hex(), "00000000"), f"x{good}"],
        "no key name": [good.replace(NAME, ""), good.replace("/", " ", 1)],
    }
    for message, texts in cases.items():
        for text in texts:
            with pytest.raises(CheckpointError, match=message):
                parse_vkey(text)


@given(st.lists(LINES).map("\n".join), st.lists(SIGNATURES, min_size=1, max_size=4))
def test_each_note_reads_back(text: str, signatures: list[NoteSignature]) -> None:
    """Also a text with empty lines, or one that looks like a signature."""
    for body in (f"{text}\n", f"{text}\n\n\n", f"{text}\n\n\u2014 name AAAAAAA=\n"):
        assert parse_note(note(body, signatures)) == Note(body, tuple(signatures))


def test_a_note_ends_in_dashed_lines() -> None:
    """Text, empty line, and for each signer dash, name and base64 of id and signature."""
    encoded = b64encode(b"\x01\x02\x03\x04sig").decode()
    written = note("text\n", [("a.example", b"\x01\x02\x03\x04", b"sig")])
    assert written == f"text\n\n\u2014 a.example {encoded}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\u2014 name AAAAAAA=\n",
        "text\n\n\u2014 name AAAAAAA=",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n\u2014  AAAAAAA=\n",
        "text\n\n\u2014 name\n",
        "text\n\n\u2014 name AAAAAA==\n",
        "text\n\n\u2014 name AAAAAAA=\nmore\n",
        "text\n\n\u2014 na+me AAAAAAA=\n",
        "text\n\n\u2014 na\u2003me AAAAAAA=\n",
        "text\n\n\u2014 name  AAAAAAA=\n",
        "te\txt\n\n\u2014 name AAAAAAA=\n",
        "text\n\n\u2014 na\x7f\x1fme AAAAAAA=\n",
        "text\r\n\r\n\u2014 name AAAAAAA=\r\n",
        "text\n\n" + "\u2014 name AAAAAAA=\n" * 65,
    ],
)
def test_a_bad_note_is_refused(text: str) -> None:
    """A note that is not exactly of the form carries no signatures at all."""
    with pytest.raises(CheckpointError):
        parse_note(text)


def test_a_note_that_could_not_be_read_back_is_not_written() -> None:
    """The writer refuses what its reader would refuse."""
    good = NoteSignature(NAME, KEY.key_id, b"sig")
    for body in ("", "text", "te\0xt\n"):
        with pytest.raises(CheckpointError):
            note(body, [good])
    for bad in (("a b", b"1234", b"s"), (NAME, b"123", b"s"), (NAME, b"1234", b"")):
        with pytest.raises(CheckpointError):
            note("text\n", [bad])
    for count in (0, 65):
        with pytest.raises(CheckpointError, match=f"1 to 64 signatures, not {count}"):
            note("text\n", [good] * count)


def test_the_logs_own_checkpoint_opens() -> None:
    """A good signature by the pinned key gives the checkpoint back."""
    assert open_checkpoint(log_note(HEAD.body()), KEY, ed25519) == HEAD


def test_signatures_of_strangers_are_passed_over() -> None:
    """Same name with another id, same id with another name: neither is the key."""
    body = HEAD.body()
    strangers = [
        NoteSignature(NAME, b"\x00\x00\x00\x00", b"cosigned"),
        NoteSignature("witness.example", KEY.key_id, b"also"),
    ]
    text = note(body, [*strangers, signed_by_log(body)])
    assert open_checkpoint(text, KEY, ed25519) == HEAD
    with pytest.raises(CheckpointError, match=f"carries no signature of {NAME}"):
        open_checkpoint(note(body, strangers), KEY, ed25519)


def test_one_bad_signature_of_the_key_spoils_the_note() -> None:
    """A second signature under the key's name and id has to be good too."""
    body = HEAD.body()
    bad = NoteSignature(NAME, KEY.key_id, SECRET.sign(b"something else"))
    with pytest.raises(CheckpointError, match=f"the signature of {NAME} is wrong"):
        open_checkpoint(note(body, [signed_by_log(body), bad]), KEY, ed25519)


@given(st.data())
def test_a_checkpoint_with_any_bit_flipped_does_not_open(data: st.DataObject) -> None:
    """No byte of text or signature can be changed unnoticed."""
    raw = bytearray(log_note(HEAD.body()).encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        assume(False)
    with pytest.raises(CheckpointError):
        open_checkpoint(text, KEY, ed25519)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (Checkpoint("other.example", 1, ROOT).body(), "signed for another origin: other.example"),
        (Checkpoint(NAME, 1, b"bananas").body(), "the root hash has 7 bytes, not 32"),
        (Checkpoint(NAME, 1, ROOT, ("", "x")).body(), "an extension line must not be empty"),
        ("no checkpoint\n", "a checkpoint has at least 3 lines, not 1"),
    ],
)
def test_a_good_signature_is_not_enough(body: str, message: str) -> None:
    """What the log may not sign is refused even when its key signed it."""
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(log_note(body), KEY, ed25519)
