"""The one way in: every call passes the same steps, in the order of the lists at the end."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from clawmarket.domain.kernel.canonical import CanonicalError, canonical_bytes
from clawmarket.domain.kernel.errors import InvalidArgumentError, NotFoundError
from clawmarket.domain.kernel.ids import RecordIds
from clawmarket.domain.kernel.replay import KeptAnswer, KeyReusedError
from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.session import (
    Account,
    ActorMismatchError,
    AuthNeededError,
    Role,
    RoleMissingError,
    ScopeMissingError,
    allows,
)
from clawmarket.domain.trust.statement import unsigned
from clawmarket.ports.blobs import Blobs
from clawmarket.ports.cards import Cards
from clawmarket.ports.clock import Clock
from clawmarket.ports.entropy import Entropy
from clawmarket.ports.notices import Notices
from clawmarket.ports.payments import Rail
from clawmarket.ports.store import Place, Query, Snapshot, Store, Transaction
from clawmarket.ports.wallets import Wallets
from clawmarket.registry.disclosure import withheld
from clawmarket.registry.faults import fault_of
from clawmarket.registry.fields import Request, SignedRequest
from clawmarket.registry.methods import Manner, Method, Scope, method_named
from clawmarket.registry.misfits import listing_command
from clawmarket.services.call import Call, Caller, Terms
from clawmarket.services.limits import Limits
from clawmarket.services.signing import attest, check_fresh
from clawmarket.services.treasury.billing.trading import count_trade
from clawmarket.services.work import Work

MAX_KEY_CHARS = 200

T = TypeVar("T")


class MethodUnknownError(NotFoundError):
    """There is no method with this name."""

    advice = "List the methods with web3.capabilities.list."
    next_command = "clawmarket call web3.capabilities.list"


class FieldInvalidError(InvalidArgumentError):
    """A field is missing, unknown, of the wrong type or out of range."""

    advice = "Correct the field that `details.path` names."
    next_command = "clawmarket explain {method}"

    @property
    def next_step(self) -> str:
        """The list of such ids, when it is an id; otherwise what the method takes."""
        noun = self.details.get("noun")
        return listing_command(noun) if isinstance(noun, str) else super().next_step


class KeyInvalidError(InvalidArgumentError):
    """An idempotency key is 1 to 200 printable ASCII characters."""

    advice = "Use a random key such as a UUID."
    next_command = "clawmarket explain key_invalid"


@dataclass(frozen=True)
class Ports:
    """What the services may ask of the outside."""

    store: Store
    blobs: Blobs
    wallets: Wallets
    clock: Clock
    entropy: Entropy
    notices: Notices | None = None
    rails: Mapping[str, Rail] = field(default_factory=dict)
    cards: Cards | None = None


@dataclass(slots=True)
class Passage:
    """One call between the steps: what is known so far."""

    method: Method
    call: Call
    ports: Ports
    limits: Limits
    request: Request
    answer: dict[str, Any]


def decode(passage: Passage) -> None:
    """Turn the parameters into the method's request. Raises FieldInvalidError."""
    call, params = passage.call, dict(passage.call.params)
    actor = params.pop("actorId", call.actor)
    if actor != call.actor:
        raise ActorMismatchError("`actorId` is not the account that is signed in.")
    call.params = params
    try:
        passage.request = passage.method.request.model_validate(params)
    except ValidationError as error:
        raise _field_error(passage.method, error) from None
    except RecursionError:
        raise FieldInvalidError("The input is nested too deeply.") from None


def authorise(passage: Passage) -> None:
    """Let only credentials through that hold the method's scope. Raises ScopeMissingError."""
    check_scope(passage.call.caller, passage.method.name, passage.method.scope)


def check_scope(caller: Caller, what: str, needed: Scope) -> None:
    """Refuse a credential that does not hold a scope. Raises AuthNeededError, ScopeMissingError."""
    if allows(caller.scope, needed):
        return
    if not caller.account_id:
        raise AuthNeededError(f"{what} needs a signed-in account.")
    raise ScopeMissingError(
        f"{what} needs the scope {needed}; this credential has {caller.scope}.", scope=str(needed)
    )


def check_role(passage: Passage) -> None:
    """Let only those accounts through that the operator named. Raises RoleMissingError."""
    _demand_role(passage.method, passage.call.caller.role)


def _demand_role(method: Method, role: Role) -> None:
    if method.role is not None and role not in (method.role, Role.OPERATOR):
        raise RoleMissingError(f"{method.name} is for an {method.role}.")


def limit(passage: Passage) -> None:
    """Slow down who calls too often. Raises CallsTooFastError, TooManyCallsError."""
    call = passage.call
    if not call.actor and passage.method.manner is Manner.ASK:
        passage.limits.check_stranger(call.caller.peer, call.method, call.now)
    else:
        passage.limits.check_caller(call.actor, call.caller.peer, call.now)


def bind_key(passage: Passage) -> None:
    """Fix what a repeated request has to repeat: the hash over its parameters.

    The signature is left out: a wallet may sign the same statement in more than one way.
    """
    call = passage.call
    if call.key and not (
        len(call.key) <= MAX_KEY_CHARS and call.key.isascii() and call.key.isprintable()
    ):
        raise KeyInvalidError("The idempotency key is too long or not printable ASCII.")
    try:
        call.params_hash = hashlib.sha256(canonical_bytes(unsigned(call.params))).hexdigest()
    except CanonicalError as error:
        raise FieldInvalidError(str(error), method=passage.method.name) from None


def sign(passage: Passage) -> None:
    """Check the party's signature, or note that the market attests (services.signing)."""
    if isinstance(passage.request, SignedRequest):
        attest(passage.call, passage.request, passage.ports.wallets, passage.ports.store)


def replay(passage: Passage, rows: Transaction) -> bool:
    """Answer a repeated request with what was answered before. Raises KeyReusedError."""
    call = passage.call
    if not call.key:
        return False
    kept = rows.get(KeptAnswer, _key_scope(call))
    if kept is None:
        return False
    if kept.params_hash != call.params_hash:
        raise KeyReusedError("This idempotency key was used with other parameters.")
    passage.answer = orjson.loads(kept.answer)
    return True


def still_said(passage: Passage, work: Work) -> None:
    """Judge a signed statement's age at the moment of the record, as receipts are judged.

    Raises StatementStaleError.
    """
    if passage.call.statement is not None:
        check_fresh(passage.call.statement, work.now)


def still_in_role(passage: Passage, work: Work) -> None:
    """Judge a role at the command's turn: whoever was dismissed meanwhile has none.

    Raises RoleMissingError.
    """
    if passage.method.role is not None:
        account = work.get(Account, passage.call.actor)
        _demand_role(passage.method, account.role if account else Role.MEMBER)


def run(passage: Passage, work: Work) -> None:
    """Let the method do its work on the transaction."""
    answer = passage.method.handler(passage.call, work, passage.request)
    passage.answer = answer.model_dump(mode="json", by_alias=True)


def guard_budget(passage: Passage, work: Work) -> None:
    """Hold what a key spent against its account's plan. Raises BudgetSpentError, BillUnpaidError.

    It follows the run, since only then it is known what the command takes; a refusal undoes it.
    """
    count_trade(passage.call, work)


def keep(passage: Passage, work: Work) -> None:
    """Leave the one record, and the answer for whoever repeats the request."""
    work.record()
    call = passage.call
    if call.key:
        shown = withheld(passage.method.shown_once, passage.answer)
        kept = KeptAnswer(_key_scope(call), call.params_hash, orjson.dumps(shown), call.now)
        work.keep_answer(kept)


BEFORE: tuple[Callable[[Passage], None], ...] = (
    decode,
    authorise,
    check_role,
    limit,
    bind_key,
    sign,
)
INSIDE: tuple[Callable[[Passage, Work], None], ...] = (
    still_said,
    still_in_role,
    run,
    guard_budget,
    keep,
)


class Pipeline:
    """The steps of BEFORE; then in ONE transaction replay and the steps of INSIDE.

    `answers` counts the commands that were answered, refused ones too.
    """

    def __init__(self, ports: Ports, terms: Terms, limits: Limits | None = None) -> None:
        self.ports = ports
        self.terms = terms
        self.limits = limits or Limits()
        self.answers = 0
        self._under_way = 0
        self._answered = asyncio.Event()
        self._record_ids = RecordIds(ports.store.read(_newest_record))
        ports.store.on_group(lambda rows: self._record_ids.rise_above(_newest_record(rows)))

    async def submit(
        self,
        caller: Caller,
        name: str,
        params: Mapping[str, object],
        *,
        key: str = "",
    ) -> dict[str, Any]:
        """Pass one call through all steps and return the fields of its answer.

        Raises Refused; nothing has changed then.
        """
        passage = self._passage(caller, name, params, key)
        for step in BEFORE:
            step(passage)
        match passage.method.manner:
            case Manner.READ:
                self._read(passage)
            case Manner.WRITE:
                seeks = [(KeptAnswer, _key_scope(passage.call))] if passage.call.key else []
                await self._write(lambda rows: _inside(passage, rows), seeks)
            case Manner.ASK:
                answer = await passage.method.handler(passage.call, self, passage.request)
                passage.answer = answer.model_dump(mode="json", by_alias=True)
        disclosed: dict[str, Any] = passage.method.disclosure(passage.answer)
        return disclosed

    async def write(self, call: Call, change: Callable[[Work], Any]) -> Any:  # noqa: ANN401 - what the change returns
        """Run one command of an `ask` method or of the market itself, with its own record."""

        def command(rows: Transaction) -> Any:  # noqa: ANN401 - whatever the change returns
            work = Work(call, rows)
            outcome = change(work)
            work.record()
            return outcome

        return await self._write(command)

    async def answered(self, patience_s: float) -> None:
        """Wait until commands are answered and none is under way, at most so long.

        Nobody waits for what begins then: the next commands are as far away as they can be.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._answered.wait()

    async def _write(self, command: Callable[[Transaction], T], seeks: Sequence[Place] = ()) -> T:
        self._under_way += 1
        try:
            return await self.ports.store.write(command, seeks=seeks)
        finally:
            self._under_way -= 1
            self.answers += 1
            if not self._under_way:
                # Wakes who waits now; who comes later waits for the next answer.
                self._answered.set()
                self._answered.clear()

    def call(self, caller: Caller, method: str) -> Call:
        """Return a call of the present moment."""
        ports = self.ports
        return Call(
            caller,
            method,
            ports.clock,
            ports.entropy,
            self.terms,
            ports.wallets,
            self._record_ids,
            ports.clock.now(),
        )

    def _passage(
        self, caller: Caller, name: str, params: Mapping[str, object], key: str
    ) -> Passage:
        method = method_named(name)
        if method is None:
            raise MethodUnknownError(f"There is no method {name[:80]!r}.")
        call = self.call(caller, method.name)
        call.params, call.key = params, key
        return Passage(method, call, self.ports, self.limits, Request(), {})

    def _read(self, passage: Passage) -> None:
        handler, call, request = passage.method.handler, passage.call, passage.request
        answer = self.ports.store.read(lambda rows: handler(call, rows, request))
        passage.answer = answer.model_dump(mode="json", by_alias=True)


def _inside(passage: Passage, rows: Transaction) -> None:
    if replay(passage, rows):
        return
    work = Work(passage.call, rows)
    for step in INSIDE:
        step(passage, work)


def _newest_record(rows: Snapshot) -> str:
    found = rows.find(Query(Record, newest_first=True, limit=1))
    return found[0].record_id if found else ""


def _key_scope(call: Call) -> str:
    return f"{call.actor}|{call.method}|{call.key}"


def _field_error(method: Method, error: ValidationError) -> FieldInvalidError:
    fault = fault_of(method.request, error)
    noun = {"noun": fault.noun} if fault.noun else {}
    return FieldInvalidError(fault.what, path=fault.path, method=method.name, **noun)
