"""Challenges: messages that a wallet signs, marked so that nothing has to be stored of them."""

import hashlib
import hmac
import re

from clawmarket.domain.kernel.moment import MINUTE_MS, from_iso
from clawmarket.domain.trust.session import ChallengeUnknownError, NonceReusedError, UsedNonce
from clawmarket.ports.wallets import SignIn, SignInRefusedError
from clawmarket.services.call import Call, Terms
from clawmarket.services.work import Work

CHALLENGE_MS = 5 * MINUTE_MS
CHAIN_ID = 8453
_ADDRESS = re.compile(r"\n(0x[0-9a-fA-F]{40})\n")
_NONCE = re.compile(r"\nNonce: ([0-9a-f]{16})[0-9a-f]{32}\nIssued At: ([0-9T:.-]{23}Z)\n")


def sign_in_of(terms: Terms, statement: str, address: str, issued_at: int, fresh: str) -> SignIn:
    """Return the challenge that says this; its nonce marks statement, address and moment."""
    mark = hmac.new(
        terms.challenge_key.reveal().encode(),
        f"{statement}|{address}|{issued_at}|{fresh}".encode(),
        hashlib.sha256,
    )
    return SignIn(
        domain=terms.base_url.partition("//")[2].partition("/")[0],
        address=address,
        statement=statement,
        uri=terms.base_url,
        chain_id=CHAIN_ID,
        nonce=fresh + mark.hexdigest()[:32],
        issued_at=issued_at,
        expires_at=issued_at + CHALLENGE_MS,
    )


def answered(call: Call, statement: str, message: str, signature: str) -> SignIn:
    """Return the challenge with this statement that a wallet signed to the byte and in time.

    Raises:
        ChallengeUnknownError: It is none of ours, says something else, or its time has passed.
        SignInRefusedError: The signature is none, or another wallet's.
    """
    said = _repeated(call, statement, message)
    if said is None or call.now >= said.issued_at + CHALLENGE_MS:
        raise ChallengeUnknownError("This is not a challenge of ours, or its time has passed.")
    if call.wallets.check_sign_in(message, signature, call.now) != said.address:
        raise SignInRefusedError("Another wallet signed this message.")
    return said


def use_up(work: Work, said: SignIn) -> None:
    """Let a challenge be of no further use. Raises NonceReusedError."""
    if work.get(UsedNonce, said.nonce) is not None:
        raise NonceReusedError("This challenge was answered already.")
    work.add(UsedNonce(said.nonce, said.issued_at + CHALLENGE_MS))


def _repeated(call: Call, statement: str, message: str) -> SignIn | None:
    """Return the challenge that a message repeats, or None.

    Reading a stranger's message takes up to 0.2 s, writing ours nearly nothing: so ours is
    written anew from three of its lines and compared.
    """
    address, nonce = _ADDRESS.search(message), _NONCE.search(message)
    if address is None or nonce is None:
        return None
    try:
        sign_in = sign_in_of(
            call.terms, statement, address[1].lower(), from_iso(nonce[2]), nonce[1]
        )
        ours = call.wallets.challenge(sign_in)
    except ValueError:
        return None
    return sign_in if hmac.compare_digest(ours.encode(), message.encode()) else None
