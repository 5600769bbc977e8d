"""The one redactor: what leaves through logs, errors, status and tool text passes here.

Two rules with one vocabulary. A secret-looking name hides its whole value, in a dict and in text
alike. Elsewhere the shape of a text decides: tokens, credentials, endpoints, paths, keys and
mnemonics go; ids, addresses, typed hashes, public URLs and API routes stay, since they are the
evidence that somebody wants to check.
"""

import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

__all__ = ["redact", "redact_but", "redact_text", "secrets_in"]

_HIDDEN = "[REDACTED]"
_MAX_NESTING = 64
_MAX_NESTED_URLS = 2
_MAX_ROUNDS = 8
_LONGEST_NAME = 64
# The first of the characters that Unicode gives no meaning.
_PRIVATE_USE = 0xE000
# Below this length neither a mnemonic (12 words) nor a key in hex fits.
_SHORT = 47
_SUSPECT = re.compile(
    r"[/\\:=~%]|(?<![A-Za-z0-9])(?:cm[kos]_|tok_|[rs]k[-_]|whsec_|xox|xapp-|gh[oprsu]_|github_pat_"
    r"|glpat-|npm_|hf_|A[KS]IA|AIza|eyJ|-----B|[Bb](?i:earer|asic))"
)

# --- The vocabulary: a name that ends so hides its value (in text, parts may be apart). -----------

_HIDING_NAME = (
    r"(?:token|(?:secret|pass[ _-]?(?:word|wd|phrase|code)|pwd|jwt|cookie|authorization|bearer"
    r"|credential|mnemonic|(?:seed|recovery|secret)[ _-]?phrase|endpoint|dsn|access[ _-]?ref"
    r"|(?:api|private|secret|signing|encryption|access|master)[ _-]?key"
    r"|(?:rpc|download|upload|webhook|database)[ _-]?url|connection[ _-]?string"
    r"|(?:db|store|file)[ _-]?path|(?:root|state|data|home)[ _-]?dir)s?)"
    r"(?:[ _-]?(?:hash|hex|pem|header|base64|\d{1,3}))?"
)
_NAME_NEEDLES = (
    *("token", "secret", "pass", "pwd", "jwt", "cookie", "auth", "bearer", "credential"),
    *("mnemonic", "phrase", "endpoint", "dsn", "access", "key", "url", "connection", "path", "dir"),
)
_HIDING_KEY = re.compile(_HIDING_NAME + r"\Z")
_TYPED_KEY = re.compile(
    r"(?:hash|digest|cid|root|tx|txid|address|checksum|sha256|commit|fingerprint|publickey|leaf"
    r"|signature)(?:e?s)?\Z|(?:proof|leaves|auditpath)\Z"
)
_HEX_VALUE = re.compile(r"(?:0x)?[0-9a-fA-F]+")
_BASE64_VALUE = re.compile(r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_AMOUNT = re.compile(r"\d{1,19}")
_NOT_IN_NAMES = re.compile(r"[\W_]+")


class _Kind(Enum):
    """What a dict's key says about its value."""

    OPEN = auto()
    SECRET = auto()
    TOKEN = auto()  # a secret, unless its value is the address of an ERC-20 token
    UNIT = auto()  # exactly `token`: also a unit of metering, then with a number or a dict
    HEX = auto()
    BASE64 = auto()


_SECRET_KINDS = frozenset({_Kind.SECRET, _Kind.TOKEN, _Kind.UNIT})
_DATA_SHAPES = {_Kind.HEX: _HEX_VALUE, _Kind.BASE64: _BASE64_VALUE}


class _Rule(NamedTuple):
    """One shape of secret in a text and what stands there afterwards.

    Every match holds one of the needles (lower-case), which are far cheaper to look for.
    """

    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    label: str


# Where a secret may begin: not inside a word, but after a `\n` that JSON wrote as two characters.
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
_PATH_START = r"(?:(?<![\w/.~])|(?<=\\[nrt]))"

# --- Whole-text rules: their secrets may contain URLs, so they come before URLs are looked at. ----

_SEPARATOR = r"\\?[\"']?[ \t]{0,3}(?::(?!:)|:?={1,2}>?|%3[dD])[ \t]{0,3}"
_QUOTED = r"(?:(?!(?P=quote))(?:\\[^\r\n]|[^\r\n]))++"
# `token: 1200` and `"token": {` are the unit of a ledger summary, not a secret.
_NOT_UNIT = rf"(?!(?<![\w-])token{_SEPARATOR}(?:\\?[\"']?\d{{1,19}}(?![\w.-])|[{{\[](?!REDACTED)))"
_PLACEHOLDER = r"\[(?:REDACTED|TOKEN|URL|PATH|HEX|KEY|WORDS|ENDPOINT)\]"

_WORD = r"[a-z]{3,8}"
_GAP = r"[ \t,]{1,3}"
_LED_WORDS = re.compile(
    r"(?P<lead>\b(?i:mnemonic|seed|phrase)s?\b[^\r\n]{0,60}?)"
    rf"\b{_WORD}(?:{_GAP}{_WORD}){{11,23}}\b"
)

_WHOLE_TEXT_RULES = (
    _Rule(
        ("private key",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r".*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
        "[KEY]",
    ),
    # A header's credential runs to the end of its line: schemes put spaces, commas, quotes in it.
    _Rule(
        ("authorization", "cookie", "phrase", "mnemonic"),
        re.compile(
            r"(?i)(?P<lead>(?:authorization|cookie|pass[ _-]?phrase|mnemonic"
            rf"|(?:seed|recovery|secret)[ _-]?phrase)s?{_SEPARATOR}(?P<quote>\\?[\"'])?)"
            rf"(?(quote){_QUOTED}|[^\s][^\r\n]*)"
        ),
        rf"\g<lead>{_HIDDEN}",
    ),
    _Rule(
        _NAME_NEEDLES,
        re.compile(
            rf"(?i)(?P<lead>{_NOT_UNIT}{_HIDING_NAME}{_SEPARATOR}(?P<quote>\\?[\"'])?)"
            rf"(?(quote){_QUOTED}|(?!{_PLACEHOLDER})[^\s,;&\"'<>{{}}()\\]+)"
        ),
        rf"\g<lead>{_HIDDEN}",
    ),
    # The words after `bearer` that make it prose, not a credential.
    _Rule(
        ("bearer",),
        re.compile(
            rf"(?i){_START}(?P<lead>bearer[ \t]{{1,8}})"
            r"(?!(?:tokens?|auth\w{0,12}|keys?|of|scheme|headers?|credentials?)(?![\w.=/+-]))"
            r"[^\s\"'<>,;][^\r\n\"'<>,;]*"
        ),
        rf"\g<lead>{_HIDDEN}",
    ),
    # Base64 of `user:password` has an upper-case letter, a digit or a sign; `basic plan` has none.
    _Rule(
        ("basic",),
        re.compile(
            rf"{_START}(?P<lead>(?i:basic)[ \t]{{1,8}})"
            r"(?=[a-z]{0,64}[A-Z0-9+/=])[A-Za-z0-9+/_-]{6,}={0,2}[^\r\n\"'<>,;]*"
        ),
        rf"\g<lead>{_HIDDEN}",
    ),
    _Rule(
        ("mnemonic", "seed", "phrase"),
        _LED_WORDS,
        r"\g<lead>[WORDS]",
    ),
    _Rule(
        (" ",),
        re.compile(
            rf"(?m)^(?P<lead>[ \t]*+){_WORD}(?:{_GAP}{_WORD}){{11}}"
            rf"(?:(?:{_GAP}{_WORD}){{3}}){{0,4}}(?=[ \t]*+\r?$)"
        ),
        r"\g<lead>[WORDS]",
    ),
)

# --- URLs: public pages are data, everything that tells where a machine or a secret is goes. ------

_URL = re.compile(r"((?i:[a-z][a-z0-9+.-]{1,20})://(?=[^\s\"'<>\\])[^\s\"'<>\\]*)")
_URL_PARTS = re.compile(r"(?P<scheme>[^:]+)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_WEB_SCHEMES = frozenset({"http", "https"})
_CONTENT_SCHEMES = frozenset({"ipfs", "ipns", "ar"})
_PRIVATE_SUFFIX = r"(?:local|localhost|localdomain|internal|intranet|lan|home|corp|private)"
# A last label that starts with a digit is an IP address in one of its many spellings.
_PUBLIC_HOST = re.compile(
    rf"(?i)(?!(?:.*\.)?{_PRIVATE_SUFFIX}\Z)(?!.*\.home\.arpa\Z)"
    r"(?:[\w-]+\.)+[^\W\d][\w-]*"
)
_PARAMETER = re.compile(r"[?&#;]([^=&#?;]{1,64})=")
_HIDING_PARAMETER = re.compile(r"(?:key|keyid|sig|signature|auth|session|sid|pass)\Z")
_SECRET_ROUTE = re.compile(
    r"(?i)/v\d/[\w-]{20,}|//hooks\.slack\.com/|/api/webhooks/|//api\.telegram\.org/"
)

# --- Rules for the text between URLs. -------------------------------------------------------------

_TOKEN = re.compile(
    rf"{_START}(?:"
    r"(?:cms|cmk|cmo|tok)_[\w-]{16,}"
    r"|eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*){0,3}"
    # So long a piece hides no page's data; left standing, it would be read again at each `-eyJ`.
    r"|eyJ[\w-]{512,}"
    r"|(?:sk|rk)[-_][\w-]{16,}|whsec_[\w-]{16,}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}"
    r"|gh[oprsu]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|npm_\w{16,}|hf_\w{16,}"
    r"|A(?:KI|SI)A[A-Z0-9]{16}(?![A-Za-z0-9])|AIza[\w-]{30,}"
    r")",
    re.ASCII,
)
_DIGIT = re.compile(r"[0-9]")
_PLAIN_SECRETS = (
    ("a private key", "private key", re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")),
    *(("a wallet's words", needle, _LED_WORDS) for needle in ("mnemonic", "seed", "phrase")),
)
# A full stop at the end of a path is that of the sentence.
_SEGMENT = r"[^\s/\\\"'<>|:;,()\[\]{}`*?!&=]+"
_REST = r"[^\s\\\"'<>|:;,()\[\]{}`*?!&=]"
_KEPT_ROUTE = r"/+(?:rpc|log|v1|\.well-known)/|/+(?:docs|files)(?![\w.-])"

_BETWEEN_URLS_RULES = (
    _Rule(("_", "-", "eyj", "akia", "asia", "aiza"), _TOKEN, "[TOKEN]"),
    # 32 bytes are a key, 64 bytes a seed or a key pair; `sha256:` says that it is a digest.
    _Rule(
        ("",),
        re.compile(
            rf"{_START}(?<!sha256:)(?:0x)?(?:[0-9a-fA-F]{{64}}){{1,2}}(?![A-Za-z0-9])",
        ),
        "[HEX]",
    ),
    _Rule(
        (":",),
        re.compile(
            r"(?i)(?:(?<![\w.-])|(?<=\\[nrt]))"
            r"(?:(?:\d{1,3}\.){3}\d{1,3}|localhost|\[[0-9a-f:.]{2,45}\]"
            rf"|(?:[\w-]{{1,63}}\.){{1,6}}{_PRIVATE_SUFFIX}):\d{{1,5}}(?!\w)"
        ),
        "[ENDPOINT]",
    ),
    _Rule(
        ("\\", ":/"),
        re.compile(
            rf"{_START}[A-Za-z]:[\\/]+(?:[^\\/:*?\"'<>|\r\n\[\]]{{1,255}}+[\\/]+)*+"
            r"[^\s\\/:*?\"'<>|,;)\[\]]*(?<!\.)"
            r"|(?<![\w\\])\\{2,4}[\w.$-]+(?:\\{1,2}[^\s\\/:*?\"'<>|,;)\[\]]+)+(?<!\.)"
        ),
        "[PATH]",
    ),
    _Rule(("~",), re.compile(rf"{_PATH_START}~[\w.-]{{0,32}}/{_REST}*(?<!\.)"), "[PATH]"),
    _Rule(
        ("/",),
        # A user's folder may have spaces in its name; its slash tells.
        re.compile(
            rf"{_PATH_START}(?!{_KEPT_ROUTE})"
            rf"(?:/(?:Users|home)/[^/\r\n\"'<>\[\]:;,]{{1,48}}(?=/)|/+{_SEGMENT})(?:/+{_SEGMENT})+/*(?<!\.)"
        ),
        "[PATH]",
    ),
)


def redact(value: object) -> object:
    """Copy a value without its secrets; a second pass changes nothing.

    Takes what JSON holds, tuples and Secret. Dicts and lists are walked to a depth of 64; what
    is deeper or of any other type is hidden whole. Under a secret-looking key only None and
    booleans stay: they tell whether something is there, not what.
    """
    return _redact(value, _MAX_NESTING)


def redact_text(text: str) -> str:
    """Replace every secret in a text by a label such as `[TOKEN]`, `[URL]` or `[PATH]`."""
    if len(text) < _SHORT and not _SUSPECT.search(text):
        return text
    for _ in range(_MAX_ROUNDS):
        # A label can bring to light what its secret covered, so go on until nothing changes.
        cleaned = _redact_once(text)
        if cleaned == text:
            return text
        text = cleaned
    return _HIDDEN


def redact_but(text: str, own: Iterable[str]) -> str:
    """Redact a text, but show these paths and URLs: they are those of whoever reads it.

    Only what has a slash and stands for itself in the text is shown.
    """
    marks = {chr(_PRIVATE_USE + at): path for at, path in enumerate(own) if "/" in path}
    for mark, path in marks.items():
        text = re.sub(rf"(?<![^\s'\"`(]){re.escape(path)}(?![\w/-])", mark, text)
    text = redact_text(text)
    for mark, path in marks.items():
        text = text.replace(mark, path)
    return text


def secrets_in(text: str) -> Iterator[tuple[str, int]]:
    """Yield what in a text is a secret beyond doubt: its kind in words, and where it begins.

    Far less than is hidden in logs: a path or a password's name is no secret in a deliverable.
    A token without any digit is a word with hyphens.
    """
    lowered = text.lower()
    for kind, needle, pattern in _PLAIN_SECRETS:
        if needle in lowered:
            yield from ((kind, match.start()) for match in pattern.finditer(text))
    for match in _TOKEN.finditer(text):
        if _DIGIT.search(match[0]):
            yield "an access token", match.start()


def _redact(value: object, room: int) -> object:
    if isinstance(value, str):
        return redact_text(value)
    if value is None or isinstance(value, int | float):
        return value
    if not room or not isinstance(value, dict | list | tuple):
        return _HIDDEN
    if isinstance(value, dict):
        return _redact_dict(value, room - 1)
    items = [_redact(item, room - 1) for item in value]
    return items if isinstance(value, list) else tuple(items)


def _redact_dict(members: dict[object, object], room: int) -> dict[object, object]:
    redacted: dict[object, object] = {}
    for key, value in members.items():
        name = _redact(key, room)
        kind = _kind_of(name)
        if name != key:
            if name in redacted:
                name = f"{name} ({len(redacted) + 1})"
            if _kind_of(key) in _SECRET_KINDS:
                kind = _Kind.SECRET
        redacted[name] = _redact_member(kind, value, room)
    return redacted


def _redact_member(kind: _Kind, value: object, room: int) -> object:
    if kind in _SECRET_KINDS:
        return _redact(value, room) if _is_data(kind, value) else _HIDDEN
    if kind in _DATA_SHAPES:
        return _redact_shaped(_DATA_SHAPES[kind], value, room)
    return _redact(value, room)


def _is_data(kind: _Kind, value: object) -> bool:
    if value is None or isinstance(value, bool):
        return True
    if kind is _Kind.SECRET:
        return False
    if isinstance(value, str):
        is_amount = kind is _Kind.UNIT and _AMOUNT.fullmatch(value)
        return bool(is_amount or _ADDRESS.fullmatch(value))
    return kind is _Kind.UNIT and isinstance(value, dict | int | float)


def _redact_shaped(shape: re.Pattern[str], value: object, room: int) -> object:
    """Keep hashes where a typed key announces them, alone or in a list; redact all else."""
    if isinstance(value, str) and shape.fullmatch(value):
        return value
    if isinstance(value, list) and room:
        return [_redact_shaped(shape, item, room - 1) for item in value]
    return _redact(value, room)


def _kind_of(key: object) -> _Kind:
    return _kind_of_name(key[-_LONGEST_NAME:]) if isinstance(key, str) else _Kind.OPEN


@lru_cache(maxsize=2048)
def _kind_of_name(key: str) -> _Kind:
    name = _NOT_IN_NAMES.sub("", key.lower())
    if name == "token":
        return _Kind.UNIT
    if _HIDING_KEY.search(name):
        return _Kind.TOKEN if name.endswith("token") else _Kind.SECRET
    if _TYPED_KEY.search(name):
        return _Kind.HEX
    return _Kind.BASE64 if name.endswith("base64") else _Kind.OPEN


def _redact_once(text: str) -> str:
    text = _apply(_WHOLE_TEXT_RULES, text)
    if "://" not in text:
        return _apply(_BETWEEN_URLS_RULES, text)
    pieces = _URL.split(text)
    pieces[::2] = (_apply(_BETWEEN_URLS_RULES, piece) for piece in pieces[::2])
    pieces[1::2] = map(_redact_url, pieces[1::2])
    return "".join(pieces)


def _apply(rules: tuple[_Rule, ...], text: str) -> str:
    lowered = text.lower()
    for rule in rules:
        # A label adds only capitals in brackets: what was not there before is not there after.
        if any(needle in lowered for needle in rule.needles):
            text = rule.pattern.sub(rule.label, text)
    return text


def _redact_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme.lower() == "file":
        return "[PATH]"
    # One page may name another, as web archives do; more than that is nobody's plain link.
    nested = _URL.findall(rest) if rest.count("://") < _MAX_NESTED_URLS else [""]
    return url if _is_public(url) and all(map(_is_public, nested)) else "[URL]"


def _is_public(url: str) -> bool:
    """Tell a page that anybody may see from an endpoint or a link that carries a secret."""
    parts = _URL_PARTS.fullmatch(url)
    if parts is None or "@" in parts["authority"] or ":" in parts["authority"]:
        return False
    scheme = parts["scheme"].lower()
    if scheme in _WEB_SCHEMES:
        is_open = _PUBLIC_HOST.fullmatch(parts["authority"].rstrip(".,;!)]")) is not None
    else:
        is_open = scheme in _CONTENT_SCHEMES
    return is_open and not _carries_secret(url)


def _carries_secret(url: str) -> bool:
    if _TOKEN.search(url) or _SECRET_ROUTE.search(url):
        return True
    names = (_NOT_IN_NAMES.sub("", name.lower()) for name in _PARAMETER.findall(url))
    return any(_HIDING_KEY.search(name) or _HIDING_PARAMETER.search(name) for name in names)
