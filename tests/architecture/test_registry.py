"""The registry: every declaration is complete, strict, honest about its errors, and callable."""

import re
import sys
from collections.abc import Iterator
from enum import Enum
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import click
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.types import Strict

import clawmarket
from clawmarket.domain.kernel.errors import FAMILIES, REFUSALS, Refused
from clawmarket.domain.kernel.secret import Secret
from clawmarket.entry.cli.tree import command_tree
from clawmarket.registry.codes import CODES, EXITS
from clawmarket.registry.fields import Answer, File, Request, ShownOnce
from clawmarket.registry.methods import METHODS, Method, Need, method_named
from clawmarket.services.discover import discover

discover()

SRC = Path(clawmarket.__file__).parent

# Modules that act when they are imported: the command itself, and Alembic's environment.
ACTING = {"clawmarket.__main__", "clawmarket.adapters.store.migrations"}

# Methods whose request nobody can write down beforehand, and why.
WITHOUT_EXAMPLE = {
    "web3.siwe.verify": "the signature is the wallet's answer to a challenge",
    "web3.wallet.bind": "the same",
}

# Refusals whose next command is not one fixed command of this program, and why.
OTHER_COMMANDS = {
    "consent_missing": "what was typed, again, as a dry run",
    "openclaw_unagreed": "the same",
    "plan_unagreed": "the same",
    "skill_changed": "the same",
    "skill_unagreed": "the same",
    "spending_unagreed": "the same",
    "sqlite_unfit": "the installation itself is wrong; pip has to act",
    "workspace_missing": "what was typed, again, with --create",
}
# Refusals of the command line, which names what was probably meant in the sentence itself.
SAID_BEFORE = {
    *("field_unknown", "method_mistyped", "state_unknown", "usage_invalid", "value_unfit"),
}

SECRET_NAMES = {"key", "mnemonic", "password", "private_key", "secret", "seed", "token"}
A_FILE = {"name": "digest.md", "digest": "sha256:" + "0" * 64, "size": 11}
# A command to run as printed, with settings in front of it if need be.
COMMAND = re.compile(r"(?:CLAWMARKET_[A-Z]+=\S+ )*clawmarket( [a-z].*)?")

each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def _import_all() -> None:
    for module in walk_packages(clawmarket.__path__, "clawmarket."):
        if not any(module.name.startswith(name) for name in ACTING):
            import_module(module.name)


_import_all()

CAUSES = sorted(
    c for c, refusal in REFUSALS.items() if refusal.__module__.startswith("clawmarket.")
)


class Leaf(NamedTuple):
    """A scalar somewhere inside a model: where, its type and what is marked on it."""

    path: str
    kind: Any
    marks: tuple[Any, ...]


def leaves(model: type[BaseModel], path: str = "$") -> Iterator[Leaf]:
    """Yield every scalar of a model, through lists, options and models inside."""
    for name, info in model.model_fields.items():
        yield from _leaves(info.annotation, tuple(info.metadata), f"{path}.{name}")


def _leaves(kind: Any, marks: tuple[Any, ...], path: str) -> Iterator[Leaf]:
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *more = get_args(kind)
        yield from _leaves(inner, (*marks, *_flat(more)), path)
    elif origin in (Union, UnionType, list, tuple, dict):
        for arm in get_args(kind):
            yield from _leaves(arm, () if origin in (list, tuple, dict) else marks, path)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from leaves(kind, path)
    elif kind not in (type(None), Ellipsis):
        yield Leaf(path, kind, marks)


def _flat(marks: list[Any]) -> Iterator[Any]:
    for mark in marks:
        yield from mark.metadata if isinstance(mark, FieldInfo) else (mark,)


def is_strict(leaf: Leaf) -> bool:
    """Whether a leaf takes its own type only; the words of an enum or a Literal always do."""
    if get_origin(leaf.kind) is Literal:
        return True
    if isinstance(leaf.kind, type) and issubclass(leaf.kind, Enum):
        return True
    return any(isinstance(mark, Strict) and mark.strict for mark in leaf.marks)


def field_named(model: type[BaseModel], wire_name: str) -> FieldInfo:
    """Return a field by its name on the wire."""
    return next(
        info for name, info in model.model_fields.items() if wire_name in (info.alias, name)
    )


def resolve(method: Method, dotted: str) -> FieldInfo:
    """Return the answer field at a place such as `items.0.jobId`."""
    model: type[BaseModel] = method.answer
    *way, last = dotted.split(".")
    for step in way:
        if not step.isdigit():
            (model,) = get_args(field_named(model, step).annotation)
    return field_named(model, last)


def sample(method: Method, need: Need) -> object:
    """Return what an earlier answer could say where a need looks, in the form the param wants."""
    source = method_named(need.method)
    assert source is not None
    info = resolve(source, need.field)
    value: object = A_FILE if info.annotation is File else (info.examples or [None])[0]
    takes_list = get_origin(field_named(method.request, need.param).annotation) is list
    return [value] if takes_list else value


def test_every_module_of_the_services_is_discovered() -> None:
    """A new service is found without being listed anywhere."""
    stems = {path.relative_to(SRC).with_suffix("") for path in (SRC / "services").rglob("*.py")}
    names = {".".join(("clawmarket", *stem.parts)).removesuffix(".__init__") for stem in stems}

    assert names - sys.modules.keys() == set()


@each_method
def test_a_method_says_what_it_does_and_answers(method: Method) -> None:
    """A method has a sentence for the catalog, a request type and an answer type of its own."""
    assert method.summary[0].isupper()
    assert method.summary[-1] in ".;"
    assert issubclass(method.request, Request)
    assert issubclass(method.answer, Answer)
    assert method.answer is not Answer


@each_method
def test_a_method_names_refusals_only(method: Method) -> None:
    """What a method lists as errors are causes, each once, and not whole families."""
    assert all(issubclass(error, Refused) for error in method.errors)
    assert len(set(method.errors)) == len(method.errors)
    assert set(method.errors) & set(FAMILIES) == set()


@each_method
def test_an_example_and_its_needs_make_a_valid_request(method: Method) -> None:
    """The catalog's example, completed by the answers it needs, is a request as it stands."""
    if method.name in WITHOUT_EXAMPLE:
        pytest.skip(WITHOUT_EXAMPLE[method.name])
    params = dict(method.example) | {need.param: sample(method, need) for need in method.needs}

    assert isinstance(method.request.model_validate(params), method.request)


def test_prerequisites_never_go_in_circles() -> None:
    """Whoever calls what a method needs first comes to an end."""
    graph = {name: {need.method for need in method.needs} for name, method in METHODS.items()}

    assert set(TopologicalSorter(graph).static_order()) == set(METHODS)


@each_method
def test_a_request_takes_no_value_of_another_type(method: Method) -> None:
    """Every scalar of a request is strict: "1" is not 1, and 1 is not true."""
    assert [leaf.path for leaf in leaves(method.request) if not is_strict(leaf)] == []


@each_method
def test_an_answer_shows_no_bare_secret(method: Method) -> None:
    """A secret leaves in a field that is shown once, or not at all."""
    found = list(leaves(method.answer))

    assert [leaf.path for leaf in found if leaf.kind is Secret] == []
    secrets = [leaf for leaf in found if leaf.path.rpartition(".")[2] in SECRET_NAMES]
    assert [leaf.path for leaf in secrets if ShownOnce not in leaf.marks] == []


@pytest.mark.parametrize("cause", CAUSES)
def test_a_refusal_says_what_to_do_next(cause: str) -> None:
    """A refusal has a known code, a sentence of advice and a command to run."""
    refusal = REFUSALS[cause]

    assert refusal.code in CODES
    assert refusal.advice.endswith(".") or cause in SAID_BEFORE
    assert COMMAND.fullmatch(refusal.next_command) or cause in OTHER_COMMANDS


@pytest.mark.parametrize("cause", CAUSES)
def test_a_command_to_run_next_names_what_exists(cause: str) -> None:
    """`clawmarket call …` in a refusal names a method, `clawmarket explain …` a cause or code."""
    words = REFUSALS[cause].next_command.partition("clawmarket ")[2].split()

    if words[:1] == ["call"]:
        assert method_named(words[1]) is not None
    if words[:1] == ["explain"]:
        assert words[1] in {*REFUSALS, *CODES, "{method}"}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_command_to_run_next_can_be_typed(cause: str) -> None:
    """The command of a refusal is one of the program's, with options that it has."""
    fixed = re.sub(r"(?<=\w)\{\w+\}", "", REFUSALS[cause].next_command)
    words = fixed.partition("clawmarket ")[2].split()
    command: click.Command = command_tree()
    while isinstance(command, click.Group) and words:
        command = command.commands[words.pop(0)]
    options = {option for param in command.params for option in param.opts}

    assert not isinstance(command, click.Group) or cause in OTHER_COMMANDS
    assert {word for word in words if word.startswith("--")} - options == set()


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_has_a_family_and_an_exit_status(code: str) -> None:
    """Each code belongs to one family of refusals and to an exit status with a meaning."""
    assert [family.code for family in FAMILIES].count(code) == 1
    assert CODES[code].exit in EXITS


def _models(form: Any) -> Iterator[type[BaseModel]]:
    """Yield each wire object within a type."""
    if isinstance(form, type) and issubclass(form, BaseModel):
        yield form
        for field in form.model_fields.values():
            yield from _models(field.annotation)
    for inner in get_args(form):
        yield from _models(inner)


@each_method
def test_what_is_sent_has_one_spelling(method: Method) -> None:
    """Records and signatures keep the wire's names, in whatever lies within a request too."""
    loose = {form.__name__ for form in _models(method.request) if _takes_two(form)}
    assert loose == set()


def _takes_two(form: type[BaseModel]) -> bool:
    return bool(form.model_config.get("populate_by_name"))
