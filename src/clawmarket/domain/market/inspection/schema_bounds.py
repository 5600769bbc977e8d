"""Bounds of a stranger's JSON Schema: what it may say, and how much work it can make at most.

A validator follows references as often as they are named, so a small schema can ask for more
steps than there is time. Here the steps are counted before any is made: a schema is applied to a
value, in place to that value again, and to the values inside it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

MAX_DEPTH = 32
MAX_NODES = 2_000
MAX_PATTERNS = 20
MAX_CHAIN = 64
MAX_PATTERN_CHARS = 500
_PATTERN_WEIGHT = 20
_PLACE = re.compile(r"[0-9]{1,5}")
# An automaton cannot look around or back (ECMA-262 could).
_BACKTRACKING = re.compile(r"\(\?<?[=!]|\\[1-9]|\\k<")

_DIALECTS = frozenset(
    {
        "https://json-schema.org/draft/2020-12/schema",
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema",
    }
)
# What leads elsewhere, renames places, or is evaluated more than once.
_REFUSED = frozenset(
    {
        *("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"),
        *("$vocabulary", "unevaluatedProperties", "unevaluatedItems"),
    }
)
_IN_PLACE = ("not", "if", "then", "else")
_IN_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
_OBJECT = ("additionalProperties", "propertyNames")
_ARRAY = ("additionalItems", "contains")


class SchemaRefusedError(Exception):
    """A schema that is not taken; the message is one clause."""


@dataclass(slots=True)
class Node:
    """One subschema: its own weight, and which others it applies where."""

    weight: int = 1
    in_place: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=list)
    named: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    placed: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A schema that was taken: its value, and its subschemas with those applied in place first."""

    schema: Any
    nodes: tuple[Node, ...]
    order: tuple[int, ...]

    def cost(self, document: object) -> int:
        """Return at least the steps that it takes to hold a document against the schema."""
        counts = list(_counts(document))
        total, below = 0, [0] * len(self.nodes)
        for depth, count in enumerate(counts):
            below = self._deeper(below, is_top=depth == 0)
            total += count * below[0]
        return total

    def _deeper(self, below: list[int], *, is_top: bool) -> list[int]:
        """Return for each subschema its steps on one value so far down, from those a level up."""
        steps = [0] * len(self.nodes)
        for at in self.order:
            node = self.nodes[at]
            members = sum(below[n] for n in node.members)
            items = sum(below[n] for n in node.items)
            members += max((below[n] for n in node.named), default=0)
            items += max((below[n] for n in node.placed), default=0)
            inside = node.weight if is_top else max(members, items)
            steps[at] = inside + sum(steps[n] for n in node.in_place)
        return steps


def _counts(document: object) -> Iterator[int]:
    """Yield for each level of a document what its values weigh together."""
    level: list[object] = [document]
    while level:
        yield sum(1 + len(each) // 32 if isinstance(each, str) else 1 for each in level)
        level = [inner for each in level for inner in _inside(each)]


def _inside(value: object) -> Iterator[object]:
    """Yield what is in a value: members with their names, or items."""
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def bounds_of(text: str) -> Bounds:
    """Read a schema. Raises SchemaRefusedError."""
    try:
        schema = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise SchemaRefusedError("it is not JSON") from None
    _check_form(schema)
    walk = _Walk(schema)
    try:
        walk.node("#", schema)
    except RecursionError:
        raise SchemaRefusedError("it has too long a chain of references") from None
    return Bounds(schema, tuple(walk.nodes), tuple(_in_order(walk.nodes)))


def _check_form(schema: object) -> None:
    """Refuse what is too large or deep, and words that lead elsewhere, wherever they stand."""
    nodes = 0
    patterns: list[str] = []
    stack: list[tuple[object, int]] = [(schema, 0)]
    while stack:
        value, depth = stack.pop()
        nodes += 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise SchemaRefusedError(f"it is deeper than {MAX_DEPTH} or longer than {MAX_NODES}")
        if isinstance(value, dict):
            patterns += _patterns_in(value)
            _check_words(value)
            stack += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            stack += [(inner, depth + 1) for inner in value]
    _check_patterns(patterns)


def _patterns_in(value: Mapping[str, object]) -> list[str]:
    named, pattern = value.get("patternProperties"), value.get("pattern")
    patterns = list(named) if isinstance(named, dict) else []
    return [*patterns, pattern] if isinstance(pattern, str) else patterns


def _check_patterns(patterns: list[str]) -> None:
    if len(patterns) > MAX_PATTERNS or any(len(each) > MAX_PATTERN_CHARS for each in patterns):
        raise SchemaRefusedError(f"it has more than {MAX_PATTERNS} patterns, or a long one")
    if any(_BACKTRACKING.search(each) for each in patterns):
        raise SchemaRefusedError("it has a pattern that looks around or back")


def _check_words(value: Mapping[str, object]) -> None:
    for word in _REFUSED & value.keys():
        raise SchemaRefusedError(f"it says {word}, which is not taken")
    dialect = value.get("$schema")
    if isinstance(dialect, str) and dialect not in _DIALECTS:
        raise SchemaRefusedError("it is neither of draft 2020-12 nor of draft-07")


class _Walk:
    """Collects the subschemas that are applied, each once, following local references."""

    def __init__(self, schema: object) -> None:
        self._schema = schema
        self._known: dict[int, int] = {}
        self.nodes: list[Node] = []

    def node(self, where: str, value: object) -> int:
        """Return the number of a subschema. Raises SchemaRefusedError."""
        if not isinstance(value, dict):
            if not isinstance(value, bool):
                raise SchemaRefusedError(f"what stands at {where} is no schema")
            self.nodes.append(Node())
            return len(self.nodes) - 1
        if id(value) in self._known:
            return self._known[id(value)]
        number = self._known[id(value)] = len(self.nodes)
        node = Node(_weight(value))
        self.nodes.append(node)
        self._fill(node, where, value)
        return number

    def _fill(self, node: Node, where: str, value: Mapping[str, Any]) -> None:
        self._fill_in_place(node, where, value)
        for word in _OBJECT:
            if word in value:
                node.members.append(self.node(f"{where}/{word}", value[word]))
        node.members += self._mapped(where, value, "patternProperties")
        node.named = self._mapped(where, value, "properties")
        for word in _ARRAY:
            if word in value:
                node.items.append(self.node(f"{where}/{word}", value[word]))
        node.placed = self._listed(where, value, "prefixItems")
        if isinstance(value.get("items"), list):
            node.placed += self._listed(where, value, "items")
        elif "items" in value:
            node.items.append(self.node(f"{where}/items", value["items"]))

    def _fill_in_place(self, node: Node, where: str, value: Mapping[str, Any]) -> None:
        for word in _IN_PLACE:
            if word in value:
                node.in_place.append(self.node(f"{where}/{word}", value[word]))
        for word in _IN_PLACE_LISTS:
            node.in_place += self._listed(where, value, word)
        node.in_place += self._mapped(where, value, "dependentSchemas")
        kept = {k: v for k, v in _mapping(value, "dependencies").items() if isinstance(v, dict)}
        node.in_place += [self.node(f"{where}/dependencies/{k}", v) for k, v in kept.items()]
        if "$ref" in value:
            reference = value["$ref"]
            node.in_place.append(self.node(str(reference), self._target(reference)))

    def _listed(self, where: str, value: Mapping[str, Any], word: str) -> list[int]:
        listed = value.get(word, [])
        if not isinstance(listed, list):
            raise SchemaRefusedError(f"{where}/{word} is no list")
        return [self.node(f"{where}/{word}/{n}", each) for n, each in enumerate(listed)]

    def _mapped(self, where: str, value: Mapping[str, Any], word: str) -> list[int]:
        return [self.node(f"{where}/{word}/{k}", v) for k, v in _mapping(value, word).items()]

    def _target(self, reference: object) -> object:
        """Return what a reference within the schema names (RFC 6901)."""
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise SchemaRefusedError("it refers to something outside itself")
        value: Any = self._schema
        for step in reference.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            place = int(key) if _PLACE.fullmatch(key) else -1
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, list) and 0 <= place < len(value):
                value = value[place]
            else:
                raise SchemaRefusedError("it refers to a place that is not there")
        return value


def _mapping(value: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    mapped = value.get(word, {})
    if not isinstance(mapped, dict):
        raise SchemaRefusedError(f"{word} is no object")
    return mapped


def _weight(value: Mapping[str, Any]) -> int:
    """Return what a subschema costs by itself: its words, the values it compares, its patterns."""
    lists = [value[word] for word in ("enum", "required", "type") if word in value]
    compared = sum(len(each) for each in lists if isinstance(each, list))
    constant = len(orjson.dumps([value.get("const"), value.get("enum")])) // 16
    return 1 + len(value) + compared + constant + _PATTERN_WEIGHT * len(_patterns_in(value))


def _in_order(nodes: list[Node]) -> list[int]:
    """Return the subschemas, each behind all that it applies in place.

    Raises SchemaRefusedError where one would be applied to the same value without end, or the
    chain of those applied in place is long: each link costs the validator a call within a call.
    """
    order: list[int] = []
    chain: dict[int, int] = {}
    for start in range(len(nodes)):
        _visit(nodes, start, chain, order, 0)
    return order


def _visit(nodes: list[Node], at: int, chain: dict[int, int], order: list[int], above: int) -> int:
    if at in chain:
        if not chain[at]:
            raise SchemaRefusedError("it applies itself to the same value without end")
        return chain[at]
    chain[at] = 0
    if above > MAX_CHAIN:
        raise SchemaRefusedError("it has too long a chain of references")
    longest = max(
        (_visit(nodes, n, chain, order, above + 1) for n in nodes[at].in_place), default=0
    )
    chain[at] = longest + 1
    if chain[at] > MAX_CHAIN:
        raise SchemaRefusedError("it has too long a chain of references")
    order.append(at)
    return chain[at]
