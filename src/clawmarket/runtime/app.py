"""The wiring of one market: adapters from the configuration, the pipeline over them, workers."""

import gc
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from clawmarket import __version__
from clawmarket.adapters.blobs.disk import DiskBlobs
from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.signer.ed25519 import Ed25519Signer
from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.adapters.wallets.evm import EvmWallets
from clawmarket.domain.market.terms import FEE_BPS
from clawmarket.domain.trust.checkpoint import vkey
from clawmarket.ports.entropy import Entropy
from clawmarket.ports.signer import LogSigner
from clawmarket.runtime.config import FAUCET_MINOR, Config, ConfigError
from clawmarket.runtime.home import Home, open_home, write_private
from clawmarket.runtime.workers import Workers, start_workers
from clawmarket.services.call import Terms
from clawmarket.services.discover import discover
from clawmarket.services.operate.opening import open_market
from clawmarket.services.pipeline import Pipeline, Ports

GC_THRESHOLD = 20_000
TEST_MONEY_MARK = "test-money"


class TestMoneyInProductionError(ConfigError):
    """A home that once had a faucet can never be a market for real money."""

    advice = "Choose a new home with CLAWMARKET_HOME, or start without CLAWMARKET_PRODUCTION."
    next_command = "clawmarket serve --faucet"


@dataclass
class Market:
    """One market of this process: opened, not yet reachable."""

    config: Config
    home: Home
    pipeline: Pipeline
    signer: LogSigner
    workers: Workers | None = None

    async def start(self) -> None:
        """Make what a first start makes, and let the workers run."""
        await open_market(self.pipeline, operator_token(self.home, self.pipeline.ports.entropy))
        self.workers = start_workers(self.pipeline, self.signer)
        # What a start makes stays for good; the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)

    async def stop(self) -> None:
        """Stop the workers, finish what was accepted, let go of the home."""
        if self.workers is not None:
            await self.workers.stop()
        self.pipeline.ports.store.close()
        self.home.close()


def open_app(config: Config) -> Market:
    """Open a market's home and wire everything over it.

    Raises:
        HomeUnusableError: The folder cannot be used.
        HomeInUseError: Another process runs a market there.
        SchemaNewerError: A newer version wrote the data.
        FaucetInProductionError: A home with test money is started for production.
    """
    discover()
    home = open_home(config.home)
    try:
        return _wire(config, home)
    except BaseException:
        home.close()
        raise


def _wire(config: Config, home: Home) -> Market:
    entropy = SystemEntropy()
    test_money = _is_test_money(config, home)
    store = open_sqlite(home.database)
    signer = _signer(home, entropy)
    ports = Ports(
        store=store,
        blobs=DiskBlobs(home.files, config.max_file_bytes),
        wallets=EvmWallets(),
        clock=SystemClock(),
        entropy=entropy,
    )
    terms = Terms(
        origin=signer.name,
        vkey=vkey(signer.name, signer.public_key),
        fee_bps=FEE_BPS,
        faucet_minor=FAUCET_MINOR if config.faucet else 0,
        test_money=test_money,
        base_url=f"http://127.0.0.1:{config.port}",
        max_file_bytes=config.max_file_bytes,
        challenge_key=home.secret("challenge.key", entropy),
        version=__version__,
    )
    return Market(config, home, Pipeline(ports, terms), signer)


def _signer(home: Home, entropy: Entropy) -> LogSigner:
    seed = home.secret("log.key", entropy)
    name_path = home.folder / "log.name"
    if not name_path.exists():
        write_private(name_path, f"clawmarket.local/{entropy.draw(4).hex()}")
    return Ed25519Signer.from_seed(name_path.read_text(encoding="ascii").strip(), seed)


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
