"""Whoever sent a request, and the market as they reach it."""

from dataclasses import dataclass

from a2a.utils.errors import ContentTypeNotSupportedError

from clawmarket.entry.a2a.skills.skill import File, Visit
from clawmarket.entry.a2a.wire.messages import Sent
from clawmarket.entry.gateway.tools import Inside
from clawmarket.services.call import Caller, Terms
from clawmarket.services.trust.identity import identify


@dataclass(frozen=True, slots=True)
class Client:
    """Whoever sent a request."""

    market: Inside
    account_id: str

    @property
    def caller(self) -> Caller:
        """Whose key this is, as the market knows it now. Raises what refuses the key."""
        market, ports = self.market, self.market.pipeline.ports
        return identify(ports.store, ports.clock, market.token, market.peer)

    def visit(self, terms: Terms, sent: Sent | None = None) -> Visit:
        """Return the market as this client reaches it with a message, or with none."""
        at = (self.market, self.account_id, terms.base_url, terms.fee_bps)
        if sent is None:
            return Visit(*at)
        if any(file.url for file in sent.files):
            # Fetched for a stranger, an address of his choice would be asked in our name.
            what = "A file comes as its bytes; nothing is fetched from addresses."
            raise ContentTypeNotSupportedError(what)
        files = tuple(
            File(file.name or f"file-{at}.bin", file.base64) for at, file in enumerate(sent.files)
        )
        return Visit(*at, sent.message_id, files, sent.texts)
