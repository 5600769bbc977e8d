"""Opening: what a market sets up once, at its first start."""

from clawmarket.domain.kernel.ids import MARKET_ACCOUNT
from clawmarket.domain.trust.session import (
    Account,
    AccountOpened,
    Credential,
    CredentialKind,
    Role,
)
from clawmarket.ports.store import Query
from clawmarket.services.call import THE_MARKET
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.access.sessions import token_hash
from clawmarket.services.trust.tallies import complete_tallies
from clawmarket.services.work import Work


async def open_market(pipeline: Pipeline, operator_token: str) -> None:
    """Make the market's own account and its operator's, unless they exist; complete its tallies."""
    hashed = token_hash(operator_token)
    known = pipeline.ports.store.read(
        lambda rows: rows.find(Query(Credential, equal={"lookup": hashed}, limit=1))
    )
    if not known:
        call = pipeline.call(THE_MARKET, "market.open")
        await pipeline.write(call, lambda work: _open(work, hashed))
    await complete_tallies(pipeline.ports.store)


def _open(work: Work, hashed: str) -> None:
    if work.get(Account, MARKET_ACCOUNT) is None:
        work.add(Account(MARKET_ACCOUNT, Role.MARKET, work.record_id, work.now))
        work.emit(AccountOpened(MARKET_ACCOUNT, Role.MARKET.value, None))
    account_id = work.call.new_id("account")
    work.add(Account(account_id, Role.OPERATOR, work.record_id, work.now))
    work.add(
        Credential(
            credential_id=work.call.new_id("credential"),
            account_id=account_id,
            kind=CredentialKind.OPERATOR,
            lookup=hashed,
            label="operator",
            prefix="cmo_",
            scope="admin",
            created_at=work.now,
            revoked_at=None,
        )
    )
    work.emit(AccountOpened(account_id, Role.OPERATOR.value, None))
