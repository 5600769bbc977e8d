"""One redactor: what the originals leaked is hidden, what they destroyed is kept."""

import base64
import enum
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.trust.redaction import redact, redact_but, redact_text

HIDDEN = "[REDACTED]"


def noise(length: int) -> str:
    """Make the same meaningless hex in every run, so that no file holds a credential."""
    return hashlib.shake_256(b"clawmarket").hexdigest(length)[:length]


HASH = "0x" + noise(64)
ADDRESS = "0x" + noise(40)
CID = "bafybei" + "a7" * 26
ULID = "01hzxc5v7n8m9q0w1e2r3t4y5u"
WORDS = " ".join(["river", "stone", "cloud", "tiger", "maple", "ocean"] * 4)
TWELVE = " ".join(WORDS.split()[:12])
JWT = ".".join(["ey" + "JhbGciOiJub25lIn0", noise(30), noise(20)])
PEM = "-----BEGIN {0}PRIVATE KEY-----\n" + noise(64) + "\n-----END {0}PRIVATE KEY-----"

SPELLINGS = """
    access_token accessToken Authorization private-key privateKey private_key mnemonic seedPhrase
    seed_phrase cookie set-cookie Set-Cookie apiKey api_key API-KEY x-api-key password passphrase
    secret signingSecret encryptionKey pinataJwt filecoinToken clientSecret refreshToken bearer
    credential credentials endpoint providerEndpoint rpcUrl downloadUrl dbPath storePath rootDir
    webhookUrl DATABASE_URL accessTokenHash accessRef encryptedPrivateKey
"""
SECRET_KEYS = SPELLINGS.split()

LEAKS = {
    "session": ("cms_" + noise(24), "[TOKEN]"),
    "api key": (f"key cmk_{noise(16)}, revoked", "key [TOKEN], revoked"),
    "operator": (f"(cmo_{noise(30)})", "([TOKEN])"),
    "lease": (f"lease tok_{noise(20)}", "lease [TOKEN]"),
    "glued to an escape": (f"line\\ncms_{noise(24)}", "line\\n[TOKEN]"),
    "bearer in parts": ("Bearer abc.def ghi", "Bearer [REDACTED]"),
    "bearer in a line": ("sent bearer abc\nthen ok", "sent bearer [REDACTED]\nthen ok"),
    "basic": (
        "Basic " + base64.b64encode(b"user:pass").decode(),
        "Basic [REDACTED]",
    ),
    "digest header": ('Authorization: Digest a="b", c="d"\nok', "Authorization: [REDACTED]\nok"),
    "cookies": ("Set-Cookie: a=b; c=d", "Set-Cookie: [REDACTED]"),
    "sk": (f"sk-live-{noise(24)}", "[TOKEN]"),
    "ghp": (f"ghp_{noise(36)}", "[TOKEN]"),
    "xox": (f"xoxb-{noise(24)}", "[TOKEN]"),
    "whsec": (f"whsec_{noise(24)}", "[TOKEN]"),
    "aws": ("AKIA" + noise(16).upper(), "[TOKEN]"),
    "jwt": (f"jws {JWT}!", "jws [TOKEN]!"),
    "pair": ("token=abc&x=1", "token=[REDACTED]&x=1"),
    "pair with colon": ("password: x", "password: [REDACTED]"),
    "camel pair": ("pinataJwt = abc", "pinataJwt = [REDACTED]"),
    "json": ('{"apiKey": "a b\\"c", "n": 1}', '{"apiKey": "[REDACTED]", "n": 1}'),
    "json in json": ('{\\"secret\\":\\"a b\\"}', '{\\"secret\\":\\"[REDACTED]\\"}'),
    "repr": ("{'private_key': 'x'}", "{'private_key': '[REDACTED]'}"),
    "url encoded": ("access_token%3Dabc", "access_token%3D[REDACTED]"),
    "endpoint": ("endpoint: provider.example", "endpoint: [REDACTED]"),
    "userinfo": ("https://me:word@example.com/x", "[URL]"),
    "port": ("see https://example.com:8443/x now", "see [URL] now"),
    "private host": ("http://10.0.0.5/x", "[URL]"),
    "short ip": ("http://127.1/x", "[URL]"),
    "loopback": ("http://localhost/x", "[URL]"),
    "internal": ("https://db.internal, https://a.local.", "[URL] [URL]"),
    "websocket": ("wss://relay.example.com/x", "[URL]"),
    "database": ("postgres://u@h/db", "[URL]"),
    "query": ("https://example.com/?api_key=abc", "[URL]"),
    "presigned": (f"https://example.com/f?X-Amz-Signature={noise(8)}", "[URL]"),
    "key in route": (f"https://rpc.example.com/v3/{noise(32)}", "[URL]"),
    "token in route": (f"https://example.com/a/cms_{noise(20)}", "[URL]"),
    "nested": ("https://example.com/?u=http://10.0.0.1/", "[URL]"),
    "ip and port": ("at 10.0.0.5:8080 now", "at [ENDPOINT] now"),
    "ipv6 and port": ("[::1]:8080", "[ENDPOINT]"),
    "localhost and port": ("localhost:18789", "[ENDPOINT]"),
    "root": ("/root/x", "[PATH]"),
    "full stop": ("no /root/x.d. No ~/x. No C:\\x.", "no [PATH]. No [PATH]. No [PATH]."),
    "var": ("open:/var/lib/x.db: denied", "open:[PATH]: denied"),
    "home": ("~/.openclaw/key and ~/x", "[PATH] and [PATH]"),
    "space in user": ("/Users/Ann Lee/Library/x failed", "[PATH] failed"),
    "windows": ("C:\\Users\\Ann Lee\\x.txt failed", "[PATH] failed"),
    "windows slashes": ("(D:/data/x)", "([PATH])"),
    "share": ("\\\\server\\share\\x", "[PATH]"),
    "file url": ("file:///etc/passwd", "[PATH]"),
    "near a route": ("/docsecret/x /filesystem/x", "[PATH] [PATH]"),
    "pem": (PEM.format("EC ") + " end", "[KEY] end"),
    "cut pem": (PEM.format("")[:40], "[KEY]"),
    "mnemonic 12": (TWELVE, "[WORDS]"),
    "mnemonic 24": (f"\n{WORDS}\n", "\n[WORDS]\n"),
    "mnemonic pair": (f"mnemonic: {TWELVE}", "mnemonic: [REDACTED]"),
    "mnemonic in prose": (f"your seed phrase is {TWELVE}.", "your seed phrase is [WORDS]."),
    "private key": (f"key {noise(64)}.", "key [HEX]."),
    "private key 0x": (HASH.upper().replace("0X", "0x"), "[HEX]"),
    "key pair": (noise(128), "[HEX]"),
}

KEPT = [
    *("", "order not found", "token", "the basic plan costs 5", "Bearer tokens are needed"),
    *("token: 1200", '{"byUnit": {"token": "1200"}}', '"token": {"used": 3}', "tokens=5"),
    *(f"order_{ULID}", f"agent_{ULID} pays {ADDRESS}", noise(40), f"sha256:{noise(64)}", CID),
    *("https://example.com/a/b?q=1#c", "(see http://example.com/x).", f"ipfs://{CID}/a/b"),
    *(f"https://scan.example.com/tx/{HASH}", "https://web.example.org/2020/https://example.com/a"),
    *("/rpc/web3.market.getTask", "POST /rpc/market.order.get failed", "/log/checkpoint"),
    *("/v1/tasks/7", "/docs/guide/start", "/files/a/b", "/docs", "/bind_wallet", "/data"),
    *("src/market/order.py", "and/or/both", "text/html", "12/10/2025 11:20:33", "a-b_c~d"),
    *("2026-11-21T04:18:54Z", "E_CONFLICT: the order is paid", "$.params.budget", "Token::parse"),
    *("web3.market.lease.issue", f"eip155:8453/erc20:{ADDRESS}", "did:web:example.com"),
    "the seller did not deliver before the deadline so the money went back to the buyer",
]


class Word(enum.StrEnum):
    """A str that carries its class through."""

    OPEN = "task_open"


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_a_secret_key_hides_its_whole_value(key: str) -> None:
    """However it is spelled, and whatever type the value has."""
    values: list[object] = ["x", 5, ["x"], {"a": "x"}, Secret("x")]
    assert [redact({key: value}) for value in values] == [{key: HIDDEN}] * len(values)


@pytest.mark.parametrize("key", ["password", "hasToken", "endpoint"])
def test_absence_is_no_secret(key: str) -> None:
    """None and booleans tell only whether something is there."""
    assert [redact({key: value}) for value in (None, True, False)] == [
        {key: None},
        {key: True},
        {key: False},
    ]


def test_the_unit_token_is_data() -> None:
    """A ledger summary keeps its main unit; the text of a token does not stay."""
    summary = {"byUnit": {"token": {"quantity": "1200", "cost": 7}, "call": 2}}
    assert redact(summary) == summary
    assert redact([{"token": 5}, {"token": "1200"}]) == [{"token": 5}, {"token": "1200"}]
    assert redact([{"token": "abc"}, {"token": ["abc"]}]) == [{"token": HIDDEN}] * 2
    assert redact({"accessToken": 5}) == {"accessToken": HIDDEN}


@pytest.mark.parametrize(
    "key", ["txHash", "fileHash", "orderHash", "payloadHash", "digest", "root", "publicKey", "tx"]
)
def test_typed_keys_keep_their_evidence(key: str) -> None:
    """A hash under its typed key stays, alone and in a list; anything else there does not."""
    for evidence in (HASH, noise(64), f"sha256:{noise(64)}", [HASH, HASH], CID, ADDRESS):
        assert redact({key: evidence}) == {key: evidence}
    assert redact({key: "/root/x"}) == {key: "[PATH]"}
    assert redact({key: f"cms_{noise(20)}"}) == {key: "[TOKEN]"}
    assert redact({"note": [HASH]}) == {"note": ["[HEX]"]}


def test_addresses_and_cids_stay() -> None:
    """Token addresses, payees and content ids are public, under any of their keys."""
    public = {"tokenAddress": ADDRESS, "rewardToken": ADDRESS, "token": ADDRESS, "cid": CID}
    assert redact(public) == public


def test_binary_data_stays_whole() -> None:
    """Base64 under a key that says so is not searched for paths."""
    data = base64.b64encode(bytes([255, 216, 255, 224]) + b"/data/" * 9).decode()
    assert redact({"bytesBase64": data}) == {"bytesBase64": data}
    assert redact({"bytesBase64": "/root/x y"}) == {"bytesBase64": "[PATH] y"}


@pytest.mark.parametrize("name", LEAKS)
def test_secrets_in_text_are_replaced(name: str) -> None:
    """The secret goes, the words around it stay, also inside a longer text."""
    text, shown = LEAKS[name]
    assert redact_text(text) == shown
    padding = "so it went on and on, quite unlike the day before.\n"
    assert redact_text(padding + text) == padding + shown


@pytest.mark.parametrize("text", KEPT)
def test_harmless_text_is_kept(text: str) -> None:
    """Ids, addresses, digests, public pages, routes and prose come through unchanged."""
    assert redact_text(text) == text


def test_values_keep_their_shape() -> None:
    """Dicts, lists, tuples and scalars come back as they are, in new containers."""
    value = {"a": [1, 2.5, None, True, ("x", Word.OPEN)], 7: "y"}
    copy = redact(value)
    assert (copy, copy is value) == (value, False)


def test_unknown_types_and_depths_are_hidden() -> None:
    """What can't be searched is not shown: a Secret, bytes, an object, a bottomless list."""
    assert redact([Secret("x"), b"x", {1}, object()]) == [HIDDEN] * 4
    loop: list[object] = []
    loop.append(loop)
    assert json.dumps(redact(loop)) == "[" * 64 + f'"{HIDDEN}"' + "]" * 64


def test_keys_are_searched_too() -> None:
    """A secret used as a key goes, and two of them don't fall together."""
    value = {"/root/a": 1, "/root/b": 2, f"apiKey of cms_{noise(20)} token": "x"}
    assert redact(value) == {"[PATH]": 1, "[PATH] (2)": 2, "apiKey of [TOKEN] token": HIDDEN}


PIECES = st.sampled_from(
    [shape[0] for shape in LEAKS.values()]
    + [shape[1] for shape in LEAKS.values()]
    + [*KEPT, *SECRET_KEYS, "=", ": ", '"', "'", "\\", "/", "/a/b", "[", "]", "://", "~", "\n", ","]
)
TEXTS = st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=40)
KEYS = st.sampled_from([*SECRET_KEYS, "token", "txHash", "note", "bytesBase64"]) | TEXTS
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers() | TEXTS.map(Secret),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_a_second_pass_changes_nothing(value: object) -> None:
    """The redactor is idempotent on values of every shape."""
    once = redact(value)
    assert redact(once) == once


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_a_token_never_survives_between_other_words(before: str, after: str) -> None:
    """Whatever stands around it, a session token is not in the result."""
    token = f"cms_{noise(32)}"
    assert token not in redact_text(f"{before} {token} {after}")


ALMOST = r"""
    a a- a. / /a /a/ ~/ ~a \ C:\ C:\a https:// https://a.bc/ x:// ?a= token token= token:" token:'
    authorization authorization: Bearer eyJ eyJabcdef. cms_ -----BEGIN 0x 0 1. 1.1.1.1: [: [:::]
    localhost: mnemonic: seed passphrase %3d = : " [PATH] é A
"""
HOSTILE = [*ALMOST.split(), "aaa bbb", "seed a", "/Users/a b", "C:\\a b"]


@pytest.mark.parametrize("end", ["", " ", "\n", "  \t"], ids=["glued", "space", "line", "gap"])
@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_is_answered(unit: str, end: str) -> None:
    """A hundred kilobytes of almost-secrets come back, and come back the same the second time."""
    text = (unit + end) * (100_000 // len(unit + end))
    once = redact_text(text)
    assert redact_text(once) == once


@pytest.mark.parametrize(
    ("text", "own", "shown"),
    [
        ("no /root/x. Make", ["/root/x"], "no /root/x. Make"),
        ("'/root/x' and /root/y", ["/root/x"], "'/root/x' and [PATH]"),
        ("at http://127.0.0.1:1.", ["http://127.0.0.1:1"], "at http://127.0.0.1:1."),
        ("/root/x/key", ["/root/x"], "[PATH]"),
        ("/a/root/x", ["/root/x"], "[PATH]"),
        ("password /root/x: secret=abc", ["/root/x"], "password /root/x: secret=[REDACTED]"),
        ("secret=abc", ["abc"], "secret=[REDACTED]"),
    ],
)
def test_ones_own_path_is_shown(text: str, own: list[str], shown: str) -> None:
    """Only where it stands for itself, and nothing beside it."""
    assert redact_but(text, own) == shown
