"""The wiring of one market: adapters from the configuration, the pipeline over them, workers."""

import gc
import sys
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from clawmarket import __version__
from clawmarket.adapters.blobs.disk import DiskBlobs
from clawmarket.adapters.cards.http import HttpCards
from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.durable import write_private
from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.signer.ed25519 import Ed25519Signer, is_signed
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.adapters.wallets.evm import EvmWallets
from clawmarket.domain.kernel.loopback import LOOPBACK
from clawmarket.domain.market.terms import FEE_BPS
from clawmarket.domain.trust.checkpoint import vkey
from clawmarket.domain.trust.rollback import LogKeyLostError, RollbackAccepted
from clawmarket.ports.cards import Cards
from clawmarket.ports.entropy import Entropy
from clawmarket.ports.notices import Notices
from clawmarket.ports.payments import Rail
from clawmarket.ports.signer import LogSigner
from clawmarket.ports.store import RowExistsError, Store
from clawmarket.runtime.config import FAUCET_MINOR, Config, ConfigError
from clawmarket.runtime.home import (
    LOG_KEY,
    LOG_NAME,
    TEST_MONEY_MARK,
    Home,
    open_home,
)
from clawmarket.runtime.migrating import migrate_older
from clawmarket.runtime.postgres import open_rows
from clawmarket.runtime.rollback import GivenOut, accept_history, check_history
from clawmarket.runtime.workers import Workers, start_workers
from clawmarket.services.call import Terms
from clawmarket.services.discover import discover
from clawmarket.services.limits import Limits
from clawmarket.services.operate.opening import open_market
from clawmarket.services.operate.rollback import record_rollback
from clawmarket.services.pipeline import Pipeline, Ports
from clawmarket.services.trust.history import is_signed_by
from clawmarket.services.trust.log import log_head

GC_THRESHOLD = 20_000


class TestMoneyInProductionError(ConfigError):
    """A home that once had a faucet can never be a market for real money."""

    advice = "Choose a new home with CLAWMARKET_HOME, or start without CLAWMARKET_PRODUCTION."
    next_command = "clawmarket serve --faucet"


@dataclass
class Market:
    """One market of this process: opened, not yet reachable.

    `accepted` is a rollback that the operator agreed to and that is not recorded yet.
    """

    config: Config
    home: Home
    pipeline: Pipeline
    signer: LogSigner
    given_out: GivenOut
    accepted: RollbackAccepted | None = None
    workers: Workers | None = None

    async def start(self) -> None:
        """Make what a first start makes, and let the workers run."""
        token = operator_token(self.home, self.pipeline.ports.entropy)
        with suppress(RowExistsError):  # another process of this market was first
            await open_market(self.pipeline, token)
        if self.accepted is not None:
            await record_rollback(self.pipeline, self.accepted)
        if self.accepted is not None or self.given_out.is_new:
            accept_history(self.home.folder, self.given_out, self.pipeline.ports.store)
        self.workers = start_workers(self.pipeline, self.signer, self.given_out.announce)
        # What a start makes stays for good; the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        gc.enable()

    async def stop(self) -> None:
        """Stop the workers, finish what was accepted, let go of the home."""
        if self.workers is not None:
            await self.workers.stop()
        self.given_out.close()
        self.pipeline.ports.store.close()
        self.home.close()


def open_app(
    config: Config,
    home: Home | None = None,
    *,
    accept_rollback: bool = False,
    rails: Mapping[str, Rail] | None = None,
) -> Market:
    """Open a market's home and wire everything over it.

    Args:
        config: Where and how.
        home: Its home, if that is open already; it is closed if this fails.
        rails: The outside rails by name, beside credits; none unless a program wires some.
        accept_rollback: Whether an older log than was given out may go on; recorded at the start.

    Raises:
        HomeUnusableError: The folder cannot be used.
        HomeIsBackupError: It is a backup.
        NotAHomeError: It holds other things.
        HomeInUseError: Another process runs a market there.
        SchemaNewerError: A newer version wrote the data.
        DriverMissingError, DatabaseUrlError, DatabaseUnfitError, StoreLostError: The database
            cannot be used.
        FaucetInProductionError: A home with test money is started for production.
        LogRolledBackError, NothingRolledBackError: See `check_history`.
        LogKeyLostError: The key that signed the log is not there.
    """
    home = home or open_home(config.home, shared=config.database is not None)
    try:
        discover()
        test_money = _is_test_money(config, home)
        store = _open_store(config, home)
    except BaseException:
        home.close()
        raise
    try:
        accepted = check_history(home.folder, store, accept=accept_rollback)
        market = _wire(config, home, store, rails or {}, test_money=test_money)
    except BaseException:
        store.close()
        home.close()
        raise
    market.accepted = accepted
    home.announce(config.port)
    home.started()
    return market


def _open_store(config: Config, home: Home) -> Store:
    migrate_older(home.folder, SystemClock().now(), _tell, config.database)
    if config.database is None:
        return open_sqlite(home.database)
    return open_rows(config.database)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the operator's own terminal


def _wire(
    config: Config, home: Home, store: Store, rails: Mapping[str, Rail], *, test_money: bool
) -> Market:
    entropy = SystemEntropy()
    signer = _signer(home, store, entropy)
    operator_token(home, entropy)
    ports = Ports(
        store=store,
        blobs=DiskBlobs(home.files, config.max_file_bytes, shared=config.database is not None),
        wallets=EvmWallets(),
        clock=SystemClock(),
        entropy=entropy,
        notices=_notices(config),
        rails=rails,
        cards=_cards(config),
    )
    terms = Terms(
        origin=signer.name,
        vkey=vkey(signer.name, signer.public_key),
        fee_bps=FEE_BPS,
        faucet_minor=FAUCET_MINOR if config.faucet else 0,
        test_money=test_money,
        base_url=config.base_url,
        max_file_bytes=config.max_file_bytes,
        challenge_key=home.secret("challenge.key", entropy),
        version=__version__,
        gives_notice=config.receiver is not None,
        rails=tuple(rails),
        open_tasks=config.open_tasks,
    )
    limits = Limits(config.calls_per_s, config.accounts_per_day)
    pipeline = Pipeline(ports, terms, limits)
    return Market(config, home, pipeline, signer, GivenOut(home.folder))


def _cards(config: Config) -> Cards:
    """Return who fetches agents' cards; this machine's own too while only it reaches the market."""
    own = urlsplit(config.base_url).hostname in LOOPBACK and not config.production
    return HttpCards(loopback=own)


def _notices(config: Config) -> Notices | None:
    if config.receiver is None:
        return None
    from clawmarket.adapters.notices.webhook import (  # noqa: PLC0415 - most markets tell nobody
        WebhookNotices,
    )

    return WebhookNotices(config.receiver.url, config.receiver.secret)


def _signer(home: Home, store: Store, entropy: Entropy) -> LogSigner:
    """Return the log's key, made at the first start only: a log has one key. LogKeyLostError."""
    head = store.read(log_head)
    name_path = home.folder / LOG_NAME
    if head is not None and not ((home.folder / LOG_KEY).exists() and name_path.exists()):
        raise LogKeyLostError(f"{LOG_KEY} or {LOG_NAME} is missing in {home.folder}.")
    seed = home.secret(LOG_KEY, entropy)
    if not name_path.exists():
        write_private(name_path, f"clawmarket.local/{entropy.draw(4).hex()}")
    signer = Ed25519Signer.from_seed(name_path.read_text(encoding="ascii").strip(), seed)
    if head and not is_signed_by(head, vkey(signer.name, signer.public_key), is_signed):
        raise LogKeyLostError(f"{LOG_KEY} in {home.folder} is not the key that signed its log.")
    return signer


def _is_test_money(config: Config, home: Home) -> bool:
    """Return whether the credits of this home are test money: once so, so for ever."""
    mark = home.folder / TEST_MONEY_MARK
    if config.faucet and not mark.exists():
        write_private(mark, "The credits of this market are test money.")
    if mark.exists() and config.production:
        raise TestMoneyInProductionError("The credits of this home are test money.")
    return mark.exists()


def operator_token(home: Home, entropy: Entropy) -> str:
    """Return the operator's token, made at the first start."""
    if not home.operator_token.exists():
        token = "cmo_" + urlsafe_b64encode(entropy.draw(32)).decode().rstrip("=")
        write_private(home.operator_token, token)
    return home.operator_token.read_text(encoding="ascii").strip()
