"""Who can tell whether a wallet signed something."""

from dataclasses import dataclass
from typing import Protocol

from clawmarket.domain.kernel.errors import AuthRequiredError, InvalidArgumentError


class SignInRefusedError(AuthRequiredError):
    """The sign-in message or its signature is not acceptable."""

    advice = "Ask for a new challenge and sign it unchanged with the wallet it names."
    next_command = "clawmarket wallet login"


class SignatureInvalidError(InvalidArgumentError):
    """A signature cannot be read, or a wallet of another account made it."""

    advice = "Sign the statement that `details.statement` shows with a wallet of this account."
    next_command = "clawmarket explain signature_invalid"


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a challenge fixed: whoever answers has to repeat every word of it.

    The address is lower case, an empty statement is none; challenges of the market always expire.
    """

    domain: str
    address: str
    statement: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: int
    expires_at: int | None


class Wallets(Protocol):
    """Signature checks; pure computation for key-pair wallets."""

    def challenge(self, sign_in: SignIn) -> str:
        """Return the EIP-4361 message for a sign-in."""
        ...

    def read_sign_in(self, message: str) -> SignIn:
        """Return what an EIP-4361 message says. Raises SignInRefusedError."""
        ...

    def check_sign_in(self, message: str, signature: str, now: int) -> str:
        """Return the address that signed an EIP-4361 message. Raises SignInRefusedError."""
        ...

    def signer(self, digest: bytes, signature: str) -> str:
        """Return the address whose EIP-191 signature over 32 bytes this is.

        Raises SignatureInvalidError.
        """
        ...
