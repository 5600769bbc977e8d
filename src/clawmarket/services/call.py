"""A call: who asks, when, with which rights, and what it may draw on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from clawmarket.domain.kernel.ids import MARKET_ACCOUNT, RecordIds, make_id
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.market.terms import OPEN_TASKS
from clawmarket.domain.trust.session import CredentialKind, Role
from clawmarket.ports.clock import Clock
from clawmarket.ports.entropy import Entropy
from clawmarket.ports.wallets import Wallets
from clawmarket.services.reached import Reached


@dataclass(frozen=True, slots=True)
class Caller:
    """The signed-in account, or nobody.

    `account_id` is empty for a caller without a credential. `session` is the SHA-256 of the
    session's token, if it came with one; `peer` the address that it calls from, as the connection
    has it. `agent_session` is the SHA-256 of the agent's session that a key speaks in, if it says
    so: whose budget a trade counts against. `key` is the key itself, where a call replaces it.
    """

    account_id: str
    role: Role
    kind: CredentialKind | None
    credential_id: str
    scope: str
    session: str = ""
    peer: str = ""
    agent_session: str = ""
    key: Secret | None = field(default=None, repr=False, compare=False)


NOBODY = Caller("", Role.MEMBER, None, "", "public")
THE_MARKET = Caller(MARKET_ACCOUNT, Role.MARKET, None, "", "admin")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a market decided once, when it was opened.

    Args:
        origin: The log's name, as it stands in checkpoints and statements.
        vkey: The log's public key in note form.
        fee_bps: The fee on completed orders, in hundredths of a percent.
        faucet_minor: Test credits that each new account gets; 0 for none.
        test_money: Whether the credits here are worth nothing.
        base_url: Where the market is reached.
        max_file_bytes: The largest file.
        challenge_key: Marks the sign-in challenges that this market gave out.
        version: The running program's version.
        gives_notice: Whether somebody outside is told of revocations.
        rails: The names of the outside rails that orders can be paid on, beside credits.
        open_tasks: How many open tasks an account may have at once; 0 for any number.
        reached: Under which names requests came to this process.
    """

    origin: str
    vkey: str
    fee_bps: int
    faucet_minor: int
    test_money: bool
    base_url: str
    max_file_bytes: int
    challenge_key: Secret
    version: str
    gives_notice: bool = False
    rails: tuple[str, ...] = ()
    open_tasks: int = OPEN_TASKS
    reached: Reached = field(default_factory=Reached, compare=False)


SUPPLY_BYTES = 160


@dataclass(slots=True)
class Call:
    """One call on its way through the pipeline."""

    caller: Caller
    method: str
    clock: Clock
    entropy: Entropy
    terms: Terms
    wallets: Wallets
    record_ids: RecordIds
    now: int
    key: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    params_hash: str = ""
    statement: dict[str, object] | None = None
    supply: bytes = b""

    @property
    def actor(self) -> str:
        """The account that acts."""
        return self.caller.account_id

    @property
    def is_operator(self) -> bool:
        """Whether the caller runs this market."""
        return self.caller.role is Role.OPERATOR

    def draw(self, count: int) -> bytes:
        """Return random bytes; a call asks for a supply once, since each asking costs a switch."""
        if len(self.supply) < count:
            self.supply = self.entropy.draw(max(SUPPLY_BYTES, count))
        drawn, self.supply = self.supply[:count], self.supply[count:]
        return drawn

    def new_id(self, noun: str) -> str:
        """Return a new id of a noun."""
        return make_id(noun, self.now, self.draw(10))
