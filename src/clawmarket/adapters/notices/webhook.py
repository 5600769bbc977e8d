"""Notices by HTTP: one signed POST to the operator's own endpoint.

Headers and signature are the reference's (section 7, revocation webhook). Nothing of an answer is
believed but its status, so nothing else is read.
"""

import asyncio
import hashlib
import hmac

import httpx

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.secret import Secret
from clawmarket.ports.notices import Notice, NoticeLostError

TIME_LIMIT_S = 8.0


class WebhookNotices:
    """An HTTP endpoint that confirms with a status from 200 to 299, within `time_limit_s`."""

    def __init__(self, url: str, secret: Secret, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._url = url
        self._secret = secret
        self._time_limit_s = time_limit_s
        # Reading the certificates of a computer takes longer than sending a notice.
        self._trust = httpx.create_ssl_context(trust_env=False)

    async def send(self, notice: Notice) -> None:
        """Post a notice; redirects are not followed, proxies not used. Raises NoticeLostError."""
        try:
            async with asyncio.timeout(self._time_limit_s):
                status = await self._post(notice)
        except TimeoutError:
            limit = f"{self._time_limit_s:g} s"
            raise NoticeLostError(f"The receiver did not answer within {limit}.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            what = f"The receiver could not be reached ({type(error).__name__})."
            raise NoticeLostError(what) from None
        if not httpx.codes.is_success(status):
            raise NoticeLostError(f"The receiver answered {status}.")

    async def _post(self, notice: Notice) -> int:
        headers = {"content-type": "application/json", **signed_headers(notice, self._secret)}
        async with (
            httpx.AsyncClient(
                verify=self._trust,
                timeout=None,  # noqa: S113 - the time limit is around all of it
                trust_env=False,
                follow_redirects=False,
            ) as client,
            client.stream("POST", self._url, content=notice.body, headers=headers) as answer,
        ):
            return answer.status_code


def signed_headers(notice: Notice, secret: Secret) -> dict[str, str]:
    """Return what proves a notice: its moment, its body's hash, and an HMAC over both.

    `x-market-notice-id` is the same whenever a notice is sent again.
    """
    moment = iso(notice.sent_at)
    signed = moment.encode() + b"." + notice.body
    signature = hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
    return {
        "x-market-timestamp": moment,
        "x-market-payload-hash": "0x" + hashlib.sha256(notice.body).hexdigest(),
        "x-market-signature": signature,
        "x-market-notice-id": notice.notice_id,
    }
