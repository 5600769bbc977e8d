"""Options: from a method's JSON Schema to click parameters, and from typed text to wire values."""

import json
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.money import parse_decimal
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.completion import complete_fields
from clawmarket.entry.cli.suggestions import meant
from clawmarket.registry.suggestions import said

TABLE = "table"
FORMATS = (TABLE, "csv", "ndjson")

_CAPITAL = re.compile(r"(?=[A-Z])")
# How names of lists end, and of one thing in them; the first that fits counts.
_PLURALS = (("ies", "y"), ("uses", "us"), ("s", ""), ("", ""))
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

_FILE = {"name", "digest", "size"}

# Added by the client itself, never typed.
_AUTOMATIC = frozenset({"signature", "signedAt"})


class AmountType(click.ParamType[str]):
    """An amount as a person writes it, 50 or 0.25; becomes a string of minor units."""

    name = "amount"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the minor units as digits."""
        try:
            return str(parse_decimal(value))
        except Refused as refused:
            self.fail(f"{value!r}: {refused.what}", param, ctx)


class WordType(click.Choice[str]):
    """One of a few words; a mistyped one is answered with the nearest."""

    def fail(
        self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None
    ) -> Any:  # noqa: ANN401 - click's own signature; it never returns
        """Refuse a value, naming what was probably meant."""
        typed = message.split("'")[1] if "'" in message else ""
        near = said(meant(typed, [str(choice) for choice in self.choices]))
        every = ", ".join(str(choice) for choice in self.choices)
        super().fail(f"{typed!r} is not one of {every}.{near}", param, ctx)


class WordsType(WordType):
    """Some of a few words, with commas between them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's own signature
        """Return the words, each as it is spelled; one typed twice counts once."""
        typed = dict.fromkeys(str(value).split(","))
        return tuple(super(WordsType, self).convert(word.strip(), param, ctx) for word in typed)


class TextType(click.ParamType[str]):
    """Free text; `-` reads stdin, `@file` a file, `@@` stands for a leading @."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text itself or what the named source holds."""
        try:
            return read_text(value)
        except (OSError, UnicodeDecodeError):
            self.fail(f"{value[1:]!r} cannot be read as a text file.", param, ctx)


class FolderType(click.Path):
    """A folder; an empty value is no name for the present one."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(
        self,
        value: "str | os.PathLike[str]",
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> "str | bytes | os.PathLike[str]":
        """Return the path."""
        if value == "":
            self.fail("It is empty; write . for the present folder.", param, ctx)
        return super().convert(value, param, ctx)


class WholeType(click.IntRange):
    """A whole number within bounds; click puts the type's name into its refusals."""

    name = "whole number"


class DigestType(click.ParamType[str]):
    """A content hash; the bare digits say of no algorithm that they are its hash."""

    name = "digest"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the hash as it was typed."""
        if re.fullmatch(r"[0-9a-fA-F]{64}", value):
            self.fail(f"Write sha256:{value.lower()}.", param, ctx)
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
            self.fail("A content hash is sha256: and 64 hexadecimal digits.", param, ctx)
        return value


class PairType(click.ParamType[Entry]):
    """A text and a whole number as TEXT=NUMBER, such as a milestone: `Part one=40`."""

    name = "pair"

    def __init__(self, text: str, number: str) -> None:
        self._text, self._number = text, number

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Entry:
        """Return both under their wire names."""
        text, _, number = str(value).rpartition("=")
        if not text.strip() or not number.strip().isdecimal():
            self.fail(f"{value!r} is not {self._text.upper()}={self._number.upper()}.", param, ctx)
        return {self._text: text.strip(), self._number: int(number)}


class ObjectType(click.ParamType[Entry]):
    """A JSON object, such as an acceptance check; `@file` reads it from a file."""

    name = "object"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Entry:
        """Return the object."""
        text = TextType().convert(str(value), param, ctx)
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict):
            self.fail(f"{text[:80]!r} is not a JSON object.", param, ctx)
        return read


class PartsType(click.ParamType[Entry]):
    """Several texts as A=B=C, such as a skill: `python=Python=expert`; the last may be left out."""

    name = "parts"

    def __init__(self, names: tuple[str, ...], required: tuple[str, ...]) -> None:
        self._names, self._required = names, required

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Entry:
        """Return the texts under their wire names."""
        texts = (text.strip() for text in str(value).split("=", len(self._names) - 1))
        parts = {name: text for name, text in zip(self._names, texts, strict=False) if text}
        if not parts.keys() >= set(self._required):
            self.fail(f"{value!r} is not {'='.join(self._names).upper()}.", param, ctx)
        return parts


class PriceType(click.ParamType[tuple[str, str]]):
    """A name and an amount as NAME=AMOUNT, such as a tool's price: `web_search=0.01`."""

    name = "price"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return the name and the minor units."""
        name, _, amount = str(value).rpartition("=")
        if not name.strip():
            self.fail(f"{value!r} is not NAME=AMOUNT.", param, ctx)
        return name.strip(), AmountType().convert(amount.strip(), param, ctx)


class DurationType(click.ParamType[float]):
    """A time span in seconds; `90`, `90s`, `10m` and `2h` are understood."""

    name = "duration"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds."""
        match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smhd]?)", str(value))
        if match is None:
            self.fail(f"{value!r} is no time span; write 90s, 10m or 2h.", param, ctx)
        return float(match[1]) * _UNITS[match[2] or "s"]


def read_text(value: str) -> str:
    """Return a text argument, read from stdin for `-` and from a file for `@file`."""
    if value == "-":
        return sys.stdin.read()
    if value.startswith("@@"):
        return value[1:]
    if value.startswith("@"):
        return Path(value[1:]).read_text(encoding="utf-8")
    return value


def method_params(entry: Entry) -> list[click.Parameter]:
    """Return the click parameters of a method's verb."""
    schema, positional = entry["params"], entry["verb"]["positional"]
    properties: Entry = schema.get("properties", {})
    required = schema.get("required", [])
    arguments: list[click.Parameter] = [
        _argument(name, properties[name], required=name in required) for name in positional
    ]
    options = [
        option
        for name, part in properties.items()
        if name not in positional and name not in _AUTOMATIC
        for option in _options(name, part, required=name in required, beside=properties)
    ]
    return [*arguments, *options]


def common_options(
    *,
    remote: bool,
    writes: bool = False,
    spends: bool = False,
    quiet: str = "Print only the bare id.",
) -> Iterator[click.Option]:
    """Yield the options that every command has, and those that its reach and its risk add.

    `quiet` is the help of -q.
    """
    yield _flag("--json", "as_json", "Print exactly one JSON document.", "CLAWMARKET_JSON")
    yield _flag("-q", "quiet", quiet)
    yield click.Option(
        ["--fields", "fields"],
        metavar="A,B.C",
        help="Show only these fields of the answer.",
        shell_complete=complete_fields,
    )
    if remote:
        yield click.Option(
            ["--url", "market_url"],
            metavar="URL",
            envvar="CLAWMARKET_URL",
            help="Where the market is.  [default: http://127.0.0.1:8787]",
        )
    if writes:
        yield click.Option(
            ["--idempotency-key", "key"],
            metavar="KEY",
            help="Repeat a request safely: the same key never acts twice.  [default: a new one]",
        )
        yield _flag("--dry-run", "dry_run", "Show the exact request and its price; change nothing.")
    if spends:
        yield _flag("--yes", "yes", "Agree to the quote beforehand.")


def format_option() -> click.Option:
    """Return the option that lists have: in which form the items are printed."""
    return click.Option(
        ["--format", "form"],
        type=WordType(FORMATS),
        help="How to print the items: table, csv or ndjson.  [default: table]",
    )


def wire_params(entry: Entry, values: Mapping[str, Any]) -> Entry:
    """Return the values that were given, under their wire names, files left out."""
    names = entry["params"].get("properties", {})
    params = {
        name: _wire_value(names[name], value)
        for name, value in values.items()
        if name in names and not is_file_list(names[name])
    }
    parts = {name: _fields(schema) for name, schema in names.items()}
    return params | {
        name: {field: values[field] for field in fields if field in values}
        for name, fields in parts.items()
        if any(field in values for field in fields)
    }


def _wire_value(schema: Entry, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if not isinstance(value, tuple):
        return value
    return dict(value) if _is_map(schema) else list(value)


def _is_map(schema: Entry) -> bool:
    """Return whether a parameter is an object of any names, such as prices by tool."""
    part = core(schema)
    return part.get("type") == "object" and "properties" not in part


def file_params(entry: Entry) -> list[str]:
    """Return the names of the parameters that are lists of stored files."""
    properties: Entry = entry["params"].get("properties", {})
    return [name for name, part in properties.items() if is_file_list(part)]


def is_file_list(schema: Entry) -> bool:
    """Return whether a parameter is a list of stored files (name, digest, size)."""
    part = core(schema)
    return part.get("type") == "array" and set(part["items"].get("properties", {})) >= _FILE


def core(schema: Entry) -> Entry:
    """Return what a value is when it is not null."""
    arms = [arm for arm in schema.get("anyOf", ()) if arm.get("type") != "null"]
    return arms[0] if len(arms) == 1 else schema


def flag_of(name: str) -> str:
    """Return a wire name as an option: timeoutSec is --timeout-sec."""
    return "--" + _CAPITAL.sub("-", name).lower()


def flag_of_several(name: str, beside: Collection[str]) -> str:
    """Return the option of a list: `--skill` for skills, unless another one is called so."""
    one = _one_of(name)
    return flag_of(name if one in {*beside} - {name} else one)


def _one_of(name: str) -> str:
    """Return a name of several things as one of them has it: capability for capabilities."""
    plural, single = next(pair for pair in _PLURALS if name.endswith(pair[0]))
    return name.removesuffix(plural) + single


def _flag(word: str, name: str, text: str, envvar: str | None = None) -> click.Option:
    return click.Option([word, name], is_flag=True, help=text, envvar=envvar)


def _argument(name: str, schema: Entry, *, required: bool) -> click.Argument:
    metavar = argument_name(name)
    argument = click.Argument([name], type=_type_of(schema), required=required, metavar=metavar)
    argument.name = name  # click lowers the case of an argument's name, the wire does not
    return argument


def _options(
    name: str, schema: Entry, *, required: bool, beside: Collection[str]
) -> Iterator[click.Option]:
    """Yield the option of a parameter; of an object, one for each of its fields."""
    fields = _fields(schema)
    if not fields:
        yield _option(name, schema, required=required, beside=beside)
    for field, part in fields.items():
        needed = required and field in core(schema).get("required", ())
        yield _option(field, part, required=needed, beside=fields)


def _fields(schema: Entry) -> Entry:
    fields: Entry = core(schema).get("properties", {})
    return fields


def _option(name: str, schema: Entry, *, required: bool, beside: Collection[str]) -> click.Option:
    part = core(schema)
    text = _help_of(schema, part)
    default = schema.get("default")
    if default not in (None, "", [], {}):
        text = f"{text}  [default: {str(default).lower()}]"
    if is_file_list(schema):
        kind = click.Path(exists=True, dir_okay=False, path_type=Path)
        return click.Option(
            ["--attach", name], multiple=True, type=kind, required=required, help=text
        )
    if part.get("type") == "boolean":
        flag = flag_of(name)
        return click.Option([f"{flag}/--no{flag[1:]}", name], default=None, help=text)
    if _is_map(schema):
        flag, text = flag_of_several(name, beside), f"{text} May be given several times."
        return click.Option(
            [flag, name], multiple=True, type=PriceType(), help=text, metavar="NAME=AMOUNT"
        )
    if part.get("type") == "array":
        flag = flag_of_several(name, beside)
        item = _type_of(part["items"])
        if isinstance(item, WordType):
            return _several_words([flag, name], item, text, required=required)
        text = f"{text} May be given several times."
        shape = _shape_of(part["items"])
        return click.Option(
            [flag, name], multiple=True, type=item, help=text, required=required, metavar=shape
        )
    return click.Option([flag_of(name), name], type=_type_of(part), required=required, help=text)


def _several_words(names: list[str], word: WordType, text: str, *, required: bool) -> click.Option:
    def flat(_ctx: click.Context, _param: click.Parameter, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - click's own signature
        return tuple(each for words in value for each in words)

    return click.Option(
        names,
        multiple=True,
        type=WordsType(word.choices),
        help=f"{text} Several with commas between them, or by several of this.",
        required=required,
        callback=flat,
    )


def _shape_of(item: Entry) -> str | None:
    if isinstance(_type_of(item), ObjectType):
        return "JSON"
    return "=".join(item.get("properties", ())).upper() or None


def _help_of(schema: Entry, part: Entry) -> str:
    text: str = schema.get("description") or part.get("description", "")
    if is_file_list(schema):
        return "A file to store and attach. May be given several times."
    if text.startswith("An amount in minor units"):
        return "An amount of credits, such as 50 or 0.25."
    return text


def _type_of(schema: Entry) -> click.ParamType[Any]:
    part = core(schema)
    if part.get("type") == "object":
        return _object_type(part)
    if part.get("format") == "amount":
        return AmountType()
    if words := part.get("enum") or ([part["const"]] if "const" in part else None):
        return WordType(words)
    if part.get("type") == "integer":
        return WholeType(part.get("minimum"), part.get("maximum"))
    return click.STRING if "pattern" in part else TextType()


def _object_type(part: Entry) -> click.ParamType[Any]:
    names = tuple(part["properties"])
    kinds = [core(schema).get("type") for schema in part["properties"].values()]
    if kinds == ["string", "integer"]:
        return PairType(*names)
    if set(kinds) == {"string"}:
        return PartsType(names, tuple(part.get("required", ())))
    return ObjectType()


def argument_name(name: str) -> str:
    """Return a wire name as a positional argument: taskId is TASK_ID."""
    return _CAPITAL.sub("_", name).upper()
