"""Addresses: what the market may ask, in the one spelling that it takes."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.market.agents.address import (
    Target,
    UrlForbiddenError,
    check_address,
    target_of,
)

INWARD = [
    "http://127.0.0.1",
    "http://127.0.0.1:8787/a2a",
    "http://127.1",
    "http://127.0.1",
    "http://0177.0.0.1",
    "http://0x7f.0.0.1",
    "http://0x7f000001",
    "http://0x7f.1",
    "http://2130706433",
    "http://017700000001",
    "http://127.000.000.001",
    "http://127.0.0.1.",
    "http://1.1.1.1.",
    "http://%31%32%37.0.0.1",
    "http://127%2e0.0.1",
    "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    "http://\u2460\u2461\u2466.0.0.1",
    "http://127\u30020\u30020\u30021",
    "http://0.0.0.0",
    "http://0",
    "http://10.0.0.1",
    "http://172.16.0.1",
    "http://172.31.255.255",
    "http://192.168.1.1",
    "http://169.254.169.254/latest/meta-data",
    "http://169.254.170.2",
    "http://100.64.0.1",
    "http://100.100.100.200",
    "http://168.63.129.16",
    "http://192.0.0.192",
    "http://192.0.2.1",
    "http://192.88.99.1",
    "http://198.18.0.1",
    "http://198.51.100.1",
    "http://203.0.113.1",
    "http://224.0.0.1",
    "http://239.255.255.250",
    "http://240.0.0.1",
    "http://255.255.255.255",
    "http://[::1]",
    "http://[::]",
    "http://[0:0:0:0:0:0:0:1]",
    "http://[::ffff:127.0.0.1]",
    "http://[::ffff:7f00:1]",
    "http://[::ffff:8.8.8.8]",
    "http://[::127.0.0.1]",
    "http://[::7f00:1]",
    "http://[64:ff9b::7f00:1]",
    "http://[64:ff9b:1::1]",
    "http://[2002:7f00:1::]",
    "http://[2001:0:7f00:1::]",
    "http://[2001:db8::1]",
    "http://[fe80::1]",
    "http://[fe80::1%25eth0]",
    "http://[fec0::1]",
    "http://[fc00::1]",
    "http://[fd00:ec2::254]",
    "http://[ff02::1]",
    "http://[3fff::1]",
    "http://localhost",
    "http://LOCALHOST",
    "http://localhost.",
    "http://agent.localhost",
    "http://localhost.localdomain",
    "http://metadata.google.internal",
    "http://printer.local",
    "http://router.lan",
    "http://nas.home.arpa",
    "http://hidden.onion",
    "http://intranet",
    "http://agent",
]
MISSPELT = [
    "",
    "agent.example.net",
    "//agent.example.net",
    "http:agent.example.net",
    "http:///agent.example.net",
    "http:\\\\agent.example.net",
    "http://agent.example.net\\@127.0.0.1",
    "http://127.0.0.1\\.agent.example.net",
    "http://user@agent.example.net",
    "http://user:secret@agent.example.net",
    "http://agent.example.net:80@127.0.0.1",
    "http://agent.example.net#@127.0.0.1",
    "http://agent.example.net/#part",
    "http://agent.example.net/?key=1",
    "http://agent.example.net?key=1",
    "http://agent.example.net /",
    " http://agent.example.net",
    "http://agent.example.net\n",
    "http://agent.example.net\r\nHost: inner",
    "http://agent.exa\tmple.net",
    "http://agent.example.net/\x00",
    "http://agent.example.net:",
    "http://agent.example.net:0",
    "http://agent.example.net:65536",
    "http://agent.example.net:99999999999",
    "http://agent.example.net:-1",
    "http://agent.example.net:080",
    "http://agent.example.net:22",
    "http://agent.example.net:25",
    "http://agent.example.net:443.5",
    "http://agent..example.net",
    "http://.example.net",
    "http://-agent.example.net",
    "http://agent_.example.net",
    "http://agent.example.net.",
    "http://agent.example.1",
    "http://agent.example.0x1",
    "http://\u0430gent.example.net",
    "http://ⓐgent.example.net",
    "http://" + "a" * 64 + ".example.net",
    "http://" + "a." * 130 + "net",
    "http://agent.example.net/" + "a" * 2_048,
    "http://[agent.example.net]",
    "http://[8.8.8.8]",
    "http://[2606:4700:0:0:0:0:0:1111]",
    "http://[2606:4700::0:1111]",
    "http://[2606:4700::01]",
    "http://[::1",
    "http://::1",
    "HTTP://agent.example.net",
    "file:///etc/passwd",
    "ftp://agent.example.net",
    "gopher://127.0.0.1:6379/_x",
    "javascript:alert(1)",
    "data:application/json,{}",
    "ws://agent.example.net",
    "http+unix://socket",
]


@pytest.mark.parametrize("url", INWARD, ids=ascii)
def test_what_leads_inward_is_refused(url: str) -> None:
    """Loopback, private, link-local, metadata and reserved ranges, in whatever spelling."""
    with pytest.raises(UrlForbiddenError):
        target_of(url, loopback=False)


@pytest.mark.parametrize("url", MISSPELT, ids=lambda url: ascii(url)[:40])
@pytest.mark.parametrize("loopback", [False, True])
def test_what_is_not_written_plainly_is_refused(url: str, *, loopback: bool) -> None:
    """No user names, queries, odd ports, odd names; nothing that two programs read differently."""
    with pytest.raises(UrlForbiddenError):
        target_of(url, loopback=loopback)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://agent.example.net", Target("https", "agent.example.net", 443, "")),
        ("http://agent.example.net/", Target("http", "agent.example.net", 80, "/")),
        (
            "https://a-1.xn--bcher-kva.de:8443/a2a",
            Target("https", "a-1.xn--bcher-kva.de", 8443, "/a2a"),
        ),
        ("http://8.8.8.8:1024", Target("http", "8.8.8.8", 1024, "")),
        ("https://[2606:4700::1111]/x", Target("https", "2606:4700::1111", 443, "/x")),
        ("https://agent.example.net/%20a", Target("https", "agent.example.net", 443, "/%20a")),
    ],
)
def test_a_public_url_is_taken_apart(url: str, target: Target) -> None:
    """And put together again it is the same."""
    assert target_of(url, loopback=False) == target
    assert target.url == url


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080/a2a"]
)
def test_loopback_is_taken_where_it_is_allowed(url: str) -> None:
    """On a market that only this machine reaches."""
    assert target_of(url, loopback=True).url == url


ALLOWED_THERE = {
    "http://127.0.0.1",
    "http://127.0.0.1:8787/a2a",
    "http://[::1]",
    "http://localhost",
}


@pytest.mark.parametrize("url", sorted(set(INWARD) - ALLOWED_THERE), ids=ascii)
def test_nothing_else_private_is_taken_there(url: str) -> None:
    """Allowing loopback allows its three plain names and no neighbour."""
    with pytest.raises(UrlForbiddenError):
        target_of(url, loopback=True)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_public_or_refused(address: IPv4Address) -> None:
    """What Python's own table calls private, reserved or multicast never passes."""
    inner = address.is_private or address.is_reserved or address.is_multicast
    inner = inner or address.is_loopback or address.is_link_local or address.is_unspecified
    if inner:
        with pytest.raises(UrlForbiddenError):
            check_address(str(address), loopback=False)


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_with_another_inside_never_passes(address: IPv6Address) -> None:
    """Neither mapped nor 6to4 nor Teredo, nor anything outside of global unicast."""
    inside = address.ipv4_mapped or address.sixtofour or address.teredo
    if inside or not address.is_global or address.is_multicast or int(address) >> 125 != 1:
        with pytest.raises(UrlForbiddenError):
            check_address(str(address), loopback=False)


@given(st.text(max_size=60))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    """Nothing else ever comes out of a text."""
    for url in (text, f"http://{text}", f"https://{text}/"):
        with suppress(UrlForbiddenError):
            target = target_of(url, loopback=False)
            assert target_of(target.url, loopback=False) == target
