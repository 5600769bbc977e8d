"""A reverse proxy with TLS in front of a market: it ends the connection and passes bytes on."""

import asyncio
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HEAD_END = b"\r\n\r\n"
FROM, UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a key and a certificate for a name; return their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return chain, secret


@dataclass
class Proxy:
    """Listens with TLS on a free loopback port and asks a market for what it is asked.

    Args:
        market: The port that the market listens on.
        chain: The certificate's file.
        secret: The key's file.
        keeps_host: Whether the name that was asked for is passed on.
    """

    market: int
    chain: Path
    secret: Path
    keeps_host: bool = True
    port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def start(self) -> "Proxy":
        """Listen, in a thread of its own."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,))
        self._thread.start()
        ready.wait()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def _run(self, ready: threading.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        self._stopped = asyncio.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.secret)
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stopped.wait()
        server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.market)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                back.write(self._as_proxy(await reader.readuntil(HEAD_END)))
                await asyncio.gather(_pipe(reader, back), _pipe(there, writer))
        finally:
            for end in (back, writer):
                end.close()

    def _as_proxy(self, head: bytes) -> bytes:
        """Return a request's head as proxies write it; one request a connection is enough here."""
        first, *lines = head[: -len(HEAD_END)].split(b"\r\n")
        dropped = [b"host:"] * (not self.keeps_host)
        upgrades = any(line.lower().startswith(b"upgrade:") for line in lines)
        dropped += [b"connection:"] * (not upgrades)
        kept = [line for line in lines if not line.lower().startswith(tuple(dropped))]
        kept += [] if self.keeps_host else [f"Host: 127.0.0.1:{self.market}".encode()]
        kept += [] if upgrades else [b"Connection: close"]
        return (
            b"\r\n".join([first, *kept, b"X-Forwarded-For: 192.0.2.7", b"X-Forwarded-Proto: https"])
            + HEAD_END
        )


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
