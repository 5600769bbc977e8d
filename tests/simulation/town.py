"""A town: one market, its people, and a process that can die and come back."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from clawmarket.adapters.blobs.memory import MemoryBlobs
from clawmarket.adapters.clock.memory import SettableClock
from clawmarket.adapters.entropy.memory import SeededEntropy
from clawmarket.adapters.store.memory import MemoryStore
from clawmarket.adapters.wallets.evm import EvmWallets
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.statement import statement
from clawmarket.ports.store import Query
from clawmarket.registry.methods import method_named
from clawmarket.runtime.workers import run_due_jobs
from clawmarket.services.call import Caller
from clawmarket.services.limits import Limits
from clawmarket.services.market.sweep import SweepAnswer, sweep
from clawmarket.services.operate.tidying import Tidier
from clawmarket.services.pipeline import Pipeline, Ports
from clawmarket.services.trust.log import sequence
from simulation.chance import Chance
from simulation.faults import FaultyStore
from statements import proof
from world import START, Fields, Member, World

R = TypeVar("R")

FAUCET = 60_000_000
MEMBERS = 4
ARBITERS = 2
MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True)
class Deed:
    """One call that somebody wants to make."""

    method: str
    params: Fields
    forged: bool = False
    key: str | None = None


@dataclass
class Party:
    """Somebody with a key of their own; `wallet` is set where a wallet signs every call."""

    name: str
    caller: Caller
    wallet: Wallet | None
    file: Fields
    temper: str = "honest"
    silent_from: int = 1_000_000
    calls: int = 0
    said: list[Deed] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The account."""
        return self.caller.account_id

    def next_key(self) -> str:
        """Return a key that is new for this party; others use the same ones."""
        self.calls += 1
        return f"{self.calls}"


@dataclass(frozen=True)
class Founding:
    """A market in which everybody has signed in; runs begin with copies of it."""

    world: World
    people: tuple[tuple[str, Caller, Wallet | None, Fields], ...]

    @property
    def stranger(self) -> Wallet:
        """A wallet that belongs to nobody here."""
        return Wallet.create(SeededEntropy(0))


@cache
def founding() -> Founding:
    """Found the market once a process: signing in costs more than a hundred steps."""
    world = World(faucet=FAUCET)
    people = []
    for number in range(MEMBERS):
        member = world.member()
        by_key = world.with_key(member)
        # The first one signs with a wallet, the others act through API keys.
        actor: Member = member if number == 0 else by_key
        people.append((f"member-{number + 1}", actor.caller, actor.wallet, by_key.stores()))
    for number in range(ARBITERS):
        actor = world.with_key(world.arbiter())
        people.append((f"arbiter-{number + 1}", actor.caller, None, actor.stores()))
    people.append(("operator", world.operator.caller, None, {}))
    world.log()
    return Founding(world, tuple(people))


def finish(work: Coroutine[Any, Any, Any]) -> Any:
    """Run something to its end that never has to wait for anything outside."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("nothing in a simulation waits")


@dataclass
class Town:
    """One run's market; only `store`, `blobs` and `clock` outlive the process."""

    seed: int
    chance: Chance
    clock: SettableClock = field(init=False)
    store: FaultyStore = field(init=False)
    pipeline: Pipeline = field(init=False)
    parties: list[Party] = field(init=False)

    def __post_init__(self) -> None:
        begun = founding()
        self.terms, self.signer = begun.world.terms, begun.world.signer
        self.stranger = begun.stranger
        rows, blobs = MemoryStore(), MemoryBlobs(MAX_FILE_BYTES)
        first = begun.world.store
        assert isinstance(first, MemoryStore)
        rows._tables = {kind: dict(table) for kind, table in first._tables.items()}
        founded = begun.world.pipeline.ports.blobs
        assert isinstance(founded, MemoryBlobs)
        blobs._kept = dict(founded._kept)
        self.clock = SettableClock(START)
        self.store = FaultyStore(rows, self.chance)
        # The founding drew from a seed of its own; no run may draw the same.
        entropy = SeededEntropy(-1 - self.seed)
        self.ports = Ports(self.store, blobs, EvmWallets(), self.clock, entropy)
        self.parties = [Party(*person) for person in begun.people]
        self.restart()

    def restart(self) -> None:
        """Start the process anew; it finds what was stored and nothing else."""
        self.store.restart()
        self.pipeline = Pipeline(self.ports, self.terms, Limits(0))
        self._tidier = Tidier(self.store)

    @property
    def now(self) -> int:
        """The present moment."""
        return self.clock.now()

    def rows(self, kind: type[R]) -> list[R]:
        """Return every stored row of a kind."""
        return self.store.read(lambda rows: rows.find(Query(kind, limit=1_000_000)))

    def submit(self, party: Party, method: str, params: Fields, key: str) -> Fields:
        """Pass one call through the pipeline."""
        answer: Fields = finish(self.pipeline.submit(party.caller, method, params, key=key))
        return answer

    def signed(self, wallet: Wallet, actor: str, method: str, params: Fields, key: str) -> Fields:
        """Return the parameters with a wallet's signature of the present moment."""
        known = method_named(method)
        if known is None or not known.signed:
            return params
        said = statement(
            market=self.terms.origin,
            method=known.name,
            actor=actor,
            key=key,
            signed_at=iso(self.now),
            params={name: value for name, value in params.items() if name != "actorId"},
        )
        return params | proof(wallet, said)

    def sweep(self) -> SweepAnswer:
        """Let the market end what waited too long, several side by side."""
        ended: SweepAnswer = founding().world.run(sweep(self.pipeline))
        return ended

    def log(self) -> int:
        """Let the sequencer take new records in."""
        taken: int = finish(sequence(self.store, self.signer, self.now))
        return taken

    def run_jobs(self) -> int:
        """Let the workers do what is due."""
        done: int = finish(run_due_jobs(self.pipeline))
        return done

    def tidy(self) -> int:
        """Remove what is too old to matter."""
        gone: int = finish(self._tidier.bite(self.now))
        return gone
