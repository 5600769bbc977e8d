"""Inline Markdown: the links of a piece of prose, the plain text of a heading and its anchor.

Every pattern here runs in linear time, since the documents come from strangers. Read are inline
links, reference definitions, HTML `href` and bare web addresses; images are no links, and
nothing inside a code span is one.
"""

import html
import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

_Span = tuple[int, int]

_MARKED = re.compile(r"[\\`*_\[\]<>&]|://")
_TICKS = re.compile(r"(?<!\\)(\\*+)(`++)")
_BRACKET = re.compile(r"\\[!-~]|!?\[|\]")
_TARGET = re.compile(
    r"\(\s*+(?:<([^<>\n]*+)>|((?:[^\s()<>\\]|\\[!-~]|\([^\s()]*+\))*+))"
    r"""(?:\s++(?:"[^"]*+"|'[^']*+'|\([^()]*+\)))?+\s*+\)"""
)
_DEFINITION = re.compile(
    r"""^ {0,3}\[(?!\^)[^\[\]\n]{1,200}\]:[ \t]*+(?:<([^<>\n]*+)>|(\S++))[ \t]*+(?:["'(].*)?$""",
    re.MULTILINE,
)
_TAG = re.compile(r"</?[A-Za-z][^<>]*+>")
_ATTRIBUTE = re.compile(r"""\s(id|name|href)\s*+=\s*+["']([^"'<>]*+)["']""", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9][^\s<>]*+")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_STARS = re.compile(r"(?<!\*)(\*{1,3})(?=[^\s*])[^*]*+(?<=\S)\1(?!\*)")
_UNDERSCORES = re.compile(
    r"(?<!\w)(_{1,3})(?=[^\s_])[^_]*(?:(?<=[^\W_])_+(?=[^\W_])[^_]*)*(?<=\S)\1(?!\w)"
)
_SCHEME = re.compile(r"//|[A-Za-z][A-Za-z0-9+.-]*:")
_TOP = frozenset({"", "top"})  # HTML's own names for the start of a page


@dataclass(frozen=True, slots=True)
class Link:
    """A link's target as written, and the line it stands on, from 1."""

    line: int
    target: str

    @property
    def is_internal(self) -> bool:
        """Whether the link stays inside its document."""
        return not self.target or self.target.startswith("#")

    @property
    def is_external(self) -> bool:
        """Whether the link names a place by scheme or host, not a neighbouring file."""
        return _SCHEME.match(self.target) is not None

    def leads_to(self, anchors: frozenset[str]) -> bool:
        """Whether an internal link's anchor is one of `anchors` or the top of the page."""
        anchor = unquote(self.target[1:])
        return anchor in anchors or anchor in _TOP


def find_links(text: str, line: int) -> list[Link]:
    """Return the links of a block of prose that starts on `line`, in order of appearance."""
    if not _MARKED.search(text):
        return []
    masked = _mask(text, ((start, end) for start, end, _ in _code_spans(text)))
    marked = [(start, end, found) for start, _, end, found in _inline_links(masked)]
    marked += ((*match.span(), _destination(match)) for match in _DEFINITION.finditer(masked))
    for tag in _TAG.finditer(masked):
        hrefs = (value for key, value in _attributes(tag.group()) if key == "href")
        marked += ((*tag.span(), html.unescape(value)) for value in hrefs)
    rest = _mask(masked, (span[:2] for span in marked))
    marked += ((*match.span(), match.group()) for match in _ADDRESS.finditer(rest))
    breaks = [match.start() for match in re.finditer("\n", text)]
    return [
        Link(line + bisect_right(breaks, start), target)
        for start, _, target in sorted(marked, key=lambda span: span[0])
        if target is not None
    ]


def find_anchors(text: str) -> Iterator[str]:
    """Yield the anchors that HTML tags in a block of prose set with `id` or `name`."""
    if "<" not in text:
        return
    masked = _mask(text, ((start, end) for start, end, _ in _code_spans(text)))
    for tag in _TAG.finditer(masked):
        yield from (value for key, value in _attributes(tag.group()) if key != "href")


def plain_text(raw: str) -> str:
    """Return what a reader sees of a heading: link texts and code, without the markup."""
    if not _MARKED.search(raw):
        return raw.strip()
    spans = list(_code_spans(raw))
    masked = _mask(raw, ((start, end) for start, end, _ in spans), "x")
    cuts = [tag.span() for tag in _TAG.finditer(masked)]
    cuts += ((match.start(), match.start() + 1) for match in _ESCAPE.finditer(masked))
    for start, end, ticks in spans:
        cuts += (start, start + ticks), (end - ticks, end)
    for start, close, end, target in _inline_links(masked):
        cuts += [(start, end)] if target is None else [(start, start + 1), (close, end)]
    for pattern in _STARS, _UNDERSCORES:
        for match in pattern.finditer(masked):
            width = len(match[1])
            cuts += (match.start(), match.end(1)), (match.end() - width, match.end())
    return html.unescape(_mask(raw, cuts, "")).strip()


def slugs(texts: Iterable[str]) -> Iterator[str]:
    """Yield each heading's anchor as GitHub makes it, repeated ones with -1, -2 and so on.

    Lower case; letters, marks, digits, hyphens and connectors stay, each space becomes a hyphen.
    """
    seen: dict[str, int] = {}
    for text in texts:
        slug = first = "".join(filter(_stays, text.lower())).replace(" ", "-")
        while slug in seen:
            seen[first] += 1
            slug = f"{first}-{seen[first]}"
        seen[slug] = 0
        yield slug


def _stays(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in "-_ "
    category = unicodedata.category(character)
    return category[0] in "LM" or category in {"Nd", "Nl", "Pc"}


def _code_spans(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and number of backticks of each code span (CommonMark 6.1)."""
    runs = list(_TICKS.finditer(text))
    starts_by_width: defaultdict[int, list[int]] = defaultdict(list)
    for run in runs:
        starts_by_width[len(run[2])].append(run.start(2))
    done = 0
    for run in runs:
        start = run.start(2) + len(run[1]) % 2  # a backslash takes the first tick of an opener
        width = run.end() - start
        closers = starts_by_width.get(width, [])
        found = bisect_right(closers, run.start(2))
        if start >= done and found < len(closers):
            done = closers[found] + width
            yield start, done, width


def _inline_links(masked: str) -> Iterator[tuple[int, int, int, str | None]]:
    """Yield opening bracket, closing bracket, end and target; an image has no target."""
    opened: list[tuple[int, bool]] = []
    done = 0
    for token in _BRACKET.finditer(masked):
        if token.start() < done or token.group().startswith("\\"):
            continue
        if token.group() != "]":
            opened.append((token.start(), token.group() == "["))
        elif opened:
            start, is_link = opened.pop()
            if match := _TARGET.match(masked, token.end()):
                done = match.end()
                yield start, token.start(), done, _destination(match) if is_link else None


def _destination(match: re.Match[str]) -> str:
    return html.unescape(_ESCAPE.sub(r"\1", match[1] or match[2] or ""))


def _attributes(tag: str) -> Iterator[tuple[str, str]]:
    return ((match[1].lower(), match[2]) for match in _ATTRIBUTE.finditer(tag))


def _mask(text: str, spans: Iterable[_Span], filler: str = " ") -> str:
    """Overwrite spans, which may nest, with `filler` for each character; line ends stay."""
    pieces: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if end <= done:
            continue
        pieces.append(text[done:start])
        pieces.append(re.sub(r"[^\n]", filler, text[max(done, start) : end]))
        done = end
    return "".join([*pieces, text[done:]])
