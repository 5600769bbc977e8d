"""One GET to one address, and no more bytes of it than a card may have."""

from dataclasses import replace

import httpx

from clawmarket.domain.market.agents.address import Target
from clawmarket.domain.market.agents.card import MAX_BYTES, CardUnfitError
from clawmarket.ports.cards import CardUnreachableError

_HEADERS = {
    "accept": "application/json",
    # A compressed answer could be a thousand times as large as what came.
    "accept-encoding": "identity",
    "user-agent": "clawmarket",
}


# The certificates of this computer; reading them takes longer than fetching a card.
_TRUST = httpx.create_ssl_context(trust_env=False)


async def get(target: Target, address: str) -> bytes:
    """Return what a place serves, asked at this address of its name.

    The host header and the certificate are the name's. Nothing limits the time here. Raises
    CardUnreachableError, CardUnfitError.
    """
    url = replace(target, host=address).url
    headers = {**_HEADERS, "host": target.authority}
    extensions = {"sni_hostname": target.host}
    try:
        async with (
            httpx.AsyncClient(
                verify=_TRUST,
                timeout=None,  # noqa: S113 - whoever calls has a time limit around all of it
                trust_env=False,
                follow_redirects=False,
            ) as client,
            client.stream("GET", url, headers=headers, extensions=extensions) as answer,
        ):
            return await _body(answer)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        what = f"The address could not be reached ({type(error).__name__})."
        raise CardUnreachableError(what) from None


async def _body(answer: httpx.Response) -> bytes:
    """Return the bytes of an answer, as long as they are no more than a card may have."""
    if answer.status_code != httpx.codes.OK:
        raise CardUnreachableError(f"The address answered {answer.status_code}.")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise CardUnreachableError("The address sent something compressed that was not asked for.")
    body = b""
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > MAX_BYTES:
            raise CardUnfitError("The card is larger than 256 KiB.")
    return body
