"""What every checker of wallet signatures promises; keys are made anew in each test."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clawmarket.adapters.entropy.memory import SeededEntropy
from clawmarket.adapters.wallets.eip191 import ORDER
from clawmarket.adapters.wallets.evm import EvmWallets
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.ports.wallets import SignatureInvalidError, SignIn, SignInRefusedError, Wallets

NOW = 1_750_000_000_000
WALLETS: Wallets = EvmWallets()
SEEDS = st.integers(0, 2**32)
DIGESTS = st.binary(min_size=32, max_size=32)


def a_wallet(seed: int = 1) -> Wallet:
    """Make a wallet."""
    return Wallet.create(SeededEntropy(seed))


def a_sign_in(wallet: Wallet) -> SignIn:
    """Make what a challenge fixes."""
    return SignIn(
        domain="market.example:8443",
        address=wallet.address,
        statement="Sign in. This moves no money.",
        uri="https://market.example:8443/",
        chain_id=8453,
        nonce="abcdefgh12345678",
        issued_at=NOW,
        expires_at=NOW + 300_000,
    )


def flipped(raw: bytes, at: int, mask: int) -> bytes:
    """Change one byte."""
    return raw[:at] + bytes([raw[at] ^ mask]) + raw[at + 1 :]


def answer(digest: bytes, signature: str) -> str | None:
    """Return who signed, None when nobody can have."""
    try:
        return WALLETS.signer(digest, signature)
    except SignatureInvalidError:
        return None


@given(seed=SEEDS, digest=DIGESTS)
def test_who_signs_a_digest_is_found(seed: int, digest: bytes) -> None:
    """With both spellings of v, in both cases of hex digits."""
    wallet = a_wallet(seed)
    signature = wallet.sign_digest(digest)
    small_v = f"{signature[:-2]}{int(signature[-2:], 16) - 27:02x}"
    upper = f"0x{signature[2:].upper()}"
    found = [WALLETS.signer(digest, each) for each in (signature, small_v, upper)]
    assert found == [wallet.address] * 3


@given(digest=DIGESTS, at=st.integers(0, 31), mask=st.integers(1, 255))
def test_another_digest_is_not_signed(digest: bytes, at: int, mask: int) -> None:
    """One changed byte, and it is somebody else's signature or nobody's."""
    wallet = a_wallet()
    signature = wallet.sign_digest(digest)
    assert answer(flipped(digest, at, mask), signature) != wallet.address


@given(digest=DIGESTS, at=st.integers(0, 64), mask=st.integers(1, 255))
def test_another_signature_is_not_the_wallets(digest: bytes, at: int, mask: int) -> None:
    """One changed byte, and it is somebody else's or nobody's; 0 is only another word for 27."""
    wallet = a_wallet()
    raw = bytes.fromhex(wallet.sign_digest(digest)[2:])
    bad = flipped(raw, at, mask)
    assume(bad[64] + 27 != raw[64])
    assert answer(digest, f"0x{bad.hex()}") != wallet.address


@given(digest=DIGESTS)
def test_the_malleable_twin_is_refused(digest: bytes) -> None:
    """EIP-2: the same r with n - s and the other v names the same key, but nobody signed it."""
    raw = bytes.fromhex(a_wallet().sign_digest(digest)[2:])
    high = ORDER - int.from_bytes(raw[32:64])
    twin = f"0x{raw[:32].hex()}{high:064x}{55 - raw[64]:02x}"
    with pytest.raises(SignatureInvalidError, match="EIP-2"):
        WALLETS.signer(digest, twin)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "0x",
        "0x" + "00" * 65,
        "0x" + "ff" * 65,
        "0x" + "00" * 32 + f"{1:064x}1b",
        f"0x{1:064x}" + "00" * 32 + "1b",
        f"0x{5:064x}{1:064x}1b",
        f"0x{ORDER:064x}{1:064x}1b",
        f"0x{1:064x}{1:064x}02",
        f"0x{1:064x}{1:064x}1d",
        f"0x{1:064x}{1:064x}25",
        f"0x{1:064x}{1:064x}",
        f"0x{1:064x}{1:064x}1b1b",
        f"{1:064x}{1:064x}1b",
        f"0X{1:064x}{1:064x}1b",
        f"0x{1:064x}{1:064x}1b\n",
        f"0x{1:064x} {1:062x} 1b",
        "0x" + "zz" * 65,
        "0x" + "٣" * 130,
    ],
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    """Length, prefix, digits, r, s and v are all checked; x = 5 is on no point of the curve."""
    with pytest.raises(SignatureInvalidError):
        WALLETS.signer(bytes(32), signature)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_digest_has_32_bytes(length: int) -> None:
    """Whatever the wallet signed."""
    digest = bytes(length)
    with pytest.raises(SignatureInvalidError, match="32 bytes"):
        WALLETS.signer(digest, a_wallet().sign_digest(digest))


def test_a_challenge_is_the_message_of_eip_4361() -> None:
    """To the byte, with the address of EIP-55's first example."""
    wallet_address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    sign_in = replace(a_sign_in(a_wallet()), address=wallet_address.lower())
    assert WALLETS.challenge(sign_in) == (
        "market.example:8443 wants you to sign in with your Ethereum account:\n"
        f"{wallet_address}\n"
        "\n"
        "Sign in. This moves no money.\n"
        "\n"
        "URI: https://market.example:8443/\n"
        "Version: 1\n"
        "Chain ID: 8453\n"
        "Nonce: abcdefgh12345678\n"
        "Issued At: 2025-06-15T15:06:40.000Z\n"
        "Expiration Time: 2025-06-15T15:11:40.000Z"
    )


@given(
    seed=SEEDS,
    chain_id=st.integers(0, 2**63),
    nonce=st.from_regex(r"[a-zA-Z0-9]{8,40}", fullmatch=True),
    statement=st.from_regex(r"[a-zA-Z0-9 .,:/?!]{0,60}", fullmatch=True),
    moments=st.tuples(st.integers(0, 4 * 10**12), st.none() | st.integers(0, 4 * 10**12)),
)
def test_a_challenge_is_read_back(
    seed: int, chain_id: int, nonce: str, statement: str, moments: tuple[int, int | None]
) -> None:
    """Whatever its fields."""
    sign_in = replace(
        a_sign_in(a_wallet(seed)),
        chain_id=chain_id,
        nonce=nonce,
        statement=statement,
        issued_at=moments[0],
        expires_at=moments[1],
    )
    assert WALLETS.read_sign_in(WALLETS.challenge(sign_in)) == sign_in


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "0x12"),
        ("domain", "market.example/path"),
        ("statement", "two\nlines"),
        ("uri", "not a uri"),
        ("chain_id", -1),
        ("nonce", "short"),
        ("issued_at", 10**18),
    ],
)
def test_a_field_that_no_message_has_is_refused(field: str, value: str | int) -> None:
    """Before anybody is asked to sign it."""
    wrong: dict[str, str | int] = {field: value}
    with pytest.raises(SignInRefusedError):
        WALLETS.challenge(replace(a_sign_in(a_wallet()), **wrong))  # type: ignore[arg-type]  # on purpose


def test_the_wallet_that_a_message_names_signs_in() -> None:
    """From its first moment up to the one before it expires."""
    wallet = a_wallet()
    message = WALLETS.challenge(a_sign_in(wallet))
    signature = wallet.sign_message(message)
    for now in (NOW, NOW + 299_999):
        assert WALLETS.check_sign_in(message, signature, now) == wallet.address
    with pytest.raises(SignInRefusedError, match=r"expired at 2025-06-15T15:11:40\.000Z"):
        WALLETS.check_sign_in(message, signature, NOW + 300_000)


def test_another_wallet_does_not_sign_in() -> None:
    """Nor does the right one with a signature over another message."""
    wallet, thief = a_wallet(1), a_wallet(2)
    message = WALLETS.challenge(a_sign_in(wallet))
    for signature in (thief.sign_message(message), wallet.sign_message(f"{message} ")):
        with pytest.raises(SignInRefusedError, match="Another wallet"):
            WALLETS.check_sign_in(message, signature, NOW)


@pytest.mark.parametrize("signature", ["0x", "0x" + "ab" * 64, "0x" + "6492" * 100])
def test_contract_wallets_are_told_why_not(signature: str) -> None:
    """Their signatures have other lengths, and there is no chain to ask."""
    message = WALLETS.challenge(a_sign_in(a_wallet()))
    with pytest.raises(SignInRefusedError, match=r"EIP-1271, EIP-6492.*no chain"):
        WALLETS.check_sign_in(message, signature, NOW)


@pytest.mark.parametrize("tail", ["1d", "zz"])
def test_what_is_no_signature_does_not_sign_in(tail: str) -> None:
    """It is refused as a sign-in, not as a statement."""
    message = WALLETS.challenge(a_sign_in(a_wallet()))
    with pytest.raises(SignInRefusedError):
        WALLETS.check_sign_in(message, f"0x{1:064x}{1:064x}{tail}", NOW)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Chain ID: 8453", "Chain ID: 08453"),
        ("Version: 1", "Version: 2"),
        ("0x", "0X"),
        ("2025-06-15T15:06", "2025-02-30T15:06"),
        ("T15:06:40.000Z", "T15:06:60.000Z"),
        ("T15:06:40.000Z", "T15:06:40.000+99:00"),
        ("moves no money", "bewegt kein Geld für dich"),
        ("moves no money", "moves \ud800 money"),
        ("moves no money", "moves no money" * 20),
        ("Expiration Time: ", "Resources:\n" + "- https://x.example\n" * 50),
        ("\n", "\r\n"),
        ("Nonce:", "nonce:"),
    ],
)
def test_other_spellings_are_refused(old: str, new: str) -> None:
    """One sign-in has one text, in ASCII and not too long; whoever signed it."""
    wallet = a_wallet()
    message = WALLETS.challenge(a_sign_in(wallet)).replace(old, new, 1)
    with pytest.raises(SignInRefusedError):
        WALLETS.read_sign_in(message)
    with pytest.raises(SignInRefusedError):
        WALLETS.check_sign_in(message, "0x" + "00" * 65, NOW)


@given(data=st.data())
def test_no_text_brings_the_reader_down(data: st.DataObject) -> None:
    """A cut, changed or doubled piece of a message is read or refused, nothing else."""
    message = WALLETS.challenge(a_sign_in(a_wallet()))
    start = data.draw(st.integers(0, len(message)))
    stop = data.draw(st.integers(start, len(message)))
    piece = data.draw(st.sampled_from(["", message[start:stop] * 2]) | st.text(max_size=20))
    changed = message[:start] + piece + message[stop:]
    try:
        sign_in = WALLETS.read_sign_in(changed)
    except SignInRefusedError:
        return
    assert WALLETS.challenge(sign_in).splitlines()[:2] == changed.splitlines()[:2]
